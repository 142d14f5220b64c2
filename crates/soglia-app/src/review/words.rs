//! Names of dispositions, exclusions and statistics in both languages. Read each function's first
//! line.

use soglia_domain::contract::Frequency;
use soglia_domain::facts::Disposition;
use soglia_domain::ratio::{RoundingMode, decimal, round_div};
use soglia_domain::text::Text;
use soglia_report::model::{Amount, Count, Unit};

/// The register of inspections, as the report cites it.
pub fn inspection_reports() -> Text {
    Text::new("Verbali visite ispettive", "Inspection reports")
}

/// What became of a call.
pub fn disposition(disposition: Disposition) -> Text {
    let (it, en) = match disposition {
        Disposition::Answered => ("Risposte da un operatore", "Answered by an operator"),
        Disposition::AbandonedInQueue => ("Abbandonate in coda", "Abandoned in the queue"),
        Disposition::AbandonedInIvr => ("Abbandonate nell'IVR", "Abandoned in the IVR"),
        Disposition::IvrContained => ("Risolte dall'IVR", "Contained in the IVR"),
        Disposition::OutOfHours => ("Fuori orario", "Out of hours"),
        Disposition::Rejected => (
            "Respinte (linee occupate, coda piena, nessun operatore)",
            "Turned away (lines busy, queue full, nobody logged in)",
        ),
        Disposition::ReleasedBySystem => ("Chiuse dal sistema", "Released by the system"),
        Disposition::CallbackRequested => ("Richiesta di richiamata", "Call-back requested"),
        Disposition::TechnicalFailure => ("Cadute per guasto", "Ended by a fault"),
        Disposition::Test => ("Chiamate di prova", "Test calls"),
    };
    Text::new(it, en)
}

/// Why something was left out, and how much; time is counted in seconds.
pub fn excluded(reason: &str, n: u64) -> Count {
    match reason.strip_suffix("_ms") {
        Some(name) => {
            let Text { it, en } = self::reason(name);
            let name =
                Text { it: format!("{it} (secondi)"), en: en.map(|en| format!("{en} (seconds)")) };
            Count { name, n: (n + 500) / 1000 }
        }
        None => Count { name: self::reason(reason), n },
    }
}

/// The name of a reason for leaving out.
pub fn reason(code: &str) -> Text {
    let (it, en) = match code {
        "test" => ("chiamate di prova", "test calls"),
        "out_of_hours" => ("fuori orario", "out of hours"),
        "abandoned_in_ivr" => ("abbandonate nell'IVR, prima della coda", "abandoned in the IVR"),
        "ivr_contained" => ("risolte dall'IVR", "contained in the IVR"),
        "rejected" => ("respinte", "turned away"),
        "callback_fulfilled" => ("richiamate in tempo", "called back in time"),
        "short_abandon" => ("abbandoni brevissimi", "short abandons"),
        "early_abandon" => ("abbandonate entro il limite", "abandoned within the limit"),
        "lost" => ("perse", "lost"),
        "channel_not_covered" => ("canale non compreso nella regola", "channel not in the rule"),
        "same_case" => ("altri messaggi dello stesso caso", "other messages of the same case"),
        "duplicate" => ("doppioni", "duplicates"),
        "spam" => ("posta indesiderata", "unwanted mail"),
        "cancelled" => ("annullati", "cancelled"),
        "open" => ("ancora aperti", "still open"),
        "open_not_due" => ("ancora aperti, non ancora scaduti", "still open, not yet due"),
        "open_overdue" => ("ancora aperti, scaduti", "still open, overdue"),
        "closed_unresolved" => ("chiusi senza soluzione", "closed without a solution"),
        "third_party" => ("passati a terzi", "handed over to third parties"),
        "not_a_call" => ("casi non nati da una chiamata", "cases not opened by a call"),
        "call_not_found" => {
            ("casi la cui chiamata manca dai dati", "cases whose call is not in the data")
        }
        "excluded_record" => ("contatti esclusi dal committente", "records left out by the client"),
        "unreachable" => ("irreperibili dopo l'ultimo tentativo", "unreachable after all attempts"),
        "not_reached" => ("non raggiunti", "not reached"),
        "component_not_covered" => {
            ("fermi di componenti non comprese", "outages of other components")
        }
        "degraded" => ("funzionamento ridotto non conteggiato", "degraded time not counted"),
        "excluded_cause" => ("fermi per cause escluse", "outages of excluded causes"),
        "planned" => ("manutenzione programmata e notificata", "planned and notified maintenance"),
        "force_majeure" => ("esclusione approvata: forza maggiore", "approved: force majeure"),
        "client_caused" => {
            ("esclusione approvata: causata dal committente", "approved: caused by the client")
        }
        "planned_maintenance" => {
            ("esclusione approvata: manutenzione programmata", "approved: planned maintenance")
        }
        "test_calls" => ("esclusione approvata: chiamate di prova", "approved: test calls"),
        "prank" => ("esclusione approvata: scherzi", "approved: prank calls"),
        other => return Text { it: other.replace('_', " "), en: None },
    };
    Text::new(it, en)
}

/// How often an indicator is reported, and measured if that is something else.
pub fn frequency(frequency: &Frequency) -> Text {
    let (report, measure) = (every(&frequency.report), every(&frequency.measure));
    if frequency.report == frequency.measure {
        return Text::new(report.0, report.1);
    }
    Text {
        it: format!("{} (misura {})", report.0, measure.0.to_lowercase()),
        en: Some(format!("{} (measured {})", report.1, measure.1.to_lowercase())),
    }
}

fn every(code: &str) -> (&'static str, &'static str) {
    match code {
        "day" => ("Giornaliera", "Daily"),
        "week" => ("Settimanale", "Weekly"),
        "month" => ("Mensile", "Monthly"),
        "quarter" => ("Trimestrale", "Quarterly"),
        "half_year" => ("Semestrale", "Half-yearly"),
        _ => ("Annuale", "Yearly"),
    }
}

/// A plain statistic of a measurement: its place in the list, its name and its value.
///
/// Sums are left to the measurement itself: they are no figure for readers.
pub fn statistic(key: &str, value: &str) -> Option<(usize, Text, Amount)> {
    if key == "duration_unknown" {
        let name = Text::new("durata non nota, contatti", "duration not known, contacts");
        return Some((100, name, Amount { decimal: value.to_owned(), unit: Unit::Count }));
    }
    let (what, name) = PREFIXES.iter().enumerate().find_map(|(nth, (prefix, it, en))| {
        Some(((nth, *it, *en), key.strip_prefix(prefix)?.strip_prefix('_')?))
    })?;
    let (place, it, en, unit) = match name {
        "n" => (0, "contatti", "contacts", Unit::Count),
        "mean_s" => (1, "media", "mean", Unit::Seconds),
        "p50_s" => (2, "mediana", "median", Unit::Seconds),
        "p90_s" => (3, "90° percentile", "90th percentile", Unit::Seconds),
        "p95_s" => (4, "95° percentile", "95th percentile", Unit::Seconds),
        "granularity_s" => (6, "registrata a unità di", "recorded in units of", Unit::Seconds),
        "max_s" => (5, "massimo", "longest", Unit::Seconds),
        _ => return None,
    };
    let (nth, what_it, what_en) = what;
    let name = Text { it: format!("{what_it}, {it}"), en: Some(format!("{what_en}, {en}")) };
    let amount = match unit {
        Unit::Seconds => time(value),
        _ => Amount { decimal: value.to_owned(), unit },
    };
    Some((nth * 10 + place, name, amount))
}

/// Seconds as people read them: tenths of a second, of a minute, or hundredths of an hour.
fn time(secs: &str) -> Amount {
    let (whole, fraction) = secs.split_once('.').unwrap_or((secs, ""));
    let parsed: Option<u128> = format!("{whole}{fraction:0<3.3}").parse().ok();
    let Some(millis) = parsed else {
        return Amount { decimal: secs.to_owned(), unit: Unit::Seconds };
    };
    span(millis)
}

/// A time in the unit in which people read it.
pub fn span(millis: u128) -> Amount {
    let (unit, unit_ms, decimals) = match millis {
        0..MINUTES_FROM => (Unit::Seconds, 1000, 1),
        MINUTES_FROM..HOURS_FROM => (Unit::Minutes, 60_000, 1),
        _ => (Unit::Hours, 3_600_000, 2),
    };
    let scaled = round_div(millis * 10_u128.pow(decimals.into()), unit_ms, RoundingMode::HalfUp);
    Amount { decimal: without_zeros(&decimal(scaled, decimals)), unit }
}

/// Times from ten minutes on are printed in minutes, from two hours on in hours.
const MINUTES_FROM: u128 = 600_000;
const HOURS_FROM: u128 = 7_200_000;

/// What statistics are about, by the beginning of their name.
const PREFIXES: [(&str, &str, &str); 5] = [
    ("wait_answered", "attesa delle risposte", "wait of answered calls"),
    ("wait_abandoned", "attesa delle abbandonate", "wait of abandoned calls"),
    ("reply", "tempo di risposta", "time to reply"),
    ("duration", "durata", "duration"),
    ("resolution", "tempo di soluzione", "time to resolve"),
];

/// `61.400` as `61.4`, `20.000` as `20`.
pub fn without_zeros(decimal: &str) -> String {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        decimal.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disposition_has_its_own_name_in_both_languages() {
        let names: Vec<Text> = Disposition::ALL.map(disposition).into();
        for (nth, name) in names.iter().enumerate() {
            assert!(name.en.is_some(), "{}", name.it);
            let same = names.iter().take(nth).find(|other| other.it == name.it);
            assert_eq!(same, None);
        }
    }

    #[test]
    fn statistics_are_named_and_ordered_and_sums_are_left_out() {
        let (place, name, amount) = statistic("wait_answered_p95_s", "305.000").expect("known");
        assert_eq!((place, name.it.as_str()), (4, "attesa delle risposte, 95° percentile"));
        assert_eq!((amount.decimal.as_str(), amount.unit), ("305", Unit::Seconds));
        let long = statistic("resolution_max_s", "14400.000").expect("known").2;
        assert_eq!((long.decimal.as_str(), long.unit), ("4", Unit::Hours));
        let mean = statistic("reply_mean_s", "1234.567").expect("known").2;
        assert_eq!((mean.decimal.as_str(), mean.unit), ("20.6", Unit::Minutes));
        assert_eq!(statistic("wait_answered_mean_s", "34.547").expect("known").2.decimal, "34.5");
        assert_eq!(statistic("wait_answered_sum_s", "1"), None);
        assert_eq!(statistic("duration_unknown", "3").map(|(_, _, a)| a.unit), Some(Unit::Count));
        assert_eq!(without_zeros("61.400"), "61.4");
        assert_eq!(without_zeros("100"), "100");
    }

    #[test]
    fn time_left_out_is_counted_in_seconds() {
        let count = excluded("planned_ms", 3_600_000);
        assert_eq!(count.n, 3600);
        assert_eq!(count.name.it, "manutenzione programmata e notificata (secondi)");
        assert_eq!(excluded("out_of_hours", 12).n, 12);
    }
}
