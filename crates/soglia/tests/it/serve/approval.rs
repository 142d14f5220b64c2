//! A review approved with scenarios, on its page and by a program. Read
//! [`scenarios_are_played_before_the_approval`] first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, Client, Server};
use super::{PASSWORD, token, with_accounts};
use crate::review::{Semester, has_the_chapter};
use crate::support::Place;

const DOCUMENTS: &str = "/reviews/RIE-1/documents";

/// Asks for the approval as the page's form does.
fn approve(client: &mut Client, scenario: &str, place: &str) -> Answer {
    let token = client.token(DOCUMENTS);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!(
        "csrf={token}&scenario={scenario}&place={place}&date=2024-02-02&lang=it&reason=approvato"
    );
    client.send("POST", "/reviews/RIE-1/approve", &form, body.as_bytes())
}

/// Asks where a study is until it is over.
fn over(client: &mut Client, address: &str) -> Value {
    let begun = Instant::now();
    loop {
        let state = client.get(address).json();
        if ["done", "failed"].contains(&state["state"].as_str().unwrap_or_default()) {
            return state;
        }
        assert!(begun.elapsed() < Duration::from_mins(4), "{address}: {state}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn scenarios_are_played_before_the_approval() {
    let semester = Semester::busy();
    let place =
        Place { ledger: semester.dir.path().join("ledger"), contract: semester.contract.clone() };
    let server = Server::start(&place, &semester.dir.path().join("registers"), &[]);
    with_accounts(&server, &[("rita", "rup", ""), ("sara", "supplier_quality", "cc")]);
    let mut rita = server.client();
    rita.log_in("rita", PASSWORD).expect_status(303);
    semester.step(&["review", "open", "--period=2023-H2"]).ok();
    let early = approve(&mut rita, "cup/altre", "Cittalta");
    early.expect_status(422);
    assert!(early.text().contains("input elements missing"), "{}", early.text());
    semester.prepare("RIE-1");

    let page = rita.get(DOCUMENTS);
    for said in ["value=\"cup/altre\"> Prova altre", "Scenari da includere", "altre.toml"] {
        assert!(page.text().contains(said), "{said} in {}", page.text());
    }
    assert!(!page.text().contains("checked"), "none is chosen");
    let english = rita.get(&format!("{DOCUMENTS}?lang=en"));
    assert!(english.text().contains("Scenarios to include"), "{}", english.text());
    let unknown = approve(&mut rita, "cup/mai", "Cittalta");
    unknown.expect_status(422);
    assert!(unknown.text().contains("cup/mai"), "{}", unknown.text());
    approve(&mut rita, "cup/altre", "").expect_status(422);

    misfit_by_a_program(&server, &mut rita);
    approved_on_the_page(&semester, &server, &mut rita);
}

/// A scenario that does not fit leaves the review where it was.
fn misfit_by_a_program(server: &Server, rita: &mut Client) {
    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    let bearer = format!("Bearer {}", token(&mut ada, "rup"));
    let mut program = server.client();
    let mut send = |scenarios: &Value| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = json!({
            "reason": "approvato", "place": "Cittalta", "date": "2024-02-02",
            "scenarios": scenarios,
        });
        let path = "/api/v1/reviews/RIE-1/approve?lang=en";
        program.send("POST", path, &headers, body.to_string().as_bytes())
    };
    let refused = send(&json!(["cup/mai"]));
    refused.expect_status(422);
    assert_eq!(refused.json()["error"], "`scenarios`: there is no scenario `cup/mai`");
    send(&json!("cup/nessuno")).expect_status(422);
    let begun = send(&json!(["cup/nessuno"]));
    begun.expect_status(202);
    let state = begun.json()["state"].as_str().expect("where to ask").to_owned();
    assert_eq!(begun.location(), Some(state.as_str()));
    let failed = over(rita, &state);
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(failed["error"].as_str().is_some_and(|text| text.contains("`nessuno`")), "{failed}");
    let page = rita.get(DOCUMENTS);
    for said in ["rimasto com", "`nessuno`", "Scenari da includere"] {
        assert!(page.text().contains(said), "{said} in {}", page.text());
    }
}

fn approved_on_the_page(semester: &Semester, server: &Server, rita: &mut Client) {
    let begun = approve(rita, "cup/altre", "Cittalta");
    assert_eq!((begun.status, begun.location()), (303, Some(DOCUMENTS)), "{}", begun.text());
    // While it is under way, and when it is over, nobody approves once more.
    let again = approve(rita, "cup/altre", "Cittalta");
    assert!([409, 422].contains(&again.status), "{}: {}", again.status, again.text());
    let done = over(rita, "/api/v1/studies/2");
    assert_eq!(done["state"], "done", "{done}");
    let review = &done["answer"]["review"];
    assert_eq!((&review["id"], &review["state"]), (&"RIE-1".into(), &"approved".into()));
    let events = rita.get("/studies/2/events");
    assert!(events.text().contains("event: over"), "{}", events.text());
    assert_eq!(rita.get("/studies/2").location(), Some(DOCUMENTS));
    let page = rita.get(DOCUMENTS);
    let document = done["answer"]["document"].as_str().expect("a hash");
    assert!(page.text().contains(document) && !page.text().contains("name=\"scenario\""));
    let pdf = semester.dir.path().join("approved.pdf");
    let approved = rita.get(&format!("{DOCUMENTS}/approved"));
    assert_eq!(soglia_registers::canonical::sha256(&approved.body), document);
    std::fs::write(&pdf, &approved.body).expect("a file");
    let scenario = std::fs::read(semester.dir.path().join("scenarios/altre.toml"));
    let hash = soglia_registers::canonical::sha256(&scenario.expect("a file"));
    has_the_chapter(&pdf, &hash);
    let history = rita.get("/entries/RIE-1");
    let attached = format!("Allegato: altre.toml (SHA-256 {hash})");
    assert!(history.text().contains(&attached), "{}", history.text());
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    sara.get("/api/v1/studies/2").expect_status(403);
    let verified = semester.run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("whole; head "), "{verified}");
}
