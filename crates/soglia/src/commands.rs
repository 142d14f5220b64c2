//! The commands, one file each. Read [`run`] first.

mod audit;
mod backup;
mod call;
mod contract;
mod demo;
mod erase;
mod erlang;
mod explain;
mod figures;
mod forecast;
mod import;
mod ledger;
mod measure;
mod penalty;
mod projection;
mod register;
mod replay;
mod report;
mod review;
mod roster;
mod scenario;
mod seal;
mod serve;
mod staffing;
mod user;
mod whatif;

use std::io::Write;

use clap::CommandFactory;
use jiff::tz::TimeZone;
use soglia_app::measured::session;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;

use crate::cli::{Cli, Command};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};

/// Runs what was asked for.
pub async fn run(args: Cli) -> Done {
    let settings = Settings::new(&args.global)?;
    match args.command {
        Command::Import(args) => import::run(&settings, args).await,
        Command::Measure(args) => measure::run(&settings, args).await,
        Command::Explain(args) => explain::run(&settings, args).await,
        Command::Call(args) => call::run(&settings, args).await,
        Command::Seal(args) => seal::seal(&settings, args).await,
        Command::Verify(args) => seal::verify(&settings, args).await,
        Command::Report(args) => report::run(&settings, args).await,
        Command::Erlang(args) => erlang::run(&settings, &args),
        Command::Forecast(args) => forecast::run(&settings, args).await,
        Command::Projection(args) => projection::run(&settings, args).await,
        Command::Staffing(args) => staffing::run(&settings, args).await,
        Command::Ledger(command) => ledger::run(&settings, command).await,
        Command::Contract(command) => contract::run(&settings, command),
        Command::Register(command) => register::run(&settings, command).await,
        Command::Review(command) => Box::pin(review::run(&settings, command)).await,
        Command::Penalty(command) => Box::pin(penalty::run(&settings, command)).await,
        Command::Audit(command) => audit::run(&settings, command).await,
        Command::Backup { folder } => backup::backup(&settings, &folder).await,
        Command::Restore(args) => backup::restore(&settings, args).await,
        Command::User(command) => user::run(&settings, command).await,
        Command::Erase(command) => erase::run(&settings, command).await,
        Command::Serve(args) => Box::pin(serve::run(&settings, args)).await,
        Command::WhatIf(args) => Box::pin(whatif::run(&settings, args)).await,
        Command::Replay(args) => Box::pin(replay::run(&settings, args)).await,
        Command::Scenario(command) => scenario::run(&settings, command),
        Command::Demo(args) => demo::run(&settings, args).await,
        Command::Completions { shell } => {
            // The generator panics where it cannot write.
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "soglia", &mut text);
            std::io::stdout().write_all(&text)?;
            Ok(DONE)
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?;
            Ok(DONE)
        }
    }
}

/// The time, read here and nowhere else.
fn now() -> Instant {
    Instant::from_timestamp(jiff::Timestamp::now())
}

/// A period as written by the user.
fn period(text: &str, contract: &Contract) -> Result<Period, Failure> {
    period_in(text, &contract.zone)
}

fn period_in(text: &str, zone: &TimeZone) -> Result<Period, Failure> {
    Period::parse(text, zone).map_err(|problem| {
        let hint = problem.hint();
        Failure::usage(problem).hint(hint)
    })
}

/// What most commands need: the contract, and the ledger at its newest import.
async fn opened(settings: &Settings) -> Result<(Contract, Ledger, Session), Failure> {
    let contract = settings.contract()?;
    let ledger = Ledger::open(settings.ledger()?)?;
    let session = session(&ledger, None).await?;
    Ok((contract, ledger, session))
}
