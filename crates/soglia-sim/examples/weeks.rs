//! Simulates weeks of the benchmark and says what came out, for `benches/simulation.py`.
//!
//! `weeks N` generates each week, lets it run and counts it; `weeks N replay` generates them first
//! and says how the time divides: the second line of output is what a scenario costs on tables that
//! are there already, as when a slider moves.

#[path = "../benches/model/mod.rs"]
mod model;

use model::{QUARTER_US, week};
use soglia_sim::engine::Plan;
use soglia_sim::random::Key;
use soglia_sim::table::CallTable;
use soglia_sim::tally::{Limits, Tallies};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let n: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let replay = arguments.next().is_some_and(|mode| mode == "replay");
    let (centre, demand) = week();
    let plan = Plan::new(&centre).expect("the model fits together");
    let one = |table: &CallTable| {
        Tallies::of(table, &plan.run(table), 3, Limits::of_secs(20), QUARTER_US)
    };
    let table = |seed: u64| demand.generate(&centre.types, Key::new(seed));
    let mut total = soglia_sim::tally::Tally::default();
    if replay {
        let tables: Vec<CallTable> = (0..n).map(table).collect();
        println!("generated");
        for table in &tables {
            total.merge(&one(table).total());
        }
    } else {
        for seed in 0..n {
            total.merge(&one(&table(seed)).total());
        }
    }
    println!(
        "{{\"offered\": {}, \"within\": {}, \"abandoned\": {}}}",
        total.offered, total.within, total.abandoned
    );
}
