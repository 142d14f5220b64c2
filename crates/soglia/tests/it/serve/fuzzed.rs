//! The JSON interface fed with random requests: schemathesis makes them from our own OpenAPI
//! document. Read [`random_requests_are_answered_as_the_document_says`] first.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use super::client::Server;
use super::{PASSWORD, ready, token, with_accounts};
use crate::support::{Log, MONDAY, Place, temp};

/// The list of packages and the settings.
const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../soglia-web/fuzz");

/// What is looked at in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      unsupported_method,ignored_auth";

/// Schemathesis in an environment of its own, installed once; says what is missing.
fn schemathesis() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let wanted = std::fs::read(Path::new(FUZZ).join("requirements.txt")).expect("it is there");
    let program = folder.join("bin/schemathesis");
    if std::fs::read(folder.join("complete")).is_ok_and(|kept| kept == wanted) {
        return Some(program);
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: python3 missing, or its venv (scripts/deps.sh installs them)");
        return None;
    }
    let installed = Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
        .arg(Path::new(FUZZ).join("requirements.txt"))
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: schemathesis cannot be had");
        return None;
    }
    std::fs::write(folder.join("complete"), wanted).expect("the build folder is writable");
    Some(program)
}

/// Something behind each kind of address: a finding, a review.
fn fill(server: &Server, bearer: &str) {
    let send = |path: &str, body: &Value| {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        let answer = server.client().send("POST", path, &headers, body.to_string().as_bytes());
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    };
    let finding = json!({
        "reason": "prova", "service": "cup",
        "values": {
            "issued_on": "2023-11-02", "kind": "order", "subject": "Code", "text": "Aprire code",
        },
    });
    send("/api/v1/registers/findings/entries", &finding);
    send("/api/v1/reviews", &json!({ "reason": "riesame", "period": "2023-H2" }));
}

#[test]
fn random_requests_are_answered_as_the_document_says() {
    let Some(program) = schemathesis() else { return };
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    for n in 0..60 {
        log.answered(MONDAY + n * 900, "cup_prenotazione", 5 + n % 40, 60);
        log.abandoned(MONDAY + n * 900 + 30, "cup_prenotazione", 40);
    }
    let file = log.write(dir.path(), "queue_log-2023-07");
    place.import(&[&file]).ok();
    let server = Server::start(&place, &dir.path().join("registers"), &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    let bearer = format!("Bearer {}", token(&mut ada, "monitoring_manager"));
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    // Figures that are still being computed are answered 503, on purpose.
    for path in ["/", "/?lang=en", "/months", "/months?lang=en"] {
        ready(&mut mia, path);
    }
    fill(&server, &bearer);
    let output = Command::new(program)
        .arg("--config-file")
        .arg(Path::new(FUZZ).join("schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}/api/openapi.json", server.address))
        .args(["--header", &format!("Authorization: {bearer}"), "--checks", CHECKS])
        .current_dir(dir.path())
        .output()
        .expect("it was installed a moment ago");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let document = server.client().get("/api/openapi.json").json();
    let paths = document["paths"].as_object().expect("paths are described");
    let n_operations: usize = paths.values().map(|one| one.as_object().map_or(0, Map::len)).sum();
    assert!(said.contains(&format!("Tested: {n_operations}")), "{said}");
    let verified = place.soglia(&[
        "audit",
        "verify",
        "--registers",
        &dir.path().join("registers").display().to_string(),
    ]);
    assert!(verified.ok().out.contains("whole; head "), "whatever came in");
    let errors = server.stop();
    assert!(!errors.contains("panicked") && !errors.contains("error:"), "{errors}");
}
