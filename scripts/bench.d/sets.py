"""Sets: the memory of a big one; unions and intersections of two inputs of a million members, and how long another
client's GETs take meanwhile."""

import multiprocessing
import statistics
import time

import load
import report
import servers
import wire
from servers import FRESHET, REDIS

TIME_TARGET = 0.7
WAIT_TARGET = 5.0
# Each is run on its own for its time, and then again beside a client that gets a key.
TESTS = (
    ("SINTER", ("SINTER", "a", "b")),
    ("SUNION", ("SUNION", "a", "b")),
    ("SDIFF", ("SDIFF", "a", "b")),
    ("SINTERCARD", ("SINTERCARD", "2", "a", "b")),
    ("SINTERSTORE", ("SINTERSTORE", "d", "a", "b")),
    ("SUNIONSTORE", ("SUNIONSTORE", "d", "a", "b")),
    ("SUNIONSTORE of integers", ("SUNIONSTORE", "d", "i", "j")),
    ("SINTER of integers", ("SINTER", "i", "j")),
    ("ZUNIONSTORE", ("ZUNIONSTORE", "d", "2", "y", "z")),
    ("ZINTERSTORE", ("ZINTERSTORE", "d", "2", "y", "z")),
    ("ZUNIONSTORE of sets", ("ZUNIONSTORE", "d", "2", "a", "b")),
)


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--members", type=int, default=1_000_000, help="members of each input, in hundreds (1,000,000)")
    parser.add_argument("--big", type=int, default=10_000_000, help="members of the big set, in hundreds (10,000,000); 0 for none")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each test, of which the median counts (3)")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    report.machine(f"server on cores {cores.server}, load on {cores.load}; two inputs of {options.members:,} members, "
                   f"half of them common; milliseconds, median of {options.rounds}; memory is VmRSS")
    verdicts = []
    results = {}
    for name in names:
        with launcher.start(name, cores) as server:
            fill(server, options.members)
            results[name] = [measure(server, test, options.rounds) for test in TESTS]
    rows = [row(title, [results[name][index] for name in names], names, verdicts)
            for index, (title, _) in enumerate(TESTS)]
    report.progress("")
    report.table(["", *[f"{name}, ms" for name in names], "ratio", "target",
                  *[f"{name}, p99 of GET" for name in names], "target"], rows)
    print()
    if options.big:
        report.table(["", *[f"{name}, MB" for name in names], "ratio", "target"],
                     [memory(kind, names, launcher, cores, options.big, verdicts) for kind in MEMBERS])
    return report.close(verdicts)


MEMBERS = {"texts": b"member:%09d", "integers": b"%09d"}


# Members that one command adds.
BATCH = 100


def members(key, form, numbers):
    command = wire.template(b"SADD", key, *[form] * BATCH)
    return wire.chunked((command % tuple(numbers[start:start + BATCH]) for start in range(0, len(numbers), BATCH)), 10)


def fill(server, count):
    half = count // 2
    connection = server.connect()
    for texts, integers, scores, start in ((b"a", b"i", b"y", 0), (b"b", b"j", b"z", half)):
        connection.fill(members(texts, MEMBERS["texts"], range(start, start + count)))
        connection.fill(members(integers, b"%09d", range(100_000_000 + start, 100_000_000 + start + count)))
        # Scores in an order of their own.
        command = wire.template(b"ZADD", scores, *[b"%09d", b"member:%09d"] * BATCH)
        pairs = [value for number in range(start, start + count) for value in (number * 7919 % 1_000_003, number)]
        connection.fill(wire.chunked((command % tuple(pairs[first:first + 2 * BATCH])
                                      for first in range(0, len(pairs), 2 * BATCH)), 10))
    connection.call("SET", "key", "value")
    connection.close()


def measure(server, test, rounds):
    """The milliseconds of a command, and the longest that 99 % of another client's GETs took meanwhile."""
    title, command = test
    report.progress(f"{title} on {server.name}")
    connection = server.connect()
    times = [elapsed(connection, command) for _ in range(rounds)]
    ready, stop, waits = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
    getter = multiprocessing.Process(target=get, args=(server.port, ready, stop, waits))
    getter.start()
    ready.wait()
    for _ in range(rounds):
        elapsed(connection, command)
    stop.set()
    p99 = waits.get()
    getter.join()
    connection.call("DEL", "d")
    connection.close()
    return statistics.median(times), p99


def elapsed(connection, command):
    start = time.perf_counter()
    connection.send(wire.encode(*command))
    connection.skip()
    return (time.perf_counter() - start) * 1000


def get(port, ready, stop, waits):
    connection = wire.Connection(port)
    times = []
    ready.set()
    while not stop.is_set():
        start = time.perf_counter()
        connection.call("GET", "key")
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    waits.put(times[int(len(times) * 0.99)])


def row(title, figures, names, verdicts):
    times = dict(zip(names, (figure[0] for figure in figures)))
    waits = dict(zip(names, (figure[1] for figure in figures)))
    cells = [title, *(f"{times[name]:,.0f}" for name in names)]
    if FRESHET in times and REDIS in times:
        ratio = times[FRESHET] / times[REDIS]
        verdicts.append(report.Verdict(f"<= {TIME_TARGET}", ratio <= TIME_TARGET))
        cells += [f"{ratio:.2f}", str(verdicts[-1])]
    else:
        cells += ["", ""]
    cells += [f"{waits[name]:,.1f}" for name in names]
    if FRESHET in waits:
        verdicts.append(report.Verdict(f"< {WAIT_TARGET:.0f}", waits[FRESHET] < WAIT_TARGET))
        return [*cells, str(verdicts[-1])]
    return [*cells, ""]


def memory(kind, names, launcher, cores, count, verdicts):
    resident = {}
    for name in names:
        report.progress(f"{count:,} {kind} on {name}")
        with launcher.start(name, cores) as server:
            connection = server.connect()
            start = 100_000_000 if kind == "integers" else 0
            connection.fill(members(b"set", MEMBERS[kind], range(start, start + count)))
            connection.close()
            load.expect(server, count, "SCARD", "set")
            resident[name] = server.settled_resident_bytes()
    cells = [f"set of {count:,} {kind}", *(f"{resident[name] / 1e6:,.0f}" for name in names)]
    if FRESHET not in resident or REDIS not in resident:
        return [*cells, "", ""]
    ratio = resident[FRESHET] / resident[REDIS]
    verdicts.append(report.Verdict("<= 1", ratio <= 1))
    return [*cells, f"{ratio:.2f}", str(verdicts[-1])]
