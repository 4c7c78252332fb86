"""Streams: what adding, delivering and acknowledging an entry costs, and the memory of a big stream."""

import statistics

import load
import report
import servers
import wire
from servers import FRESHET, REDIS

PIPELINE = 16
TARGET = 0.6


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--requests", type=int, default=400_000, help="commands of each run (400,000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each test, of which the median counts (3)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="entries of the big stream (1,000,000)")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    report.machine(f"server on cores {cores.server}, load on {cores.load}; pipeline {PIPELINE}, CPU nanoseconds of the "
                   f"server per command, median of {options.rounds}; memory is VmRSS")
    tests = (("XADD", add), ("XADD MAXLEN ~ 1000", add_trimmed), ("XREADGROUP COUNT 1, XACK", deliver),
             ("XREADGROUP COUNT 10, XACK of 10", deliver_many))
    verdicts = []
    rows = [speed(title, test, names, launcher, cores, options, verdicts) for title, test in tests]
    rows.append(memory(names, launcher, cores, options, verdicts))
    report.progress("")
    report.table(["", *names, "ratio", "target"], rows)
    return report.close(verdicts)


def speed(title, test, names, launcher, cores, options, verdicts):
    medians = {}
    for name in names:
        runs = []
        for index in range(options.rounds):
            report.progress(f"{title} on {name}, round {index + 1} of {options.rounds}")
            with launcher.start(name, cores) as server:
                runs.append(test(server, cores, options.requests))
        medians[name] = statistics.median(runs)
    return row(f"{title}, ns", [f"{medians[name]:,.0f}" for name in names], medians, TARGET, verdicts)


def row(title, cells, figures, target, verdicts):
    if FRESHET not in figures or REDIS not in figures:
        return [title, *cells, "", ""]
    ratio = figures[FRESHET] / figures[REDIS]
    verdicts.append(report.Verdict(f"ratio <= {target}", ratio <= target))
    return [title, *cells, f"{ratio:.2f}", str(verdicts[-1])]


def add(server, cores, requests):
    command = ("XADD", "stream", "*", "sensor", "__rand_int__", "value", "__rand_int__")
    return load.measure(server, cores, command, requests, PIPELINE, 1_000_000).cpu


def add_trimmed(server, cores, requests):
    command = ("XADD", "stream", "MAXLEN", "~", "1000", "*", "sensor", "__rand_int__", "value", "__rand_int__")
    return load.measure(server, cores, command, requests, PIPELINE, 1_000_000).cpu


def entries(count):
    command = wire.template(b"XADD", b"stream", b"%013d-0", b"sensor", b"%06d", b"value", b"%012d")
    return (command % (1_700_000_000_000 + index, index % 1000, index) for index in range(count))


def fill(server, count):
    # Batches as a producer sends them: buffers for larger ones leave holes in memory that are not the stream's.
    return load.fill(server, entries(count), count, batch=64)


def deliver(server, cores, requests):
    return deliver_batches(server, requests, 1)


def deliver_many(server, cores, requests):
    return deliver_batches(server, requests, 10)


def deliver_batches(server, requests, count):
    """Delivers all entries of a stream, `count` at a time, and acknowledges them; the cost of one command."""
    batches = requests // PIPELINE
    pairs = PIPELINE // 2
    fill(server, batches * pairs * count)
    connection = server.connect()
    connection.call("XGROUP", "CREATE", "stream", "group", "0")
    read = wire.encode("XREADGROUP", "GROUP", "group", "consumer", "COUNT", count, "STREAMS", "stream", ">")
    acknowledge = wire.template(b"XACK", b"stream", b"group", *([b"%013d-0"] * count))
    before = server.cpu_nanoseconds()
    for batch in range(batches):
        first = 1_700_000_000_000 + batch * pairs * count
        starts = range(first, first + pairs * count, count)
        connection.send(b"".join(read + acknowledge % tuple(range(start, start + count)) for start in starts))
        for _ in range(pairs):
            if len(connection.reply()[0][1]) != count or connection.reply() != count:
                raise servers.BenchError(f"{server.name} has not delivered what was added")
    cpu = server.cpu_nanoseconds() - before
    connection.close()
    return cpu / (batches * PIPELINE)


def memory(names, launcher, cores, options, verdicts):
    title = f"{options.entries:,} entries"
    resident = {}
    for name in names:
        report.progress(f"{title} on {name}")
        with launcher.start(name, cores) as server:
            resident[name] = fill(server, options.entries).resident
            load.expect(server, options.entries, "XLEN", "stream")
    return row(f"{title}, MB", [f"{resident[name] / 1e6:,.1f}" for name in names], resident, 1.0, verdicts)
