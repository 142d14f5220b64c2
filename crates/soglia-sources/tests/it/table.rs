//! Facts as tables that a person can check line by line. Read [`calls`] first.

use std::fmt::Write;

use soglia_domain::facts::{Call, Fact, QueueEntry};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::outcome::{Emitted, Totals};

/// Everything emitted, in its order, one line each; entries are indented under their call.
pub fn all(emitted: &[Emitted]) -> String {
    let mut out = String::new();
    for one in emitted {
        let line = match one {
            Emitted::Fact { fact: Fact::Call(call, entries), earlier, .. } => {
                let mut text = call_line(call);
                for rows in earlier {
                    write!(text, " + {}:{}-{}/{}", rows.file, rows.first, rows.last, rows.n)
                        .expect("strings take everything");
                }
                for entry in entries {
                    text.push('\n');
                    text.push_str(&entry_line(entry));
                }
                text
            }
            Emitted::Fact { fact, .. } => format!("fact {fact:?}"),
            Emitted::Withdrawn { id, revision } => format!("withdrawn {id} {revision}"),
            Emitted::Duplicate { row, why } => format!("duplicate {row} {why}"),
            Emitted::Rejected(rejected) => {
                format!("rejected {} {} | {}", rejected.row, rejected.reason.code, rejected.text)
            }
            Emitted::Ignored { row, why, .. } => format!("ignored {row} {why}"),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// The counts, as they are printed to users.
pub fn totals(totals: &Totals) -> String {
    let Totals {
        rows,
        fact_rows,
        pending_rows,
        rejected_rows,
        ignored_rows,
        n_calls,
        n_queue_entries,
        open_calls,
        anomalies,
        ..
    } = totals;
    format!(
        "rows {rows} = facts {fact_rows} + pending {pending_rows} + rejected {rejected_rows} + \
         ignored {ignored_rows}\ncalls {n_calls} entries {n_queue_entries} open {open_calls}\n\
         anomalies {anomalies:?}\n"
    )
}

fn call_line(call: &Call) -> String {
    let when = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.to_string());
    let long = |span: Option<Millis>| span.map_or("-".to_owned(), |span| span.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let mut line = format!(
        "{} {} {} | arrived {} answered {} ended {} rang {} | wait {} talk {} transfers {}",
        call.id,
        call.disposition.name(),
        call.direction.name(),
        call.arrived,
        when(call.answered),
        when(call.ended),
        when(call.first_rang),
        long(call.wait),
        long(call.talk),
        call.transfers,
    );
    write!(
        line,
        " | queue {} dialled {} ivr {} group {} caller {} precision {} | rows {}-{}/{}",
        text(&call.first_queue),
        text(&call.dialled),
        text(&call.ivr_path),
        text(&call.group),
        call.caller.as_ref().map_or("-", |caller| caller.expose()),
        call.precision,
        call.rows.first,
        call.rows.last,
        call.rows.n,
    )
    .expect("strings take everything");
    line
}

fn entry_line(entry: &QueueEntry) -> String {
    format!(
        "    {} {} {} | entered {} left {} wait {} | position {} | rows {}-{}/{}",
        entry.ordinal,
        entry.queue,
        entry.exit.name(),
        entry.entered,
        entry.left,
        entry.wait,
        entry.position.map_or("-".to_owned(), |n| n.to_string()),
        entry.rows.first,
        entry.rows.last,
        entry.rows.n,
    )
}
