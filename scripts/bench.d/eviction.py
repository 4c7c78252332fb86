"""Hit ratios of the eviction policies on traces, and how well the limit is kept under a storm of writes."""

import array
import bisect
import collections
import contextlib
import itertools
import random
import subprocess
import threading
import time

import report
import servers
import wire
from servers import FRESHET, REDIS

KEYS = 10_000
REQUESTS = 200_000
SHARES = (0.01, 0.05, 0.10, 0.25)
# Large, so that what a key takes is more than what else changes in the servers' memory.
VALUE = b"v" * 2000
BATCH = 16
# Requests between two looks at how many keys the server keeps, and how often it is looked at before the trace begins.
STEP = 2000
WARMING = 4
POLICIES = {
    REDIS: ("allkeys-lru", "allkeys-lfu", "allkeys-random"),
    FRESHET: ("allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-tinylfu"),
}
OWN = "allkeys-tinylfu"
# Percentage points by which two replays of one policy differ.
NOISE = 0.3
GAIN = 5
STORM_LIMIT = 256 << 20
STORM_SECONDS = 10


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--only", choices=("hits", "storm"), help="one part only")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="length of each trace")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    report.machine(f"{KEYS:,} keys, {options.requests:,} requests a trace, values of {len(VALUE)} bytes")
    verdicts = []
    if options.only != "storm":
        verdicts += compare(launcher, names, cores, options.requests)
    if options.only != "hits" and FRESHET in names:
        verdicts += storm(launcher)
    report.progress("")
    return report.close(verdicts)


# Traces


def traces(length):
    """Names and keys, by number, of all traces; the same in every run."""
    for exponent in (0.7, 0.99, 1.2):
        yield f"Zipf {exponent}", zipf(exponent, length)
    yield "Zipf 0.99, scans", scanned(length)
    yield "loop", array.array("i", (index % KEYS for index in range(length)))


def zipf(exponent, length):
    weights = list(itertools.accumulate((rank + 1) ** -exponent for rank in range(KEYS)))
    generator = random.Random(int(exponent * 100))
    return array.array("i", (bisect.bisect_left(weights, generator.random() * weights[-1]) for _ in range(length)))


def scanned(length):
    """After each stretch of popular keys half as many that are asked for once."""
    popular = iter(zipf(0.99, length))
    once = itertools.count(KEYS)
    trace = array.array("i")
    while len(trace) < length:
        trace.extend(itertools.islice(popular, KEYS // 5))
        trace.extend(itertools.islice(once, KEYS // 10))
    return trace[:length]


# Replays


def compare(launcher, names, cores, length):
    columns = [(name, policy) for name in names for policy in POLICIES[name]]
    rows, verdicts, gains = [], [], 0
    for trace_name, trace in traces(length):
        for share in SHARES:
            capacity = int(KEYS * share)
            ratios = {}
            for name, policy in columns:
                report.progress(f"{trace_name}, {share:.0%}: {name} {policy}")
                with launcher.start(name, cores) as server:
                    ratios[name, policy] = replay(server, policy, trace, capacity)
            best = max((ratios[column] for column in columns if column[0] == REDIS), default=0)
            own = ratios.get((FRESHET, OWN), 0)
            gains += own >= ratios.get((REDIS, "allkeys-lru"), 0) + GAIN
            verdict = report.Verdict(f"{trace_name} {share:.0%}", own >= best - NOISE)
            verdicts.append(verdict)
            rows.append([
                trace_name, f"{share:.0%}", *(f"{ratios[column]:.1f}" for column in columns),
                f"{exact_lru(trace, capacity):.1f}", "ok" if verdict.reached else "MISS"])
    report.progress("")
    header = ["trace", "keys kept", *(f"{name} {policy.removeprefix('allkeys-')}" for name, policy in columns)]
    report.table([*header, "exact LRU, computed", f"{OWN.removeprefix('allkeys-')} no worse than Redis's best"], rows)
    print(f"\n{gains} of {len(rows)} are {GAIN} points or more above redis's allkeys-lru")
    verdicts.append(report.Verdict(f"{GAIN} points above allkeys-lru on three", gains >= 3))
    return verdicts


def replay(server, policy, trace, capacity):
    """The hits, in percent, when each key is asked for and set where it is missing.

    STRLEN is a read like GET but for the transfer. The limit is adjusted to what makes the server keep `capacity` keys:
    what a key takes differs between servers. It is found with keys that do not occur in the trace.
    """
    connection = server.connect()
    connection.call("CONFIG", "SET", "maxmemory-policy", policy)
    empty = used_memory(connection)
    others = itertools.count()
    for _ in range(200):
        connection.call("SET", f"other:{next(others)}", VALUE)
    per_key = (used_memory(connection) - empty) // 200
    limit = empty + capacity * per_key
    hits = 0
    for step in range(WARMING + (len(trace) + STEP - 1) // STEP):
        connection.call("CONFIG", "SET", "maxmemory", limit)
        if step < WARMING:
            for _ in range(2 * capacity // BATCH):
                store(connection, [f"other:{next(others)}" for _ in range(BATCH)])
        else:
            start = (step - WARMING) * STEP
            for first in range(start, min(start + STEP, len(trace)), BATCH):
                hits += ask(connection, trace[first:first + BATCH])
        limit = max(empty // 2, limit - (connection.call("DBSIZE") - capacity) * per_key)
    connection.close()
    return 100 * hits / len(trace)


def ask(connection, keys):
    """Asks for some keys and sets those that are missing; returns how many were not."""
    lengths = connection.ask([wire.encode("STRLEN", f"key:{key}") for key in keys])
    missing = dict.fromkeys(key for key, length in zip(keys, lengths) if length == 0)
    store(connection, [f"key:{key}" for key in missing])
    # A key that is asked for twice in a batch is set once.
    return len(keys) - len(missing)


def store(connection, keys):
    # Few at a time: what waits in the servers' buffers counts, too.
    for some in batches(keys, 4):
        connection.send(b"".join(wire.encode("SET", key, VALUE) for key in some))
        for _ in some:
            # While the limit is being found it may be below what the server needs without keys.
            with contextlib.suppress(wire.ReplyError):
                connection.reply()


def batches(items, size):
    for start in range(0, len(items), size):
        yield items[start:start + size]


def used_memory(connection):
    return int(field(connection, "memory", "used_memory"))


def field(connection, section, name):
    for line in connection.call("INFO", section).decode().splitlines():
        if line.startswith(name + ":"):
            return line.partition(":")[2]
    raise servers.BenchError(f"INFO has no {name}")


def exact_lru(trace, capacity):
    """Hits, in percent, of what sampling approximates."""
    cache = collections.OrderedDict()
    hits = 0
    for key in trace:
        if key in cache:
            hits += 1
            cache.move_to_end(key)
        else:
            if len(cache) == capacity:
                cache.popitem(last=False)
            cache[key] = None
    return 100 * hits / len(trace)


# The storm


def storm(launcher):
    """Writes new keys as fast as they are taken, by two workers; the limit is halved in the middle."""
    rows, verdicts = [], []
    for policy in ("allkeys-lru", OWN):
        report.progress(f"storm, {policy}")
        with launcher.start(FRESHET, servers.Cores.split(2), threads=2) as server:
            connection = server.connect()
            connection.call("CONFIG", "SET", "maxmemory", STORM_LIMIT)
            connection.call("CONFIG", "SET", "maxmemory-policy", policy)
            load = subprocess.Popen(
                [servers.tool("redis-benchmark", "redis-tools"), "-p", str(server.port), "-t", "set", "-d", "1000",
                 "-r", "100000000", "-n", "1000000000", "-c", "50", "-P", "16", "-q"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                watcher = Watcher(server)
                while int(field(connection, "stats", "evicted_keys")) == 0:
                    time.sleep(0.05)
                highest, resident = watch(connection, server, STORM_SECONDS)
                connection.call("CONFIG", "SET", "maxmemory", STORM_LIMIT // 2)
                start = time.monotonic()
                while used_memory(connection) > STORM_LIMIT // 2 * 1.01 + (16 << 20):
                    time.sleep(0.001)
                halved = time.monotonic() - start
                longest = int(field(connection, "stats", "longest_eviction_usec"))
                work = int(field(connection, "stats", "longest_eviction_cpu_usec"))
                evicted = int(field(connection, "stats", "evicted_keys"))
                waited = watcher.stop()
            finally:
                load.kill()
                load.wait()
            connection.close()
        kept = highest <= STORM_LIMIT * 1.01 + (16 << 20)
        verdicts += [
            report.Verdict(f"{policy}: at most 1 % + 16 MB above the limit", kept),
            # By the clock it is the load generator's time, too, where it has no processors of its own.
            report.Verdict(f"{policy}: no command makes room for more than 1 ms of CPU time", work <= 1000)]
        rows.append([
            policy, f"{highest / (1 << 20):.1f}", f"{resident / (1 << 20):.1f}", f"{evicted:,}", f"{work / 1000:.2f}",
            f"{longest / 1000:.2f}", f"{waited * 1000:.1f}", f"{halved * 1000:.0f}",
            "ok" if all(v.reached for v in verdicts[-2:]) else "MISS"])
    report.progress("")
    print()
    report.table(
        ["storm of SETs", f"highest used_memory MB (limit {STORM_LIMIT >> 20})", "highest RSS MB", "keys evicted",
         "longest making of room, CPU ms", "by the clock ms", "longest wait for a SET ms", "ms to halve", "targets"], rows)
    return verdicts


def watch(connection, server, seconds):
    """The highest memory in use, as the server counts it and as the system does."""
    highest = resident = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        highest = max(highest, used_memory(connection))
        resident = max(resident, server.resident_bytes())
    return highest, resident


class Watcher:
    """Times single SETs on a connection of its own."""

    def __init__(self, server):
        self._connection = server.connect()
        self._ends = threading.Event()
        self._longest = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ends.is_set():
            start = time.perf_counter()
            self._connection.call("SET", "watched", "x")
            self._longest = max(self._longest, time.perf_counter() - start)
            time.sleep(0.002)

    def stop(self):
        """Seconds of the longest wait."""
        self._ends.set()
        self._thread.join()
        self._connection.close()
        return self._longest
