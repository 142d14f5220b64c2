"""Computes every figure once more, in another way, and compares integers with Soglia's.

Read `main` first. The rules are SQL in SQLite, which comes with Python; opening hours are computed
here. Nothing of Soglia's own code is used. DuckDB reads the ledger's Parquet files, and which files
count is read from the Delta logs here; where there is no DuckDB, `--facts` names a folder with the
tables as CSV (instants in milliseconds), written by whoever calls.

    python check.py --ledger DIR --contract FILE --measurement FILE [--facts DIR]

The measurement is what `soglia measure --format json` wrote. Numerators, denominators and what was
left out are compared by reason; so are the counts of every sensitivity line, since an alternative
is a contract with one other parameter. Exit code 1: figures differ.
"""

import argparse
import bisect
import copy
import csv
import datetime as dt
import json
import re
import sqlite3
import sys
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

# Columns of each table: i an instant, n a number, b a truth, t text.
TABLES = {
    "calls": "call_id:t service:t direction:t arrived:i first_queue:t queued:i first_rang:i "
    "answered:i ended:i disposition:t wait_ms:n talk_ms:n hold_ms:n wrap_ms:n called_back:i "
    "import_no:n",
    "queue_entries": "call_id:t service:t queue:t ordinal:n entered:i left:i answered:i exit:t "
    "wait_ms:n import_no:n",
    "messages": "message_id:t service:t channel:t received:i first_reply:i resolved:i case_id:t "
    "excluded:t",
    "cases": "case_id:t service:t opened_by:t channel:t opened:i escalated:i suspensions:t "
    "resolved:i closed:i reopened:i contacts:n outcome:t third_party:b cancelled:t",
    "outbound_records": "record_id:t service:t released:i attempts:n reached:i closed:i outcome:t",
    "outbound_batches": "batch_id:t service:t released:i n_records:n first_attempt:i "
    "last_attempt:i completed:i",
    "outages": "outage_id:t service:t component:t from:i until:i planned:b notified:i cause:t "
    "weight_permille:n",
}
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
DAY = 86_400_000


def main():
    parser = argparse.ArgumentParser()
    for name in ["ledger", "contract", "measurement"]:
        parser.add_argument("--" + name, type=Path, required=True)
    parser.add_argument("--facts", type=Path)
    given = parser.parse_args()
    report = json.loads(given.measurement.read_text())
    contract = tomllib.loads(given.contract.read_text())
    db = Facts(given, report["ledger"]["tables"])
    period = Period(report["period"])
    figures = Figures(db, contract, period)
    compared = wrong = 0
    for m in report["measurements"]:
        if m["reason"] == "not_measured":
            # No outages delivered is not "no outages": there is nothing to compare.
            continue
        at = f"{m['service']} {m['indicator']}"
        expected = figures.of(m["service"], m["indicator"])
        found = (m["numerator"] or 0, m["denominator"], m["excluded"])
        compared += 1
        wrong += differs(at, expected, found)
        for line in m["sensitivity"]:
            if line["question"] == "Q1":
                continue
            changed = (line["parameter"], line["alternative"])
            expected = figures.of(m["service"], m["indicator"], changed)[:2]
            compared += 1
            wrong += differs(f"{at} {changed}", expected, (line["numerator"], line["denominator"]))
            for other in line["together"]:
                expected = figures.of(m["service"], other["indicator"], changed)[:2]
                found = (other["numerator"], other["denominator"])
                compared += 1
                wrong += differs(f"{at} {changed} {other['indicator']}", expected, found)
    print(f"{compared} figures compared, {wrong} differ")
    sys.exit(1 if wrong or not compared else 0)


def differs(what, expected, found):
    if tuple(expected) == tuple(found):
        return 0
    print(f"{what}: soglia {found}, here {tuple(expected)}")
    return 1


# --- Facts ----------------------------------------------------------------------------------------


class Facts:
    """The ledger's tables in SQLite."""

    def __init__(self, given, versions):
        self.db = sqlite3.connect(":memory:")
        self.hours = None
        for table, columns in TABLES.items():
            kinds = [column.split(":") for column in columns.split()]
            names = ", ".join(f'"{name}"' for name, _ in kinds)
            self.db.execute(f"CREATE TABLE {table} ({names})")
            if given.facts:
                rows = from_csv(given.facts / f"{table}.csv", kinds)
            else:
                rows = from_parquet(given.ledger, table, versions.get(table), kinds)
            holes = ", ".join("?" * len(kinds))
            self.db.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)
        self.db.execute("CREATE INDEX by_call ON queue_entries (call_id, service)")
        self.db.execute("CREATE INDEX by_id ON calls (call_id, service)")
        self.db.execute("CREATE INDEX by_opener ON cases (opened_by, service)")
        self.db.execute("CREATE INDEX by_case ON messages (case_id, service)")
        # The calendar is set before each query.
        for name, n in [("worked", 1), ("due_at", 1), ("is_open", 1), ("day_end", 1),
                        ("next_open", 1), ("paused", 4)]:
            self.db.create_function(name, n, lambda *a, name=name: getattr(self.hours, name)(*a))

    def rows(self, hours, sql):
        self.hours = hours
        return self.db.execute(sql).fetchall()


def from_csv(path, kinds):
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            yield [
                None if row[name] == "" else row[name] if kind == "t"
                else row[name] == "true" if kind == "b" else int(row[name])
                for name, kind in kinds
            ]


def from_parquet(ledger, table, version, kinds):
    """Rows of the files that a version of a Delta table consists of."""
    import duckdb

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
    if not files:
        return []
    shown = ", ".join(
        f'epoch_us("{name}") // 1000' if kind == "i" else f'"{name}"' for name, kind in kinds)
    return duckdb.connect().execute(f"SELECT {shown} FROM read_parquet({files!r})").fetchall()


# --- Time -----------------------------------------------------------------------------------------


def millis(at):
    return round(at.timestamp() * 1000)


class Period:
    """The period measured, and the zone of its days."""

    def __init__(self, period):
        self.zone = ZoneInfo(period["zone"])
        self.start, self.end = (self.read(period[name]) for name in ["start", "end"])

    @staticmethod
    def read(text):
        """`2023-07-01T00:00:00+02:00[Europe/Rome]` as milliseconds UTC."""
        return millis(dt.datetime.fromisoformat(text.split("[")[0]))

    def midnight(self, day):
        return millis(dt.datetime.combine(day, dt.time(), self.zone))


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


class Hours:
    """A calendar: opening intervals and the open time before each."""

    def __init__(self, versions, period):
        self.opens, self.closes, self.before, self.ends = [], [], [], []
        day = dt.datetime.fromtimestamp(period.start / 1000, period.zone).date()
        last = dt.datetime.fromtimestamp(period.end / 1000, period.zone).date()
        day, last = day - dt.timedelta(days=800), last + dt.timedelta(days=400)
        total = 0
        while day <= last:
            slots = []
            for version in versions:
                if version["valid_from"] <= day or version is versions[0]:
                    name = {5: "saturday", 6: "sunday"}.get(day.weekday(), "weekdays")
                    closed = version.get("holidays") == "italy" and is_holiday(day)
                    slots = [] if closed else version.get(name, [])
            for slot in slots:
                edges = [dt.datetime.combine(day, dt.time.fromisoformat(s), period.zone)
                         for s in slot.split("-")]
                opens, closes = (millis(edge) for edge in edges)
                self.opens.append(opens)
                self.closes.append(closes)
                self.before.append(total)
                total += closes - opens
            if slots:
                self.ends.append(self.closes[-1])
            day += dt.timedelta(days=1)

    def worked(self, at):
        """Open time before an instant."""
        if at is None:
            return None
        n = bisect.bisect_right(self.opens, at) - 1
        return 0 if n < 0 else self.before[n] + min(at, self.closes[n]) - self.opens[n]

    def due_at(self, worked):
        """The first instant before which there is so much open time."""
        if worked is None:
            return None
        n = bisect.bisect_left(self.before, worked) - 1
        return None if n < 0 else self.opens[n] + worked - self.before[n]

    def is_open(self, at):
        n = bisect.bisect_right(self.opens, at) - 1
        return int(0 <= n and at < self.closes[n])

    def next_open(self, at):
        if self.is_open(at):
            return at
        return self.opens[bisect.bisect_left(self.opens, at)]

    def day_end(self, at):
        return self.ends[bisect.bisect_right(self.ends, at)]

    def paused(self, suspensions, start, stop, service_hours):
        """Time between two instants that is suspended, spans that overlap counted once."""
        if suspensions is None or start is None:
            return 0
        total, reached = 0, start
        for item in sorted(json.loads(suspensions), key=lambda item: item["from"]):
            begin = max(item["from"], reached)
            end = min(stop if item["until"] is None else item["until"], stop)
            if begin < end:
                total += self.worked(end) - self.worked(begin) if service_hours else end - begin
                reached = end
        return total

    def inside(self, start, end):
        """Opening intervals, cut to a period."""
        pairs = zip(self.opens, self.closes)
        return [(max(o, start), min(c, end)) for o, c in pairs if o < end and start < c]


# --- Figures --------------------------------------------------------------------------------------


class Figures:
    """Numerator, denominator and what is left out, of any indicator."""

    def __init__(self, db, contract, period):
        self.db, self.contract, self.period = db, contract, period
        self.calendars = {
            name: Hours(versions, period) for name, versions in contract["calendar"].items()}
        self.made = {}

    def of(self, service, code, changed=None):
        key = (service, code, changed)
        if key not in self.made:
            self.made[key] = self.compute(service, code, changed)
        return self.made[key]

    def compute(self, service, code, changed):
        num = den = 0
        left_out = {}
        indicators = self.contract["service"][service]["indicator"]
        versions = [one for one in indicators if one["code"] == code]
        for version, following in zip(versions, versions[1:] + [None]):
            start = max(self.period.midnight(version["valid_from"]), self.period.start)
            ends = [self.period.end]
            ends += [self.period.midnight(version["valid_until"])] if "valid_until" in version else []
            ends += [self.period.midnight(following["valid_from"])] if following else []
            if min(ends) <= start:
                continue
            rule = with_change(version, changed) if changed else version
            scope = Scope(self, service, rule, start, min(ends))
            rows = scope.count()
            if rows is None:
                # A part that cannot be read so leaves no figure for the whole.
                return 0, 0, {}
            for reason, n, d, times in rows:
                if reason is None:
                    num, den = num + n, den + d
                elif times:
                    left_out[reason] = left_out.get(reason, 0) + times
        return num, den, left_out


def with_change(rule, changed):
    """A rule with one parameter as a sensitivity line names it."""
    parameter, value = changed
    rule = copy.deepcopy(rule)
    if parameter == "short_abandon_in_denominator":
        rule["short_abandon"], rule[parameter] = value, True
    elif parameter == "channels":
        rule["channels"] = [channel for channel in rule["channels"] if channel != "letter"]
    elif parameter == "components.agreed":
        for component in rule["components"]:
            component["agreed"] = value
    elif parameter == "callback":
        rule.pop("callback_limit", None)
        rule[parameter] = value
    elif parameter == "reopen_window_days":
        rule[parameter] = int(value)
    elif value in ("true", "false"):
        rule[parameter] = value == "true"
    else:
        rule[parameter] = value
    return rule


class Scope:
    """One rule of one service in one stretch of time."""

    def __init__(self, figures, service, rule, start, end):
        self.db, self.service, self.rule = figures.db, service, rule
        self.start, self.end = start, end
        names = figures.contract["service"][service]
        desk = DESKS.get(rule["measure"])
        self.hours = figures.calendars[names.get(desk, names["calendar"])]
        self.exclusions = [
            one for one in figures.contract.get("exclusion", [])
            if one["service"] == service and rule["code"] in one.get("indicators", [rule["code"]])]

    def get(self, name, default):
        return self.rule.get(name, default)

    def inside(self, at):
        return f"coalesce({self.start} <= {at} AND {at} < {self.end}, 0)"

    def kept(self, value):
        sign = "<" if self.get("boundary", "inclusive") == "exclusive" else "<="
        return f"coalesce({value} {sign} {span(self.rule['limit'])}, 0)"

    def approved(self, at, queue=None):
        """WHENs for approved exclusions; one of a queue takes only items that know theirs."""
        whens = []
        for one in self.exclusions:
            covers = f"{millis(one['from'])} <= {at} AND {at} < {millis(one['until'])}"
            if "queue" in one:
                covers += f" AND {queue} = '{one['queue']}'" if queue else " AND 0"
            whens.append(f"WHEN {covers} THEN '{one['reason']}'")
        return " ".join(whens)

    def clocked(self, start, length):
        """When a span is over, and how long something took, by the rule's clock."""
        if self.get("clock", "service_hours") == "service_hours":
            due = f"due_at(worked({start}) + {length})"
            return due, lambda end: f"max(worked({end}) - worked({start}), 0)"
        return f"{start} + {length}", lambda end: f"({end} - {start})"

    def count(self):
        """Rows of reason, numerator, denominator, times left out."""
        made = MEASURES[self.rule["measure"]](self)
        if not isinstance(made, str):
            return made
        return self.db.rows(self.hours, f"""
            SELECT reason, coalesce(sum(num), 0), coalesce(sum(den), 0), count(*)
            FROM ({made}) GROUP BY reason""")


# --- K1, K3 ---------------------------------------------------------------------------------------

CALLS = """
    SELECT service, direction, arrived AS came, first_queue AS q, queued, first_rang AS rang,
        answered AS said, ended, disposition AS disp, wait_ms AS wait, called_back AS back
    FROM calls"""
LEGS = f"""
    SELECT e.service, coalesce(k.direction, 'inbound') AS direction, e.entered AS came,
        e.queue AS q, e.entered AS queued, NULL AS rang, e.answered AS said, e."left" AS ended,
        CASE WHEN k.disposition = 'test' THEN 'test'
            WHEN e.exit = 'answered' THEN 'answered'
            WHEN k.disposition = 'callback_requested' AND NOT EXISTS (SELECT 1
                FROM queue_entries l WHERE l.call_id = e.call_id AND l.service = e.service
                AND l.ordinal > e.ordinal) THEN 'callback_requested'
            WHEN e.exit IN ('abandoned', 'key_pressed') THEN 'abandoned_in_queue'
            ELSE 'released_by_system' END AS disp,
        e.wait_ms AS wait, k.called_back AS back
    FROM queue_entries e LEFT JOIN calls k ON k.call_id = e.call_id AND k.service = e.service
    UNION ALL {CALLS} WHERE queued IS NULL
        OR import_no NOT IN (SELECT import_no FROM queue_entries)"""


def classified(s):
    """Calls with what the population makes of them: A answered, C called back, B gave up, V left
    in the IVR, S lost by the system, I answered by the IVR; or a reason to leave them out."""
    closed_counts = int(s.get("out_of_hours", "excluded") == "included")
    wide = s.get("population", "queue_offered") == "all_inbound"
    limit = s.get("callback_limit", None)
    in_time = f"back - came <= {span(limit)}" if limit else "back <= day_end(came)"
    deferred = s.get("callback", "deferred") == "deferred"
    called = "back, " if not deferred else ""
    at = {
        "arrival": "came",
        "answer": f"coalesce(said, {called}ended, came)",
        "end": "coalesce(ended, came)",
    }[s.get("attribution", "arrival")]
    ivr = "'I'" if s.get("ivr_contained", "excluded") != "excluded" else "'ivr_contained'"
    called_back = f"CASE WHEN coalesce({in_time}, 0) THEN 'callback_fulfilled' ELSE 'S' END"
    return f"""
        SELECT *, CASE {s.approved('came', 'q')}
            WHEN disp = 'test' THEN 'test'
            WHEN NOT {closed_counts} AND (NOT is_open(came) OR disp = 'out_of_hours')
                THEN 'out_of_hours'
            WHEN disp = 'answered' THEN 'A'
            WHEN disp = 'abandoned_in_queue' THEN 'B'
            WHEN disp = 'abandoned_in_ivr' THEN {"'V'" if wide else "'abandoned_in_ivr'"}
            WHEN disp = 'ivr_contained' THEN {ivr}
            WHEN disp = 'rejected' THEN
                {"'S'" if s.get('rejected', 'lost') == 'lost' else "'rejected'"}
            WHEN disp = 'callback_requested' THEN {called_back if deferred else "'C'"}
            ELSE 'S' END AS role
        FROM ({LEGS if s.get('legs', 'first') == 'each' else CALLS})
        WHERE service = '{s.service}' AND direction = 'inbound' AND {s.inside(at)}"""


def shortly(s):
    limit = span(s.get("short_abandon", "0s"))
    return f"role = 'B' AND 0 < {limit} AND coalesce(wait <= {limit}, 0)"


def recorded(s, clock):
    """Whether a clock can be read for any call answered; legs, for one, know no ring."""
    ((n, known),) = s.db.rows(s.hours, f"""
        SELECT count(*), count({clock}) FROM ({classified(s)})
        WHERE disp = 'answered' AND is_open(came)""")
    return n == 0 or 0 < known


def answered_within(s):
    start, stop = s.get("wait_start", "queue_entry"), s.get("wait_stop", "agent_answer")
    answer, call_back = {
        ("queue_entry", "agent_answer"): ("wait", "back - queued"),
        ("ivr_entry", "agent_answer"): ("said - came", "back - came"),
        ("first_ring", "agent_answer"): ("said - rang", "NULL"),
        ("queue_entry", "agent_ring"): ("rang - queued", "NULL"),
        ("ivr_entry", "agent_ring"): ("rang - came", "NULL"),
        ("first_ring", "agent_ring"): ("said - rang", "NULL"),
    }[start, stop]
    if "rang" in answer and not recorded(s, answer):
        return None
    early = s.get("abandon_before_threshold", "count_in_denominator")
    offered = s.get("denominator", "offered") == "offered"
    return f"""
        SELECT CASE WHEN role IN ('A', 'C', 'I') OR met = 1 THEN NULL
                WHEN {shortly(s)} THEN 'short_abandon'
                WHEN role = 'B' AND quick AND '{early}' = 'exclude' THEN 'early_abandon'
                WHEN role IN ('B', 'V', 'S') THEN CASE WHEN {int(offered)} THEN NULL ELSE 'lost' END
                ELSE role END AS reason,
            met AS num, 1 AS den
        FROM (SELECT *, CASE WHEN role = 'A' THEN {s.kept(answer)}
                WHEN role = 'C' THEN {s.kept(call_back)}
                WHEN role = 'I' THEN 1
                WHEN role = 'B' AND quick AND '{early}' = 'count_as_met' AND NOT ({shortly(s)})
                    THEN 1 ELSE 0 END AS met
            FROM (SELECT *, {s.kept('wait')} AS quick FROM ({classified(s)})))"""


def lost(s):
    by_system = int(s.get("ended_by", "both") == "both")
    kept_short = int(s.get("short_abandon_in_denominator", False))
    return f"""
        SELECT CASE WHEN {shortly(s)} THEN CASE WHEN {kept_short} THEN NULL
                    ELSE 'short_abandon' END
                WHEN role IN ('A', 'B', 'C', 'I', 'S', 'V') THEN NULL ELSE role END AS reason,
            CASE WHEN {shortly(s)} THEN 0 WHEN role IN ('B', 'V') THEN 1
                WHEN role = 'S' THEN {by_system}
                WHEN role = 'C' THEN back IS NULL ELSE 0 END AS num,
            1 AS den
        FROM ({classified(s)})"""


# --- K2 -------------------------------------------------------------------------------------------


def replied_within(s):
    start = "r"
    if s.get("start_at_opening", False):
        start = "next_open(r)"
    due, took = s.clocked(start, span(s.rule["limit"]))
    channels = ", ".join(f"'{c}'" for c in s.rule["channels"])
    answer = {"first_reply": "first_reply", "resolution": "resolved"}
    belongs = {"due": "due", "receipt": "r", "closing": "a"}[s.get("attribution", "due")]
    each_case = int(s.get("threads", "each_message") == "each_case")
    return f"""
        SELECT CASE {s.approved('r')}
                WHEN excluded IS NOT NULL THEN excluded
                WHEN channel NOT IN ({channels}) THEN 'channel_not_covered'
                WHEN {each_case} AND EXISTS (SELECT 1 FROM messages o
                    WHERE o.case_id = m.case_id AND o.service = m.service
                    AND o.excluded IS NULL AND o.channel IN ({channels})
                    AND (o.received, o.message_id) < (m.received, m.message_id))
                    THEN 'same_case' END AS reason,
            {s.kept(took('a'))} AS num, 1 AS den
        FROM (SELECT *, {due} AS due FROM (SELECT *, received AS r,
            {answer[s.get('answer', 'first_reply')]} AS a FROM messages
            WHERE service = '{s.service}')) m
        WHERE {s.inside(belongs)}"""


# --- K4, K5 ---------------------------------------------------------------------------------------


def solved(s):
    """Whether a closed case was solved at first contact."""
    all_of = ["k.escalated IS NULL"]
    if s.get("closed", "same_contact") == "same_contact":
        all_of.append("k.contacts <= 1")
    days = s.get("reopen_window_days", 0)
    if days:
        all_of.append(f"NOT coalesce(k.reopened - k.closed <= {days * DAY}, 0)")
    if not s.get("unavailable_counts", True):
        all_of.append("coalesce(k.outcome, '') NOT IN ('no_availability', 'agenda_closed')")
    return " AND ".join(all_of)


def answered_calls(s):
    return f"""FROM calls c WHERE c.service = '{s.service}' AND c.direction = 'inbound'
        AND c.disposition = 'answered' AND {s.inside('c.arrived')}"""


def first_contact(s):
    if s.get("unit", "case") == "call":
        return f"""
            SELECT CASE {s.approved('c.arrived', 'c.first_queue')} WHEN 0 THEN '' END AS reason,
                EXISTS (SELECT 1 FROM cases k WHERE k.opened_by = c.call_id
                    AND k.service = c.service AND k.closed IS NOT NULL AND k.cancelled IS NULL
                    AND {solved(s)}) AS num,
                1 AS den {answered_calls(s)}"""
    belongs = "opened" if s.get("attribution", "closing") == "receipt" else "closed"
    return f"""
        SELECT CASE {s.approved('k.opened')} WHEN k.cancelled IS NOT NULL THEN 'cancelled'
                WHEN k.closed IS NULL THEN 'open' END AS reason,
            {solved(s)} AS num, 1 AS den
        FROM cases k WHERE k.service = '{s.service}' AND {s.inside('k.' + belongs)}"""


def handled_within(s):
    timed = {
        "talk_hold": "c.talk_ms + coalesce(c.hold_ms, 0)",
        "talk": "c.talk_ms",
        "talk_hold_wrap": "c.talk_ms + coalesce(c.hold_ms, 0) + coalesce(c.wrap_ms, 0)",
        "wait_talk_hold": "coalesce(c.wait_ms, 0) + c.talk_ms + coalesce(c.hold_ms, 0)",
    }[s.get("duration", "talk_hold")]
    if s.get("denominator", "first_contact") == "answered":
        return f"""
            SELECT CASE {s.approved('c.arrived', 'c.first_queue')} WHEN 0 THEN '' END AS reason,
                {s.kept(timed)} AS num, 1 AS den {answered_calls(s)}"""
    belongs = "opened" if s.get("attribution", "closing") == "receipt" else "closed"
    return f"""
        SELECT CASE {s.approved('k.opened', 'c.first_queue')}
                WHEN k.opened_by IS NULL OR coalesce(k.channel, 'phone') <> 'phone'
                    THEN 'not_a_call'
                WHEN c.call_id IS NULL THEN 'call_not_found' END AS reason,
            {s.kept(timed)} AS num, 1 AS den
        FROM cases k LEFT JOIN calls c ON c.call_id = k.opened_by AND c.service = k.service
        WHERE k.service = '{s.service}' AND k.cancelled IS NULL AND k.closed IS NOT NULL
            AND {s.inside('k.' + belongs)} AND {solved(s)}"""


# --- K6, K7 ---------------------------------------------------------------------------------------


def second_level_resolved(s):
    due, _ = s.clocked("e", span(s.get("due_after", "4h")))
    # As it stood at the stretch's end; an open case counts in one stretch only.
    before, here = {
        "failure_if_overdue": (f"coalesce(due < {s.start}, 0)", s.inside("due")),
        "failure": (f"e < {s.start}", s.inside("e")),
        "excluded": ("0", "0"),
    }[s.get("open_at_end", "failure_if_overdue")]
    closed_here = f"(c IS NOT NULL AND {s.inside('c')} AND NOT {before})"
    belongs = {
        "due": s.inside("due"),
        "receipt": s.inside("e"),
        "closing": f"({closed_here} OR (c IS NULL AND ({here} OR {s.inside('e')})))",
    }[s.get("attribution", "closing")]
    neither = int(s.get("third_level", "neither") == "neither")
    cumulative = int(s.get("denominator", "escalated") == "all_cases")
    return f"""
        SELECT CASE {s.approved('e')} WHEN cancelled IS NOT NULL THEN 'cancelled'
                WHEN third_party AND {neither} THEN 'third_party'
                WHEN c IS NULL AND NOT {here} THEN 'open' END AS reason,
            c IS NOT NULL AND r IS NOT NULL AND NOT third_party AS num, 1 AS den
        FROM (SELECT *, {due} AS due FROM (SELECT *, escalated AS e,
            CASE WHEN closed < {s.end} THEN closed END AS c,
            CASE WHEN resolved < {s.end} THEN resolved END AS r
            FROM cases WHERE service = '{s.service}' AND escalated IS NOT NULL))
        WHERE {belongs}
        UNION ALL SELECT CASE {s.approved('opened')} WHEN 0 THEN '' END, 1, 1
        FROM cases WHERE {cumulative} AND service = '{s.service}' AND escalated IS NULL
            AND cancelled IS NULL AND {s.inside('closed')}"""


def second_level_within(s):
    start = {"escalation": "escalated", "opening": "opened"}[s.get("start", "escalation")]
    service_hours = int(s.get("clock", "service_hours") == "service_hours")
    stops = s.get("suspensions", "stop_clock") == "stop_clock"
    paused = f"paused(suspensions, s, coalesce(r, c, {s.end}), {service_hours})" if stops else "0"
    due, took = s.clocked("s", f"{span(s.rule['limit'])} + stood")
    overdue = int(s.get("denominator", "resolved_and_overdue") == "resolved_and_overdue")
    before = f"({overdue} AND coalesce(due < {s.start}, 0))"
    belongs = {
        "due": s.inside("due"),
        "receipt": s.inside("escalated"),
        "closing": f"""CASE WHEN coalesce(r, c) IS NULL THEN {s.inside('due')}
            ELSE {s.inside('coalesce(r, c)')} AND NOT {before} END""",
    }[s.get("attribution", "due")]
    return f"""
        SELECT CASE {s.approved('escalated')} WHEN cancelled IS NOT NULL THEN 'cancelled'
                WHEN r IS NOT NULL THEN NULL
                WHEN c IS NOT NULL THEN 'closed_unresolved'
                WHEN NOT {s.inside('due')} THEN 'open_not_due'
                WHEN NOT {overdue} THEN 'open_overdue' END AS reason,
            r IS NOT NULL AND {s.kept(f"({took('r')} - stood)")} AS num, 1 AS den
        FROM (SELECT *, {due} AS due FROM (SELECT *, {paused} AS stood FROM
            (SELECT *, {start} AS s, CASE WHEN closed < {s.end} THEN closed END AS c,
                CASE WHEN resolved < {s.end} THEN resolved END AS r
            FROM cases WHERE service = '{s.service}' AND escalated IS NOT NULL)))
        WHERE {belongs}"""


# --- K8, K9 ---------------------------------------------------------------------------------------


def outbound_positive(s):
    positive = ", ".join(f"'{code}'" for code in s.get("positive", ["positive"]))
    unreachable = int(s.get("unreachable", "included") == "excluded")
    unit = s.get("unit", "contact_record")
    attempts = "max(attempts, 1)" if unit == "attempt" else "1"
    inbound = ""
    if s.get("inbound_too", False):
        inbound = f"""UNION ALL SELECT
            CASE {s.approved('c.arrived', 'c.first_queue')} WHEN 0 THEN '' END, 1, 1
            {answered_calls(s)}"""
    return f"""
        SELECT CASE {s.approved('released')}
                WHEN code = 'excluded' THEN 'excluded_record'
                WHEN code = 'unreachable' AND {unreachable} THEN 'unreachable'
                WHEN '{unit}' = 'reached' AND reached IS NULL THEN 'not_reached' END AS reason,
            code IN ({positive}) AS num, {attempts} AS den
        FROM (SELECT *, coalesce(outcome, 'unreachable') AS code FROM outbound_records)
        WHERE service = '{s.service}' AND {s.inside('closed')} {inbound}"""


def batch_turnaround(s):
    package, whole = s.rule["target"].get("per", 100), span(s.rule["target"]["at_most"])
    small = whole if s.get("small_batch", "whole_package") == "whole_package" \
        else f"n_records * {whole} / {package}"
    large = {
        "ceil": f"(n_records + {package - 1}) / {package} * {whole}",
        "pro_rata": f"n_records * {whole} / {package}",
        "flat": whole,
    }[s.get("multiples", "ceil")]
    small = whole if s.get("multiples", "ceil") == "flat" else small
    allowed = f"CASE WHEN n_records < {package} THEN {small} ELSE {large} END"
    start = {"release": "released", "first_attempt": "coalesce(first_attempt, released)"}
    end = {"last_outcome": "completed",
           "last_attempt": "CASE WHEN completed IS NOT NULL THEN last_attempt END"}
    due, took = s.clocked("s", "allowed")
    rows = s.db.rows(s.hours, f"""
        SELECT CASE {s.approved('released')} WHEN 0 THEN '' END, {took(f'coalesce(e, {s.end})')},
            allowed, e IS NOT NULL
        FROM (SELECT *, CASE WHEN allowed = 0 THEN s ELSE {due} END AS due FROM
            (SELECT *, {allowed} AS allowed, {start[s.get('start', 'release')]} AS s,
                {end[s.get('end', 'last_outcome')]} AS e
            FROM outbound_batches WHERE service = '{s.service}'))
        WHERE {s.inside('due')}""")
    counted = [(took, allowed, done) for reason, took, allowed, done in rows if reason is None]
    met = sum(1 for took, allowed, done in counted if done and took <= allowed)
    if s.get("aggregate", "all") == "mean":
        # Times against allowances, all together.
        kept = all(done for *_, done in counted) \
            and sum(took for took, *_ in counted) <= sum(allowed for _, allowed, _ in counted)
        met = len(counted) if kept else 0
    return [(None, met, len(counted), 0)] + [(row[0], 0, 0, 1) for row in rows if row[0]]


# --- K10: arithmetic on sets of intervals ---------------------------------------------------------


def union(spans):
    joined = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return joined


def cut(spans, others):
    """What of the spans lies in any of the others."""
    pairs = [(max(a, c), min(b, d)) for a, b in spans for c, d in union(others)]
    return [(a, b) for a, b in pairs if a < b]


def without(spans, others):
    left = list(spans)
    for start, end in union(others):
        pieces = [piece for a, b in left for piece in [(a, min(b, start)), (max(a, end), b)]]
        left = [(a, b) for a, b in pieces if a < b]
    return left


def length(spans):
    return sum(b - a for a, b in spans)


def availability(s):
    everything = [(s.start, s.end)]
    agreed = {"service_hours": s.hours.inside(s.start, s.end), "elapsed": everything}
    components = {c["code"]: agreed[c.get("agreed", "service_hours")] for c in s.rule["components"]}
    notice = span(s.get("planned_notice", "48h"))
    if s.get("planned_maintenance", "excluded_if_notified") != "excluded_if_notified":
        notice = None
    whole, degraded, left_out = [], [], []
    rows = s.db.rows(s.hours, f"""SELECT component, "from", "until", planned, notified, cause,
        weight_permille FROM outages WHERE service = '{s.service}'""")
    for component, start, until, planned, notified, cause, weight in rows:
        end = s.end if until is None else until
        if component not in components:
            left_out.append(("component_not_covered_ms", length(cut([(start, end)], everything))))
            continue
        hit = cut([(start, end)], components[component])
        for one in s.exclusions:
            if "queue" not in one:
                window = [(millis(one["from"]), millis(one["until"]))]
                left_out.append((one["reason"] + "_ms", length(cut(hit, window))))
                hit = without(hit, window)
        in_time = notice is not None and notified is not None and notice <= start - notified
        quiet = until is not None and s.hours.worked(until) == s.hours.worked(start)
        if cause in s.get("excluded_causes", []):
            left_out.append(("excluded_cause_ms", length(hit)))
        elif planned and in_time and quiet:
            left_out.append(("planned_ms", length(hit)))
        else:
            (degraded if weight < 1000 else whole).extend(hit)
    partly = length(without(union(degraded), whole))
    percent = s.get("degraded_weight", "0%").removesuffix("%")
    down = partly * round(float(percent) * 10) // 1000
    left_out.append(("degraded_ms", partly - down))
    total = length(union([piece for spans in components.values() for piece in spans]))
    up = total - length(union(whole)) - down
    return [(None, up, total, 0)] + [(reason, 0, 0, time) for reason, time in left_out]


MEASURES = {
    "inbound_answered_within_threshold": answered_within,
    "written_answered_within_limit": replied_within,
    "inbound_lost_rate": lost,
    "first_contact_resolution_rate": first_contact,
    "first_contact_handled_within_limit": handled_within,
    "second_level_resolution_rate": second_level_resolved,
    "second_level_resolved_within_limit": second_level_within,
    "outbound_positive_outcome_rate": outbound_positive,
    "outbound_batch_turnaround": batch_turnaround,
    "service_continuity": availability,
}

DESKS = {
    "written_answered_within_limit": "written_calendar",
    "second_level_resolution_rate": "second_level_calendar",
    "second_level_resolved_within_limit": "second_level_calendar",
    "outbound_batch_turnaround": "outbound_calendar",
}

if __name__ == "__main__":
    main()
