//! What browsers load: styles, script, fonts, icons. Read [`serve`] first.
//!
//! Files are made at build time, carry their hash in their name and never change, so browsers keep
//! them for a year.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One file inside the program.
pub struct Asset {
    name: &'static str,
    served: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/served.rs"));

/// The address of a file, by the name it has in the sources.
pub fn address(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    format!("/static/{}", asset.map_or(name, |asset| asset.served))
}

/// Answers with a file, in the best coding that the browser takes.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.served == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepted = text(header::ACCEPT_ENCODING);
    let takes = |coding: &str| accepted.split(',').any(|part| part.trim().starts_with(coding));
    let (bytes, coding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes("br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes("gzip") => (bytes, Some("gzip")),
        _ => (asset.plain, None),
    };
    let etag = format!("\"{}-{}\"", asset.served, coding.unwrap_or("plain"));
    let known = text(header::IF_NONE_MATCH).split(',').any(|part| part.trim() == etag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.kind)], bytes).into_response()
    };
    let headers = response.headers_mut();
    let year = header::HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, year);
    headers.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = header::HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if let (Some(coding), false) = (coding, known) {
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(coding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files_that_are_served() {
        for name in ["style.css", "script.js", "icons.svg"] {
            let address = address(name);
            let served = address.strip_prefix("/static/").expect("addresses begin so");
            assert!(ASSETS.iter().any(|asset| asset.served == served), "{name}");
        }
    }
}
