"""Load: redis-benchmark for measured runs, and the data that the commands under test find."""

import csv
import dataclasses
import io
import statistics
import subprocess
import time

import servers
import wire

CLIENTS = 50


@dataclasses.dataclass(frozen=True)
class Figures:
    """What one run, or the median of several, has shown."""

    throughput: float  # commands per second
    p50: float  # milliseconds
    p99: float  # milliseconds
    cpu: float  # nanoseconds of server CPU time per command

    @staticmethod
    def median(runs):
        names = [field.name for field in dataclasses.fields(Figures)]
        return Figures(*(statistics.median(getattr(run, name) for run in runs) for name in names))


def measure(server, cores, command, requests, pipeline, keyspace):
    """Runs redis-benchmark once against a server and reads the server's CPU time before and after."""
    # A whole number of pipelines for every client: redis-benchmark finishes a pipeline that it has begun, and the
    # CPU time is divided by what was asked for.
    round_trip = CLIENTS * pipeline
    requests = max(1, round(requests / round_trip)) * round_trip
    arguments = ["taskset", "-c", cores.load, servers.tool("redis-benchmark", "redis-tools"), "--csv",
                 "-h", "127.0.0.1", "-p", server.port, "-c", CLIENTS, "-n", requests, "-P", pipeline,
                 "-r", keyspace]
    if cores.load_threads > 1:
        arguments += ["--threads", cores.load_threads]
    before = server.cpu_nanoseconds()
    result = subprocess.run([str(argument) for argument in [*arguments, *command]],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    cpu = server.cpu_nanoseconds() - before
    output = result.stdout + result.stderr
    if result.returncode != 0 or "Error from server" in output:
        raise servers.BenchError(f"redis-benchmark {' '.join(command)} against {server.name}: {output.strip()}")
    rows = [row for row in csv.DictReader(io.StringIO(result.stdout)) if row.get("rps")]
    if not rows:
        raise servers.BenchError(f"redis-benchmark printed no figures: {output.strip()}")
    row = rows[-1]
    return Figures(float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]), cpu / requests)


@dataclasses.dataclass(frozen=True)
class Fill:
    """The cost of filling a server."""

    commands: int
    seconds: float
    cpu: float  # nanoseconds of server CPU time per command
    resident: int  # bytes, once settled
    grown: int  # bytes beyond the server before the fill


def fill(server, commands, count, batch=1000):
    """Sends encoded commands in batches, each with a reply of one line or one text, and tells what they cost."""
    empty = server.settled_resident_bytes()
    connection = server.connect()
    cpu, start = server.cpu_nanoseconds(), time.monotonic()
    connection.fill(wire.chunked(commands, batch))
    seconds, cpu = time.monotonic() - start, server.cpu_nanoseconds() - cpu
    connection.close()
    resident = server.settled_resident_bytes()
    return Fill(count, seconds, cpu / count, resident, resident - empty)


def expect(server, wanted, *command):
    """Checks the reply of one command: a benchmark of missing data would measure something else."""
    connection = server.connect()
    reply = connection.call(*command)
    connection.close()
    if reply != wanted:
        raise servers.BenchError(f"{server.name} answers {' '.join(map(str, command))} with {reply}, not {wanted}")


# Keys are what redis-benchmark makes of __rand_int__: twelve digits. All are 16 bytes long, or nearly.

def strings(count, value=b"xxx"):
    command = wire.template(b"SET", b"key:%012d", value)
    if b"%" in value:
        return (command % (index, index) for index in range(count))
    return (command % index for index in range(count))


def counters(count):
    command = wire.template(b"SET", b"counter:%012d", b"1000")
    return (command % index for index in range(count))


def hashes(count):
    command = wire.template(b"HSET", b"hash:%012d", b"name", b"user:%08d", b"city", b"Heidelberg", b"visits", b"17",
                            b"score", b"%08d", b"state", b"active")
    return (command % (index, index, index) for index in range(count))


def queue(count):
    """One list."""
    return repeated(wire.template(b"RPUSH", b"queue", b"xxx"), count)


def line(_):
    """One list that is long enough for every range that is read."""
    return repeated(wire.template(b"RPUSH", b"line", b"xxx"), 10_000)


def elements(count):
    """One list of elements that differ."""
    command = wire.template(b"RPUSH", b"elements", b"element:%08d")
    return (command % index for index in range(count))


def repeated(command, count):
    return (command for _ in range(count))


def members(count):
    """One set."""
    command = wire.template(b"SADD", b"members", b"element:%012d")
    return (command % index for index in range(count))


def board(count):
    """One sorted set. Members come in an order far from that of their scores, as they do in life."""
    command = wire.template(b"ZADD", b"board", b"%012d", b"member:%012d")
    stride = 7_368_787  # a prime: coprime to every count used here, so that each score occurs once
    return (command % (index * stride % count, index) for index in range(count))
