//! The catalogue of the open data by the Italian profile DCAT-AP_IT, as RDF/Turtle. Read [`turtle`]
//! first.
//!
//! Where no address of publication is given, addresses are relative: the catalogue is right
//! wherever the folder is published.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::DataFile;
use crate::document::{Dataset, Document};
use crate::model::ReportInput;
use crate::template::Template;

const PREFIXES: &str = "\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcatapit: <http://dati.gov.it/onto/dcatapit#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
";

const EUROPE: &str = "http://publications.europa.eu/resource/authority";

/// Addresses that the descriptions share.
struct Places {
    base: String,
    publisher: String,
    contact: String,
    period: String,
}

/// Writes the catalogue of datasets and their files.
pub fn turtle(
    input: &ReportInput,
    document: &Document,
    template: &Template,
    (datasets, files): (&[Dataset], &[DataFile]),
    written: Timestamp,
) -> String {
    let settings = &template.open_data;
    let base = settings.base_url.clone().unwrap_or_default();
    let base = if base.is_empty() || base.ends_with('/') { base } else { format!("{base}/") };
    let places = Places {
        publisher: format!("{base}#ente"),
        contact: format!("{base}#contatto"),
        period: format!("{base}#periodo"),
        base,
    };
    let date = written.to_zoned(TimeZone::UTC).date();
    let mut out = String::from(PREFIXES);
    catalog(&mut out, document, (datasets, &places), &date.to_string());
    for (nth, (dataset, file)) in datasets.iter().zip(files).enumerate() {
        let about = Description { input, document, template, places: &places, dataset, file };
        about.write(&mut out, nth + 1, &date.to_string());
    }
    parties(&mut out, input, document, template, &places);
    out
}

fn add(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}

fn catalog(
    out: &mut String,
    document: &Document,
    (datasets, places): (&[Dataset], &Places),
    date: &str,
) {
    let Places { base, publisher, .. } = places;
    let lang = document.lang;
    let title = literal(&document.title, lang);
    let about = match lang {
        "it" => "Dati del monitoraggio del contratto, nel periodo del resoconto.",
        _ => "Data of the contract's monitoring in the period of the report.",
    };
    let about = literal(about, lang);
    add(
        out,
        format_args!(
            "\n<{base}#catalogo>\n    a dcatapit:Catalog , dcat:Catalog ;\n    \
             dct:title {title} ;\n    dct:description {about} ;\n    \
             dct:publisher <{publisher}> ;\n    dct:modified \"{date}\"^^xsd:date ;\n    \
             dct:language <{EUROPE}/language/{}> ;\n    dcat:themeTaxonomy \
             <{EUROPE}/data-theme> ",
            language(lang)
        ),
    );
    for dataset in datasets {
        add(out, format_args!(";\n    dcat:dataset <{base}#{}> ", dataset.code));
    }
    out.push_str(".\n");
}

/// A dataset and its file.
struct Description<'a> {
    input: &'a ReportInput,
    document: &'a Document,
    template: &'a Template,
    places: &'a Places,
    dataset: &'a Dataset,
    file: &'a DataFile,
}

impl Description<'_> {
    fn write(&self, out: &mut String, nth: usize, date: &str) {
        let Self { input, document, template, places, dataset, file } = self;
        let Places { base, publisher, contact, period } = places;
        let (lang, settings) = (document.lang, &template.open_data);
        let code = dataset.code;
        let owner = settings.ipa_code.as_deref().unwrap_or("soglia");
        let (first, last) = (input.period.first, input.period.last);
        let title = literal(&format!("{} – {}", dataset.title, document.cover.report), lang);
        let min = settings.small_cell_min;
        let small = match lang {
            "it" => format!("I conteggi da 1 a {} non sono pubblicati.", min.saturating_sub(1)),
            _ => format!("Counts from 1 to {} are not published.", min.saturating_sub(1)),
        };
        let small = if 1 < min { format!(" {small}") } else { String::new() };
        let about = literal(&format!("{}{small}", dataset.about), lang);
        let contact = match settings.contact_email {
            Some(_) => format!("    dcat:contactPoint <{contact}> ;\n"),
            None => String::new(),
        };
        add(
            out,
            format_args!(
                "\n<{base}#{code}>\n    a dcatapit:Dataset , dcat:Dataset ;\n    \
                 dct:identifier \"{}:{code}-{first}-{last}\" ;\n    dct:title {title} ;\n    \
                 dct:description {about} ;\n    dct:modified \"{date}\"^^xsd:date ;\n    \
                 dcat:theme <{EUROPE}/data-theme/{}> ;\n    dct:rightsHolder <{publisher}> ;\n    \
                 dct:publisher <{publisher}> ;\n    dct:accrualPeriodicity \
                 <{EUROPE}/frequency/{}> ;\n    dct:language <{EUROPE}/language/{}> ;\n    \
                 dct:temporal <{period}> ;\n{contact}    dcat:keyword \"contact center\" , \
                 \"SLA\" ;\n    dcat:distribution <{base}#{code}-csv> .\n",
                escape(owner),
                settings.theme,
                frequency(input),
                language(lang),
            ),
        );
        let (name, licence) = (&file.name, iri(&settings.licence_url));
        add(
            out,
            format_args!(
                "\n<{base}#{code}-csv>\n    a dcatapit:Distribution , dcat:Distribution ;\n    \
                 dct:title {} ;\n    dct:format <{EUROPE}/file-type/CSV> ;\n    \
                 dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ;\n    \
                 dct:license <{licence}> ;\n    dcat:accessURL <{base}{name}> ;\n    \
                 dcat:downloadURL <{base}{name}> ;\n    dcat:byteSize \
                 \"{}\"^^xsd:decimal ;\n    dct:modified \"{date}\"^^xsd:date .\n",
                literal(&format!("{} (CSV, {nth})", dataset.title), lang),
                file.bytes.len(),
            ),
        );
    }
}

fn parties(
    out: &mut String,
    input: &ReportInput,
    document: &Document,
    template: &Template,
    places: &Places,
) {
    let Places { publisher, contact, period, .. } = places;
    let settings = &template.open_data;
    let name = settings.publisher.as_deref().unwrap_or(&document.cover.authority);
    let code = settings.ipa_code.as_deref().unwrap_or("soglia");
    add(
        out,
        format_args!(
            "\n<{publisher}>\n    a dcatapit:Agent , foaf:Agent ;\n    dct:identifier \"{}\" ;\n    \
             foaf:name {} .\n",
            escape(code),
            literal(name, "it"),
        ),
    );
    if let Some(email) = &settings.contact_email {
        add(
            out,
            format_args!(
                "\n<{contact}>\n    a dcatapit:Organization , vcard:Organization , vcard:Kind ;\n    \
                 vcard:fn {} ;\n    vcard:hasEmail <mailto:{}> .\n",
                literal(name, "it"),
                iri(email),
            ),
        );
    }
    let (first, last) = (input.period.first, input.period.last);
    add(
        out,
        format_args!(
            "\n<{period}>\n    a dct:PeriodOfTime ;\n    dcatapit:startDate \
             \"{first}\"^^xsd:date ;\n    dcatapit:endDate \"{last}\"^^xsd:date .\n"
        ),
    );
    add(
        out,
        format_args!(
            "\n<{}>\n    a dcatapit:LicenseDocument , dct:LicenseDocument ;\n    dct:type \
             <http://purl.org/adms/licencetype/{}> ;\n    foaf:name \"{}\" .\n",
            iri(&settings.licence_url),
            licence_type(&settings.licence_url),
            escape(&settings.licence_name),
        ),
    );
}

/// How often such data come, by the length of the period.
fn frequency(input: &ReportInput) -> &'static str {
    let days = input.period.last.duration_since(input.period.first).as_hours() / 24 + 1;
    match days {
        ..=1 => "DAILY",
        2..=7 => "WEEKLY",
        8..=31 => "MONTHLY",
        32..=92 => "QUARTERLY",
        93..=184 => "ANNUAL_2",
        _ => "ANNUAL",
    }
}

/// The kind of licence, as the vocabulary of licences names it.
fn licence_type(url: &str) -> &'static str {
    if url.contains("/publicdomain/") || url.contains("/zero/") {
        "PublicDomain"
    } else if url.contains("/by-sa/") {
        "ShareAlikeRestrictions"
    } else {
        "Attribution"
    }
}

const fn language(lang: &str) -> &'static str {
    match lang.as_bytes() {
        b"it" => "ITA",
        _ => "ENG",
    }
}

fn literal(text: &str, lang: &str) -> String {
    format!("\"{}\"@{lang}", escape(text))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Characters that no address may hold are written as percent codes.
fn iri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, ' ' | '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\')
        {
            let code = format!("%{:02X}", u32::from(c));
            out.push_str(&code);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_end_a_literal_or_an_address() {
        assert_eq!(literal("a \"b\" \\ c\n", "it"), "\"a \\\"b\\\" \\\\ c\\n\"@it");
        assert_eq!(iri("https://x/<y> z"), "https://x/%3Cy%3E%20z");
    }
}
