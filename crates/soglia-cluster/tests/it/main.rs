//! The same measure on a scheduler with two executors on loopback gives the same integers.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use soglia_domain::contract::{self, Contract};
use soglia_domain::period::Period;
use soglia_domain::time::Instant;
use soglia_ledger::import::{Format, Request, import};
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::plan::{CallsPass, Clocks, Look};

const CONTRACT: &str = include_str!("../../../../examples/reference/contract.toml");

/// A process that ends with the test, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on, its successor being free as well.
fn free_port() -> u16 {
    loop {
        let probe = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = probe.local_addr().expect("bound").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn wait_for(port: u16) {
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing listens on port {port} after a minute");
}

/// A log of `n` calls a day apart by a few minutes, two thirds answered.
fn log(first: i64, n: i64) -> String {
    let mut text = String::new();
    for at in 0..n {
        let (t, id) = (first + at * 97, format!("{}.{at}", first + at * 97));
        let queue = if at % 2 == 0 { "cup_prenotazione" } else { "cc_assistenza" };
        let wait = at % 41;
        let _ = writeln!(text, "{t}|{id}|{queue}|NONE|ENTERQUEUE||0000{at:06}|1");
        if at % 3 == 0 {
            let _ = writeln!(text, "{}|{id}|{queue}|NONE|ABANDON|1|1|{wait}", t + wait);
        } else {
            let _ = writeln!(text, "{}|{id}|{queue}|A|CONNECT|{wait}|{id}9|1", t + wait);
            let end = t + wait + 60 + at % 300;
            let _ = writeln!(text, "{end}|{id}|{queue}|A|COMPLETECALLER|{wait}|60|1");
        }
    }
    text
}

async fn ledger(dir: &Path, contract: &Contract) -> Ledger {
    let ledger = Ledger::open_or_create(&dir.join("ledger")).await.expect("a new ledger");
    let mut locked = ledger.lock().await.expect("nobody else");
    for (name, first) in [("queue_log.1", 1_688_191_200), ("queue_log.2", 1_693_548_000)] {
        let path = dir.join(name);
        let mut lines: Vec<String> = log(first, 4000).lines().map(str::to_owned).collect();
        lines.sort_by_key(|line| line.split('|').next().map(str::to_owned));
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        let request = Request {
            path: &path,
            format: &Format::QueueLog,
            service: None,
            source: None,
            contract,
            zone: None,
            more_follow: false,
            now: Instant::from_secs(1_700_000_000),
        };
        import(&mut locked, &request, &mut |_| ()).await.expect("taken in");
    }
    ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executors_count_what_one_process_counts() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let contract = contract::parse(CONTRACT, "contract.toml").expect("the reference contract");
    let ledger = ledger(dir.path(), &contract).await;
    let period = Period::parse("2023-H2", &contract.zone).expect("a half-year");
    let embedded = Session::open(&ledger, None).await.expect("a session");
    embedded.ctx.register_udaf(soglia_measure::udaf::udaf());

    let (scheduler, first, second) = (free_port(), free_port(), free_port());
    let quiet = || (Stdio::null(), Stdio::null());
    let (out, err) = quiet();
    let _scheduler = Running(
        Command::new(env!("CARGO_BIN_EXE_soglia-scheduler"))
            .args(["--port", &scheduler.to_string()])
            .stdout(out)
            .stderr(err)
            .spawn()
            .expect("the scheduler starts"),
    );
    wait_for(scheduler);
    let _executors: Vec<Running> = [first, second]
        .into_iter()
        .map(|port| {
            let (out, err) = quiet();
            Running(
                Command::new(env!("CARGO_BIN_EXE_soglia-executor"))
                    .args(["--port", &port.to_string()])
                    .args(["--scheduler-port", &scheduler.to_string()])
                    .args(["--work-dir", &dir.path().join(port.to_string()).to_string_lossy()])
                    .stdout(out)
                    .stderr(err)
                    .spawn()
                    .expect("an executor starts"),
            )
        })
        .collect();
    wait_for(first);
    wait_for(second);

    let ctx =
        soglia_cluster::client(&format!("df://127.0.0.1:{scheduler}")).await.expect("a client");
    let distributed = embedded.on(ctx).await.expect("the same tables");
    let pass = CallsPass::ordinary();
    for look in [(Look::Total, Clocks::All), (Look::Days, Clocks::Queue)] {
        let here = pass.run(&embedded, &contract, &period, look).await.expect("embedded");
        let there = pass.run(&distributed, &contract, &period, look).await.expect("distributed");
        let calls: u64 = here.cells.values().map(|class| class.n).sum();
        assert_eq!(calls, 8000);
        assert_eq!(here, there);
    }
}
