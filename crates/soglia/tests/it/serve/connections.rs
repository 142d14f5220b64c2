//! Connections: slow clients, and servers that pass requests on. Read
//! [`a_head_that_never_ends_is_not_waited_for`] first.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::client::{Client, Server};
use super::{PASSWORD, with_accounts};
use crate::support::{Place, temp};

/// What the program waits for the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(15);

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    let dir = temp();
    let server = Server::start(&Place::new(dir.path()), &dir.path().join("registers"), &[]);
    let begun = Instant::now();
    let slow: Vec<TcpStream> = ["", "GET / HTTP/1.1\r\nhost: soglia\r\n"]
        .into_iter()
        .map(|head| {
            let mut stream = TcpStream::connect(&server.address).expect("the server listens");
            stream.write_all(head.as_bytes()).expect("a part of the head is sent");
            stream.set_read_timeout(Some(2 * HEAD_MAX)).expect("a timeout can be set");
            stream
        })
        .collect();
    // Others are answered meanwhile.
    server.client().get("/setup").expect_status(200);
    for mut stream in slow {
        let mut said = Vec::new();
        // Closed or reset: either is an end.
        let _ = stream.read_to_end(&mut said);
        let text = String::from_utf8_lossy(&said);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    let took = begun.elapsed();
    assert!(HEAD_MAX - Duration::from_secs(2) < took && took < HEAD_MAX + Duration::from_secs(10));
    server.client().get("/setup").expect_status(200);
}

/// Tries to come in, over a server that says where the request comes from.
fn attempt(client: &mut Client, login: &str, from: &str) -> u16 {
    let token = client.token("/login");
    let body = format!("login={login}&password=una+frase+sbagliata&csrf={token}");
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", from)];
    client.send("POST", "/login", &headers, body.as_bytes()).status
}

#[test]
fn failures_count_for_the_client_that_a_trusted_server_names() {
    let dir = temp();
    let trusting = ["--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "10.0.0.1"];
    let place = Place::new(dir.path());
    let server = Server::start(&place, &dir.path().join("registers"), &trusting);
    with_accounts(&server, &[("mia", "auditor", "")]);
    let mut client = server.client();
    // What stands first the client wrote itself; what the server added counts.
    let guesses = (0..7).map(|nth| {
        let from = format!("198.51.100.{nth}, 192.0.2.1, 10.0.0.1");
        attempt(&mut client, &format!("nobody-{nth}"), &from)
    });
    let guesses: Vec<u16> = guesses.collect();
    assert_eq!((guesses[0], guesses[6]), (401, 429), "{guesses:?}");
    assert_eq!(attempt(&mut client, "nobody-8", "192.0.2.2"), 401, "another client");
    server.client().log_in("mia", PASSWORD).expect_status(303);

    // Nobody is trusted unless named: whatever clients write, it is the connection that counts.
    let other = temp();
    let server = Server::start(&Place::new(other.path()), &other.path().join("registers"), &[]);
    with_accounts(&server, &[]);
    let mut client = server.client();
    let guesses: Vec<u16> = (0..7)
        .map(|nth| attempt(&mut client, &format!("nobody-{nth}"), &format!("192.0.2.{nth}")))
        .collect();
    assert_eq!((guesses[0], guesses[6]), (401, 429), "{guesses:?}");
}

#[test]
fn behind_a_server_with_tls_cookies_are_for_tls_only() {
    let dir = temp();
    let place = Place::new(dir.path());
    let public = ["--public-address", "https://soglia.regione.example"];
    let server = Server::start(&place, &dir.path().join("registers"), &public);
    let page = server.client().get("/setup");
    let cookie = page.header("set-cookie").expect("the form's cookie");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    assert!(page.header("strict-transport-security").is_some());
    let wrong = ["--trusted-proxy", "10.0.0.0/40"];
    let failed = Server::refused(&place, &dir.path().join("registers"), &wrong);
    assert!(failed.contains("`10.0.0.0/40` is no address"), "{failed}");
}
