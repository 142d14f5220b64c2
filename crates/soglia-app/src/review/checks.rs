//! Which coherence checks were run, and what they found. Read [`checks`] first.

use soglia_domain::contract::Contract;
use soglia_domain::text::Text;
use soglia_measure::measurement::CheckLine;
use soglia_report::model::{Check, CheckOutcome};

/// What people wrote, as far as checks look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// There are texts.
    pub texts: bool,
    /// There are findings of earlier reviews.
    pub earlier_findings: bool,
    /// There are inspections.
    pub inspections: bool,
}

/// Every check N1–N18, with what it found; then what the contract file itself warns of.
pub fn checks(contract: &Contract, lines: &[CheckLine], looked: Looked) -> Vec<Check> {
    let mut all = Vec::new();
    for (code, it, en, needs) in CHECKS {
        let title = Text::new(it, en);
        let found_here: Vec<&CheckLine> = lines.iter().filter(|line| line.code == code).collect();
        if found_here.is_empty() {
            let outcome = needs.missing(looked).map_or(CheckOutcome::Passed, CheckOutcome::NotRun);
            all.push(Check { code: code.to_owned(), title, outcome });
            continue;
        }
        all.extend(found_here.into_iter().map(|line| found(title.clone(), line)));
    }
    let known = |code: &str| CHECKS.iter().any(|(known, ..)| *known == code);
    let others = lines.iter().filter(|line| !known(&line.code));
    all.extend(others.map(|line| found(title(&line.code), line)));
    // N16 says the same as W-ROLES.
    let warnings = contract.warnings.iter().filter(|warning| warning.code != "W-ROLES");
    all.extend(warnings.map(|warning| Check {
        code: warning.code.to_owned(),
        title: Text::new("Avviso sul file del contratto", "Remark on the contract file"),
        outcome: CheckOutcome::Warning(warning.text.clone()),
    }));
    all
}

/// The name of a check by its code.
pub fn title(code: &str) -> Text {
    let known = CHECKS.iter().find(|(known, ..)| *known == code);
    known.map_or_else(
        || Text::new("Altra verifica", "Another check"),
        |(_, it, en, _)| Text::new(it, en),
    )
}

/// A check that has something to say.
pub fn found(title: Text, line: &CheckLine) -> Check {
    let about: Vec<&str> = line.service.iter().chain(&line.indicator).map(String::as_str).collect();
    let about = if about.is_empty() { String::new() } else { format!("{}: ", about.join(" ")) };
    let in_lang = |lang: &str| line.text.get(lang).map(|text| format!("{about}{text}"));
    let text = Text { it: in_lang("it").unwrap_or_default(), en: in_lang("en") };
    let outcome = match line.severity {
        "error" => CheckOutcome::Failed(text),
        _ => CheckOutcome::Warning(text),
    };
    Check { code: line.code.clone(), title, outcome }
}

/// What a check looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    /// The contract and the figures, which are always there.
    Figures,
    /// Texts written by people.
    Texts,
    /// Findings of earlier reports.
    EarlierFindings,
    /// Inspections.
    Inspections,
}

impl Needs {
    /// Why a check with nothing to look at was not run.
    fn missing(self, looked: Looked) -> Option<Text> {
        let Looked { texts, earlier_findings, inspections } = looked;
        let (it, en) = match self {
            Self::Figures => return None,
            Self::Texts if texts => return None,
            Self::EarlierFindings if earlier_findings => return None,
            Self::Inspections if inspections => return None,
            Self::Texts => ("nessun testo scritto da persone", "no text written by people"),
            Self::EarlierFindings => {
                ("nessun rilievo di resoconti precedenti", "no finding of an earlier report")
            }
            Self::Inspections => ("nessuna verifica ispettiva", "no inspection"),
        };
        Some(Text::new(it, en))
    }
}

/// Code, what it looks at, and what it needs.
const CHECKS: [(&str, &str, &str, Needs); 18] = [
    (
        "N1",
        "I testi nominano tutti gli obiettivi non raggiunti",
        "Texts name every target that was missed",
        Needs::Texts,
    ),
    ("N2", "Le date dei testi sono nel periodo", "Dates in texts lie in the period", Needs::Texts),
    (
        "N3",
        "I testi non danno per mancati obiettivi raggiunti",
        "Texts call no target missed that was met",
        Needs::Texts,
    ),
    (
        "N4",
        "I rilievi riportati da altri periodi sono detti tali",
        "Findings carried over are said to be so",
        Needs::EarlierFindings,
    ),
    ("N5", "Ogni obiettivo ha il suo verso", "Every target has its direction", Needs::Figures),
    (
        "N6",
        "I nomi degli indicatori dicono che cosa si misura",
        "Names of indicators say what is measured",
        Needs::Figures,
    ),
    (
        "N7",
        "Ogni valore ha unità, numeratore e denominatore",
        "Every value has unit, numerator and denominator",
        Needs::Figures,
    ),
    (
        "N8",
        "I canali dell'obiettivo sono quelli della regola",
        "The objective's channels are the rule's",
        Needs::Figures,
    ),
    (
        "N9",
        "Le verifiche ispettive cadono in giorni lavorativi",
        "Inspections fall on working days",
        Needs::Inspections,
    ),
    ("N10", "Ogni scheda è completa", "Every sheet is complete", Needs::Figures),
    (
        "N11",
        "Gli obiettivi sono scritti in un solo modo",
        "Targets are written in one way",
        Needs::Figures,
    ),
    ("N12", "I termini sono scritti correttamente", "Terms are spelled correctly", Needs::Texts),
    (
        "N13",
        "Ogni sezione ha un contenuto o dice perché manca",
        "Every section has content or says why not",
        Needs::Figures,
    ),
    (
        "N14",
        "Gli indicatori delle chiamate in uscita guardano gli stessi contatti",
        "The outbound indicators look at the same contacts",
        Needs::Figures,
    ),
    (
        "N15",
        "Frequenza di misura e di resoconto sono distinte",
        "Frequency of measurement and of report are distinct",
        Needs::Figures,
    ),
    (
        "N16",
        "I ruoli di controllo sono di persone diverse",
        "Roles of control are held by different people",
        Needs::Figures,
    ),
    (
        "N17",
        "I numeri dei rilievi hanno unità e periodo",
        "Numbers in findings have unit and period",
        Needs::Figures,
    ),
    (
        "N18",
        "Il secondo livello riceve i casi non evasi al primo contatto",
        "The second level gets the cases not closed at first contact",
        Needs::Figures,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_numbered_in_order() {
        for (nth, (code, ..)) in CHECKS.iter().enumerate() {
            assert_eq!(*code, format!("N{}", nth + 1));
        }
    }

    #[test]
    fn an_error_must_be_settled_before_signing() {
        let line = |severity| CheckLine {
            code: "N18".to_owned(),
            severity,
            service: Some("cup".to_owned()),
            indicator: Some("K6".to_owned()),
            text: [("it", "non quadra".to_owned()), ("en", "does not balance".to_owned())].into(),
        };
        let of = |severity| found(Text::default(), &line(severity)).outcome;
        let text = Text::new("cup K6: non quadra", "cup K6: does not balance");
        assert_eq!(of("error"), CheckOutcome::Failed(text.clone()));
        assert_eq!(of("warning"), CheckOutcome::Warning(text.clone()));
        assert_eq!(of("note"), CheckOutcome::Warning(text));
    }
}
