//! Drawings as pixels, for programs that cannot draw them. Read [`png`] first.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use crate::error::ReportError;
use crate::fonts;

/// Pixels for each unit of a drawing: sharp on paper at the width of a page.
const SCALE: f32 = 2.5;
/// The largest picture, in pixels a side.
const SIDE_MAX: f32 = 6_000.0;

/// The document's own fonts and the typesetter's, never the machine's: the same pixels everywhere.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for data in fonts::DESKTOP.iter().copied().chain(typst_assets::fonts()) {
        fonts.load_font_data(data.to_vec());
    }
    fonts.set_sans_serif_family("DejaVu Sans Mono");
    Arc::new(fonts)
});

/// A picture and its size in the drawing's own units.
pub struct Picture {
    /// PNG.
    pub bytes: Vec<u8>,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// Paints a drawing.
pub fn png(svg: &[u8]) -> Result<Picture, ReportError> {
    let failed = |cause: String| ReportError::Picture(cause);
    let options = Options {
        font_family: "Titillium Web".to_owned(),
        fontdb: FONTS.clone(),
        ..Options::default()
    };
    let tree = Tree::from_data(svg, &options).map_err(|cause| failed(cause.to_string()))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SCALE.min(SIDE_MAX / width.max(height));
    let side = |units: f32| (units * scale).ceil().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and the largest side"
    )]
    let (pixels_wide, pixels_high) = (side(width) as u32, side(height) as u32);
    let mut pixels = Pixmap::new(pixels_wide, pixels_high)
        .ok_or_else(|| failed(format!("it would be {pixels_wide} × {pixels_high} pixels")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let bytes = pixels.encode_png().map_err(|cause| failed(cause.to_string()))?;
    Ok(Picture { bytes, width, height })
}

/// A picture that is pixels already, with its size in pixels.
pub fn size_of_png(bytes: &[u8]) -> Result<Picture, ReportError> {
    let failed = |cause: &str| ReportError::Picture(cause.to_owned());
    let pixels = Pixmap::decode_png(bytes).map_err(|cause| failed(&cause.to_string()))?;
    let (width, height) = (pixels.width() as f32, pixels.height() as f32);
    Ok(Picture { bytes: bytes.to_vec(), width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_becomes_pixels_and_nonsense_does_not() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\">\
                   <rect width=\"40\" height=\"20\" fill=\"#17324d\"/></svg>";
        let picture = png(svg.as_bytes()).expect("it is a drawing");
        assert!(picture.bytes.starts_with(b"\x89PNG"));
        assert_eq!((picture.width, picture.height), (40.0, 20.0));
        assert!(png(b"no drawing").is_err());
    }
}
