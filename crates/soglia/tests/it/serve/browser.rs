//! The pages in a real browser. Read [`every_page_is_accessible_and_works_by_keyboard`] first.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::client::Server;
use super::{PAGES, PASSWORD, on_demo, ready, with_accounts};
use crate::support::{Log, Place, temp};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../soglia-web/browser");

/// Chromium and the packages that drive it; says what is missing.
fn driver() -> Option<(PathBuf, PathBuf)> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let Some(chromium) = chromium.into_iter().map(PathBuf::from).find(|path| path.exists()) else {
        eprintln!("skipped: chromium missing (scripts/deps.sh installs it)");
        return None;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    if !folder.join("node_modules/playwright-core").exists() {
        std::fs::create_dir_all(&folder).expect("the build folder is writable");
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(Path::new(SCRIPTS).join(name), folder.join(name)).expect("it is there");
        }
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        let installed = Command::new("npm").args(arguments).current_dir(&folder).status();
        if !installed.is_ok_and(|status| status.success()) {
            eprintln!("skipped: npm missing, or its packages cannot be had");
            return None;
        }
    }
    Some((chromium, folder))
}

/// Runs a script of `crates/soglia-web/browser` and shows what it said if it failed.
fn run(script: &str, server: &Server, arguments: &[&str]) {
    let Some((chromium, folder)) = driver() else { return };
    let output = Command::new("node")
        .arg(Path::new(SCRIPTS).join(script))
        .args([&format!("http://{}", server.address)])
        .args(arguments)
        .env("SOGLIA_CHROMIUM", chromium)
        .env("SOGLIA_MODULES", folder)
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: node missing");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{failed}");
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
