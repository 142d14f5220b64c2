//! Documents from the command line: formats, registers, templates. Read
//! [`the_report_comes_in_every_format_and_reads_the_registers`] first.

use std::fs;
use std::path::Path;

use crate::support::{Place, demo, temp};

/// Runs `soglia report` on the demo's ledger.
fn report(place: &Place, out: &Path, more: &[&str]) -> crate::support::Ran {
    let out = out.to_str().expect("a plain name");
    let mut arguments = vec!["report", "--period", "2023-H2", "--out", out];
    arguments.extend_from_slice(more);
    place.soglia(&arguments)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder was made");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("the file was written")).into_owned()
}

#[test]
fn the_report_comes_in_every_format_and_reads_the_registers() {
    let (demo, folder) = (demo(), temp());
    let (out, registers) = (folder.path().join("out"), folder.path().join("registers"));
    let registers = registers.to_str().expect("a plain name");
    let add = |register: &str, fields: &[&str]| {
        let mut arguments = vec!["register", "--registers", registers, "add", register];
        arguments.extend_from_slice(&["--reason", "prova"]);
        arguments.extend_from_slice(fields);
        demo.place.soglia(&arguments).ok();
    };
    add(
        "inspections",
        &["held_on=2023-09-07", "place=Ufficio URP", "kind=on_site", "subject=Presidio serale"],
    );
    add(
        "inspections",
        &["held_on=2024-09-05", "place=Altrove", "kind=on_site", "subject=Dopo il periodo"],
    );
    add(
        "complaints",
        &[
            "received_on=2023-10-02",
            "channel=phone",
            "kind=complaint",
            "topic=attesa",
            "complainant=Ada Ontani",
            "text=ho atteso",
        ],
    );
    let formats = "html,pdf-a3,docx,xlsx,json,opendata";
    let more = ["--formats", formats, "--lang", "en", "--registers", registers];
    let ran = report(&demo.place, &out, &more).ok();
    let stem = "report-2023-H2";
    let made = ["-a3.pdf", "-opendata", ".docx", ".html", ".json", ".xlsx"];
    assert_eq!(names(&out), made.map(|ending| format!("{stem}{ending}")));
    assert!(ran.out.contains("report-2023-H2-opendata/catalogo.ttl"), "{}", ran.out);
    let html = read(&out.join(format!("{stem}.html")));
    for printed in ["ISP-1", "Presidio serale", "In the register: ISP-1.", "56.78%"] {
        assert!(html.contains(printed), "`{printed}` is missing");
    }
    for hidden in ["Dopo il periodo", "Ada Ontani", "ho atteso"] {
        assert!(!html.contains(hidden), "`{hidden}` is printed");
    }
    let json = read(&out.join(format!("{stem}.json")));
    assert!(json.contains("\"schema\": \"soglia.report/1\"") && json.contains("\"56.78\""));
    let csv = read(&out.join(format!("{stem}-opendata/indicatori.csv")));
    assert!(csv.contains(",62373,109850,56.78,%,>=,95,KO,"), "{csv}");
}

#[test]
fn a_template_is_read_and_what_is_wrong_with_it_is_said() {
    let (demo, folder) = (demo(), temp());
    let set = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/template");
    let out = folder.path().join("out");
    report(&demo.place, &out, &["--formats", "html", "--template", set]).ok();
    let html = read(&out.join("resoconto-2023-H2.html"));
    assert!(html.contains("Letto, confermato e sottoscritto."), "the body's own texts");
    assert!(html.contains("--deep: #0b4f3c"), "the body's own colours");
    let nowhere = folder.path().join("nowhere");
    let nowhere = nowhere.to_str().expect("a plain name");
    let failed = report(&demo.place, &out, &["--template", nowhere]).code(3);
    assert!(failed.err.contains("template.toml"), "{}", failed.err);
    let failed = report(&demo.place, &out, &["--formats", "html,odt"]).code(2);
    assert!(failed.err.contains("there is no format `odt`"), "{}", failed.err);
    let failed = report(&demo.place, &out, &["--registers", nowhere]).code(3);
    assert!(failed.err.contains("there are no registers in"), "{}", failed.err);
}
