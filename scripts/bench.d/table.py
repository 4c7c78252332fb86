"""The default benchmark: single commands on Freshet, redis-server and the null server, side by side."""

import contextlib
import dataclasses
import re

import load
import report
import servers
from servers import FRESHET, NULL, REDIS

PIPELINES = (1, 16, 64)
REQUESTS = {1: 200_000, 16: 1_600_000, 64: 3_200_000}

# Throughput and p99 at pipeline 1 are mostly the kernel's and the load generator's; two servers that are equal
# differ by this much from run to run.
NOISE = 0.05


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    command: tuple
    data: str  # what must be there before: a key of DATA
    cpu_targets: dict  # pipeline -> highest ratio of CPU time to redis-server's
    floor: bool = False  # also against the null server, which knows the reply's form
    weight: int = 1  # divides the number of requests: commands that touch more than one key take longer


DATA = {"strings": load.strings, "counters": load.counters, "hashes": load.hashes, "board": load.board,
        "queue": load.queue, "line": load.line, "members": load.members}
RANDOM = "__rand_int__"
TESTS = (
    Test("GET", ("GET", f"key:{RANDOM}"), "strings", {64: 0.35}, floor=True),
    Test("SET", ("SET", f"key:{RANDOM}", "xxx"), "strings", {64: 0.35}, floor=True),
    Test("INCR", ("INCR", f"counter:{RANDOM}"), "counters", {16: 0.5}),
    Test("HSET", ("HSET", f"hash:{RANDOM}", "score", RANDOM), "hashes", {16: 0.5}),
    Test("HGET", ("HGET", f"hash:{RANDOM}", "score"), "hashes", {16: 0.5}),
    Test("ZADD", ("ZADD", "board", RANDOM, f"member:{RANDOM}"), "board", {16: 0.5}, weight=4),
    Test("ZRANGEBYSCORE 10", ("ZRANGEBYSCORE", "board", RANDOM, "+inf", "LIMIT", "0", "10"), "board", {16: 0.5},
         weight=4),
    # What is popped comes back with the next pipeline's round.
    Test("SADD", ("SADD", "members", f"element:{RANDOM}"), "members", {16: 0.6}, weight=4),
    Test("SPOP", ("SPOP", "members"), "members", {16: 0.6}, weight=32),
    # Those that pop take away what those before have pushed.
    Test("LPUSH", ("LPUSH", "queue", "xxx"), "queue", {16: 0.6}, weight=4),
    Test("RPUSH", ("RPUSH", "queue", "xxx"), "queue", {16: 0.6}, weight=4),
    Test("LPOP", ("LPOP", "queue"), "queue", {16: 0.6}, weight=4),
    Test("RPOP", ("RPOP", "queue"), "queue", {16: 0.6}, weight=4),
    Test("LRANGE_100", ("LRANGE", "line", "0", "99"), "line", {16: 0.6}, weight=16),
    Test("LRANGE_300", ("LRANGE", "line", "0", "299"), "line", {16: 0.6}, weight=32),
    Test("LRANGE_500", ("LRANGE", "line", "0", "499"), "line", {16: 0.6}, weight=64),
    Test("LRANGE_600", ("LRANGE", "line", "0", "599"), "line", {16: 0.6}, weight=64),
    Test("MGET 10", ("MGET", *[f"key:{RANDOM}"] * 10), "strings", {16: 0.5}, weight=4),
)
FLOOR_TARGET = {64: 0.25}


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5, help="runs of each test, of which the median counts (5)")
    parser.add_argument("--quick", action="store_true", help="one round, fewer requests, 100,000 keys")
    parser.add_argument("--only", default="", metavar="PATTERN", help='tests whose "NAME PN" matches: "get p64", "p1$"')
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS},{NULL}", help="which to run, comma-separated")


def run(options):
    names = options.servers.split(",")
    rounds = 1 if options.quick else options.rounds
    keyspace = 100_000 if options.quick else 1_000_000
    shrink = 10 if options.quick else 1
    selected = [(test, pipeline) for pipeline in PIPELINES for test in TESTS
                if re.search(options.only, f"{test.name} P{pipeline}", re.IGNORECASE)]
    if not selected:
        raise servers.BenchError(f"no test matches {options.only}")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    report.machine(f"server on core {cores.server}, redis-benchmark on {cores.load}; {load.CLIENTS} clients, "
                   f"{keyspace:,} random keys, median of {rounds}")

    medians = {}
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(launcher.start(name, cores)) for name in names]
        for data in sorted({test.data for test, _ in selected}):
            for server in running:
                if server.name != NULL:
                    report.progress(f"filling {server.name} with {keyspace:,} {data}")
                    connection = server.connect()
                    connection.fill(load.wire.chunked(DATA[data](keyspace)))
                    connection.close()
        for test, pipeline in selected:
            requests = REQUESTS[pipeline] // test.weight // shrink
            medians[test.name, pipeline] = alternate(running, cores, test, pipeline, requests, keyspace, rounds)
    report.progress("")
    verdicts = print_commands(selected, medians) + print_floor(selected, medians)
    return report.close(verdicts)


def alternate(running, cores, test, pipeline, requests, keyspace, rounds):
    """Runs a test on each server in turn, several times over, so that a disturbance hits none of them alone."""
    compared = [server for server in running if server.name != NULL or test.floor]
    runs = {server.name: [] for server in compared}
    for index in range(rounds):
        report.progress(f"{test.name} P{pipeline}, round {index + 1} of {rounds}")
        for position in range(len(compared)):
            server = compared[(position + index) % len(compared)]
            runs[server.name].append(load.measure(server, cores, test.command, requests, pipeline, keyspace))
    return {name: load.Figures.median(figures) for name, figures in runs.items()}


def print_commands(selected, medians):
    """The table of all commands. Returns the verdicts."""
    verdicts, rows = [], []
    for test, pipeline in selected:
        figures = medians[test.name, pipeline]
        for name in (FRESHET, REDIS, NULL):
            if name not in figures:
                continue
            mine, ratios = figures[name], ["", "", "", ""]
            if name == FRESHET and REDIS in figures:
                ratios, found = compare(test, pipeline, mine, figures[REDIS])
                verdicts += found
            rows.append([test.name, f"{pipeline}", name, f"{mine.throughput / 1000:,.0f}", f"{mine.p50:.3f}",
                         f"{mine.p99:.3f}", f"{mine.cpu:,.0f}", *ratios])
    report.table(["command", "pipeline", "server", "thousand/s", "p50 ms", "p99 ms", "CPU ns/op", "CPU ratio",
                  "throughput ratio", "p99 ratio", "targets"], rows)
    print(f"\nRatios are to redis-server. Throughput and p99 may be {NOISE:.0%} worse: equal servers differ by that.")
    return verdicts


def compare(test, pipeline, freshet, redis):
    """Freshet's ratios to redis-server and the verdicts on those that have a target."""
    cpu, throughput, p99 = freshet.cpu / redis.cpu, freshet.throughput / redis.throughput, freshet.p99 / redis.p99
    found = []
    if pipeline in test.cpu_targets:
        limit = test.cpu_targets[pipeline]
        found.append(report.Verdict(f"CPU <= {limit}", cpu <= limit))
    if pipeline == 1:
        found.append(report.Verdict("throughput >= 1", throughput >= 1 - NOISE))
        found.append(report.Verdict("p99 <= 1", p99 <= 1 + NOISE))
    return [f"{cpu:.2f}", f"{throughput:.2f}", f"{p99:.2f}", ", ".join(map(str, found))], found


def print_floor(selected, medians):
    """What each server spends beyond the null server. Returns the verdicts."""
    verdicts, rows = [], []
    for test, pipeline in selected:
        figures = medians[test.name, pipeline]
        if not test.floor or NULL not in figures or REDIS not in figures:
            continue
        floor = figures[NULL].cpu
        redis = figures[REDIS].cpu - floor
        row = [test.name, f"{pipeline}", f"{floor:,.0f}", "", f"{redis:,.0f}", "", ""]
        if FRESHET in figures:
            freshet = figures[FRESHET].cpu - floor
            row[3], row[5] = f"{freshet:,.0f}", f"{freshet / redis:.2f}"
            if pipeline in FLOOR_TARGET:
                limit = FLOOR_TARGET[pipeline]
                verdicts.append(report.Verdict(f"<= {limit}", freshet / redis <= limit))
                row[6] = str(verdicts[-1])
        rows.append(row)
    if rows:
        print("\nCPU time beyond the floor, which is what the null server spends: the kernel's share\n")
        report.table(["command", "pipeline", "floor ns/op", "freshet beyond", "redis beyond", "ratio", "target"], rows)
    return verdicts
