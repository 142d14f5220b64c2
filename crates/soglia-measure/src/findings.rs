//! What stands out in the traffic, computed. Read [`findings`] first.
//!
//! Each finding carries the figures behind its sentence, its unit and its period (finding N17).

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::{Grain, Period, weekday_name};
use soglia_domain::text::Lang;

use crate::MeasureError;
use crate::histogram::Histogram;
use crate::measurement::Finding;
use crate::plan::{CallsPass, Scans};
use crate::profile::CaseColumn;
use crate::tally::Tally;

/// A share of a day's traffic in two hours that is worth a sentence: permille.
const CONCENTRATION_PERMILLE: u64 = 250;

/// A growth of a topic that is worth a sentence: permille.
const GROWTH_PERMILLE: u64 = 200;

/// Cases of a topic, in each half of the period, below which its growth says nothing.
const TOPIC_MIN: u64 = 100;

/// Finds what stands out in a period.
pub async fn findings(scans: &mut Scans<'_>) -> Result<Vec<Finding>, MeasureError> {
    let (contract, period) = (scans.contract, scans.period);
    let days = scans.days(&CallsPass::ordinary()).await?;
    let mut found = Vec::new();
    for (index, service) in (0_u16..).zip(&contract.services) {
        let by_day = ByDay::new(&days, index);
        found.extend(concentration(service, &days.hours_of_week(index)));
        found.extend(peak(service, &by_day));
        found.extend(duration_trend(service, contract, period, &by_day));
        found.extend(booking_systems(scans, service).await?);
        found.extend(growing_topics(scans, service).await?);
    }
    Ok(found)
}

/// Calls arrived, and conversations and holds of those answered, by day.
struct ByDay(BTreeMap<Date, (u64, Histogram)>);

impl ByDay {
    fn new(days: &Tally, service: u16) -> Self {
        let mut found: BTreeMap<Date, (u64, Histogram)> = BTreeMap::new();
        for (day, key, class) in days.of_service(service) {
            let Ok(date) = day.parse() else { continue };
            let (arrived, talk) = found.entry(date).or_default();
            *arrived += class.n;
            if key.disposition() == Disposition::Answered {
                talk.merge(&class.talk_hold);
            }
        }
        Self(found)
    }
}

/// Permille of `part` in `whole`, rounded as the report's tables round.
fn permille(part: u64, whole: u64) -> u64 {
    nearest(part * 1000, whole)
}

/// The whole number nearest to a quotient; nothing goes into zero.
fn nearest(part: u64, whole: u64) -> u64 {
    (2 * part + whole).checked_div(2 * whole).unwrap_or(0)
}

/// Milliseconds as whole seconds, the nearest.
fn secs(millis: i64) -> i64 {
    (millis + 500).div_euclid(1000)
}

/// `274` permille as `27,4` or `27.4`.
fn percent(permille: u64, comma: char) -> String {
    format!("{}{comma}{}", permille / 10, permille % 10)
}

fn finding(code: &str, service: &Service, it: String, en: String) -> Finding {
    Finding {
        code: code.to_owned(),
        service: service.code.clone(),
        text: BTreeMap::from([("it", it), ("en", en)]),
        figures: BTreeMap::new(),
    }
}

/// I1: the two hours and the weekday in which most calls arrive.
fn concentration(service: &Service, by_hour: &[[u64; 24]; 7]) -> Option<Finding> {
    let weekdays = by_hour.map(|hours| hours.iter().sum::<u64>());
    let mut hours = [0_u64; 24];
    for day in by_hour {
        for (all, n) in hours.iter_mut().zip(day) {
            *all += n;
        }
    }
    let all: u64 = hours.iter().sum();
    let pairs = hours.windows(2).map(|pair| pair.iter().sum::<u64>());
    let (from, most) = pairs.enumerate().max_by_key(|(at, n)| (*n, usize::MAX - at))?;
    let (day, busiest) =
        weekdays.iter().enumerate().max_by_key(|(at, n)| (**n, usize::MAX - at))?;
    let share = permille(most, all);
    if share < CONCENTRATION_PERMILLE {
        return None;
    }
    let day_share = permille(*busiest, all);
    let (it, en) = (weekday_name(Lang::It, day), weekday_name(Lang::En, day));
    let mut made = finding(
        "I1",
        service,
        format!(
            "Il {} % delle chiamate arriva tra le {from}:00 e le {}:00; il giorno più carico è \
             {it}, con il {} % delle chiamate della settimana.",
            percent(share, ','),
            from + 2,
            percent(day_share, ','),
        ),
        format!(
            "{} % of calls arrive between {from}:00 and {}:00; the busiest day is {en}, with {} % \
             of the week's calls.",
            percent(share, '.'),
            from + 2,
            percent(day_share, '.'),
        ),
    );
    made.figures = BTreeMap::from([
        ("calls".to_owned(), all.to_string()),
        ("calls_in_band".to_owned(), most.to_string()),
        ("band_from_hour".to_owned(), from.to_string()),
        ("busiest_weekday".to_owned(), (day + 1).to_string()),
        ("calls_on_weekday".to_owned(), busiest.to_string()),
    ]);
    Some(made)
}

/// I2: the busiest day, with its unit and date.
fn peak(service: &Service, by_day: &ByDay) -> Option<Finding> {
    let (date, (most, _)) = by_day.0.iter().max_by_key(|(_, (arrived, _))| *arrived)?;
    let active: Vec<u64> = by_day.0.values().map(|(n, _)| *n).filter(|n| 0 < *n).collect();
    let mean = nearest(active.iter().sum(), active.len() as u64);
    let printed = date.strftime("%d/%m/%Y");
    let mut made = finding(
        "I2",
        service,
        format!(
            "Il giorno con più chiamate è il {printed}: {most} chiamate arrivate in un giorno, \
             contro una media di {mean} nei giorni con traffico."
        ),
        format!(
            "The busiest day is {printed}: {most} calls arrived in one day, against a mean of \
             {mean} on days with traffic."
        ),
    );
    made.figures = BTreeMap::from([
        ("day".to_owned(), date.to_string()),
        ("calls_per_day_max".to_owned(), most.to_string()),
        ("calls_per_day_mean".to_owned(), mean.to_string()),
    ]);
    Some(made)
}

/// I4: the mean conversation, first month against last.
fn duration_trend(
    service: &Service,
    contract: &Contract,
    period: &Period,
    by_day: &ByDay,
) -> Option<Finding> {
    let months = period.split(Grain::Month, &contract.zone);
    let mean_of = |month: &Period| {
        let mut all = Histogram::default();
        for (_, talk) in by_day.0.range(month.first_date()..month.until_date()).map(|day| day.1) {
            all.merge(talk);
        }
        all.mean()
    };
    let means: Vec<(&Period, i64)> =
        months.iter().filter_map(|month| Some((month, mean_of(month)?))).collect();
    let ((first, before), (last, after)) = (means.first()?, means.last()?);
    if means.len() < 2 {
        return None;
    }
    let (b, a) = (secs(*before), secs(*after));
    let (it, en) = match a.cmp(&b) {
        std::cmp::Ordering::Greater => ("è aumentata", "rose"),
        std::cmp::Ordering::Less => ("è diminuita", "fell"),
        std::cmp::Ordering::Equal => ("è rimasta stabile", "did not change"),
    };
    let (start, end) = (first.label(), last.label());
    let mut made = finding(
        "I4",
        service,
        format!("La durata media della conversazione {it} da {b} s ({start}) a {a} s ({end})."),
        format!("The mean conversation {en} from {b} s ({start}) to {a} s ({end})."),
    );
    made.figures = means
        .iter()
        .map(|(month, mean)| (format!("mean_talk_s_{}", month.label()), secs(*mean).to_string()))
        .collect();
    Some(made)
}

/// I3: the conversation by booking system used.
async fn booking_systems(
    scans: &mut Scans<'_>,
    service: &Service,
) -> Result<Option<Finding>, MeasureError> {
    let by = scans.cases_by(&service.code, CaseColumn::BookingSystem).await?;
    let named: Vec<(&String, u64, i64)> = by
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .filter_map(|(name, (n, talk))| Some((name, *n, secs(talk.mean()?))))
        .collect();
    if named.len() < 2 {
        return Ok(None);
    }
    let list = |unit: &str| {
        let parts: Vec<String> =
            named.iter().map(|(name, n, secs)| format!("{name} {secs} s ({n} {unit})")).collect();
        parts.join(", ")
    };
    let mut made = finding(
        "I3",
        service,
        format!("Durata media della conversazione per sistema di prenotazione: {}.", list("casi")),
        format!("Mean conversation by booking system: {}.", list("cases")),
    );
    made.figures = named
        .iter()
        .map(|(name, _, secs)| (format!("mean_talk_s_{name}"), secs.to_string()))
        .collect();
    Ok(Some(made))
}

/// I6: topics that grew between the first and the second half of the period.
async fn growing_topics(
    scans: &mut Scans<'_>,
    service: &Service,
) -> Result<Vec<Finding>, MeasureError> {
    let topics = scans.topics(&service.code).await?;
    let Some(topics) = topics.as_ref() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (topic, n) in &topics.after {
        let was = topics.before.get(topic).copied().unwrap_or(0);
        let grown = permille(n.saturating_sub(was), was.max(1));
        if topic.is_empty() || *n < TOPIC_MIN || grown < GROWTH_PERMILLE {
            continue;
        }
        let name = service.topics.iter().find(|(code, _)| code == topic).map(|(_, name)| name);
        let it = name.map_or(topic.as_str(), |name| name.get(Lang::It));
        let en = name.map_or(topic.as_str(), |name| name.get(Lang::En));
        let since = topics.middle.strftime("%d/%m/%Y");
        let mut made = finding(
            "I6",
            service,
            if was < TOPIC_MIN {
                format!("Dal {since} si aggiunge l'argomento «{it}»: {n} casi (prima: {was}).")
            } else {
                format!(
                    "Dal {since} i casi con argomento «{it}» aumentano del {} % (da {was} a {n}).",
                    percent(grown, ',')
                )
            },
            if was < TOPIC_MIN {
                format!("From {since} the topic “{en}” appears: {n} cases (before: {was}).")
            } else {
                format!(
                    "From {since} cases on “{en}” grow by {} % (from {was} to {n}).",
                    percent(grown, '.')
                )
            },
        );
        made.figures = BTreeMap::from([
            ("topic".to_owned(), topic.clone()),
            ("cases_before".to_owned(), was.to_string()),
            ("cases_after".to_owned(), n.to_string()),
        ]);
        found.push(made);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_round_as_tables_do() {
        assert_eq!((permille(26_388, 100_000), permille(26_340, 100_000)), (264, 263));
        assert_eq!((permille(1, 0), nearest(0, 0)), (0, 0));
        assert_eq!((nearest(1697, 2), nearest(7, 3)), (849, 2));
        assert_eq!((secs(227_499), secs(227_500)), (227, 228));
    }
}
