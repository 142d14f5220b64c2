//! Answers as JSON and as lines, for programs: the same from commands and from pages. Read
//! [`answers`] first; `docs/reference/json.md` describes the document.

use serde_json::{Value, json};
use soglia_domain::period::weekday_name;
use soglia_domain::text::Lang;
use soglia_sim::replay::{Comparison, Gate};
use soglia_sim::replicate::Estimate;
use soglia_sim::whatif::{Answer, Answers, Figures};

use super::{Present, WORST_HOURS, words};
use crate::history::quarter;

/// The name of the document written by [`answers`].
pub const SCHEMA: &str = "soglia.whatif/1";

/// `OK`, `KO` or `n/a`.
pub const fn verdict(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "OK",
        Some(false) => "KO",
        None => "n/a",
    }
}

/// What changes would do, with the gate's answer.
pub fn answers(present: &Present, answers: &Answers, gate: &Gate) -> Value {
    let scenarios = answers.scenarios.iter().map(|answer| {
        let differences = answer.differences.iter().zip(&present.indicators).map(|(d, i)| {
            json!({
                "indicator": i.code, "difference": d.total.map(|e| e.mean),
                "half_width": d.total.and_then(half_width),
                "at_fixed_mix": d.fixed_mix, "mix_misleads": d.mix_misleads,
                "topics": d.topics.iter().zip(&answers.base.topics).map(|(e, t)| json!({
                    "topic": present.learned.topic_name(t.kind), "difference": e.map(|e| e.mean),
                    "half_width": e.and_then(half_width),
                })).collect::<Vec<_>>(),
            })
        });
        json!({
            "code": answer.code, "name": answer.name.it, "share_moved": answer.moved,
            "figures": figures(present, &answer.figures),
            "differences": differences.collect::<Vec<_>>(),
        })
    });
    json!({
        "schema": SCHEMA,
        "present": figures(present, &answers.base),
        "observed": answers.observed.iter().zip(&present.indicators).map(|(counts, i)| json!({
            "indicator": i.code, "numerator": counts.num, "denominator": counts.den,
        })).collect::<Vec<_>>(),
        "scenarios": scenarios.collect::<Vec<_>>(),
        "weeks": if answers.likeness.is_some() { "drawn" } else { "recorded" },
        "like_observed": answers.likeness.map(|likeness| json!({
            "holds": likeness.holds(),
            "weeks_inside": likeness.weeks, "weeks_judged": likeness.of_weeks,
            "days_inside": likeness.days, "days_judged": likeness.of_days,
        })),
        "weeks_played": answers.n_weeks,
        "weeks_of_history": answers.n_mondays,
        "weeks_needed": answers.weeks_needed,
        "not_simulated": present.not_simulated,
        "gate": self::gate(present, gate),
    })
}

fn figures(present: &Present, figures: &Figures) -> Value {
    let indicators = figures.indicators.iter().zip(&present.indicators).map(|(f, i)| {
        json!({
            "indicator": i.code, "numerator": f.counts.num, "denominator": f.counts.den,
            "share": f.estimate.map(|e| e.mean), "half_width": f.estimate.and_then(half_width),
            "verdict": verdict(f.met),
            "p_met": f.p_met, "weeks_of_period": i.weeks,
        })
    });
    json!({
        "indicators": indicators.collect::<Vec<_>>(),
        "calls_per_week": figures.offered_per_week,
        "redials_per_week": figures.redials_per_week,
        "contained_per_week": figures.contained_per_week,
        "call_backs_per_week": figures.call_backs_per_week,
        "abandoned": figures.abandoned,
        "wait_secs": figures.wait_secs,
        "occupancy": figures.occupancy,
        "operator_hours_per_week": figures.operator_hours,
        "worst_quarter_hour": figures.worst_quarter.map(|(number, share)| {
            let (day, time) = quarter(number);
            json!({ "weekday": weekday_name(Lang::En, day), "from": time, "share": share })
        }),
    })
}

/// Half the width of an interval, where enough was played to tell it.
fn half_width(estimate: Estimate) -> Option<f64> {
    Some(estimate.half_width).filter(|width| width.is_finite())
}

/// Whether answers may stand on the replay, and where it differs.
pub fn gate(present: &Present, gate: &Gate) -> Value {
    let comparison = |c: &Comparison| {
        let (what, at) = words::scope(present, c, Lang::En);
        json!({
            "from": at, "what": what, "calls": c.n, "observed": c.observed,
            "replayed": c.replayed, "limit": c.limit, "outside": c.outside(),
        })
    };
    let causes = gate.causes.iter().map(|cause| {
        json!({
            "cause": words::cause(&cause.what, Lang::En), "remaining": cause.miss,
            "difference": cause.difference,
        })
    });
    json!({
        "calibrated": gate.calibrated(),
        "mean_difference_of_hours": gate.miss,
        "comparisons": gate.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "worst_hours": gate.worst_hours(WORST_HOURS).iter().map(comparison).collect::<Vec<_>>(),
        "causes": causes.collect::<Vec<_>>(),
    })
}

/// The columns of [`lines`].
pub const COLUMNS: [&str; 13] = [
    "scenario",
    "moved",
    "indicator",
    "topic",
    "numerator",
    "denominator",
    "share",
    "met",
    "p_met",
    "difference",
    "half_width",
    "fixed_mix",
    "calibrated",
];

/// A line for the present and for each scenario, each indicator and each topic.
pub fn lines(present: &Present, answers: &Answers, gate: &Gate) -> Vec<[String; 13]> {
    let mut lines = Vec::new();
    let calibrated = u8::from(gate.calibrated() && answers.like_observed()).to_string();
    let number = |n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.6}"));
    let mut add = |code: &str, answer: Option<&Answer>, figures: &Figures| {
        for (i, indicator) in present.indicators.iter().enumerate() {
            let Some(f) = figures.indicators.get(i) else { continue };
            let d = answer.and_then(|a| a.differences.get(i));
            lines.push([
                code.to_owned(),
                number(answer.and_then(|a| a.moved)),
                indicator.code.clone(),
                String::new(),
                f.counts.num.to_string(),
                f.counts.den.to_string(),
                number(f.counts.share()),
                verdict(f.met).to_owned(),
                number(f.p_met),
                number(d.and_then(|d| d.total).map(|total| total.mean)),
                number(d.and_then(|d| d.total).and_then(half_width)),
                number(d.and_then(|d| d.fixed_mix)),
                calibrated.clone(),
            ]);
            for topic in &figures.topics {
                let Some(counts) = topic.counts.get(i) else { continue };
                // Differences are told in the order of the present's topics.
                let at = answers.base.topics.iter().position(|t| t.kind == topic.kind);
                let d = d.and_then(|d| d.topics.get(at?).copied().flatten());
                lines.push([
                    code.to_owned(),
                    number(answer.and_then(|a| a.moved)),
                    indicator.code.clone(),
                    present.learned.topic_name(topic.kind),
                    counts.num.to_string(),
                    counts.den.to_string(),
                    number(counts.share()),
                    String::new(),
                    String::new(),
                    number(d.map(|d| d.mean)),
                    number(d.and_then(half_width)),
                    String::new(),
                    calibrated.clone(),
                ]);
            }
        }
    };
    add("present", None, &answers.base);
    for answer in &answers.scenarios {
        add(&answer.code, Some(answer), &answer.figures);
    }
    lines
}
