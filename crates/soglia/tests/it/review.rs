//! The semester's review on the command line: from its figures to the published document, with
//! what is refused on the way.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{CONTRACT, Log, MONDAY, Ran, soglia, temp, write};

/// Monday 8 May 2023, 08:00 in Rome: the half-year before.
const MAY: i64 = 1_683_525_600;
/// Monday 6 November 2023, 08:00 in Rome.
const NOVEMBER: i64 = 1_699_254_000;

const MORE: &str = r#"
[penalties]
contract_value = "100000.00"
cap = "2%"
clause = "art. 12"

[[penalties.rate]]
service = "cup"
indicator = "K1"
step = "1%"
rate = "0.5‰"

[[operator_group]]
code = "sede_a"
name = "Sede A"
members = ["Bea Conti", "Aldo Neri", "Carla Riva", "Dino Sala", "Elsa Foti"]
"#;

/// The password of the accounts made here.
pub const PASSWORD: &str = "cavallo corretto graffetta";

/// A ledger with two half-years and the registers beside it.
pub struct Semester {
    pub dir: TempDir,
    pub contract: PathBuf,
}

impl Semester {
    /// In May six of ten calls are answered within 20 seconds, in the second half-year seven or
    /// nine; conversations last 300 seconds in July and 200 in November.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same with three weeks of calls in November, enough to be played again: twelve an hour
    /// from Monday to Friday, between 8 and 18. A scenario that fits them and one that does not
    /// stand in the folder `scenarios`.
    pub fn busy() -> Self {
        const HOUR: i64 = 3600;
        let days = (0..21).filter(|day| day % 7 < 5).map(|day| NOVEMBER + day * 24 * HOUR);
        let starts: Vec<i64> =
            days.flat_map(|day| (0..120).map(move |n| day + n * HOUR / 12)).collect();
        let semester = Self::with(&starts);
        let folder = semester.dir.path().join("scenarios");
        fs::create_dir(&folder).expect("a folder");
        let head = |code: &str| {
            format!("[scenario]\ncode = \"{code}\"\nname = \"Prova {code}\"\nservice = \"cup\"\n")
        };
        let more = format!("{}[[demand]]\nchange = \"+30%\"\n", head("altre"));
        write(&folder, "altre.toml", more);
        let group = "[[cross_training]]\ngroup = \"nessuno\"\noperators = 1\n\
                     learn = [{ queue = \"cup_prenotazione\", preference = 1 }]\n";
        write(&folder, "nessuno.toml", format!("{}{group}", head("nessuno")));
        semester
    }

    fn with(more: &[i64]) -> Self {
        let dir = temp();
        let text = fs::read_to_string(CONTRACT).expect("the contract is there");
        let contract = write(dir.path(), "contract.toml", format!("{text}{MORE}"));
        let semester = Self { dir, contract };
        let mut log = Log::default();
        let months = [(MAY, 6, 250), (MONDAY, 7, 300), (NOVEMBER, 9, 200)];
        for (start, in_time, talk) in months {
            for n in 0..10 {
                let wait = if n < in_time { 10 } else { 50 };
                log.answered(start + n * 600, "cup_prenotazione", wait, talk);
            }
        }
        for (n, start) in more.iter().enumerate() {
            // The first ten of November are those above.
            log.answered(start + 6000, "cup_prenotazione", [5, 15, 40][n % 3], 120);
        }
        let file = log.write(semester.dir.path(), "queue_log");
        let file = file.to_str().expect("UTF-8");
        semester.run(&["import", "--quiet", "--format", "queue-log", file]).ok();
        semester
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let path = |name: &str| self.dir.path().join(name).into_os_string();
        let mut all: Vec<std::ffi::OsString> = arguments.iter().map(Into::into).collect();
        all.extend(["--ledger".into(), path("ledger"), "--registers".into(), path("registers")]);
        all.extend(["--contract".into(), self.contract.clone().into_os_string()]);
        soglia(all)
    }

    /// Runs a step with a reason.
    pub fn step(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--reason=prova", "--quiet"]].concat())
    }

    /// Makes an account with a role.
    pub fn account(&self, login: &str, role: &str) {
        let dir = self.dir.path();
        let mut child = crate::support::command();
        let name = format!("--name={login}");
        child.args(["user", "add", login, &name, "--reason=prova", "--registers"]);
        child.arg(dir.join("registers")).arg("--contract").arg(&self.contract);
        let file = write(dir, "password", format!("{PASSWORD}\n"));
        child.stdin(fs::File::open(file).expect("it is there"));
        assert!(child.output().expect("it runs").status.success());
        self.step(&["user", "grant", login, role]).ok();
    }

    fn shown(&self, review: &str) -> Value {
        self.run(&["review", "show", review, "--json"]).ok().json()
    }

    /// Settles the elements, findings and sheets that are open, and opens the discussion.
    pub fn prepare(&self, review: &str) {
        let shown = self.shown(review);
        let open = |entry: &&Value| entry["open"] == true;
        for element in list(&shown, "elements").iter().filter(open) {
            let (id, because) = (id(element), "--because=nessun fatto nel periodo");
            let evidence = element["values"]["evidence"].is_string();
            let ran = if evidence {
                self.step(&["review", "input", id, "present"])
            } else {
                self.step(&["review", "input", id, "not-applicable", because])
            };
            ran.ok();
        }
        for finding in list(&shown, "findings").iter().filter(open) {
            self.step(&["review", "finding", id(finding), "accept"]).ok();
        }
        for sheet in list(&shown, "sheets").iter().filter(open) {
            let fields =
                ["process=SLA", "source=Registri", "responsible=RQ", "frequency=half_year"];
            let missing = fields.iter().filter(|field| {
                let name = field.split('=').next().unwrap_or_default();
                !sheet["values"][name].is_string()
            });
            let arguments = ["review", "sheet", id(sheet), "complete"];
            let arguments: Vec<&str> = arguments.into_iter().chain(missing.copied()).collect();
            self.step(&arguments).ok();
        }
        self.step(&["review", "discuss", review]).ok();
    }

    fn approve(&self, review: &str) -> Ran {
        self.step(&["review", "approve", review, "--place=Cittalta", "--date=2024-02-02"])
    }
}

fn list<'v>(shown: &'v Value, part: &str) -> &'v Vec<Value> {
    shown[part].as_array().expect("a list")
}

fn id(entry: &Value) -> &str {
    entry["id"].as_str().expect("entries have numbers")
}

fn sheet<'v>(shown: &'v Value, service: &str, indicator: &str) -> &'v Value {
    let about =
        |sheet: &&Value| sheet["service"] == service && sheet["values"]["indicator"] == indicator;
    list(shown, "sheets").iter().find(about).expect("every indicator has a sheet")
}

#[test]
fn a_review_lives_from_its_figures_to_publication() {
    let semester = Semester::new();
    let opened = semester.run(&["review", "open", "--period=2023-H2", "--reason=riesame"]).ok();
    assert_eq!(opened.out, "RIE-1 v1 draft\n");
    assert!(opened.err.starts_with("2023-H2: 23 input elements, 20 sheets, "), "{}", opened.err);
    semester.step(&["review", "open", "--period=2023-H2"]).code(2);
    filled_from_figures(&semester);
    early_steps_are_refused(&semester);
    semester.prepare("2023-H2");
    remarked_and_answered(&semester);
    texts_agree_with_figures(&semester);
    approved_and_fixed(&semester);
    signed_and_published(&semester);
    let verified = semester.run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("whole; head "), "{verified}");
}

/// The sheets have the measures, the elements what the registers and measures have.
fn filled_from_figures(semester: &Semester) {
    let shown = semester.shown("rie-1");
    assert_eq!(shown["schema"], "soglia.review/1");
    let k1 = sheet(&shown, "cup", "K1");
    let counts = (&k1["values"]["numerator"], &k1["values"]["denominator"]);
    assert_eq!(counts, (&16.into(), &20.into()), "seven and nine of ten");
    assert_eq!(
        (&k1["values"]["measured"], &k1["values"]["verdict"]),
        (&"80.00".into(), &"KO".into())
    );
    let performance = list(&shown, "elements").iter().find(|element| {
        element["values"]["area"] == "contact_centre"
            && element["values"]["element"] == "performance"
    });
    let evidence = performance.expect("it is one of eleven")["values"]["evidence"].as_str();
    assert!(evidence.expect("the measures fill it").contains("20 indicatori misurati"));
    let signatures = list(&shown, "signatures").len();
    assert_eq!(signatures, 3, "the contract's signatories");
    let text = semester.run(&["review", "show", "2023-H2", "--lang=it"]).ok().out;
    for line in ["RIE-1 · 2023-H2 · bozza", "80,00 % (16/20)", "Valutazioni dei reclami"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let text = semester.run(&["review", "show", "2023-H2", "--lang=en"]).ok().out;
    for line in ["RIE-1 · 2023-H2 · draft", "80.00 % (16/20)", "Input elements"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let again = semester.step(&["review", "refresh", "RIE-1"]).ok();
    assert_eq!(again.out, "RIE-1 v1 draft\n");
    assert_eq!(semester.shown("RIE-1"), shown, "the same figures change nothing");
}

fn early_steps_are_refused(semester: &Semester) {
    let early = semester.approve("2023-H2").code(2);
    assert!(early.err.contains("input elements missing: ELI-1"), "{}", early.err);
    let listed = semester.run(&["review", "check", "2023-H2"]).code(10).out;
    assert!(listed.contains("elementi in ingresso mancanti: ELI-1"), "{listed}");
    let remark = ["review", "remark", "2023-H2", "--on=cup/K1", "--text=x"];
    let refused = semester.step(&remark).code(2);
    assert!(refused.err.contains("while the review is in discussion"), "{}", refused.err);
    semester.step(&["review", "input", "ELI-1", "not-applicable"]).code(2);
    semester.step(&["review", "finding", "OSS-1", "edit"]).code(2);
    semester.run(&["review", "document", "2023-H2", "--out=x.pdf"]).code(2);
    let none = semester.run(&["review", "show", "2022-H2"]).code(2);
    assert!(none.err.contains("soglia review open --period 2022-H2"), "{}", none.err);
    semester.step(&["review", "open", "--period=2021-H1"]).code(4);
}

fn remarked_and_answered(semester: &Semester) {
    let remark =
        ["review", "remark", "2023-H2", "--on=cup/K1", "--text=Chiamate di prova comprese"];
    assert_eq!(semester.step(&remark).ok().out, "NOT-1 v1 made\n");
    let shown = semester.shown("2023-H2");
    assert_eq!(list(&shown, "remarks")[0]["values"]["figure"], "80,00 % (16/20)");
    let open = semester.approve("2023-H2").code(2);
    assert!(open.err.contains("remarks still open: NOT-1"), "{}", open.err);
    semester.step(&["review", "remark", "NOT-1", "answer", "--text=Sono escluse"]).ok();
    semester.step(&["review", "remark", "NOT-1", "settle"]).ok();
}

/// What a text calls met must be met; the checks say which figure contradicts it.
fn texts_agree_with_figures(semester: &Semester) {
    let wrong = "--outputs=Per il CUP i livelli di servizio sono stati rispettati.";
    semester.step(&["review", "write", "2023-H2", wrong]).ok();
    let checks = semester.run(&["review", "check", "2023-H2", "--json"]).code(10).json();
    let errors: Vec<&Value> =
        list(&checks, "checks").iter().filter(|check| check["severity"] == "error").collect();
    assert!(
        errors.iter().any(|check| check["code"] == "N1" && check["indicator"] == "K1"),
        "{errors:?}"
    );
    let refused = semester.approve("2023-H2").code(2);
    assert!(refused.err.contains("N1: ") && refused.err.contains("K1"), "{}", refused.err);
    assert!(!semester.dir.path().join("ledger/seals").exists(), "nothing was sealed");
    let right = "--outputs=Aprire code per informazioni e cancellazioni.";
    semester.step(&["review", "write", "2023-H2", right]).ok();
    let ready = semester.run(&["review", "check", "2023-H2", "--lang=en"]).ok().out;
    assert!(ready.ends_with("RIE-1: ready for approval\n"), "{ready}");
}

fn approved_and_fixed(semester: &Semester) {
    let approved = semester.approve("2023-H2").ok();
    assert!(approved.out.ends_with(" approved\n"), "{}", approved.out);
    let seals = semester.dir.path().join("ledger/seals/rep-2207-2023-H2.json");
    let sealed: Value =
        serde_json::from_str(&fs::read_to_string(&seals).expect("sealed")).expect("JSON");
    let shown = semester.shown("2023-H2");
    assert_eq!(shown["review"]["values"]["seal"], sealed["seal"]);
    let path = seals.to_str().expect("UTF-8");
    semester.run(&["verify", path]).ok();
    semester.step(&["seal", "--period=2023-H2"]).code(2);
    for arguments in [
        &["review", "input", "ELI-1", "missing"][..],
        &["review", "finding", "OSS-1", "reject"],
        &["review", "sheet", "SCH-1", "reopen"],
        &["review", "write", "2023-H2", "--preamble=altro"],
        &["review", "remark", "2023-H2", "--on=cup/K1", "--text=tardi"],
        &["review", "redraft", "2023-H2"],
    ] {
        semester.step(arguments).code(2);
    }
    assert_eq!(semester.shown("2023-H2"), shown, "nothing moved");
}

fn signed_and_published(semester: &Semester) {
    let dir = semester.dir.path();
    let path = |name: &str| dir.join(name).to_str().expect("UTF-8").to_owned();
    let (document, signed, other) = (path("d.pdf"), path("firmato.pdf"), path("altro.pdf"));
    let out = format!("--out={document}");
    let printed = semester.run(&["review", "document", "2023-H2", &out]).ok().out;
    let shown = semester.shown("2023-H2");
    let hash = shown["review"]["values"]["document"].as_str().expect("a hash");
    assert!(printed.starts_with(hash), "{printed}");
    semester.run(&["review", "document", "2023-H2", &out]).code(2);
    let bytes = fs::read(&document).expect("a PDF");
    assert!(bytes.starts_with(b"%PDF-"));
    // A PAdES signature is appended; another PDF holds another document.
    fs::write(&signed, [bytes.as_slice(), b"\n% signature\n%%EOF\n"].concat()).expect("written");
    fs::write(&other, b"%PDF-1.7\nsomething else\n%%EOF\n").expect("written");
    let sign = |file: &str, role: &str| {
        let role = format!("--role={role}");
        let signer = ["--signer=Corrado Belmonte", "--signed-on=2024-02-03"];
        semester.step(&[&["review", "sign", "2023-H2", file, &role][..], &signer].concat())
    };
    let first = sign(&signed, "monitoring_manager").ok().out;
    assert!(first.contains("sì, byte per byte"), "{first}");
    let second = sign(&other, "area_lead_cup").ok().out;
    assert!(second.contains("non dimostrato"), "{second}");
    let wrong = sign(&signed, "sindaco").code(2);
    assert!(wrong.err.contains("monitoring_manager, area_lead_digital"), "{}", wrong.err);
    semester.step(&["review", "refuse", "2023-H2", "--role=area_lead_digital"]).ok();
    let folder = path("pubblicato");
    let out = format!("--out={folder}");
    let published = ["review", "publish", "2023-H2", "--protocol=Prot. 31/2024", &out];
    semester.step(&published).ok();
    let sums = fs::read_to_string(dir.join("pubblicato/SHA256SUMS")).expect("sums");
    assert!(sums.contains(&format!("{hash}  resoconto-2023-H2.pdf")), "{sums}");
    assert!(sums.contains("  monitoring_manager-firmato.pdf"), "{sums}");
    assert_eq!(fs::read(dir.join("pubblicato/resoconto-2023-H2.pdf")).expect("a PDF"), bytes);
    let list = semester.run(&["review", "list", "--lang=en"]).ok().out;
    assert!(list.contains("RIE-1   2023-H2  published"), "{list}");
}

#[test]
fn actions_are_carried_over_and_their_effect_is_measured() {
    let semester = Semester::new();
    semester.step(&["review", "open", "--period=2023-H1"]).ok();
    let first = semester.shown("2023-H1");
    let own = id(sheet(&first, "cup", "K1")).to_owned();
    let action = ["--title=Nuove code IVR", "--owner=DT", "--expected=+10 pp"];
    let dates = ["--decided=2023-06-20", "--due=2023-09-30"];
    let action = [&["review", "action", &own][..], &action, &dates].concat();
    assert_eq!(semester.step(&action).ok().out, "AZM-1 v1 planned\n");
    let done = ["register", "move", "AZM-1", "complete", "done_on=2023-09-15"];
    semester.step(&done).ok();
    semester.step(&["review", "open", "--period=2023-H2"]).ok();
    let second = semester.shown("2023-H2");
    let follow_ups = list(&second, "follow_ups");
    assert_eq!(follow_ups.len(), 1, "open when the half-year began");
    assert_eq!(follow_ups[0]["values"]["item"], "AZM-1");
    assert_eq!(follow_ups[0]["created"]["by"], "soglia", "carried over by the program");
    let action = &sheet(&second, "cup", "K1")["actions"][0];
    assert_eq!(action["state"], "measured");
    assert_eq!(action["values"]["expected"], "+10 pp");
    assert_eq!(action["values"]["measured"], "+20.00 pp (60.00 → 80.00)");
    assert_eq!(action["values"]["measured_in"], "2023-H2");
    let text = semester.run(&["review", "show", "2023-H2"]).ok().out;
    assert!(text.contains("+20,00 pp (60,00 → 80,00) (2023-H2)"), "{text}");
}

#[test]
fn a_rectification_is_another_review() {
    let semester = Semester::new();
    semester.step(&["review", "open", "--period=2023-H2", "--profile=iso_2015"]).ok();
    semester.prepare("2023-H2");
    semester.step(&["review", "rectify", "2023-H2"]).code(2);
    semester.approve("2023-H2").ok();
    let begun = semester.step(&["review", "rectify", "2023-H2"]).ok().out;
    assert_eq!(begun, "RIE-2 v1 draft\n");
    assert_eq!(semester.shown("RIE-1")["review"]["state"], "rectified");
    let second = semester.shown("2023-H2");
    assert_eq!(second["review"]["id"], "RIE-2");
    assert_eq!(second["review"]["values"]["profile"], "iso_2015");
    assert_eq!(list(&second, "sheets").len(), 20);
}

#[test]
fn penalties_hear_both_parties_on_the_command_line() {
    let semester = Semester::new();
    let detect = ["penalty", "detect", "cup/K1", "--period=2023-H2"];
    let detected = semester.step(&detect).ok().out;
    // 80 % against 95 %: fifteen steps of 0.5 ‰ of 100 000 €.
    assert!(detected.starts_with("PEN-1 v1 detected\n750,00 €\n"), "{detected}");
    assert!(detected.contains("16/20"), "{detected}");
    let met = semester.step(&["penalty", "detect", "cup/K3", "--period=2023-H2"]).code(2);
    assert!(met.err.contains("cup/K3"), "{}", met.err);
    let notify = ["penalty", "notify", "PEN-1", "--on=2098-02-05", "--by=PEC 31/2024"];
    let short = [notify.as_slice(), &["--due=2098-02-10"]].concat();
    let refused = semester.step(&short).code(2);
    assert!(refused.err.contains("until 2098-02-20"), "{}", refused.err);
    semester.step(&notify).ok();
    let argue = ["penalty", "argue", "pen-1", "--on=2098-02-12", "--text=Guasto di rete"];
    semester.step(&argue).ok();
    let apply = |amount: &str| {
        let amount = format!("--amount={amount}");
        semester.step(&["penalty", "apply", "PEN-1", "--on=2098-02-20", "--text=Parziale", &amount])
    };
    apply("750.01").code(2);
    apply("500").ok();
    let cap = semester.run(&["penalty", "cap", "--json"]).ok().json();
    assert_eq!((&cap["applied"], &cap["room"]), (&"500.00".into(), &"1500.00".into()));
    let list = semester.run(&["penalty", "list", "--lang=it"]).ok().out;
    assert!(list.contains("cup/K1") && list.contains("applicata"), "{list}");
    let json = semester.run(&["penalty", "list", "--json"]).ok().json();
    assert_eq!(json["penalties"][0]["values"]["decided"], "500.00");
    semester.step(&["penalty", "deduct", "PEN-1", "--on=2098-03-01", "--from=Fattura 7"]).ok();
    semester.step(&["penalty", "withdraw", "REC-1"]).code(2);
}

#[test]
fn a_course_is_measured_on_its_group() {
    let semester = Semester::new();
    let course = |group: &str| {
        let group = format!("group={group}");
        let fields =
            ["held_on=2023-09-12", "title=Nuovo sistema", "topics=Prenotazione", "hours=8"];
        let add = ["register", "add", "training", "--service=cup", "group_size=5", &group];
        semester.step(&[&add[..], &fields].concat()).ok()
    };
    course("sede_a");
    let measure = |entry: &str, before: &str, after: &str| {
        let (before, after) = (format!("--before={before}"), format!("--after={after}"));
        semester.step(&["review", "training", entry, &before, &after, "--lang=it"])
    };
    let measured = measure("FOR-1", "2023-Q2", "2023-Q4").ok().out;
    assert_eq!(measured, "FOR-1 v2 planned\nPrima: 250,0 s\nDopo: 200,0 s\n");
    let refused = measure("FOR-1", "2023-Q3", "2023-Q4").code(2);
    assert!(refused.err.contains("does not lie between 2023-Q3 and 2023-Q4"), "{}", refused.err);
    let refused = measure("FOR-1", "2023-Q1", "2023-Q4").code(2);
    assert!(refused.err.contains("too few calls in 2023-Q1"), "{}", refused.err);
    course("sede_b");
    let refused = measure("FOR-2", "2023-Q2", "2023-Q4").code(2);
    assert!(refused.err.contains("the contract has no group `sede_b`"), "{}", refused.err);
}

#[test]
fn roles_decide_who_does_what() {
    let semester = Semester::new();
    semester.account("monica", "monitoring_manager");
    semester.account("sara", "supplier_quality");
    let open = ["review", "open", "--period=2023-H2"];
    let as_supplier = [open.as_slice(), &["--as=sara"]].concat();
    assert!(semester.step(&as_supplier).code(2).err.contains("may not do this"));
    semester.step(&[open.as_slice(), &["--as=monica"]].concat()).ok();
    let input = ["review", "input", "ELI-1", "not-applicable", "--because=nessuna"];
    semester.step(&[input.as_slice(), &["--as=sara"]].concat()).code(2);
    semester.step(&[input.as_slice(), &["--as=monica"]].concat()).ok();
    semester.step(&["review", "discuss", "2023-H2", "--as=monica"]).ok();
    let remark = ["review", "remark", "2023-H2", "--on=training", "--text=Manca un corso"];
    semester.step(&[remark.as_slice(), &["--as=sara"]].concat()).ok();
    let log = semester.run(&["audit", "log", "--object=NOT-1"]).ok().out;
    assert!(log.contains("U-2"), "{log}");
}

#[test]
fn an_approved_document_has_the_scenarios_that_were_played() {
    let semester = Semester::busy();
    semester.step(&["review", "open", "--period=2023-H2"]).ok();
    let path = |name: &str| {
        let path = semester.dir.path().join("scenarios").join(name);
        format!("--scenario={}", path.to_str().expect("UTF-8"))
    };
    // The weeks that have calls; the second group answers none.
    let hours = |group: &str| {
        let months = [(5, 8..13), (7, 3..8), (11, 6..27)];
        let days = months.into_iter().flat_map(|(month, days)| days.map(move |day| (month, day)));
        let days = days.map(|(month, day)| {
            let date = format!("2023-{month:02}-{day:02}");
            format!("cup,{group},{date}T08:00,{date}T19:00,9\n")
        });
        let text = format!("service,group,from,until,operators\n{}", days.collect::<String>());
        let file = write(semester.dir.path(), &format!("turni-{group}.csv"), text);
        format!("--roster={}", file.to_str().expect("UTF-8"))
    };
    let (turni, strangers) = (hours("sede_a"), hours("nessuno"));
    let approve_with = |scenario: &str, roster: &str| {
        let date = "--date=2024-02-02";
        let asked = ["review", "approve", "RIE-1", "--place=Cittalta", date, "--reason=prova"];
        semester.run(&[&asked[..], &[scenario, roster]].concat())
    };
    let approve = |scenario: &str| approve_with(scenario, &turni);
    // What stands in the way is said before anything is played.
    let early = approve(&path("altre.toml")).code(2).err;
    assert!(early.contains("input elements missing") && !early.contains("weeks played"), "{early}");
    semester.prepare("RIE-1");
    let misfit = approve(&path("nessuno.toml")).code(3).err;
    assert!(misfit.contains("there is no group of operators `nessuno`"), "{misfit}");
    let misfit = approve_with(&path("altre.toml"), &strangers).code(3).err;
    assert!(misfit.contains("group `nessuno`, which answers no calls"), "{misfit}");
    assert_eq!(semester.shown("RIE-1")["review"]["state"], "in_discussion");
    let approved = approve(&path("altre.toml")).ok();
    assert!(approved.err.contains("weeks played"), "{}", approved.err);
    let shown = semester.shown("RIE-1");
    let file = fs::read(semester.dir.path().join("scenarios/altre.toml")).expect("a file");
    let hash = soglia_registers::canonical::sha256(&file);
    let files = shown["review"]["files"].as_array().expect("files");
    let attached = files.iter().find(|one| one["name"] == "altre.toml");
    assert_eq!(attached.expect("it stays beside the document")["sha256"], hash.as_str());
    let turni = "turni-sede_a.csv";
    assert!(files.iter().any(|one| one["name"] == turni), "{files:?}");
    let pdf = semester.dir.path().join("approved.pdf");
    let out = format!("--out={}", pdf.to_str().expect("UTF-8"));
    let written = semester.run(&["review", "document", "RIE-1", &out]).ok().out;
    let recorded = shown["review"]["values"]["document"].as_str().expect("it was recorded");
    assert!(written.starts_with(recorded), "the hash is the whole document's: {written}");
    has_the_chapter(&pdf, &hash);
    says(&pdf, &["Turni degli operatori", turni]);
    let verified = semester.run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("whole; head "), "{verified}");
}

/// The chapter about scenarios, and where they come from.
pub fn has_the_chapter(pdf: &std::path::Path, hash: &str) {
    says(pdf, &["Errore sul passato", "Prova altre", "Scenari provati", "altre.toml", hash]);
}

/// What a document says.
fn says(pdf: &std::path::Path, all: &[&str]) {
    let read = std::process::Command::new("pdftotext").arg("-raw").arg(pdf).arg("-").output();
    let Ok(output) = read else {
        println!("skipped: no pdftotext on this machine");
        return;
    };
    // Hashes and file names may break anywhere.
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.retain(|c| !c.is_whitespace() && c != '\u{200b}');
    for said in all {
        assert!(text.contains(&said.replace(' ', "")), "{said}");
    }
}
