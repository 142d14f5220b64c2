//! What will come and what a change would do, on the demo. Read [`a_change_is_played_on_the_demo`]
//! first.

use serde_json::Value;

use crate::support::{Demo, Ran, demo, soglia};

fn run(arguments: &[&str]) -> Ran {
    let Demo { place, .. } = demo();
    place.soglia(arguments)
}

fn scenario(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/scenarios");
    format!("{folder}/{name}.toml")
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {value}"))
}

#[test]
fn a_change_is_played_on_the_demo() {
    let ivr = scenario("code-ivr");
    let asked = ["whatif", "--weeks", "2", "--weeks-max", "40", "--scenario", &ivr];
    let json = ["--format", "json", "--quiet"];
    let first = run(&[&asked[..], &json, &["--threads", "1"]].concat()).ok();
    let again = run(&[&asked[..], &json, &["--threads", "2"]].concat()).ok();
    assert_eq!(first.out, again.out, "the same bits on any number of threads");
    let answer = first.json();
    assert!(0.0 < number(&answer, "/weeks_played"), "{answer}");
    assert_eq!(answer["scenarios"].as_array().map(Vec::len), Some(1));
    let table = run(&[&asked[..], &["--quiet", "--lang", "en"]].concat()).ok().out;
    for said in ["K1", "K3", "inferred from the events", "does not count: K2"] {
        assert!(table.contains(said), "{said} in {table}");
    }
    let other = run(&[&asked[..], &["--service", "cc"]].concat()).code(2).err;
    assert!(other.contains("is about service `cup`, not about `cc`"), "{other}");
}

#[test]
fn weeks_played_again_say_whether_to_trust_them() {
    // 10: outside the limits, 0: within them; the demo was not made by this simulator.
    let ran = run(&["replay", "--service", "cc", "--weeks", "2", "--format", "json", "--quiet"]);
    assert!([0, 10].contains(&ran.code), "{}", ran.err);
    let calibrated = ran.json()["calibrated"].as_bool().unwrap_or_default();
    assert_eq!(ran.code == 0, calibrated);
    let never = run(&["replay", "--service", "never"]).code(2).err;
    assert!(never.contains("never"), "{never}");
}

#[test]
fn a_day_to_come_is_told_with_its_error() {
    let asked = ["forecast", "--service", "cup", "--date", "2024-01-08", "--format", "json"];
    let forecast = run(&asked).ok().json();
    let day = &forecast["forecast"]["days"][0];
    let (low, calls, high) = (number(day, "/low"), number(day, "/calls"), number(day, "/high"));
    assert!(low < calls && calls < high, "{day}");
    // The mean of the last four Mondays, holidays left out.
    assert_eq!(day["references"].as_array().map(Vec::len), Some(4));
    let quarters = day["intervals"].as_array().expect("quarter-hours");
    let sum: f64 = quarters.iter().map(|one| number(one, "/calls")).sum();
    assert!((sum - calls).abs() < 1.0, "{sum} and {calls}");
    let never = run(&["forecast", "--service", "never", "--date", "2024-01-08"]).code(2).err;
    assert!(never.contains("never"), "{never}");
}

#[test]
fn a_period_that_is_over_needs_nothing() {
    let found = run(&["projection", "--period", "2023-H2", "--format", "json"]).ok().json();
    let all = found["indicators"].as_array().expect("indicators");
    let of = |service: &str, code: &str| {
        let own = all.iter().find(|i| i["service"] == service && i["indicator"] == code);
        own.unwrap_or_else(|| panic!("{service} {code}")).clone()
    };
    let missed = of("cup", "K1");
    assert_eq!(missed["so_far"]["numerator"], 62_373);
    assert_eq!((&missed["outlook"], &missed["days_left"]), (&"impossible".into(), &0.into()));
    assert_eq!(of("cc", "K1")["outlook"], "certain");
}

#[test]
fn closed_formulas_need_no_ledger() {
    let load = ["--calls", "600", "--interval", "1h", "--aht", "240s"];
    let erlang = |more: &[&str]| {
        let arguments = [&["erlang"], more, &load[..], &["--format", "json"]].concat();
        soglia(arguments.iter().map(|one| (*one).to_owned()))
    };
    let answer = erlang(&["--model", "c", "--service-level", "80/20"]).ok().json();
    let answers = answer["answers"].as_array().expect("answers");
    let last = answers.last().expect("an answer");
    assert!(0.8 <= number(last, "/classes/0/of_offered"), "{last}");
    let too_few = erlang(&["--model", "c", "--operators", "40"]).ok().json();
    assert_eq!(too_few["answers"][0]["state"], "unstable");
    assert_eq!(too_few["answers"][0]["classes"], Value::Null, "never a number");
    let many = erlang(&["--model", "b", "--operators", "10000"]).ok().json();
    assert!(number(&many, "/answers/0/classes/0/blocked") < 1e-12);
    assert_eq!(erlang(&["--model", "x", "--operators", "1"]).code, 2);
}
