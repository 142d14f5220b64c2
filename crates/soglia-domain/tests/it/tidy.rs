//! What the repository's text must be like. Read the tests' names; each failure lists the places.
//!
//! These are the rules of style that neither the compiler nor the lints can see. The scanner knows
//! Rust as `rustfmt` writes it, no more: a function ends at the bracket under its first letter, and
//! tests begin at `#[cfg(test)]` or stand in `tests` and `benches`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines that a function may have.
const FUNCTION_LINES_MAX: usize = 70;
/// Columns that a line may have.
const COLUMNS_MAX: usize = 100;

/// Crates that read nothing of the world by themselves.
const PURE: [&str; 4] = ["soglia-domain", "soglia-sources", "soglia-measure", "soglia-report"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A text file of the repository; `name` is its path from the root.
struct File {
    name: String,
    text: String,
}

/// All files under a folder whose name ends so, in order, without what is built or made.
fn files(folder: &str, ends: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("the folder can be read").path();
            let name = path.strip_prefix(root()).expect("it is under the root");
            let name = name.to_string_lossy().replace('\\', "/");
            let last = name.rsplit('/').next().unwrap_or_default();
            let made = ["target", "demo", "node_modules", "fuzz/corpus", "fuzz/artifacts"];
            if made.contains(&last) || made.contains(&name.as_str()) || last == ".git" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if ends.iter().any(|end| name.ends_with(end)) {
                found.push(File { text: text(&path), name });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn sources() -> Vec<File> {
    let mut all = files("crates", &[".rs"]);
    all.append(&mut files("fuzz", &[".rs"]));
    assert!(100 < all.len(), "the sources were found");
    all
}

impl File {
    /// The lines with their numbers, and whether they are a test's.
    fn lines(&self) -> impl Iterator<Item = (usize, &str, Belongs)> {
        let apart = ["/tests/", "/benches/", "/tests.rs", "fuzz/"];
        let mut belongs =
            if apart.iter().any(|part| self.name.contains(part) || self.name.starts_with(part)) {
                Belongs::ToTests
            } else {
                Belongs::ToProgram
            };
        (1..).zip(self.text.lines()).map(move |(number, line)| {
            if line.starts_with("#[cfg(test)]") {
                belongs = Belongs::ToTests;
            }
            (number, line, belongs)
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Belongs {
    ToProgram,
    ToTests,
}

/// Collects what is wrong, and fails with all of it.
#[derive(Default)]
struct Wrong(String);

impl Wrong {
    fn at(&mut self, file: &str, line: usize, what: &str) {
        writeln!(self.0, "{file}:{line}: {what}").expect("texts grow");
    }

    fn finish(self, rule: &str) {
        assert!(self.0.is_empty(), "{rule}:\n{}", self.0);
    }
}

#[test]
fn every_module_says_what_it_is() {
    let mut wrong = Wrong::default();
    for file in sources() {
        if !file.text.starts_with("//! ") {
            wrong.at(&file.name, 1, "does not begin with `//!`");
        }
    }
    wrong.finish("a module begins with a line that says what it is");
}

#[test]
fn lines_are_not_too_long() {
    let mut wrong = Wrong::default();
    for file in sources() {
        let mut literal = Literal::Outside;
        for (number, line, belongs) in file.lines() {
            let pasted = literal.step(line);
            let n = line.chars().count();
            if COLUMNS_MAX < n && !(belongs == Belongs::ToTests && pasted) {
                wrong.at(&file.name, number, &format!("{n} columns"));
            }
        }
    }
    wrong.finish("lines have at most 100 columns; in tests, pasted text may have more");
}

/// Whether a line holds text that was pasted: an inline snapshot or a raw string.
enum Literal {
    Outside,
    Until(&'static str),
}

impl Literal {
    /// Goes on by a line; true if some of the line is pasted text.
    fn step(&mut self, line: &str) -> bool {
        let opened = [("r#\"", "\"#"), ("@r\"", "\""), ("@\"", "\"")];
        let (within, mut rest) = match self {
            Self::Until(end) => match line.trim_start().split_once(*end) {
                // The text of a snapshot has quotes of its own; its end begins a line.
                Some((before, rest)) if *end != "\"" || before.is_empty() => (true, rest),
                _ => return true,
            },
            Self::Outside => (false, line),
        };
        *self = Self::Outside;
        let mut pasted = within;
        while let Some((end, after)) = opened
            .iter()
            .find_map(|(start, end)| rest.split_once(start).map(|(_, after)| (*end, after)))
        {
            pasted = true;
            let Some((_, after)) = after.rsplit_once(end) else {
                *self = Self::Until(end);
                break;
            };
            rest = after;
        }
        pasted
    }
}

#[test]
fn functions_are_not_too_long() {
    let mut wrong = Wrong::default();
    for file in sources() {
        let lines: Vec<_> = file.lines().collect();
        for (at, (number, line, belongs)) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if *belongs == Belongs::ToTests || !is_function(line.trim_start()) {
                continue;
            }
            let closing = format!("{}}}", " ".repeat(indent));
            let body: Vec<&str> = lines.iter().skip(at).map(|(_, line, _)| *line).collect();
            let n = 1 + body.iter().position(|line| *line == closing).unwrap_or_default();
            let cases = body.iter().take(n).filter(|line| is_case(line)).count();
            if FUNCTION_LINES_MAX < n - cases {
                let what = format!("{n} lines, {cases} of them cases of a table: {}", line.trim());
                wrong.at(&file.name, *number, &what);
            }
        }
    }
    wrong.finish("functions have at most 70 lines, one-line cases of a table not counted");
}

/// The first line of a function with a body below it.
fn is_function(line: &str) -> bool {
    let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "];
    let mut rest = line;
    while let Some(after) = words.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    rest.starts_with("fn ") && !line.ends_with('}') && !line.ends_with(';')
}

/// One row of a table: `pattern => value,` or `(a, b),` on a line of its own.
fn is_case(line: &str) -> bool {
    let line = line.trim();
    let arm = line.contains(" => ") && line.ends_with(',') && !line.contains('{');
    arm || (line.starts_with('(') && line.ends_with("),"))
}

#[test]
fn the_core_reads_nothing_of_the_world() {
    let banned = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "tokio::fs",
        "tokio::net",
        "tokio::process",
        "SystemTime::",
        "Instant::now()",
        "Timestamp::now()",
        "Zoned::now()",
        "thread_rng",
        "rand::",
        "println!",
        "eprintln!",
    ];
    let mut wrong = Wrong::default();
    for name in PURE {
        for file in files(&format!("crates/{name}/src"), &[".rs"]) {
            for (number, line, belongs) in file.lines() {
                let code = line.split("//").next().unwrap_or_default();
                if belongs == Belongs::ToTests {
                    continue;
                }
                if let Some(word) = banned.iter().find(|word| code.contains(**word)) {
                    wrong.at(&file.name, number, &format!("`{word}`"));
                }
            }
        }
    }
    wrong.finish("files, network, environment, clock and chance belong to the command line");
}

#[test]
fn nothing_is_left_for_later() {
    let mut wrong = Wrong::default();
    // Written apart, so that this file does not find itself.
    let later = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    let unfinished = ["todo!(", "unimplemented!(", "dbg!(", ".unwrap()"];
    for file in sources() {
        for (number, line, belongs) in file.lines() {
            if let Some(word) = later.iter().find(|word| line.contains(word.as_str())) {
                wrong.at(&file.name, number, word);
            }
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = unfinished.iter().find(|word| code.contains(**word))
                && belongs == Belongs::ToProgram
            {
                wrong.at(&file.name, number, &format!("`{word}`: return an error, or `expect`"));
            }
        }
    }
    wrong.finish("the program is finished and its assumptions have words");
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let mut wrong = Wrong::default();
    for name in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let manifest = text(&root().join(name));
        let mut section = "";
        for (number, line) in (1..).zip(manifest.lines()) {
            if line.starts_with('[') {
                section = line;
            }
            let ours = line.starts_with("soglia-");
            let is_entry = section.ends_with("dependencies]") && line.contains(" = ");
            if is_entry && !ours && !line.contains(" # ") {
                wrong.at(name, number, line);
            }
        }
    }
    wrong.finish("a dependency has a comment that says what it is for");
}

/// The crates that each crate may use, from the code map.
fn may_use() -> Vec<(String, Vec<String>)> {
    let page = text(&root().join("docs/ARCHITECTURE.md"));
    let map = page.split("## Code map").nth(1).expect("the page has a code map");
    let map = map.split("\n## ").next().unwrap_or_default();
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = map.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = rows.next().expect("the table has a head");
    let column = head.iter().position(|cell| cell == "may use").expect("a column `may use`");
    rows.filter(|row| row.get(1).is_some_and(|name| name.starts_with('`')))
        .map(|row| {
            let name = row[1].trim_matches('`').to_owned();
            let used = row[column].split(',').map(str::trim).filter(|used| *used != "–");
            (name, used.map(|used| format!("soglia-{used}")).collect())
        })
        .collect()
}

#[test]
fn crates_use_only_what_the_code_map_allows() {
    let mut wrong = Wrong::default();
    let map = may_use();
    for file in files("crates", &["Cargo.toml"]) {
        let name = file.name.split('/').nth(1).unwrap_or_default();
        let Some((_, allowed)) = map.iter().find(|(known, _)| known == name) else {
            wrong.at(&file.name, 1, "the crate has no row in docs/ARCHITECTURE.md's code map");
            continue;
        };
        let mut section = "";
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.starts_with('[') {
                section = line;
            }
            let used = line.split(['.', ' ']).next().unwrap_or_default();
            let edge = used.starts_with("soglia-") && section == "[dependencies]";
            if edge && !allowed.iter().any(|known| known == used) {
                wrong.at(&file.name, number, &format!("`{name}` may not use `{used}`"));
            }
        }
    }
    wrong.finish("dependencies point one way, as the code map says");
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let mut wrong = Wrong::default();
    let ends = [".rs", ".md", ".toml", ".sh", ".py", ".yml", ".html", ".snap", "Makefile", "run"];
    let homes = ["ro|ot", "ho|me", "wo|rk", "Us|ers"].map(|name| name.replace('|', ""));
    for file in files(".", &ends) {
        for (number, line) in (1..).zip(file.text.lines()) {
            for home in &homes {
                let path = format!("/{home}/");
                let starts =
                    |before: &str| before.chars().last().is_none_or(|c| " \"'`(=".contains(c));
                if line.split_once(&path).is_some_and(|(before, _)| starts(before)) {
                    wrong.at(&file.name, number, &path);
                }
            }
        }
    }
    wrong.finish("paths of one machine mean nothing on another");
}

#[test]
fn every_integration_test_is_declared() {
    let mut wrong = Wrong::default();
    for file in files("crates", &["tests/it/main.rs"]) {
        let folder = file.name.trim_end_matches("main.rs");
        for other in files(folder, &[".rs"]) {
            let stem = other.name.trim_start_matches(folder).trim_end_matches(".rs");
            let declared = file.text.contains(&format!("mod {stem};"));
            if !stem.contains('/') && stem != "main" && !declared {
                wrong.at(&other.name, 1, "is not declared in main.rs");
            }
        }
    }
    wrong.finish("a file that nobody declares is a test that nobody runs");
}

#[test]
fn every_page_has_one_title() {
    let mut wrong = Wrong::default();
    for file in files("docs", &[".md"]).into_iter().chain(files("examples", &[".md"])) {
        let mut in_code = false;
        let mut n_titles = 0;
        for line in file.text.lines() {
            in_code ^= line.starts_with("```");
            n_titles += usize::from(!in_code && line.starts_with("# "));
        }
        if n_titles != 1 {
            wrong.at(&file.name, 1, &format!("{n_titles} titles"));
        }
    }
    wrong.finish("a page has one title");
}
