//! From a period's measurements to the semester's review. Read [`input`] first.
//!
//! Everything the report says comes from the contract, the ledger or a measurement; what only
//! people can write is left as *not yet filled in*.

pub mod checks;
pub mod figures;
pub mod provenance;
mod traffic;
pub mod words;

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::card::card;
use soglia_domain::contract::{self, Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::text::{Lang, Text};
use soglia_ledger::session::Session;
use soglia_ledger::status::date_of;
use soglia_measure::measurement::Report;
use soglia_measure::plan::Scans;
use soglia_report::model::{
    ActivityGroup, AnalysisSection, Area, Card, Count, Dispositions, Identity, InputKind,
    MonitoringKind, ReportInput, ReportPeriod, ReviewInput, RolePerson, SectionKind, ServiceReport,
    Signatures, Status,
};

use self::figures::version_of;
use self::traffic::Traffic;
use soglia_measure::MeasureError;

/// What stands on the cover and on every page of a report about invented data.
pub fn simulated_notice() -> Text {
    Text::new(
        "Dati simulati: persone, enti e chiamate di questo resoconto sono inventati",
        "Simulated data: the people, bodies and calls of this report are invented",
    )
}

/// Composes what the report says about a period from its measurements and the facts behind them.
///
/// `contract_file` is the file's name as printed; `seal` is the hash of the sealed figures, if
/// these are the figures that were sealed.
pub async fn input(
    scans: &mut Scans<'_>,
    contract_file: &str,
    report: &Report,
    seal: Option<String>,
    notice: Option<Text>,
) -> Result<ReportInput, MeasureError> {
    let Scans { session, contract, period, .. } = *scans;
    let traffic = Traffic::read(scans).await?;
    let mut services = Vec::new();
    for service in &contract.services {
        let findings = traffic.findings(scans, service, report).await?;
        services.push(service_report((contract, period), service, report, findings));
    }
    Ok(ReportInput {
        identity: identity(contract, last_day(period)),
        period: ReportPeriod {
            first: period.first_date(),
            last: last_day(period),
            zone: contract.zone_name.clone(),
            data_until: data_until(session, report),
        },
        areas: areas(contract, report, services),
        checks: checks::checks(contract, &report.checks, checks::Looked::default()),
        declared: None,
        signatures: Signatures {
            place: None,
            date: None,
            signatories: people(contract, &contract.signatories, last_day(period)),
        },
        provenance: provenance::provenance(session, contract, contract_file, seal, &traffic),
        notice,
        registers: None,
        scenarios: Vec::new(),
    })
}

/// The last day that data reached, if more are to come.
fn data_until(session: &Session, report: &Report) -> Option<Date> {
    let newest = session.imports.iter().filter_map(|row| row.days).map(|(_, last)| last).max()?;
    report.measurements.iter().any(|m| m.provisional).then(|| date_of(newest)).flatten()
}

/// The last day of a period.
fn last_day(period: &Period) -> Date {
    period.until_date().yesterday().expect("a period has at least one day")
}

fn identity(contract: &Contract, on: Date) -> Identity {
    let distribution = people(contract, &contract.distribution, on);
    let mut codes: Vec<String> = Vec::new();
    for role in &contract.roles {
        if !codes.contains(&role.role) {
            codes.push(role.role.clone());
        }
    }
    let roles = people(contract, &codes, on);
    let repeated = roles.iter().all(|entry| distribution.contains(entry));
    Identity {
        monitoring: MonitoringKind::External,
        authority: contract.authority.clone(),
        contract_title: contract.title.clone(),
        register: contract.register.clone(),
        supplier: contract.supplier.clone(),
        succession: contract.succession.as_deref().map(succession),
        distribution,
        roles: if repeated { Vec::new() } else { roles },
        responsible_codes: responsible_codes(contract),
    }
}

/// What came before, as a sentence: contracts write it as an aside to the supplier's name.
fn succession(written: &str) -> Text {
    let it = match written.strip_prefix("subentrat") {
        Some(rest) => format!("Il fornitore è subentrat{rest}"),
        None => written.to_owned(),
    };
    Text { it, en: None }
}

/// Who holds roles on a day; a role that nobody holds stays, without a name.
fn people(contract: &Contract, codes: &[String], on: Date) -> Vec<RolePerson> {
    let holds = |role: &&contract::RoleAssignment| {
        role.valid_from.is_none_or(|from| from <= on)
            && role.valid_until.is_none_or(|until| on < until)
    };
    let mut people = Vec::new();
    for code in codes {
        let of_code = || contract.roles.iter().filter(|role| role.role == *code);
        let before = people.len();
        people.extend(of_code().filter(holds).map(|role| RolePerson {
            role: role.title.clone(),
            person: Some(role.person.clone()),
        }));
        if people.len() == before {
            let title = of_code().next().map(|role| role.title.clone());
            let role = title.unwrap_or_else(|| Text { it: code.clone(), en: None });
            people.push(RolePerson { role, person: None });
        }
    }
    people
}

/// The codes of the column *responsabile* that the contract explains as roles.
fn responsible_codes(contract: &Contract) -> Vec<(String, Text)> {
    let mut codes = BTreeMap::new();
    let indicators = contract.services.iter().flat_map(|service| &service.indicators);
    for version in indicators.flat_map(|indicator| &indicator.versions) {
        let Some(code) = &version.responsible else { continue };
        let role = contract.roles.iter().find(|role| role.role.eq_ignore_ascii_case(code));
        if let Some(role) = role {
            codes.insert(code.clone(), role.title.clone());
        }
    }
    codes.into_iter().collect()
}

/// Areas in the contract's order; the measured services stand in the last one.
fn areas(contract: &Contract, report: &Report, services: Vec<ServiceReport>) -> Vec<Area> {
    let Some((last, others)) = contract.areas.split_last() else {
        let own = contract::Area {
            code: "services".to_owned(),
            name: Text::new("Servizi misurati", "Measured services"),
            activities: Vec::new(),
        };
        return vec![service_area(contract, report, &own, services)];
    };
    let mut areas: Vec<Area> = others.iter().map(activity_area).collect();
    areas.push(service_area(contract, report, last, services));
    areas
}

/// An area of activities, without measured services.
fn activity_area(area: &contract::Area) -> Area {
    let no_indicators = || {
        Status::NotApplicable(Text::new(
            "il contratto non fissa indicatori per quest'area",
            "the contract sets no indicators for this area",
        ))
    };
    let inputs = InputKind::ALL.map(|kind| ReviewInput {
        kind,
        status: match kind {
            InputKind::SlaPerformance => no_indicators(),
            _ => Status::NotYetFilled,
        },
    });
    let analysis = SectionKind::ALL.map(|kind| AnalysisSection {
        kind,
        sources: match kind {
            SectionKind::Inspections => vec![words::inspection_reports()],
            SectionKind::ProcessPerformance => {
                vec![Text::new("Registro operazioni svolte", "Register of operations done")]
            }
            _ => Vec::new(),
        },
        status: match kind {
            SectionKind::Measurement => no_indicators(),
            _ => Status::NotYetFilled,
        },
    });
    Area {
        code: area.code.clone(),
        name: area.name.clone(),
        preamble: Vec::new(),
        services_offered: Vec::new(),
        activities: area
            .activities
            .iter()
            .map(|group| ActivityGroup {
                name: group.name.clone(),
                note: None,
                items: group.items.clone(),
            })
            .collect(),
        inputs: inputs.into(),
        analysis: analysis.into(),
        services: Vec::new(),
        outputs: Vec::new(),
    }
}

/// The area of the measured services.
fn service_area(
    contract: &Contract,
    report: &Report,
    area: &contract::Area,
    services: Vec<ServiceReport>,
) -> Area {
    let inputs = InputKind::ALL.map(|kind| ReviewInput {
        kind,
        status: match kind {
            InputKind::SlaPerformance => Status::Filled(figures::performance(contract, report)),
            InputKind::FeasibilityStudies => elsewhere(contract),
            _ => Status::NotYetFilled,
        },
    });
    let analysis = SectionKind::ALL.map(|kind| AnalysisSection {
        kind,
        sources: sources(kind),
        status: match kind {
            SectionKind::NewProjects => elsewhere(contract),
            SectionKind::Measurement => Status::Filled(figures::robustness(contract, report)),
            _ => Status::NotYetFilled,
        },
    });
    let offered = |group: &contract::ActivityGroup| {
        let items = |lang: Lang| {
            let items: Vec<&str> = group.items.iter().map(|item| item.get(lang)).collect();
            let colon = if items.is_empty() { "" } else { ": " };
            format!("{}{colon}{}", group.name.get(lang), items.join("; "))
        };
        Text { it: items(Lang::It), en: Some(items(Lang::En)) }
    };
    Area {
        code: area.code.clone(),
        name: area.name.clone(),
        preamble: vec![measured_services(contract)],
        services_offered: area.activities.iter().map(offered).collect(),
        activities: Vec::new(),
        inputs: inputs.into(),
        analysis: analysis.into(),
        services,
        outputs: Vec::new(),
    }
}

fn measured_services(contract: &Contract) -> Text {
    let names = |lang: Lang| {
        let names: Vec<&str> = contract.services.iter().map(|s| s.name.get(lang)).collect();
        names.join(", ")
    };
    Text {
        it: format!("I servizi misurati in quest'area sono: {}.", names(Lang::It)),
        en: Some(format!("The services measured in this area are: {}.", names(Lang::En))),
    }
}

/// New projects belong to the areas of activities.
fn elsewhere(contract: &Contract) -> Status {
    let first = contract.areas.split_last().and_then(|(_, others)| others.first());
    Status::NotApplicable(match first {
        Some(area) => Text {
            it: format!("riguarda l'area «{}»", area.name.get(Lang::It)),
            en: Some(format!("belongs to the area “{}”", area.name.get(Lang::En))),
        },
        None => Text::new(
            "il contratto non prevede nuovi progetti in quest'area",
            "the contract foresees no new projects in this area",
        ),
    })
}

/// The documents that a section about measured services is written from.
fn sources(kind: SectionKind) -> Vec<Text> {
    match kind {
        SectionKind::Inspections => vec![words::inspection_reports()],
        SectionKind::ProcessPerformance => vec![Text::new(
            "Database delle chiamate e dei casi, come consegnato dalle piattaforme",
            "Database of calls and cases, as the platforms delivered it",
        )],
        SectionKind::Training => {
            vec![Text::new("Relazioni trimestrali delle attività", "Quarterly activity reports")]
        }
        SectionKind::Measurement => vec![Text::new(
            "SLA, misurati con le regole del contratto (allegate)",
            "SLA, measured by the contract's rules (annexed)",
        )],
        SectionKind::Feedback | SectionKind::NewProjects | SectionKind::FollowUp => Vec::new(),
    }
}

fn service_report(
    (contract, period): (&Contract, &Period),
    service: &Service,
    report: &Report,
    findings: Vec<soglia_report::model::Finding>,
) -> ServiceReport {
    let results = service.indicators.iter().filter_map(|indicator| {
        let found = report.find(&service.code, &indicator.code)?;
        Some(figures::result(service, indicator, version_of(indicator, period)?, found))
    });
    let cards = service.indicators.iter().filter_map(|indicator| {
        let version = version_of(indicator, period)?;
        Some(Card::pair(
            &indicator.code,
            indicator.name.clone(),
            card(contract, (service, indicator), version, Lang::It).rows,
            card(contract, (service, indicator), version, Lang::En).rows,
        ))
    });
    ServiceReport {
        code: service.code.clone(),
        name: service.name.clone(),
        dispositions: dispositions(report.dispositions.get(&service.code)),
        narrative: Status::NotYetFilled,
        findings,
        indicators: results.collect(),
        cards: cards.collect(),
    }
}

/// The *quadratura*: all ten dispositions, also those without calls.
fn dispositions(counts: Option<&BTreeMap<String, u64>>) -> Dispositions {
    let n_of = |d: Disposition| counts.and_then(|c| c.get(d.name())).copied().unwrap_or(0);
    let rows = Disposition::ALL.map(|d| Count { name: words::disposition(d), n: n_of(d) });
    Dispositions { arrived: counts.map_or(0, |counts| counts.values().sum()), rows: rows.into() }
}
