"""Computes K1-K8 and K10 once more, in another way, and compares integers with Soglia's.

Read `main` first. DuckDB reads the ledger's Parquet files; which files count is read from the
Delta logs here; opening hours are computed here. Nothing of Soglia's own code is used.

    python check.py --ledger DIR --contract FILE --measurement FILE

The measurement is what `soglia measure --format json` wrote. Exit code 1: figures differ.
"""

import argparse
import datetime as dt
import json
import re
import sys
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

TABLES = ["calls", "messages", "cases", "outbound_records", "outages"]
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def main():
    parser = argparse.ArgumentParser()
    for name in ["ledger", "contract", "measurement"]:
        parser.add_argument("--" + name, type=Path, required=True)
    given = parser.parse_args()
    report = json.loads(given.measurement.read_text())
    contract = tomllib.loads(given.contract.read_text())
    db = duckdb.connect()
    for table in TABLES:
        view(db, given.ledger, table, report["ledger"]["tables"].get(table))
    period = report["period"]
    start, end = millis(period["start"]), millis(period["end"])
    zone = ZoneInfo(period["zone"])
    wrong = compared = 0
    for code, service in contract["service"].items():
        for indicator in service["indicator"]:
            compute = MEASURES.get(indicator["measure"])
            if compute is None:
                continue
            calendar = service[CALENDARS.get(indicator["measure"], "calendar")] \
                if CALENDARS.get(indicator["measure"]) in service else service["calendar"]
            hours(db, contract["calendar"][calendar], zone, start, end)
            scope = Scope(db, code, indicator, start, end)
            expected = compute(scope)
            measured = next(
                m for m in report["measurements"]
                if m["service"] == code and m["indicator"] == indicator["code"]
            )
            if measured["reason"] == "not_measured":
                # No outages delivered is not "no outages": there is nothing to compare.
                continue
            found = (measured["numerator"] or 0, measured["denominator"])
            compared += 1
            if tuple(expected) != found:
                wrong += 1
                print(f"{code} {indicator['code']}: soglia {found}, here {tuple(expected)}")
    print(f"{compared} figures compared, {wrong} differ")
    sys.exit(1 if wrong or not compared else 0)


def view(db, ledger, table, version):
    """Makes a view of the files that a version of a Delta table consists of."""
    folder = ledger / "tables" / table
    active = set()
    if version is not None:
        for number in range(version + 1):
            for line in (folder / "_delta_log" / f"{number:020}.json").read_text().splitlines():
                action = json.loads(line)
                if "add" in action:
                    active.add(action["add"]["path"])
                if "remove" in action:
                    active.discard(action["remove"]["path"])
    files = [str(folder / path) for path in sorted(active)]
    if files:
        db.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files!r})")


def exists(db, table):
    return bool(db.execute("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [table]).fetchall())


def millis(text):
    """`2023-07-01T00:00:00+02:00[Europe/Rome]` as milliseconds UTC."""
    return round(dt.datetime.fromisoformat(text.split("[")[0]).timestamp() * 1000)


def span(text):
    """`4h`, `20s` as milliseconds."""
    return sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)\s*(ms|min|s|h|d)", str(text)))


def easter(year):
    """The Gregorian computus after Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return dt.date(year, month, day + 1)


def is_holiday(day):
    fixed = {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)}
    if day.year >= 2026:
        fixed.add((10, 4))
    sunday = easter(day.year)
    return (day.month, day.day) in fixed or day in (sunday, sunday + dt.timedelta(days=1))


def hours(db, versions, zone, start, end):
    """Makes the table `hours`: opening intervals and the open time before each."""
    version = versions[0]
    slots = [slot.split("-") for slot in version["weekdays"]]
    first = dt.datetime.fromtimestamp(start / 1000, zone).date() - dt.timedelta(days=500)
    last = dt.datetime.fromtimestamp(end / 1000, zone).date() + dt.timedelta(days=120)
    rows, before = [], 0
    day = first
    while day <= last:
        if day.weekday() < 5 and not is_holiday(day):
            for slot in slots:
                edges = [dt.datetime.combine(day, dt.time.fromisoformat(s), zone) for s in slot]
                opens, closes = (round(edge.timestamp() * 1000) for edge in edges)
                rows.append((opens, closes, before))
                before += closes - opens
        day += dt.timedelta(days=1)
    db.execute("CREATE OR REPLACE TABLE hours (o BIGINT, c BIGINT, before BIGINT)")
    db.executemany("INSERT INTO hours VALUES (?, ?, ?)", rows)
    db.execute("""
        CREATE OR REPLACE MACRO worked(t) AS (
            SELECT coalesce(max(before + least(t - o, c - o)), 0) FROM hours WHERE o <= t);
        CREATE OR REPLACE MACRO due_at(t) AS (
            SELECT min(o + t - before) FROM hours WHERE before + c - o >= t);
        CREATE OR REPLACE MACRO ms(t) AS (epoch_us(t) // 1000);
    """)


class Scope:
    """One indicator of one service in one period."""

    def __init__(self, db, service, rule, start, end):
        self.db, self.service, self.rule, self.start, self.end = db, service, rule, start, end

    def get(self, name, default):
        return self.rule.get(name, default)

    def inside(self, at):
        return f"({self.start} <= {at} AND {at} < {self.end})"

    def kept(self, value):
        sign = "<" if self.get("boundary", "inclusive") == "exclusive" else "<="
        return f"({value} {sign} {span(self.rule['limit'])})"

    def one(self, sql):
        return tuple(int(n or 0) for n in self.db.execute(sql).fetchone())


def classified(s):
    """Calls with what the population makes of them: A answered, B gave up, V left in the IVR,
    S lost by the system, I answered by the IVR; others do not count."""
    closed_counts = s.get("out_of_hours", "excluded") == "included"
    wide = s.get("population", "queue_offered") == "all_inbound"
    limit = s.get("callback_limit", None)
    in_time = f"ms(called_back) - came <= {span(limit)}" if limit else "ms(called_back) <= closing"
    for name, default in [("legs", "first"), ("attribution", "arrival"), ("callback", "deferred")]:
        if s.get(name, default) != default:
            raise SystemExit(f"{name} = {s.get(name, default)} is not computed here")
    return f"""
        SELECT *, CASE
            WHEN disposition = 'test' THEN NULL
            WHEN NOT {str(closed_counts).lower()} AND (NOT open OR disposition = 'out_of_hours')
                THEN NULL
            WHEN disposition = 'answered' THEN 'A'
            WHEN disposition = 'abandoned_in_queue' THEN
                CASE WHEN coalesce(wait_ms <= {span(s.get('short_abandon', '0s'))}, false)
                    AND {span(s.get('short_abandon', '0s'))} > 0 THEN 'short' ELSE 'B' END
            WHEN disposition = 'abandoned_in_ivr' THEN {"'V'" if wide else 'NULL'}
            WHEN disposition = 'ivr_contained' THEN
                {"'I'" if s.get('ivr_contained', 'excluded') != 'excluded' else 'NULL'}
            WHEN disposition = 'rejected' THEN
                {"'S'" if s.get('rejected', 'lost') == 'lost' else 'NULL'}
            WHEN disposition = 'callback_requested' THEN
                CASE WHEN coalesce({in_time}, false) THEN NULL ELSE 'S' END
            ELSE 'S' END AS role
        FROM (SELECT k.*, coalesce(came < c, false) AS open, CASE WHEN came < c THEN c END AS closing
            FROM (SELECT *, ms(arrived) AS came FROM calls WHERE service = '{s.service}'
                AND direction = 'inbound' AND {s.inside('ms(arrived)')}) k
            ASOF LEFT JOIN hours ON o <= came)
    """


def answered_within(s):
    waits = {
        ("queue_entry", "agent_answer"): "wait_ms",
        ("ivr_entry", "agent_answer"): "ms(answered) - came",
    }
    wait = waits[s.get("wait_start", "queue_entry"), s.get("wait_stop", "agent_answer")]
    early = s.get("abandon_before_threshold", "count_in_denominator")
    lost = s.get("denominator", "offered") == "offered"
    quick = f"role = 'B' AND {s.kept('wait_ms')}"
    met_too = f"OR ({quick})" if early == "count_as_met" else ""
    counted = ["role IN ('A', 'I')"]
    if lost:
        counted.append("role IN ('V', 'S')")
        counted.append("role = 'B'" + ("" if early != "exclude" else f" AND NOT ({quick})"))
    elif early == "count_as_met":
        counted.append(quick)
    return s.one(f"""
        SELECT count(*) FILTER (WHERE (role = 'A' AND {s.kept(wait)}) OR role = 'I' {met_too}),
            count(*) FILTER (WHERE ({') OR ('.join(counted)})) FROM ({classified(s)})
    """)


def lost(s):
    system = ", 'S'" if s.get("ended_by", "both") == "both" else ""
    short = "OR role = 'short'" if s.get("short_abandon_in_denominator", False) else ""
    return s.one(f"""
        SELECT count(*) FILTER (WHERE role IN ('B', 'V'{system})),
            count(*) FILTER (WHERE role IN ('A', 'I', 'B', 'V', 'S') {short}) FROM ({classified(s)})
    """)


def replied_within(s):
    if not exists(s.db, "messages"):
        return 0, 0
    limit = span(s.rule["limit"])
    if s.get("clock", "service_hours") == "service_hours":
        due, took = f"due_at(worked(r) + {limit})", "worked(a) - worked(r)"
    else:
        due, took = f"r + {limit}", "a - r"
    channels = ", ".join(f"'{c}'" for c in s.rule["channels"])
    belongs = {"due": "due", "receipt": "r", "closing": "a"}[s.get("attribution", "due")]
    return s.one(f"""
        SELECT count(*) FILTER (WHERE {s.kept('took')}), count(*) FROM
            (SELECT *, {due} AS due, {took} AS took FROM
                (SELECT *, ms(received) AS r, ms(first_reply) AS a FROM messages
                    WHERE service = '{s.service}' AND excluded IS NULL AND channel IN ({channels})))
        WHERE {s.inside(belongs)}
    """)


def first_contact(s):
    return s.one(f"""
        SELECT count(*) FILTER (WHERE {solved(s)}), count(*) FROM cases k WHERE service = '{s.service}'
            AND cancelled IS NULL AND {s.inside('ms(closed)')}
    """)


def solved(s):
    """Whether a closed case was solved at first contact."""
    all_of = ["k.escalated IS NULL"]
    if s.get("closed", "same_contact") == "same_contact":
        all_of.append("k.contacts <= 1")
    days = s.get("reopen_window_days", 0)
    if days:
        all_of.append(
            f"NOT coalesce(ms(k.reopened) - ms(k.closed) <= {days} * 86400000, false)")
    if not s.get("unavailable_counts", True):
        all_of.append("coalesce(k.outcome, '') NOT IN ('no_availability', 'agenda_closed')")
    return " AND ".join(all_of)


def handled_within(s):
    timed = {
        "talk_hold": "talk_ms + coalesce(hold_ms, 0)",
        "talk": "talk_ms",
        "talk_hold_wrap": "talk_ms + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)",
    }[s.get("duration", "talk_hold")]
    return s.one(f"""
        SELECT count(*) FILTER (WHERE {s.kept(timed)}), count(*) FROM cases k
        JOIN calls c ON c.call_id = k.opened_by AND c.service = k.service
        WHERE k.service = '{s.service}' AND k.cancelled IS NULL AND {s.inside('ms(k.closed)')}
            AND {solved(s)}
    """)


def second_level_resolved(s):
    if s.get("attribution", "closing") != "closing":
        raise SystemExit("K6 is computed here by closing only")
    due_after = span(s.get("due_after", "4h"))
    due = f"due_at(worked(e) + {due_after})"
    if s.get("clock", "service_hours") == "elapsed":
        due = f"e + {due_after}"
    # As it stood at the period's end; an open case counts in one period only.
    open_at_end = s.get("open_at_end", "failure_if_overdue")
    before, here = {
        "failure_if_overdue": (f"due < {s.start}", s.inside("due")),
        "failure": (f"e < {s.start}", s.inside("e")),
        "excluded": ("false", "false"),
    }[open_at_end]
    third = "NOT third_party" if s.get("third_level", "neither") == "neither" else "true"
    first_level = "false"
    if s.get("denominator", "escalated") == "all_cases":
        first_level = f"e IS NULL AND {s.inside('c')}"
    return s.one(f"""
        SELECT count(*) FILTER (WHERE {first_level} OR (closed_here AND NOT third_party
                AND r < {s.end})),
            count(*) FILTER (WHERE {first_level} OR (closed_here AND {third})
                OR (open_here AND {third}))
        FROM (SELECT *, e IS NOT NULL AND {s.inside('c')} AND NOT coalesce({before}, false)
                AS closed_here,
            e IS NOT NULL AND coalesce(c >= {s.end}, true) AND coalesce({here}, false) AS open_here
            FROM (SELECT *, {due} AS due FROM
                (SELECT *, ms(escalated) AS e, ms(closed) AS c, ms(resolved) AS r FROM cases
                    WHERE service = '{s.service}' AND cancelled IS NULL)))
    """)


def stood_still(s):
    """Makes the table `still`: suspensions of each case, those that overlap joined."""
    rows = s.db.execute(
        f"SELECT case_id, suspensions FROM cases WHERE service = '{s.service}' "
        "AND suspensions IS NOT NULL").fetchall()
    joined = []
    for case, text in rows:
        spans = sorted((x["from"], x["until"] or 1 << 50) for x in json.loads(text))
        merged = []
        for start, end in spans:
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        joined += [(case, start, end) for start, end in merged]
    s.db.execute("CREATE OR REPLACE TABLE still (case_id VARCHAR, f BIGINT, u BIGINT)")
    if joined:
        s.db.executemany("INSERT INTO still VALUES (?, ?, ?)", joined)


def second_level_within(s):
    if s.get("attribution", "due") != "due":
        raise SystemExit("K7 is computed here by due instant only")
    stood_still(s)
    limit = span(s.rule["limit"])
    start = {"escalation": "e", "opening": "o"}[s.get("start", "escalation")]
    service_hours = s.get("clock", "service_hours") == "service_hours"
    length = "worked(y) - worked(x)" if service_hours else "y - x"
    took = "worked(r) - worked(s)" if service_hours else "r - s"
    due = f"due_at(worked(s) + {limit} + paused)" if service_hours else f"s + {limit} + paused"
    paused = "coalesce(p.paused, 0)" if s.get("suspensions", "stop_clock") == "stop_clock" else "0"
    overdue = s.get("denominator", "resolved_and_overdue") == "resolved_and_overdue"
    return s.one(f"""
        WITH k AS (SELECT case_id, {start} AS s, r, c, coalesce(r, c, {s.end}) AS stop FROM
                (SELECT case_id, ms(escalated) AS e, ms(opened) AS o,
                    CASE WHEN ms(resolved) < {s.end} THEN ms(resolved) END AS r,
                    CASE WHEN ms(closed) < {s.end} THEN ms(closed) END AS c
                FROM cases WHERE service = '{s.service}' AND cancelled IS NULL
                    AND escalated IS NOT NULL)),
            p AS (SELECT case_id, sum({length}) AS paused FROM
                (SELECT case_id, greatest(f, s) AS x, least(u, stop) AS y FROM still
                    JOIN k USING (case_id)) WHERE x < y GROUP BY case_id)
        SELECT count(*) FILTER (WHERE r IS NOT NULL AND {s.kept(f'({took} - paused)')}),
            count(*) FILTER (WHERE r IS NOT NULL OR ({str(overdue).lower()} AND c IS NULL))
        FROM (SELECT *, {due} AS due FROM
            (SELECT k.*, {paused} AS paused FROM k LEFT JOIN p USING (case_id)))
        WHERE {s.inside('due')}
    """)


def outbound_positive(s):
    if not exists(s.db, "outbound_records"):
        return 0, 0
    positive = ", ".join(f"'{code}'" for code in s.get("positive", ["positive"]))
    left_out = ["'excluded'"]
    if s.get("unreachable", "included") == "excluded":
        left_out.append("'unreachable'")
    size = {"contact_record": "1", "attempt": "greatest(attempts, 1)", "reached": "1"}
    unit = s.get("unit", "contact_record")
    reached = "AND reached IS NOT NULL" if unit == "reached" else ""
    return s.one(f"""
        SELECT count(*) FILTER (WHERE coalesce(outcome, 'unreachable') IN ({positive})),
            sum({size[unit]}) FROM outbound_records WHERE service = '{s.service}'
            AND {s.inside('ms(closed)')} {reached}
            AND coalesce(outcome, 'unreachable') NOT IN ({', '.join(left_out)})
    """)


def availability(s):
    # Intervals are cut to the period and to the agreed hours, then joined where they overlap.
    everything = f"SELECT {s.start} AS f, {s.end} AS u"
    working = f"SELECT greatest(o, {s.start}) AS f, least(c, {s.end}) AS u FROM hours"
    agreed_of = {"service_hours": working, "elapsed": everything}
    agreed = " UNION ALL ".join(
        agreed_of[c.get("agreed", "service_hours")] for c in s.rule["components"])
    down = []
    if exists(s.db, "outages"):
        notice = span(s.get("planned_notice", "48h"))
        causes = ", ".join(f"'{c}'" for c in s.get("excluded_causes", [])) or "''"
        planned = "false"
        if s.get("planned_maintenance", "excluded_if_notified") == "excluded_if_notified":
            planned = f"""coalesce(planned AND ms(notified) + {notice} <= b
                AND worked(ms("until")) = worked(b), false)"""
        for component in s.rule["components"]:
            down.append(f"""
                SELECT greatest(a.f, b) AS f, least(a.u, t) AS u FROM
                    (SELECT ms("from") AS b, coalesce(ms("until"), {s.end}) AS t, * FROM outages
                        WHERE service = '{s.service}' AND component = '{component['code']}'
                            AND weight_permille >= 1000 AND coalesce(cause, '-') NOT IN ({causes})),
                    ({agreed_of[component.get('agreed', 'service_hours')]}) a
                WHERE NOT ({planned})""")
    total = s.one(f"SELECT {length_of(agreed)}")[0]
    lost_time = s.one(f"SELECT {length_of(' UNION ALL '.join(down))}")[0] if down else 0
    return total - lost_time, total


def length_of(spans):
    """Time covered by intervals `f`, `u`, however they overlap."""
    return f"""
        (SELECT sum(u - f) FROM (SELECT min(f) AS f, max(u) AS u FROM
            (SELECT *, sum(fresh) OVER (ORDER BY f, u ROWS UNBOUNDED PRECEDING) AS island FROM
                (SELECT *, CASE WHEN f <= max(u) OVER
                    (ORDER BY f, u ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                    THEN 0 ELSE 1 END AS fresh FROM ({spans}) WHERE f < u))
            GROUP BY island))"""


MEASURES = {
    "inbound_answered_within_threshold": answered_within,
    "written_answered_within_limit": replied_within,
    "inbound_lost_rate": lost,
    "first_contact_resolution_rate": first_contact,
    "first_contact_handled_within_limit": handled_within,
    "second_level_resolution_rate": second_level_resolved,
    "second_level_resolved_within_limit": second_level_within,
    "outbound_positive_outcome_rate": outbound_positive,
    "service_continuity": availability,
}

CALENDARS = {
    "written_answered_within_limit": "written_calendar",
    "first_contact_resolution_rate": "second_level_calendar",
    "second_level_resolution_rate": "second_level_calendar",
    "second_level_resolved_within_limit": "second_level_calendar",
    "outbound_positive_outcome_rate": "outbound_calendar",
}

if __name__ == "__main__":
    main()
