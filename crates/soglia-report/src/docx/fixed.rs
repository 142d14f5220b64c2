//! Parts of the office document that do not depend on its text: types, relations, styles,
//! settings. Read [`styles`] first.

use super::Embedded;
use crate::document::Document;

/// The beginning of every part.
pub const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Names of the vocabularies.
pub const SPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
     xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" \
     xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
     xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"";

/// A4 upright: width, height, width of the text, in twentieths of a point.
pub const PORTRAIT: (u32, u32, u32) = (11_906, 16_838, 9_412);
/// A4 on its side.
pub const LANDSCAPE: (u32, u32, u32) = (16_838, 11_906, 15_250);

/// Relations of the package.
pub const RELS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rDocument\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
    relationships/officeDocument\" Target=\"word/document.xml\"/><Relationship Id=\"rCore\" \
    Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" \
    Target=\"docProps/core.xml\"/><Relationship Id=\"rApp\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
    extended-properties\" Target=\"docProps/app.xml\"/></Relationships>";

/// What wrote the document.
pub const APP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Properties \
    xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\">\
    <Application>Soglia</Application></Properties>";

/// The cover has no header.
pub const EMPTY_HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <w:hdr xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:p><w:pPr>\
    <w:pStyle w:val=\"Tiny\"/></w:pPr></w:p></w:hdr>";

/// Lists with a dash.
pub const NUMBERING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <w:numbering xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
    <w:abstractNum w:abstractNumId=\"0\"><w:multiLevelType w:val=\"hybridMultilevel\"/><w:lvl \
    w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"bullet\"/><w:pStyle w:val=\"ListBullet\"/>\
    <w:lvlText w:val=\"–\"/><w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"397\" \
    w:hanging=\"284\"/></w:pPr></w:lvl></w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId \
    w:val=\"0\"/></w:num></w:numbering>";

/// The document's language tag.
pub fn tag(document: &Document) -> &'static str {
    match document.lang {
        "it" => "it-IT",
        _ => "en-GB",
    }
}

/// Types of the parts.
pub fn content_types() -> String {
    const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let parts = [
        ("document", "document.main"),
        ("styles", "styles"),
        ("numbering", "numbering"),
        ("settings", "settings"),
        ("fontTable", "fontTable"),
        ("header1", "header"),
        ("header2", "header"),
        ("footer1", "footer"),
    ];
    let parts = parts.map(|(part, kind)| {
        format!("<Override PartName=\"/word/{part}.xml\" ContentType=\"{MAIN}.{kind}+xml\"/>")
    });
    format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default \
         Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"png\" \
         ContentType=\"image/png\"/><Default Extension=\"odttf\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.obfuscatedFont\"/>{}<Override \
         PartName=\"/docProps/core.xml\" \
         ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/><Override \
         PartName=\"/docProps/app.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.extended-properties+xml\"/>\
         </Types>",
        parts.concat()
    )
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(all: &[(String, &str, String)]) -> String {
    let all: Vec<String> = all
        .iter()
        .map(|(id, kind, target)| {
            format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
        })
        .collect();
    format!(
        "{XML}<Relationships \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{}\
         </Relationships>",
        all.concat()
    )
}

/// Relations of the text.
pub fn document_rels(pictures: &[(String, Vec<u8>)]) -> String {
    let fixed = [
        ("rStyles", "styles", "styles.xml"),
        ("rNumbering", "numbering", "numbering.xml"),
        ("rSettings", "settings", "settings.xml"),
        ("rFonts", "fontTable", "fontTable.xml"),
        ("rHeader", "header", "header1.xml"),
        ("rCover", "header", "header2.xml"),
        ("rFooter", "footer", "footer1.xml"),
    ];
    let mut all: Vec<(String, &str, String)> =
        fixed.map(|(id, kind, target)| (id.to_owned(), kind, target.to_owned())).into();
    all.extend(
        (1..)
            .zip(pictures)
            .map(|(nth, (name, _))| (format!("rImage{nth}"), "image", format!("media/{name}"))),
    );
    relations(&all)
}

/// The fonts of the document; those that travel with it come with their key.
pub fn font_table(fonts: &[Embedded]) -> String {
    let embedded: Vec<String> = fonts
        .iter()
        .map(|font| {
            let Embedded { element, key, file, .. } = font;
            format!("<w:{element} r:id=\"r-{file}\" w:fontKey=\"{key}\"/>")
        })
        .collect();
    format!(
        "{XML}<w:fonts {SPACES}><w:font w:name=\"Titillium Web\"><w:altName w:val=\"Calibri\"/>\
         <w:charset w:val=\"00\"/><w:family w:val=\"swiss\"/><w:pitch w:val=\"variable\"/>\
         {}</w:font></w:fonts>",
        embedded.concat()
    )
}

/// Relations of the fonts.
pub fn font_rels(fonts: &[Embedded]) -> String {
    let all: Vec<(String, &str, String)> = fonts
        .iter()
        .map(|font| (format!("r-{}", font.file), "font", format!("fonts/{}", font.file)))
        .collect();
    relations(&all)
}

/// Settings: hyphenation, language, fonts that travel with the document.
pub fn settings(document: &Document) -> String {
    let lang = tag(document);
    format!(
        "{XML}<w:settings {SPACES}><w:embedTrueTypeFonts/><w:saveSubsetFonts/><w:defaultTabStop \
         w:val=\"709\"/><w:autoHyphenation/><w:consecutiveHyphenLimit w:val=\"2\"/>\
         <w:doNotHyphenateCaps/><w:compat><w:compatSetting w:name=\"compatibilityMode\" \
         w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/></w:compat>\
         <w:themeFontLang w:val=\"{lang}\"/><w:decimalSymbol w:val=\"{}\"/><w:listSeparator \
         w:val=\";\"/></w:settings>",
        if document.lang == "it" { "," } else { "." },
    )
}

/// A style of paragraphs: identifier, name, what it is based on, what follows it, then properties
/// of the paragraph and of its runs.
struct Style<'a>(&'a str, &'a str, &'a str, &'a str, String, String);

impl Style<'_> {
    fn xml(&self) -> String {
        let Self(id, name, based, next, paragraph, run) = self;
        let quick = if id.starts_with("TOC") { "" } else { "<w:qFormat/>" };
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn \
             w:val=\"{based}\"/><w:next w:val=\"{next}\"/>{quick}<w:pPr>{paragraph}</w:pPr><w:rPr>\
             {run}</w:rPr></w:style>"
        )
    }
}

/// Styles of headings, text, tables, captions, cover and contents.
pub fn styles(document: &Document) -> String {
    let lang = tag(document);
    let defaults = format!(
        "<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Titillium Web\" \
         w:hAnsi=\"Titillium Web\" w:eastAsia=\"Titillium Web\" w:cs=\"Titillium Web\"/><w:sz \
         w:val=\"20\"/><w:szCs w:val=\"20\"/><w:lang w:val=\"{lang}\" w:eastAsia=\"{lang}\" \
         w:bidi=\"ar-SA\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after=\"0\" \
         w:line=\"259\" w:lineRule=\"auto\"/></w:pPr></w:pPrDefault></w:docDefaults>"
    );
    let normal = "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name \
                  w:val=\"Normal\"/><w:qFormat/></w:style><w:style w:type=\"table\" \
                  w:default=\"1\" w:styleId=\"TableNormal\"><w:name w:val=\"Normal Table\"/>\
                  <w:tblPr><w:tblCellMar><w:left w:w=\"85\" w:type=\"dxa\"/><w:right w:w=\"85\" \
                  w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style>";
    let mut all: Vec<String> = headings(document);
    for styles in [text(document), cover(document), contents()] {
        all.extend(styles.iter().map(Style::xml));
    }
    format!(
        "{XML}<w:styles {SPACES}>{defaults}{normal}{}{}</w:styles>",
        all.concat(),
        tables(document)
    )
}

fn bare(colour: &str) -> &str {
    colour.strip_prefix('#').unwrap_or(colour)
}

fn headings(document: &Document) -> Vec<String> {
    let colours = &document.look.colours;
    let (deep, rule, quiet) = (bare(&colours.deep), bare(&colours.rule), bare(&colours.quiet));
    let under = |size: u8, colour: &str| {
        format!(
            "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"{size}\" w:space=\"2\" \
             w:color=\"{colour}\"/></w:pBdr>"
        )
    };
    let levels = [
        (34, 0, 200, "<w:pageBreakBefore/>", under(12, deep), deep),
        (27, 320, 140, "", under(4, rule), deep),
        (23, 280, 100, "", String::new(), deep),
        (22, 240, 80, "", String::new(), deep),
        (21, 220, 60, "", String::new(), quiet),
    ];
    let levels = (1..).zip(levels);
    levels
        .map(|(nth, (size, before, after, first, border, colour))| {
            let caps = if nth == 4 { "<w:caps/>" } else { "" };
            let spacing = format!("<w:spacing w:before=\"{before}\" w:after=\"{after}\"/>");
            let outline = nth - 1;
            format!(
                "<w:style w:type=\"paragraph\" w:styleId=\"Heading{nth}\"><w:name w:val=\"heading \
                 {nth}\"/><w:basedOn w:val=\"Normal\"/><w:next w:val=\"BodyText\"/><w:qFormat/>\
                 <w:pPr><w:keepNext/><w:keepLines/>{first}{border}<w:suppressAutoHyphens/>\
                 {spacing}<w:outlineLvl w:val=\"{outline}\"/></w:pPr><w:rPr><w:b/>{caps}<w:color \
                 w:val=\"{colour}\"/><w:sz w:val=\"{size}\"/></w:rPr></w:style>"
            )
        })
        .collect()
}

fn spacing(before: u16, after: u16) -> String {
    format!("<w:spacing w:before=\"{before}\" w:after=\"{after}\"/>")
}

fn text(document: &Document) -> Vec<Style<'static>> {
    let colours = &document.look.colours;
    let (deep, quiet) = (bare(&colours.deep), bare(&colours.quiet));
    let side = |colour: &str, size: u8| {
        format!(
            "<w:keepLines/><w:pBdr><w:left w:val=\"single\" w:sz=\"{size}\" w:space=\"6\" \
             w:color=\"{colour}\"/></w:pBdr><w:shd w:val=\"clear\" w:color=\"auto\" \
             w:fill=\"{}\"/><w:suppressAutoHyphens/><w:spacing w:before=\"80\" w:after=\"120\"/>\
             <w:ind w:left=\"170\"/>",
            bare(&colours.soft)
        )
    };
    let small = |size: u8| format!("<w:sz w:val=\"{size}\"/>");
    let caption = format!("<w:b/><w:color w:val=\"{deep}\"/><w:sz w:val=\"18\"/>");
    let quiet_small = format!("<w:color w:val=\"{quiet}\"/><w:sz w:val=\"16\"/>");
    let table = |size| {
        let apart = "<w:suppressAutoHyphens/><w:spacing w:before=\"20\" w:after=\"20\" \
                     w:line=\"240\" w:lineRule=\"auto\"/>";
        (apart.to_owned(), small(size))
    };
    let (table_text, dense) = (table(18), table(16));
    let line = "<w:pBdr><w:top w:val=\"single\" w:sz=\"4\" w:space=\"2\" w:color=\"000000\"/>\
         </w:pBdr>\
         <w:spacing w:before=\"760\" w:after=\"360\"/><w:ind w:right=\"4300\"/>";
    let keep = "<w:keepNext/><w:keepLines/>".to_owned();
    let both = format!("{}<w:jc w:val=\"both\"/>", spacing(0, 120));
    let bullet =
        format!("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>{}", spacing(0, 60));
    let above = format!("<w:keepNext/><w:keepLines/><w:suppressAutoHyphens/>{}", spacing(160, 80));
    let below = format!("<w:keepLines/><w:suppressAutoHyphens/>{}", spacing(60, 160));
    let head_line = format!(
        "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"4\" w:space=\"2\" w:color=\"{}\"/></w:pBdr>",
        bare(&colours.rule)
    );
    let figure = format!("<w:keepNext/>{}", spacing(120, 0));
    let tiny = "<w:spacing w:before=\"0\" w:after=\"0\" w:line=\"20\" w:lineRule=\"exact\"/>";
    let own =
        |id, name, paragraph: String, run: String| Style(id, name, "Normal", id, paragraph, run);
    vec![
        own("BodyText", "Body Text", both, String::new()),
        own("ListBullet", "List Bullet", bullet, String::new()),
        own("Remark", "Remark", side(bare(&colours.rule), 16), String::new()),
        own(
            "RemarkAttention",
            "Remark Attention",
            side(bare(&colours.attention), 24),
            String::new(),
        ),
        own("TableText", "Table Text", table_text.0, table_text.1),
        own("TableDense", "Table Dense", dense.0, dense.1),
        own("Caption", "caption", below, caption.clone()),
        own("CaptionAbove", "Caption Above", above, caption),
        own("AfterTable", "After Table", spacing(0, 60), small(8)),
        own("Figure", "Figure", figure, String::new()),
        own("Tiny", "Tiny", tiny.to_owned(), small(2)),
        own("Header", "header", head_line, quiet_small.clone()),
        own("Footer", "footer", String::new(), quiet_small.clone()),
        own("SignatureRole", "Signature Role", format!("{keep}{}", spacing(360, 0)), String::new()),
        own("SignatureName", "Signature Name", keep, String::new()),
        own("SignatureLine", "Signature Line", line.to_owned(), quiet_small),
    ]
}

fn cover(document: &Document) -> Vec<Style<'static>> {
    let colours = &document.look.colours;
    let (deep, quiet) = (bare(&colours.deep), bare(&colours.quiet));
    let notice = format!(
        "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"18\" w:space=\"6\" w:color=\"{}\"/></w:pBdr>\
         <w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"FFF3D6\"/>{}<w:jc w:val=\"center\"/>",
        bare(&colours.attention),
        spacing(0, 240),
    );
    let look = |bold: &str, colour: &str, size: u8| {
        format!("{bold}<w:color w:val=\"{colour}\"/><w:sz w:val=\"{size}\"/>")
    };
    let hyphens = "<w:suppressAutoHyphens/>";
    let tabs = format!(
        "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"4\" w:space=\"2\" w:color=\"{0}\"/><w:between \
         w:val=\"single\" w:sz=\"4\" w:space=\"2\" w:color=\"{0}\"/></w:pBdr><w:tabs><w:tab \
         w:val=\"right\" w:pos=\"{1}\"/></w:tabs>{2}",
        bare(&colours.rule),
        PORTRAIT.2,
        spacing(80, 40),
    );
    let own =
        |id, name, paragraph: String, run: String| Style(id, name, "Normal", id, paragraph, run);
    vec![
        own("Notice", "Notice", notice, look("<w:b/>", "402800", 24)),
        own("Cover", "Cover", spacing(0, 60), String::new()),
        own("CoverKicker", "Cover Kicker", spacing(1200, 120), look("", quiet, 24)),
        own(
            "CoverAuthority",
            "Cover Authority",
            format!("{hyphens}{}", spacing(0, 120)),
            look("<w:b/>", deep, 38),
        ),
        own("Subtitle", "Subtitle", spacing(800, 120), look("", "000000", 30)),
        own("Title", "Title", format!("{hyphens}{}", spacing(0, 400)), look("<w:b/>", deep, 54)),
        own("CoverLabel", "Cover Label", spacing(480, 80), look("<w:b/>", quiet, 20)),
        own("Distribution", "Distribution", tabs, String::new()),
    ]
}

fn contents() -> Vec<Style<'static>> {
    let level = |indent: u16, before: u16| {
        format!(
            "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"{}\"/></w:tabs>\
             <w:suppressAutoHyphens/>{}<w:ind w:left=\"{indent}\" w:right=\"567\"/>",
            PORTRAIT.2,
            spacing(before, 20),
        )
    };
    vec![
        Style(
            "TOCHeading",
            "TOC Heading",
            "Normal",
            "BodyText",
            format!("<w:keepNext/><w:pageBreakBefore/>{}", spacing(0, 200)),
            "<w:b/><w:sz w:val=\"30\"/>".to_owned(),
        ),
        Style("TOC1", "toc 1", "Normal", "Normal", level(0, 120), "<w:b/>".to_owned()),
        Style("TOC2", "toc 2", "Normal", "Normal", level(240, 0), String::new()),
        Style(
            "TOC3",
            "toc 3",
            "Normal",
            "Normal",
            level(480, 0),
            "<w:sz w:val=\"18\"/>".to_owned(),
        ),
    ]
}

fn tables(document: &Document) -> String {
    let colours = &document.look.colours;
    let (deep, rule, soft, quiet) =
        (bare(&colours.deep), bare(&colours.rule), bare(&colours.soft), bare(&colours.quiet));
    let edge = |name: &str, size: u8, colour: &str| {
        format!("<w:{name} w:val=\"single\" w:sz=\"{size}\" w:space=\"0\" w:color=\"{colour}\"/>")
    };
    let plain = format!("{}{}", edge("bottom", 4, rule), edge("insideH", 4, rule));
    let boxed: String = ["top", "left", "bottom", "right", "insideH", "insideV"]
        .iter()
        .map(|name| edge(name, 4, quiet))
        .collect();
    let style = |id: &str, borders: &str, first: &str| {
        format!(
            "<w:style w:type=\"table\" w:styleId=\"{id}\"><w:name w:val=\"{id}\"/><w:basedOn \
             w:val=\"TableNormal\"/><w:tblPr><w:tblBorders>{borders}</w:tblBorders><w:tblCellMar>\
             <w:top w:w=\"20\" w:type=\"dxa\"/><w:left w:w=\"85\" w:type=\"dxa\"/><w:bottom \
             w:w=\"20\" w:type=\"dxa\"/><w:right w:w=\"85\" w:type=\"dxa\"/></w:tblCellMar>\
             </w:tblPr><w:tblStylePr w:type=\"firstRow\"><w:rPr><w:b/><w:color w:val=\"{deep}\"/>\
             </w:rPr><w:tcPr>{first}</w:tcPr></w:tblStylePr></w:style>"
        )
    };
    let heavy = format!("<w:tcBorders>{}</w:tcBorders>", edge("bottom", 10, deep));
    let shaded = format!("<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"{soft}\"/>");
    format!("{}{}", style("SogliaTable", &plain, &heavy), style("SogliaSheet", &boxed, &shaded))
}
