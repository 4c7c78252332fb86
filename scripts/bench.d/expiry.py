"""A million keys that expire in the same second: how long others wait meanwhile; and what a connection takes."""

import resource
import time

import report
import servers
import wire
from servers import FRESHET, REDIS

KEYS = 1_000_000
CONNECTIONS = 5000
# Seconds from the first key's SET to the deadline of all, and for which PINGs are timed around it.
LEAD = 12
WATCHED = 4


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    raise_descriptor_limit()
    report.machine(f"{KEYS:,} keys with one deadline, PINGs timed for {WATCHED} s; {CONNECTIONS:,} idle connections")
    rows = []
    for name in names:
        report.progress(name)
        with launcher.start(name, cores) as server:
            # While there is no freed memory that connections could take instead of new.
            connection = f"{per_connection(server):,.0f}"
            rows.append([name, *expire(server), connection])
    report.progress("")
    report.table(["server", "PING p50 ms", "p99.9 ms", "longest ms", "keys left", "bytes per connection"], rows)
    return report.close([])


def expire(server):
    """Fills the server, times PINGs while the keys expire; returns the table's figures."""
    connection = server.connect()
    deadline = int((time.time() + LEAD) * 1000)
    command = wire.template(b"SET", b"key:%012d", b"v" * 32, b"PXAT", b"%013d")
    connection.fill(wire.chunked(command % (index, deadline) for index in range(KEYS)))
    time.sleep(max(0, deadline / 1000 - 0.2 - time.time()))
    waits = []
    while time.time() < deadline / 1000 - 0.2 + WATCHED:
        start = time.perf_counter()
        connection.call("PING")
        waits.append((time.perf_counter() - start) * 1000)
    waits.sort()
    left = connection.call("DBSIZE")
    connection.close()
    return [f"{waits[len(waits) // 2]:.3f}", f"{waits[int(len(waits) * 0.999)]:.3f}", f"{waits[-1]:.1f}", f"{left:,}"]


def per_connection(server):
    """Resident bytes that a connection adds which was used once."""
    before = server.resident_bytes()
    connections = [server.connect() for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.call("PING")
    grown = server.resident_bytes() - before
    for connection in connections:
        connection.close()
    return max(0, grown) / CONNECTIONS


def raise_descriptor_limit():
    """Descriptors for both ends of the connections, if the system lets this process have them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + 100
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise servers.BenchError(f"needs {wanted} open files, the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
