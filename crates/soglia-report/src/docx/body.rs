//! The text of the office document. Read [`Body::of`] first.

use super::fixed::{LANDSCAPE, PORTRAIT, SPACES, XML};
use super::table::Tables;
use super::xml::{escape, field, paragraph, run};
use crate::document::{Block, Document, Figure, Page, Section, Tone};
use crate::error::ReportError;
use crate::raster;
use crate::template::LogoFormat;

/// Levels of headings in the table of contents.
const CONTENTS_LEVEL: u8 = 3;
/// English metric units in a unit of a drawing, so that one fills the text's width.
const EMU: f32 = 8_790.0;
/// The logo's height: 1.8 cm.
const LOGO_HIGH: f32 = 648_000.0;

/// The text and the pictures in it.
pub struct Body {
    /// `word/document.xml`.
    pub xml: String,
    /// Pictures by file name.
    pub pictures: Vec<(String, Vec<u8>)>,
}

struct Writer<'a> {
    document: &'a Document,
    out: String,
    pictures: Vec<(String, Vec<u8>)>,
    tables: Tables,
    n_figures: usize,
}

impl Body {
    /// Writes cover, contents and sections.
    pub fn of(document: &Document) -> Result<Self, ReportError> {
        let tables = Tables::new();
        let mut writer =
            Writer { document, out: String::new(), pictures: Vec::new(), tables, n_figures: 0 };
        writer.cover()?;
        writer.contents();
        writer.sections()?;
        let Writer { out, pictures, .. } = writer;
        let xml = format!("{XML}<w:document {SPACES}><w:body>{out}</w:body></w:document>");
        Ok(Self { xml, pictures })
    }
}

impl Writer<'_> {
    fn add(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    fn say(&mut self, style: &str, text: &str) {
        let xml = paragraph(style, &run("", text));
        self.add(&xml);
    }

    fn cover(&mut self) -> Result<(), ReportError> {
        let Document { cover, notice, look, .. } = self.document;
        if let Some(notice) = notice {
            self.say("Notice", notice);
        }
        if let Some(logo) = &look.logo {
            let picture = match logo.format {
                LogoFormat::Svg => raster::png(&logo.bytes)?,
                LogoFormat::Png => raster::size_of_png(&logo.bytes)?,
            };
            let high = LOGO_HIGH;
            let wide = high * picture.width / picture.height;
            let drawn = self.picture(picture.bytes, (wide, high), &logo.alt);
            let xml = paragraph("Cover", &drawn);
            self.add(&xml);
        }
        self.say("CoverKicker", &cover.kicker);
        self.say("CoverAuthority", &cover.authority);
        if let Some(office) = &cover.office {
            self.say("Cover", office);
        }
        self.say("Subtitle", &cover.plan);
        self.say("Title", &cover.report);
        self.say("CoverLabel", &cover.contract_label);
        let contract = paragraph("Cover", &run("<w:i/><w:sz w:val=\"28\"/>", &cover.contract));
        self.add(&contract);
        for line in &cover.contract_lines {
            self.say("Cover", line);
        }
        if !cover.distribution.is_empty() {
            self.say("CoverLabel", &cover.distribution_label);
            for (role, person) in &cover.distribution {
                let runs = format!("{}<w:r><w:tab/></w:r>{}", run("", role), run("<w:b/>", person));
                let xml = paragraph("Distribution", &runs);
                self.add(&xml);
            }
        }
        Ok(())
    }

    /// A field that the office updates, marked so that it does when it opens the document. Until
    /// then its entries lead to their headings, without page numbers: only the office knows them.
    fn contents(&mut self) {
        let begin = "<w:r><w:fldChar w:fldCharType=\"begin\" w:dirty=\"true\"/></w:r><w:r>\
                     <w:instrText xml:space=\"preserve\"> TOC \\o \"1-3\" \\h \\z \\u \
                     </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>";
        let mut entries: Vec<String> = Vec::new();
        let listed = self.document.sections.iter().enumerate();
        for (nth, section) in listed.filter(|(_, section)| section.level <= CONTENTS_LEVEL) {
            let link = format!(
                "<w:hyperlink w:anchor=\"_Toc{nth}\" w:history=\"1\">{}</w:hyperlink>",
                run("", &section.title),
            );
            let first = if entries.is_empty() { begin } else { "" };
            entries.push(paragraph(&format!("TOC{}", section.level), &format!("{first}{link}")));
        }
        let heading = paragraph("TOCHeading", &run("", self.document.words.contents));
        let end = "<w:p><w:pPr><w:pStyle w:val=\"Tiny\"/></w:pPr><w:r><w:fldChar \
                   w:fldCharType=\"end\"/></w:r></w:p>";
        let end = if entries.is_empty() { "" } else { end };
        let xml = format!(
            "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val=\"Table of Contents\"/>\
             <w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent>{heading}{}{end}\
             </w:sdtContent></w:sdt>",
            entries.concat()
        );
        self.add(&xml);
    }

    /// Sections, with a change of the page's direction where they ask for it.
    fn sections(&mut self) -> Result<(), ReportError> {
        let document = self.document;
        let mut page = Page::Portrait;
        let mut first_in_run = 0;
        let mut first_page = "<w:titlePg/>";
        for (nth, section) in document.sections.iter().enumerate() {
            if section.page != page {
                let ended = turn(page, first_page);
                first_page = "";
                self.add(&format!("<w:p><w:pPr><w:pStyle w:val=\"Tiny\"/>{ended}</w:pPr></w:p>"));
                page = section.page;
                first_in_run = nth;
            }
            self.tables.width = if page == Page::Landscape { LANDSCAPE.2 } else { PORTRAIT.2 };
            // A sheet begins a page; the first one stands under the heading of the annex.
            let apart = page == Page::Landscape && first_in_run + 1 < nth;
            self.section(nth, section, apart)?;
        }
        let last = turn(page, first_page);
        self.add(&last);
        Ok(())
    }

    fn section(&mut self, nth: usize, section: &Section, apart: bool) -> Result<(), ReportError> {
        let level = section.level.clamp(1, 5);
        let apart = if apart { "<w:pageBreakBefore/>" } else { "" };
        let title = run("", &section.title);
        self.add(&format!(
            "<w:p><w:pPr><w:pStyle w:val=\"Heading{level}\"/>{apart}</w:pPr><w:bookmarkStart \
             w:id=\"{nth}\" w:name=\"_Toc{nth}\"/>{title}<w:bookmarkEnd w:id=\"{nth}\"/></w:p>"
        ));
        for block in &section.blocks {
            self.block(block)?;
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), ReportError> {
        match block {
            Block::Para { text } => self.say("BodyText", text),
            Block::Labelled { label, text } => {
                let runs = format!("{}{}", run("<w:b/>", &format!("{label} ")), run("", text));
                let xml = paragraph("BodyText", &runs);
                self.add(&xml);
            }
            Block::List { items } => {
                for item in items {
                    self.say("ListBullet", item);
                }
            }
            Block::Remark { tone, text } => {
                let style = if *tone == Tone::Attention { "RemarkAttention" } else { "Remark" };
                self.say(style, text);
            }
            Block::Table(table) => {
                let xml = self.tables.write(self.document, table);
                self.add(&xml);
            }
            Block::Figure(figure) => self.figure(figure)?,
            Block::Signatures { place_date, label, slots } => {
                self.say("BodyText", place_date);
                for slot in slots {
                    let runs = run("<w:i/>", &slot.role);
                    let role = paragraph("SignatureRole", &runs);
                    self.add(&role);
                    self.say("SignatureName", &slot.person);
                    for line in &slot.lines {
                        self.say("SignatureName", line);
                    }
                    self.say("SignatureLine", label);
                }
            }
        }
        Ok(())
    }

    fn figure(&mut self, figure: &Figure) -> Result<(), ReportError> {
        let picture = raster::png(figure.svg.as_bytes())?;
        let size = (picture.width * EMU, picture.height * EMU);
        let drawn = self.picture(picture.bytes, size, &figure.alt);
        let xml = paragraph("Figure", &drawn);
        self.add(&xml);
        self.n_figures += 1;
        let word = self.document.words.figure;
        let number = field(&format!("SEQ {word} \\* ARABIC"), &self.n_figures.to_string());
        let caption = format!(
            "{}{number}{}",
            run("", &format!("{word} ")),
            run("", &format!(": {}", figure.caption))
        );
        let xml = paragraph("Caption", &caption);
        self.add(&xml);
        let table = self.tables.write(self.document, &figure.table);
        self.add(&table);
        Ok(())
    }

    /// A picture in the line, with its description.
    fn picture(&mut self, bytes: Vec<u8>, (wide, high): (f32, f32), alt: &str) -> String {
        let nth = self.pictures.len() + 1;
        self.pictures.push((format!("image{nth}.png"), bytes));
        let (alt, id) = (escape(alt), 1000 + nth);
        let size = format!("cx=\"{wide:.0}\" cy=\"{high:.0}\"");
        format!(
            "<w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent \
             {size}/><wp:docPr id=\"{id}\" name=\"image{nth}\" descr=\"{alt}\"/>\
             <wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect=\"1\"/>\
             </wp:cNvGraphicFramePr><a:graphic><a:graphicData \
             uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:pic>\
             <pic:nvPicPr><pic:cNvPr id=\"{id}\" name=\"image{nth}.png\" descr=\"{alt}\"/>\
             <pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed=\"rImage{nth}\"/>\
             <a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x=\"0\" \
             y=\"0\"/><a:ext {size}/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>\
             </pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )
    }
}

/// Ends a run of pages that lie the same way.
fn turn(page: Page, first_page: &str) -> String {
    let ((wide, high, _), way, (side, top)) = match page {
        Page::Portrait => (PORTRAIT, "", (1247, 1361)),
        Page::Landscape => (LANDSCAPE, " w:orient=\"landscape\"", (794, 1077)),
    };
    format!(
        "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"rHeader\"/><w:headerReference \
         w:type=\"first\" r:id=\"rCover\"/><w:footerReference w:type=\"default\" r:id=\"rFooter\"/>\
         <w:footerReference w:type=\"first\" r:id=\"rFooter\"/><w:type w:val=\"nextPage\"/>\
         <w:pgSz w:w=\"{wide}\" w:h=\"{high}\"{way}/><w:pgMar w:top=\"{top}\" w:right=\"{side}\" \
         w:bottom=\"{top}\" w:left=\"{side}\" w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/>\
         {first_page}</w:sectPr>"
    )
}
