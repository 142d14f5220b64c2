//! The registers on the command line: entered, corrected, taken out and in, lost and restored.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{CONTRACT, Ran, command, soglia, temp};

/// Registers in a folder, under the reference contract.
struct Registers(PathBuf);

impl Registers {
    fn new(dir: &Path) -> Self {
        Self(dir.join("registers"))
    }

    fn arguments<'a>(&'a self, arguments: &'a [&'a str]) -> Vec<&'a OsStr> {
        let mut all: Vec<&'a OsStr> = arguments.iter().map(|one| OsStr::new(*one)).collect();
        all.extend([OsStr::new("--registers"), self.0.as_os_str()]);
        all.extend([OsStr::new("--contract"), OsStr::new(CONTRACT)]);
        all
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        soglia(self.arguments(arguments))
    }

    /// Runs with a line on the standard input.
    fn run_with(&self, arguments: &[&str], line: &str) -> i32 {
        let mut child = command()
            .args(self.arguments(arguments))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(line.as_bytes()).expect("it reads");
        drop(stdin);
        child.wait().expect("it ends").code().unwrap_or(-1)
    }

    fn add_complaint(&self) -> Ran {
        self.run(&[
            "register",
            "add",
            "complaints",
            "--service",
            "cup",
            "--reason",
            "e-mail",
            "received_on=2023-11-02",
            "channel=email",
            "kind=complaint",
            "topic=attesa",
            "text=Ho atteso mezz'ora",
            "complainant=Anna Bianchi",
        ])
    }
}

const ANSWER: [&str; 8] = [
    "register",
    "move",
    "REC-1",
    "answer",
    "--reason=risposta",
    "answered_on=2023-11-20",
    "outcome=founded",
    "answer=Ci scusiamo",
];

#[test]
fn a_complaint_lives_on_the_command_line() {
    let dir = temp();
    let registers = Registers::new(dir.path());
    assert_eq!(registers.add_complaint().ok().out, "REC-1 v1 received\n");
    let early = registers.run(&["register", "move", "REC-1", "close", "--reason=x"]).code(2);
    assert_eq!(
        early.err,
        "error: `REC-1` is `received`, from where it cannot `close`\n\
         hint: from there it can: take, answer, withdraw\n"
    );
    assert_eq!(registers.run(&ANSWER).ok().out, "REC-1 v2 answered\n");
    let stale = ["register", "edit", "REC-1", "--version=1", "--reason=x", "topic=altro"];
    let stale = registers.run(&stale).code(2);
    assert!(stale.err.contains("version 1 was read, 2 is the newest"), "{}", stale.err);
    let shown = registers.run(&["register", "show", "REC-1", "--history"]).ok().out;
    for line in ["REC-1: Reclami — risposto, v2", "Giorni per rispondere  18", "risposta"] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let shown = registers.run(&["register", "show", "REC-1", "--lang", "en"]).ok().out;
    assert!(shown.contains("REC-1: Complaints — answered, v2"), "{shown}");
    let list = ["register", "list", "complaints", "--open", "--where", "due_on<=2023-12-31"];
    let list = registers.run(&list).ok().out;
    assert!(list.ends_with("1 / 1\n"), "{list}");
    let wrong = registers.run(&["register", "list", "grievances"]).code(2);
    assert!(wrong.err.contains("there are: inspections, complaints, "), "{}", wrong.err);
    let verified = registers.run(&["audit", "verify"]).ok().out;
    assert!(verified.starts_with("2 links, 2 versions of entries, 0 parts erased"), "{verified}");
    registers.run(&["audit", "verify", "--expect", "2:00"]).code(10);
}

#[test]
fn files_go_out_and_come_in() {
    let dir = temp();
    let registers = Registers::new(dir.path());
    registers.add_complaint().ok();
    let file = dir.path().join("complaints.csv");
    let path = file.to_str().expect("UTF-8");
    registers.run(&["register", "export", "complaints", "--out", path]).ok();
    let import = ["register", "import", "complaints", path, "--reason=di nuovo"];
    let again = registers.run(&import).ok().out;
    assert_eq!(again, "1 rows = 0 inserted + 1 unchanged + 0 rejected\n");
    let more = "received_on;channel;kind;topic;text\n\
                2023-11-05;email;praise;cortesia;Grazie\n\
                ieri;email;praise;cortesia;Grazie\n";
    fs::write(&file, more).expect("writable");
    let mut import = import.to_vec();
    import.extend(["--max-rejects", "0"]);
    let trial = [import.as_slice(), &["--dry-run"]].concat();
    for arguments in [&trial, &import] {
        let ran = registers.run(arguments).code(5).out;
        assert!(ran.contains(":3: `ieri` in `received_on` is no date\n"), "{ran}");
        assert!(ran.ends_with("2 rows = 1 inserted + 0 unchanged + 1 rejected\n"), "{ran}");
    }
    let list = registers.run(&["register", "list", "complaints"]).ok().out;
    assert!(list.ends_with("2 / 2\n"), "the trial changed nothing: {list}");
}

#[test]
fn a_lost_folder_comes_back() {
    let dir = temp();
    let registers = Registers::new(dir.path());
    registers.add_complaint().ok();
    let attachment = dir.path().join("nota.txt");
    fs::write(&attachment, "una nota").expect("writable");
    let path = attachment.to_str().expect("UTF-8");
    registers.run(&["register", "attach", "REC-1", path, "--reason=allegato"]).ok();
    let copy = dir.path().join("copy");
    let copy = copy.to_str().expect("UTF-8");
    registers.run(&["backup", copy]).ok();
    registers.run(&["backup", copy]).code(2);
    registers.run(&["restore", copy]).code(2);
    fs::remove_dir_all(&registers.0).expect("the disk is gone");
    let restored = registers.run(&["restore", copy]).ok().out;
    assert_eq!(restored, "restored: 2 links, the trail is whole\n");
    let shown = registers.run(&["register", "show", "REC-1"]).ok().out;
    assert!(shown.contains("nota.txt (text/plain, 8 B)"), "{shown}");
}

#[test]
fn accounts_act_with_their_roles() {
    let dir = temp();
    let registers = Registers::new(dir.path());
    let add = ["user", "add", "anna", "--name=Anna Neri", "--reason=incarico"];
    assert_eq!(registers.run_with(&add, "corta\n"), 2);
    assert_eq!(registers.run_with(&add, "cavallo corretto graffetta\n"), 0);
    registers.run(&["user", "grant", "anna", "rup", "--reason=incarico"]).ok();
    let second = registers.run(&["user", "grant", "anna", "dec", "--reason=incarico"]).ok();
    assert!(second.err.starts_with("warning: "), "{}", second.err);
    let finding = [
        "register",
        "add",
        "findings",
        "--as=anna",
        "--reason=rilievo",
        "issued_on=2023-11-02",
        "kind=order",
        "subject=Code",
        "text=Aprire una coda",
    ];
    registers.run(&finding).ok();
    let reply = ["register", "move", "RIL-1", "reply", "--as=anna", "--reason=x", "reply=sì"];
    let refused = registers.run(&reply).code(2);
    assert!(refused.err.contains("may not do this"), "{}", refused.err);
    let token = registers.run(&["user", "token", "cruscotto", "auditor", "--reason=prova"]).ok();
    assert!(token.out.starts_with("T-1 soglia_"), "{}", token.out);
    let revoke = ["user", "revoke-token", "T-1", "--reason=fine della prova"];
    registers.run(&revoke).ok();
    assert!(registers.run(&revoke).code(2).err.contains("T-1"), "it is worthless already");
    let log = registers.run(&["audit", "log", "--object", "RIL-1"]).ok().out;
    assert!(log.contains("U-1") && log.contains("rilievo"), "{log}");
}

#[test]
fn one_persons_data_are_erased() {
    let dir = temp();
    let registers = Registers::new(dir.path());
    registers.add_complaint().ok();
    let out = dir.path().join("anna.json");
    let path = out.to_str().expect("UTF-8");
    let person = ["erase", "person", "Anna Bianchi", "--out", path, "--reason"];
    registers.run(&[person.as_slice(), &[" "]].concat()).code(2);
    assert!(!out.exists(), "what failed leaves no file in the way of the next try");
    let person = [person.as_slice(), &["richiesta 7"]].concat();
    let shown = registers.run(&person).ok().out;
    assert_eq!(shown, "REC-1 v1 complainant\nREC-1 v1 text\n");
    let export = fs::read_to_string(&out).expect("a file");
    assert!(export.contains("Ho atteso mezz'ora"), "{export}");
    fs::remove_file(&out).expect("it is there");
    let person = [person.as_slice(), &["--carry-out"]].concat();
    assert!(registers.run(&person).ok().out.contains("\nC-1 "));
    let shown = registers.run(&["register", "show", "REC-1"]).ok().out;
    assert!(!shown.contains("Anna") && shown.contains("attesa"), "{shown}");
    let verified = registers.run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("2 parts erased by certificate"), "{verified}");
}
