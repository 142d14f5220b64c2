//! What these tests share: the program, temporary folders, figures. Read [`soglia`] first.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The reference contract.
pub const CONTRACT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/contract.toml");

/// The reference contract with more queues of the service `cup`, written into a folder.
pub fn contract_with(dir: &Path, queues: &[&str]) -> PathBuf {
    let text = fs::read_to_string(CONTRACT).expect("the contract is there");
    let at = text.find("[[service.cup.indicator]]").expect("the contract has indicators");
    let (before, after) = text.split_at(at);
    let mut more = String::new();
    for name in queues {
        write!(more, "[[service.cup.queue]]\nname = \"{name}\"\npurpose = \"information\"\n\n")
            .expect("text grows");
    }
    write(dir, "contract.toml", format!("{before}{more}{after}"))
}

/// What a run of the program left behind.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Panics unless the code is the one expected.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, expected, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Panics unless everything was done.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

/// The program, without anybody's environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soglia"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SOGLIA_") {
            command.env_remove(name);
        }
    }
    // No `soglia.toml` of whoever runs the tests.
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn soglia<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Ran {
    let output = command().args(arguments).output().expect("the program starts");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
    }
}

/// A ledger with its contract.
#[derive(Clone, Debug)]
pub struct Place {
    /// The ledger's folder.
    pub ledger: PathBuf,
    /// The contract file.
    pub contract: PathBuf,
}

impl Place {
    /// A ledger in a folder, under the reference contract.
    pub fn new(dir: &Path) -> Self {
        Self { ledger: dir.join("ledger"), contract: PathBuf::from(CONTRACT) }
    }

    /// The arguments, with the ledger and the contract named.
    pub fn arguments<'a>(&'a self, arguments: &'a [&'a str]) -> Vec<&'a OsStr> {
        let mut all: Vec<&'a OsStr> = arguments.iter().map(|one| OsStr::new(*one)).collect();
        all.extend([OsStr::new("--ledger"), self.ledger.as_os_str()]);
        all.extend([OsStr::new("--contract"), self.contract.as_os_str()]);
        all
    }

    /// Runs the program on this ledger.
    pub fn soglia(&self, arguments: &[&str]) -> Ran {
        soglia(self.arguments(arguments))
    }

    /// Imports queue logs and returns what became of each.
    pub fn import(&self, files: &[&Path]) -> Ran {
        self.import_as("queue-log", files)
    }

    /// Imports files of a format.
    pub fn import_as(&self, format: &str, files: &[&Path]) -> Ran {
        let mut arguments = vec!["import", "--json", "--quiet", "--format", format];
        arguments.extend(files.iter().map(|file| file.to_str().expect("paths are UTF-8")));
        self.soglia(&arguments)
    }

    /// Measures a period without sensitivity lines.
    #[track_caller]
    pub fn measure(&self, period: &str) -> Value {
        let ran =
            self.soglia(&["measure", "--period", period, "--format", "json", "--no-sensitivity"]);
        ran.ok().json()
    }

    /// Takes a copy that a test may change.
    pub fn copy(&self) -> (TempDir, Self) {
        let dir = temp();
        copy_folder(&self.ledger, &dir.path().join("ledger"));
        let place = Self { ledger: dir.path().join("ledger"), contract: self.contract.clone() };
        (dir, place)
    }
}

/// A temporary folder beside the build, so that it is on a disk and not in memory.
pub fn temp() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder is writable")
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("the folder can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("entries have types").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// One figure: numerator, denominator, value, verdict.
pub type Figure = (Option<u64>, Option<u64>, Option<String>, String);

/// Figures by service and indicator.
pub type Figures = BTreeMap<(String, String), Figure>;

/// The figures of a measurement by service and indicator.
pub fn figures(report: &Value) -> Figures {
    let all = report["measurements"].as_array().expect("a measurement has figures");
    let word = |m: &Value, name: &str| m[name].as_str().map(str::to_owned);
    all.iter()
        .map(|m| {
            let key = (word(m, "service"), word(m, "indicator"));
            let figure = (
                m["numerator"].as_u64(),
                m["denominator"].as_u64(),
                word(m, "value"),
                word(m, "verdict").expect("every figure has a verdict"),
            );
            ((key.0.expect("a service"), key.1.expect("an indicator")), figure)
        })
        .collect()
}

/// Numerator and denominator of one figure.
#[track_caller]
pub fn counts(report: &Value, service: &str, indicator: &str) -> (u64, u64) {
    let all = figures(report);
    let figure = all.get(&(service.to_owned(), indicator.to_owned())).expect("the figure is there");
    (figure.0.unwrap_or(0), figure.1.unwrap_or(0))
}

/// How many calls there are of each disposition of a service.
pub fn dispositions(report: &Value, service: &str) -> BTreeMap<String, u64> {
    let counts = report["dispositions"][service].as_object();
    counts
        .into_iter()
        .flatten()
        .map(|(name, n)| (name.clone(), n.as_u64().expect("a count")))
        .collect()
}

/// The demo, run once for all tests of this program.
pub struct Demo {
    /// Its folder.
    pub dir: PathBuf,
    /// Its ledger and contract.
    pub place: Place,
    /// What it printed.
    pub ran: Ran,
    /// What it measured.
    pub report: Value,
}

/// Runs the demo, once.
pub fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_leftovers(parent);
        let dir = parent.join(format!("demo-{}", std::process::id()));
        let ran = soglia(["demo".as_ref(), "--out".as_ref(), dir.as_os_str()]).ok();
        let place = Place { ledger: dir.join("ledger"), contract: dir.join("contract.toml") };
        let report = place.measure("2023-H2");
        Demo { dir, place, ran, report }
    })
}

/// Statics are never dropped: demos of earlier runs are removed by the next.
fn remove_leftovers(parent: &Path) {
    for entry in fs::read_dir(parent).expect("the build folder is there").flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("demo-"));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// A queue log as a platform would write it: calls one after the other.
#[derive(Clone, Debug, Default)]
pub struct Log {
    text: String,
    calls: u64,
}

impl Log {
    /// Adds a call that is answered: entered at `at`, after `wait` seconds, for `talk` seconds.
    pub fn answered(&mut self, at: i64, queue: &str, wait: i64, talk: i64) -> String {
        let id = self.enter(at, queue);
        let answered = at + wait;
        self.line(answered, &id, queue, "Bea Conti", &format!("CONNECT|{wait}|{answered}.1|1"));
        let rest = format!("COMPLETECALLER|{wait}|{talk}|1");
        self.line(answered + talk, &id, queue, "Bea Conti", &rest);
        id
    }

    /// Adds a call that is given up after `wait` seconds.
    pub fn abandoned(&mut self, at: i64, queue: &str, wait: i64) -> String {
        let id = self.enter(at, queue);
        self.line(at + wait, &id, queue, "NONE", &format!("ABANDON|1|1|{wait}"));
        id
    }

    /// Adds a call's entering a queue, and nothing of what came of it.
    pub fn enter(&mut self, at: i64, queue: &str) -> String {
        self.calls += 1;
        let id = format!("{at}.{}", self.calls);
        let caller = format!("09715550{:02}", self.calls % 100);
        self.line(at, &id, queue, "NONE", &format!("ENTERQUEUE||{caller}|1"));
        id
    }

    /// Adds any line.
    pub fn line(&mut self, at: i64, id: &str, queue: &str, agent: &str, event: &str) {
        writeln!(self.text, "{at}|{id}|{queue}|{agent}|{event}").expect("text grows");
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Writes it as a file.
    pub fn write(&self, dir: &Path, name: &str) -> PathBuf {
        write(dir, name, &self.text)
    }
}

/// Writes a file.
pub fn write(dir: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).expect("the folder is writable");
    path
}

/// Monday 3 July 2023, 08:00 in Rome.
pub const MONDAY: i64 = 1_688_364_000;

/// Numbers that look random and are the same every time (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins anywhere.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    /// A number below `n`, signed.
    pub fn upto(&mut self, n: u32) -> i64 {
        i64::try_from(self.below(u64::from(n))).expect("32 bits fit")
    }
}

/// A folder or file of the recorded data, or a note that the test was skipped.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SOGLIA_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} missing", path.display());
    None
}
