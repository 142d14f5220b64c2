//! Every row of the table of reference values.

use soglia_sim::erlang::{
    Load, Performance, Requirement, erlang_a, erlang_b, erlang_c, priority, priority_with_patience,
    required_erlang_a, required_erlang_c,
};

use crate::vectors::{Row, rows};

const TOLERANCE: f64 = 1e-9;
const TOLERANCE_LOWER_CLASS: f64 = 1e-6;

#[test]
fn every_row_is_reproduced() {
    let Some(rows) = rows("queueing-reference.csv") else { return };
    assert_eq!(rows.len(), 65);
    let mut compared = 0;
    for row in &rows {
        compared += match row.text("model") {
            "erlang_b" => check_b(row),
            "erlang_c" => check_c(row),
            "erlang_a" => check_a(row),
            "mmc_np_priority" => check_priority(row),
            "mmcm_np_priority" => check_priority_with_patience(row),
            other => panic!("unknown model `{other}`"),
        };
    }
    assert_eq!(compared, 634, "cells compared");
}

/// Compares with the cells that are filled; returns how many there were.
fn compare(row: &Row, cells: &[(&str, f64)], tolerance: f64) -> usize {
    let mut compared = 0;
    for &(column, found) in cells {
        let Some(expected) = row.given(column) else { continue };
        let error = if expected == 0.0 { found } else { (found - expected) / expected };
        assert!(
            error.abs() <= tolerance,
            "{} {column}: {found} instead of {expected}",
            row.text("id")
        );
        compared += 1;
    }
    compared
}

fn load(row: &Row) -> Load {
    Load::new(row.number("lambda_per_h"), row.number("aht_s")).expect("a load")
}

fn whole(row: &Row, column: &str) -> u32 {
    row.text(column).parse().expect("a whole number")
}

fn cells(value: &Performance) -> [(&'static str, f64); 11] {
    [
        ("p_wait", value.delayed),
        ("sl_offered", value.levels.of_offered),
        ("sl_answered", value.levels.of_answered),
        ("sl_excl_short_ab", value.levels.without_short_abandons),
        ("sl_incl_ab", value.levels.counting_short_abandons),
        ("asa_answered", value.wait_answered_secs),
        ("mean_wait_all", value.wait_all_secs),
        ("mean_queue", value.queue_length),
        ("p_abandon", value.abandoned),
        ("p_ab_within_T", value.abandoned_within),
        ("occupancy", value.occupancy),
    ]
}

fn check_b(row: &Row) -> usize {
    let load = load(row);
    let loss = erlang_b(load, whole(row, "agents")).expect("valid");
    let cells = [("a", load.erlangs()), ("blocking", loss.blocked), ("occupancy", loss.occupancy)];
    compare(row, &cells, TOLERANCE)
}

fn check_c(row: &Row) -> usize {
    let (load, limit) = (load(row), row.number("T_s"));
    let value = erlang_c(load, whole(row, "agents"), limit).expect("valid").stable();
    let required = required_erlang_c(load, &Requirement::of_offered(0.8, limit)).expect("valid");
    assert_eq!(required, whole(row, "required"), "{}", row.text("id"));
    1 + compare(row, &cells(&value.expect("stable")), TOLERANCE)
}

fn check_a(row: &Row) -> usize {
    let (load, limit, patience) = (load(row), row.number("T_s"), row.number("patience_s"));
    let value = erlang_a(load, whole(row, "agents"), patience, limit).expect("valid");
    let required =
        required_erlang_a(load, patience, &Requirement::of_offered(0.8, limit)).expect("valid");
    assert_eq!(required, whole(row, "required"), "{}", row.text("id"));
    1 + compare(row, &cells(&value), TOLERANCE)
}

fn classes(row: &Row) -> Vec<f64> {
    row.text("lambda_per_h").split('+').map(|n| n.parse().expect("calls an hour")).collect()
}

fn check_priority(row: &Row) -> usize {
    let (calls, handling) = (classes(row), row.number("aht_s"));
    let operators = whole(row, "agents");
    let values = priority(&calls, handling, operators, row.number("T_s")).expect("valid");
    let class: usize = row.text("class").parse().expect("a class");
    let value = values.stable().expect("stable")[class - 1];
    let exact = [
        ("a", value.erlangs),
        ("p_wait", value.delayed),
        ("asa_answered", value.wait_secs),
        ("mean_wait_all", value.wait_secs),
        ("mean_queue", value.queue_length),
        ("p_abandon", 0.0),
        ("occupancy", calls.iter().sum::<f64>() * handling / 3600.0 / f64::from(operators)),
    ];
    let tolerance = if class == 1 { TOLERANCE } else { TOLERANCE_LOWER_CLASS };
    let levels = [("sl_offered", value.within), ("sl_answered", value.within)];
    compare(row, &exact, TOLERANCE) + compare(row, &levels, tolerance)
}

fn check_priority_with_patience(row: &Row) -> usize {
    let (calls, handling) = (classes(row), row.number("aht_s"));
    let (operators, limit) = (whole(row, "agents"), row.number("T_s"));
    let patience = row.number("patience_s");
    let values =
        priority_with_patience(&calls, handling, operators, patience, limit).expect("valid");
    let Ok(class) = row.text("class").parse::<usize>() else {
        // Class "all": totals are Erlang A; so are the service levels, first come first served.
        let load = Load::new(calls.iter().sum(), handling).expect("a load");
        let all = erlang_a(load, operators, patience, limit).expect("valid");
        let total: f64 = values.iter().map(|v| v.queue_length).sum();
        assert!((total - all.queue_length).abs() < 1e-9, "classes add up");
        return compare(row, &cells(&all), TOLERANCE);
    };
    let value = values[class - 1];
    let mut compared = compare(
        row,
        &[
            ("a", value.erlangs),
            ("p_wait", value.delayed),
            ("mean_wait_all", value.wait_all_secs),
            ("mean_queue", value.queue_length),
            ("p_abandon", value.abandoned),
        ],
        TOLERANCE,
    );
    if let Some(highest) = value.highest {
        compared += compare(row, &cells(&highest), TOLERANCE);
    }
    compared
}
