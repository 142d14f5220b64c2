//! What-if, scenarios, forecast and shifts as pages. Read [`a_moved_lever_answers_with_the_page`]
//! first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, Client, Server};
use super::{PASSWORD, on_demo, ready, token, with_accounts};
use crate::support::{demo, temp, write};

const LEVERS: &str = "weeks=2&ivr.information=40&ivr.cancellation=60";

/// Follows a study until it is over.
fn over(client: &mut Client, address: &str) -> Value {
    let begun = Instant::now();
    loop {
        let state = client.get(&format!("/api/v1{address}")).json();
        if ["done", "failed"].contains(&state["state"].as_str().unwrap_or_default()) {
            return state;
        }
        assert!(begun.elapsed() < Duration::from_mins(4), "{address}: {state}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_moved_lever_answers_with_the_page() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(
        &server,
        &[("mia", "monitoring_manager", ""), ("sara", "supplier_quality", "cc")],
    );
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let page = ready(&mut mia, "/services/cup/whatif?weeks=2");
    for said in ["type=\"range\"", "name=\"ivr.information\"", "K1", "alibrato", "Rigiocat"] {
        assert!(page.text().to_lowercase().contains(&said.to_lowercase()), "{said}");
    }
    let asked = format!("/services/cup/whatif?{LEVERS}");
    let moved = mia.send("GET", &asked, &[("hx-request", "true")], b"");
    moved.expect_status(200);
    assert!(moved.text().contains("Le leve"), "the scenario has its row");

    // The file says what the levers say: the command line answers the same.
    let toml = mia.get(&format!("/services/cup/whatif/leve.toml?{LEVERS}"));
    assert!(toml.text().contains("contained = \"40%\""), "{}", toml.text());
    let file = write(dir.path(), "leve.toml", toml.text());
    let file = file.to_str().expect("a path in UTF-8");
    let arguments = [
        "whatif",
        "--scenario",
        file,
        "--period",
        "2023-H2",
        "--weeks",
        "2",
        "--weeks-max",
        "40",
        "--format",
        "json",
        "--quiet",
    ];
    let written = demo().place.soglia(&arguments).ok().json();
    let answer = ready(&mut mia, &format!("/api/v1/services/cup/whatif?{LEVERS}")).json();
    assert_eq!(answer, written, "the same document");
    let json = mia.get(&format!("/services/cup/whatif/answer.json?{LEVERS}"));
    assert_eq!(json.json(), written);
    let csv = mia.get(&format!("/services/cup/whatif/answer.csv?{LEVERS}"));
    assert!(csv.text().starts_with("scenario,moved,indicator,topic,numerator"), "{}", csv.text());

    let wrong = mia.get("/services/cup/whatif?weeks=2&demand=900");
    assert!(wrong.text().contains("`demand` non può essere `900`"), "{}", wrong.text());
    mia.get("/services/cup/whatif/leve.toml?weeks=2&ivr.never=1").expect_status(422);
    mia.get("/services/cup/whatif?weeks=3").expect_status(422);
    mia.get("/api/v1/services/cup/whatif?weeks=2&scenario=never").expect_status(422);
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    sara.get("/services/cup/whatif").expect_status(403);
    sara.get("/services/cup/staffing").expect_status(403);
    sara.get("/api/v1/services/cup/levers").expect_status(403);
}

#[test]
fn scenarios_stand_side_by_side_and_long_answers_are_followed() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(
        &server,
        &[("mia", "monitoring_manager", ""), ("sara", "supplier_quality", "cc")],
    );
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let page = ready(&mut mia, "/services/cup/scenarios?weeks=2");
    for said in ["Coda prioritaria e apertura alle 7", "15 % si spostano", "B · ", "D · Code IVR"]
    {
        assert!(page.text().contains(said), "{said}");
    }
    assert!(!page.text().contains("Formazione incrociata"), "that one is about another service");
    let ready_made = mia.get("/services/cup/scenarios/code-ivr.toml");
    assert!(ready_made.text().contains("code = \"code_ivr\""));
    let one = ready(&mut mia, "/services/cup/scenarios?weeks=2&scenario=code_ivr&demand=10");
    assert!(one.text().contains("A · Code IVR") && one.text().contains("B · Le leve"));

    let target = "/services/cup/studies?weeks=2&scenario=code_ivr&period=2023-H2";
    let token = mia.token("/account");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let begun = mia.send("POST", target, &form, format!("csrf={token}").as_bytes());
    begun.expect_status(303);
    let address = begun.location().expect("the study has a page").to_owned();
    let done = over(&mut mia, &address);
    assert_eq!(done["state"], "done", "{done}");
    assert!(done["answer"]["weeks_played"].as_u64().is_some_and(|weeks| 40 < weeks), "{done}");
    let events = mia.get(&format!("{address}/events"));
    assert!(events.text().contains("event: over"), "{}", events.text());
    mia.get(&address).expect_status(200);
    mia.get(&format!("{address}/answer.csv")).expect_status(200);
    let none = mia.send(
        "POST",
        "/services/cup/studies?weeks=2",
        &form,
        format!("csrf={token}").as_bytes(),
    );
    none.expect_status(422);
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    sara.get(&address).expect_status(403);
    sara.get(&format!("/api/v1{address}")).expect_status(403);
}

#[test]
fn shifts_are_found_beside_the_requests() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let rules = include_str!("../../../../../examples/reference/turni.toml");
    let fields = [
        ("from", "2024-01-08"),
        ("days", "1"),
        ("level", "80"),
        ("limit", "20"),
        ("scope", "whole"),
        ("patience", "120"),
        ("aht", ""),
        ("rules", rules),
    ];
    let begun = mia.form("/services/cup/staffing", &fields);
    begun.expect_status(303);
    let address = begun.location().expect("the study has a page").to_owned();
    let done = over(&mut mia, &address);
    assert_eq!(done["state"], "done", "{done}");
    assert!(done["answer"]["chosen"]["paid_minutes"].as_u64().is_some_and(|n| 0 < n));
    let page = mia.get(&address);
    assert!(page.text().contains("Obiettivo del 80,00%"), "{}", page.text());
    for (at, name, text) in [
        (7, "rules", "shifts = 1"),
        (0, "from", "2023-12-01"),
        (4, "scope", "never"),
        (1, "days", "15"),
    ] {
        let mut wrong = fields;
        wrong[at] = (name, text);
        let refused = mia.form("/services/cup/staffing", &wrong);
        refused.expect_status(422);
        assert!(refused.text().contains(&format!("`{name}`")), "{}", refused.text());
    }
    // Programs and the command line are answered the same; what is not said is as usual.
    let asked = json!({ "from": "2024-01-08", "days": 1, "rules": rules, "aht": null });
    let begun = plan(&server, &asked);
    begun.expect_status(202);
    let state = begun.json()["state"].as_str().expect("where to ask").to_owned();
    assert_eq!(begun.location(), Some(state.as_str()));
    let address = state.strip_prefix("/api/v1").expect("below the interface");
    assert_eq!(over(&mut mia, address)["answer"], done["answer"], "the page's answer");
    let file = write(dir.path(), "turni.toml", rules);
    let file = file.to_str().expect("a path in UTF-8");
    let asked = ["--from", "2024-01-08", "--days", "1", "--format", "json", "--quiet"];
    let named = ["staffing", "--service", "cup", "--patience", "120s", "--rules", file];
    let written = demo().place.soglia(&[&named[..], &asked].concat()).ok().json();
    assert_eq!(written["staffing"], done["answer"], "the command line's answer");
}

/// Asks for shifts as a program of the monitoring manager.
fn plan(server: &Server, body: &Value) -> Answer {
    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    let bearer = format!("Bearer {}", token(&mut ada, "monitoring_manager"));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = "/api/v1/services/cup/staffing?lang=en";
    server.client().send("POST", path, &headers, body.to_string().as_bytes())
}

#[test]
fn wrong_questions_about_shifts_name_what_is_wrong() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(
        &server,
        &[("mia", "monitoring_manager", ""), ("sara", "supplier_quality", "cc")],
    );
    for (body, said) in [
        (json!([]), "the body of the request is a JSON object"),
        (json!({ "day": 1 }), "`day` is nothing that can be asked"),
        (json!({ "days": "1" }), "`days` is a whole number"),
        (json!({ "days": 15 }), "`days` is a whole number from 1 to 14"),
        (json!({ "level": 79.5 }), "`level` is a whole number from 1 to 99"),
        (json!({ "limit": -1 }), "`limit` is a whole number from 1 to 3600"),
        (json!({ "patience": true }), "`patience` is a whole number"),
        (json!({ "aht": 0 }), "`aht` is a whole number from 1 to 7200"),
        (json!({ "scope": "week" }), "`scope` is one of `whole`, `day`, `hour`"),
        (json!({ "from": "tomorrow" }), "`from` is a date: 2024-01-08"),
        (json!({ "from": "2023-12-01" }), "`from`: that day is over, what came is known"),
        (json!({ "rules": 1 }), "`rules` is a text"),
        (json!({ "rules": "shifts = 1" }), "`rules`: "),
    ] {
        let refused = plan(&server, &body);
        refused.expect_status(422);
        let error = refused.json()["error"].as_str().expect("a sentence").to_owned();
        assert!(error.starts_with(said), "{error}");
    }
    let path = "/api/v1/services/cup/staffing";
    let json = ("content-type", "application/json");
    server.client().send("POST", path, &[json], b"{}").expect_status(401);
    let stale = ("authorization", "Bearer no-such-token");
    server.client().send("POST", path, &[json, stale], b"{}").expect_status(401);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    mia.send("POST", path, &[json], b"{}").expect_status(403);
    let token = mia.token("/account");
    let own = [json, ("x-csrf-token", token.as_str())];
    let refused = mia.send("POST", path, &own, b"{\"days\": 15}");
    refused.expect_status(422);
    assert_eq!(refused.json()["error"], "`days` è un numero intero da 1 a 14");
    let never = mia.send("POST", "/api/v1/services/never/staffing", &own, b"{}");
    never.expect_status(404);
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    let token = sara.token("/account");
    let own = [json, ("x-csrf-token", token.as_str())];
    sara.send("POST", path, &own, b"{}").expect_status(403);
}
