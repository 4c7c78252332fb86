"""An event-sourced application's data: ten million events in one aggregate, and a million aggregates."""

import load
import report
import servers
import wire
from servers import FRESHET, REDIS

EVENTS_PER_AGGREGATE = 5


def add_arguments(parser):
    parser.add_argument("--quick", action="store_true", help="a hundredth of the size")
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")


def one_aggregate(events):
    command = wire.template(b"ZADD", b"events:shop:main:order", b"%012d",
                            b'{"sequence":%012d,"type":"ItemAdded","item":"book","count":1}')
    return (command % (index, index) for index in range(events))


def many_aggregates(aggregates):
    """The first event of every aggregate, then the second of every one: appends come interleaved."""
    command = wire.template(b"ZADD", b"events:shop:main:%012d", b"%06d",
                            b'{"sequence":%06d,"type":"ItemAdded","item":"book","count":1}')
    return (command % (index, sequence, sequence)
            for sequence in range(EVENTS_PER_AGGREGATE) for index in range(aggregates))


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    shrink = 100 if options.quick else 1
    events, aggregates = 10_000_000 // shrink, 1_000_000 // shrink
    large, small = "events:shop:main:order", "events:shop:main:__rand_int__"
    # name, commands, their number, checks, keyspace of the reads, reads
    cases = (
        (f"{events:,} events in one aggregate", lambda: one_aggregate(events), events,
         [(events, "ZCARD", large)], events,
         [("10 events from a sequence on", ("ZRANGEBYSCORE", large, "__rand_int__", "+inf", "LIMIT", "0", "10")),
          ("100 events from a sequence on", ("ZRANGEBYSCORE", large, "__rand_int__", "+inf", "LIMIT", "0", "100"))]),
        (f"{aggregates:,} aggregates of {EVENTS_PER_AGGREGATE} events", lambda: many_aggregates(aggregates),
         aggregates * EVENTS_PER_AGGREGATE,
         [(aggregates, "DBSIZE"), (EVENTS_PER_AGGREGATE, "ZCARD", f"events:shop:main:{aggregates - 1:012d}")],
         aggregates,
         [("last 3 events of an aggregate", ("ZRANGEBYSCORE", small, "2", "+inf"))]),
    )
    report.machine("appends over one connection, pipelined, as fast as the load generator goes; reads: "
                   f"{load.CLIENTS} clients, pipeline 16")
    appended, read = {}, {}
    for name, commands, count, checks, keyspace, ranges in cases:
        for server_name in names:
            report.progress(f"{name} on {server_name}")
            with launcher.start(server_name, cores) as server:
                appended[name, server_name] = load.fill(server, commands(), count)
                for check in checks:
                    load.expect(server, *check)
                for title, command in ranges:
                    read[name, title, server_name] = load.measure(server, cores, command, 400_000 // shrink, 16, keyspace)
    report.progress("")
    report.table(["appended", "server", "seconds", "thousand/s", "CPU ns/op", "CPU ratio", "MB resident",
                  "memory ratio", "bytes per event"],
                 [[*what, f"{fill.seconds:.1f}", f"{fill.commands / fill.seconds / 1000:,.0f}", f"{fill.cpu:,.0f}",
                   ratio(appended, what, "cpu"), f"{fill.resident / 1e6:,.1f}", ratio(appended, what, "resident"),
                   f"{fill.grown / fill.commands:.1f}"] for what, fill in sorted(appended.items())])
    print()
    report.table(["in", "range read", "server", "thousand/s", "p99 ms", "CPU ns/op", "CPU ratio"],
                 [[*what, f"{figures.throughput / 1000:,.0f}", f"{figures.p99:.3f}", f"{figures.cpu:,.0f}",
                   ratio(read, what, "cpu")] for what, figures in sorted(read.items())])
    return 0


def ratio(results, what, figure):
    """On Freshet's line: a figure divided by redis-server's for the same work."""
    *work, server_name = what
    reference = results.get((*work, REDIS))
    if server_name != FRESHET or reference is None:
        return ""
    return f"{getattr(results[what], figure) / getattr(reference, figure):.2f}"
