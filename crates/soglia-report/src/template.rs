//! A public body's own look and texts, without a change to the program. Read [`Template`] first.
//!
//! A template set is a folder with `template.toml` and, if the body has one, its logo. Whoever
//! reads the files hands their contents over here.

use serde::{Deserialize, Serialize};
use soglia_domain::text::{Lang, Text};

/// What a template set says; what it leaves out stays as it is without one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Template {
    /// The body's name as its documents print it; the contract's if empty.
    pub name: Option<Text>,
    /// The office, address or motto under the name.
    pub office: Option<Text>,
    /// Paragraphs that open each area, after the generated first one.
    pub preamble: Vec<Text>,
    /// Paragraphs before the signatures.
    pub closing: Vec<Text>,
    /// A line at the foot of every page.
    pub footer: Option<Text>,
    /// Where the review is signed, unless it says so itself.
    pub place: Option<String>,
    /// The logo.
    pub logo: Option<Logo>,
    /// Colours.
    pub colours: Colours,
    /// Who publishes the data, and how.
    pub open_data: OpenData,
}

/// A logo.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logo {
    /// What kind of file.
    pub format: LogoFormat,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it shows, for who cannot see it.
    pub alt: Text,
}

/// What kind of file a logo is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoFormat {
    /// Scalable.
    Svg,
    /// Pixels.
    Png,
}

/// Colours as `#rrggbb`. Those of text are dark enough on white, or they are refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Colours {
    /// Headings and heavy rules.
    pub deep: String,
    /// Text of less importance.
    pub quiet: String,
    /// Thin rules.
    pub rule: String,
    /// Backgrounds.
    pub soft: String,
    /// What was met.
    pub good: String,
    /// What was missed.
    pub bad: String,
    /// What is to be looked at.
    pub attention: String,
    /// Links and outlines of what has the focus.
    pub link: String,
}

/// What the catalogue of open data says about who publishes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenData {
    /// The publisher; the body's name if empty.
    pub publisher: Option<String>,
    /// The publisher's code in the index of public administrations, e.g. `r_valdim`.
    pub ipa_code: Option<String>,
    /// Where to write about the data.
    pub contact_email: Option<String>,
    /// The licence's address.
    pub licence_url: String,
    /// The licence's name.
    pub licence_name: String,
    /// Where the files will be published, e.g. `https://dati.example.it/contact-center/`.
    pub base_url: Option<String>,
    /// The subject in the European list, e.g. `GOVE` or `HEAL`.
    pub theme: String,
    /// Counts below this are suppressed.
    pub small_cell_min: u64,
}

/// Logo and colours, as the renderings use them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Look {
    /// Colours.
    pub colours: Colours,
    /// The logo.
    pub logo: Option<Emblem>,
}

/// A logo in the document's language.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Emblem {
    /// What kind of file.
    pub format: LogoFormat,
    /// Its bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// What it shows.
    pub alt: String,
}

/// Why a template set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file is no TOML, or has words that nobody reads.
    #[error("failed to read the template: {0}")]
    Toml(#[from] toml::de::Error),
    /// A colour is not written as `#rrggbb`.
    #[error("`{colour}` in `{name}` is no colour")]
    Colour {
        /// Its name.
        name: &'static str,
        /// What was written.
        colour: String,
    },
    /// A colour of text is too pale to be read on white.
    #[error("`{colour}` in `{name}` is too pale for text on white: contrast {contrast}, not 4.5")]
    Pale {
        /// Its name.
        name: &'static str,
        /// What was written.
        colour: String,
        /// The contrast with white.
        contrast: String,
    },
    /// The logo is neither SVG nor PNG.
    #[error("the logo is neither an SVG nor a PNG file")]
    Logo,
    /// The logo has no description.
    #[error("the logo has no `logo_alt`")]
    LogoAlt,
    /// The subject is not one of the European list.
    #[error("`{0}` is no subject of the European list of data themes")]
    Theme(String),
}

impl TemplateError {
    /// Says what to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Toml(_) => "docs/how-to/documents.md lists what a template may say",
            Self::Colour { .. } => "write colours as `#17324d`",
            Self::Pale { .. } => "choose a darker one: documents must be readable (WCAG 2.1 AA)",
            Self::Logo => "save it as SVG or PNG",
            Self::LogoAlt => "say in `logo_alt` what it shows, e.g. `Stemma della Regione`",
            Self::Theme(_) => {
                "write one of AGRI, ECON, EDUC, ENER, ENVI, GOVE, HEAL, INTR, JUST, \
                               REGI, SOCI, TECH, TRAN"
            }
        }
    }
}

const THEMES: [&str; 13] = [
    "AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "INTR", "JUST", "REGI", "SOCI", "TECH",
    "TRAN",
];

impl Default for Colours {
    fn default() -> Self {
        let own = |colour: &str| colour.to_owned();
        Self {
            deep: own("#17324d"),
            quiet: own("#4a5a6a"),
            rule: own("#c3ccd5"),
            soft: own("#f2f5f8"),
            good: own("#00592e"),
            bad: own("#a3172f"),
            attention: own("#7a4b00"),
            link: own("#0056a8"),
        }
    }
}

impl Default for OpenData {
    fn default() -> Self {
        Self {
            publisher: None,
            ipa_code: None,
            contact_email: None,
            licence_url: "https://creativecommons.org/licenses/by/4.0/".to_owned(),
            licence_name: "Creative Commons Attribuzione 4.0 Internazionale (CC BY 4.0)".to_owned(),
            base_url: None,
            theme: "GOVE".to_owned(),
            small_cell_min: 5,
        }
    }
}

/// The file as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawTemplate {
    name: Option<RawText>,
    office: Option<RawText>,
    preamble: Vec<RawText>,
    closing: Vec<RawText>,
    footer: Option<RawText>,
    place: Option<String>,
    logo: Option<String>,
    logo_alt: Option<RawText>,
    colours: RawColours,
    open_data: RawOpenData,
}

/// A text in one language or in both.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawText {
    One(String),
    Both { it: String, en: Option<String> },
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawColours {
    deep: Option<String>,
    quiet: Option<String>,
    rule: Option<String>,
    soft: Option<String>,
    good: Option<String>,
    bad: Option<String>,
    attention: Option<String>,
    link: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawOpenData {
    publisher: Option<String>,
    ipa_code: Option<String>,
    contact_email: Option<String>,
    licence_url: Option<String>,
    licence_name: Option<String>,
    base_url: Option<String>,
    theme: Option<String>,
    small_cell_min: Option<u64>,
}

impl Template {
    /// Reads `template.toml`; `logo` fetches the file that it names.
    pub fn parse<E: From<TemplateError>>(
        toml: &str,
        logo: impl FnOnce(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let raw: RawTemplate = toml::from_str(toml).map_err(TemplateError::Toml)?;
        let RawTemplate {
            name,
            office,
            preamble,
            closing,
            footer,
            place,
            logo: logo_file,
            logo_alt,
            colours,
            open_data,
        } = raw;
        let logo = match logo_file {
            Some(file) => {
                let alt = logo_alt.map(RawText::text).ok_or(TemplateError::LogoAlt)?;
                Some(Logo::new(logo(&file)?, alt)?)
            }
            None => None,
        };
        let texts = |raw: Vec<RawText>| raw.into_iter().map(RawText::text).collect();
        Ok(Self {
            name: name.map(RawText::text),
            office: office.map(RawText::text),
            preamble: texts(preamble),
            closing: texts(closing),
            footer: footer.map(RawText::text),
            place,
            logo,
            colours: colours.checked()?,
            open_data: open_data.checked()?,
        })
    }

    /// What the renderings need of it.
    pub fn look(&self, lang: Lang) -> Look {
        let logo = self.logo.as_ref().map(|logo| Emblem {
            format: logo.format,
            bytes: logo.bytes.clone(),
            alt: logo.alt.get(lang).to_owned(),
        });
        Look { colours: self.colours.clone(), logo }
    }
}

impl Logo {
    /// A logo is what its bytes say.
    pub fn new(bytes: Vec<u8>, alt: Text) -> Result<Self, TemplateError> {
        let begin = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default());
        let format = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            LogoFormat::Png
        } else if begin.contains("<svg") {
            LogoFormat::Svg
        } else {
            return Err(TemplateError::Logo);
        };
        Ok(Self { format, bytes, alt })
    }
}

impl RawText {
    fn text(self) -> Text {
        match self {
            Self::One(it) => Text { it, en: None },
            Self::Both { it, en } => Text { it, en },
        }
    }
}

impl RawColours {
    fn checked(self) -> Result<Colours, TemplateError> {
        let own = Colours::default();
        let Self { deep, quiet, rule, soft, good, bad, attention, link } = self;
        Ok(Colours {
            deep: dark("deep", deep, own.deep)?,
            quiet: dark("quiet", quiet, own.quiet)?,
            rule: colour("rule", rule, own.rule)?,
            soft: pale("soft", soft, own.soft)?,
            good: dark("good", good, own.good)?,
            bad: dark("bad", bad, own.bad)?,
            attention: dark("attention", attention, own.attention)?,
            link: dark("link", link, own.link)?,
        })
    }
}

impl RawOpenData {
    fn checked(self) -> Result<OpenData, TemplateError> {
        let own = OpenData::default();
        let theme = self.theme.unwrap_or(own.theme);
        if !THEMES.contains(&theme.as_str()) {
            return Err(TemplateError::Theme(theme));
        }
        Ok(OpenData {
            publisher: self.publisher,
            ipa_code: self.ipa_code,
            contact_email: self.contact_email,
            licence_url: self.licence_url.unwrap_or(own.licence_url),
            licence_name: self.licence_name.unwrap_or(own.licence_name),
            base_url: self.base_url,
            theme,
            small_cell_min: self.small_cell_min.unwrap_or(own.small_cell_min),
        })
    }
}

fn colour(name: &'static str, given: Option<String>, own: String) -> Result<String, TemplateError> {
    let colour = given.unwrap_or(own);
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(colour.to_lowercase());
    }
    Err(TemplateError::Colour { name, colour })
}

/// A colour of text on white.
fn dark(name: &'static str, given: Option<String>, own: String) -> Result<String, TemplateError> {
    let colour = colour(name, given, own)?;
    let contrast = 1.05 / (luminance(&colour) + 0.05);
    if contrast < 4.5 {
        let contrast = format!("{contrast:.1}");
        return Err(TemplateError::Pale { name, colour, contrast });
    }
    Ok(colour)
}

/// A background: black text on it must be readable, and the quiet text too.
fn pale(name: &'static str, given: Option<String>, own: String) -> Result<String, TemplateError> {
    let colour = colour(name, given, own)?;
    if luminance(&colour) < 0.75 {
        return Err(TemplateError::Colour { name, colour });
    }
    Ok(colour)
}

/// Relative luminance (WCAG 2.1), with the power 2.4 of each channel approximated by squares and
/// roots, so that every machine gives the same bits.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let digits = colour.get(at..at + 2).unwrap_or("00");
        let value = f64::from(u8::from_str_radix(digits, 16).unwrap_or(0)) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            let base = (value + 0.055) / 1.055;
            // base^2.4 = base^2 · base^(2/5); the fifth root by Newton's steps.
            base * base * fifth_root(base * base)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn fifth_root(x: f64) -> f64 {
    let mut root = 1.0;
    for _ in 0..40 {
        let fourth: f64 = root * root * root * root;
        root = (4.0 * root + x / fourth) / 5.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(toml: &str) -> Result<Template, TemplateError> {
        Template::parse(toml, |name| {
            assert_eq!(name, "logo.svg");
            Ok(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec())
        })
    }

    #[test]
    fn a_template_says_what_it_changes() {
        let template = parse(
            "name = 'COMUNE DI ROCCASPINA'\nlogo = 'logo.svg'\n\
             logo_alt = { it = 'Stemma', en = 'Arms' }\n\
             [colours]\ndeep = '#7A003C'\n[open_data]\ntheme = 'HEAL'\nsmall_cell_min = 10",
        )
        .expect("it is sound");
        assert_eq!(template.colours.deep, "#7a003c");
        assert_eq!(template.colours.quiet, Colours::default().quiet);
        assert_eq!(template.open_data.small_cell_min, 10);
        let look = template.look(Lang::En);
        assert_eq!(
            look.logo.map(|logo| (logo.alt, logo.format)),
            Some(("Arms".into(), LogoFormat::Svg))
        );
        assert_eq!(parse("").expect("nothing is said"), Template::default());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (toml, message) in [
            ("[colours]\ndeep = 'blue'", "`blue` in `deep` is no colour"),
            ("[colours]\nquiet = '#aaaaaa'", "too pale"),
            ("[colours]\nsoft = '#404040'", "`#404040` in `soft` is no colour"),
            ("logo = 'logo.svg'", "no `logo_alt`"),
            ("[open_data]\ntheme = 'SPORT'", "`SPORT` is no subject"),
            ("colour = '#000000'", "unknown field `colour`"),
        ] {
            let error = parse(toml).expect_err(toml).to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(Logo::new(b"GIF89a".to_vec(), Text::default()).is_err());
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        // Known pairs with white: #767676 is the palest grey that passes.
        let contrast = |colour: &str| 1.05 / (luminance(colour) + 0.05);
        assert!((contrast("#767676") - 4.54).abs() < 0.01, "{}", contrast("#767676"));
        assert!((contrast("#000000") - 21.0).abs() < 0.001);
        assert!((contrast("#ff0000") - 3.998).abs() < 0.01, "{}", contrast("#ff0000"));
    }
}
