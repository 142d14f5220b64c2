//! From a figure to the items behind it. Read [`behind`] first.
//!
//! An item is classified by the very functions that count it, so what is listed as late is what
//! was counted as late.

use arrow::array::Array;
use soglia_domain::card::{self, Card};
use soglia_domain::contract::{Contract, Indicator, RuleVersion, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::Rule;
use soglia_domain::text::Lang;
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;

use crate::MeasureError;
use crate::calls::{self, Counted};
use crate::items::Counter;
use crate::plan::{CallsPass, Clocks, Look, Part, exclusions, sql_instant};
use crate::rows::{Columns, cases, messages, outbound_records, stream, text};
use crate::tally::{Dimension, NONE, Pass, Seen};

/// What to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// What met the rule (for K3: what was not lost).
    Met,
    /// What counts and did not meet it.
    Missed,
    /// Answered, but after the limit.
    Late,
    /// Never answered.
    Lost,
    /// Left out, for any reason or for one.
    Excluded(Option<String>),
    /// Everything that was looked at.
    All,
}

impl Wanted {
    /// Reads `late`, `lost`, `met`, `missed`, `excluded`, `excluded:out_of_hours`, `all`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "met" => Self::Met,
            "missed" => Self::Missed,
            "late" => Self::Late,
            "lost" => Self::Lost,
            "all" => Self::All,
            "excluded" => Self::Excluded(None),
            other => Self::Excluded(Some(other.strip_prefix("excluded:")?.to_owned())),
        })
    }

    fn takes(&self, class: &Class) -> bool {
        match self {
            Self::All => true,
            Self::Met => class.counted.den == 1 && class.good(),
            Self::Missed => class.counted.den == 1 && !class.good(),
            Self::Late => class.counted.den == 1 && !class.good() && class.answered,
            Self::Lost => class.counted.den == 1 && !class.answered,
            Self::Excluded(None) => !class.counted.excluded.is_empty(),
            Self::Excluded(Some(reason)) => class.counted.excluded.contains_key(reason),
        }
    }
}

/// How one item was counted.
struct Class {
    counted: Counted,
    answered: bool,
    loss_counts: bool,
}

impl Class {
    /// Whether it is what the contract wants; K3 counts what it does not want.
    fn good(&self) -> bool {
        (self.counted.num == 1) != self.loss_counts
    }

    fn name(&self) -> String {
        match self.counted.excluded.keys().next() {
            Some(reason) => format!("excluded:{reason}"),
            None if self.good() => "met".to_owned(),
            None if self.answered => "late".to_owned(),
            None => "lost".to_owned(),
        }
    }
}

/// One item behind a figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behind {
    /// Its identifier.
    pub id: String,
    /// Its main instant.
    pub at: Instant,
    /// How it was counted: `met`, `late`, `lost`, `excluded:…`.
    pub class: String,
    /// What matters in it.
    pub details: Vec<(&'static str, String)>,
    /// The import it came from.
    pub import_no: i64,
    /// Its first and last row there.
    pub rows: (i64, i64),
}

/// What a page of items is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// The items, oldest first.
    pub items: Vec<Behind>,
    /// How many there are in all.
    pub total: u64,
}

/// An indicator and the rule in force, found by their codes.
pub fn find<'a>(
    contract: &'a Contract,
    service: &str,
    indicator: &str,
    period: &Period,
) -> Result<(&'a Service, &'a Indicator, &'a RuleVersion), MeasureError> {
    let unknown = |what, name: &str, known: Vec<&str>| MeasureError::Unknown {
        what,
        name: name.to_owned(),
        known: known.join(", "),
    };
    let codes = || contract.services.iter().map(|s| s.code.as_str()).collect();
    let found = contract.service(service).ok_or_else(|| unknown("service", service, codes()))?;
    let known = || found.indicators.iter().map(|i| i.code.as_str()).collect();
    let one = found.indicator(indicator).ok_or_else(|| unknown("indicator", indicator, known()))?;
    let version = one
        .version_on(period.first_date())
        .or_else(|| one.versions.first())
        .ok_or_else(|| unknown("rule", indicator, known()))?;
    Ok((found, one, version))
}

/// The definition card of the rule in force.
pub fn card(
    contract: &Contract,
    service: &str,
    indicator: &str,
    period: &Period,
    lang: Lang,
) -> Result<Card, MeasureError> {
    let (service, indicator, version) = find(contract, service, indicator, period)?;
    Ok(card::card(service, indicator, version, lang))
}

/// The query that the figure came from.
pub fn sql(
    contract: &Contract,
    service: &str,
    indicator: &str,
    period: &Period,
) -> Result<String, MeasureError> {
    let (service, _, version) = find(contract, service, indicator, period)?;
    Ok(match (&version.rule, CallsPass::of(&version.rule)) {
        (rule, Some(pass)) => {
            let query = |part| pass.sql(contract, period, Look::Total(Clocks::of(rule)), part);
            format!("{};\n{}", query(Part::All), query(Part::Callbacks))
        }
        (Rule::HandledWithin(rule), _) => {
            crate::measure::handled_sql(rule, service, period, contract, indicator)
        }
        (rule, _) => format!(
            "SELECT * FROM {} WHERE service = '{}'",
            crate::measure::table_of(rule),
            service.code
        ),
    })
}

/// Lists the items behind a figure: `limit` of them after the first `skip`.
pub async fn behind(
    session: &Session,
    contract: &Contract,
    (service, indicator): (&str, &str),
    period: &Period,
    wanted: &Wanted,
    (skip, limit): (u64, usize),
) -> Result<Page, MeasureError> {
    let (service, indicator, version) = find(contract, service, indicator, period)?;
    let mut page = Page::default();
    let mut take = |class: Class, make: &mut dyn FnMut(String) -> Behind| {
        if wanted.takes(&class) {
            if skip <= page.total && page.items.len() < limit {
                page.items.push(make(class.name()));
            }
            page.total += 1;
        }
    };
    let looking = Looking { session, contract, service, indicator, version, period };
    match &version.rule {
        Rule::AnsweredWithin(_) | Rule::Lost(_) => looking.calls(&mut take).await?,
        Rule::HandledWithin(_) => looking.handled(&mut take).await?,
        _ => looking.items(&mut take).await?,
    }
    Ok(page)
}

type Take<'t> = dyn FnMut(Class, &mut dyn FnMut(String) -> Behind) + 't;

struct Looking<'a> {
    session: &'a Session,
    contract: &'a Contract,
    service: &'a Service,
    indicator: &'a Indicator,
    version: &'a RuleVersion,
    period: &'a Period,
}

impl Looking<'_> {
    async fn calls(&self, take: &mut Take<'_>) -> Result<(), MeasureError> {
        let pass = CallsPass::of(&self.version.rule).unwrap_or(CallsPass::ordinary());
        let sql = format!(
            "SELECT * FROM calls WHERE service = '{}' AND {} ORDER BY arrived, call_id",
            self.service.code.replace('\'', "''"),
            pass.filter(self.period)
        );
        let spec = pass.spec(self.contract, self.period, Dimension::None);
        let index = Pass::new(spec.clone()).service_index(&self.service.code).unwrap_or(0);
        let exclusions = exclusions(self.contract, self.service);
        stream(self.session, &sql, |batch| {
            let columns = Columns(batch);
            let texts = |name| columns.texts(name);
            let (ids, queue) = (texts("call_id")?, texts("first_queue")?);
            let disposition = texts("disposition")?;
            let arrived = columns.instants("arrived")?;
            let (queued, rang) = (columns.instants("queued")?, columns.instants("first_rang")?);
            let (answered, back) =
                (columns.instants("answered")?, columns.instants("called_back")?);
            let (wait, talk) = (columns.longs("wait_ms")?, columns.longs("talk_ms")?);
            let hold = columns.longs("hold_ms")?;
            let places = Places::new(&columns)?;
            for row in 0..batch.num_rows() {
                let name = text(&disposition, row).unwrap_or_default();
                let Some(kind) = Disposition::from_name(&name) else { continue };
                let Some(at) = arrived.at(row) else { continue };
                let millis = |instant: Option<Instant>| instant.map_or(NONE, Instant::as_millis);
                let long = |c: &arrow::array::Int64Array| {
                    if c.is_valid(row) { c.value(row) } else { NONE }
                };
                let first_queue = text(&queue, row).unwrap_or_default();
                let seen = Seen {
                    service: index,
                    disposition: kind.code(),
                    arrived: at.as_millis(),
                    local_hour: 0,
                    queued: millis(queued.at(row)),
                    rang: millis(rang.at(row)),
                    answered: millis(answered.at(row)),
                    called_back: millis(back.at(row)),
                    wait: long(&wait),
                    talk: long(&talk),
                    hold: long(&hold),
                    queue: &first_queue,
                    text: "",
                };
                let counted = self.count_call(&spec, &seen, &exclusions);
                let class = Class {
                    counted,
                    answered: kind == Disposition::Answered,
                    loss_counts: matches!(self.version.rule, Rule::Lost(_)),
                };
                take(class, &mut |class| Behind {
                    id: text(&ids, row).unwrap_or_default(),
                    at,
                    class,
                    details: vec![
                        ("disposition", name.clone()),
                        ("queue", first_queue.clone()),
                        ("wait_s", secs(seen.wait)),
                        ("talk_s", secs(seen.talk)),
                    ],
                    import_no: places.import_no.value(row),
                    rows: places.rows(row),
                });
            }
            Ok(())
        })
        .await
    }

    fn count_call(
        &self,
        spec: &crate::tally::Spec,
        seen: &Seen<'_>,
        exclusions: &[calls::Exclusion],
    ) -> Counted {
        let mut pass = Pass::new(spec.clone());
        pass.add(seen);
        let tally = pass.finish();
        let classes = tally.of_service(seen.service).map(|(_, key, class)| (key, class));
        match &self.version.rule {
            Rule::AnsweredWithin(rule) => {
                calls::answered_within(classes, rule, exclusions, &self.indicator.code)
            }
            Rule::Lost(rule) => calls::lost(classes, rule, exclusions, &self.indicator.code),
            _ => Counted::default(),
        }
    }

    /// K5: calls whose case was closed at first contact, by their duration.
    async fn handled(&self, take: &mut Take<'_>) -> Result<(), MeasureError> {
        use soglia_domain::rule::TimedDuration;
        let Rule::HandledWithin(rule) = &self.version.rule else { return Ok(()) };
        let sql = crate::measure::handled_sql(
            rule,
            self.service,
            self.period,
            self.contract,
            &self.indicator.code,
        )
        .replacen("c.talk_ms, c.hold_ms, c.wrap_ms, c.wait_ms", "c.*", 1);
        let sql = sql.replacen(
            "SELECT call_id, talk_ms, hold_ms, wrap_ms, wait_ms FROM calls",
            "SELECT * FROM calls",
            1,
        ) + " ORDER BY c.arrived, c.call_id";
        stream(self.session, &sql, |batch| {
            let columns = Columns(batch);
            let (ids, arrived) = (columns.texts("call_id")?, columns.instants("arrived")?);
            let (talk, hold) = (columns.longs("talk_ms")?, columns.longs("hold_ms")?);
            let (wrap, wait) = (columns.longs("wrap_ms")?, columns.longs("wait_ms")?);
            let places = Places::new(&columns)?;
            for row in 0..batch.num_rows() {
                let or_zero = |c: &arrow::array::Int64Array| {
                    if c.is_valid(row) { c.value(row) } else { 0 }
                };
                let known = talk.is_valid(row);
                let millis = match rule.duration {
                    TimedDuration::TalkHold => or_zero(&talk) + or_zero(&hold),
                    TimedDuration::Talk => or_zero(&talk),
                    TimedDuration::TalkHoldWrap => or_zero(&talk) + or_zero(&hold) + or_zero(&wrap),
                    TimedDuration::WaitTalkHold => or_zero(&wait) + or_zero(&talk) + or_zero(&hold),
                };
                let met = known && rule.limit.keeps(soglia_domain::time::Millis::new(millis));
                let counted = Counted { num: u64::from(met), den: 1, ..Counted::default() };
                let class = Class { counted, answered: true, loss_counts: false };
                let Some(at) = arrived.at(row) else { continue };
                take(class, &mut |class| Behind {
                    id: text(&ids, row).unwrap_or_default(),
                    at,
                    class,
                    details: vec![("duration_s", secs(if known { millis } else { NONE }))],
                    import_no: places.import_no.value(row),
                    rows: places.rows(row),
                });
            }
            Ok(())
        })
        .await
    }

    /// Messages, cases and outbound records.
    async fn items(&self, take: &mut Take<'_>) -> Result<(), MeasureError> {
        let places = self.places().await?;
        let exclusions = exclusions(self.contract, self.service);
        let code = self.service.code.as_str();
        let counter =
            |calendar| Counter::new(self.period, calendar, &exclusions, &self.indicator.code);
        let mut give =
            |counted: Counted, answered, id: &str, at, details: Vec<(&'static str, String)>| {
                if counted.den == 0 && counted.excluded.is_empty() {
                    return;
                }
                let class = Class { counted, answered, loss_counts: false };
                let (import_no, rows) = places.get(id).copied().unwrap_or_default();
                take(class, &mut |class| Behind {
                    id: id.to_owned(),
                    at,
                    class,
                    details: details.clone(),
                    import_no,
                    rows,
                });
            };
        let printed = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
        match &self.version.rule {
            Rule::RepliedWithin(rule) => {
                messages(self.session, code, self.period, |message| {
                    let mut one = counter(&self.service.written_calendar);
                    one.message(rule, message);
                    let details = vec![
                        ("channel", message.channel.clone()),
                        ("first_reply", printed(message.first_reply)),
                    ];
                    let replied = message.first_reply.is_some();
                    give(one.counted, replied, &message.id, message.received, details);
                })
                .await
            }
            Rule::OutboundPositive(rule) => {
                outbound_records(self.session, code, self.period, |record| {
                    let mut one = counter(&self.service.outbound_calendar);
                    one.outbound(rule, record);
                    let outcome = record.outcome.clone().unwrap_or_default();
                    let details = vec![("outcome", outcome)];
                    give(
                        one.counted,
                        record.reached.is_some(),
                        &record.id,
                        record.released,
                        details,
                    );
                })
                .await
            }
            rule => {
                cases(self.session, code, self.period, |case| {
                    let mut one = counter(&self.service.second_level_calendar);
                    match rule {
                        Rule::FirstContact(rule) => one.first_contact(rule, case),
                        Rule::SecondLevelResolved(rule) => one.second_level_resolved(rule, case),
                        Rule::SecondLevelWithin(rule) => one.second_level_within(rule, case),
                        _ => return,
                    }
                    let details = vec![
                        ("opened_by", case.opened_by.clone().unwrap_or_default()),
                        ("escalated", printed(case.escalated)),
                        ("resolved", printed(case.resolved)),
                        ("closed", printed(case.closed)),
                    ];
                    give(one.counted, case.resolved.is_some(), &case.id, case.opened, details);
                })
                .await
            }
        }
    }

    /// Where the items of the rule's table came from, by identifier.
    async fn places(
        &self,
    ) -> Result<std::collections::HashMap<String, (i64, (i64, i64))>, MeasureError> {
        let (table, id, main) = match &self.version.rule {
            Rule::RepliedWithin(_) => ("messages", "message_id", "received"),
            Rule::OutboundPositive(_) => ("outbound_records", "record_id", "released"),
            Rule::BatchTurnaround(_) => ("outbound_batches", "batch_id", "released"),
            Rule::Availability(_) => ("outages", "outage_id", "from"),
            _ => ("cases", "case_id", "opened"),
        };
        let sql = format!(
            "SELECT {id} AS id, import_no, row_first, row_last FROM {table} \
             WHERE service = '{}' AND \"{main}\" < {}",
            self.service.code.replace('\'', "''"),
            sql_instant(self.period.end())
        );
        let mut found = std::collections::HashMap::new();
        stream(self.session, &sql, |batch| {
            let columns = Columns(batch);
            let ids = columns.texts("id")?;
            let places = Places::new(&columns)?;
            for row in 0..batch.num_rows() {
                let id = text(&ids, row).unwrap_or_default();
                found.insert(id, (places.import_no.value(row), places.rows(row)));
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }
}

/// Where rows of a batch came from.
struct Places {
    import_no: arrow::array::Int64Array,
    first: arrow::array::Int64Array,
    last: arrow::array::Int64Array,
}

impl Places {
    fn new(columns: &Columns<'_>) -> Result<Self, MeasureError> {
        Ok(Self {
            import_no: columns.longs("import_no")?,
            first: columns.longs("row_first")?,
            last: columns.longs("row_last")?,
        })
    }

    fn rows(&self, row: usize) -> (i64, i64) {
        (self.first.value(row), self.last.value(row))
    }
}

/// Milliseconds as seconds; nothing for no value.
fn secs(millis: i64) -> String {
    if millis == NONE {
        return String::new();
    }
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
