"""What a message to a subscriber costs: CPU time of the server per message, one channel with a thousand subscribers."""

import contextlib
import resource
import select
import socket
import statistics

import load
import report
import servers
import wire
from servers import FRESHET, REDIS

SUBSCRIBERS = 1000
# Publishers, pipeline, and the most that a message may cost as a share of redis-server's. What one publisher sends in
# one batch is one write to each subscriber, whatever the server: of that the kernel takes nearly all, and the share has
# no target where the writes alone are beyond it.
CASES = ((load.CLIENTS, 16, 0.5), (load.CLIENTS, 1, 1.0), (1, 16, None), (1, 1, 1.0))
CHANNEL = b"channel"
PAYLOAD = b"x" * 32


def add_arguments(parser):
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--batches", type=int, default=80,
                        help="batches in each run, of all publishers together (80)")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each test, of which the median counts (7)")
    parser.add_argument("--threads", type=int, default=1, help="Freshet's workers, and the server's cores (1)")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split(server_cores=options.threads)
    raise_descriptor_limit(len(names))
    report.machine(f"server on cores {cores.server}, clients on {cores.load}; {SUBSCRIBERS:,} subscribers, payload of "
                   f"{len(PAYLOAD)} bytes, every batch read by all before the next, median of {options.rounds}")
    costs = {(name, case): [] for name in names for case in CASES}
    with contextlib.ExitStack() as stack:
        audiences = {}
        for name in names:
            server = stack.enter_context(launcher.start(name, cores, options.threads))
            audiences[name] = server, stack.enter_context(Audience(server))
        for case in CASES:
            for index in range(options.rounds):
                report.progress(f"{case[0]} publishers, pipeline {case[1]}, round {index + 1} of {options.rounds}")
                # In turn, so that what else the machine does meets all of them.
                for name in names if index % 2 == 0 else reversed(names):
                    costs[name, case].append(measure(*audiences[name], case, options))
    report.progress("")
    medians = {what: statistics.median(runs) for what, runs in costs.items()}
    rows, verdicts = [], []
    for case in CASES:
        publishers, pipeline, target = case
        row = [str(publishers), str(pipeline), *(f"{medians[name, case]:,.0f}" for name in names)]
        if FRESHET in names and REDIS in names:
            pairs = zip(costs[FRESHET, case], costs[REDIS, case])
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            found = [report.Verdict(f"ratio <= {target}", ratio <= target)] if target else []
            verdicts += found
            row += [f"{ratio:.2f}", ", ".join(map(str, found))]
        rows.append(row)
    header = ["publishers", "pipeline", *(f"{name}, CPU ns/message" for name in names)]
    report.table(header + (["ratio", "target"] if verdicts else []), rows)
    return report.close(verdicts)


def measure(server, audience, case, options):
    """CPU nanoseconds of a server per message."""
    publishers, pipeline, _ = case
    batches = max(4, options.batches // publishers)
    audience.publish(1, publishers, pipeline)
    before = server.cpu_nanoseconds()
    audience.publish(batches, publishers, pipeline)
    cpu = server.cpu_nanoseconds() - before
    return cpu / (batches * publishers * pipeline * SUBSCRIBERS)


class Audience:
    """Publishers and their subscribers; a context manager that closes their connections."""

    def __init__(self, server):
        self._publishers = [server.connect() for _ in range(load.CLIENTS)]
        self._poll = select.epoll()
        self._sockets = {}
        confirmation = wire.encode("subscribe", CHANNEL) + b":1\r\n"
        confirmation = b"*3" + confirmation[2:]
        self._message = len(wire.encode("message", CHANNEL, PAYLOAD))
        for _ in range(SUBSCRIBERS):
            subscriber = socket.create_connection(("127.0.0.1", server.port), timeout=120)
            subscriber.sendall(wire.encode("SUBSCRIBE", CHANNEL))
            received = b""
            while len(received) < len(confirmation):
                received += subscriber.recv(4096)
            if received != confirmation:
                raise servers.BenchError(f"{server.name} answers SUBSCRIBE with {received}")
            self._sockets[subscriber.fileno()] = subscriber
            self._poll.register(subscriber, select.EPOLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._poll.close()
        for connection in [*self._publishers, *self._sockets.values()]:
            connection.close()

    def publish(self, batches, publishers, pipeline):
        """Lets each of so many publishers send so many batches; each is read by every subscriber before the next."""
        command = wire.encode("PUBLISH", CHANNEL, PAYLOAD) * pipeline
        buffer = bytearray(1 << 16)
        for _ in range(batches):
            for publisher in self._publishers[:publishers]:
                publisher.send(command)
            for publisher in self._publishers[:publishers]:
                publisher.expect(pipeline)
            missing = SUBSCRIBERS * publishers * pipeline * self._message
            while missing > 0:
                for descriptor, _ in self._poll.poll():
                    count = self._sockets[descriptor].recv_into(buffer)
                    if count == 0:
                        raise servers.BenchError("the server closed a subscriber")
                    missing -= count


def raise_descriptor_limit(audiences):
    """Descriptors for the subscribers of so many servers, which inherit the limit, if the system lets this process have them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = (audiences + 1) * SUBSCRIBERS + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise servers.BenchError(f"needs {wanted} open files, the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
