//! Finds the fonts of the documents and hands them to the crate; read [`main`] first.
//!
//! In this order: the directory named by `SOGLIA_FONTS`; the user's cache; the npm package
//! `bootstrap-italia`, which carries Titillium Web under the Open Font Licence and is unpacked into
//! that cache once. Without any of them the crate still builds, with the typesetter's own fonts.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const PACKAGE: &str = "bootstrap-italia";
const VERSION: &str = "2.18.3";
const INSIDE: &str = "package/dist/fonts/Titillium_Web";
const STEM: &str = "titillium-web-v10-latin-ext_latin";
const DESKTOP: [&str; 4] = ["regular.ttf", "italic.ttf", "600.ttf", "700.ttf"];
const WEB: [(&str, &str); 2] = [("400", "regular.woff2"), ("600", "600.woff2")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOGLIA_FONTS");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let found = match env::var_os("SOGLIA_FONTS").map(PathBuf::from) {
        Some(folder) if has_all(&folder) => Some(folder),
        Some(folder) => {
            let names = DESKTOP.map(|name| format!("{STEM}-{name}")).join(", ");
            let folder = folder.display();
            return Err(format!("SOGLIA_FONTS: `{folder}` must contain {names}").into());
        }
        None => cached_or_fetched(&out),
    };
    if found.is_none() {
        println!(
            "cargo::warning=Titillium Web not found: documents use the typesetter's own fonts. \
             Install npm, or set SOGLIA_FONTS to a folder with the fonts of {PACKAGE} {VERSION}"
        );
    }
    fs::write(out.join("fonts.rs"), table_of(found.as_deref(), &out)?)?;
    Ok(())
}

fn has_all(folder: &Path) -> bool {
    let web = WEB.iter().map(|(_, name)| name);
    DESKTOP.iter().chain(web).all(|name| folder.join(format!("{STEM}-{name}")).is_file())
}

/// The user's cache survives `cargo clean` and serves every target directory.
fn cached_or_fetched(out: &Path) -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(|| out.to_owned());
    let kept = cache.join("soglia").join(format!("{PACKAGE}-{VERSION}"));
    if has_all(&kept) {
        return Some(kept);
    }
    let fetched = fetch(&out.join("npm"))?;
    // Another build may be doing the same: each file is renamed into place, the content is equal.
    if fs::create_dir_all(&kept).is_ok() && copy_all(&fetched, &kept).is_ok() && has_all(&kept) {
        return Some(kept);
    }
    has_all(&fetched).then_some(fetched)
}

fn fetch(folder: &Path) -> Option<PathBuf> {
    fs::create_dir_all(folder).ok()?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let spec = format!("{PACKAGE}@{VERSION}");
    run(Command::new(npm).args(["pack", "--silent", &spec]).current_dir(folder))?;
    let archive = format!("{PACKAGE}-{VERSION}.tgz");
    run(Command::new("tar").args(["xzf", &archive, INSIDE]).current_dir(folder))?;
    let inside = folder.join(INSIDE);
    has_all(&inside).then_some(inside)
}

fn run(command: &mut Command) -> Option<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().ok()?;
    status.success().then_some(())
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    let names = DESKTOP.iter().chain(WEB.iter().map(|(_, name)| name));
    let fonts = names.map(|name| format!("{STEM}-{name}"));
    for name in fonts.chain(["OFL.txt".to_owned()]) {
        let part = to.join(format!("{name}.{}", std::process::id()));
        fs::copy(from.join(&name), &part)?;
        fs::rename(&part, to.join(&name))?;
    }
    Ok(())
}

/// Copies the fonts into the build's own folder, so that a cleaned cache breaks nothing.
fn table_of(found: Option<&Path>, out: &Path) -> std::io::Result<String> {
    let mut desktop = Vec::new();
    let mut web = Vec::new();
    if let Some(folder) = found {
        for name in DESKTOP {
            let copy = kept_copy(folder, out, name)?;
            desktop.push(format!("    include_bytes!(\"{copy}\"),\n"));
        }
        for (weight, name) in WEB {
            let copy = kept_copy(folder, out, name)?;
            web.push(format!("    (\"{weight}\", include_bytes!(\"{copy}\")),\n"));
        }
    }
    let (desktop, web) = (desktop.concat(), web.concat());
    Ok(format!(
        "/// Fonts of the PDF.\npub const DESKTOP: &[&[u8]] = &[\n{desktop}];\n\
         /// Fonts of the HTML page, by weight.\npub const WEB: &[(&str, &[u8])] = &[\n{web}];\n"
    ))
}

/// Returns the copy's path as it stands inside a string of Rust.
fn kept_copy(folder: &Path, out: &Path, name: &str) -> std::io::Result<String> {
    let copy = out.join(format!("{STEM}-{name}"));
    fs::copy(folder.join(format!("{STEM}-{name}")), &copy)?;
    Ok(copy.to_string_lossy().escape_default().to_string())
}
