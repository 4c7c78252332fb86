"""SORT over 10,000 elements: fanning out to other keys in one round trip, and ordering."""

import report
import servers
import wire
from servers import FRESHET, REDIS

ELEMENTS = 10_000
# Of redis-server's processor time.
LIMIT = 1.0

CALLS = (
    ("set, two fields each", ("SORT", "ids", "BY", "nosort", "GET", "#", "GET", "conn:*->Field")),
    ("set by other keys", ("SORT", "ids", "BY", "weight:*", "LIMIT", "0", "10")),
    ("set as numbers", ("SORT", "ids", "LIMIT", "0", "10")),
    ("list as texts", ("SORT", "names", "ALPHA", "LIMIT", "0", "10")),
)


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=100, help="calls of each kind")


def fill(connection):
    def commands():
        for index in range(ELEMENTS):
            yield wire.encode("SADD", "ids", 1_000_000 + index * 7)
            yield wire.encode("HSET", f"conn:{1_000_000 + index * 7}", "Field", f"host-{index}", "Other", index)
            yield wire.encode("SET", f"weight:{1_000_000 + index * 7}", index * 7919 % ELEMENTS)
            yield wire.encode("RPUSH", "names", f"name-{index * 7919 % ELEMENTS}")
    connection.fill(wire.chunked(commands()))


def run(options):
    launcher = servers.Launcher([FRESHET, REDIS], options.binary)
    cores = servers.Cores.split()
    report.machine(f"{ELEMENTS:,} elements, one connection, {options.rounds} calls of each kind")
    figures = {}
    for name in (FRESHET, REDIS):
        with launcher.start(name, cores) as server:
            connection = server.connect()
            fill(connection)
            for title, call in CALLS:
                report.progress(f"{title} on {name}")
                connection.call(*call)
                before = server.cpu_nanoseconds()
                for _ in range(options.rounds):
                    connection.call(*call)
                figures[title, name] = (server.cpu_nanoseconds() - before) / options.rounds / 1e6
            connection.close()
    report.progress("")
    rows, verdicts = [], []
    for title, _ in CALLS:
        ratio = figures[title, FRESHET] / figures[title, REDIS]
        verdicts.append(report.Verdict(f"at most {LIMIT:.2f}", ratio <= LIMIT))
        rows.append([title, f"{figures[title, FRESHET]:.2f}", f"{figures[title, REDIS]:.2f}", f"{ratio:.2f}",
                     str(verdicts[-1])])
    report.table(["call", "Freshet CPU ms", "redis-server CPU ms", "ratio", "target"], rows)
    return report.close(verdicts)
