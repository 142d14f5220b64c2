//! The registers and the review on the pages of a running server, with requests as browsers and
//! programs send them. Read [`Server`] first, then [`Browser`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::review::{PASSWORD, Semester};
use crate::support::command;

/// A server of this program; it ends with the test.
struct Server {
    child: Child,
    address: String,
    /// Held open: without accounts it has more to say.
    _said: BufReader<ChildStdout>,
}

impl Server {
    fn start(semester: &Semester) -> Self {
        let path = |name: &str| semester.dir.path().join(name);
        let mut child = command()
            .args(["serve", "--listen", "127.0.0.1:0", "--ledger"])
            .arg(path("ledger"))
            .arg("--registers")
            .arg(path("registers"))
            .arg("--contract")
            .arg(&semester.contract)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (mut line, mut said) = (String::new(), BufReader::new(stdout));
        said.read_line(&mut line).expect("it says where it is");
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self { child, address, _said: said }
    }

    /// Sends a request and reads the whole answer.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&[name, ": ", value, "\r\n"].concat());
        }
        let length = body.len().to_string();
        request.push_str(&["connection: close\r\ncontent-length: ", &length, "\r\n\r\n"].concat());
        stream.write_all(&[request.as_bytes(), body].concat()).expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        Answer::parse(&bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer of the server.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let rest = &bytes[end + 4..];
        let chunked = headers
            .iter()
            .any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
        let body = if chunked { joined(rest) } else { rest.to_vec() };
        Self { status: status.parse().expect("a number"), headers, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// The parts of a body that came in pieces.
fn joined(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").expect("a length");
        let length = std::str::from_utf8(&bytes[..end]).expect("digits");
        let length = usize::from_str_radix(length.trim(), 16).expect("a length");
        if length == 0 {
            return body;
        }
        bytes = &bytes[end + 2..];
        body.extend(&bytes[..length]);
        bytes = &bytes[length + 2..];
    }
}

/// Somebody at a browser.
struct Browser<'s> {
    server: &'s Server,
    cookies: Vec<(String, String)>,
    lang: &'static str,
}

impl<'s> Browser<'s> {
    fn new(server: &'s Server, login: &str) -> Self {
        let mut browser = Self { server, cookies: Vec::new(), lang: "it" };
        let sent = [("login", login), ("password", PASSWORD)];
        browser.submit("/login", "/login", &sent).is(303);
        browser
    }

    fn request(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("accept-language", self.lang), ("cookie", cookies.as_str())];
        headers.extend(more);
        let answer = self.server.send(method, path, &headers, body);
        for (name, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            assert!(value.contains("HttpOnly"), "{name}: {value}");
            let pair = value.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// A page, in a language, without anything inline and with all its forms protected.
    #[track_caller]
    fn page(&mut self, path: &str) -> String {
        let text = self.get(path).is(200).text();
        assert!(!text.contains("<script>") && !text.contains(" style="), "{path}: inline");
        assert!(!text.contains(" onclick="), "{path}: inline");
        let posts = text.matches("method=\"post\"").count();
        let uploads = text.matches("data-upload").count();
        let tokens = text.matches("name=\"csrf\"").count();
        assert_eq!(posts - uploads, tokens, "{path}: every form carries its token");
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        let ids: Vec<&str> =
            text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{path}: {ids:?}");
        text
    }

    /// The token of a page's forms.
    fn token(&mut self, page: &str) -> String {
        let text = self.get(page).text();
        let (_, rest) = text.split_once("data-csrf=\"").expect("every page has one");
        rest.split('"').next().expect("it ends").to_owned()
    }

    /// Sends a form of a page.
    fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(page);
        let mut body = url_encoded("csrf", &token);
        for (name, value) in fields {
            body.push('&');
            body.push_str(&url_encoded(name, value));
        }
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.request("POST", action, &[kind], body.as_bytes())
    }

    /// Sends a file as the pages' script does.
    fn upload(&mut self, page: &str, action: &str, bytes: &[u8]) -> Answer {
        let token = self.token(page);
        let headers = [
            ("content-type", "application/octet-stream"),
            ("x-csrf-token", token.as_str()),
            ("accept", "application/json"),
        ];
        self.request("POST", action, &headers, bytes)
    }
}

fn url_encoded(name: &str, value: &str) -> String {
    let encode = |text: &str| {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    format!("{}={}", encode(name), encode(value))
}

const FINDING: [(&str, &str); 5] = [
    ("f.issued_on", "2023-11-02"),
    ("f.kind", "order"),
    ("f.subject", "Code IVR"),
    ("f.text", "Aprire una coda per le cancellazioni"),
    ("reason", "riunione del 2/11"),
];

#[test]
fn registers_live_on_the_pages() {
    let semester = Semester::new();
    semester.account("monica", "monitoring_manager");
    semester.account("rita", "rup");
    semester.account("sara", "supplier_quality");
    let server = Server::start(&semester);
    let mut monica = Browser::new(&server, "monica");
    assert!(monica.page("/registers").contains("Rilievi"));
    monica.page("/registers/findings/new");
    let refused = monica.submit("/registers/findings/new", "/registers/findings", &FINDING[..3]);
    let refused = refused.is(422).text();
    assert!(refused.contains("Code IVR"), "what was typed stays in the form");
    let made = monica.submit("/registers/findings/new", "/registers/findings", &FINDING).is(303);
    assert_eq!(made.header("location"), Some("/entries/RIL-1"));
    let entry = monica.page("/entries/RIL-1");
    assert!(entry.contains("Aprire una coda") && entry.contains("riunione del 2/11"), "{entry}");
    assert!(entry.contains("RIL-1 registrata"), "said once");
    assert!(!monica.page("/entries/RIL-1").contains("RIL-1 registrata"));
    two_people_edit_at_once(&server, &mut monica);
    searched_taken_out_and_in(&mut monica);
    files_are_attached(&server, &mut monica);
    // The supplier sees and replies; it does not rewrite the client's words.
    let mut sara = Browser::new(&server, "sara");
    sara.lang = "en";
    let entry = sara.page("/entries/RIL-1");
    assert!(entry.contains("Possible steps") && entry.contains("/steps/reply"), "{entry}");
    let own = [("version", "4"), ("f.text", "altro"), ("reason", "x")];
    sara.submit("/entries/RIL-1", "/entries/RIL-1/edit", &own).is(403);
    // A form of nobody's session is none.
    let form = ("content-type", "application/x-www-form-urlencoded");
    sara.request("POST", "/registers/findings", &[form], b"reason=x").is(403);
    let stranger = server.send("GET", "/registers", &[], b"").is(303);
    assert!(stranger.header("location").is_some_and(|to| to.starts_with("/login")));
}

/// Both read version 1; whoever comes second sees both changes, and nothing is lost.
fn two_people_edit_at_once(server: &Server, monica: &mut Browser<'_>) {
    let mut rita = Browser::new(server, "rita");
    let edit = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = FINDING
            .iter()
            .filter(|(name, _)| !fields.iter().any(|(own, _)| own == name))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        all
    };
    let send = |browser: &mut Browser<'_>, fields: &[(&str, &str)]| {
        let all = edit(fields);
        let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        browser.submit("/entries/RIL-1/edit", "/entries/RIL-1/edit", &all)
    };
    assert!(monica.page("/entries/RIL-1/edit").contains("name=\"version\" value=\"1\""));
    let theirs = [("version", "1"), ("f.subject", "Code e priorità"), ("f.text", "Due code")];
    send(&mut rita, &theirs).is(303);
    let mine = [("version", "1"), ("f.kind", "finding"), ("f.text", "Tre code")];
    let both = send(monica, &mine).is(409).text();
    for part in ["Due code", "Tre code", "Code e priorità", "rilievo", "nulla è andato perso"] {
        assert!(both.to_lowercase().contains(&part.to_lowercase()), "{part} in {both}");
    }
    assert!(both.contains("name=\"version\" value=\"2\""), "{both}");
    assert!(both.contains("<input type=\"hidden\" name=\"f.kind\" value=\"finding\">"), "{both}");
    let chosen = [
        ("version", "2"),
        ("f.kind", "finding"),
        ("f.text", "Tre code"),
        ("reason", "unite le due modifiche"),
    ];
    monica.submit("/entries/RIL-1/edit", "/entries/RIL-1/edit", &chosen).is(303);
    let entry = monica.page("/entries/RIL-1");
    for part in ["Tre code", "Code e priorità", "<del>Due code</del>", "rita"] {
        assert!(entry.contains(part), "{part} in {entry}");
    }
}

fn searched_taken_out_and_in(monica: &mut Browser<'_>) {
    let list = monica.page("/registers/findings?q=priorit%C3%A0&order=issued_on");
    assert!(list.contains("/entries/RIL-1") && list.contains("aria-sort=\"ascending\""), "{list}");
    assert!(!monica.page("/registers/findings?q=nulla").contains("/entries/RIL-1"));
    assert!(!monica.page("/registers/findings?kind=order").contains("/entries/RIL-1"));
    monica.get("/registers/findings?from=ieri").is(422);
    monica.get("/registers/grievances").is(404);
    let csv = monica.get("/registers/findings/export/csv").is(200);
    assert!(csv.text().starts_with("id;reference;"), "{}", csv.text());
    let xlsx = monica.get("/registers/findings/export/xlsx").is(200);
    assert!(xlsx.body.starts_with(b"PK"));
    assert!(xlsx.header("content-disposition").is_some_and(|name| name.contains(".xlsx")));
    let file = b"received_on;channel;kind;topic;text\n2023-11-05;email;praise;cortesia;Grazie\n\
                 ieri;email;praise;cortesia;Grazie\n";
    let page = "/registers/complaints";
    let import = "/registers/complaints/import?reason=prova&name=r.csv";
    let trial = monica.upload(page, &format!("{import}&trial=1"), file).is(200).json();
    assert_eq!(trial["next"], "/registers/complaints");
    let told = trial["said"].as_str().expect("a text");
    assert!(told.contains("2 righe = 1 inserite + 0 già presenti + 1 scartate"), "{told}");
    assert!(monica.page(page).contains("Prova, nulla è cambiato"));
    monica.upload(page, import, file).is(200);
    assert!(monica.page(page).contains("/entries/REC-1"));
    // More than a few rejected rows have a page of their own.
    let many =
        format!("received_on;channel;kind;topic;text\n{}", "ieri;email;praise;x;y\n".repeat(7));
    let told = monica.upload(page, &format!("{import}&trial=1"), many.as_bytes()).is(200).json();
    let next = told["next"].as_str().expect("an address").to_owned();
    assert!(next.starts_with("/registers/complaints/rejects/"), "{next}");
    let listed = monica.page(&next);
    assert!(listed.contains("7 scartate") && listed.matches("<tr>").count() == 8, "{listed}");
    monica.get("/registers/complaints/rejects/99").is(404);
    // What went out as a workbook is known again when it comes back.
    let book = monica.get("/registers/complaints/export/xlsx").is(200).body;
    let again = monica.upload(page, import, &book).is(200).json();
    let told = again["said"].as_str().expect("a text").to_owned();
    assert!(told.contains("1 righe = 0 inserite + 1 già presenti + 0 scartate"), "{told}");
}

fn files_are_attached(server: &Server, monica: &mut Browser<'_>) {
    let pdf = b"%PDF-1.7\nverbale\n%%EOF\n";
    let to = "/entries/RIL-1/files?reason=verbale&name=verbale.pdf";
    monica.upload("/entries/RIL-1", to, pdf).is(200);
    let entry = monica.page("/entries/RIL-1");
    let (_, rest) = entry.split_once("/entries/RIL-1/files/").expect("a link");
    let hash: String = rest.chars().take(64).collect();
    let path = format!("/entries/RIL-1/files/{hash}");
    let read = monica.get(&path).is(200);
    assert_eq!(read.body, pdf);
    assert_eq!(read.header("content-type"), Some("application/octet-stream"));
    let wrong = "/entries/RIL-1/files?reason=x&name=programma.exe";
    let refused = monica.upload("/entries/RIL-1", wrong, b"MZ\x90\0").is(422).json();
    assert!(refused["error"].is_string());
    server.send("GET", &path, &[], b"").is(303);
}

#[test]
fn a_review_lives_on_the_pages() {
    let semester = Semester::new();
    for (login, role) in
        [("monica", "monitoring_manager"), ("rita", "rup"), ("sara", "supplier_quality")]
    {
        semester.account(login, role);
    }
    let server = Server::start(&semester);
    let mut monica = Browser::new(&server, "monica");
    let mut sara = Browser::new(&server, "sara");
    assert!(monica.page("/reviews").contains("2023-H2"));
    assert!(!sara.page("/reviews").contains("name=\"period\""), "the supplier begins none");
    let open = [("period", "2023-H2"), ("profile", "iso_2008"), ("reason", "riesame")];
    sara.submit("/reviews", "/reviews", &open).is(403);
    let opened = monica.submit("/reviews", "/reviews", &open).is(303);
    assert_eq!(opened.header("location"), Some("/reviews/RIE-1"));
    monica.submit("/reviews", "/reviews", &open).is(409);
    for tab in ["", "/inputs", "/findings", "/figures", "/checks", "/documents", "/sheets/SCH-1"] {
        let path = format!("/reviews/RIE-1{tab}");
        monica.lang = "it";
        let italian = monica.page(&path);
        monica.lang = "en";
        let english = monica.page(&path);
        assert!(italian.contains("lang=\"it\"") && english.contains("lang=\"en\""), "{path}");
    }
    monica.lang = "it";
    parts_are_settled(&semester, &mut monica);
    remarks_stand_beside_figures(&mut monica, &mut sara);
    let mut rita = Browser::new(&server, "rita");
    approved_signed_published(&semester, &mut monica, &mut rita);
}

/// An element and a finding from their pages; the rest as on the command line.
fn parts_are_settled(semester: &Semester, monica: &mut Browser<'_>) {
    let inputs = "/reviews/RIE-1/inputs";
    let waive =
        [("version", "1"), ("f.why", "nessuna visita"), ("reason", "verificato"), ("next", inputs)];
    let done = monica.submit(inputs, "/entries/ELI-1/steps/waive", &waive).is(303);
    assert_eq!(done.header("location"), Some(inputs));
    assert!(monica.page(inputs).contains("nessuna visita"));
    let findings = "/reviews/RIE-1/findings";
    let own = [("text", "Code troppo lunghe il lunedì"), ("reason", "esperienza")];
    monica.submit(findings, findings, &own).is(303);
    let shown = monica.page(findings);
    assert!(shown.contains("scritta da una persona"), "{shown}");
    let edit = [("version", "1"), ("f.text", "Altre parole"), ("reason", "chiarezza")];
    let first = shown.split("<article aria-labelledby=\"").nth(1).expect("a finding");
    let first = first.split('"').next().expect("a number");
    monica.submit(findings, &format!("/entries/{first}/steps/edit"), &edit).is(303);
    let shown = monica.page(findings);
    assert!(shown.contains("Altre parole") && shown.contains("Testo calcolato"), "{shown}");
    semester.prepare("2023-H2");
}

fn remarks_stand_beside_figures(monica: &mut Browser<'_>, sara: &mut Browser<'_>) {
    let figures = "/reviews/RIE-1/figures";
    let remark = [("on", "cup/K1"), ("text", "Chiamate di prova"), ("reason", "osservazione")];
    sara.submit(figures, "/reviews/RIE-1/remarks", &remark).is(303);
    let shown = monica.page(figures);
    assert!(shown.contains("Chiamate di prova") && shown.contains("80,00 % (16/20)"), "{shown}");
    let answer = [("version", "1"), ("f.answer", "Sono escluse"), ("reason", "risposta")];
    monica.submit(figures, "/entries/NOT-1/steps/answer", &answer).is(303);
    let settle = [("version", "2"), ("reason", "chiarito")];
    sara.submit(figures, "/entries/NOT-1/steps/settle", &settle).is(303);
    assert!(sara.page(figures).contains("Sono escluse"));
}

fn approved_signed_published(
    semester: &Semester,
    monica: &mut Browser<'_>,
    rita: &mut Browser<'_>,
) {
    let documents = "/reviews/RIE-1/documents";
    let approve = [("place", "Cittalta"), ("date", "2024-02-02"), ("reason", "approvato")];
    let review = semester.run(&["review", "show", "RIE-1", "--json"]).ok().json();
    let version = review["review"]["version"].as_i64().expect("a version").to_string();
    let text = "Per il CUP i livelli di servizio sono stati rispettati.";
    let wrong = [("version", version.as_str()), ("f.outputs", text), ("reason", "uscite")];
    monica.submit("/reviews/RIE-1", "/entries/RIE-1/edit", &wrong).is(303);
    let checks = monica.page("/reviews/RIE-1/checks");
    assert!(checks.contains("N1") && checks.contains("Da sistemare"), "{checks}");
    let refused = rita.submit(documents, "/reviews/RIE-1/approve", &approve).is(422).text();
    assert!(refused.contains("N1"), "{refused}");
    let next = (version.parse::<i64>().expect("a number") + 1).to_string();
    let right = [("version", next.as_str()), ("f.outputs", "Nuove code"), ("reason", "uscite")];
    monica.submit("/reviews/RIE-1", "/entries/RIE-1/edit", &right).is(303);
    assert!(monica.page("/reviews/RIE-1/checks").contains("Nulla si oppone"));
    rita.submit(documents, "/reviews/RIE-1/approve", &approve).is(303);
    let pdf = rita.get("/reviews/RIE-1/documents/approved").is(200).body;
    assert!(pdf.starts_with(b"%PDF-"));
    let draft = rita.get("/reviews/RIE-1/documents/docx").is(200);
    assert!(draft.body.starts_with(b"PK"));
    let signed = [pdf.as_slice(), b"\n% signature\n%%EOF\n"].concat();
    let sign = "/reviews/RIE-1/signatures/FIR-1?reason=firma&name=firmato.pdf\
                &signer=C.%20Belmonte&signed_on=2024-02-03";
    let told = rita.upload(documents, sign, &signed).is(200).json();
    assert!(told["said"].as_str().is_some_and(|text| text.contains("byte per byte")), "{told}");
    let publish = [("protocol", "Prot. 31/2024"), ("reason", "albo")];
    let asked = rita.page(documents);
    assert!(asked.contains("Pubblico senza queste firme"), "{asked}");
    let refused = rita.submit(documents, "/reviews/RIE-1/publish", &publish).is(422).text();
    assert!(refused.contains("nobody signed as area_lead_digital, area_lead_cup"), "{refused}");
    assert!(rita.page("/published").contains("Ancora nessuno"));
    rita.get("/published/RIE-1/document").is(404);
    let why = ("unsigned_why", "due firme arrivano per posta");
    let confirmed = [publish[0], publish[1], why];
    rita.submit(documents, "/reviews/RIE-1/publish", &confirmed).is(303);
    let shown = rita.page("/reviews/RIE-1");
    assert!(shown.contains("pubblicato") && shown.contains("Prot. 31/2024"), "{shown}");
    assert!(rita.page("/entries/RIE-1").contains("due firme arrivano per posta"));
    published_for_everybody(rita, &pdf, &signed);
    monica.submit("/reviews/RIE-1", "/reviews/RIE-1/refresh", &[("reason", "tardi")]).is(422);
    let verified = semester.run(&["audit", "verify"]).ok().out;
    assert!(verified.contains("whole; head "), "{verified}");
}

/// Whoever has no login reads what was published, and nothing else.
fn published_for_everybody(rita: &mut Browser<'_>, pdf: &[u8], signed: &[u8]) {
    let server = rita.server;
    let read = |path: &str| server.send("GET", path, &[], b"");
    let page = read("/published").is(200).text();
    for part in ["Prot. 31/2024", "due firme arrivano per posta", "/published/RIE-1/FIR-1"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(read("/published/RIE-1/document").is(200).body, pdf);
    assert_eq!(read("/published/RIE-1/FIR-1").is(200).body, signed);
    let sums = read("/published/RIE-1/SHA256SUMS").is(200).text();
    assert_eq!(sums.lines().count(), 2, "{sums}");
    read("/published/RIE-1/FIR-2").is(404);
    read("/published/RIE-2/document").is(404);
    read("/open-data").is(303);
    let begun = std::time::Instant::now();
    let archive = loop {
        let answer = read("/published/RIE-1/soglia-opendata-2023-H2.zip");
        if answer.status != 503 || 60 < begun.elapsed().as_secs() {
            break answer.is(200);
        }
    };
    assert!(archive.body.starts_with(b"PK"));
}

#[test]
fn programs_work_on_registers_and_reviews() {
    let semester = Semester::new();
    let token = |role: &str| {
        let made = semester.run(&["user", "token", "prova", role, "--reason=prova"]).ok().out;
        made.split_whitespace().nth(1).expect("a token").to_owned()
    };
    let (manager, auditor) = (token("monitoring_manager"), token("auditor"));
    let server = Server::start(&semester);
    let call = |token: &str, method: &str, path: &str, body: &Value| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        server.send(method, path, &headers, body.as_bytes())
    };
    let openapi = server.send("GET", "/api/openapi.json", &[], b"").is(200).json();
    let paths = openapi["paths"].as_object().expect("paths");
    for path in ["/api/v1/entries/{id}", "/api/v1/reviews/{id}/standing"] {
        assert!(paths.contains_key(path), "{path}");
    }
    let finding = json!({
        "reason": "prova",
        "service": "cup",
        "links": ["indicator:cup/K1"],
        "values": {
            "issued_on": "2023-11-02", "kind": "order", "subject": "Code", "text": "Aprire code",
        },
    });
    let list = "/api/v1/registers/findings/entries";
    call(&auditor, "POST", list, &finding).is(403);
    let made = call(&manager, "POST", list, &finding).is(201).json();
    assert_eq!((&made["id"], &made["version"]), (&"RIL-1".into(), &1.into()));
    let edit = |version: u32, subject: &str| {
        let values = json!({ "subject": subject });
        let body = json!({ "reason": "prova", "version": version, "values": values });
        call(&manager, "PATCH", "/api/v1/entries/RIL-1", &body)
    };
    assert_eq!(edit(1, "Code IVR").is(200).json()["version"], 2);
    let conflict = edit(1, "Altro").is(409).json();
    assert_eq!(conflict["newest"]["values"]["subject"], "Code IVR");
    assert_eq!(conflict["changed_by_both"], json!(["subject"]));
    for (method, path, body) in [
        ("PATCH", "/api/v1/entries/RIL-1", json!({ "reason": "x" })),
        ("PATCH", "/api/v1/entries/RIL-1", json!([1])),
        ("POST", list, json!({ "reason": "x", "values": { "issued_on": "ieri" } })),
        ("POST", list, json!({ "values": 3 })),
        ("POST", list, json!({ "reason": "x", "service": {}, "values": finding["values"] })),
        ("POST", list, json!({ "reason": 7, "service": "cup", "values": finding["values"] })),
        ("POST", list, json!({ "reason": "x", "links": [1], "values": finding["values"] })),
        ("POST", "/api/v1/reviews", json!({ "reason": "x", "period": "mai" })),
    ] {
        let refused = call(&manager, method, path, &body).is(422).json();
        assert!(refused["error"].is_string(), "{path}");
    }
    let found = call(&auditor, "GET", &format!("{list}?q=ivr"), &Value::Null).is(200).json();
    assert_eq!(found["total"], 1);
    let history = call(&auditor, "GET", "/api/v1/entries/RIL-1/history", &Value::Null).is(200);
    assert_eq!(history.json()["history"][0]["changed"][0]["after"], "Code IVR");
    let opening = json!({ "reason": "riesame", "period": "2023-H2" });
    call(&auditor, "POST", "/api/v1/reviews", &opening).is(403);
    assert_eq!(call(&manager, "POST", "/api/v1/reviews", &opening).is(201).json()["id"], "RIE-1");
    let review = call(&auditor, "GET", "/api/v1/reviews/2023-H2", &Value::Null).is(200).json();
    let shown = semester.run(&["review", "show", "RIE-1", "--json"]).ok().json();
    assert_eq!(review["sheets"], shown["sheets"], "the same figures everywhere");
    let standing = call(&auditor, "GET", "/api/v1/reviews/RIE-1/standing", &Value::Null).is(200);
    assert_eq!(standing.json()["ready"], false);
    call(&manager, "GET", "/api/v1/entries/RIL-9", &Value::Null).is(404);
    server.send("GET", list, &[], b"").is(401);
}
