//! The pages in a real browser. Read [`every_page_is_accessible_and_works_by_keyboard`] first.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::client::Server;
use super::{PAGES, PASSWORD, on_demo, ready, with_accounts};
use crate::support::{Log, MONDAY, Place, temp, write};

/// Monday 6 November 2023, 08:00 in Rome.
const NOVEMBER: i64 = 1_699_254_000;

/// The scripts, and the list of packages that they need.
pub const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../soglia-web/browser");

/// The packages that the scripts need, installed once; says what is missing.
pub fn packages() -> Option<PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).expect("the build folder is writable");
    let read = |folder: &Path| std::fs::read(folder.join("package-lock.json")).ok();
    if folder.join("complete").exists() && read(&folder) == read(Path::new(SCRIPTS)) {
        return Some(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(Path::new(SCRIPTS).join(name), folder.join(name)).expect("it is there");
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let installed = Command::new("npm").args(arguments).current_dir(&folder).status();
    if !installed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: npm missing, or its packages cannot be had");
        return None;
    }
    std::fs::write(folder.join("complete"), "").expect("the build folder is writable");
    Some(folder)
}

/// Chromium and the packages that drive it; says what is missing.
fn driver() -> Option<(PathBuf, PathBuf)> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let Some(chromium) = chromium.into_iter().map(PathBuf::from).find(|path| path.exists()) else {
        eprintln!("skipped: chromium missing (scripts/deps.sh installs it)");
        return None;
    };
    Some((chromium, packages()?))
}

/// Runs a script of `crates/soglia-web/browser` and shows what it said if it failed. Returns what
/// it said, unless there is no browser here.
pub fn run(script: &str, server: &Server, arguments: &[&str]) -> Option<String> {
    let (chromium, folder) = driver()?;
    let output = Command::new("node")
        .arg(Path::new(SCRIPTS).join(script))
        .args([&format!("http://{}", server.address)])
        .args(arguments)
        .env("SOGLIA_CHROMIUM", chromium)
        .env("SOGLIA_MODULES", folder)
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: node missing");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{failed}");
    Some(said)
}

/// Ten calls in July and ten in November on each service, and two lines that nobody can read.
fn delivered(dir: &Path) -> PathBuf {
    let mut log = Log::default();
    for (start, in_time, talk) in [(MONDAY, 7, 300), (NOVEMBER, 9, 200)] {
        for n in 0..10 {
            let wait = if n < in_time { 10 } else { 50 };
            log.answered(start + n * 600, "cup_prenotazione", wait, talk);
            log.answered(start + n * 600 + 60, "cc_assistenza", 5, talk);
        }
    }
    let lines = format!("{}not a line of the log\n1|2\n", log.text());
    write(dir, "queue_log", lines)
}

fn life(lang: &str) -> Option<String> {
    let dir = temp();
    let file = delivered(dir.path()).display().to_string();
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &[]);
    let setup = server.setup.clone().expect("there are no accounts yet");
    let folder = dir.path().display().to_string();
    run("life.mjs", &server, &[&setup, lang, &file, &folder])
}

#[test]
fn a_review_lives_in_the_browser() {
    let Some(said) = life("it") else { return };
    let lines = said.lines().filter_map(|line| line.strip_prefix("looked at "));
    let mut looked: Vec<&str> = lines.collect();
    looked.extend(PAGES);
    // Each page of the application is examined by axe in one of these tests.
    let missing: Vec<String> =
        shown().into_iter().filter(|route| !looked.iter().any(|path| is_of(path, route))).collect();
    assert!(missing.is_empty(), "nobody examines {missing:?}; looked at {looked:?}");
}

#[test]
fn a_review_lives_in_the_browser_in_english() {
    life("en");
}

/// Routes that show no page: files, events, a change of language, a way to somebody else's login;
/// and the page of a study, which no script examines yet.
const NO_PAGES: [&str; 15] = [
    "/services/{service}/figures/{file}",
    "/services/{service}/whatif/{file}",
    "/services/{service}/scenarios/{file}",
    "/studies/{id}",
    "/studies/{id}/events",
    "/studies/{id}/{file}",
    "/language/{tag}",
    "/login/openid",
    "/jobs/{id}/events",
    "/entries/{id}/files/{sha256}",
    "/registers/{register}/export/{kind}",
    "/reviews/{id}/documents/{kind}",
    "/contract/file",
    "/open-data/{file}",
    "/published/{review}/{file}",
];

/// The routes of the pages, out of their source.
fn shown() -> Vec<String> {
    fn read(folder: &Path, routes: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("the source is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(&path, routes);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("source is UTF-8");
            for route in text.split(".route(\"").skip(1) {
                let (name, rest) = route.split_once('"').expect("a name ends");
                let line = rest.lines().next().unwrap_or_default();
                if line.contains("get(") && !NO_PAGES.contains(&name) {
                    routes.push(name.to_owned());
                }
            }
        }
    }
    let mut routes = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../soglia-web/src/pages");
    read(&folder, &mut routes);
    assert!(30 < routes.len(), "{routes:?}");
    routes
}

/// Whether an address belongs to a route.
fn is_of(path: &str, route: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (own, wanted): (Vec<&str>, Vec<&str>) =
        (path.split('/').collect(), route.split('/').collect());
    let fits = |(own, wanted): (&&str, &&str)| own == wanted || wanted.starts_with('{');
    own.len() == wanted.len() && own.iter().zip(&wanted).all(fits)
}

#[test]
fn every_page_is_accessible_and_works_by_keyboard() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    // What takes long is computed before the browser waits for it.
    ready(&mut mia, "/");
    ready(&mut mia, "/months");
    ready(&mut mia, "/services/cup/whatif");
    ready(&mut mia, "/services/cup/whatif?weeks=2");
    ready(&mut mia, "/services/cc/whatif?weeks=2");
    let mut arguments = vec!["mia", PASSWORD];
    arguments.extend(PAGES);
    run("pages.mjs", &server, &arguments);
    run("pages.mjs", &server, &["ada", PASSWORD, "/users", "/users/U-1", "/tokens"]);
}

#[test]
fn levers_move_by_keyboard_and_without_script() {
    let dir = temp();
    let server = on_demo(dir.path());
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    let mut mia = server.client();
    mia.log_in("mia", PASSWORD).expect_status(303);
    ready(&mut mia, "/services/cup/whatif?weeks=2");
    run("levers.mjs", &server, &["mia", PASSWORD]);
}

#[test]
fn a_file_is_uploaded_and_its_progress_shown() {
    let dir = temp();
    let mut log = Log::default();
    for n in 0..40 {
        log.answered(1_688_364_000 + n * 900, "cup_prenotazione", 5, 60);
    }
    let file = log.write(dir.path(), "queue_log");
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &[]);
    with_accounts(&server, &[("mia", "monitoring_manager", "")]);
    run("upload.mjs", &server, &["mia", PASSWORD, &file.display().to_string()]);
}
