#!/usr/bin/env python3
"""Soglia beside what one would pick otherwise, in one run; writes docs/performance.md.

Read `main` first. Each pair runs in turn, three times, on the same bytes; what counts is the CPU
time (user and system) of the child process, its median, and its peak memory. For the Python
engines only the query counts, not the interpreter's start: that favours them. Where both compute
the same integers, they must agree, or nothing is written.

    make bench                                    all sizes, optimised program
    SOGLIA_BIN=…/soglia BENCH_LOG_MB=200 BENCH_CALLS=1 python3 benches/compare.py

SOGLIA_BIN      the program                       BENCH_LOG_MB  size of the queue log (1000)
BENCH_PROFILE   how it was built, in words        BENCH_CALLS   millions of calls (1,10,100)
BENCH_NOTE      a sentence about the machine      BENCH_WHY     why sizes were left out
BENCH_DIR       where scratch files go
"""

import collections
import datetime
import functools
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import zoneinfo

import pages

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
CONTRACT = REPOSITORY / "examples/reference/contract.toml"
DOCUMENT = REPOSITORY / "docs/performance.md"
CACHE = pathlib.Path(os.environ.get("SOGLIA_CACHE") or pathlib.Path.home() / ".cache/soglia")
PACKAGES = ["duckdb==2.0.0", "polars==2.1.0"]

REPEATS = 3
MB = 1_000_000
# What a call takes in the queue log, and in the ledger: compressed original and tables.
LOG_BYTES_A_CALL = 270
LEDGER_BYTES_A_CALL = 200
CALLS_A_LOG = 10_000_000
# Pages are timed on the first ledger with so many calls.
PAGES_FROM = 9_000_000

# The half-year of all figures.
PERIOD = "2023-H2"
ONE_WEEK = "2023-W37"
ZONE = zoneinfo.ZoneInfo("Europe/Rome")
FIRST_DAY = datetime.date(2023, 7, 1)
N_DAYS = datetime.timedelta(days=184)
# National holidays of the half-year on working days.
HOLIDAYS = {(8, 15), (11, 1), (12, 8), (12, 25), (12, 26)}


def main():
    program = os.environ.get("SOGLIA_BIN")
    if not program or not os.access(program, os.X_OK):
        fail("no program to measure", "run `make bench`, or set SOGLIA_BIN to the program")
    python = virtual_environment()
    with tempfile.TemporaryDirectory(prefix="soglia-bench-", dir=os.environ.get("BENCH_DIR")) as d:
        bench = Bench(pathlib.Path(program).resolve(), python, pathlib.Path(d))
        sections = [bench.imports(), *bench.measures(), bench.report()]
        sections += [bench.pages] if bench.pages else []
        document = write_document(bench, sections)
    DOCUMENT.write_text(document, encoding="utf-8")
    print(f"written to {DOCUMENT.relative_to(REPOSITORY)}")


# --- Runs ----------------------------------------------------------------------------------------

# `cpu` is what counts; `whole` is the whole process, with an interpreter's start.
Run = collections.namedtuple("Run", "cpu whole rss wall out")
Row = collections.namedtuple("Row", "name cpu whole rss wall ratio")
Section = collections.namedtuple("Section", "title lead rows notes")


class Bench:
    """The runs, in a scratch folder that goes away at the end."""

    def __init__(self, program, python, scratch):
        self.program, self.python, self.scratch = program, python, scratch
        self.skipped, self.pages = [], None
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.load = os.getloadavg()[0]
        self.why = os.environ.get("BENCH_WHY", "not asked for in this run")

    def soglia(self, *arguments):
        return run([self.program, *arguments])

    def engine(self, name, *arguments):
        """An engine in a process of its own, which says what its query alone cost."""
        found = run([self.python, __file__, "--engine", name, *arguments])
        said = json.loads(found.out)
        return found._replace(cpu=said["cpu"], out=said["rows"])

    def import_log(self, log, ledger):
        return self.soglia("import", "--quiet", "--ledger", ledger, "--contract", CONTRACT,
                           "--format", "queue-log", log)

    def imports(self):
        """A queue log into a new ledger, beside reading the same bytes."""
        size = int(float(os.environ.get("BENCH_LOG_MB", "1000")) * MB)
        log = self.make_log("import", size)
        n_calls = 0

        def soglia():
            nonlocal n_calls
            ledger = self.scratch / "import-ledger"
            found = self.import_log(log, ledger)
            n_calls = count_calls(self, ledger)
            shutil.rmtree(ledger)
            return found

        target = self.scratch / "rows.parquet"
        competitors = {
            "Soglia: import": soglia,
            "`wc -l`": lambda: run(["wc", "-l", log]),
            "DuckDB: count rows by event": functools.partial(self.engine, "duckdb-count", log),
            "DuckDB: all rows to Parquet": functools.partial(
                self.engine, "duckdb-parquet", log, target),
            "Polars: count rows by event": functools.partial(self.engine, "polars-count", log),
            "Polars: all rows to Parquet": functools.partial(
                self.engine, "polars-parquet", log, target),
        }
        runs = in_turn(competitors)
        agree("rows by event", [runs[name][0].out for name in runs if "count rows" in name])
        if size < 1000 * MB:
            self.skipped.append(f"Import of a log of 1 GB: {self.why}.")
        size = log.stat().st_size
        log.unlink()
        rows = as_rows(runs)
        lead = (f"A queue log of {size / MB:.0f} MB, {n_calls:,} calls, into a new ledger. "
                f"Soglia: {size / MB / rows[0].cpu:.0f} MB and "
                f"{n_calls / rows[0].cpu / 1000:.0f} thousand calls a CPU second.")
        notes = [
            "The work is not the same. Soglia also puts lines together into calls, keeps the "
            "original compressed under its SHA-256, checks every row for duplicates, pseudonymises "
            "callers and commits to the ledger; the engines only split lines into columns.",
        ]
        return Section("Import", lead, rows, notes)

    def measures(self):
        sizes = os.environ.get("BENCH_CALLS", "1,10,100").split(",")
        for millions in sizes:
            n_calls = int(float(millions) * 1_000_000)
            needed = min(n_calls, CALLS_A_LOG) * LOG_BYTES_A_CALL + n_calls * LEDGER_BYTES_A_CALL
            free = shutil.disk_usage(self.scratch).free
            if free < needed:
                self.skipped.append(
                    f"All indicators on {millions} M calls: {needed / 1e9:.0f} GB of disk needed "
                    f"for logs and ledger, {free / 1e9:.0f} GB free.")
                continue
            yield self.measure(n_calls)
        for millions in ("1", "10", "100"):
            if millions not in sizes:
                self.skipped.append(f"All indicators on {millions} M calls: {self.why}.")

    def measure(self, n_calls):
        """All indicators of the half-year, beside SQL on the ledger's own Parquet files."""
        ledger = self.scratch / "measure-ledger"
        n_logs = -(-n_calls // CALLS_A_LOG)
        for k in range(n_logs):
            over = "..".join(str(FIRST_DAY + N_DAYS * end // n_logs) for end in (k, k + 1))
            size = n_calls * LOG_BYTES_A_CALL // n_logs
            log = self.make_log(f"measure-{k}", size, "--seed", str(k + 1), "--over", over)
            self.import_log(log, ledger)
            log.unlink()
        n_calls = count_calls(self, ledger)
        files = str(ledger / "tables/calls/*.parquet")

        def soglia(period, anew=False):
            if anew:
                shutil.rmtree(ledger / "tallies")
            return self.soglia("measure", "--no-sensitivity", "--ledger", ledger, "--contract",
                               CONTRACT, "--period", period, "--format", "json")

        competitors = {
            "Soglia: measure": lambda: soglia(PERIOD),
            "Soglia: measure, every call counted anew": lambda: soglia(PERIOD, anew=True),
            "Soglia: measure, one week only": lambda: soglia(ONE_WEEK),
            "DuckDB: SQL with wait buckets": functools.partial(self.engine, "sql-buckets", files),
            "DuckDB: SQL with quantile_disc": functools.partial(self.engine, "sql-plain", files),
        }
        runs = in_turn(competitors)
        ours = [name for name in runs if name.startswith("Soglia") and "week" not in name]
        figures = [soglia_figures(runs[name][0].out) for name in ours]
        figures += [runs[name][0].out for name in runs if name.startswith("DuckDB")]
        agree("figures of the half-year", figures)
        if PAGES_FROM <= n_calls and not self.pages:
            times, first_view = pages.times(self.program, ledger, CONTRACT, PERIOD, self.scratch)
            self.pages = pages_section(n_calls, times, first_view)
        shutil.rmtree(ledger)
        rows = as_rows(runs)
        duck = min(rows[3:], key=lambda row: row.cpu)
        ratio, whole = rows[0].cpu / duck.cpu, rows[0].whole / duck.whole
        verdict = "met" if ratio <= 0.5 else "met by the whole processes, **missed** by the query"
        verdict = verdict if whole <= 0.5 else "**missed**"
        lead = (f"{n_calls:,} calls spread evenly over {PERIOD}, in {n_logs} "
                f"import{'s' if 1 < n_logs else ''}. CPU of Soglia's process over that of DuckDB's "
                f"better SQL: {ratio:.2f} to the query alone, {whole:.2f} to its process (goal ≤ "
                f"0.5: {verdict}). Every call counted anew: {rows[1].cpu / duck.cpu:.2f} to the "
                "query alone.")
        notes = [
            "Soglia adds up the counts of whole files that it keeps beside the ledger "
            "(docs/decisions/0013); *counted anew* is the first measure after a change of the "
            "contract. All found the same "
            f"{len(figures[0])} integers. Soglia's process also loads and checks contract and "
            "ledger, counts dispositions, looks for findings, runs its cross checks and writes the "
            "whole document; DuckDB's figure is the query alone, with an opening-hours table made "
            "beforehand.",
        ]
        return Section(f"All indicators of a half-year, {n_calls / 1e6:.1f} M calls", lead, rows,
                       notes)

    def report(self):
        demo, out = self.scratch / "demo", self.scratch / "documents"
        self.soglia("demo", "--quiet", "--out", demo)
        common = ["--ledger", demo / "ledger", "--contract", CONTRACT, "--period", PERIOD]
        runs = in_turn({
            "Soglia: report (HTML and PDF)": lambda: self.soglia(
                "report", "--quiet", *common, "--out", out),
            "Soglia: measure (JSON), same ledger": lambda: self.soglia(
                "measure", *common, "--format", "json"),
        })
        rows = as_rows(runs)
        n_calls = count_calls(self, demo / "ledger")
        verdict = "met" if rows[0].wall <= 2 else "**missed**"
        lead = (f"The demo's half-year, {n_calls:,} calls, as HTML and PDF: {rows[0].wall:.2f} s "
                f"on the wall, {rows[0].cpu - rows[1].cpu:.2f} CPU s more than measuring alone "
                f"(goal under 2 s after measuring: {verdict} by the whole command).")
        return Section("Report", lead, rows, [
            "`report` measures again, the disputed alternatives included, as `measure` does here."])

    def make_log(self, name, size, *more):
        folder = self.scratch / name
        self.soglia("demo", "--quiet", "--out", folder, "--large-queue-log", str(size), *more)
        return folder / "queue_log"


def run(command):
    """Runs a child and returns what it used; ends the benchmark if it fails."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            tail = err.read().decode(errors="replace")[-2000:]
            fail(f"`{' '.join(command)}` ended with {child.returncode}", tail)
        cpu = used.ru_utime + used.ru_stime
        return Run(cpu, cpu, used.ru_maxrss / 1024, wall, out.read())


def in_turn(competitors):
    """Runs all of them once, then all again: a busy minute hits everybody."""
    runs = {name: [] for name in competitors}
    for repeat in range(REPEATS):
        for name, competitor in competitors.items():
            found = competitor()
            runs[name].append(found)
            print(f"  {repeat + 1}/{REPEATS}  {name}: {found.cpu:.2f} CPU s, {found.wall:.1f} s",
                  file=sys.stderr, flush=True)
    return runs


def pages_section(n_calls, times, first_view):
    """Pages in a browser, on the first ledger that is large enough."""
    slow = [name for name, ms in times.items() if pages.GOAL_MS < ms]
    verdict = f"**missed** by {', '.join(slow)}" if slow else "met by all"
    fits = "met" if first_view <= pages.GOAL_BYTES else "**missed**"
    lead = (f"{n_calls:,} calls in the ledger; median of {pages.REPEATS} requests over loopback, "
            f"with the figures computed (goal: {pages.GOAL_MS} ms, {verdict}). The overview with "
            f"all that it loads takes {first_view / 1000:.0f} kB over the wire (goal: "
            f"{pages.GOAL_BYTES / 1000:.0f} kB, {fits}).")
    lines = ["| page | ms |", "|---|--:|"]
    lines += [f"| {name} | {ms:.0f} |" for name, ms in times.items()]
    return Section("Pages", lead, "\n".join(lines) + "\n", [])


def as_rows(runs):
    """Medians; ratios are of the first row's CPU to each row's."""
    rows, first = [], None
    for name, found in runs.items():
        cpu, whole, rss, wall = (statistics.median(getattr(one, what) for one in found)
                                 for what in ("cpu", "whole", "rss", "wall"))
        ratio = None if first is None else first / max(cpu, 0.001)
        first = cpu if first is None else first
        rows.append(Row(name, cpu, whole, rss, wall, ratio))
    return rows


def agree(what, answers):
    for other in answers[1:]:
        if other != answers[0]:
            fail(f"the {what} differ", f"{answers[0]}\n{other}")


def count_calls(bench, ledger):
    files = str(pathlib.Path(ledger) / "tables/calls/*.parquet")
    return bench.engine("count-calls", files).out


def soglia_figures(document):
    """The integers of K1 and K3 out of a measurement, durations in milliseconds."""
    figures = {}
    for found in json.loads(document)["measurements"]:
        if found["indicator"] not in ("K1", "K3"):
            continue
        place = f"{found['service']} {found['indicator']}"
        figures[f"{place} numerator"] = found["numerator"]
        figures[f"{place} denominator"] = found["denominator"]
        figures[f"{place} out of hours"] = found["excluded"].get("out_of_hours", 0)
        if found["indicator"] == "K1":
            for name in ("mean", "p90", "p95", "sum"):
                seconds = found["statistics"][f"wait_answered_{name}_s"]
                figures[f"{place} {name} ms"] = int(seconds.replace(".", ""))
    return figures


# --- Engines -------------------------------------------------------------------------------------

N_FIELDS = 8


def engine(name, arguments):
    """Runs one query in this process and prints its rows and the CPU time it took."""
    query = ENGINES[name](*arguments)
    begun = time.process_time()
    rows = query()
    print(json.dumps({"cpu": time.process_time() - begun, "rows": rows}))


def duckdb_log(path):
    fields = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(N_FIELDS))
    return (f"read_csv('{path}', delim = '|', header = false, null_padding = true, quote = '', "
            f"escape = '', auto_detect = false, columns = {{{fields}}})")


def duckdb_count(path):
    import duckdb
    sql = f"SELECT c4, count(*) FROM {duckdb_log(path)} GROUP BY c4 ORDER BY c4"
    return lambda: duckdb.connect().sql(sql).fetchall()


def duckdb_parquet(path, target):
    import duckdb
    sql = (f"COPY (SELECT * FROM {duckdb_log(path)}) TO '{target}' "
           "(FORMAT parquet, COMPRESSION zstd)")
    return lambda: duckdb.connect().execute(sql) and None


def polars_log(path):
    import polars
    schema = {f"c{i}": polars.String for i in range(N_FIELDS)}
    return polars.scan_csv(path, separator="|", has_header=False, schema=schema, quote_char=None,
                           truncate_ragged_lines=True, missing_columns="insert")


def polars_count(path):
    import polars
    query = polars_log(path).group_by("c4").agg(polars.len()).sort("c4")
    return lambda: query.collect(engine="streaming").rows()


def polars_parquet(path, target):
    query = polars_log(path)
    return lambda: query.sink_parquet(target, compression="zstd") and None


def count_rows(files):
    import duckdb
    sql = f"SELECT count(*) FROM read_parquet('{files}')"
    return lambda: duckdb.connect().sql(sql).fetchall()[0][0]


def with_calendar():
    """A connection that knows the opening hours, 8 to 19 on working days, as UTC instants."""
    import duckdb
    connection = duckdb.connect()
    connection.execute("CREATE TABLE open_hours (day INTEGER, from_s BIGINT, until_s BIGINT)")
    day, rows = datetime.date(2023, 7, 1), []
    while day < datetime.date(2024, 1, 1):
        if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS:
            number = (day - datetime.date(1970, 1, 1)).days
            rows.append((number, *(epoch(day, hour) for hour in (8, 19))))
        day += datetime.timedelta(days=1)
    connection.executemany("INSERT INTO open_hours VALUES (?, ?, ?)", rows)
    connection.execute("CREATE TABLE open AS SELECT day, to_timestamp(from_s) AS opens, "
                       "to_timestamp(until_s) AS closes FROM open_hours")
    return connection


def epoch(day, hour):
    instant = datetime.datetime.combine(day, datetime.time(hour), ZONE)
    return int(instant.timestamp())


def calls_sql(files):
    start, end = epoch(datetime.date(2023, 7, 1), 0), epoch(datetime.date(2024, 1, 1), 0)
    return (f"""SELECT service, disposition = 'answered' AS answered, wait_ms,
        open.day IS NOT NULL AS in_hours
      FROM read_parquet('{files}') AS calls LEFT JOIN open
        ON open.day = local_hour // 24 AND opens <= arrived AND arrived < closes
      WHERE direction = 'inbound' AND disposition <> 'test'
        AND to_timestamp({start}) <= arrived AND arrived < to_timestamp({end})""")


def sql_buckets(files):
    """Counts by wait first; every figure, percentiles too, comes out of the small table."""
    connection = with_calendar()
    sql = f"""WITH classes AS MATERIALIZED (
        SELECT service, answered, in_hours, wait_ms, count(*) AS n
        FROM ({calls_sql(files)}) GROUP BY ALL),
      ranks AS (
        SELECT service, wait_ms, sum(n) OVER (PARTITION BY service ORDER BY wait_ms) AS up_to,
          sum(n) OVER (PARTITION BY service) AS total
        FROM classes WHERE in_hours AND answered),
      percentiles AS (
        SELECT service, min(wait_ms) FILTER (90 * total <= 100 * up_to) AS p90,
          min(wait_ms) FILTER (95 * total <= 100 * up_to) AS p95
        FROM ranks GROUP BY service)
      SELECT service, coalesce(sum(n) FILTER (in_hours), 0)::BIGINT,
        coalesce(sum(n) FILTER (in_hours AND answered AND wait_ms <= 20000), 0)::BIGINT,
        coalesce(sum(n) FILTER (in_hours AND NOT answered), 0)::BIGINT,
        coalesce(sum(n) FILTER (NOT in_hours), 0)::BIGINT,
        coalesce(sum(n * wait_ms) FILTER (in_hours AND answered), 0)::BIGINT,
        any_value(p90), any_value(p95)
      FROM classes JOIN percentiles USING (service) GROUP BY service ORDER BY service"""
    return lambda: sql_figures(connection.sql(sql).fetchall())


def sql_plain(files):
    """As one would write it without a second thought."""
    connection = with_calendar()
    heard = "FILTER (in_hours AND answered)"
    sql = f"""SELECT service, count(*) FILTER (in_hours),
        count(*) FILTER (in_hours AND answered AND wait_ms <= 20000),
        count(*) FILTER (in_hours AND NOT answered), count(*) FILTER (NOT in_hours),
        (sum(wait_ms) {heard})::BIGINT, quantile_disc(wait_ms, 0.90) {heard},
        quantile_disc(wait_ms, 0.95) {heard}
      FROM ({calls_sql(files)}) GROUP BY service ORDER BY service"""
    return lambda: sql_figures(connection.sql(sql).fetchall())


def sql_figures(rows):
    figures = {}
    for service, offered, in_time, lost, out_of_hours, total, p90, p95 in rows:
        for indicator, numerator in (("K1", in_time), ("K3", lost)):
            place = f"{service} {indicator}"
            figures[f"{place} numerator"] = numerator
            figures[f"{place} denominator"] = offered
            figures[f"{place} out of hours"] = out_of_hours
        n = offered - lost
        mean = (2 * total + n) // (2 * n)
        place = f"{service} K1"
        for name, value in (("mean", mean), ("p90", p90), ("p95", p95), ("sum", total)):
            figures[f"{place} {name} ms"] = value
    return figures


ENGINES = {
    "duckdb-count": duckdb_count,
    "duckdb-parquet": duckdb_parquet,
    "polars-count": polars_count,
    "polars-parquet": polars_parquet,
    "count-calls": count_rows,
    "sql-buckets": sql_buckets,
    "sql-plain": sql_plain,
}


# --- Document ------------------------------------------------------------------------------------


def write_document(bench, sections):
    note = wrapped(os.environ.get("BENCH_NOTE", ""))
    text = f"""# Performance

Written by `make bench` ([`benches/compare.py`](../benches/compare.py)); do not edit by hand.

## Machine and program

| | |
|---|---|
| Date | {bench.started:%Y-%m-%d} |
| Processor | {processor()}, {os.cpu_count()} cores |
| Memory | {memory_gb():.0f} GB |
| System | {platform.system()} {platform.machine()}, load {bench.load:.1f} at the start |
| Program | {version(bench)}, {os.environ.get('BENCH_PROFILE', 'profile not stated')} |
| Beside it | {', '.join(package.replace('==', ' ') for package in PACKAGES)}, `wc` |

{note}

"""
    text = text.replace("\n\n\n\n", "\n\n")
    for section in sections:
        text += f"## {section.title}\n\n{wrapped(section.lead)}\n\n{table(section.rows)}\n"
        text += "".join(f"{wrapped(line)}\n\n" for line in section.notes)
    text += "## Not run\n\n"
    skipped = [textwrap.fill(f"- {line}", 100, subsequent_indent="  ") for line in bench.skipped]
    text += "\n".join(skipped or ["Everything was run."]) + "\n"
    text += HOW_TO_READ
    for section in sections:
        print(f"{section.title}\n{section.lead}\n\n{table(section.rows)}")
    return text


HOW_TO_READ = f"""
## How to read this

- *CPU* is user plus system time over all threads; every engine uses as many threads as it likes.
  On a shared machine the wall clock says who else was working; CPU time hardly does.
- *Ratio* is the CPU of the table's first row over the row's: below 1, Soglia needs less. Below 1.3
  either way is a tie.
- Medians of {REPEATS} runs, all rows of a table in turn, files in the page cache.
- DuckDB and Polars are charged for the query alone, Soglia for the whole process from start to
  exit; the column beside shows theirs with the interpreter's start and imports. Peak memory is
  that of the whole process for all (the interpreter is some 40 MB of it; no process shows less
  than the 20 MB of the script that starts it).
- Calls are generated (`soglia demo --large-queue-log`) and spread evenly over day and night, so
  about two in three arrive out of hours.
- The figures must agree: nothing is written if one integer differs.
"""


def wrapped(text):
    return textwrap.fill(text, 100, break_on_hyphens=False)


def table(rows):
    if isinstance(rows, str):
        return rows
    lines = ["| | CPU s | whole process CPU s | wall s | peak memory MB | ratio |",
             "|---|--:|--:|--:|--:|--:|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.name} | {row.cpu:.2f} | {row.whole:.2f} | {row.wall:.2f} | "
                     f"{row.rss:.0f} | {ratio} |")
    return "\n".join(lines) + "\n"


def version(bench):
    return bench.soglia("--version").out.decode().strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


# --- Setting up ----------------------------------------------------------------------------------


def virtual_environment():
    """The Python of an environment of its own with the engines, made on first use."""
    home = CACHE / "bench-venv"
    python = home / "bin/python"
    wanted = "import duckdb, polars"
    if python.exists() and subprocess.run([python, "-c", wanted], check=False).returncode == 0:
        return python
    print(f"installing {', '.join(PACKAGES)} into {home}", file=sys.stderr)
    run([sys.executable, "-m", "venv", home])
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
    return python


def fail(error, hint):
    sys.exit(f"error: {error}\nhint: {hint}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        engine(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        main()
