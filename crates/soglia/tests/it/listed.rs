//! What is listed is what was counted. Read [`every_list_has_the_length_of_its_figure`] first.

use soglia_domain::contract::{self, Contract};
use soglia_domain::period::Period;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::explain::{self, Page, Wanted};
use soglia_measure::kept::Kept;
use soglia_measure::measure::{Options, measure};
use soglia_measure::measurement::Measurement;

use crate::nasty::{VARIATIONS, nasty};
use crate::support::{Place, temp, write};

/// Looks into a ledger without starting the program once for each list.
struct Looking {
    session: Session,
    contract: Contract,
    period: Period,
    kept: Kept,
}

impl Looking {
    async fn list(&self, m: &Measurement, wanted: &str) -> Page {
        self.list_from(m, wanted, (0, usize::MAX)).await
    }

    async fn list_from(&self, m: &Measurement, wanted: &str, places: (u64, usize)) -> Page {
        let what = Wanted::from_name(wanted).expect("a kind of list");
        let figure = (m.service.as_str(), m.indicator.as_str());
        let Self { session, contract, period, kept } = self;
        explain::behind(session, contract, figure, period, &what, places, kept)
            .await
            .expect("it can be listed")
    }

    /// Pages are stretches of the whole list, whichever days of it were read.
    async fn check_pages(&self, m: &Measurement, wanted: &str, whole: &Page, at: &str) {
        let len = whole.items.len();
        for (skip, limit) in [(0, 3), (len / 2, 7), (len.saturating_sub(2), 5), (len, 5)] {
            let page = self.list_from(m, wanted, (skip as u64, limit)).await;
            let expected = whole.items.get(skip..len.min(skip + limit)).unwrap_or_default();
            assert_eq!(page.items, expected, "{at}: {limit} after {skip}");
            assert_eq!((page.total, page.counted), (whole.total, whole.counted), "{at}");
        }
    }

    /// Rows that count, of the queries shown for K5: they are not those that counted.
    async fn rows_explained(&self, m: &Measurement) -> u64 {
        let queries = explain::sql(&self.contract, &m.service, &m.indicator, &self.period);
        let mut n = 0;
        for (_, sql) in queries.expect("it has queries") {
            let counts = format!("SELECT 1 FROM ({sql}) AS shown WHERE left_out IS NULL");
            let batches = self.session.rows(&counts).await.expect("they can be run");
            n += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        }
        n
    }

    /// Holds every list of a figure against its integers.
    async fn check(&self, m: &Measurement, what: &str) {
        let at = format!("{what}: {} {} {}", m.service, m.indicator, self.period.label());
        let (num, den) = (m.numerator.unwrap_or(0), m.denominator.unwrap_or(0));
        let (met, missed) = if m.indicator == "K3" { (den - num, num) } else { (num, den - num) };
        // Time that is up is not made of items.
        let met = if m.counts_unit == "ms" { 0 } else { met };
        let left_out: u64 = m.excluded.values().sum();
        for (wanted, expected) in [
            ("met", met),
            ("missed", missed),
            ("excluded", left_out),
            ("all", met + missed + left_out),
        ] {
            let page = self.list(m, wanted).await;
            assert_eq!(page.counted, expected, "{at} {wanted}");
            check_page(&page, m, &format!("{at} {wanted}"));
            if ["K1", "K3"].contains(&m.indicator.as_str()) {
                self.check_pages(m, wanted, &page, &format!("{at} {wanted}")).await;
            }
        }
        let (late, lost) = (self.list(m, "late").await, self.list(m, "lost").await);
        assert_eq!(late.counted + lost.counted, missed, "{at} late and lost");
        if m.indicator == "K3" {
            assert_eq!(lost.counted, num, "{at}: what is lost is never late");
        }
        if m.indicator == "K5" {
            assert_eq!(self.rows_explained(m).await, den, "{at}: the query shown");
        }
        for (reason, n) in &m.excluded {
            let page = self.list(m, &format!("excluded:{reason}")).await;
            assert_eq!(page.counted, *n, "{at} excluded:{reason}");
        }
    }
}

/// Each item is there, knows where it came from, and counts once unless it counts by attempts or
/// by time.
fn check_page(page: &Page, m: &Measurement, at: &str) {
    assert_eq!(page.items.len() as u64, page.total, "{at}");
    if !["ms", "attempt", "contact"].contains(&m.counts_unit) {
        assert_eq!(page.total, page.counted, "{at}");
    }
    for item in &page.items {
        assert!(0 < item.import_no && 0 < item.rows.0, "{at}: {item:?} came from nowhere");
    }
    assert!(page.items.is_sorted_by_key(|item| item.at), "{at}: oldest first");
}

#[test]
fn every_list_has_the_length_of_its_figure() {
    let dir = temp();
    let place = nasty(dir.path(), 7);
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        for variation in &VARIATIONS {
            let looking = looking(&place, &variation.text()).await;
            let options = Options { sensitivity: false, ..Options::default() };
            let report = measure(&looking.session, &looking.contract, &looking.period, options);
            for m in &report.await.expect("it can be measured").measurements {
                looking.check(m, variation.what).await;
            }
        }
    });
}

async fn looking(place: &Place, text: &str) -> Looking {
    let contract = contract::parse(text, "contract.toml").expect("the contract is right");
    let period = Period::parse("2023-H2", &contract.zone).expect("a half-year");
    let ledger = Ledger::open(&place.ledger).expect("there is a ledger");
    let session = Session::open(&ledger, None).await.expect("it has tables");
    session.ctx.register_udaf(soglia_measure::udaf::udaf());
    let kept = Kept::beside(&ledger);
    Looking { session, contract, period, kept }
}

#[test]
fn legs_are_listed_with_their_rows() {
    let dir = temp();
    let mut place = nasty(dir.path(), 7);
    let each = VARIATIONS.iter().find(|one| one.what.starts_with("each leg")).expect("it is there");
    place.contract = write(dir.path(), "contract.toml", each.text());
    let arguments = ["explain", "K1", "--service", "cup", "--period", "2023-H2", "--calls", "all"];
    let ran = place.soglia(&[&arguments[..], &["--csv", "--limit", "100000"]].concat()).ok();
    let mut lines = ran.out.lines();
    let header = lines.next().expect("a header");
    assert_eq!(header, "id,at,counted_as,disposition,queue,wait_s,leg,file,rows");
    let legs: Vec<&str> = lines.filter(|line| line.contains(",queue_log,")).collect();
    let second: Vec<&&str> = legs.iter().filter(|line| line.contains(",2,queue_log,")).collect();
    assert!(!second.is_empty(), "some calls met a second queue");
    for leg in second {
        let id = leg.split(',').next().expect("an id");
        let own = |one: &&&str| one.starts_with(&format!("{id},")) && one.contains(",1,queue_log,");
        let first = legs.iter().find(own).unwrap_or_else(|| panic!("{leg}: no first leg"));
        let rows = |line: &str| line.rsplit(',').next().map(str::to_owned);
        assert_ne!(rows(first), rows(leg), "{leg}: rows of its own");
    }
}

#[test]
fn several_versions_are_all_explained() {
    let dir = temp();
    let mut place = nasty(dir.path(), 7);
    let two = VARIATIONS.iter().find(|one| one.what == "two versions").expect("it is there");
    place.contract = write(dir.path(), "contract.toml", two.text());
    let arguments = ["explain", "K1", "--service", "cup", "--period", "2023-H2", "--lang", "en"];
    let ran = place.soglia(&arguments).ok();
    for wanted in ["version 1, from 2022-05-05", "version 2, from 2023-10-02", "rule version 1+2"] {
        assert!(ran.out.contains(wanted), "{wanted}: {}", ran.out);
    }
    assert!(ran.out.contains("SQL (rule version 1)") && ran.out.contains("SQL (rule version 2)"));
    let listed = [&arguments[..], &["--calls", "late", "--csv", "--limit", "100000"]].concat();
    let ran = place.soglia(&listed).ok();
    assert!(ran.out.starts_with("id,at,counted_as,disposition,queue,wait_s,"), "{}", ran.out);
    let versions: std::collections::BTreeSet<&str> =
        ran.out.lines().skip(1).filter_map(|line| line.rsplit(',').nth(2)).collect();
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["1", "2"]);
}
