//! The counts of all files together, by half-year. Read [`Counting::make_together`] first.

use arrow::array::Array;
use soglia_domain::period::{Grain, Period};
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_ledger::tables::Table;

use super::{Counted, Counting, Days};
use crate::MeasureError;
use crate::plan::{CallsPass, Clocks, Look, Part};
use crate::rows::{Columns, stream};

/// Longer periods are counted from the rows.
const HALVES: usize = 40;

impl CallsPass {
    /// The files that decide what its calls are, where no file stands alone: legs are made of two
    /// tables, and what a newer revision replaced is said in another file. None where each file of
    /// calls says itself what it has.
    pub(super) fn mixes(&self, session: &Session) -> Option<Vec<Table>> {
        if self.each_leg {
            Some(vec![Table::Calls, Table::QueueEntries, Table::Superseded])
        } else if session.revised.contains(&Table::Calls) {
            Some(vec![Table::Calls, Table::Superseded])
        } else {
            None
        }
    }

    /// The name of the counts of a half-year.
    pub(super) fn kept_half(&self, half: &Period) -> String {
        let what = if self.each_leg { "legs" } else { "calls" };
        self.kept_name(&format!("{what}-{}", half.label()))
    }
}

/// The half-years that a period touches; none if there are too many.
pub(super) fn halves(period: &Period, counting: &Counting<'_>) -> Option<Vec<Period>> {
    let zone = &counting.contract.zone;
    let half = |date| Period::containing(Grain::HalfYear, date, zone);
    let all = std::iter::successors(half(period.first_date()), |last| half(last.until_date()));
    let all = all.take_while(|half| half.first_date() < period.until_date());
    let halves: Vec<Period> = all.take(HALVES + 1).collect();
    (halves.len() <= HALVES).then_some(halves)
}

impl Counting<'_> {
    /// Counts the calls of a half-year.
    ///
    /// Nothing is counted if a call's local hour is not that of its arrival: that is kept too, so
    /// that the next who measures need not look.
    pub(super) async fn make_together(
        &self,
        session: &Session,
        half: &Period,
    ) -> Result<Counted, MeasureError> {
        let days = Days::of(half, self.contract);
        let sql = format!(
            "SELECT CAST(local_hour AS BIGINT) / 24 AS day, min(arrived) AS least, \
             max(arrived) AS most, count(*) AS n FROM {} WHERE {} GROUP BY 1",
            self.pass.source(),
            self.pass.filter(half)
        );
        let (mut rows, mut agree) = (0, true);
        stream(session, &sql, |batch| {
            let columns = Columns(batch);
            let (day, n) = (columns.longs("day")?, columns.longs("n")?);
            let (least, most) = (columns.instants("least")?, columns.instants("most")?);
            for row in 0..batch.num_rows() {
                rows += u64::try_from(n.value(row)).unwrap_or(0);
                let ends = [least.at(row), most.at(row)];
                let has = |at: &Option<Instant>| {
                    at.is_some_and(|at| days.has(day.value(row), at.as_millis()))
                };
                agree &= day.is_valid(row) && ends.iter().all(has);
            }
            Ok(())
        })
        .await?;
        let (first, until) = (half.first_date(), half.until_date());
        let digest = self.digest(&self.spec(half, Part::All));
        let look = (Look::Days, Clocks::All);
        let tally = if agree {
            Some(self.pass.run(session, self.contract, half, look).await?)
        } else {
            None
        };
        Ok(Counted { first, until, digest, rows, tally })
    }
}
