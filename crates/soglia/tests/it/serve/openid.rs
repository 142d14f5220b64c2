//! Sign-in by a real identity provider (npm `oidc-provider`), on this machine. Read [`Provider`]
//! first, then [`an_account_of_the_organisation_opens_one_of_soglia`].

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::browser::{SCRIPTS, packages, run};
use super::client::{Answer, Client, Server};
use super::{PASSWORD, with_accounts};
use crate::support::{Place, temp};

/// What Soglia proves itself with at the provider.
const SECRET: &str = "un-segreto-tra-due-programmi";

/// The provider, answering until it is dropped.
struct Provider {
    child: Child,
    address: String,
}

impl Provider {
    /// Starts it on a port that is free; says what is missing.
    fn start() -> Option<Self> {
        Self::start_at("0")
    }

    fn start_at(port: &str) -> Option<Self> {
        let modules = packages()?;
        let mut child = Command::new("node")
            .arg(Path::new(SCRIPTS).join("provider.mjs"))
            .args([SECRET, port])
            .env("SOGLIA_MODULES", modules)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node was there a moment ago");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is read")).lines();
        let address = lines.next().and_then(Result::ok).expect("the provider says where it is");
        Some(Self { child, address })
    }

    fn client(&self) -> Client {
        Client::of(self.address.trim_start_matches("http://"))
    }

    fn control(&self, what: &str) {
        self.client().get(&format!("/control?{what}")).expect_status(200);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Soglia with an empty ledger, told of a provider.
fn server(dir: &Path, issuer: &str, more: &[&str]) -> Server {
    let secret = dir.join("client-secret");
    std::fs::write(&secret, format!("{SECRET}\n")).expect("the folder is writable");
    let secret = secret.display().to_string();
    let mut arguments = vec![
        "--oidc-issuer",
        issuer,
        "--oidc-client-id",
        "soglia",
        "--oidc-client-secret-file",
        &secret,
        "--oidc-label",
        "Regione",
    ];
    arguments.extend(more);
    Server::start(&Place::new(dir), &dir.join("registers"), &arguments)
}

/// Goes to the provider and through its pages as a person does. Returns where it sends back to.
fn at_provider(provider: &Provider, browser: &mut Client, begun: &Answer, login: &str) -> String {
    begun.expect_status(303);
    let mut target = begun.location().expect("the provider's address").to_owned();
    assert!(target.starts_with(&provider.address), "{target}");
    for _ in 0..12 {
        let path = target.strip_prefix(&provider.address).unwrap_or(&target).to_owned();
        let page = browser.get(&path);
        let answer = if page.status == 200 {
            let form = page.text_ref().split("action=\"").nth(1).expect("a form");
            let form = form.split('"').next().expect("an address");
            let form = form.strip_prefix(&provider.address).unwrap_or(form).to_owned();
            let body = if page.text().contains("value=\"consent\"") {
                "prompt=consent".to_owned()
            } else {
                format!("prompt=login&login={login}&password=x")
            };
            let kind = ("content-type", "application/x-www-form-urlencoded");
            browser.send("POST", &form, &[kind], body.as_bytes())
        } else {
            page
        };
        let next = answer.location().unwrap_or_else(|| panic!("{}", answer.text()));
        next.clone_into(&mut target);
        if let Some((_, callback)) = target.split_once("/login/openid/callback") {
            return format!("/login/openid/callback{callback}");
        }
    }
    panic!("the provider does not send back: {target}")
}

/// Signs in as a person; returns the answer to the callback.
fn sign_in(provider: &Provider, visitor: &mut Client, login: &str) -> Answer {
    let begun = visitor.get("/login/openid?next=%2Faccount");
    let callback = at_provider(provider, &mut provider.client(), &begun, login);
    visitor.get(&callback)
}

/// An administrator who came in by a password.
fn administrator(server: &Server) -> Client {
    let mut ada = server.client();
    ada.log_in("ada", PASSWORD).expect_status(303);
    ada
}

#[test]
fn an_account_of_the_organisation_opens_one_of_soglia() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let server = server(dir.path(), &provider.address, &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut visitor = server.client();
    let form = visitor.get("/login?next=%2Faccount");
    assert!(form.text().contains("Accedi con Regione"), "{}", form.text());
    assert!(form.text().contains("/login/openid?next=%2Faccount"), "{}", form.text());

    // Nobody linked her yet: she reads what to hand on.
    let refused = sign_in(&provider, &mut visitor, "mia.colonna");
    refused.expect_status(403);
    for part in [&provider.address, "mia.colonna@regione.example", "nessun utente è collegato"] {
        assert!(refused.text().contains(part), "{part}: {}", refused.text());
    }
    assert!(visitor.get("/account").location().is_some(), "she is not in");

    let mut ada = administrator(&server);
    let linked = [("by", "subject"), ("known", "mia.colonna"), ("reason", "incarico")];
    ada.form("/users/U-2/link", &linked).expect_status(303);
    assert!(ada.get("/users/U-2").text().contains("mia.colonna"));
    let begun = visitor.get("/login/openid?next=%2Faccount");
    let callback = at_provider(&provider, &mut provider.client(), &begun, "mia.colonna");
    let thief = visitor.clone();
    let inside = visitor.get(&callback);
    assert_eq!((inside.status, inside.location()), (303, Some("/account")), "{}", inside.text());
    let account = visitor.get("/account");
    assert!(account.text().contains("mia.colonna"), "{}", account.text());

    // The same callback again, with the ticket (as it was) and without it.
    let again = thief.clone().get(&callback);
    again.expect_status(400);
    assert!(again.text().contains("già stato usato"), "{}", again.text());
    visitor.get(&callback).expect_status(400);
    server.client().get(&callback).expect_status(400);

    let trail = ada.get("/api/v1/users").json();
    assert_eq!(trail["users"][1]["identities"][0]["known_as"], "mia.colonna");
    let mut reader = server.client();
    with_auditor(&mut ada);
    reader.log_in("remo", PASSWORD).expect_status(303);
    let trail = reader.get("/audit");
    for action in ["login.refused", "user.link", "login.ok"] {
        assert!(trail.text().contains(action), "{action}");
    }
    assert_eq!(reader.get("/api/v1/audit/verification").json()["broken"], serde_json::Value::Null);

    // Out of use, she stays out.
    let out = [("standing", "disabled"), ("reason", "fine incarico")];
    ada.form("/users/U-2/standing", &out).expect_status(303);
    assert!(visitor.get("/account").location().is_some(), "at once");
    let refused = sign_in(&provider, &mut visitor, "mia.colonna");
    refused.expect_status(403);
    assert!(refused.text().contains("disattivato"), "{}", refused.text());
    let errors = server.stop();
    assert!(!errors.contains(SECRET) && !errors.contains("eyJ"), "{errors}");
}

/// Makes somebody who may read the trail.
fn with_auditor(ada: &mut Client) {
    let fields = [("login", "remo"), ("name", "Remo"), ("password", PASSWORD), ("reason", "x")];
    let made = ada.form("/users", &fields);
    let page = made.location().expect("the user has a page").to_owned();
    let fields = [("role", "auditor"), ("service", ""), ("reason", "x")];
    ada.form(&format!("{page}/grant"), &fields).expect_status(303);
}

#[test]
fn a_name_is_linked_once_and_only_if_it_was_verified() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let registers = dir.path().join("registers");
    let server = server(dir.path(), &provider.address, &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", ""), ("pia", "auditor", "")]);
    let place = Place::new(dir.path());
    let registers = registers.display().to_string();
    let issuer = provider.address.as_str();
    for (login, name) in [("mia", "Mia@Regione.example"), ("pia", "new-pia@regione.example")] {
        let link = ["user", "link", login, "--name", name, "--issuer", issuer, "--reason=prova"];
        let mut arguments = link.to_vec();
        arguments.extend(["--registers", &registers]);
        place.soglia(&arguments).ok();
    }
    let list = place.soglia(&["user", "list", "--registers", &registers]).ok().out;
    assert!(list.contains("I-1 mia@regione.example? http"), "{list}");
    let mut mia = server.client();
    sign_in(&provider, &mut mia, "mia").expect_status(303);
    let list = place.soglia(&["user", "list", "--registers", &registers]).ok().out;
    assert!(list.contains("I-1 mia http"), "bound to the subject: {list}");
    let mut pia = server.client();
    let refused = sign_in(&provider, &mut pia, "new-pia");
    refused.expect_status(403);
    assert!(!refused.text().contains("new-pia@"), "an address that was not verified is none");
    let english = pia.get("/login?lang=en");
    assert!(english.text().contains("Log in with Regione"), "{}", english.text());

    let unlink = ["user", "unlink", "I-1", "--reason=prova", "--registers", &registers];
    place.soglia(&unlink).ok();
    assert!(mia.get("/account").location().is_some(), "at once");
    sign_in(&provider, &mut mia, "mia").expect_status(403);
}

#[test]
fn what_is_not_meant_for_this_program_opens_nothing() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let server = server(dir.path(), &provider.address, &["--oidc-acr", "L2", "--oidc-acr", "L3"]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let linked = [("by", "subject"), ("known", "mia"), ("reason", "incarico")];
    administrator(&server).form("/users/U-2/link", &linked).expect_status(303);

    let mut visitor = server.client();
    let weak = sign_in(&provider, &mut visitor, "mia");
    weak.expect_status(403);
    assert!(weak.text().contains("livello di sicurezza troppo basso"), "{}", weak.text());
    provider.control("acr=L2");
    sign_in(&provider, &mut visitor, "mia").expect_status(303);

    for (broken, status, said) in [
        ("aud", 403, "non è valido per questo programma"),
        ("nonce", 403, "non è valido per questo programma"),
        ("iss", 403, "non è valido per questo programma"),
        ("key", 403, "non è valido per questo programma"),
        ("at_hash", 403, "non è valido per questo programma"),
        ("exp", 403, "già scaduta"),
        ("iat", 403, "non è valido per questo programma"),
        ("none", 424, "non risponde come dovrebbe"),
    ] {
        provider.control(&format!("break={broken}"));
        let mut visitor = server.client();
        let refused = sign_in(&provider, &mut visitor, "mia");
        assert_eq!(refused.status, status, "{broken}: {}", refused.text());
        assert!(refused.text().contains(said), "{broken}: {}", refused.text());
        assert!(visitor.get("/account").location().is_some(), "{broken}: nobody is in");
    }
    provider.control("break=nothing");

    // Callbacks that no sign-in of this browser began.
    let mut visitor = server.client();
    let begun = visitor.get("/login/openid");
    let callback = at_provider(&provider, &mut provider.client(), &begun, "mia");
    let state = callback.split("state=").nth(1).and_then(|rest| rest.split('&').next());
    let other = callback.replace(state.expect("a state"), &"0".repeat(64));
    let elsewhere = callback.replace("iss=http", "iss=https");
    for (callback, status) in [
        (other.as_str(), 400),
        ("/login/openid/callback", 400),
        ("/login/openid/callback?state=&code=", 400),
        (elsewhere.as_str(), 403),
    ] {
        let refused = visitor.clone().get(callback);
        assert_eq!(refused.status, status, "{callback}: {}", refused.text());
        assert!(refused.text().contains("Accesso non riuscito"), "{}", refused.text());
        assert!(!refused.text().contains("soglia_session"));
    }
    server.client().get(&callback).expect_status(400);
    let denied =
        format!("/login/openid/callback?error=access_denied&state={}", state.expect("one"));
    let denied = visitor.clone().get(&denied);
    denied.expect_status(403);
    assert!(denied.text().contains("(access_denied)"), "{}", denied.text());
    visitor.get(&callback).expect_status(303);
}

#[test]
fn without_the_provider_passwords_still_work_and_it_may_come_back() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
    let port = port.to_string();
    let issuer = format!("http://127.0.0.1:{port}");
    let dir = temp();
    let server = server(dir.path(), &issuer, &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut visitor = server.client();
    let refused = visitor.get("/login/openid");
    refused.expect_status(424);
    assert!(refused.text().contains("Regione ora non risponde"), "{}", refused.text());
    visitor.log_in("mia", PASSWORD).expect_status(303);
    let linked = [("by", "subject"), ("known", "mia"), ("reason", "incarico")];
    administrator(&server).form("/users/U-2/link", &linked).expect_status(303);

    let Some(provider) = Provider::start_at(&port) else { return };
    let mut visitor = server.client();
    let begun = std::time::Instant::now();
    while visitor.get("/login/openid").status != 303 {
        assert!(begun.elapsed() < std::time::Duration::from_mins(4), "it is not tried again");
    }
    sign_in(&provider, &mut visitor, "mia").expect_status(303);
    // It goes away while somebody is there.
    let mut other = server.client();
    let begun = other.get("/login/openid");
    let callback = at_provider(&provider, &mut provider.client(), &begun, "mia");
    drop(provider);
    other.get(&callback).expect_status(424);
    visitor.get("/account").expect_status(200);
    let errors = server.stop();
    assert!(
        errors.contains("the identity provider failed") && !errors.contains(SECRET),
        "{errors}"
    );
}

#[test]
fn whoever_goes_out_goes_out_at_the_provider_too() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let server = server(dir.path(), &provider.address, &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let linked = [("by", "subject"), ("known", "mia"), ("reason", "incarico")];
    administrator(&server).form("/users/U-2/link", &linked).expect_status(303);
    let mut mia = server.client();
    sign_in(&provider, &mut mia, "mia").expect_status(303);
    let out = mia.form("/logout", &[]);
    out.expect_status(200);
    let refresh = out.header("refresh").expect("it leads on").to_owned();
    let end = refresh.strip_prefix("0; url=").expect("at once").to_owned();
    assert!(end.starts_with(&format!("{}/session/end?", provider.address)), "{end}");
    assert!(end.contains("id_token_hint=") && end.contains("post_logout_redirect_uri="), "{end}");
    let path = end.strip_prefix(&provider.address).expect("it begins so").to_owned();
    provider.client().get(&path).expect_status(200);
    assert!(mia.get("/account").location().is_some(), "out");
    // Whoever came in by a password is out when they are out.
    let mut ada = administrator(&server);
    assert_eq!(ada.form("/logout", &[]).location(), Some("/login"));
}

#[test]
fn passwords_can_be_closed() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let only = server(dir.path(), &provider.address, &["--oidc-only"]);
    let setup = only.setup.clone().expect("there are no accounts yet");
    let mut ada = only.client();
    let fields = [("token", setup.as_str()), ("login", "ada"), ("name", "Ada")];
    let fields = [fields.as_slice(), &[("password", PASSWORD)]].concat();
    ada.form("/setup", &fields).expect_status(303);
    let page = ada.get("/login");
    assert!(page.text().contains("Accedi con Regione"), "{}", page.text());
    assert!(!page.text().contains("type=\"password\""), "{}", page.text());
    ada.log_in("ada", PASSWORD).expect_status(403);
    let errors = only.stop();
    assert!(errors.contains("nobody is linked"), "{errors}");

    let place = Place::new(dir.path());
    let registers = dir.path().join("registers");
    for (arguments, said) in [
        (&["--oidc-only"][..], "no identity provider was named"),
        (&["--oidc-issuer", "http://login.example", "--oidc-client-id", "x"][..], "https://"),
        (&["--oidc-issuer", "https://login.example"][..], "no client id"),
    ] {
        let failed = Server::refused(&place, &registers, arguments);
        assert!(failed.contains(said), "{arguments:?}: {failed}");
    }
}

#[test]
fn people_come_in_by_the_provider_in_a_real_browser() {
    let Some(provider) = Provider::start() else { return };
    let dir = temp();
    let server = server(dir.path(), &provider.address, &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let linked = [("by", "subject"), ("known", "mia"), ("reason", "incarico")];
    administrator(&server).form("/users/U-2/link", &linked).expect_status(303);
    run("signin.mjs", &server, &["mia", "zoe"]);
    run("pages.mjs", &server, &["ada", PASSWORD, "/users", "/users/U-2"]);
}
