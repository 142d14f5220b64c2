//! `soglia scenario`. Read [`run`] first.

use std::io::Write;
use std::path::Path;

use soglia_app::whatif::ScenarioFile;
use soglia_domain::contract::Contract;
use soglia_domain::text::nearest;
use soglia_sim::learn::history::NO_GROUP;
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
    let mut groups: Vec<&str> =
        contract.operator_groups.iter().map(|group| group.code.as_str()).collect();
    // Calls that say no group are answered by this one.
    groups.push(NO_GROUP);
    if scenario.service.is_none() && 1 < services.len() {
        let known = services.join(", ");
        remarks.push(format!(
            "the scenario does not say which service it changes\nhint: add `service = …` to \
             `[scenario]`; the contract has: {known}"
        ));
    }
    if scenario.changes.is_empty() {
        remarks.push(
            "the scenario changes nothing\nhint: `soglia scenario schema` says what can change"
                .to_owned(),
        );
    }
    for change in &scenario.changes {
        let of = calls_of(change);
        if let Some(queue) = of.and_then(|of| of.queue.as_ref()) {
            compare("queue", queue, &queues, &mut remarks);
        }
        if let Some(topic) = of.and_then(|of| of.topic.as_ref()) {
            compare("topic", topic, &topics, &mut remarks);
        }
        match change {
            // A queue that takes calls may be new, and is there from then on.
            Change::Queue(queue) if queue.takes.is_some() => queues.push(&queue.name),
            // A group that serves queues may be new too.
            Change::Operators { group, serves, .. } if !serves.is_empty() => groups.push(group),
            _ => {}
        }
        for queue in queues_of(change) {
            compare("queue", queue, &queues, &mut remarks);
        }
        for group in groups_of(change) {
            compare("group of operators", group, &groups, &mut remarks);
        }
    }
    remarks
}

/// Which calls a change is about.
fn calls_of(change: &Change) -> Option<&Calls> {
    match change {
        Change::Demand { of, .. }
        | Change::Handling { of, .. }
        | Change::Contain { of, .. }
        | Change::CallBack { of, .. } => Some(of),
        Change::Queue(queue) => queue.takes.as_ref(),
        _ => None,
    }
}

/// Queues that a change names beside its calls.
fn queues_of(change: &Change) -> Vec<&String> {
    match change {
        Change::Queue(queue) => {
            let to = queue.overflow.as_ref().map(|(_, to)| to);
            std::iter::once(&queue.name).chain(to).collect()
        }
        Change::Hours { queues, .. } => queues.iter().collect(),
        Change::Operators { serves: named, .. } | Change::CrossTrain { learn: named, .. } => {
            named.iter().map(|(queue, _)| queue).collect()
        }
        Change::Prefer { queue, .. } => vec![queue],
        _ => Vec::new(),
    }
}

/// Groups that a change names.
fn groups_of(change: &Change) -> Vec<&String> {
    match change {
        Change::Queue(queue) => queue.served_by.iter().map(|(group, _)| group).collect(),
        Change::Operators { group, .. }
        | Change::CrossTrain { group, .. }
        | Change::Prefer { group, .. } => vec![group],
        _ => Vec::new(),
    }
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
