//! From a figure to the items behind it. Read [`behind`] first.
//!
//! An item is classified by the very functions that count it, by the version of the rule in force
//! when it counts, so what is listed as late is what was counted as late.

mod listing;

use std::collections::{BTreeMap, HashMap};

use arrow::array::Array;
use jiff::civil::Date;
use soglia_domain::card::{self, Card};
use soglia_domain::contract::{Contract, Indicator, RuleVersion, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::{
    BatchAggregate, BatchTurnaround, Callback, CaseUnit, FirstContact, HandledDenominator,
    HandledWithin, Rule,
};
use soglia_domain::text::Lang;
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;

pub use self::listing::{Behind, Page, Wanted};
use self::listing::{Class, Listing};
use crate::MeasureError;
use crate::calls::{self, Counted, Cover, Exclusion};
use crate::items::{self, Counter};
use crate::kept::Kept;
use crate::measure::{approved, by_call_sql, handled_sql, stretch, table_of};
use crate::plan::{CallsPass, Clocks, Look, Part, covers, exclusions, quoted};
use crate::rows::{
    CallTimes, Columns, Shown, answered_calls, answered_calls_sql, cases, cases_with_calls,
    cases_with_calls_sql, messages, outages, outbound_batches, outbound_records, stream, text,
};
use crate::tally::{self, ClassKey, Dimension, NONE, Pass, Seen, Tally};
/// A service and an indicator, found by their codes.
pub fn find<'a>(
    contract: &'a Contract,
    service: &str,
    indicator: &str,
) -> Result<(&'a Service, &'a Indicator), MeasureError> {
    let unknown = |what, name: &str, known: Vec<&str>| MeasureError::Unknown {
        what,
        name: name.to_owned(),
        known: known.join(", "),
    };
    let codes = || contract.services.iter().map(|s| s.code.as_str()).collect();
    let found = contract.service(service).ok_or_else(|| unknown("service", service, codes()))?;
    let known = || found.indicators.iter().map(|i| i.code.as_str()).collect();
    let one = found.indicator(indicator).ok_or_else(|| unknown("indicator", indicator, known()))?;
    Ok((found, one))
}

/// Versions of a rule in force in a period, each with its stretch of it; none if none is.
pub fn in_force<'a>(
    contract: &Contract,
    indicator: &'a Indicator,
    period: &Period,
) -> Vec<(&'a RuleVersion, Period)> {
    let versions = indicator.versions.iter();
    versions.filter_map(|version| Some((version, stretch(version, period, contract)?))).collect()
}

/// The definition cards of the rules in force, oldest first.
pub fn cards(
    contract: &Contract,
    service: &str,
    indicator: &str,
    period: &Period,
    lang: Lang,
) -> Result<Vec<Card>, MeasureError> {
    let found = find(contract, service, indicator)?;
    let versions = in_force(contract, found.1, period).into_iter();
    Ok(versions.map(|(version, _)| card::card(contract, found, version, lang)).collect())
}

/// The queries that the figure came from, by version of the rule.
pub fn sql(
    contract: &Contract,
    service: &str,
    indicator: &str,
    period: &Period,
) -> Result<Vec<(u32, String)>, MeasureError> {
    let (service, indicator) = find(contract, service, indicator)?;
    let approved = approved(contract, service, &indicator.code);
    let one = |(version, stretch): (&RuleVersion, Period)| {
        let sql = match (&version.rule, CallsPass::of(&version.rule)) {
            (rule, Some(pass)) => {
                let look = (Look::Total, Clocks::of(rule));
                let query = |part| pass.sql(contract, &stretch, look, part);
                format!("{};\n{}", query(Part::All), query(Part::Callbacks))
            }
            (Rule::HandledWithin(rule), _) => handled_sql(rule, service, &stretch, &approved),
            (Rule::FirstContact(rule), _) if rule.unit == CaseUnit::Call => {
                by_call_sql(*rule, service, &stretch, &approved, Shown::Counts)
            }
            (rule, _) => {
                format!("SELECT * FROM {} WHERE service = '{}'", table_of(rule), service.code)
            }
        };
        (version.version, sql)
    };
    Ok(in_force(contract, indicator, period).into_iter().map(one).collect())
}

/// Lists the items behind a figure: `limit` of them after the first `skip`.
///
/// Each stretch of the period is looked at by the rule in force in it. Of calls only those days
/// are read in which the page lies; what the others have is known from the counts that are kept.
pub async fn behind(
    session: &Session,
    contract: &Contract,
    (service, indicator): (&str, &str),
    period: &Period,
    wanted: &Wanted,
    (skip, limit): (u64, usize),
    kept: &Kept,
) -> Result<Page, MeasureError> {
    let (service, indicator) = find(contract, service, indicator)?;
    let mut listing = Listing::new(wanted, skip, limit);
    let stretches = in_force(contract, indicator, period);
    let by_day = stretches.iter().all(|(version, _)| days_tell(&version.rule));
    for (version, stretch) in stretches {
        let exclusions = exclusions(contract, service);
        let looking =
            Looking { session, contract, service, indicator, version, period, stretch, exclusions };
        let days = match CallsPass::of(&version.rule).filter(|_| by_day) {
            Some(pass) => kept.days(session, (contract, &looking.stretch), &pass).await?,
            None => None,
        };
        match days {
            Some(days) => looking.at_days(&days, &mut listing).await?,
            None => looking.at_items(&mut listing).await?,
        }
    }
    let mut page = listing.into_page();
    if let Some((version, _)) = in_force(contract, indicator, period).first() {
        add_places(session, &service.code, &version.rule, &mut page.items).await?;
    }
    Ok(page)
}

/// Whether counts by day tell how many calls each list of a rule has.
///
/// They say of a call-back only whether it came in time, not whether it came.
fn days_tell(rule: &Rule) -> bool {
    CallsPass::of(rule).is_some_and(|pass| pass.days_are_whole())
        && callback(rule) != Some(Callback::AnsweredAtCallback)
}

/// What a rule makes of calls that asked to be called back.
fn callback(rule: &Rule) -> Option<Callback> {
    match rule {
        Rule::AnsweredWithin(rule) => Some(rule.population.callback),
        Rule::Lost(rule) => Some(rule.population.callback),
        _ => None,
    }
}

/// One stretch of the period, with its rule.
struct Looking<'a> {
    session: &'a Session,
    contract: &'a Contract,
    service: &'a Service,
    indicator: &'a Indicator,
    version: &'a RuleVersion,
    period: &'a Period,
    stretch: Period,
    exclusions: Vec<Exclusion>,
}

impl Looking<'_> {
    async fn at_items(&self, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        match &self.version.rule {
            Rule::AnsweredWithin(_) | Rule::Lost(_) => self.calls(listing).await,
            Rule::HandledWithin(rule) => self.handled(rule, listing).await,
            Rule::FirstContact(rule) if rule.unit == CaseUnit::Call => {
                self.by_call(*rule, listing).await
            }
            Rule::BatchTurnaround(rule) => self.batches(rule, listing).await,
            Rule::Availability(_) => self.outages(listing).await,
            Rule::OutboundPositive(rule) => {
                self.items(listing).await?;
                if rule.inbound_too {
                    self.inbound(listing).await?;
                }
                Ok(())
            }
            _ => self.items(listing).await,
        }
    }

    /// Reads those days in which the page lies, and counts what the others have.
    async fn at_days(&self, days: &Tally, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        let by_day = self.items_by_day(days, listing.wanted);
        let mut read: Option<(Date, Date)> = None;
        let (mut at, mut after) = (listing.page.total, 0);
        for (day, n) in by_day.into_iter().filter(|(_, n)| 0 < *n) {
            let first = at;
            at += n;
            if at <= listing.from {
                listing.pass(n);
            } else if listing.until <= first {
                after += n;
            } else {
                read = Some((read.map_or(day, |(first, _)| first), day));
            }
        }
        if let Some((first, last)) = read {
            let until = last.tomorrow().unwrap_or(last);
            let stretch = Period::parse(&format!("{first}..{until}"), &self.contract.zone);
            let stretch = stretch.unwrap_or_else(|_| self.stretch.clone());
            let exclusions = self.exclusions.clone();
            Self { stretch, exclusions, ..*self }.at_items(listing).await?;
        }
        listing.pass(after);
        Ok(())
    }

    /// How many calls of a list each day has.
    fn items_by_day(&self, days: &Tally, wanted: &Wanted) -> BTreeMap<Date, u64> {
        let covers = covers(self.contract, self.service);
        let services = &self.contract.services;
        let index = services.iter().position(|service| service.code == self.service.code);
        let index = index.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX);
        let mut items: BTreeMap<Date, u64> = BTreeMap::new();
        for (day, key, class) in days.of_service(index) {
            let Ok(day) = day.parse::<Date>() else { continue };
            let counted = self.count(std::iter::once((key, class)), &covers);
            let class = self.class_of(key.disposition(), counted);
            *items.entry(day).or_default() += wanted.weight(&class);
        }
        items
    }

    /// How calls of one disposition were counted.
    fn class_of(&self, kind: Disposition, counted: Counted) -> Class {
        let loss_counts = matches!(self.version.rule, Rule::Lost(_));
        Class { counted, answered: kind == Disposition::Answered, loss_counts }
    }

    async fn calls(&self, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        let pass = CallsPass::of(&self.version.rule).unwrap_or(CallsPass::ordinary());
        let covers = covers(self.contract, self.service);
        let at_callback = callback(&self.version.rule) == Some(Callback::AnsweredAtCallback);
        self.each_call(
            &pass,
            |kind, seen, tally| {
                let classes = tally.of_service(seen.service).map(|(_, key, class)| (key, class));
                let mut class = self.class_of(kind, self.count(classes, &covers));
                class.answered |= at_callback
                    && kind == Disposition::CallbackRequested
                    && seen.called_back != NONE;
                Some(class)
            },
            listing,
        )
        .await
    }

    /// K8: inbound answered calls as contacts.
    async fn inbound(&self, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        let covers = covers(self.contract, self.service);
        self.each_call(
            &CallsPass::ordinary(),
            |kind, seen, tally| {
                if kind != Disposition::Answered {
                    return None;
                }
                let mut keys = tally.of_service(seen.service).map(|(_, key, _)| key);
                let reason =
                    keys.find_map(|key| calls::exclusion(key, &covers, &self.indicator.code));
                let counted = Counted::of_one(reason, 1);
                Some(Class::new(counted, true))
            },
            listing,
        )
        .await
    }

    /// Classifies calls, or their legs, each by a tally of its own.
    async fn each_call(
        &self,
        pass: &CallsPass,
        classify: impl Fn(Disposition, &Seen<'_>, &Tally) -> Option<Class>,
        listing: &mut Listing<'_>,
    ) -> Result<(), MeasureError> {
        let sql = format!(
            "SELECT * FROM {} WHERE service = '{}' AND {}",
            pass.source(),
            quoted(&self.service.code),
            pass.filter(&self.stretch)
        );
        let mut one = Pass::new(pass.spec(self.contract, &self.stretch, Dimension::None));
        let index = one.service_index(&self.service.code).unwrap_or(0);
        stream(self.session, &sql, |batch| {
            let rows = CallRows::new(batch, pass)?;
            for row in 0..batch.num_rows() {
                let Some((kind, seen)) = rows.seen(row, index) else { continue };
                one.add(&seen);
                if let Some(class) = classify(kind, &seen, &one.take()) {
                    listing.take(&class, |class| rows.behind(row, &seen, class, self.version));
                }
            }
            Ok(())
        })
        .await
    }

    fn count<'c>(
        &self,
        classes: impl Iterator<Item = (ClassKey, &'c tally::Class)>,
        covers: &[Cover],
    ) -> Counted {
        match &self.version.rule {
            Rule::AnsweredWithin(rule) => {
                calls::answered_within(classes, rule, covers, &self.indicator.code)
            }
            Rule::Lost(rule) => calls::lost(classes, rule, covers, &self.indicator.code),
            _ => Counted::default(),
        }
    }

    /// K5: calls whose case was closed at first contact, or all calls answered, by their duration.
    async fn handled(
        &self,
        rule: &HandledWithin,
        listing: &mut Listing<'_>,
    ) -> Result<(), MeasureError> {
        let calendar = &self.service.calendar;
        let code = &self.indicator.code;
        let mut one = Counter::new(&self.stretch, calendar, &self.exclusions, code);
        let service = &self.service.code;
        let mut give = |counted: &mut Counted, placed: &Placed, row, times: Option<&CallTimes>| {
            let class = Class::new(std::mem::take(counted), true);
            let took = times.and_then(|times| times.of(rule.duration));
            let details = vec![("duration_s", secs(took.map_or(NONE, Millis::get)))];
            listing.take(&class, |class| placed.behind(row, class, self.version, details));
        };
        match rule.denominator {
            HandledDenominator::FirstContact => {
                let sql = cases_with_calls_sql(service, self.period, Shown::Places);
                stream(self.session, &sql, |batch| {
                    let placed = Placed::new(batch)?;
                    cases_with_calls(batch, |row, case, call| {
                        one.handled_case(rule, case, call);
                        give(&mut one.counted, &placed, row, call.map(|call| &call.times));
                    })
                })
                .await
            }
            HandledDenominator::Answered => {
                let sql = answered_calls_sql(service, self.period, Shown::Places);
                stream(self.session, &sql, |batch| {
                    let placed = Placed::new(batch)?;
                    answered_calls(batch, |row, arrived, call| {
                        one.answered_call(rule, arrived, call);
                        give(&mut one.counted, &placed, row, Some(&call.times));
                    })
                })
                .await
            }
        }
    }

    /// K4 over calls: whether a case of theirs was closed at first contact.
    async fn by_call(
        &self,
        rule: FirstContact,
        listing: &mut Listing<'_>,
    ) -> Result<(), MeasureError> {
        let approved = approved(self.contract, self.service, &self.indicator.code);
        let sql = by_call_sql(rule, self.service, &self.stretch, &approved, Shown::Places);
        stream(self.session, &sql, |batch| {
            let placed = Placed::new(batch)?;
            let columns = Columns(batch);
            let (left_out, num) = (columns.texts("left_out")?, columns.longs("num")?);
            for row in 0..batch.num_rows() {
                let num = u64::from(0 < num.value(row));
                let counted = Counted::of_one(text(&left_out, row).as_deref(), num);
                let class = Class::new(counted, true);
                listing.take(&class, |class| placed.behind(row, class, self.version, Vec::new()));
            }
            Ok(())
        })
        .await
    }

    /// K9: batches due in the stretch.
    async fn batches(
        &self,
        rule: &BatchTurnaround,
        listing: &mut Listing<'_>,
    ) -> Result<(), MeasureError> {
        let calendar = &self.service.outbound_calendar;
        let mut due = Vec::new();
        outbound_batches(self.session, &self.service.code, self.period, |batch| {
            if let Some(time) = items::batch_time(rule, batch, calendar, &self.stretch) {
                let code = &self.indicator.code;
                let left_out = items::covering(&self.exclusions, code, batch.released, None);
                due.push((batch.clone(), time, left_out.map(|one| one.reason.clone())));
            }
        })
        .await?;
        let counted: Vec<_> =
            due.iter().filter(|(.., out)| out.is_none()).map(|(_, time, _)| *time).collect();
        let all = items::batches(rule, &counted);
        for (batch, time, left_out) in due {
            let met = match rule.aggregate {
                // Judged together.
                BatchAggregate::Mean => all.num == all.den,
                BatchAggregate::All | BatchAggregate::SharePermille(_) => time.kept(),
            };
            let counted = Counted::of_one(left_out.as_deref(), u64::from(met));
            let details = vec![
                ("records", batch.n_records.to_string()),
                ("took_s", secs(time.took.get())),
                ("allowed_s", secs(time.allowed.get())),
                ("completed", printed(batch.completed)),
            ];
            listing.take(&Class::new(counted, time.completed), |class| {
                self.behind(&batch.id, batch.released, class, details)
            });
        }
        Ok(())
    }

    /// K10: outages, each with the agreed time that it takes.
    async fn outages(&self, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        let Rule::Availability(rule) = &self.version.rule else { return Ok(()) };
        let found = outages(self.session, &self.service.code, self.period).await?;
        let approved: Vec<&Exclusion> =
            self.exclusions.iter().filter(|one| one.touches(&self.indicator.code)).collect();
        let calendar = &self.service.calendar;
        let shares = items::outage_shares(rule, &found, calendar, &self.stretch, &approved);
        for (outage, counted) in shares {
            let details = vec![
                ("component", outage.component.clone()),
                ("until", printed(outage.until)),
                ("cause", outage.cause.clone().unwrap_or_default()),
                ("down_ms", counted.den.to_string()),
                ("left_out_ms", counted.excluded.values().sum::<u64>().to_string()),
            ];
            listing.take(&Class::new(counted, false), |class| {
                self.behind(&outage.id, outage.from, class, details)
            });
        }
        Ok(())
    }

    /// Messages, cases and outbound records.
    async fn items(&self, listing: &mut Listing<'_>) -> Result<(), MeasureError> {
        let code = self.service.code.as_str();
        let counter = |calendar| {
            Counter::new(&self.stretch, calendar, &self.exclusions, &self.indicator.code)
        };
        let mut give = |counted: &mut Counted, answered, id: &str, at, details| {
            let class = Class::new(std::mem::take(counted), answered);
            listing.take(&class, |class| self.behind(id, at, class, details));
        };
        match &self.version.rule {
            Rule::RepliedWithin(rule) => {
                // One counter for all: it remembers whose case it has seen.
                let mut one = counter(&self.service.written_calendar);
                messages(self.session, code, self.period, |message| {
                    one.message(rule, message);
                    let details = vec![
                        ("channel", message.channel.clone()),
                        ("first_reply", printed(message.first_reply)),
                    ];
                    let replied = message.first_reply.is_some();
                    give(&mut one.counted, replied, &message.id, message.received, details);
                })
                .await
            }
            Rule::OutboundPositive(rule) => {
                let mut one = counter(&self.service.outbound_calendar);
                outbound_records(self.session, code, self.period, |record| {
                    one.outbound(rule, record);
                    let outcome = record.outcome.clone().unwrap_or_default();
                    let details =
                        vec![("outcome", outcome), ("attempts", record.attempts.to_string())];
                    let reached = record.reached.is_some();
                    give(&mut one.counted, reached, &record.id, record.released, details);
                })
                .await
            }
            rule => {
                let mut one = counter(&self.service.second_level_calendar);
                cases(self.session, code, self.period, |case| {
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
                    let resolved = case.resolved.is_some();
                    give(&mut one.counted, resolved, &case.id, case.opened, details);
                })
                .await
            }
        }
    }

    /// An item whose place in its file is looked up later.
    fn behind(
        &self,
        id: &str,
        at: Instant,
        class: String,
        details: Vec<(&'static str, String)>,
    ) -> Behind {
        let version = self.version.version;
        Behind { id: id.to_owned(), at, class, version, details, import_no: 0, rows: (0, 0) }
    }
}

/// Rows of calls, or of legs, as a pass sees them.
struct CallRows {
    placed: Placed,
    disposition: arrow::array::StringArray,
    queue: arrow::array::StringArray,
    instants: [crate::rows::Instants; 4],
    durations: [arrow::array::Int64Array; 3],
    legs: Option<arrow::array::Int32Array>,
}

impl CallRows {
    fn new(batch: &arrow::array::RecordBatch, pass: &CallsPass) -> Result<Self, MeasureError> {
        let columns = Columns(batch);
        Ok(Self {
            placed: Placed::of(batch, "call_id", "arrived")?,
            disposition: columns.texts("disposition")?,
            queue: columns.texts("first_queue")?,
            instants: [
                columns.instants("queued")?,
                columns.instants("first_rang")?,
                columns.instants("answered")?,
                columns.instants("called_back")?,
            ],
            durations: [
                columns.longs("wait_ms")?,
                columns.longs("talk_ms")?,
                columns.longs("hold_ms")?,
            ],
            legs: pass.each_leg.then(|| columns.ints("leg")).transpose()?,
        })
    }

    fn seen(&self, row: usize, service: u16) -> Option<(Disposition, Seen<'_>)> {
        let valid = self.disposition.is_valid(row);
        let kind = Disposition::from_name(valid.then(|| self.disposition.value(row))?)?;
        let [queued, rang, answered, called_back] =
            self.instants.each_ref().map(|at| at.at(row).map_or(NONE, Instant::as_millis));
        let [wait, talk, hold] = self
            .durations
            .each_ref()
            .map(|column| if column.is_valid(row) { column.value(row) } else { NONE });
        let seen = Seen {
            service,
            disposition: kind.code(),
            arrived: self.placed.at.at(row)?.as_millis(),
            local_hour: 0,
            queued,
            rang,
            answered,
            called_back,
            wait,
            talk,
            hold,
            queue: if self.queue.is_valid(row) { self.queue.value(row) } else { "" },
            text: "",
        };
        Some((kind, seen))
    }

    fn behind(&self, row: usize, seen: &Seen<'_>, class: String, version: &RuleVersion) -> Behind {
        let mut details = vec![
            ("disposition", self.disposition.value(row).to_owned()),
            ("queue", seen.queue.to_owned()),
            ("wait_s", secs(seen.wait)),
        ];
        match &self.legs {
            // A call without entries is its own only leg.
            Some(legs) if legs.is_valid(row) => details.push(("leg", legs.value(row).to_string())),
            Some(_) => details.push(("leg", String::new())),
            None => details.push(("talk_s", secs(seen.talk))),
        }
        self.placed.behind(row, class, version, details)
    }
}

/// Rows with an identifier, an instant and their place in a file.
struct Placed {
    id: arrow::array::StringArray,
    at: crate::rows::Instants,
    import_no: arrow::array::Int64Array,
    first: arrow::array::Int64Array,
    last: arrow::array::Int64Array,
}

impl Placed {
    fn new(batch: &arrow::array::RecordBatch) -> Result<Self, MeasureError> {
        Self::of(batch, "id", "at")
    }

    fn of(batch: &arrow::array::RecordBatch, id: &str, at: &str) -> Result<Self, MeasureError> {
        let columns = Columns(batch);
        Ok(Self {
            id: columns.texts(id)?,
            at: columns.instants(at)?,
            import_no: columns.longs("import_no")?,
            first: columns.longs("row_first")?,
            last: columns.longs("row_last")?,
        })
    }

    fn behind(
        &self,
        row: usize,
        class: String,
        version: &RuleVersion,
        details: Vec<(&'static str, String)>,
    ) -> Behind {
        Behind {
            id: text(&self.id, row).unwrap_or_default(),
            at: self.at.at(row).unwrap_or(Instant::from_millis(0)),
            class,
            version: version.version,
            details,
            import_no: self.import_no.value(row),
            rows: (self.first.value(row), self.last.value(row)),
        }
    }
}

/// Finds where the items of a rule's table came from, for those that do not know it yet.
async fn add_places(
    session: &Session,
    service: &str,
    rule: &Rule,
    items: &mut [Behind],
) -> Result<(), MeasureError> {
    let (table, id) = match rule {
        Rule::RepliedWithin(_) => ("messages", "message_id"),
        Rule::OutboundPositive(_) => ("outbound_records", "record_id"),
        Rule::BatchTurnaround(_) => ("outbound_batches", "batch_id"),
        Rule::Availability(_) => ("outages", "outage_id"),
        _ => ("cases", "case_id"),
    };
    for items in items.chunks_mut(1000) {
        let wanted = items.iter().filter(|item| item.import_no == 0);
        let ids: Vec<String> = wanted.map(|item| format!("'{}'", quoted(&item.id))).collect();
        if ids.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT {id} AS id, import_no, row_first, row_last FROM {table} \
             WHERE service = '{}' AND {id} IN ({})",
            quoted(service),
            ids.join(", ")
        );
        let mut found = HashMap::new();
        stream(session, &sql, |batch| {
            let columns = Columns(batch);
            let ids = columns.texts("id")?;
            let import_no = columns.longs("import_no")?;
            let (first, last) = (columns.longs("row_first")?, columns.longs("row_last")?);
            for row in 0..batch.num_rows() {
                let place = (import_no.value(row), (first.value(row), last.value(row)));
                found.insert(text(&ids, row).unwrap_or_default(), place);
            }
            Ok(())
        })
        .await?;
        for item in items.iter_mut().filter(|item| item.import_no == 0) {
            if let Some(place) = found.get(&item.id) {
                (item.import_no, item.rows) = *place;
            }
        }
    }
    Ok(())
}

/// An instant as text; nothing for no value.
fn printed(at: Option<Instant>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// Milliseconds as seconds; nothing for no value.
fn secs(millis: i64) -> String {
    if millis == NONE {
        return String::new();
    }
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
