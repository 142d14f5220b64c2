//! The contract: parties, services, calendars, indicators. Read [`Contract`] first.
//!
//! A [`Contract`] is what a contract file means; [`parse`] makes it from what was written, or says
//! file, line, key, what was expected and what to do.

mod raw;
mod sources;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::calendar::ServiceCalendar;
use crate::penalty::StepsCounted;
use crate::ratio::Rounding;
use crate::register::Terms;
use crate::rule::{CallPopulation, Rule};
use crate::text::Text;
use crate::time::{Instant, Millis};
use crate::verdict::{Compare, Target};

pub use raw::{ContractError, Problem, json_schema, parse, parse_change, parse_share};
pub use raw::{Faults, Path, read_beside, schema_of};
pub use sources::{
    AttributeNames, CdrSettings, CommonEvents, ConnectSettings, EventRule, FreeSwitchSettings,
    GROUP_SIZE_MIN, GenesysSettings, Meaning, OperatorGroup, QueueLogSettings, Sources,
    operator_of,
};

/// A contract between a public body and its supplier.
#[derive(Clone, PartialEq, Debug)]
pub struct Contract {
    /// Short code, e.g. `rep-1151`.
    pub code: String,
    /// Title.
    pub title: Text,
    /// The register number and date, as printed.
    pub register: Option<String>,
    /// The zone of civil rules.
    pub zone: TimeZone,
    /// The zone's name.
    pub zone_name: String,
    /// The contracting authority's name.
    pub authority: String,
    /// The supplier: one company or a temporary grouping with its lead first.
    pub supplier: Vec<String>,
    /// What came before: previous supplier and cause.
    pub succession: Option<String>,
    /// Who holds which role.
    pub roles: Vec<RoleAssignment>,
    /// Signature slots, by role code, in order.
    pub signatories: Vec<String>,
    /// Who receives the report, by role code.
    pub distribution: Vec<String>,
    /// Areas of the report: the first reference area has activities, no indicators.
    pub areas: Vec<Area>,
    /// Services.
    pub services: Vec<Service>,
    /// Queues of the platform that belong to no service.
    pub ignored_queues: Vec<String>,
    /// How the platforms' files are to be read.
    pub sources: Sources,
    /// Groups of operators; figures by group know no others.
    pub operator_groups: Vec<OperatorGroup>,
    /// Approved exclusions.
    pub exclusions: Vec<Exclusion>,
    /// Penalties; empty by default.
    pub penalties: Option<Penalties>,
    /// Terms of the registers, in days.
    pub terms: Terms,
    /// Remarks that do not stop anybody, such as coincident roles.
    pub warnings: Vec<Warning>,
    /// SHA-256 of the file's bytes, hexadecimal; set by whoever read the file.
    pub file_hash: String,
}

/// A remark on a contract file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// A stable code, e.g. `W-ROLES`.
    pub code: &'static str,
    /// What was noticed.
    pub text: Text,
}

/// A person in a role for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleAssignment {
    /// `rtd`, `rup`, `dec`, `monitoring_manager`, `area_lead_digital`, `area_lead_cup` …
    pub role: String,
    /// The role's title as printed.
    pub title: Text,
    /// The person.
    pub person: String,
    /// From when.
    pub valid_from: Option<Date>,
    /// Until when (exclusive).
    pub valid_until: Option<Date>,
}

/// An area of the report with its activities (domain D1–D11).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// Code: `digital_agenda`, `contact_centre`.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Groups of activities, in order.
    pub activities: Vec<ActivityGroup>,
}

/// A group of activities in an area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActivityGroup {
    /// Heading.
    pub name: Text,
    /// Its items.
    pub items: Vec<Text>,
}

/// One service of the contract.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Code: `cup`, `cc`.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Queues and the time they belong to the service.
    pub queues: Vec<QueueUse>,
    /// Dialled numbers that belong to the service, for calls that never reached a queue.
    pub numbers: Vec<String>,
    /// Opening hours of operators.
    pub calendar: ServiceCalendar,
    /// Hours that count for written contacts.
    pub written_calendar: ServiceCalendar,
    /// Hours of the second level.
    pub second_level_calendar: ServiceCalendar,
    /// Legal calling hours for outbound batches.
    pub outbound_calendar: ServiceCalendar,
    /// Topic codes and their names.
    pub topics: Vec<(String, Text)>,
    /// Booking systems, as the sources call them, and their names.
    pub booking_systems: Vec<(String, Text)>,
    /// Indicators, in the contract's order.
    pub indicators: Vec<Indicator>,
}

/// A queue that belongs to a service for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueUse {
    /// The queue's name on the platform.
    pub queue: String,
    /// What it is for: `booking`, `booking_priority`, `information`, `cancellation` …
    pub purpose: Option<String>,
    /// From when.
    pub valid_from: Option<Date>,
    /// Until when (exclusive).
    pub valid_until: Option<Date>,
}

/// An indicator and the versions of its rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Indicator {
    /// Code: `K1` … `K10`.
    pub code: String,
    /// The sheet's *processo*.
    pub process: Option<Text>,
    /// The sheet's *obiettivo*.
    pub objective: Text,
    /// The sheet's *indicatore*.
    pub name: Text,
    /// Versions, oldest first; their validities do not overlap.
    pub versions: Vec<RuleVersion>,
}

impl Indicator {
    /// Returns the version in force on a date.
    pub fn version_on(&self, date: Date) -> Option<&RuleVersion> {
        self.versions
            .iter()
            .rev()
            .find(|v| v.valid_from <= date && v.valid_until.is_none_or(|until| date < until))
    }
}

/// One version of an indicator's rule.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleVersion {
    /// 1 for the oldest.
    pub version: u32,
    /// From when.
    pub valid_from: Date,
    /// Until when (exclusive).
    pub valid_until: Option<Date>,
    /// The rule.
    pub rule: Rule,
    /// The target.
    pub target: Target,
    /// Q2's target date, if the contract gives one.
    pub target_date: Option<Date>,
    /// Q1: how the value is printed.
    pub rounding: Rounding,
    /// Q1: what is compared.
    pub compare: Compare,
    /// Q6: what an empty denominator means.
    pub empty: EmptyMeans,
    /// Documents that the figure is read from.
    pub source: Option<Text>,
    /// Who answers for the measurement.
    pub responsible: Option<String>,
    /// How often it is measured and reported.
    pub frequency: Option<Frequency>,
    /// Who approved the rule.
    pub approved_by: Option<String>,
    /// When.
    pub approved_on: Option<Date>,
    /// The clause of the tender documents.
    pub clause: Option<String>,
    /// Difference from the supplier's declared value that needs no explanation, in permille of a
    /// percentage point.
    pub tolerance_milli_points: u32,
}

/// Q6.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EmptyMeans {
    /// Not applicable: no activity.
    #[default]
    NotApplicable,
    /// Met.
    Ok,
    /// Missed.
    Ko,
}

/// How often (finding N15: two different things).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frequency {
    /// `day`, `week`, `month`, `quarter`, `half_year`, `year`.
    pub measure: String,
    /// The same values.
    pub report: String,
}

/// An approved exclusion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// Its code.
    pub code: String,
    /// The service.
    pub service: String,
    /// Indicators it touches; empty for all.
    pub indicators: Vec<String>,
    /// `force_majeure`, `client_caused`, `planned_maintenance`, `test_calls`, `prank` …
    pub reason: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Only this queue.
    pub queue: Option<String>,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_on: Date,
    /// The document.
    pub document: String,
}

/// Penalties: rates, cap and thresholds are parameters of the contract.
#[derive(Clone, PartialEq, Debug)]
pub struct Penalties {
    /// Net contract value in cents.
    pub contract_value_cents: u64,
    /// Cap, in permille of the contract value.
    pub cap_permille: u32,
    /// Which steps of a miss count.
    pub counted: StepsCounted,
    /// The clause that foresees them, as notifications quote it.
    pub clause: Option<String>,
    /// Rates.
    pub rates: Vec<PenaltyRate>,
}

/// A penalty for missing an indicator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PenaltyRate {
    /// The service.
    pub service: String,
    /// The indicator.
    pub indicator: String,
    /// Per this many hundredths of a percentage point missed …
    pub step_centi_points: u32,
    /// … this many thousandths of a permille of the contract value.
    pub micro_rate: u32,
}

impl Contract {
    /// Finds a service by code.
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.code == code)
    }

    /// Finds the service a queue belonged to at an instant.
    pub fn service_of_queue(&self, queue: &str, at: Instant) -> Option<&Service> {
        let date = at.in_zone(&self.zone).date();
        self.services.iter().find(|service| {
            service.queues.iter().any(|used| {
                used.queue == queue
                    && used.valid_from.is_none_or(|from| from <= date)
                    && used.valid_until.is_none_or(|until| date < until)
            })
        })
    }

    /// Finds the group of operators that a platform, or the ledger, means by a name.
    pub fn operator_group(&self, name: &str) -> Option<&OperatorGroup> {
        self.operator_groups.iter().find(|group| group.is_called(name))
    }

    /// Finds the service a dialled number belongs to.
    pub fn service_of_number(&self, number: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.numbers.iter().any(|n| n == number))
    }
}

impl Service {
    /// Finds an indicator by code.
    pub fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|i| i.code == code)
    }
}

impl RuleVersion {
    /// Returns the population of the calls the rule looks at, if it looks at calls.
    pub fn call_population(&self) -> Option<&CallPopulation> {
        match &self.rule {
            Rule::AnsweredWithin(rule) => Some(&rule.population),
            Rule::Lost(rule) => Some(&rule.population),
            _ => None,
        }
    }
}

/// How long a limit written in the contract is at most: one year.
pub const LIMIT_MAX: Millis = Millis::from_hours(24 * 366);
