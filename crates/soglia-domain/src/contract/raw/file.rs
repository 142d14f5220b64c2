//! The contract file as it is written. Read [`RawContract`] first.
//!
//! The documentation of these types is the documentation of the file: the published JSON Schema is
//! made from them, and [`super::validate`] checks files against that schema.

use schemars::JsonSchema;
use serde::Deserialize;

use super::file_sources::{RawOperatorGroup, RawSources};
use super::indicator::RawIndicator;
use super::values::{Code, Day, Line, Moment, Money, Named, Rate, RawSlot, Share, Zone};
use crate::text::Text;

/// A contract between a public body and the supplier of its contact centre.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawContract {
    /// Parties and identity of the contract.
    pub contract: RawHead,
    /// Who holds which role, and when.
    #[serde(default)]
    pub role: Vec<RawRole>,
    /// Areas of the report, with the activities that have no indicator.
    #[serde(default)]
    pub area: Vec<RawArea>,
    /// Calendars by name; each has one or more versions in time.
    #[serde(default)]
    pub calendar: Named<Vec<RawCalendar>>,
    /// Services by code.
    #[serde(default)]
    pub service: Named<RawService>,
    /// How the platforms' files are to be read.
    #[serde(default)]
    pub source: RawSources,
    /// Groups of operators; figures by group know no others.
    #[serde(default)]
    pub operator_group: Vec<RawOperatorGroup>,
    /// Approved exclusions (question Q7): none count unless written here.
    #[serde(default)]
    pub exclusion: Vec<RawExclusion>,
    /// Penalties; without this table nothing is computed.
    pub penalties: Option<RawPenalties>,
    /// Terms of the registers, in days.
    #[serde(default)]
    pub terms: RawTerms,
}

/// Parties and identity of the contract.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHead {
    /// Short code used in file names and figures, e.g. `rep-1151`.
    pub code: Code,
    /// Title as signed.
    pub title: RawText,
    /// Register number and date as printed, e.g. `Rep. 1151 del 05/05/2022`.
    pub register: Option<Line>,
    /// Time zone of opening hours and dates; `Europe/Rome` when left out.
    pub zone: Option<Zone>,
    /// The contracting authority.
    pub authority: Line,
    /// The supplier: one company, or a temporary grouping with its lead first.
    pub supplier: Vec<Line>,
    /// What came before: previous supplier and cause of the takeover.
    pub succession: Option<Line>,
    /// Roles that sign the report, in order.
    #[serde(default)]
    pub signatories: Vec<Code>,
    /// Roles that receive the report, in order.
    #[serde(default)]
    pub distribution: Vec<Code>,
    /// Queues of the platform that belong to no service on purpose.
    #[serde(default)]
    pub ignored_queues: Vec<Line>,
}

/// A text, in Italian or in both languages.
#[derive(Deserialize, JsonSchema, Debug, Clone)]
#[serde(untagged)]
pub(super) enum RawText {
    /// The text, in Italian or in the contract's only language.
    Plain(Line),
    /// The text in Italian and in English.
    Both(RawBoth),
}

/// The text in Italian and in English.
#[derive(Deserialize, JsonSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBoth {
    /// Italian.
    pub it: Line,
    /// English; the Italian text stands in where it is missing.
    pub en: Option<Line>,
}

impl RawText {
    pub(super) fn into_text(self) -> Text {
        match self {
            Self::Plain(Line(it)) => Text { it, en: None },
            Self::Both(RawBoth { it: Line(it), en }) => Text { it, en: en.map(|Line(en)| en) },
        }
    }
}

/// A person in a role for a time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRole {
    /// Code: `rtd`, `rup`, `dec`, `monitoring_manager`, `area_lead_digital`, `area_lead_cup` …
    pub role: Code,
    /// The role's title as printed.
    pub title: RawText,
    /// The person's name as printed.
    pub person: Line,
    /// First day in the role.
    pub valid_from: Option<Day>,
    /// First day after it.
    pub valid_until: Option<Day>,
}

/// An area of the report.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawArea {
    /// Code, e.g. `digital_agenda`.
    pub code: Code,
    /// Name as printed.
    pub name: RawText,
    /// Groups of activities, in order.
    #[serde(default)]
    pub group: Vec<RawGroup>,
}

/// A group of activities under one heading.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    /// Heading.
    pub name: RawText,
    /// Activities, in order.
    #[serde(default)]
    pub items: Vec<RawText>,
}

/// One version of a calendar. A later version ends the one before.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCalendar {
    /// First day of this version.
    pub valid_from: Day,
    /// First day after it; needed only when nothing follows.
    pub valid_until: Option<Day>,
    /// Open every hour of every day, holidays included.
    pub always: Option<bool>,
    /// Hours from Monday to Friday; a day's own key wins.
    pub weekdays: Option<Vec<RawSlot>>,
    /// Hours on Monday.
    pub monday: Option<Vec<RawSlot>>,
    /// Hours on Tuesday.
    pub tuesday: Option<Vec<RawSlot>>,
    /// Hours on Wednesday.
    pub wednesday: Option<Vec<RawSlot>>,
    /// Hours on Thursday.
    pub thursday: Option<Vec<RawSlot>>,
    /// Hours on Friday.
    pub friday: Option<Vec<RawSlot>>,
    /// Hours on Saturday; closed when left out.
    pub saturday: Option<Vec<RawSlot>>,
    /// Hours on Sunday; closed when left out.
    pub sunday: Option<Vec<RawSlot>>,
    /// National holidays on which the service is closed.
    pub holidays: Option<RawHolidays>,
    /// Holidays of the place, every year.
    #[serde(default)]
    pub site_holidays: Vec<RawSiteHoliday>,
    /// Single days with other hours.
    #[serde(default)]
    pub exceptions: Vec<RawException>,
}

/// National holidays on which the service is closed.
#[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawHolidays {
    /// Italian national holidays, computed for each year.
    Italy,
    /// None: the service opens on holidays too.
    None,
}

/// A holiday of the place.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSiteHoliday {
    /// Month, 1 to 12.
    #[schemars(range(min = 1, max = 12))]
    pub month: i8,
    /// Day of the month.
    #[schemars(range(min = 1, max = 31))]
    pub day: i8,
    /// Name.
    pub name: Line,
}

/// A single day with other hours.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawException {
    /// The day.
    pub date: Day,
    /// Its hours; an empty list closes the service.
    pub slots: Vec<RawSlot>,
    /// Why.
    pub reason: Line,
}

/// One service of the contract.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    /// Name as printed.
    pub name: RawText,
    /// The calendar of operators' opening hours.
    pub calendar: Code,
    /// The calendar of written contacts; the service's own when left out.
    pub written_calendar: Option<Code>,
    /// The calendar of the second level; the service's own when left out.
    pub second_level_calendar: Option<Code>,
    /// The calendar of outbound calls; the service's own when left out.
    pub outbound_calendar: Option<Code>,
    /// Dialled numbers, for calls that never reached a queue.
    #[serde(default)]
    pub numbers: Vec<Line>,
    /// Queues of the platform that belong to the service.
    #[serde(default)]
    pub queue: Vec<RawQueue>,
    /// Topic codes and their names.
    #[serde(default)]
    pub topics: Named<RawText>,
    /// Booking systems, as the sources call them, and their names.
    #[serde(default)]
    pub booking_systems: Named<RawText>,
    /// Indicators; the same code again with a later `valid_from` is the rule's next version.
    #[serde(default)]
    pub indicator: Vec<RawIndicator>,
}

/// A queue that belongs to a service for a time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQueue {
    /// The queue's name on the platform.
    pub name: Line,
    /// What it is for: `booking`, `booking_priority`, `information`, `cancellation` …
    pub purpose: Option<Code>,
    /// First day in the service.
    pub valid_from: Option<Day>,
    /// First day after it.
    pub valid_until: Option<Day>,
}

/// A time that both parties agreed to leave out.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExclusion {
    /// Code of the exclusion.
    pub code: Code,
    /// Code of the service.
    pub service: Code,
    /// Codes of the indicators it touches; all when left out.
    #[serde(default)]
    pub indicators: Vec<Code>,
    /// `force_majeure`, `client_caused`, `planned_maintenance`, `test_calls`, `prank` …
    pub reason: Code,
    /// From this instant, with its offset.
    pub from: Moment,
    /// Until this instant, not included.
    pub until: Moment,
    /// Only calls of this queue.
    pub queue: Option<Line>,
    /// Who approved it.
    pub approved_by: Line,
    /// When it was approved.
    pub approved_on: Day,
    /// The document that says so.
    pub document: Line,
}

/// Penalties: rates, cap and value are the contract's.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPenalties {
    /// Net contract value in euro.
    pub contract_value: Money,
    /// The most that penalties may reach, as a share of the value.
    pub cap: Share,
    /// Which steps of a miss count: only whole ones (when left out), or also one that has begun.
    pub steps: Option<RawSteps>,
    /// The clause that foresees the penalties, as notifications quote it.
    pub clause: Option<Line>,
    /// One rate for each indicator that has one.
    #[serde(default)]
    pub rate: Vec<RawRate>,
}

/// Which steps of a miss count.
#[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawSteps {
    /// Only whole ones.
    Completed,
    /// Also the last one, once it has begun.
    Begun,
}

/// Terms of the registers, in days.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTerms {
    /// Days to answer a complaint, where the complaint does not say otherwise; 30 when left out.
    #[schemars(range(min = 1, max = 366))]
    pub complaint_days: Option<u16>,
    /// Days that the supplier has at least to answer a notified penalty; 15 when left out.
    #[schemars(range(min = 1, max = 366))]
    pub penalty_days: Option<u16>,
}

/// A penalty for missing an indicator.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRate {
    /// Code of the service.
    pub service: Code,
    /// Code of the indicator.
    pub indicator: Code,
    /// For each step of this many percentage points missed …
    pub step: super::values::Points,
    /// … this share of the contract value.
    pub rate: Rate,
}
