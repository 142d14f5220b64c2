//! Invented reports: people, bodies and numbers are fictitious. Read [`half_year`] first.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use soglia_domain::text::Text;
use soglia_domain::verdict::{Compare, NaReason, TargetDirection, Verdict};
use soglia_report::model::*;

/// A half-year with the values of a reference report: some targets met, some missed.
pub fn half_year() -> ReportInput {
    ReportInput {
        identity: identity(),
        period: ReportPeriod {
            first: date(2023, 7, 1),
            last: date(2023, 12, 31),
            zone: "Europe/Rome".to_owned(),
            data_until: None,
        },
        areas: vec![digital_agenda(), contact_centre()],
        checks: checks(),
        declared: None,
        signatures: Signatures {
            place: None,
            date: None,
            signatories: vec![
                role(
                    "Il Dirigente di Monitoraggio",
                    "The monitoring manager",
                    "Ing. Elena Sorgente",
                ),
                role(
                    "Il Responsabile dell'Area Innovazione Digitale",
                    "The head of digital innovation",
                    "Dott. Ivo Calanchi",
                ),
                role(
                    "Il Responsabile dell'Area CUP",
                    "The head of the CUP",
                    "Dott.ssa Nives Abetina",
                ),
            ],
        },
        provenance: provenance(),
        notice: Some(text("Dati simulati", "Simulated data")),
        registers: None,
        scenarios: Vec::new(),
    }
}

/// The same report for a period in which nothing happened and nobody wrote anything.
pub fn empty() -> ReportInput {
    let mut input = half_year();
    for area in &mut input.areas {
        area.inputs.clear();
        area.analysis.clear();
        area.outputs.clear();
        for service in &mut area.services {
            service.dispositions = Dispositions { arrived: 0, rows: Vec::new() };
            service.narrative = Status::NotYetFilled;
            service.cards.clear();
            for finding in &mut service.findings {
                *finding = emptied(finding);
            }
            for result in &mut service.indicators {
                result.ratio = None;
                result.value = None;
                result.verdict = Verdict::Na(NaReason::NoActivity);
                result.excluded.clear();
                result.sensitivity.clear();
                result.statistics.clear();
                result.completeness = None;
                result.actions = Status::NotYetFilled;
            }
        }
    }
    input.checks.clear();
    input.signatures.signatories.clear();
    input.provenance.inputs.clear();
    input.provenance.coverage.clear();
    input.provenance.seal = None;
    input
}

/// Every target is missed, and the data are still open.
pub fn all_breached() -> ReportInput {
    let mut input = half_year();
    for result in
        input.areas.iter_mut().flat_map(|a| &mut a.services).flat_map(|s| &mut s.indicators)
    {
        result.verdict = Verdict::Ko;
        result.provisional = true;
        result.value = Some(percent("0.00"));
        result.ratio = Some((0, 1_000_000_000));
    }
    input
}

/// Texts far longer than anybody should write, with characters of other scripts.
pub fn long_texts() -> ReportInput {
    let mut input = half_year();
    let paragraph = "Si segnala la necessità di una coda dedicata alle richieste con priorità. ";
    let long = text(&paragraph.repeat(40), &"A very long remark about the queues. ".repeat(40));
    let word = "precipitevolissimevolmente".repeat(8);
    input.identity.authority =
        "REGIONE DELLE MOLTE VALLI E DEI MOLTISSIMI COMUNI MONTANI ".repeat(3);
    for area in &mut input.areas {
        area.preamble.push(text(&format!("{word} – čšž Ωμέγα ≤ ≥ 😀 <b>&amp;"), &word));
        for service in &mut area.services {
            service.name = text(&format!("{} {word}", service.name.it), &word);
            for result in &mut service.indicators {
                result.objective = long.clone();
                result.actions = Status::Filled(vec![text(&paragraph.repeat(6), "Long"); 3]);
            }
        }
    }
    input.provenance.inputs[0].name = format!("{word}.csv.zst");
    input.scenarios = vec![study(true, "cup"), study(false, "cc")];
    input.scenarios[1].name = text(&word, &word);
    input
}

/// A study with two variants of a scenario, one of which the mix misleads.
pub fn study(calibrated: bool, service: &str) -> ScenarioStudy {
    let row = |name: &str, met: u64, difference: Option<ScenarioDifference>| ScenarioRow {
        name: text(name, name),
        ratio: (met, 1000),
        value: Some(format!("{}.{}0", met / 10, met % 10)),
        half_width: Some("0.40".to_owned()),
        met: Some(950 <= met),
        probability: Some("12".to_owned()),
        difference,
    };
    let differs = |total: &str, misleads: bool| {
        Some(ScenarioDifference {
            total: Some(total.to_owned()),
            half_width: Some("0.30".to_owned()),
            fixed_mix: Some("1.10".to_owned()),
            misleads,
        })
    };
    let floor = |name: &str| ScenarioFloor {
        name: text(name, name),
        calls: 4158,
        redials: 1,
        contained: 0,
        call_backs: 0,
        abandoned: Some("11.0".to_owned()),
        wait_secs: None,
        occupancy: Some("73.9".to_owned()),
        hours: 395,
        worst: Some((text("lunedì 08:15", "Monday 08:15"), "15.5".to_owned())),
    };
    let percent = Amount { decimal: "95".to_owned(), unit: Unit::Percent };
    let target = target((TargetDirection::AtLeast, &percent.decimal));
    let hour = ScenarioHour {
        at: text("2023-12-18 lunedì 08:00", "2023-12-18 Monday 08:00"),
        calls: 322,
        observed: "19.88".to_owned(),
        replayed: "14.60".to_owned(),
        difference: "-5.28".to_owned(),
    };
    ScenarioStudy {
        service: service.to_owned(),
        name: text("CUP", "Booking centre"),
        basis: vec![text("Appreso da 100 chiamate.", "Learned from 100 calls.")],
        gate: ScenarioGate {
            calibrated,
            likeness: None,
            outside: u64::from(!calibrated),
            judged: 78,
            miss: "2.60".to_owned(),
            worst: vec![hour],
            causes: Vec::new(),
        },
        indicators: vec![ScenarioIndicator {
            code: "K1".to_owned(),
            name: text("In tempo", "In time"),
            target,
            observed: Some((700, 1000)),
            rows: vec![
                row("Oggi", 712, None),
                row("IVR", 951, differs("23.90", false)),
                row("IVR (30 %)", 700, differs("-1.20", true)),
            ],
            topics: vec![ScenarioTopic {
                name: text("Disdetta", "Cancellation"),
                share: "7.6".to_owned(),
                now: Some("73.93".to_owned()),
                differences: vec![Some(("7.36".to_owned(), Some("4.67".to_owned()))), None],
            }],
        }],
        floor: vec![floor("Oggi"), floor("IVR"), floor("IVR (30 %)")],
        remarks: vec![text("Settimane simulate: 40.", "Weeks simulated: 40.")],
    }
}

fn emptied(finding: &Finding) -> Finding {
    match finding.clone() {
        Finding::HourProfile(_) => Finding::HourProfile(HourProfile { counts: [[0; 24]; 7] }),
        Finding::Daily(daily) => Finding::Daily(DailyVolumes { days: Vec::new(), ..daily }),
        Finding::Waits(waits) => {
            Finding::Waits(WaitDistribution { bins: Vec::new(), stats: None, ..waits })
        }
        Finding::MonthlyShare(monthly) => {
            Finding::MonthlyShare(MonthlyShare { months: Vec::new(), ..monthly })
        }
        Finding::DurationTrend(trend) => {
            Finding::DurationTrend(DurationTrend { months: Vec::new(), ..trend })
        }
        Finding::Topics(topics) => Finding::Topics(TopicComparison { rows: Vec::new(), ..topics }),
        Finding::BookingSystems(_) => Finding::BookingSystems(Vec::new()),
        stated @ Finding::Stated(_) => stated,
    }
}

fn text(italian: &str, english: &str) -> Text {
    Text::new(italian, english)
}

fn role(italian: &str, english: &str, person: &str) -> RolePerson {
    RolePerson { role: text(italian, english), person: Some(person.to_owned()) }
}

fn identity() -> Identity {
    let rup = role("RUP del contratto", "Project lead (RUP)", "Ing. Elena Sorgente");
    let dec = role("DEC del contratto", "Contract execution director (DEC)", "Ing. Elena Sorgente");
    Identity {
        monitoring: MonitoringKind::External,
        authority: "REGIONE VALDIMONTE".to_owned(),
        contract_title: text(
            "Soluzioni e servizi avanzati a supporto dell'Agenda Digitale",
            "Advanced solutions and services for the Digital Agenda",
        ),
        register: Some("Rep. 1151 del 05/05/2022".to_owned()),
        supplier: vec![
            "Vocedata".to_owned(),
            "Sistemi Alpini".to_owned(),
            "Coop La Dorsale".to_owned(),
        ],
        succession: Some(text(
            "Il fornitore è subentrato al RTI Telecima / Archivia (rep. 698 del 29/04/2021)",
            "The supplier took over from Telecima / Archivia (rep. 698 of 29 April 2021)",
        )),
        distribution: vec![
            role(
                "Responsabile della Transizione al Digitale",
                "Digital transition officer",
                "Dott. Bruno Lucerna",
            ),
            rup.clone(),
            dec.clone(),
        ],
        roles: vec![rup, dec],
        responsible_codes: vec![
            ("DT".to_owned(), text("Direzione tecnica", "Technical direction")),
            ("RQ".to_owned(), text("Responsabile qualità", "Quality manager")),
        ],
    }
}

fn filled(italian: &str, english: &str) -> Status {
    Status::Filled(vec![text(italian, english)])
}

fn digital_agenda() -> Area {
    let input = |kind, status| ReviewInput { kind, status };
    let section = |kind, source: &str, status| AnalysisSection {
        kind,
        sources: vec![text(source, source)],
        status,
    };
    Area {
        code: "agenda".to_owned(),
        name: text("Supporto all'Agenda Digitale", "Support to the Digital Agenda"),
        preamble: vec![text(
            "I dettagli sono nei report trimestrali conservati agli atti dell'Ufficio \
             Amministrazione Digitale (SAL luglio–settembre 2023 e ottobre–dicembre 2023).",
            "Details are in the quarterly reports kept by the Digital Administration Office.",
        )],
        services_offered: Vec::new(),
        activities: activities(),
        inputs: vec![
            input(
                InputKind::InspectionReports,
                filled("Verbale del 07/09/2023", "Report of 7 Sep"),
            ),
            input(InputKind::UserComplaints, Status::None),
            input(
                InputKind::SlaPerformance,
                Status::NotApplicable(text("nessuno SLA numerico", "no numeric SLA")),
            ),
        ],
        analysis: vec![
            section(
                SectionKind::Inspections,
                "Verbali visite ispettive",
                filled(
                    "Verifica ispettiva del 07/09/2023 presso l'Ufficio Amministrazione Digitale.",
                    "Inspection of 7 September 2023 at the Digital Administration Office.",
                ),
            ),
            section(
                SectionKind::ProcessPerformance,
                "Registro operazioni svolte",
                filled(
                    "Le attività sono state svolte su diretto controllo del committente.",
                    "The activities were done under the client's direct control.",
                ),
            ),
            section(SectionKind::FollowUp, "Resoconto I semestre 2023", Status::None),
        ],
        services: Vec::new(),
        outputs: vec![OutputSection {
            kind: OutputKind::ClientPerformance,
            status: filled(
                "Integrazione del sistema di monitoraggio con le nuove variazioni organizzative.",
                "Integration of the monitoring system with the new organisation.",
            ),
        }],
    }
}

fn activities() -> Vec<ActivityGroup> {
    let group = |name: &str, items: &[&str]| ActivityGroup {
        name: text(name, name),
        note: None,
        items: items.iter().map(|item| text(item, item)).collect(),
    };
    vec![
        group(
            "Attività presso Dipartimento Presidenza",
            &[
                "Supporto presso l'Ufficio Speciale per l'Amministrazione Digitale",
                "Supporto presso la Consigliera regionale di Parità",
            ],
        ),
        group("Tributi", &["Sportello front office", "Attività in back office"]),
        group("URP e BUR regionale", &["URP Presidenza della Giunta", "URP Agricoltura"]),
    ]
}

fn contact_centre() -> Area {
    Area {
        code: "contact".to_owned(),
        name: text("Contact Center e CUP", "Contact centre and CUP"),
        preamble: vec![text(
            "L'area comprende la prenotazione delle prestazioni specialistiche ambulatoriali (CUP) \
             e l'assistenza a chi usa i servizi in rete.",
            "The area is about booking outpatient services (CUP) and helping users online.",
        )],
        services_offered: vec![
            text("Servizi con operatore: A. Contact Center; B. CUP", "Operators: A. CC; B. CUP"),
            text("Servizi senza operatore (IVR)", "Services without operator (IVR)"),
            text("Postazione di monitoraggio", "Monitoring workstation"),
        ],
        activities: Vec::new(),
        inputs: InputKind::ALL
            .into_iter()
            .map(|kind| ReviewInput { kind, status: filled("Agli atti", "On file") })
            .collect(),
        analysis: vec![
            AnalysisSection {
                kind: SectionKind::ProcessPerformance,
                sources: vec![text("Database delle chiamate", "Call database")],
                status: Status::NotYetFilled,
            },
            AnalysisSection {
                kind: SectionKind::NewProjects,
                sources: Vec::new(),
                status: Status::NotApplicable(text(
                    "sezione dell'area Agenda Digitale",
                    "a section of the Digital Agenda",
                )),
            },
            AnalysisSection {
                kind: SectionKind::Measurement,
                sources: vec![text("SLA", "SLA"), text("Reclami", "Complaints")],
                status: filled(
                    "I valori sono stati condivisi con il fornitore.",
                    "Values were shared.",
                ),
            },
        ],
        services: vec![
            service("cup", "CUP", 109_850, &CUP),
            service("cc", "Contact Center", 50_000, &CONTACT_CENTRE),
        ],
        outputs: vec![OutputSection {
            kind: OutputKind::ProcessEffectiveness,
            status: filled(
                "Coda dedicata alle richieste in priorità e apertura anticipata alle ore 7:00.",
                "A queue of its own for priority requests, and opening at 7:00.",
            ),
        }],
    }
}

type Row = (&'static str, u64, u64, &'static str, &'static str, TargetDirection, Verdict);

const LEAST: TargetDirection = TargetDirection::AtLeast;
const MOST: TargetDirection = TargetDirection::AtMost;

const CUP: [Row; 10] = [
    ("K1", 62_373, 109_850, "56.78", "95", LEAST, Verdict::Ko),
    ("K2", 1_204, 1_204, "100.00", "100", LEAST, Verdict::Ok),
    ("K3", 13_457, 109_850, "12.25", "5", MOST, Verdict::Ko),
    ("K4", 95_805, 96_393, "99.39", "95", LEAST, Verdict::Ok),
    ("K5", 62_417, 95_805, "65.15", "95", LEAST, Verdict::Ko),
    ("K6", 587, 588, "99.83", "100", LEAST, Verdict::Ko),
    ("K7", 587, 587, "100.00", "100", LEAST, Verdict::Ok),
    ("K8", 300, 300, "100.00", "100", LEAST, Verdict::Ok),
    ("K9", 0, 0, "", "4", MOST, Verdict::Na(NaReason::NoActivity)),
    ("K10", 15_897_600, 15_897_600, "100.00", "99.5", LEAST, Verdict::Ok),
];

const CONTACT_CENTRE: [Row; 10] = [
    ("K1", 49_025, 50_000, "98.05", "95", LEAST, Verdict::Ok),
    ("K2", 860, 860, "100.00", "100", LEAST, Verdict::Ok),
    ("K3", 705, 50_000, "1.41", "5", MOST, Verdict::Ok),
    ("K4", 49_293, 49_295, "100.00", "95", LEAST, Verdict::Ok),
    ("K5", 49_293, 49_293, "100.00", "98", LEAST, Verdict::Ok),
    ("K6", 2, 2, "100.00", "100", LEAST, Verdict::Ok),
    ("K7", 2, 2, "100.00", "100", LEAST, Verdict::Ok),
    ("K8", 120, 120, "100.00", "100", LEAST, Verdict::Ok),
    ("K9", 0, 0, "", "4", MOST, Verdict::Na(NaReason::NoActivity)),
    ("K10", 15_897_600, 15_897_600, "100.00", "99.5", LEAST, Verdict::Ok),
];

/// Objective and indicator of each row, with what it lacks in the sheets.
const TEXTS: [(&str, &str); 10] = [
    ("Monitoraggio tempo massimo di attesa", "% di chiamate risposte entro 20''"),
    (
        "Monitoraggio tempo massimo di risposta nel caso di contatto via mail, fax, SMS, lettere",
        "% contatti email/fax/SMS risposti entro 9 h",
    ),
    (
        "Percentuale chiamate entranti perse",
        "Percentuale di chiamate pervenute al Call Center e terminate prima di avere ottenuto \
         risposta (rispetto al totale delle chiamate)",
    ),
    (
        "Percentuale chiamate evase al primo contatto",
        "Percentuale di casi risolti e chiusi senza fare ricorso a procedure di escalation",
    ),
    ("Tempo medio di soluzione al primo contatto", "% chiamate gestite al primo contatto entro 4'"),
    (
        "Percentuale di chiamate risolte al secondo livello",
        "Casi risolti e chiusi dopo il ricorso al secondo livello",
    ),
    ("Tempo medio di soluzione al secondo livello", "% chiamate risolte al II livello entro 4 h"),
    (
        "Efficacia acquisizione dati",
        "Contatti che si sono risolti con esito positivo rispetto al totale delle chiamate \
         effettuate",
    ),
    ("Efficienza operativa", "Tempo di evasione di un pacchetto da 100 contatti (e multipli)"),
    ("Continuità di funzionamento", "% del tempo di servizio senza interruzioni"),
];

fn percent(decimal: &str) -> Amount {
    Amount { decimal: decimal.to_owned(), unit: Unit::Percent }
}

fn target((direction, decimal): (TargetDirection, &str)) -> Target {
    let unit = if decimal == "4" { Unit::ServiceHours } else { Unit::Percent };
    let bound = Amount { decimal: decimal.to_owned(), unit };
    Target { direction, inclusive: true, compare: Compare::Exact, bound, date: None }
}

fn indicator((row, texts): (&Row, &(&str, &str))) -> IndicatorResult {
    let (code, met, counted, decimal, bound, direction, verdict) = row;
    let first = *code == "K1";
    let whole = !matches!(*code, "K4" | "K8" | "K10");
    let missed = *verdict == Verdict::Ko;
    IndicatorResult {
        code: (*code).to_owned(),
        process: whole.then(|| text("Gestione degli SLA", "SLA management")),
        objective: text(texts.0, texts.0),
        indicator: Some(text(texts.1, texts.1)),
        ratio: (0 < *counted).then_some((*met, *counted)),
        value: (!decimal.is_empty()).then(|| percent(decimal)),
        target: target((*direction, bound)),
        source: Some(text("Database delle chiamate / Resoconti trimestrali", "Call database")),
        responsible: whole.then(|| if first { "DT".to_owned() } else { "RQ".to_owned() }),
        frequency: Some(text("Semestrale", "Half-yearly")),
        verdict: verdict.clone(),
        provisional: false,
        excluded: if first {
            vec![
                Count { name: text("fuori orario", "out of hours"), n: 1_204 },
                Count { name: text("chiamate di prova", "test calls"), n: 12 },
            ]
        } else {
            Vec::new()
        },
        completeness: Some("99.87".to_owned()),
        sensitivity: if first {
            vec![
                Alternative {
                    rule: text(
                        "Denominatore: sole chiamate risposte",
                        "Denominator: answered calls only",
                    ),
                    ratio: Some((*met, 96_393)),
                    value: Some(percent("64.71")),
                    verdict: Verdict::Ko,
                    together: Vec::new(),
                },
                Alternative {
                    rule: text("Abbandoni entro 5 s esclusi", "Abandons up to 5 s left out"),
                    ratio: Some((*met, 108_911)),
                    value: Some(percent("57.27")),
                    verdict: Verdict::Ko,
                    together: vec![Together {
                        code: "K3".to_owned(),
                        ratio: Some((12_518, 108_911)),
                        value: Some(percent("11.49")),
                        verdict: Verdict::Ko,
                    }],
                },
            ]
        } else {
            Vec::new()
        },
        statistics: if first {
            let seconds =
                |decimal: &str| Amount { decimal: decimal.to_owned(), unit: Unit::Seconds };
            vec![
                (text("attesa media", "mean wait"), seconds("61.4")),
                (text("95° percentile dell'attesa", "95th percentile of the wait"), seconds("305")),
            ]
        } else {
            Vec::new()
        },
        rule_version: (1, date(2022, 5, 5)),
        actions: if first && missed {
            filled(
                "Implementazione di nuove code IVR: informazioni e cancellazioni.",
                "New IVR queues: information and cancellation.",
            )
        } else if missed {
            Status::NotYetFilled
        } else {
            Status::None
        },
        resources: Status::NotYetFilled,
    }
}

fn service(code: &str, name: &str, arrived: u64, rows: &[Row; 10]) -> ServiceReport {
    let lost = rows[2].1;
    let out_of_hours = 1_204;
    let dispositions = [
        ("Risposte", "Answered", arrived - lost),
        ("Abbandonate in coda", "Abandoned in queue", lost),
        ("Fuori orario", "Out of hours", out_of_hours),
        ("Chiuse nell'IVR", "Contained in the IVR", 0),
    ];
    let level = rows[0].1 * 1000 / rows[0].2;
    ServiceReport {
        code: code.to_owned(),
        name: text(name, name),
        dispositions: Dispositions {
            arrived: arrived + out_of_hours,
            rows: dispositions
                .map(|(italian, english, n)| Count { name: text(italian, english), n })
                .to_vec(),
        },
        narrative: if code == "cup" {
            filled(
                "Permane una spiccata concentrazione del traffico il lunedì mattina, quando le \
                 strutture sanitarie aprono le agende.",
                "Traffic remains concentrated on Monday morning, when facilities open their books.",
            )
        } else {
            Status::NotYetFilled
        },
        findings: findings(arrived, level, (rows[0].5, rows[0].4)),
        indicators: rows.iter().zip(&TEXTS).map(indicator).collect(),
        cards: rows.iter().zip(&TEXTS).take(2).map(|(row, texts)| card(row.0, texts)).collect(),
    }
}

fn card(code: &str, texts: &(&str, &str)) -> Card {
    let rows = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
    };
    Card::pair(
        code,
        text(texts.0, texts.0),
        rows(&[
            ("Popolazione", "Chiamate offerte in orario di servizio"),
            ("Inizio dell'attesa", "Ingresso in coda"),
            ("Fine dell'attesa", "Risposta dell'operatore"),
            ("Limite", "20'' compresi"),
            ("Denominatore vuoto", "Non applicabile"),
        ]),
        rows(&[
            ("Population", "Calls offered in opening hours"),
            ("Clock starts", "Entry into the queue"),
            ("Clock stops", "The operator's answer"),
            ("Limit", "20 s, inclusive"),
        ]),
    )
}

fn findings(arrived: u64, level: u64, bound: (TargetDirection, &str)) -> Vec<Finding> {
    let stats = |n: u64, mean_ms: u64| DurationStats {
        n,
        mean_ms,
        p50_ms: mean_ms * 3 / 4,
        p90_ms: mean_ms * 2,
        p95_ms: mean_ms * 5 / 2,
        max_ms: mean_ms * 15,
    };
    let months = || (7..=12).map(|month| date(2023, month, 1));
    vec![
        Finding::HourProfile(HourProfile { counts: profile(arrived) }),
        Finding::Daily(DailyVolumes {
            indicator: "K1".to_owned(),
            target: Some(target(bound)),
            days: days(arrived, level),
        }),
        Finding::Waits(waits(arrived)),
        Finding::MonthlyShare(MonthlyShare {
            indicator: "K1".to_owned(),
            name: text("chiamate risposte entro 20''", "calls answered within 20 s"),
            target: Some(target(bound)),
            months: months()
                .zip([40, 20, -60, 10, -20, 10])
                .map(|(month, shift)| MonthShare {
                    month,
                    met: level.saturating_add_signed(shift).min(1000) * 17,
                    counted: 17_000,
                })
                .collect(),
        }),
        Finding::DurationTrend(DurationTrend {
            limit_ms: Some(240_000),
            months: months()
                .zip(0..)
                .map(|(month, nth)| {
                    (month, (nth != 1).then(|| stats(15_000, 231_000 + nth * 6_500)))
                })
                .collect(),
        }),
        Finding::Topics(topics()),
        Finding::BookingSystems(vec![
            SystemDurations { system: text("Nuovo CUP", "New CUP"), stats: stats(61_000, 232_000) },
            SystemDurations {
                system: text("Nuovo CUP e vecchio applicativo", "New CUP and old application"),
                stats: stats(35_393, 301_000),
            },
        ]),
        Finding::Stated(StatedFinding {
            text: text(
                "Dal 01/10/2022 il «Bonus gas» ha aumentato del 35% le richieste di un trimestre.",
                "Since 1 October 2022 the “Bonus gas” has raised requests by 35% per quarter.",
            ),
            first_seen: Some("2022-H2".to_owned()),
        }),
    ]
}

fn topics() -> TopicComparison {
    TopicComparison {
        before: (date(2023, 1, 1), date(2023, 6, 30)),
        after: (date(2023, 7, 1), date(2023, 12, 31)),
        rows: vec![
            TopicCount {
                topic: text("Attivazione PEC", "PEC activation"),
                before: 900,
                after: 1_215,
            },
            TopicCount {
                topic: text("Firma digitale", "Digital signature"),
                before: 0,
                after: 410,
            },
        ],
    }
}

/// Mornings and Mondays are busier; nothing on Sunday.
fn profile(arrived: u64) -> [[u64; 24]; 7] {
    let by_day = [150, 110, 100, 95, 90, 30, 0];
    let by_hour = [0, 0, 0, 0, 0, 0, 0, 0, 170, 160, 130, 100, 75, 60, 70, 80, 65, 45, 20];
    let mut counts = [[0; 24]; 7];
    for (day, weight) in by_day.into_iter().enumerate() {
        for (hour, share) in by_hour.into_iter().enumerate() {
            counts[day][hour] = arrived * weight * share / 560_000;
        }
    }
    counts
}

fn days(arrived: u64, level: u64) -> Vec<DayVolume> {
    let weights = [150, 110, 100, 95, 90, 30, 0];
    let first: Date = date(2023, 7, 1);
    (0..184)
        .map(|nth: i64| {
            let day = first + nth.days();
            let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
            let wave = u64::try_from((nth * 37) % 23).unwrap_or(0);
            let holiday = matches!((day.month(), day.day()), (8, 15) | (11, 1) | (12, 8 | 25 | 26));
            let n_calls =
                if holiday { 0 } else { arrived * weights[weekday] * (90 + wave) / 1_560_000 };
            let counted = n_calls * 98 / 100;
            DayVolume {
                date: day,
                n_calls,
                met: counted * (level + wave * 4).saturating_sub(44).min(1000) / 1000,
                counted,
                note: (nth == 65).then(|| text("riapertura delle agende", "bookings reopened")),
            }
        })
        .collect()
}

fn waits(arrived: u64) -> WaitDistribution {
    let edges = [0, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000];
    let weights = [22, 17, 18, 9, 11, 12, 8, 3];
    let ends = edges.into_iter().skip(1).map(Some).chain([None]);
    WaitDistribution {
        bins: edges
            .into_iter()
            .zip(ends)
            .zip(weights)
            .map(|((from_ms, to_ms), weight)| WaitBin { from_ms, to_ms, n: arrived * weight / 114 })
            .collect(),
        limit_ms: 20_000,
        stats: Some(DurationStats {
            n: arrived * 100 / 114,
            mean_ms: 61_400,
            p50_ms: 14_000,
            p90_ms: 182_000,
            p95_ms: 305_000,
            max_ms: 4_210_000,
        }),
    }
}

fn checks() -> Vec<Check> {
    let check = |code: &str, italian: &str, english: &str, outcome| Check {
        code: code.to_owned(),
        title: text(italian, english),
        outcome,
    };
    vec![
        check(
            "N1",
            "Il testo non contraddice gli esiti",
            "The text does not contradict the verdicts",
            CheckOutcome::Passed,
        ),
        check(
            "N10",
            "Ogni scheda è completa",
            "Every sheet is complete",
            CheckOutcome::Failed(text(
                "K4, K8 e K10 non hanno processo né responsabile",
                "K4, K8 and K10 lack process and responsible",
            )),
        ),
        check(
            "N14",
            "K8 e K9 hanno la stessa popolazione",
            "K8 and K9 share one population",
            CheckOutcome::Warning(text("K8 ha un valore, K9 no", "K8 has a value, K9 has none")),
        ),
        check(
            "N2",
            "Le date dei testi sono nel periodo",
            "Dates in texts lie in the period",
            CheckOutcome::NotRun(text("nessun testo da controllare", "no text to check")),
        ),
    ]
}

fn provenance() -> Provenance {
    let file = |name: &str, sha256: char, rows: u64| InputFile {
        name: name.to_owned(),
        sha256: sha256.to_string().repeat(64),
        format: "Asterisk queue_log".to_owned(),
        rows,
        facts: rows - 43,
        duplicates: 12,
        rejected: 3,
        ignored: 28,
    };
    Provenance {
        contract_file: "contract.toml".to_owned(),
        contract_sha256: "0123456789abcdef".repeat(4),
        inputs: vec![file("queue_log-2023-07.gz", 'a', 181_204), file("casi.csv", 'b', 96_436)],
        table_versions: vec![("calls".to_owned(), 7), ("cases".to_owned(), 2)],
        coverage: vec![Coverage {
            service: text("CUP", "CUP"),
            days_open: 152,
            days_with_calls: 150,
            gaps: vec![date(2023, 11, 2), date(2023, 11, 3)],
        }],
        seal: Some("f0e1d2c3b4a59687".repeat(4)),
        scenarios: Vec::new(),
        software: "Soglia 0.1.0".to_owned(),
    }
}
