//! What the caller of a report knows, as typed values. Read [`ReportInput`] first.
//!
//! Numbers come as integers and decimal strings with a point; how they look in Italian or English
//! is decided here, not by the caller. Texts come in both languages.

use jiff::civil::Date;
use soglia_domain::register::{Register, State, Values};
use soglia_domain::text::Text;
use soglia_domain::verdict::{Compare, TargetDirection, Verdict};

/// A whole report.
#[derive(Clone, PartialEq, Debug)]
pub struct ReportInput {
    /// Who, under which contract, for whom.
    pub identity: Identity,
    /// The days the report is about.
    pub period: ReportPeriod,
    /// Areas, in the order of the report; services stand inside their area.
    pub areas: Vec<Area>,
    /// Coherence checks that were run on the results.
    pub checks: Vec<Check>,
    /// What the report that somebody typed by hand contradicts, if one was declared.
    pub declared: Option<DeclaredReport>,
    /// Who signs; the signatures themselves are external.
    pub signatures: Signatures,
    /// Where the figures come from.
    pub provenance: Provenance,
    /// A notice for the cover and every page, such as *dati simulati*.
    pub notice: Option<Text>,
    /// What people wrote down; `None` if the report is written without registers, which it says.
    pub registers: Option<Registers>,
    /// What changes would do, one study for each service that somebody asked about.
    pub scenarios: Vec<ScenarioStudy>,
}

/// What the registers hold about the period.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Registers {
    /// Entries of all registers and parts of the review, each register's in its order.
    pub entries: Vec<RegisterEntry>,
}

/// An entry of a register, as it was last written.
#[derive(Clone, PartialEq, Debug)]
pub struct RegisterEntry {
    /// Its number, `REC-12`.
    pub id: String,
    /// Its register.
    pub register: &'static Register,
    /// The service that it is about.
    pub service: Option<String>,
    /// Where it is.
    pub state: &'static State,
    /// What its fields hold.
    pub values: Values,
    /// Why it got where it is, as far as somebody said.
    pub reason: Option<String>,
}

/// Who monitors which contract.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Whether the monitoring is external or internal to the body.
    pub monitoring: MonitoringKind,
    /// The contracting authority.
    pub authority: String,
    /// The contract's title.
    pub contract_title: Text,
    /// The register number and date, as printed.
    pub register: Option<String>,
    /// The supplier: one company, or a temporary grouping with its lead first.
    pub supplier: Vec<String>,
    /// What came before: previous supplier and cause.
    pub succession: Option<Text>,
    /// Who receives the report.
    pub distribution: Vec<RolePerson>,
    /// Everybody with a role in the contract; empty if it would repeat the distribution list.
    pub roles: Vec<RolePerson>,
    /// What the codes of the column *responsabile* mean, e.g. `DT`.
    pub responsible_codes: Vec<(String, Text)>,
}

/// Who does the monitoring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MonitoringKind {
    /// Somebody else than the supplier.
    External,
    /// The supplier itself.
    Internal,
}

/// A person in a role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RolePerson {
    /// The role's title.
    pub role: Text,
    /// The person's name; `None` is printed as to be filled in.
    pub person: Option<String>,
}

/// The days of the report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportPeriod {
    /// First day.
    pub first: Date,
    /// Last day, included.
    pub last: Date,
    /// The zone of the days, e.g. `Europe/Rome`.
    pub zone: String,
    /// The last day that data reached, if that is not the last day of service.
    pub data_until: Option<Date>,
}

/// An area of the report.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    /// A short code, used in addresses inside the document.
    pub code: String,
    /// Name, as the heading.
    pub name: Text,
    /// Paragraphs after the generated first one (contract and period).
    pub preamble: Vec<Text>,
    /// Kinds of service in the area (domain E4–E9).
    pub services_offered: Vec<Text>,
    /// Activities done in the area (domain D1–D11).
    pub activities: Vec<ActivityGroup>,
    /// Review inputs (domain F1–F12); those left out are printed as not yet filled in.
    pub inputs: Vec<ReviewInput>,
    /// Analysis sections (domain G1–G7); those left out are printed as not yet filled in.
    pub analysis: Vec<AnalysisSection>,
    /// Services measured in the area; their findings stand under *prestazioni dei processi*,
    /// their verdicts under *misurazione, analisi e miglioramento*.
    pub services: Vec<ServiceReport>,
    /// Review outputs (domain J1, J2, J8); those left out are printed as not yet filled in.
    pub outputs: Vec<OutputSection>,
}

/// A group of activities.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActivityGroup {
    /// Heading.
    pub name: Text,
    /// A sentence before the list.
    pub note: Option<Text>,
    /// What was done.
    pub items: Vec<Text>,
}

/// What a section holds: something, or the reason why nothing stands there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// Paragraphs.
    Filled(Vec<Text>),
    /// Looked for, nothing found.
    None,
    /// Does not apply, and why.
    NotApplicable(Text),
    /// It should be there and is not.
    Missing,
    /// Nobody has written it yet.
    NotYetFilled,
}

/// One element the review looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReviewInput {
    /// Which one.
    pub kind: InputKind,
    /// Present (with its evidence) or not, and why.
    pub status: Status,
}

/// The elements a review looks at, in the reference order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InputKind {
    /// F1: inspection reports.
    InspectionReports,
    /// F2: evaluation of users' complaints.
    UserComplaints,
    /// F3: the client's findings and orders.
    ClientFindings,
    /// F4: financial progress.
    FinancialProgress,
    /// F5: status of the project programme.
    ProjectStatus,
    /// F6: performance by the indicators.
    SlaPerformance,
    /// F7: corrective and preventive actions.
    CorrectiveActions,
    /// F8: feasibility studies and new projects.
    FeasibilityStudies,
    /// F9: actions to follow from earlier reports.
    FollowUpActions,
    /// F10: training done and how well it worked.
    Training,
    /// F11: changes of the monitoring system.
    MonitoringChanges,
    /// F12: recommendations for improvement.
    Recommendations,
}

/// One section of the analysis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnalysisSection {
    /// Which one.
    pub kind: SectionKind,
    /// The documents it was written from.
    pub sources: Vec<Text>,
    /// What people wrote. Generated content (findings, verdicts) is printed in any case.
    pub status: Status,
}

/// The sections of the analysis, in the reference order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SectionKind {
    /// G1: inspections.
    Inspections,
    /// G2: feedback from users and from the client.
    Feedback,
    /// G3: performance of the processes, where the findings stand.
    ProcessPerformance,
    /// G4: training.
    Training,
    /// G5: new projects and definition of indicators.
    NewProjects,
    /// G6: measurement, analysis and improvement, where the verdicts stand.
    Measurement,
    /// G7: actions to follow from earlier reports.
    FollowUp,
}

/// One output of the review.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputSection {
    /// Which one.
    pub kind: OutputKind,
    /// What was decided.
    pub status: Status,
}

/// The outputs of the review, in the reference order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputKind {
    /// J1: recommendations that make the processes more effective.
    ProcessEffectiveness,
    /// J2: better performance on the client's requests.
    ClientPerformance,
    /// J8: resources needed.
    Resources,
}

/// One service's results.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceReport {
    /// Code, e.g. `cup`.
    pub code: String,
    /// Name, e.g. `CUP`.
    pub name: Text,
    /// Calls that arrived, by what became of them.
    pub dispositions: Dispositions,
    /// What people wrote about the service's performance.
    pub narrative: Status,
    /// Findings computed from the facts, in order.
    pub findings: Vec<Finding>,
    /// Indicators, in the contract's order.
    pub indicators: Vec<IndicatorResult>,
    /// Definition cards of the indicators.
    pub cards: Vec<Card>,
}

/// Calls that arrived, by what became of them: the *quadratura*.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispositions {
    /// Calls that arrived.
    pub arrived: u64,
    /// One row per disposition; they add up to `arrived`.
    pub rows: Vec<Count>,
}

/// A named count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// What was counted.
    pub name: Text,
    /// How many.
    pub n: u64,
}

/// Something the analysis shows.
#[expect(clippy::large_enum_variant, reason = "a report has a dozen of them, a box helps nobody")]
#[derive(Clone, PartialEq, Debug)]
pub enum Finding {
    /// When calls come: hour × weekday.
    HourProfile(HourProfile),
    /// How many calls a day, with the service level and the highest days.
    Daily(DailyVolumes),
    /// How long callers waited.
    Waits(WaitDistribution),
    /// An indicator month by month.
    MonthlyShare(MonthlyShare),
    /// How long contacts lasted, month by month.
    DurationTrend(DurationTrend),
    /// What people called about, before and after.
    Topics(TopicComparison),
    /// How long contacts lasted, by booking system used.
    BookingSystems(Vec<SystemDurations>),
    /// A finding written by people, or carried over from an earlier report.
    Stated(StatedFinding),
}

/// Calls by weekday and hour of arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HourProfile {
    /// Monday first, then hours from midnight, local time.
    pub counts: [[u64; 24]; 7],
}

/// Calls day by day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DailyVolumes {
    /// The indicator drawn as the line, e.g. `K1`.
    pub indicator: String,
    /// What the contract promises for it.
    pub target: Option<Target>,
    /// Days, in order.
    pub days: Vec<DayVolume>,
}

/// One day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayVolume {
    /// The day.
    pub date: Date,
    /// Calls that arrived.
    pub n_calls: u64,
    /// Calls that met the indicator's rule.
    pub met: u64,
    /// Calls that count for the indicator.
    pub counted: u64,
    /// An event worth naming, e.g. a takeover.
    pub note: Option<Text>,
}

/// Waits of answered calls in classes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaitDistribution {
    /// Classes, in order, without holes.
    pub bins: Vec<WaitBin>,
    /// The contract's limit in milliseconds.
    pub limit_ms: u64,
    /// Plain statistics of the same waits.
    pub stats: Option<DurationStats>,
}

/// One class of waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitBin {
    /// From, in milliseconds. Calls exactly on a limit are in the class that ends there.
    pub from_ms: u64,
    /// To, in milliseconds; `None` for the last, open class.
    pub to_ms: Option<u64>,
    /// How many calls.
    pub n: u64,
}

/// Plain statistics of durations, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DurationStats {
    /// How many durations.
    pub n: u64,
    /// Mean.
    pub mean_ms: u64,
    /// Median.
    pub p50_ms: u64,
    /// 90th percentile.
    pub p90_ms: u64,
    /// 95th percentile.
    pub p95_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// An indicator month by month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MonthlyShare {
    /// The indicator's code.
    pub indicator: String,
    /// Its name.
    pub name: Text,
    /// What the contract promises.
    pub target: Option<Target>,
    /// Months, in order.
    pub months: Vec<MonthShare>,
}

/// One month of an indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthShare {
    /// Any day of the month.
    pub month: Date,
    /// What met the rule.
    pub met: u64,
    /// What counts; zero is printed as not measurable.
    pub counted: u64,
}

/// Durations of contacts month by month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DurationTrend {
    /// The limit that durations are held against, in milliseconds.
    pub limit_ms: Option<u64>,
    /// Any day of each month, with its statistics if there were contacts.
    pub months: Vec<(Date, Option<DurationStats>)>,
}

/// Topics before and after a date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicComparison {
    /// Days compared with: first and last.
    pub before: (Date, Date),
    /// Days of the comparison: first and last.
    pub after: (Date, Date),
    /// Topics, in order.
    pub rows: Vec<TopicCount>,
}

/// One topic's calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicCount {
    /// The topic.
    pub topic: Text,
    /// Calls before.
    pub before: u64,
    /// Calls after.
    pub after: u64,
}

/// Durations of the contacts handled with one booking system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemDurations {
    /// The system, or the systems used together.
    pub system: Text,
    /// Their durations.
    pub stats: DurationStats,
}

/// A finding in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatedFinding {
    /// What was found, with unit and period in the sentence.
    pub text: Text,
    /// The period in which it was first seen, if it is carried over.
    pub first_seen: Option<String>,
}

/// A value with its unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amount {
    /// A decimal number with a point, already rounded as the rule says.
    pub decimal: String,
    /// Its unit.
    pub unit: Unit,
}

/// Units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Per cent.
    Percent,
    /// Service hours (*h lavorative*).
    ServiceHours,
    /// Hours of the clock.
    Hours,
    /// Minutes.
    Minutes,
    /// Seconds.
    Seconds,
    /// Things counted.
    Count,
}

/// What the contract promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Which way is good.
    pub direction: TargetDirection,
    /// Whether reaching the bound exactly meets it.
    pub inclusive: bool,
    /// What is compared with it.
    pub compare: Compare,
    /// The bound.
    pub bound: Amount,
    /// By when, if the contract says.
    pub date: Option<Date>,
}

/// An indicator of a service: a row of the verdict table and of the improvement sheets.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorResult {
    /// Code, e.g. `K1`.
    pub code: String,
    /// *Processo*.
    pub process: Option<Text>,
    /// *Obiettivo*.
    pub objective: Text,
    /// *Indicatore e unità di misura*.
    pub indicator: Option<Text>,
    /// What met the rule and what counts, if the value is a share.
    pub ratio: Option<(u64, u64)>,
    /// The measured value; `None` when not applicable.
    pub value: Option<Amount>,
    /// What the contract promises.
    pub target: Target,
    /// *Documenti di rilevazione*.
    pub source: Option<Text>,
    /// *Responsabile*, a code.
    pub responsible: Option<String>,
    /// *Frequenza* of the report.
    pub frequency: Option<Text>,
    /// The verdict, computed, never ticked.
    pub verdict: Verdict,
    /// Whether data are still open, so that the verdict may change.
    pub provisional: bool,
    /// What was left out, by reason.
    pub excluded: Vec<Count>,
    /// How complete the data are, a percentage as a decimal string.
    pub completeness: Option<String>,
    /// What the verdict would be under each disputed alternative.
    pub sensitivity: Vec<Alternative>,
    /// Plain statistics printed beside.
    pub statistics: Vec<(Text, Amount)>,
    /// The version of the rule that was applied, and since when it is in force.
    pub rule_version: (u32, Date),
    /// *Azioni da intraprendere*.
    pub actions: Status,
    /// *Risorse*.
    pub resources: Status,
}

/// The same indicator under a disputed alternative.
#[derive(Clone, PartialEq, Debug)]
pub struct Alternative {
    /// What would be different.
    pub rule: Text,
    /// What met the rule and what counts.
    pub ratio: Option<(u64, u64)>,
    /// The value.
    pub value: Option<Amount>,
    /// The verdict.
    pub verdict: Verdict,
    /// Other indicators about the same calls, read the same way.
    pub together: Vec<Together>,
}

/// Another indicator under the same alternative.
#[derive(Clone, PartialEq, Debug)]
pub struct Together {
    /// Its code.
    pub code: String,
    /// What met the rule and what counts.
    pub ratio: Option<(u64, u64)>,
    /// The value.
    pub value: Option<Amount>,
    /// The verdict.
    pub verdict: Verdict,
}

/// An indicator's definition card, as label and text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// The indicator's code.
    pub code: String,
    /// Title.
    pub title: Text,
    /// Rows.
    pub rows: Vec<(Text, Text)>,
}

impl Card {
    /// Makes a card from the same rows written in Italian and in English.
    ///
    /// Rows without a counterpart are kept, in the language they have.
    pub fn pair(
        code: &str,
        title: Text,
        italian: Vec<(String, String)>,
        english: Vec<(String, String)>,
    ) -> Self {
        let mut english = english.into_iter();
        let mut rows: Vec<(Text, Text)> = italian
            .into_iter()
            .map(|(label, value)| match english.next() {
                Some((en_label, en_value)) => {
                    (Text { it: label, en: Some(en_label) }, Text { it: value, en: Some(en_value) })
                }
                None => (Text { it: label, en: None }, Text { it: value, en: None }),
            })
            .collect();
        rows.extend(
            english
                .map(|(label, value)| (Text { it: label, en: None }, Text { it: value, en: None })),
        );
        Self { code: code.to_owned(), title, rows }
    }
}

/// A coherence check that was run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Its stable code, e.g. `N18`.
    pub code: String,
    /// What it looks at.
    pub title: Text,
    /// What it found.
    pub outcome: CheckOutcome,
}

/// A report that somebody typed by hand, held against the measured figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeclaredReport {
    /// What it calls itself.
    pub title: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// What was found in it; none of them passed.
    pub found: Vec<Check>,
}

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CheckOutcome {
    /// Nothing to say.
    Passed,
    /// Something to look at.
    Warning(Text),
    /// Something that must be settled before signing.
    Failed(Text),
    /// It could not be run, and why.
    NotRun(Text),
}

/// Place, date and signatories.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signatures {
    /// Where it is signed; left to fill in if `None`.
    pub place: Option<String>,
    /// When; left to fill in if `None`.
    pub date: Option<Date>,
    /// Who signs, in order.
    pub signatories: Vec<RolePerson>,
}

/// Where the figures come from, and what vouches for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The contract file's name.
    pub contract_file: String,
    /// Its SHA-256, hexadecimal.
    pub contract_sha256: String,
    /// The files the facts were read from.
    pub inputs: Vec<InputFile>,
    /// Tables of the ledger and the version that was read.
    pub table_versions: Vec<(String, u64)>,
    /// Days covered by data, per service.
    pub coverage: Vec<Coverage>,
    /// The seal over the measurements: SHA-256, hexadecimal.
    pub seal: Option<String>,
    /// The files behind the chapter about scenarios.
    pub scenarios: Vec<PlayedScenario>,
    /// Name and version of the software.
    pub software: String,
}

/// A scenario that was played for the document, or the roster that it was played with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayedScenario {
    /// The scenario's name, or what the file is.
    pub name: Text,
    /// The name of its file.
    pub file: String,
    /// The file's SHA-256, hexadecimal.
    pub sha256: String,
}

/// A file as it was delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputFile {
    /// Its name.
    pub name: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Its format or mapping.
    pub format: String,
    /// Rows read.
    pub rows: u64,
    /// Rows that became facts.
    pub facts: u64,
    /// Rows that were there already.
    pub duplicates: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that are not about contacts.
    pub ignored: u64,
}

/// Days covered by data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The service's name.
    pub service: Text,
    /// Days with opening hours.
    pub days_open: u64,
    /// Days with opening hours and at least one call.
    pub days_with_calls: u64,
    /// Days with opening hours and without any call.
    pub gaps: Vec<Date>,
}

/// What changes would do, played on a service's own history before they are made.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioStudy {
    /// The service's code.
    pub service: String,
    /// Its name.
    pub name: Text,
    /// What the answers stand on: weeks, calls, operators.
    pub basis: Vec<Text>,
    /// Whether the simulator gives back what happened.
    pub gate: ScenarioGate,
    /// Each indicator, now and under each scenario.
    pub indicators: Vec<ScenarioIndicator>,
    /// What it is like on the floor, now and under each scenario.
    pub floor: Vec<ScenarioFloor>,
    /// What the figures leave out, and what to be careful about.
    pub remarks: Vec<Text>,
}

/// Whether the simulator gives back what happened when the weeks are played again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioGate {
    /// Whether nothing that was played again lies outside its limit.
    pub calibrated: bool,
    /// Whether drawn weeks are like those observed; nothing where recorded weeks were played.
    pub likeness: Option<ScenarioLikeness>,
    /// Figures outside their limits.
    pub outside: u64,
    /// Figures with calls enough to be judged.
    pub judged: u64,
    /// How far hours differ on average, in points.
    pub miss: String,
    /// The hours that differ most.
    pub worst: Vec<ScenarioHour>,
    /// What was tried as a cause, and how far hours differ with it; those that explain most first.
    pub causes: Vec<(Text, String)>,
}

impl ScenarioGate {
    /// Whether answers may stand on it.
    pub fn holds(&self) -> bool {
        self.calibrated && self.likeness.is_none_or(|likeness| likeness.holds)
    }
}

/// How many of the weeks and days observed lie where 95 of 100 drawn ones do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScenarioLikeness {
    /// Whether that is enough of them.
    pub holds: bool,
    /// Weeks, of so many.
    pub weeks: (u64, u64),
    /// Days, of so many.
    pub days: (u64, u64),
}

/// An hour as it was and as it was played again, in per cent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioHour {
    /// Day and hour.
    pub at: Text,
    /// Calls observed.
    pub calls: u64,
    /// As observed.
    pub observed: String,
    /// As replayed.
    pub replayed: String,
    /// Replayed less observed, in points.
    pub difference: String,
}

/// An indicator now and under each scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioIndicator {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// What the contract promises.
    pub target: Target,
    /// What met the rule and what counted in the weeks as they were.
    pub observed: Option<(u64, u64)>,
    /// The present as simulated first, then each scenario.
    pub rows: Vec<ScenarioRow>,
    /// By topic.
    pub topics: Vec<ScenarioTopic>,
}

/// An indicator's figure under one condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioRow {
    /// The condition.
    pub name: Text,
    /// What met the rule and what counted, over all weeks played.
    pub ratio: (u64, u64),
    /// The share, in per cent.
    pub value: Option<String>,
    /// Half the width of its interval at 95 %, in points.
    pub half_width: Option<String>,
    /// Whether the weeks played meet the target.
    pub met: Option<bool>,
    /// The probability that a whole period of such weeks meets it, in per cent.
    pub probability: Option<String>,
    /// What differs from the present; nothing for the present itself.
    pub difference: Option<ScenarioDifference>,
}

/// A difference from the present, in points; nothing where there is nothing to count on one side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioDifference {
    /// Of the whole.
    pub total: Option<String>,
    /// Half the width of its interval at 95 %.
    pub half_width: Option<String>,
    /// Had each topic the share of the calls that it has now.
    pub fixed_mix: Option<String>,
    /// Whether the whole moves one way and the topics the other.
    pub misleads: bool,
}

/// A topic's figure now, and what differs under each scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioTopic {
    /// The topic.
    pub name: Text,
    /// Its share of what counts, in per cent.
    pub share: String,
    /// Its figure now, in per cent.
    pub now: Option<String>,
    /// The differences in points, each with half the width of its interval; nothing where there is
    /// nothing to count on one side.
    pub differences: Vec<Option<(String, Option<String>)>>,
}

/// A week on the floor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioFloor {
    /// Under which condition.
    pub name: Text,
    /// Calls that joined a queue.
    pub calls: u64,
    /// Of those, further attempts of callers who were not served.
    pub redials: u64,
    /// Calls that the IVR contained.
    pub contained: u64,
    /// Callers who asked to be called back.
    pub call_backs: u64,
    /// Share of calls that gave up, in per cent.
    pub abandoned: Option<String>,
    /// Mean wait of those answered, in seconds.
    pub wait_secs: Option<String>,
    /// Share of their time that operators are busy, in per cent.
    pub occupancy: Option<String>,
    /// Hours of operators.
    pub hours: u64,
    /// The worst quarter of an hour for the first indicator: when, and its share in per cent.
    pub worst: Option<(Text, String)>,
}
