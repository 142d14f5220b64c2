//! The `soglia` command: arguments, configuration, the real clock, exit codes. Read [`cli`] first.
//!
//! The only place that wires the crates together and that knows what time it is.

// These panic when a reader goes away.
#![deny(clippy::print_stdout, clippy::print_stderr)]

/// Tells whoever watches; nobody need be there.
macro_rules! note {
    ($($told:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($told)*);
    }};
}

mod cli;
mod commands;
mod config;
mod demo;
mod error;
mod output;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match cli::Cli::try_parse() {
        Ok(args) => args,
        Err(problem) => {
            // Help and version are answers, not errors.
            let code = if problem.use_stderr() { error::USAGE } else { error::DONE };
            let _ = problem.print();
            return ExitCode::from(code);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return error::Failure::internal(cause).report(),
    };
    match runtime.block_on(commands::run(args)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(),
    }
}
