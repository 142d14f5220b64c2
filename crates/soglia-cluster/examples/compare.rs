//! Runs one pass over a ledger embedded and on a cluster, compares the integers, prints the times.
//!
//! ```sh
//! soglia-scheduler & soglia-executor --port 50051 & soglia-executor --port 50061 &
//! cargo run --example compare -- LEDGER CONTRACT PERIOD df://127.0.0.1:50050
//! ```

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use soglia_domain::contract;
use soglia_domain::period::Period;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::plan::{CallsPass, Clocks, Look};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ledger, file, period, scheduler] = arguments.as_slice() else {
        anyhow::bail!("expected LEDGER CONTRACT PERIOD SCHEDULER");
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read `{file}`"))?;
    let contract = contract::parse(&text, file)?;
    let period = Period::parse(period, &contract.zone)?;
    let embedded = Session::open(&Ledger::open(Path::new(ledger))?, None).await?;
    embedded.ctx.register_udaf(soglia_measure::udaf::udaf());
    let ctx = soglia_cluster::client(scheduler).await?;
    let distributed = embedded.on(ctx).await?;
    for look in [Look::Total, Look::Days, Look::HourOfWeek].map(|look| (look, Clocks::All)) {
        let pass = CallsPass::ordinary();
        let started = Instant::now();
        let here = pass.run(&embedded, &contract, &period, look).await?;
        let alone = started.elapsed();
        let started = Instant::now();
        let there = pass.run(&distributed, &contract, &period, look).await?;
        let together = started.elapsed();
        ensure!(here == there, "the cluster counts something else by {look:?}");
        let calls: u64 = here.cells.values().map(|class| class.n).sum();
        println!("{look:?}: {calls} calls, embedded {alone:.2?}, cluster {together:.2?}");
    }
    Ok(())
}
