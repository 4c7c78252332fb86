"""Persistence: what logging costs, what a snapshot does to others, how long loading takes, how large files are."""

import os
import pathlib
import shutil
import statistics
import tempfile
import threading
import time

import load
import report
import servers
import wire
from servers import FRESHET, REDIS

PARTS = ("log", "always", "snapshot", "load")
SET = ("SET", "key:__rand_int__", "xxx")
PATIENCE = 600


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--requests", type=int, default=1_000_000, help="commands of each run (1,000,000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each test, of which the median counts (5)")
    parser.add_argument("--keys", type=int, default=5_000_000, help="keys during the snapshot (5,000,000)")
    parser.add_argument("--loaded", type=int, default=10_000_000, help="keys of the file that is loaded (10,000,000)")
    parser.add_argument("--log-bytes", type=int, default=1_000_000_000, help="bytes of the log that is replayed (1 GB)")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    report.machine(f"server on cores {cores.server}, load on {cores.load}; median of {options.rounds}")
    verdicts, rows = [], []
    parts = {"log": log, "always": always, "snapshot": snapshot, "load": loading}
    for name, part in parts.items():
        if options.only in (None, name):
            rows += part(names, launcher, cores, options, verdicts)
    report.progress("")
    report.table(["", *names, "ratio", "target"], rows)
    return report.close(verdicts)


def row(title, form, figures, target, verdicts, wants_more=False):
    """A row of one figure for each server, and what Freshet's is beside Redis's."""
    cells = [form.format(figures[name]) if name in figures else "" for name in figures]
    if FRESHET not in figures or REDIS not in figures:
        return [title, *cells, "", ""]
    ratio = figures[FRESHET] / figures[REDIS]
    return [title, *cells, f"{ratio:.2f}", verdict(ratio, target, wants_more, verdicts)]


def verdict(ratio, target, wants_more, verdicts):
    if target is None:
        return ""
    reached = ratio >= target if wants_more else ratio <= target
    verdicts.append(report.Verdict(f"{'>=' if wants_more else '<='} {target}", reached))
    return str(verdicts[-1])


# Logging

def log(names, launcher, cores, options, verdicts):
    """SET at pipeline 16 without and with a log that is synced once a second, in turns."""
    settings = {"off": (), "everysec": ("--appendonly", "yes")}
    runs = {(name, setting): [] for name in names for setting in settings}
    for index in range(options.rounds):
        for name in names:
            for setting, arguments in settings.items():
                report.progress(f"SET with appendonly {setting} on {name}, round {index + 1} of {options.rounds}")
                with launcher.start(name, cores, arguments=arguments) as server:
                    runs[name, setting].append(
                        load.measure(server, cores, SET, options.requests, 16, 1_000_000))
    medians = {key: load.Figures.median(figures) for key, figures in runs.items()}
    rows = []
    for name in names:
        pairs = zip(runs[name, "everysec"], runs[name, "off"])
        ratio = statistics.median(on.throughput / off.throughput for on, off in pairs)
        target = verdict(ratio, 0.85, True, verdicts) if name == FRESHET else ""
        cells = ["" for _ in names]
        cells[names.index(name)] = f"{medians[name, 'everysec'].throughput / 1000:,.0f}"
        rows.append([f"SET, pipeline 16, everysec: thousand/s; beside off, {name}", *cells, f"{ratio:.2f}", target])
    rows.append(row("the same: CPU ns per command", "{:,.0f}",
                    {name: medians[name, "everysec"].cpu for name in names}, None, verdicts))
    rows.append(row("the same: p99 ms", "{:.2f}", {name: medians[name, "everysec"].p99 for name in names}, 1.0,
                    verdicts))
    return rows


def always(names, launcher, cores, options, verdicts):
    """Throughput where replies wait for the disk."""
    arguments = ("--appendonly", "yes", "--appendfsync", "always")
    rows = []
    for pipeline, requests, target in ((1, 100_000, 1.2), (16, 1_000_000, 2.0)):
        figures = {}
        for name in names:
            runs = []
            for index in range(options.rounds):
                report.progress(f"SET with appendfsync always, pipeline {pipeline}, on {name}, round {index + 1}")
                with launcher.start(name, cores, arguments=arguments) as server:
                    runs.append(load.measure(server, cores, SET, requests, pipeline, 1_000_000).throughput)
            figures[name] = statistics.median(runs)
        rows.append(row(f"SET, always, 50 clients, pipeline {pipeline}: thousand/s", "{:,.1f}",
                        {name: figure / 1000 for name, figure in figures.items()}, target, verdicts, True))
    rows.append(single(names, launcher, cores, arguments, verdicts))
    return rows


def single(names, launcher, cores, arguments, verdicts):
    """One client that waits for each reply, beside one sync of a file plus the same without a log."""
    figures = {}
    for name in names:
        with launcher.start(name, cores) as server:
            bound = plain_and_synced(server)
        with launcher.start(name, cores, arguments=arguments) as server:
            figures[name] = median_call(server)
    cells = [f"{figures[name] * 1000:.2f}" for name in names]
    if FRESHET not in figures:
        return ["SET, always, 1 client: ms", *cells, "", ""]
    ratio = figures[FRESHET] / bound
    return [f"SET, always, 1 client: ms; beside a sync and a round trip ({bound * 1000:.2f})", *cells, f"{ratio:.2f}",
            verdict(ratio, 1.3, False, verdicts)]


def median_call(server):
    connection = server.connect()
    times = []
    for index in range(300):
        start = time.monotonic()
        connection.call("SET", "key", index)
        times.append(time.monotonic() - start)
    connection.close()
    return statistics.median(times)


def plain_and_synced(server):
    """How long a call takes without a log, and then appending some bytes to a file and bringing them to the disk."""
    connection = server.connect()
    path = os.path.join(server.folder, "sync")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for index in range(300):
        start = time.monotonic()
        connection.call("SET", "key", index)
        os.write(descriptor, b"x" * 40)
        os.fdatasync(descriptor)
        times.append(time.monotonic() - start)
    os.close(descriptor)
    connection.close()
    return statistics.median(times)


# Snapshots

class Watch:
    """Looks at a server's memory until it is told to stop."""

    def __init__(self, server):
        self.peak = 0
        self._server = server
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ends.wait(0.01):
            self.peak = max(self.peak, self._server.resident_bytes_of_all())

    def stop(self):
        self._ends.set()
        self._thread.join()
        return self.peak


def snapshot(names, launcher, cores, options, verdicts):
    """BGSAVE of many keys while they are written: memory, and what others wait."""
    growth, slowdown, sizes = {}, {}, {}
    for name in names:
        report.progress(f"BGSAVE of {options.keys:,} keys on {name}")
        with launcher.start(name, cores, patience=PATIENCE) as server:
            load.fill(server, load.strings(options.keys, b"value:%020d"), options.keys)
            steady = server.settled_resident_bytes()
            command = ("SET", "key:__rand_int__", "value:12345678901234567890")
            measure = lambda: load.measure(server, cores, command, options.requests // 2, 16, options.keys)
            quiet = statistics.median(measure().p99 for _ in range(3))
            steady = max(steady, server.resident_bytes())
            slowdown[name] = statistics.median(run.p99 for run in measured_while_saving(server, measure)) / quiet
            # Once more: looking at the memory stops the server for moments.
            watch = Watch(server)
            measured_while_saving(server, measure)
            growth[name] = watch.stop() / steady
            sizes[name] = os.path.getsize(os.path.join(server.folder, "dump.rdb"))
    rows = []
    for title, figures, target in (("BGSAVE under writes: peak memory, times what it was", growth, 1.05),
                                   ("the same: p99 of others, times what it was", slowdown, 1.5)):
        own = verdict(figures[FRESHET], target, False, verdicts) if FRESHET in figures else ""
        rows.append([title, *(f"{figures[name]:.2f}" for name in names), "", own])
    rows.append(row("the same: size of the file, MB", "{:,.1f}",
                    {name: size / 1e6 for name, size in sizes.items()}, 1.0, verdicts))
    return rows


def measured_while_saving(server, measure):
    """Runs that lie within a snapshot, the last of them in part."""
    connection = server.connect()
    connection.call("BGSAVE")
    runs = []
    while not runs or b"rdb_bgsave_in_progress:1" in connection.call("INFO", "persistence"):
        runs.append(measure())
    connection.close()
    return runs


# Loading

def loading(names, launcher, cores, options, verdicts):
    """How long a server takes until it answers, with a snapshot and with a log that Redis has written."""
    rows = []
    folder = tempfile.mkdtemp(prefix="bench-load-")
    try:
        sizes = make_snapshot(launcher, names, cores, options.loaded, folder)
        if FRESHET in sizes and REDIS in sizes:
            rows.append(row(f"snapshot of {options.loaded:,} keys, MB", "{:,.1f}",
                            {name: sizes[name] / 1e6 for name in names}, 1.0, verdicts))
        rows += timed(names, launcher, options, f"loading {options.loaded:,} keys", folder, (), verdicts)
        make_log(folder, options.log_bytes)
        rows += timed(names, launcher, options, f"replaying {options.log_bytes / 1e6:,.0f} MB", folder,
                      ("--appendonly", "yes"), verdicts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def make_snapshot(launcher, names, cores, count, folder):
    """The same keys saved by each server; Redis's file, where there is one, is what stays in the folder."""
    sizes = {}
    for name in names:
        report.progress(f"saving {count:,} keys on {name}")
        with launcher.start(name, cores, patience=PATIENCE) as server:
            load.fill(server, load.strings(count, b"value:%020d"), count)
            connection = server.connect()
            connection.call("SAVE")
            connection.close()
            path = os.path.join(server.folder, "dump.rdb")
            sizes[name] = os.path.getsize(path)
            shutil.move(path, os.path.join(folder, "dump.rdb"))
    return sizes


def make_log(folder, size):
    """An append-only file of SETs, INCRs, HSETs and RPUSHes on keys that come back."""
    pathlib.Path(folder, "dump.rdb").unlink()
    logs = pathlib.Path(folder, "appendonlydir")
    logs.mkdir()
    (logs / "appendonly.aof.manifest").write_text("file appendonly.aof.1.incr.aof seq 1 type i\n")
    commands = [wire.template(b"SET", b"key:%012d", b"value:%020d"), wire.template(b"INCR", b"counter:%012d"),
                wire.template(b"HSET", b"hash:%012d", b"field:%02d", b"value:%020d"),
                wire.template(b"RPUSH", b"list:%012d", b"element:%012d")]
    written, index = 0, 0
    with open(logs / "appendonly.aof.1.incr.aof", "wb") as file:
        file.write(wire.encode("SELECT", 0))
        while written < size:
            block = bytearray()
            for _ in range(5000):
                key = index * 7_368_787 % 1_000_003
                block += commands[0] % (key, index)
                block += commands[1] % key
                block += commands[2] % (key // 10, index % 20, index)
                block += commands[3] % (key % 1000, index)
                index += 1
            file.write(block)
            written += len(block)


def timed(names, launcher, options, title, folder, arguments, verdicts):
    rows = []
    everywhere = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    for count, listed, target in ((1, everywhere.split(",")[0], 1.0), (2, everywhere, 0.5)):
        figures = {}
        for name in names:
            runs = []
            for _ in range(min(3, options.rounds)):
                report.progress(f"{title} on {name} with {count} cores")
                cores = servers.Cores(listed, listed, 1)
                start = time.monotonic()
                with launcher.start(name, cores, arguments=("--dir", folder, *arguments), folder=folder,
                                    patience=PATIENCE):
                    runs.append(time.monotonic() - start)
            figures[name] = min(runs)
        rows.append(row(f"{title}, {count} core{'s' if count > 1 else ''}: s", "{:.2f}", figures, target, verdicts))
    return rows
