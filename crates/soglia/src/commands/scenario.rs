//! `soglia scenario`. Read [`run`] first.

use std::io::Write;
use std::path::Path;

use soglia_app::whatif::ScenarioFile;
use soglia_domain::contract::Contract;
use soglia_domain::text::nearest;
use soglia_sim::scenario::{Calls, Change, Scenario, file};

use crate::cli::ScenarioCommand;
use crate::config::Settings;
use crate::error::{CONFIGURATION, DONE, Done, Failure};

/// Checks or describes scenario files.
pub fn run(settings: &Settings, command: ScenarioCommand) -> Done {
    let mut out = std::io::stdout().lock();
    let files = match command {
        ScenarioCommand::Schema => {
            let schema = serde_json::to_string_pretty(&file::schema());
            writeln!(out, "{}", schema.map_err(Failure::internal)?)?;
            return Ok(DONE);
        }
        ScenarioCommand::Check { files } => files,
    };
    let contract = settings.contract().ok();
    let mut code = DONE;
    for path in &files {
        let scenario = read(path)?;
        let remarks = contract.as_ref().map(|c| remarks(&scenario, c)).unwrap_or_default();
        for remark in &remarks {
            note!("{}: {remark}", path.display());
            code = CONFIGURATION;
        }
        writeln!(
            out,
            "{}: {} ({}), {} changes, {} variants, {} problems",
            path.display(),
            scenario.code,
            scenario.name.get(settings.lang),
            scenario.changes.len(),
            scenario.n_variants(),
            remarks.len()
        )?;
    }
    Ok(code)
}

/// Reads and checks a scenario file.
pub fn read(path: &Path) -> Result<Scenario, Failure> {
    Ok(read_file(path)?.scenario)
}

/// The same with the file's name and text.
pub fn read_file(path: &Path) -> Result<ScenarioFile, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let error = anyhow::Error::from(cause).context(format!("failed to read `{name}`"));
        Failure::configuration(error).hint("check the path and that the file is UTF-8")
    })?;
    let scenario = file::parse(&text, &name).map_err(|problems| {
        Failure::configuration(anyhow::anyhow!("{problems}")).hint(
            "`soglia scenario schema` describes the file; examples/reference/scenarios has some",
        )
    })?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(ScenarioFile { name: name.unwrap_or_default(), text, scenario })
}

/// Names that the contract does not have.
fn remarks(scenario: &Scenario, contract: &Contract) -> Vec<String> {
    let services: Vec<&str> = contract.services.iter().map(|s| s.code.as_str()).collect();
    let mut remarks = Vec::new();
    if let Some(code) = &scenario.service {
        compare("service", code, &services, &mut remarks);
    }
    let of_service = || {
        let chosen = scenario.service.as_ref();
        contract.services.iter().filter(move |s| chosen.is_none_or(|code| s.code == *code))
    };
    let mut queues: Vec<&str> =
        of_service().flat_map(|s| s.queues.iter().map(|q| q.queue.as_str())).collect();
    let topics: Vec<&str> =
        of_service().flat_map(|s| s.topics.iter().map(|(code, _)| code.as_str())).collect();
    for change in &scenario.changes {
        let of = match change {
            Change::Demand { of, .. }
            | Change::Handling { of, .. }
            | Change::Contain { of, .. }
            | Change::CallBack { of, .. } => Some(of),
            Change::Queue(queue) => queue.takes.as_ref(),
            _ => None,
        };
        if let Some(Calls { queue, topic, .. }) = of {
            if let Some(queue) = queue {
                compare("queue", queue, &queues, &mut remarks);
            }
            if let Some(topic) = topic {
                compare("topic", topic, &topics, &mut remarks);
            }
        }
        match change {
            // A queue that takes calls may be new, and is there from then on.
            Change::Queue(queue) if queue.takes.is_some() => queues.push(&queue.name),
            Change::Queue(queue) => compare("queue", &queue.name, &queues, &mut remarks),
            Change::CrossTrain { learn, .. } => {
                for (queue, _) in learn {
                    compare("queue", queue, &queues, &mut remarks);
                }
            }
            _ => {}
        }
    }
    remarks
}

fn compare(what: &str, name: &str, known: &[&str], remarks: &mut Vec<String>) {
    if known.contains(&name) {
        return;
    }
    let near = nearest(name, known.iter().copied());
    let hint = near.map_or_else(
        || format!("the contract has: {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    remarks.push(format!("the contract has no {what} `{name}`\nhint: {hint}"));
}
