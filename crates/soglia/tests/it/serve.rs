//! The pages, over real connections to the real program. Read [`Server`] first.

mod approval;
mod browser;
mod client;
mod connections;
mod fuzzed;
mod openid;
mod planning;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::client::{Answer, Client, Server};
use crate::support::{Log, Place, demo, temp};

/// A password that does.
const PASSWORD: &str = "una frase lunga abbastanza";

/// The pages of somebody who may see figures.
const PAGES: [&str; 26] = [
    "/",
    "/months",
    "/services/cup",
    "/services/cup/K1",
    "/services/cup/K1/trend",
    "/imports",
    "/imports/1",
    "/rejects",
    "/duplicates",
    "/contract",
    "/contract/changes",
    "/checks",
    "/account",
    "/account/second-factor",
    "/audit",
    "/audit/verify",
    "/accessibility",
    "/services/cc/K9",
    "/services/cup/whatif",
    "/services/cup/whatif?weeks=2&demand=10&opens=07:00",
    "/services/cup/scenarios?weeks=2",
    "/services/cc/whatif?weeks=2",
    "/services/cup/forecast?date=2024-01-08",
    "/services/cup/forecast?weeks=1&method=seasonal",
    "/services/cup/projection?period=2023-H2&as_of=2023-11-01",
    "/services/cup/staffing",
];

/// Makes the administrator with the code of the console, then the others as the pages do.
fn with_accounts(server: &Server, others: &[(&str, &str, &str)]) {
    let setup = server.setup.as_deref().expect("there are no accounts yet");
    let mut admin = server.client();
    let made = admin.form(
        "/setup",
        &[("token", setup), ("login", "ada"), ("name", "Ada Minervini"), ("password", PASSWORD)],
    );
    assert_eq!((made.status, made.location()), (303, Some("/login")), "{}", made.text());
    admin.log_in("ada", PASSWORD).expect_status(303);
    for (login, role, service) in others {
        let fields =
            [("login", *login), ("name", *login), ("password", PASSWORD), ("reason", "incarico")];
        let made = admin.form("/users", &fields);
        assert_eq!(made.status, 303, "{}", made.text());
        let address = made.location().expect("the user has a page").to_owned();
        let fields = [("role", *role), ("service", *service), ("reason", "incarico")];
        admin.form(&format!("{address}/grant"), &fields).expect_status(303);
    }
}

/// A token for a program with a role.
fn token(ada: &mut Client, role: &str) -> String {
    let fields = [("name", role), ("role", role), ("days", "2"), ("reason", "prova")];
    let made = ada.form("/tokens", &fields);
    let secret = made.text_ref().split("<code>").find(|part| part.starts_with("soglia_"));
    let secret = secret.and_then(|part| part.split('<').next());
    secret.expect("the token is shown").to_owned()
}

/// A server on the demo's ledger, with registers of its own.
fn on_demo(registers: &Path) -> Server {
    Server::start(&demo().place, registers, &[])
}

/// Asks until a computation is over.
fn ready(client: &mut Client, path: &str) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = client.get(path);
        let waits = answer.status == 503 || answer.text().contains("load delay:1500ms");
        if !waits {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_mins(4), "{path} is never ready");
    }
}

#[test]
fn the_first_start_makes_an_administrator_and_nobody_comes_in_otherwise() {
    let dir = temp();
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &[]);
    let mut visitor = server.client();
    assert_eq!(visitor.get("/").location(), Some("/login?next=%2F"));
    assert_eq!(visitor.get("/login").location(), Some("/setup"));
    let wrong = [("token", "guess"), ("login", "eva"), ("name", "Eva"), ("password", PASSWORD)];
    visitor.form("/setup", &wrong).expect_status(403);
    with_accounts(&server, &[]);
    assert_eq!(visitor.get("/setup").location(), Some("/login"), "only once");

    let wrong = visitor.log_in("ada", "un'altra frase lunga");
    wrong.expect_status(401);
    assert!(visitor.get("/users").location().is_some_and(|to| to.starts_with("/login")));
    let right = visitor.log_in("ada", PASSWORD);
    assert_eq!(right.location(), Some("/"));
    let cookie = right.header("set-cookie").expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite"), "{cookie}");
    visitor.get("/users").expect_status(200);

    let kept = visitor.clone();
    visitor.form("/logout", &[]).expect_status(303);
    let after = kept.clone().get("/users");
    assert!(after.location().is_some(), "the session has ended on the server: {}", after.status);
}

#[test]
fn forms_of_other_pages_are_refused_and_guessing_costs_time() {
    let dir = temp();
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut admin = server.client();
    admin.log_in("ada", PASSWORD).expect_status(303);
    let body = "login=eva&name=Eva&password=una+frase+lunga+assai&reason=x";
    let form = ("content-type", "application/x-www-form-urlencoded");
    admin.send("POST", "/users", &[form], body.as_bytes()).expect_status(403);
    let token = admin.token("/users");
    let stolen = format!("{body}&csrf={token}");
    let mut other = server.client();
    other.log_in("mia", PASSWORD).expect_status(303);
    other.send("POST", "/users", &[form], stolen.as_bytes()).expect_status(403);
    let elsewhere = [form, ("sec-fetch-site", "cross-site")];
    admin.send("POST", "/users", &elsewhere, stolen.as_bytes()).expect_status(403);
    admin.send("POST", "/users", &[form], stolen.as_bytes()).expect_status(303);

    let mut guesser = server.client();
    let mut statuses: Vec<u16> = Vec::new();
    for nth in 0..7 {
        statuses.push(guesser.log_in("mia", &format!("una frase sbagliata {nth}")).status);
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[test]
fn roles_see_what_is_theirs() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("sara", "supplier_service_manager", "cup"), ("remo", "auditor", "")]);
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    let page = ready(&mut sara, "/");
    assert!(page.text().contains("/services/cup/K1") && !page.text().contains("/services/cc"));
    sara.get("/services/cc").expect_status(403);
    sara.get("/services/cc/K1").expect_status(403);
    sara.get("/services/cc/K1/calls").expect_status(403);
    sara.get("/api/v1/measurements").expect_status(403);
    sara.get("/users").expect_status(403);
    sara.get("/audit").expect_status(403);

    let mut remo = server.client();
    remo.log_in("remo", PASSWORD).expect_status(303);
    remo.get("/audit").expect_status(200);
    remo.get("/users").expect_status(403);
    let token = remo.token("/account");
    let headers = [("x-csrf-token", token.as_str())];
    let refused = remo.send("POST", "/imports?name=x&format=queue-log", &headers, b"1|2");
    refused.expect_status(403);

    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    assert_eq!(ada.get("/").location(), Some("/users"), "who keeps accounts sees no figures");
    ada.get("/services/cup").expect_status(403);
    server.client().get("/api/v1/measurements").expect_status(401);
}

#[test]
fn pages_say_what_the_command_line_says_in_both_languages() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    for path in PAGES {
        let italian = ready(&mut mia, path);
        italian.expect_status(200);
        assert!(italian.text().contains("<html lang=\"it\">"), "{path}");
        assert!(italian.text().contains("<h1>"), "{path}");
        let policy = italian.header("content-security-policy").expect("a policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(!italian.text().contains(" style=\"") && !italian.text().contains("<script>"));
        let joint = if path.contains('?') { '&' } else { '?' };
        let english = ready(&mut mia, &format!("{path}{joint}lang=en"));
        english.expect_status(200);
        assert!(english.text().contains("<html lang=\"en\">"), "{path}");
        assert_ne!(italian.text(), english.text(), "{path}");
    }
    let page = ready(&mut mia, "/services/cup/K1");
    for figure in ["56,78%", "62.373", "109.850", "almeno 95%", "10.988"] {
        assert!(page.text().contains(figure), "{figure}");
    }
    let written = demo().place.soglia(&["measure", "--period", "2023-H2", "--format", "json"]);
    let answer = ready(&mut mia, "/api/v1/measurements?period=2023-H2");
    assert_eq!(answer.text(), written.ok().out, "the same bytes");
    let svg = ready(&mut mia, "/services/cup/figures/1.svg");
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    assert!(svg.text().contains("role=\"img\"") && svg.text().contains("<desc"));
    let csv = ready(&mut mia, "/services/cup/K1/trend?file=csv");
    assert!(csv.text().starts_with("Mese;Numeratore;Denominatore;K1"), "{}", csv.text());
    mia.get("/?period=never").expect_status(422);
    mia.get("/nothing").expect_status(404);
    ready(&mut mia, "/?period=2019-H1").expect_status(200);
}

#[test]
fn open_data_on_pages_are_those_of_the_command_line() {
    let dir = temp();
    let server = on_demo(&dir.path().join("registers"));
    with_accounts(
        &server,
        &[("mia", "monitoring_manager", ""), ("sara", "supplier_service_manager", "cup")],
    );
    let mut sara = server.client();
    sara.log_in("sara", PASSWORD).expect_status(303);
    sara.get("/open-data?period=2023-H2").expect_status(403);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let page = ready(&mut mia, "/open-data?period=2023-H2");
    let out = dir.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let arguments = ["report", "--period", "2023-H2", "--formats", "opendata", "--lang", "it"];
    demo().place.soglia(&[&arguments[..], &["--out", out]].concat()).ok();
    let folder = Path::new(out).join("resoconto-2023-H2-opendata");
    let mut n_files = 0;
    for entry in fs::read_dir(folder).expect("it was written").flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let answer = mia.get(&format!("/open-data/{name}?period=2023-H2"));
        assert_eq!(answer.body, fs::read(entry.path()).expect("a file"), "{name}");
        assert!(page.text().contains(&name), "{name} is listed");
        n_files += 1;
    }
    assert!(3 < n_files, "datasets and their catalogue");
    let archive = mia.get("/open-data/soglia-opendata-2023-H2.zip?period=2023-H2");
    assert!(archive.body.starts_with(b"PK"));
    mia.get("/open-data/altro.csv?period=2023-H2").expect_status(404);
}

#[test]
fn what_browsers_load_is_small_compressed_and_kept() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    ready(&mut mia, "/").expect_status(200);
    let first = mia.send("GET", "/", &[("accept-encoding", "gzip")], b"");
    assert_eq!(first.header("content-encoding"), Some("gzip"));
    let mut total = first.body.len();
    let plain = mia.get("/");
    let names: Vec<&str> =
        plain.text_ref().split(['"', '\'']).filter(|part| part.starts_with("/static/")).collect();
    assert!(2 <= names.len(), "styles and script");
    for name in names {
        let answer = mia.send("GET", name, &[("accept-encoding", "br, gzip")], b"");
        answer.expect_status(200);
        total += answer.body.len();
        let etag = answer.header("etag").expect("files have a tag").to_owned();
        assert!(answer.header("cache-control").is_some_and(|text| text.contains("immutable")));
        let headers = [("if-none-match", etag.as_str()), ("accept-encoding", "br, gzip")];
        let again = mia.send("GET", name, &headers, b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
        if name.contains("style") {
            let style = mia.get(name);
            for font in style.text().split("url(").filter_map(|part| part.split(')').next()) {
                if font.contains(".woff2") {
                    let font = mia.get(&format!("/static/{font}"));
                    font.expect_status(200);
                    total += font.body.len();
                }
            }
        }
    }
    assert!(total < 300_000, "the first view weighs {total} bytes");
    assert_eq!(plain.header("cache-control"), Some("no-store"));
}

#[test]
fn single_calls_are_shown_for_a_purpose_that_the_trail_keeps() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let path = "/services/cup/K1/calls?which=late&period=2023-H2";
    let asked = mia.get(path);
    assert!(asked.text().contains("name=\"purpose\""), "{}", asked.text());
    let stated = mia.form("/purpose", &[("purpose", "verifica del rilievo 3"), ("next", path)]);
    assert_eq!(stated.location(), Some(path));
    let list = mia.get(path);
    let late = 109_850 - 62_373 - 13_457;
    assert!(list.text().contains("34.020"), "late calls: answered, but not in time");
    let call = list.text_ref().split("/calls/").nth(1).and_then(|rest| rest.split('"').next());
    let call = call.expect("the list links calls").to_owned();
    let story = mia.get(&format!("/calls/{call}"));
    assert!(story.text().contains("ENTERQUEUE") && story.text().contains('…'), "rows, masked");
    let second = mia.get(&format!("{path}&page=2"));
    assert_ne!(second.text(), list.text());
    let trail = mia.get("/audit");
    assert!(
        trail.text().contains("access.call") && trail.text().contains("verifica del rilievo 3")
    );
    let csv = mia.get(&format!("{path}&file=csv"));
    assert_eq!(csv.text().lines().count(), late + 1);
    mia.get("/api/v1/calls/1").expect_status(422);
    mia.get("/calls/no-such-call").expect_status(404);
    let verified = mia.get("/api/v1/audit/verification").json();
    assert_eq!(verified["broken"], Value::Null);
}

#[test]
fn an_upload_is_the_same_import_as_on_the_command_line() {
    let dir = temp();
    let mut log = Log::default();
    for n in 0..120 {
        let at = 1_688_364_000 + n * 600;
        if n % 4 == 0 {
            log.abandoned(at, "cup_prenotazione", 30);
        } else {
            log.answered(at, "cup_prenotazione", 5 + n % 40, 120);
        }
    }
    let file = log.write(dir.path(), "queue_log-2023-07");
    let beside = Place { ledger: dir.path().join("beside"), ..Place::new(dir.path()) };
    beside.import(&[&file]).ok();
    let expected = beside.measure("2023-07");

    let place = Place::new(dir.path());
    let server = Server::start(&place, &dir.path().join("registers"), &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    let token = mia.token("/imports");
    let headers = [("x-csrf-token", token.as_str())];
    let bytes = fs::read(&file).expect("the log was written");
    let target = "/imports?name=queue_log-2023-07&format=queue-log&service=";
    let begun = mia.send("POST", target, &headers, &bytes);
    begun.expect_status(202);
    let next = begun.json()["next"].as_str().expect("where to look").to_owned();
    let events = mia.get(&format!("{next}/events"));
    assert!(events.text().contains("event: over"), "{}", events.text());
    let state = mia.get(&format!("/api/v1{next}")).json();
    assert_eq!(state["state"], "done", "{state}");
    assert_eq!(state["rows"], json!(log.text().lines().count()));
    let measured = place.measure("2023-07");
    assert_eq!(measured["measurements"], expected["measurements"]);
    let page = ready(&mut mia, "/services/cup/K1?period=2023-07");
    assert!(page.text().contains("Numeratore"), "{}", page.text());

    let again = mia.send("POST", target, &headers, &bytes).json();
    let next = again["next"].as_str().expect("where to look").to_owned();
    mia.get(&format!("{next}/events"));
    let state = mia.get(&format!("/api/v1{next}")).json();
    assert_eq!((&state["state"], &state["already"]), (&json!("done"), &json!(true)));
    let headers = [("x-csrf-token", token.as_str())];
    let bad = mia.send("POST", "/imports?name=x&format=never", &headers, b"1");
    bad.expect_status(422);
    let left: Vec<_> = fs::read_dir(dir.path().join("registers/uploads"))
        .expect("the folder is there")
        .flatten()
        .collect();
    assert!(left.is_empty(), "no upload stays behind: {left:?}");
}

#[test]
fn programs_come_with_a_token_and_find_what_is_described() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    let fields =
        [("name", "cruscotto"), ("role", "monitoring_manager"), ("days", "2"), ("reason", "prova")];
    let made = ada.form("/tokens", &fields);
    let secret = made.text_ref().split("<code>").find_map(|part| {
        part.starts_with("soglia_").then(|| part.split('<').next().unwrap_or_default().to_owned())
    });
    let secret = secret.expect("the token is shown");
    assert!(!ada.get("/tokens").text().contains(&secret), "only once");
    let bearer = format!("Bearer {secret}");
    let mut program = server.client();
    let document = program.get("/api/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths are described");
    let call = "1688364031.17";
    for (path, methods) in paths {
        let Some(described) = methods["get"]["parameters"].as_array() else { continue };
        let takes = |name: &str| described.iter().any(|parameter| parameter["name"] == name);
        let path = path
            .replace("{service}", "cup")
            .replace("{indicator}", "K1")
            .replace("{register}", "complaints")
            .replace("{no}", "1")
            .replace(
                "{id}",
                match path.as_str() {
                    jobs if jobs.contains("/jobs/") || jobs.contains("/studies/") => "1",
                    calls if calls.contains("/calls/") => call,
                    _ => "RIE-99",
                },
            );
        let mut target = format!("{path}?lang=en");
        for (name, value) in [("purpose", "prova+del+programma"), ("limit", "1")] {
            if takes(name) {
                target = format!("{target}&{name}={value}");
            }
        }
        program.get(&target).expect_status(401);
        let begun = Instant::now();
        let answer = loop {
            let answer = program.send("GET", &target, &[("authorization", &bearer)], b"");
            if answer.status != 503 || Duration::from_mins(4) < begun.elapsed() {
                break answer;
            }
        };
        let known = match path.as_str() {
            "/api/v1/users" => 403,
            "/api/v1/jobs/1" | "/api/v1/studies/1" => 404,
            path if path.contains("/entries/") || path.contains("/reviews/") => 404,
            path if path.starts_with("/api/v1/calls/") => answer.status.min(404),
            _ => 200,
        };
        assert_eq!(answer.status, known, "{path}: {}", answer.text());
        assert_ne!(answer.json()["error"], "there is no such address", "{path}");
        assert_ne!(answer.json()["error"], "questo indirizzo non c'è", "{path}");
    }
    let one = program.send(
        "GET",
        "/api/v1/services/cup/indicators/K1?period=2023-H2",
        &[("authorization", &bearer)],
        b"",
    );
    assert_eq!(one.json()["measurement"]["numerator"], 62_373);
    for (target, status) in [
        ("/api/v1/measurements?period=2023-H9", 422),
        ("/api/v1/services/never/figures", 404),
        ("/api/v1/services/cup/indicators/K99", 404),
        ("/api/v1/audit?limit=many", 422),
        ("/api/v1/imports/999", 404),
    ] {
        let answer = program.send("GET", target, &[("authorization", &bearer)], b"");
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
}

#[test]
fn with_certificate_and_key_it_speaks_tls() {
    let dir = temp();
    let (certificate, key) = (dir.path().join("chain.pem"), dir.path().join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=soglia",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: openssl missing");
        return;
    }
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let more = ["--tls-cert", certificate.as_str(), "--tls-key", key.as_str()];
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &more);
    let asked = std::process::Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &server.address])
        .stdin(client::text("GET /setup HTTP/1.1\r\nhost: soglia\r\nconnection: close\r\n\r\n"))
        .output()
        .expect("openssl runs");
    let text = String::from_utf8_lossy(&asked.stdout);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("strict-transport-security") && text.contains("; Secure"), "{text}");
    let wrong = ["--tls-cert", key.as_str(), "--tls-key", key.as_str()];
    let failed = Server::refused(&Place::new(dir.path()), &dir.path().join("registers"), &wrong);
    assert!(failed.contains("has no certificate"), "{failed}");
}
