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

/// Hours of both groups of `cup` in the last weeks of the year, six days a week.
fn roster(each: u32, until: u8) -> String {
    let head = "service,group,from,until,operators".to_owned();
    let days = (11..=30).filter(|day| day % 7 != 3);
    let lines = days.flat_map(|day| {
        let hours = format!("2023-12-{day}T08:00,2023-12-{day}T{until}:00");
        ["cup_sede_a", "cup_sede_b"].map(|group| format!("cup,{group},{hours},{each}"))
    });
    std::iter::once(head).chain(lines).map(|line| line + "\n").collect()
}

#[test]
fn a_roster_says_who_was_there() {
    let dir = crate::support::temp();
    let file = |name: &str, text: &str| {
        let path = crate::support::write(dir.path(), name, text);
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    let many = file("many.csv", &roster(60, 19));
    let asked = ["replay", "--service", "cup", "--weeks", "2", "--quiet", "--lang", "en"];
    let replay = |more: &[&str]| run(&[&asked[..], more].concat());

    // Two hundred would have kept nobody waiting: the weeks were not so, and the gate says it.
    let crowded = replay(&["--roster", &many]).code(10).out;
    assert!(crowded.contains("operators present: from the roster"), "{crowded}");
    assert!(!crowded.contains("inferred"), "{crowded}");
    let json = replay(&["--roster", &many, "--format", "json"]).code(10).json();
    let weeks = json["comparisons"].as_array().expect("comparisons").iter();
    let week = weeks.filter(|one| one["what"] == "week").collect::<Vec<_>>();
    assert_eq!(week.len(), 2, "{json}");
    assert!(week.iter().all(|one| 0.95 < number(one, "/replayed")), "{week:?}");

    // A plan is held against who was there; a longer one has more of it empty.
    let share = |plan: &str| {
        let out = replay(&["--planned", plan]).out;
        let line = out.lines().find(|line| line.contains("(shrinkage)")).expect("the share");
        let share = line.split(": ").nth(1).and_then(|text| text.strip_suffix(" %"));
        share.and_then(|text| text.parse::<f64>().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    let few = file("few.csv", &roster(2, 19));
    assert!(share(&few) < share(&many) && share(&many) < 100.0);
    let same = replay(&["--roster", &many, "--planned", &many]).out;
    assert!(same.contains("nobody there (shrinkage): 0.0 %"), "{same}");

    let group = file("group.csv", &roster(9, 19).replace("cup_sede_b", "cup_sede_c"));
    let err = replay(&["--roster", &group]).code(3).err;
    assert!(err.contains("group `cup_sede_c`") && err.contains("perhaps `cup_sede_"), "{err}");
    let mistyped = file("mistyped.csv", &roster(9, 19).replace("cup,cup_sede_b", "cuo,cup_sede_b"));
    let err = replay(&["--roster", &mistyped]).code(3).err;
    assert!(err.contains("service `cuo`") && err.contains("perhaps `cup`"), "{err}");
    let service = file("service.csv", &roster(9, 19).replace("cup,", "").replace("service,", ""));
    let err = replay(&["--roster", &service]).code(3).err;
    assert!(err.contains("add a column `service`"), "{err}");
    let err = run(&["replay", "--service", "cup", "--weeks", "5", "--roster", &many]).code(3).err;
    assert!(err.contains("nobody in the week from `2023-11-27`"), "{err}");
    let err = replay(&["--roster", &file("hours.csv", &roster(9, 25))]).code(3).err;
    assert!(err.contains("hours.csv") && err.contains("line 2: expected `until` as"), "{err}");
    let err = replay(&["--roster", "nothing.csv"]).code(3).err;
    assert!(err.contains("failed to read `nothing.csv`"), "{err}");

    // A scenario's present is the roster's too, here and in the report.
    let ivr = scenario("code-ivr");
    let whatif = ["whatif", "--weeks", "2", "--weeks-max", "40", "--scenario", &ivr, "--quiet"];
    let out = run(&[&whatif[..], &["--roster", &many]].concat()).ok().out;
    assert!(out.contains("operatori presenti: dai turni"), "{out}");
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
    // The seasonal model of the same days is near it, and no method's error is below chance.
    let seasonal = [&asked[..], &["--method", "seasonal"]].concat();
    let found = run(&seasonal).ok().json();
    let own = &found["forecast"]["days"][0];
    assert_eq!(
        (&own["method"], &found["forecast"]["method"]),
        (&"seasonal".into(), &own["method"])
    );
    assert!((number(own, "/calls") / calls - 1.0).abs() < 0.25, "{own}");
    assert!(40 < own["references"].as_array().map_or(0, Vec::len), "{own}");
    for made in [&forecast, &found] {
        let error = |at: &str| number(&made["forecast"]["backtest"]["errors"][0], at);
        assert!(error("/wape_intervals_floor") < error("/wape_intervals"), "{made}");
        assert!(error("/wape_intervals") < 0.5, "{made}");
    }
    let table = [&asked[..5], &["--method", "seasonal"]].concat();
    let text = run(&table).ok().out;
    assert!(text.contains("modello stagionale di") && text.contains(", da 2023-"), "{text}");
    let never = run(&["forecast", "--service", "never", "--date", "2024-01-08"]).code(2).err;
    assert!(never.contains("never"), "{never}");
    let before = ["forecast", "--service", "cup", "--date", "2024-01-08", "--as-of", "2020-01-01"];
    let err = run(&before).code(4).err;
    assert!(err.contains("no day with calls before the present") && !err.contains("-00"), "{err}");
    // The present is the day after the ledger's last, as for a projection.
    let weeks = ["forecast", "--service", "cup", "--weeks", "1", "--format", "json"];
    let present = &run(&weeks).ok().json()["forecast"]["until"];
    let asked = ["projection", "--period", "2023-H2", "--format", "json"];
    assert_eq!(present, &run(&asked).ok().json()["as_of"]);
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
    let nobody = ["--model", "c", "--service-level", "80/20", "--max-abandoned", "5%"];
    let err = erlang(&nobody).code(2).err;
    assert!(err.contains("nobody gives up without `--patience`"), "{err}");
}

#[test]
fn an_occupancy_bounds_priorities_too_and_is_said_of_them() {
    let erlang = |more: &[&str]| {
        let asked = ["erlang", "--calls", "100,500", "--aht", "240s", "--model", "priority"];
        soglia([&asked[..], more].concat().iter().map(|one| (*one).to_owned())).ok()
    };
    let level = ["--service-level", "80/20", "--format", "json"];
    for patience in [&[][..], &["--patience", "120s"]] {
        let free = erlang(&[&level[..], patience].concat()).json();
        let bound = erlang(&[&level[..], patience, &["--max-occupancy", "80%"]].concat()).json();
        let needed = |answer: &Value| number(answer, "/needed/operators");
        assert!(needed(&free) < needed(&bound), "{free} {bound}");
        let last = bound["answers"].as_array().and_then(|all| all.last()).expect("an answer");
        for class in ["/classes/0/occupancy", "/classes/1/occupancy"] {
            assert!(number(last, class) <= 0.8, "{last}");
        }
    }
    let table = erlang(&["--operators", "45", "--lang", "en"]).out;
    let told = table.lines().filter(|line| line.contains("occupancy")).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].contains("88.89 %"), "{table}");
}

#[test]
fn a_load_beyond_all_bounds_is_refused_at_once() {
    let erlang = |asked: &[&str]| {
        let asked = [&["erlang", "--aht", "240s"], asked].concat();
        soglia(asked.iter().map(|one| (*one).to_owned()))
    };
    let level = ["--service-level", "80/20"];
    for calls in ["1e10", "1e300"] {
        for model in [&["--model", "a", "--patience", "120s"][..], &["--model", "c"]] {
            let err = erlang(&[&["--calls", calls], model, &level].concat()).code(2).err;
            assert!(err.contains("at most 1000000 Erlang") && err.contains("hint:"), "{err}");
        }
    }
    let patient = ["--calls", "9000000", "--model", "a", "--patience", "12h", "--operators", "9"];
    let err = erlang(&patient).code(2).err;
    assert!(err.contains("calls may come while one caller is patient"), "{err}");
    let late = ["--calls", "9000,9000", "--model", "priority", "--limit", "9h"];
    let err = erlang(&[&late[..], &["--operators", "9000"]].concat()).code(2).err;
    assert!(err.contains("within the limit"), "{err}");
    let share = ["--calls", "600", "--model", "c", "--shrinkage", "100%"];
    let ran = erlang(&[&share[..], &level].concat()).code(2);
    assert!(ran.out.is_empty() && ran.err.contains("--shrinkage"), "{} {}", ran.out, ran.err);
}

#[test]
fn a_scenario_that_cannot_be_is_found_before_it_is_played() {
    let dir = crate::support::temp();
    let file = |name: &str, text: &str| {
        let text = format!("[scenario]\ncode = \"x\"\nname = \"X\"\nservice = \"cup\"\n\n{text}\n");
        let path = crate::support::write(dir.path(), name, &text);
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    for (name, text, said) in [
        ("group.toml", "[[operators]]\ngroup = \"cup_sede_c\"\nplus = 2", "`cup_sede_"),
        ("serves.toml", "[[preference]]\nqueue = \"cup\"\ngroup = \"a\"\npreference = 0", "queue"),
        ("hours.toml", "[[hours]]\nqueues = [\"a\"]\nweekdays = [\"07:00-19:00\"]", "queue `a`"),
        ("nothing.toml", "", "changes nothing"),
    ] {
        let ran = run(&["scenario", "check", &file(name, text)]).code(3);
        assert!(ran.err.contains(said) && ran.err.contains("hint:"), "{name}: {}", ran.err);
        assert!(!ran.out.contains(" 0 problems"), "{}", ran.out);
    }
    let new = "[[operators]]\ngroup = \"nuovi\"\nplus = 2\nserves = [{ queue = \"cup_disdette\" }]";
    let ran = run(&["scenario", "check", &file("new.toml", new)]).ok();
    assert!(ran.out.contains(" 0 problems"), "{}", ran.out);
    let many = file("many.toml", "[[operators]]\ngroup = \"cup_sede_a\"\nplus = 99999999");
    for asked in [&["scenario", "check"][..], &["whatif", "--scenario"]] {
        let err = run(&[asked, &[&many]].concat()).code(3).err;
        assert!(err.contains("operators[0].plus") && err.contains("-5000 to 5000"), "{err}");
    }
}

/// One more operator works while the service is open; calls that stay away leave no figures; drawn
/// weeks are held against those observed.
#[test]
fn answers_say_what_they_stand_on() {
    let dir = crate::support::temp();
    let file = |name: &str, text: &str| {
        let text = format!("[scenario]\ncode = \"x\"\nname = \"X\"\nservice = \"cup\"\n\n{text}\n");
        let path = crate::support::write(dir.path(), name, &text);
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    let more = file("more.toml", "[[operators]]\ngroup = \"cup_sede_a\"\nplus = 1");
    let gone = file("gone.toml", "[[demand]]\nchange = \"-100%\"");
    let asked = ["whatif", "--weeks", "2", "--quiet", "--scenario"];
    let answer =
        |scenario: &str, options: &[&str]| run(&[&asked[..], &[scenario], options].concat()).ok();
    let found = answer(&more, &["--weeks-max", "4", "--format", "json"]).json();
    assert_eq!((&found["weeks_played"], &found["weeks"]), (&4.into(), &"recorded".into()));
    let hours = |at: &str| number(&found, &format!("{at}/operator_hours_per_week"));
    let added = hours("/scenarios/0/figures") - hours("/present");
    // Five days of eleven hours and a Saturday at most; two holidays in these weeks.
    assert!((30.0..62.0).contains(&added), "{added} hours a week for one operator more");

    let found = answer(&gone, &["--weeks-max", "4", "--format", "json"]).json();
    let scenario = &found["scenarios"][0];
    assert_eq!(scenario["differences"][0]["difference"], Value::Null, "{scenario}");
    assert_eq!(scenario["figures"]["indicators"][0]["share"], Value::Null, "{scenario}");
    assert_eq!(found["weeks_needed"], Value::Null, "no number of weeks makes nothing sure");
    let csv = answer(&gone, &["--weeks-max", "4", "--format", "csv"]).out;
    assert!(!csv.contains(",inf,") && csv.contains(",n/a,,,"), "{csv}");
    let table = answer(&gone, &["--weeks-max", "4", "--lang", "en"]).out;
    assert!(!table.contains("+0.00") && table.contains("n/a"), "{table}");

    let drawn = ["--weeks-max", "10", "--drawn"];
    let found = answer(&more, &[&drawn[..], &["--format", "json"]].concat()).json();
    let like = &found["like_observed"];
    assert_eq!((&found["weeks_played"], &found["weeks"]), (&10.into(), &"drawn".into()));
    assert!(like["holds"].is_boolean() && 0.0 < number(like, "/days_judged"), "{found}");
    assert!(0.0 < number(&found, "/observed/0/denominator"), "{found}");
    let table = answer(&more, &[&drawn[..], &["--lang", "en"]].concat()).out;
    for said in ["observed", "today, weeks drawn", "weeks drawn and played: 10", "weeks drawn are"]
    {
        assert!(table.contains(said), "{said} in {table}");
    }
    let few = run(&[&asked[..], &[&more, "--weeks-max", "3"]].concat()).code(2).err;
    assert!(few.contains("`--weeks-max` must be at least 4, found `3`"), "{few}");
    assert_eq!(run(&["replay", "--service", "cup", "--weeks", "0"]).code, 2);
}

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/turni.toml");

fn staffing(more: &[&str]) -> Ran {
    let asked = ["staffing", "--service", "cup", "--rules", RULES, "--patience", "120s"];
    run(&[&asked[..], more].concat())
}

#[test]
fn shifts_cover_a_day_to_come() {
    let asked = ["--from", "2024-01-08", "--days", "1", "--repetitions", "20"];
    let answer = staffing(&[&asked[..], &["--format", "json"]].concat()).ok().json();
    let planned = &answer["staffing"];
    let day = &planned["days"][0];
    assert_eq!(
        (&answer["schema"], &day["date"]),
        (&"soglia.staffing/1".into(), &"2024-01-08".into())
    );
    // Minutes paid are minutes at work: pauses are not paid.
    let minutes = number(planned, "/chosen/paid_minutes");
    let present = day["present"].as_array().expect("levels");
    let at_work: u64 = present.iter().filter_map(Value::as_u64).sum();
    assert!((minutes - 15.0 * at_work as f64).abs() < 1e-9, "{minutes} and {at_work}");
    // The rules ask for two while the service is open, 8 to 19.
    let open = &present[32..76];
    assert!(open.iter().all(|n| n.as_u64().is_some_and(|n| 2 <= n)), "{open:?}");
    assert!(0.79 < number(planned, "/chosen/level"), "{}", planned["chosen"]);
    assert!(number(planned, "/chosen/paid_minutes") <= number(planned, "/erlang_a/paid_minutes"));
    let again = staffing(&[&asked[..], &["--format", "json"]].concat()).ok().json();
    assert_eq!(again, answer, "the same shifts again");
    let table = staffing(&[&asked[..], &["--lang", "en"]].concat()).ok().out;
    for said in ["shifts chosen", "paid hours", "EUR", "positions that work the shifts"] {
        assert!(table.contains(said), "{said} in {table}");
    }
}

#[test]
fn shifts_that_cannot_be_are_refused_with_a_reason() {
    let monday = ["--from", "2024-01-08", "--days", "1"];
    let with = |more: &[&str]| staffing(&[&monday[..], more].concat());
    for (ran, code, said) in [
        (with(&["--service-level", "180/20"]), 2, "is no service level"),
        (with(&["--aht", "never"]), 2, "must be a duration"),
        (with(&["--floor", "100%"]), 2, "below 100 %"),
        (staffing(&["--from", "2024-01-07", "--days", "1"]), 2, "is closed on all the days"),
        (staffing(&["--from", "2023-12-01", "--days", "1"]), 2, "what came is known"),
        (with(&["--as-of", "2020-01-01"]), 4, "has no calls of `cup`"),
    ] {
        let err = ran.code(code).err;
        assert!(err.contains(said) && err.contains("hint: "), "{said} in {err}");
    }
    let asked = ["staffing", "--service", "cup", "--patience", "120s", "--rules"];
    let wrong = run(&[&asked[..], &[crate::support::CONTRACT]].concat()).code(3).err;
    assert!(wrong.contains("unknown field `contract`"), "{wrong}");
    let missing = run(&[&asked[..], &["nothing.toml"]].concat()).code(3).err;
    assert!(missing.contains("failed to read `nothing.toml`"), "{missing}");
    let service = ["staffing", "--service", "never", "--patience", "120s", "--rules", RULES];
    assert!(run(&service).code(2).err.contains("it has cup, cc"));
    // Nobody works long enough: two at once are too few, and the day says when.
    let dir = crate::support::temp();
    let rules = std::fs::read_to_string(RULES).expect("the rules are there");
    let few = rules.replace("max_present = 120", "max_present = 2");
    let few = crate::support::write(dir.path(), "few.toml", few);
    let few = few.to_str().expect("a path in UTF-8");
    let asked = ["staffing", "--service", "cup", "--patience", "120s", "--rules", few];
    let err = run(&[&asked[..], &monday[..]].concat()).code(2).err;
    assert!(err.contains("2024-01-08"), "{err}");
}

#[test]
fn a_report_has_a_chapter_about_scenarios() {
    let dir = crate::support::temp();
    let out = dir.path().join("report");
    let out = out.to_str().expect("a path in UTF-8");
    let (ivr, training) = (scenario("code-ivr"), scenario("formazione-incrociata"));
    let asked = ["report", "--period", "2023-H2", "--out", out, "--quiet"];
    let named = ["--scenario", &ivr, "--scenario", &training, "--formats", "html,json"];
    run(&[&asked[..], &named].concat()).ok();
    let html = std::fs::read_to_string(format!("{out}/resoconto-2023-H2.html")).expect("a report");
    for said in [
        "Scenari",
        "Errore sul passato: CUP",
        "A · Code IVR per informazioni e disdette",
        "A · Formazione incrociata",
        "ora peggiore",
        "alibrato",
    ] {
        assert!(html.contains(said), "{said}");
    }
    let json = std::fs::read_to_string(format!("{out}/resoconto-2023-H2.json")).expect("a report");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let sections = report.pointer("/document/sections").or_else(|| report.pointer("/sections"));
    let sections = sections.and_then(Value::as_array).expect("sections");
    let chapter = |id: &str| sections.iter().any(|section| section["id"] == id);
    assert!(chapter("s-scenari") && chapter("s-scenari-cup-k1") && chapter("s-scenari-cc-k1"));
    let without = ["--formats", "html"];
    run(&[&asked[..], &without].concat()).ok();
    let html = std::fs::read_to_string(format!("{out}/resoconto-2023-H2.html")).expect("a report");
    assert!(html.contains("s-scenari") && !html.contains("Errore sul passato"));
    let bad = crate::support::write(
        dir.path(),
        "nobody.toml",
        "[scenario]\ncode = \"x\"\nname = \"X\"\n\n[[demand]]\nchange = \"+5%\"\n",
    );
    let bad = bad.to_str().expect("a path in UTF-8");
    let err = run(&[&asked[..], &["--scenario", bad]].concat()).code(2).err;
    assert!(err.contains("must name one of the contract's services: cup, cc"), "{err}");
}
