//! Makes the files that browsers load, and hands them to the crate; read [`main`] first.
//!
//! They come from npm packages, cut down to what the templates use (`assets/build.mjs`). The
//! packages are installed once into the user's cache, by the hash of the lock file. Without node
//! and npm the crate still builds, with our own plain styles only, and says so.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const MISSING: &str = "node and npm not found: the pages get plain styles and no htmx. Install \
                       them (Debian: apt-get install nodejs npm; or scripts/deps.sh) and build \
                       again";

fn main() -> Result<(), Box<dyn Error>> {
    for path in ["build.rs", "package.json", "package-lock.json", "assets", "templates"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=SOGLIA_PLAIN_PAGES");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets it")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets it")?);
    let made = out.join("served");
    if made.exists() {
        fs::remove_dir_all(&made)?;
    }
    fs::create_dir_all(&made)?;
    if env::var_os("SOGLIA_PLAIN_PAGES").is_some() || !has("node") || !has("npm") {
        println!("cargo::warning={MISSING}");
        plain(&here, &made)?;
    } else if let Err(problem) = slimmed(&here, &out, &made) {
        println!("cargo::warning=the pages get plain styles and no htmx: {problem}");
        plain(&here, &made)?;
    }
    fs::write(out.join("served.rs"), table_of(&made)?)?;
    Ok(())
}

fn has(program: &str) -> bool {
    let mut command = Command::new(name_of(program));
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn name_of(program: &str) -> String {
    if cfg!(windows) && program == "npm" { "npm.cmd".to_owned() } else { program.to_owned() }
}

/// Our own styles and script as they are.
fn plain(here: &Path, made: &Path) -> Result<(), Box<dyn Error>> {
    let mut manifest = String::new();
    let css = fs::read(here.join("assets/app.css"))?;
    let script = fs::read(here.join("assets/app.js"))?;
    let icons = b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".to_vec();
    for (stem, extension, kind, bytes) in [
        ("style", "css", "text/css; charset=utf-8", css),
        ("script", "js", "text/javascript; charset=utf-8", script),
        ("icons", "svg", "image/svg+xml", icons),
    ] {
        let served = format!("{stem}.{:016x}.{extension}", fnv(&bytes));
        fs::write(made.join(&served), bytes)?;
        writeln!(manifest, "{stem}.{extension}\t{served}\t{kind}")?;
    }
    fs::write(made.join("manifest.txt"), manifest)?;
    Ok(())
}

/// Tells contents apart; nobody's safety hangs on it.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn slimmed(here: &Path, out: &Path, made: &Path) -> Result<(), Box<dyn Error>> {
    let modules = packages(here, out)?;
    let script = here.join("assets/build.mjs");
    run(Command::new("node").arg(script).arg(&modules).arg(made), "node assets/build.mjs")
}

/// The folder with the packages of the lock file, installed if they are not there.
fn packages(here: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let lock = fs::read(here.join("package-lock.json"))?;
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(|| out.to_owned());
    let kept = cache.join("soglia").join(format!("web-{:016x}", fnv(&lock)));
    if kept.join("complete").is_file() {
        return Ok(kept);
    }
    let part = out.join("npm");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir_all(&part)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(here.join(name), part.join(name))?;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(Command::new(name_of("npm")).args(arguments).current_dir(&part), "npm ci")?;
    fs::write(part.join("complete"), "")?;
    // Another build may have been quicker; another disk cannot be renamed to.
    if kept.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok())
        && fs::rename(&part, &kept).is_ok()
    {
        return Ok(kept);
    }
    Ok(if kept.join("complete").is_file() { kept } else { part })
}

fn run(command: &mut Command, what: &str) -> Result<(), Box<dyn Error>> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    Err(format!("`{what}` failed: {}", said.join(" · ")).into())
}

fn table_of(made: &Path) -> Result<String, Box<dyn Error>> {
    let mut rows = String::new();
    for line in fs::read_to_string(made.join("manifest.txt"))?.lines() {
        let mut parts = line.split('\t');
        let (Some(name), Some(served), Some(kind)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("a line of the manifest is wrong: {line}").into());
        };
        let path = |suffix: &str| made.join(format!("{served}{suffix}"));
        let bytes = |path: &Path| format!("include_bytes!({:?})", path.to_string_lossy());
        let packed = |suffix: &str| {
            let path = path(suffix);
            if path.is_file() { format!("Some({})", bytes(&path)) } else { "None".to_owned() }
        };
        writeln!(
            rows,
            "    Asset {{ name: {name:?}, served: {served:?}, kind: {kind:?}, plain: {}, \
             brotli: {}, gzip: {} }},",
            bytes(&path("")),
            packed(".br"),
            packed(".gz")
        )?;
    }
    Ok(format!("/// What browsers load.\npub const ASSETS: &[Asset] = &[\n{rows}];\n"))
}
