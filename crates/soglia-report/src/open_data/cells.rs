//! Small counts are not published, and cannot be computed from what is. Read [`suppressed`] first.
//!
//! A count from 1 to the bound is left empty and the column `soppresso` says so. Where counts of a
//! group add up to a total that is published elsewhere, a group with one hidden count hides a
//! second one. A share is published without its integers if one of them, or their difference, is
//! small; without its value too if fewer things count than the bound.

use crate::document::{DataColumn, Dataset, Datum};

type Row = Vec<Option<Datum>>;

/// The same dataset, fit to be published.
pub fn suppressed(dataset: &Dataset, min: u64) -> Dataset {
    let at = |code: &str| dataset.columns.iter().position(|column| column.code == code);
    let mut rows = dataset.rows.clone();
    let mut hidden = vec![false; rows.len()];
    if let (Some(met), Some(counted)) = (at("numeratore"), at("denominatore")) {
        let values = [at("valore"), at("quota")];
        for (row, hidden) in rows.iter_mut().zip(&mut hidden) {
            *hidden |= hide_share(row, (met, counted), values, min);
        }
    }
    let counts = ["chiamate", "contatti", "richieste"].into_iter().find_map(at);
    if let Some(counts) = counts {
        hide_counts(dataset, &mut rows, &mut hidden, (counts, min));
    }
    let mut columns = dataset.columns.clone();
    columns.push(DataColumn { code: "soppresso", title: "" });
    for (row, hidden) in rows.iter_mut().zip(hidden) {
        row.push(Some(Datum::Text(if hidden { "si" } else { "no" }.to_owned())));
    }
    Dataset { columns, rows, ..dataset.clone() }
}

fn number(row: &[Option<Datum>], at: usize) -> Option<u64> {
    match row.get(at) {
        Some(Some(Datum::Count(n))) => Some(*n),
        _ => None,
    }
}

fn clear(row: &mut [Option<Datum>], at: usize) {
    if let Some(value) = row.get_mut(at) {
        *value = None;
    }
}

fn hide_share(
    row: &mut Row,
    (met, counted): (usize, usize),
    values: [Option<usize>; 2],
    min: u64,
) -> bool {
    let (Some(n_met), Some(n_counted)) = (number(row, met), number(row, counted)) else {
        return false;
    };
    let small = |n: u64| 0 < n && n < min;
    if ![n_met, n_counted, n_counted.saturating_sub(n_met)].into_iter().any(small) {
        return false;
    }
    clear(row, met);
    clear(row, counted);
    if small(n_counted) {
        for at in values.into_iter().flatten() {
            clear(row, at);
        }
    }
    true
}

/// Hides small counts and, where only one of a group is hidden, the next smallest.
fn hide_counts(dataset: &Dataset, rows: &mut [Row], hidden: &mut [bool], (at, min): (usize, u64)) {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (idx, row) in dataset.rows.iter().enumerate() {
        let key = group(dataset, row);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(idx),
            None => groups.push((key, vec![idx])),
        }
    }
    for (_, members) in groups {
        let counted = |idx: &usize| Some((number(dataset.rows.get(*idx)?, at)?, *idx));
        let mut counts: Vec<(u64, usize)> =
            members.iter().filter_map(counted).filter(|(n, _)| 0 < *n).collect();
        counts.sort_unstable();
        let n_small = counts.iter().filter(|(n, _)| *n < min).count();
        let n_hidden = if n_small == 1 { 2 } else { n_small };
        for (_, idx) in counts.into_iter().take(n_hidden) {
            if let (Some(row), Some(flag)) = (rows.get_mut(idx), hidden.get_mut(idx)) {
                // What describes a hidden count says too much about few things.
                for (column, value) in dataset.columns.iter().zip(row.iter_mut()) {
                    if column.code.ends_with("_s") && !matches!(column.code, "oltre_s" | "fino_a_s")
                    {
                        *value = None;
                    }
                }
                clear(row, at);
                *flag = true;
            }
        }
    }
}

/// Rows whose counts add up: those of a service, and of a month where there are days.
fn group(dataset: &Dataset, row: &Row) -> String {
    let mut key = String::new();
    for (column, value) in dataset.columns.iter().zip(row) {
        match (column.code, value) {
            ("servizio", Some(Datum::Text(text))) => key.push_str(text),
            ("giorno", Some(Datum::Date(date))) => {
                key.push_str(&date.strftime(" %Y-%m").to_string());
            }
            ("dal", Some(Datum::Date(date))) => key.push_str(&date.to_string()),
            // Months and booking systems are two ways to split the same contacts.
            ("sistema", Some(_)) => key.push_str(" systems"),
            _ => {}
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(&str, u64)]) -> Dataset {
        let column = |code| DataColumn { code, title: "" };
        Dataset {
            code: "x",
            title: String::new(),
            about: String::new(),
            columns: ["servizio", "esito_chiamata", "chiamate"].map(column).into(),
            rows: rows
                .iter()
                .map(|(name, n)| {
                    vec![
                        Some(Datum::Text("CUP".to_owned())),
                        Some(Datum::Text((*name).to_owned())),
                        Some(Datum::Count(*n)),
                    ]
                })
                .collect(),
            plot: None,
        }
    }

    fn shown(dataset: &Dataset) -> Vec<Option<u64>> {
        dataset.rows.iter().map(|row| number(row, 2)).collect()
    }

    #[test]
    fn a_hidden_count_cannot_be_computed_from_the_total() {
        let one = suppressed(&counts(&[("a", 100), ("b", 3), ("c", 0), ("d", 40)]), 5);
        assert_eq!(shown(&one), [Some(100), None, Some(0), None]);
        let two = suppressed(&counts(&[("a", 100), ("b", 3), ("c", 4)]), 5);
        assert_eq!(shown(&two), [Some(100), None, None]);
        let none = suppressed(&counts(&[("a", 100), ("b", 5)]), 5);
        assert_eq!(shown(&none), [Some(100), Some(5)]);
        assert_eq!(none.columns.last().map(|column| column.code), Some("soppresso"));
    }

    fn share(met: u64, counted: u64) -> (Option<u64>, Option<u64>, bool) {
        let columns = ["numeratore", "denominatore", "valore"];
        let dataset = Dataset {
            columns: columns.map(|code| DataColumn { code, title: "" }).into(),
            rows: vec![vec![
                Some(Datum::Count(met)),
                Some(Datum::Count(counted)),
                Some(Datum::Percent("1.00".to_owned())),
            ]],
            ..counts(&[])
        };
        let safe = suppressed(&dataset, 5);
        let row = safe.rows.first().expect("one row");
        (number(row, 0), number(row, 1), row.get(2).is_some_and(Option::is_some))
    }

    #[test]
    fn a_share_of_few_keeps_no_integers() {
        assert_eq!(share(62_373, 109_850), (Some(62_373), Some(109_850), true));
        assert_eq!(share(587, 588), (None, None, true), "one is left over");
        assert_eq!(share(3, 900), (None, None, true));
        assert_eq!(share(2, 4), (None, None, false), "a share of four says who");
        assert_eq!(share(0, 0), (Some(0), Some(0), true));
        assert_eq!(share(900, 900), (Some(900), Some(900), true));
    }
}
