"""Computed keys: what reading, writing, marking and keeping them costs, and how fast new values reach watchers."""

import contextlib
import select
import socket
import statistics
import threading
import time

import load
import report
import servers
import wire
from servers import FRESHET

NODES = 1_000_000
SOURCES = 1_000
SLICE = 10_000
REQUESTS = 3_200_000
PIPELINE = 64
ROUNDS_OF_SERVERS = 3
GET_TARGET = 1.05
SET_TARGET = 1.02
MARK_TARGET = 60  # nanoseconds per node
WAIT_TARGET = 10  # milliseconds
NODE_TARGET = 64  # bytes
EDGE_TARGET = 16
WATCHERS = 1_000
PUSHES = 2_000
PUSH_MEDIAN_TARGET = 0.2  # milliseconds
PUSH_P99_TARGET = 2
VALUE = b"v" * 32


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5, help="runs of each speed test, of which the median counts (5)")
    parser.add_argument("--only", default="speed,marking,memory,push", help="parts to run, comma-separated")


def run(options):
    launcher = servers.Launcher([FRESHET], options.binary)
    cores = servers.Cores.split()
    report.machine(f"server on core {cores.server} with one worker, load on {cores.load}; {NODES:,} nodes")
    parts = {"speed": speed, "marking": marking, "memory": memory, "push": push}
    verdicts = []
    for name in options.only.split(","):
        if name not in parts:
            raise servers.BenchError(f"there is no part {name}: {', '.join(parts)}")
        verdicts += parts[name](launcher, cores, options)
        print()
    return report.close(verdicts)


# MARK: building graphs

def publish(server, commands):
    """Sends COMPUTE.SET commands and checks that each has stored its value."""
    connection = server.connect()
    waiting = 0
    for data, count in wire.chunked(commands):
        connection.send(data)
        connection.expect_stored(waiting)
        waiting = count
    connection.expect_stored(waiting)
    connection.close()


def computed(count, dependencies=1, sources=SOURCES):
    """Computed keys that depend on the same few sources."""
    names = [b"source:%06d"] * dependencies
    command = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"%d" % dependencies, *names)
    return (command % (index, *((index + offset) % sources for offset in range(dependencies)))
            for index in range(count))


def fan(count):
    command = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"1", b"source:000000")
    return (command % index for index in range(count))


def chain(count):
    command = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"1", b"computed:%07d")
    first = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"1", b"source:000000")
    yield first % 0
    for index in range(1, count):
        yield command % (index, index - 1)


def tree(count):
    command = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"1", b"computed:%07d")
    first = wire.template(b"COMPUTE.SET", b"computed:%07d", VALUE, b"DEPS", b"1", b"source:000000")
    yield first % 0
    for index in range(1, count):
        yield command % (index, (index - 1) // 2)


def plain(count):
    command = wire.template(b"SET", b"computed:%07d", VALUE)
    return (command % index for index in range(count))


# MARK: speed

def fill_beside(with_graph, without):
    """Plain keys for both servers, and as many computed ones for the first; for the second those are plain too, so that the
    tables are as large."""
    keys = wire.template(b"SET", b"plain:%012d", VALUE)
    fresh = wire.template(b"COMPUTE.SET", b"fresh:%012d", VALUE, b"DEPS", b"1", b"source:%06d")
    ordinary = wire.template(b"SET", b"fresh:%012d", VALUE)
    connections = with_graph.connect(), without.connect()
    # In turn, so that both kinds lie in memory of the same age: the system gives large pages to what is older.
    for start in range(0, NODES, SLICE):
        span = range(start, start + SLICE)
        for connection in connections:
            connection.fill(wire.chunked(keys % index for index in span))
        publish(with_graph, (fresh % (index, index % SOURCES) for index in span))
        connections[1].fill(wire.chunked(ordinary % index for index in span))
    for connection in connections:
        connection.close()


def speed(launcher, cores, options):
    """GET of fresh computed keys beside GET of plain ones, and SET beside a graph and without one."""
    runs = {name: [] for name in ("GET plain", "GET computed", "SET, no graph", "SET beside a graph")}
    get = {"GET plain": ("GET", "plain:__rand_int__"), "GET computed": ("GET", "fresh:__rand_int__")}
    write = ("SET", "plain:__rand_int__", VALUE.decode())
    # Where the system puts a process's memory makes some per cent of difference for as long as it lives: several do.
    for start in range(0, options.rounds, ROUNDS_OF_SERVERS):
        with contextlib.ExitStack() as stack:
            with_graph = stack.enter_context(launcher.start(FRESHET, cores))
            without = stack.enter_context(launcher.start(FRESHET, cores))
            fill_beside(with_graph, without)
            for index in range(start, min(start + ROUNDS_OF_SERVERS, options.rounds)):
                report.progress(f"speed, round {index + 1} of {options.rounds}")
                compare(runs, cores, {name: (with_graph, command) for name, command in get.items()})
                compare(runs, cores, {"SET, no graph": (without, write), "SET beside a graph": (with_graph, write)})
    report.progress("")
    rows, verdicts = [], []
    for base, other, target in (("GET plain", "GET computed", GET_TARGET),
                                ("SET, no graph", "SET beside a graph", SET_TARGET)):
        ratio = statistics.median(second / first for first, second in zip(runs[base], runs[other]))
        verdict = report.Verdict(f"ratio <= {target}", ratio <= target)
        verdicts.append(verdict)
        medians = [statistics.median(runs[name]) for name in (base, other)]
        rows.append([f"{other} / {base}", f"{medians[0]:,.0f}", f"{medians[1]:,.0f}", f"{ratio:.3f}", str(verdict)])
    report.table(["commands", "CPU ns/op", "CPU ns/op ", "ratio", "target"], rows)
    return verdicts


def compare(runs, cores, tests):
    """Notes the CPU time per command of two tests that are run in turn: A, B, B, A, so that what else the machine does
    meanwhile meets both."""
    names = list(tests)
    times = {name: [] for name in names}
    for name in names + names[::-1]:
        server, command = tests[name]
        times[name].append(load.measure(server, cores, command, REQUESTS // 2, PIPELINE, NODES).cpu)
    for name in names:
        runs[name].append(statistics.mean(times[name]))


# MARK: marking

def marking(launcher, cores, options):
    """One write that makes a million keys stale: the server's time per node, and how long others wait meanwhile."""
    rows, verdicts = [], []
    for name, graph in (("fan", fan), ("chain", chain), ("tree", tree)):
        report.progress(f"marking a {name}")
        with launcher.start(FRESHET, cores) as server:
            connection = server.connect()
            connection.call("SET", "source:000000", "0")
            publish(server, graph(NODES))
            costs, waits = [], []
            for index in range(3):
                cpu, wait, seconds = write_source(server, connection, index)
                costs.append(cpu / NODES)
                waits.append(wait)
                if index < 2:
                    publish(server, graph(NODES))
            connection.close()
        found = [report.Verdict(f"ns per node <= {MARK_TARGET}", min(costs) <= MARK_TARGET),
                 report.Verdict(f"longest wait <= {WAIT_TARGET}", max(waits) <= WAIT_TARGET)]
        verdicts += found
        rows.append([name, f"{min(costs):.0f}", f"{seconds * 1000:.0f}", f"{max(waits):.1f}",
                     ", ".join(map(str, found))])
    report.progress("")
    report.table(["graph", "ns per node", "write answered after ms", "longest wait of others ms", "targets"], rows)
    return verdicts


def write_source(server, connection, value):
    """Writes the source of all keys while another connection sends one GET after the other."""
    other = server.connect()
    waits = []
    done = threading.Event()

    def poll():
        while not done.is_set():
            start = time.perf_counter()
            other.call("GET", "nothing")
            waits.append((time.perf_counter() - start) * 1000)

    idle = server.cpu_nanoseconds()
    marked = stale(connection)
    # What the polling costs is subtracted: the same number of GETs is timed afterwards.
    thread = threading.Thread(target=poll)
    thread.start()
    start = time.perf_counter()
    connection.call("SET", "source:000000", value)
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    cpu = server.cpu_nanoseconds() - idle
    if stale(connection) - marked != NODES:
        raise servers.BenchError(f"{stale(connection) - marked} keys turned stale, not {NODES}")
    idle = server.cpu_nanoseconds()
    for _ in waits:
        other.call("GET", "nothing")
    cpu -= server.cpu_nanoseconds() - idle
    other.close()
    return cpu, max(waits), seconds


def stale(connection):
    fields = connection.call("COMPUTE.STATS")
    return fields[fields.index(b"marked_stale") + 1]


# MARK: push

class Watchers:
    """Connections that watch the values of keys, all read by one thread through epoll."""

    def __init__(self, server, keys):
        self._poll = select.epoll()
        self._sockets = {}
        for key in keys:
            watcher = socket.create_connection(("127.0.0.1", server.port), timeout=120)
            channel = b"__value@0__:" + key
            confirmation = b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(channel), channel)
            watcher.sendall(wire.encode("SUBSCRIBE", channel))
            first = len(confirmation) + len(wire.encode("message", channel, VALUE))
            while first > 0:
                first -= len(watcher.recv(first))
            self._sockets[watcher.fileno()] = watcher
            self._poll.register(watcher, select.EPOLLIN)

    def publish(self, connection, command, length, count):
        """Sends a command that publishes to `count` watchers a message of so many bytes; returns when each had it, in
        nanoseconds since the reply was there, and that since the command was sent.

        The reply's socket is in the same poll: what comes first is noted first.
        """
        publisher = connection.fileno()
        buffer = bytearray(1 << 16)
        times = []
        replied = None
        sent = time.monotonic_ns()
        connection.sendall(command)
        while replied is None or len(times) < count:
            for descriptor, _ in self._poll.poll():
                if descriptor == publisher:
                    answer = connection.recv(1 << 16)
                    replied = time.monotonic_ns()
                    if b"stored" not in answer:
                        raise servers.BenchError(f"COMPUTE.SET was answered with {answer}")
                elif (received := self._sockets[descriptor].recv_into(buffer)) == length:
                    times.append(time.monotonic_ns())
                else:
                    raise servers.BenchError(f"a watcher was told {received} bytes, not {length}")
        return [moment - replied for moment in times], replied - sent

    def add(self, connection):
        self._poll.register(connection, select.EPOLLIN)

    def close(self):
        self._poll.close()
        for watcher in self._sockets.values():
            watcher.close()


def push(launcher, cores, options):
    """From the reply to COMPUTE.SET to the pushed value at a watcher; a value that comes before the reply took no time."""
    rows, verdicts = [], []
    keys = [b"computed:%07d" % index for index in range(WATCHERS)]
    for name, watched, rounds in (("each its own key", keys, PUSHES), ("all one key", [keys[0]] * WATCHERS, 30)):
        report.progress(f"push, {name}")
        with launcher.start(FRESHET, cores) as server:
            setup = server.connect()
            setup.call("SET", "source:000000", "0")
            publish(server, computed(WATCHERS, sources=4))
            watchers = Watchers(server, watched)
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=120)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watchers.add(connection)
            delays, replies = [], []
            for index in range(rounds + rounds // 10):
                key = watched[index % WATCHERS]
                value = b"%032d" % index
                source = b"source:%06d" % (index % WATCHERS % 4)
                command = wire.encode("COMPUTE.SET", key, value, "DEPS", 1, source)
                length = len(wire.encode("message", b"__value@0__:" + key, value))
                times, reply = watchers.publish(connection, command, length, watched.count(key))
                if index >= rounds // 10:
                    delays += [max(0, moment) / 1e6 for moment in times]
                    replies.append(reply / 1e6)
            watchers.close()
            connection.close()
            setup.close()
        cuts = statistics.quantiles(delays, n=100)
        found = []
        if watched is keys:
            found = [report.Verdict(f"p50 < {PUSH_MEDIAN_TARGET}", cuts[49] < PUSH_MEDIAN_TARGET),
                     report.Verdict(f"p99 < {PUSH_P99_TARGET}", cuts[98] < PUSH_P99_TARGET)]
            verdicts += found
        rows.append([name, f"{statistics.median(replies):.3f}", f"{cuts[49]:.3f}", f"{cuts[98]:.3f}",
                     f"{max(delays):.3f}", ", ".join(map(str, found))])
    report.progress("")
    report.table([f"{WATCHERS:,} watchers", "reply after ms, p50", "pushed after the reply ms, p50", "p99", "max",
                  "targets"], rows)
    return verdicts


# MARK: memory

def memory(launcher, cores, options):
    """What nodes and edges take beyond the keys and values that they stand for."""
    grown = {}
    for name, commands in (("plain", plain(NODES)), (1, computed(NODES, 1)), (5, computed(NODES, 5))):
        report.progress(f"memory, {name}")
        with launcher.start(FRESHET, cores) as server:
            empty = server.settled_resident_bytes()
            if name == "plain":
                connection = server.connect()
                connection.fill(wire.chunked(commands))
                connection.close()
            else:
                publish(server, commands)
            grown[name] = server.settled_resident_bytes() - empty
    report.progress("")
    edge = (grown[5] - grown[1]) / NODES / 4
    name = len(b"computed:0000000")
    node = (grown[1] - grown["plain"]) / NODES - edge - name
    verdicts = [report.Verdict(f"bytes per node <= {NODE_TARGET}", node <= NODE_TARGET),
                report.Verdict(f"bytes per edge <= {EDGE_TARGET}", edge <= EDGE_TARGET * 1.02)]
    report.table(["what", "bytes", "target"], [["node, beyond its name", f"{node:.1f}", str(verdicts[0])],
                                               ["edge", f"{edge:.1f}", str(verdicts[1])]])
    return verdicts
