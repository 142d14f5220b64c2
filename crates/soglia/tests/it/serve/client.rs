//! The program as a server, and a small browser without a window. Read [`Server`] first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Place, command};

/// The program, answering requests until it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
    /// The code that makes the administrator.
    pub setup: Option<String>,
}

impl Server {
    /// Starts it on a port that is free.
    pub fn start(place: &Place, registers: &Path, more: &[&str]) -> Self {
        let mut child = serve(place, registers, more).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is read")).lines();
        let mut line = || lines.next().and_then(Result::ok).unwrap_or_default();
        let first = line();
        let (_, rest) = first.split_once("://").unwrap_or_else(|| panic!("no address: {first:?}"));
        let address = rest.trim_end_matches('/').to_owned();
        let setup = line().split_once("token=").map(|(_, token)| token.to_owned());
        Self { child, address, setup }
    }

    /// What it says when it does not start.
    pub fn refused(place: &Place, registers: &Path, more: &[&str]) -> String {
        let output = serve(place, registers, more).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stderr).expect("errors are UTF-8")
    }

    /// Somebody who has not come in.
    pub fn client(&self) -> Client {
        Client::of(&self.address)
    }

    /// Ends it. Returns what it wrote to its console meanwhile.
    pub fn stop(mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        let mut errors = String::new();
        let stderr = self.child.stderr.take().expect("stderr is kept");
        BufReader::new(stderr).read_to_string(&mut errors).expect("errors are UTF-8");
        errors
    }
}

fn serve(place: &Place, registers: &Path, more: &[&str]) -> std::process::Command {
    let mut command = command();
    command
        .args(place.arguments(&["serve", "--listen", "127.0.0.1:0", "--lang", "it"]))
        .arg("--registers")
        .arg(registers)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser without a window: it keeps cookies and follows nothing.
#[derive(Clone)]
pub struct Client {
    address: String,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, without the marks of its chunks.
    pub body: Vec<u8>,
    text: String,
}

impl Client {
    /// Somebody without cookies, before any server.
    pub fn of(address: &str) -> Self {
        Self { address: address.to_owned(), cookies: BTreeMap::new() }
    }

    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Sends a form with the token of the page that shows it.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(match path {
            "/purpose" | "/logout" => "/account",
            // What is done to a user is a form of the user's page.
            other => match other.rsplit_once('/') {
                Some((page, _)) if page.starts_with("/users/") => page,
                _ => other,
            },
        });
        let mut body = String::new();
        for (name, value) in fields.iter().chain(&[("csrf", token.as_str())]) {
            write!(body, "{name}=").expect("text grows");
            for byte in value.bytes() {
                write!(body, "%{byte:02X}").expect("text grows");
            }
            body.push('&');
        }
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", path, &[kind], body.trim_end_matches('&').as_bytes())
    }

    /// The token of a page's forms.
    pub fn token(&mut self, path: &str) -> String {
        let page = self.get(path);
        let after = page.text_ref().split("data-csrf=\"").nth(1);
        let token = after.and_then(|rest| rest.split('"').next());
        token.unwrap_or_else(|| panic!("{path} has no token: {}", page.text())).to_owned()
    }

    /// Tries to come in.
    pub fn log_in(&mut self, login: &str, password: &str) -> Answer {
        self.form("/login", &[("login", login), ("password", password), ("next", "/")])
    }

    /// Sends a request and keeps the cookies of the answer.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout can be set");
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        let length = ("content-length", body.len().to_string());
        let cookies = ("cookie", cookies.join("; "));
        let own = [("connection", "close".to_owned()), length, cookies];
        let given = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        for (name, value) in own.into_iter().chain(given) {
            write!(head, "{name}: {value}\r\n").expect("text grows");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("the head is sent");
        // A server that refuses an upload may not read all of it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        let answer = Answer::parse(&bytes).unwrap_or_else(|| panic!("{method} {path}: {read:?}"));
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("cookies have a name and a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, value)| {
            name == "transfer-encoding" && value.eq_ignore_ascii_case("chunked")
        });
        let rest = &bytes[end + 4..];
        let body = if chunked { joined(rest)? } else { rest.to_vec() };
        let text = String::from_utf8_lossy(&body).into_owned();
        Some(Self { status, headers, body, text })
    }

    /// A header; of cookies the session's.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Where it sends to.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, for expressions that keep parts of it.
    pub fn text_ref(&self) -> &str {
        &self.text
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// Panics unless the status is the one expected.
    #[track_caller]
    pub fn expect_status(&self, expected: u16) {
        assert_eq!(self.status, expected, "{}", self.text);
    }
}

/// Chunks put together.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&rest[..end]).ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

/// A text as somebody's standard input.
pub fn text(content: &str) -> Stdio {
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(content.as_bytes()).expect("it can be written");
    file.seek(SeekFrom::Start(0)).expect("it can be read again");
    file.into()
}
