#!/usr/bin/env python3
"""The simulator beside Ciw and SimPy, in one run; writes docs/performance-simulation.md.

Read `main` first. Every engine simulates the same weeks of a booking centre (`week`), in turn,
several times; what counts is the CPU time of the process less that of a run without weeks, its
median. The service levels must be near each other where two engines have the same model, or nothing
is written.

    make bench-simulation
    SOGLIA_WEEKS=…/examples/weeks python3 benches/simulation.py

SOGLIA_WEEKS    the simulator's example program    BENCH_ROUNDS   rounds of all engines (5)
BENCH_PROFILE   how it was built, in words         BENCH_NOTE     a sentence about the machine
"""

import datetime
import json
import math
import os
import pathlib
import platform
import random
import resource
import statistics
import subprocess
import sys
import textwrap
import venv

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = REPOSITORY / "docs/performance-simulation.md"
CACHE = pathlib.Path(os.environ.get("SOGLIA_CACHE") or pathlib.Path.home() / ".cache/soglia")
REQUIREMENTS = pathlib.Path(__file__).with_name("simulation-requirements.txt")

# Weeks that each engine simulates in a round: about a second of CPU time each.
WEEKS = {"soglia": 200, "replay": 200, "simpy": 4, "ciw": 1}
GOALS = {"calls": 5e6, "ciw": 200, "simpy": 50, "scenario": 0.5}

# The model, as in crates/soglia-sim/benches/model/mod.rs.
DAY = 86_400
DAYS = [5000, 4300, 4050, 3900, 3640, 1500]
HOURS = [0.16, 0.15, 0.13, 0.11, 0.09, 0.07, 0.08, 0.07, 0.06, 0.05, 0.03]
TYPES = [0.15, 0.55, 0.30]
HANDLING = [240.0, 300.0, 150.0]
CV, PATIENCE, LIMIT = 0.8, 180.0, 20.0
SKILLS = [[0, 1], [1], [2, 1], [2]]
PREFERS = [[0], [1, 0, 2], [3, 2]]
OPEN, CLOSE = 8 * 3600, 19 * 3600


def main():
    program = os.environ.get("SOGLIA_WEEKS")
    if not program or not os.access(program, os.X_OK):
        fail("no program to measure", "run `make bench-simulation`, or set SOGLIA_WEEKS")
    python = virtual_environment()
    load = os.getloadavg()[0]
    engines = {
        "soglia": lambda n: run([program, str(n)]),
        "replay": lambda n: run([program, str(n), "replay"]),
        "simpy": lambda n: run([python, __file__, "--engine", "simpy", str(n)]),
        "ciw": lambda n: run([python, __file__, "--engine", "ciw", str(n)]),
    }
    starts = {name: statistics.median(engine(0)[0] for _ in range(3))
              for name, engine in engines.items()}
    found = {name: [] for name in engines}
    for _ in range(int(os.environ.get("BENCH_ROUNDS", "5"))):
        for name, engine in engines.items():
            cpu, counts = engine(WEEKS[name])
            found[name].append((cpu - starts[name], counts))
    write_document(found, load, version(python))
    print(f"written to {DOCUMENT.relative_to(REPOSITORY)}")


def run(command):
    """The CPU time of a child process, and what it counted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, json.loads(out.splitlines()[-1])


# --- The same week in Python ---------------------------------------------------------------------

def rates(day, kind):
    """Calls a second in each hour of opening."""
    return [DAYS[day] * share * TYPES[kind] / 3600 for share in HOURS]


def lognormal(mean):
    variance = math.log1p(CV * CV)
    return math.log(mean) - variance / 2, math.sqrt(variance)


def presence(n):
    """The spans of an operator: shifts of seven and a half hours with half an hour's break."""
    for day in range(6 if n % 4 == 0 else 5):
        start = day * DAY + OPEN + (n % 15) * 900 * (n % 3 != 0)
        pause = start + 10_800 + (n % 8) * 900
        yield start, pause
        yield pause + 1800, start + 28_800


def group(n):
    return [0, 0, 1, 1, 1, 2, 2, 2, 3, 3][n % 10]


class Counts:
    def __init__(self):
        self.offered = self.within = self.abandoned = 0

    def answered(self, wait):
        self.offered += 1
        self.within += wait <= LIMIT

    def lost(self):
        self.offered += 1
        self.abandoned += 1


def simpy_weeks(n):
    """SimPy: a process for each call and each operator, and a dispatcher of our own for skills."""
    import collections

    import simpy

    counts = Counts()
    parameters = [lognormal(mean) for mean in HANDLING]
    for week in range(n):
        dice = random.Random(week)
        env = simpy.Environment()
        idle = [collections.OrderedDict() for _ in SKILLS]
        waiting = [collections.deque() for _ in TYPES]
        until = {}

        def take(operator, kind, event):
            event.succeed((operator, kind))

        def look(operator):
            """A free operator takes the call that is due, or waits for one."""
            for kind in SKILLS[group(operator)]:
                queue = waiting[kind]
                while queue:
                    event = queue.popleft()
                    if not event.triggered and not event.gone:
                        return take(operator, kind, event)
            idle[group(operator)][operator] = None

        def shifts(operator):
            for start, end in presence(operator):
                yield env.timeout(start - env.now if env.now < start else 0)
                if end <= env.now:
                    continue
                until[operator] = end
                if operator not in busy:
                    look(operator)
                yield env.timeout(end - env.now)
                idle[group(operator)].pop(operator, None)

        busy = set()

        def call(kind):
            arrived = env.now
            event = env.event()
            event.gone = False
            for candidate in PREFERS[kind]:
                if idle[candidate]:
                    operator, _ = idle[candidate].popitem(last=False)
                    event.succeed((operator, kind))
                    break
            else:
                waiting[kind].append(event)
            patience = env.timeout(dice.expovariate(1 / PATIENCE))
            yield event | patience
            if not event.triggered:
                event.gone = True
                return counts.lost()
            operator, _ = event.value
            counts.answered(env.now - arrived)
            busy.add(operator)
            yield env.timeout(dice.lognormvariate(*parameters[kind]))
            busy.discard(operator)
            if env.now < until[operator]:
                look(operator)

        def arrivals(kind):
            for day in range(6):
                for hour, rate in enumerate(rates(day, kind)):
                    at, end = day * DAY + OPEN + hour * 3600, day * DAY + OPEN + (hour + 1) * 3600
                    at += dice.expovariate(rate)
                    while at < end:
                        yield env.timeout(at - env.now)
                        env.process(call(kind))
                        at += dice.expovariate(rate)

        def closing():
            for day in range(6):
                yield env.timeout(day * DAY + CLOSE - env.now)
                for queue in waiting:
                    for event in queue:
                        if not event.triggered and not event.gone:
                            event.gone = True
                    queue.clear()

        for operator in range(60):
            env.process(shifts(operator))
        for kind in range(3):
            env.process(arrivals(kind))
        env.process(closing())
        env.run(until=7 * DAY)
    return counts


def ciw_weeks(n):
    """Ciw: one pool, as it cannot say who is preferred by whom; priorities instead of skills."""
    import ciw

    spans = [list(presence(operator)) for operator in range(60)]
    edges = sorted({edge for own in spans for span in own for edge in span} | {7 * DAY})
    present = [sum(start < edge <= end for own in spans for start, end in own) for edge in edges]
    names = ["prescriptions", "bookings", "information"]

    def arrivals(kind):
        all_rates, ends = [], []
        for day in range(7):
            opened = rates(day, kind) if day < 6 else []
            ends += [day * DAY + OPEN + hour * 3600 for hour in range(len(opened) + 1)]
            all_rates += [0.0] + opened
        ends.append(7 * DAY)
        return ciw.dists.PoissonIntervals(
            rates=all_rates + [0.0], endpoints=ends, max_sample_date=7 * DAY)

    network = ciw.create_network(
        arrival_distributions={name: [arrivals(kind)] for kind, name in enumerate(names)},
        service_distributions={
            name: [ciw.dists.Lognormal(*lognormal(HANDLING[kind]))]
            for kind, name in enumerate(names)},
        reneging_time_distributions={
            name: [ciw.dists.Exponential(1 / PATIENCE)] for name in names},
        priority_classes={name: kind for kind, name in enumerate(names)},
        number_of_servers=[ciw.Schedule(
            numbers_of_servers=present, shift_end_dates=edges, preemption=False)],
    )
    counts = Counts()
    for week in range(n):
        ciw.seed(week)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(7 * DAY)
        for record in simulation.get_all_records():
            if record.record_type == "renege":
                counts.lost()
            else:
                counts.answered(record.waiting_time)
    return counts


# --- The document --------------------------------------------------------------------------------

def write_document(found, load, versions):
    def speed(name):
        return statistics.median(counts["offered"] / cpu for cpu, counts in found[name])

    def share(name, what):
        offered = sum(counts["offered"] for _, counts in found[name][:1])
        return sum(counts[what] for _, counts in found[name][:1]) / offered

    speeds = {name: speed(name) for name in found}
    if 0.02 < abs(share("simpy", "within") - share("soglia", "within")):
        fail("SimPy and the simulator do not agree", "compare their models")
    # Both modes generate and count; a scenario on tables that are there is the difference.
    generated = statistics.median(cpu for cpu, _ in found["soglia"])
    scenario = 40 * generated / WEEKS["soglia"]
    verdict = lambda met: "met" if met else "**missed**"
    goals = [
        ("calls a CPU second", f"{speeds['soglia'] / 1e6:.2f} M", "5 M",
         verdict(GOALS["calls"] <= speeds["soglia"])),
        ("times Ciw", f"{speeds['soglia'] / speeds['ciw']:.0f}", "200",
         verdict(GOALS["ciw"] <= speeds["soglia"] / speeds["ciw"])),
        ("times SimPy", f"{speeds['soglia'] / speeds['simpy']:.0f}", "50",
         verdict(GOALS["simpy"] <= speeds["soglia"] / speeds["simpy"])),
        ("a scenario over 40 weeks, CPU s", f"{scenario:.3f}", "0.5",
         verdict(scenario < GOALS["scenario"])),
    ]
    remarks = {
        "soglia": "each week generated, simulated and counted",
        "replay": "the same weeks, all tables in memory first",
        "simpy": "the same model, a process for each call, with a dispatcher of its own for skills",
        "ciw": "one pool with three priorities: it has no skills; another, simpler model",
    }
    names = {"soglia": "Soglia", "replay": "Soglia, tables kept", "simpy": "SimPy", "ciw": "Ciw"}
    rows = [
        f"| {names[name]} | {speeds[name]:,.0f} | {speeds['soglia'] / speeds[name]:.1f} | "
        f"{100 * share(name, 'within'):.2f} % | {100 * share(name, 'abandoned'):.2f} % | "
        f"{remarks[name]} |" for name in found]
    text = "\n".join([
        "# Performance of the simulator",
        "",
        "Written by `make bench-simulation` ([`benches/simulation.py`](../benches/simulation.py)); "
        "do not edit by",
        "hand.",
        "",
        "| | |",
        "|---|---|",
        f"| Date | {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d} |",
        f"| Processor | {processor()}, {os.cpu_count()} cores |",
        f"| System | {platform.system()} {platform.machine()}, load {load:.1f} at the start |",
        f"| Program | soglia-sim, {os.environ.get('BENCH_PROFILE', 'unknown profile')} |",
        f"| Beside it | {versions} |",
        "",
        *textwrap.wrap(
            "One week, Monday to Saturday, 22 390 calls expected, 16 % of a day between 8 and 9; "
            "three types of calls, 60 operators in four groups with orders of preference on both "
            "sides, log-normal handling times, exponential patience, shifts and breaks that begin "
            "at different quarters, finish-then-leave. One thread each, in turn, "
            f"{len(next(iter(found.values())))} rounds; medians of the process's CPU time, less "
            "that of a run without weeks. " + os.environ.get("BENCH_NOTE", ""), 100),
        "",
        "| | calls a CPU second | times slower | in time (20 s) | abandoned | |",
        "|---|--:|--:|--:|--:|---|",
        *rows,
        "",
        "| goal | found | asked | |",
        "|---|--:|--:|---|",
        *[f"| {name} | {value} | {asked} | {met} |" for name, value, asked, met in goals],
        "",
    ])
    DOCUMENT.write_text(text, encoding="utf-8")


def version(python):
    code = "import ciw, simpy; print(f'simpy {simpy.__version__}, ciw {ciw.__version__}')"
    return f"{run_text([python, '-c', code])}, Python {platform.python_version()}"


def run_text(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def virtual_environment():
    """Ciw and SimPy with all they need, pinned by version."""
    folder = CACHE / "bench-simulation"
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps",
                    "--only-binary", ":all:", "-r", REQUIREMENTS], check=True)
    return python


def fail(error, hint):
    sys.exit(f"error: {error}\nhint: {hint}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        counted = {"simpy": simpy_weeks, "ciw": ciw_weeks}[sys.argv[2]](int(sys.argv[3]))
        print(json.dumps(vars(counted)))
    else:
        main()
