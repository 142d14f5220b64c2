//! Counts that are kept say what counting again says. Read [`kept_counts_change_no_figure`] first.

use std::fs;
use std::path::PathBuf;

use soglia_domain::contract::{self, Contract};
use soglia_domain::period::Period;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;
use soglia_measure::kept::Kept;
use soglia_measure::measure::{Options, measure, measure_with};
use soglia_measure::plan::{CallsPass, Scans};

use crate::import::large;
use crate::joined::{CDR, LOG};
use crate::nasty::{VARIATIONS, nasty};
use crate::support::{Place, temp, write};

/// Around the end of summer time, too.
const PERIODS: [&str; 2] = ["2023-W43", "2023-08-03..2023-12-20"];

/// A ledger, ready to be measured with and without kept counts.
struct Looking {
    ledger: Ledger,
    session: Session,
}

impl Looking {
    async fn at(place: &Place) -> Self {
        let ledger = Ledger::open(&place.ledger).expect("there is a ledger");
        let session = Session::open(&ledger, None).await.expect("it has tables");
        session.ctx.register_udaf(soglia_measure::udaf::udaf());
        Self { ledger, session }
    }

    async fn check(&self, contract: &Contract, what: &str) {
        self.check_in(&PERIODS, contract, what).await;
    }

    async fn check_in(&self, periods: &[&str], contract: &Contract, what: &str) {
        for name in periods {
            let period = Period::parse(name, &contract.zone).expect("a period");
            let options = Options { sensitivity: false, ..Options::default() };
            let fresh = measure(&self.session, contract, &period, options).await;
            let scans = Scans::new(&self.session, contract, &period);
            let mut scans = scans.keeping(Kept::beside(&self.ledger));
            let kept = measure_with(&mut scans, options).await;
            let (fresh, kept) = (fresh.expect("it is measured"), kept.expect("it is measured"));
            assert_eq!(kept.to_json(), fresh.to_json(), "{what}: {name}");
        }
    }

    fn kept_files(&self) -> Vec<PathBuf> {
        let Ok(found) = fs::read_dir(self.ledger.dir().join("tallies")) else { return Vec::new() };
        found.map(|entry| entry.expect("it is readable").path()).collect()
    }
}

fn parsed(text: &str) -> Contract {
    contract::parse(text, "contract.toml").expect("the contract is right")
}

#[test]
fn kept_counts_change_no_figure() {
    let dir = temp();
    let place = nasty(dir.path(), 11);
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let looking = Looking::at(&place).await;
        assert!(!looking.kept_files().is_empty(), "whole files can be counted");
        // Each contract finds the counts of the one before it, which are not its own.
        for variation in &VARIATIONS {
            let contract = parsed(&variation.text());
            looking.check(&contract, variation.what).await;
            looking.check(&contract, &format!("{} again", variation.what)).await;
        }
    });
}

#[test]
fn kept_counts_are_used_and_damaged_ones_are_not() {
    let dir = temp();
    let place = Place::new(dir.path());
    place.import(&[&large(4_000).write(dir.path(), "large")]).ok();
    let contract = parsed(&fs::read_to_string(&place.contract).expect("it is there"));
    let period = Period::parse("2023", &contract.zone).expect("a year");
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let looking = Looking::at(&place).await;
        let files = looking.kept_files();
        assert!(!files.is_empty(), "the import counted what came");
        let kept = Kept::beside(&looking.ledger);
        let days = || {
            let pass = CallsPass::ordinary();
            let (kept, session) = (kept.clone(), &looking.session);
            let (contract, period) = (&contract, &period);
            async move { kept.days(session, (contract, period), &pass).await }
        };
        let counted = days().await.expect("it is counted").expect("by whole files");
        assert!(!counted.cells.is_empty(), "calls were counted");

        // What was counted is read even where the rows cannot be.
        let tables = looking.session.files_of(Table::Calls).to_vec();
        let away = |path: &PathBuf| path.with_extension("away");
        for path in &tables {
            fs::rename(path, away(path)).expect("it moves");
        }
        assert_eq!(days().await.expect("it is read").expect("by whole files"), counted);

        // Damaged counts are not believed: the rows are looked for.
        for file in &files {
            let mut bytes = fs::read(file).expect("it is readable");
            if let Some(byte) = bytes.last_mut() {
                *byte ^= 1;
            }
            fs::write(file, bytes).expect("it is writable");
        }
        assert!(days().await.is_err(), "the rows are away");
        for path in &tables {
            fs::rename(away(path), path).expect("it moves");
        }
        assert_eq!(days().await.expect("it is counted").expect("by whole files"), counted);

        // Nor are those that a contract of another zone would misread.
        let text = fs::read_to_string(&place.contract).expect("it is there");
        let abroad = parsed(&text.replace("Europe/Rome", "Asia/Tokyo"));
        let year = Period::parse("2023", &abroad.zone).expect("a year");
        let pass = CallsPass::ordinary();
        let read = kept.days(&looking.session, (&abroad, &year), &pass).await;
        assert!(read.expect("it is read").is_none(), "its days are not the ledger's");
        looking.check(&abroad, "abroad").await;
    });
}

#[test]
fn calls_that_a_newer_revision_replaced_are_counted_once_for_all_files() {
    let dir = temp();
    let place = Place::new(dir.path());
    place.import(&[&write(dir.path(), "queue_log", LOG)]).ok();
    let cdr = write(dir.path(), "Master.csv", CDR);
    let cdr = cdr.to_str().expect("paths are UTF-8");
    let joined = ["import", "--format", "asterisk-cdr", "--service", "cup", "--zone", "UTC", cdr];
    place.soglia(&joined).ok();
    let contract = parsed(&fs::read_to_string(&place.contract).expect("it is there"));
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let looking = Looking::at(&place).await;
        assert!(looking.session.revised.contains(&Table::Calls), "the CDR replaced a call");
        let periods = ["2023-07", "2023-07-03", "2023-07-04"];
        looking.check_in(&periods, &contract, "revised").await;
        looking.check_in(&periods, &contract, "revised, again").await;

        // The rows are read once: afterwards the counts do.
        let period = Period::parse("2023-07-03", &contract.zone).expect("a day");
        let kept = Kept::beside(&looking.ledger);
        for path in looking.session.files_of(Table::Calls) {
            fs::rename(path, path.with_extension("away")).expect("it moves");
        }
        let days = kept.days(&looking.session, (&contract, &period), &CallsPass::ordinary()).await;
        let days = days.expect("it is read").expect("of all files together");
        let calls: u64 = days.cells.values().map(|class| class.n).sum();
        assert_eq!(calls, 2, "the older revision does not count");
    });
}
