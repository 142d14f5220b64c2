//! How many calls a second are simulated: `cargo bench -p soglia-sim`. The week is that of
//! [`model::week`].

mod model;

use divan::Bencher;
use divan::counter::ItemsCount;
use model::{QUARTER_US, week};
use soglia_sim::centre::{Centre, Redial};
use soglia_sim::distribution::Distribution;
use soglia_sim::engine::Plan;
use soglia_sim::random::Key;
use soglia_sim::table::{CallTable, Demand};
use soglia_sim::tally::{Limits, Tallies};

fn main() {
    divan::main();
}

fn table(centre: &Centre, demand: &Demand, seed: u64) -> CallTable {
    demand.generate(&centre.types, Key::new(seed))
}

#[divan::bench]
fn generate(bencher: Bencher) {
    let (centre, demand) = week();
    let n = table(&centre, &demand, 1).calls.len();
    bencher.counter(ItemsCount::new(n)).bench(|| table(&centre, &demand, 1));
}

#[divan::bench]
fn replay(bencher: Bencher) {
    let (centre, demand) = week();
    let table = table(&centre, &demand, 1);
    let plan = Plan::new(&centre).expect("a centre");
    bencher.counter(ItemsCount::new(table.calls.len())).bench(|| plan.run(&table));
}

/// Generation, simulation and counting.
#[divan::bench]
fn whole_week(bencher: Bencher) {
    let (centre, demand) = week();
    let n = table(&centre, &demand, 1).calls.len();
    let plan = Plan::new(&centre).expect("a centre");
    bencher.counter(ItemsCount::new(n)).bench(|| {
        let table = table(&centre, &demand, 1);
        let run = plan.run(&table);
        Tallies::of(&table, &run, 3, Limits::of_secs(20), QUARTER_US)
    });
}

/// The same with an event for each abandonment, and callers who try again.
#[divan::bench]
fn whole_week_with_redials(bencher: Bencher) {
    let (mut centre, demand) = week();
    let after = Distribution::Exponential { mean_secs: 600.0 };
    for kind in &mut centre.types {
        kind.redial = Some(Redial { share: 0.6, after: after.clone(), attempts_max: 5 });
    }
    let n = table(&centre, &demand, 1).calls.len();
    let plan = Plan::new(&centre).expect("a centre");
    bencher.counter(ItemsCount::new(n)).bench(|| {
        let table = table(&centre, &demand, 1);
        let run = plan.run(&table);
        Tallies::of(&table, &run, 3, Limits::of_secs(20), QUARTER_US)
    });
}
