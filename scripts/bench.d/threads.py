"""What a second worker costs: CPU time per GET and SET with one worker and with two, Freshet only."""

import contextlib

import load
import report
import servers
from servers import FRESHET

KEYSPACE = 1_000_000
REQUESTS = 3_200_000
PIPELINE = 64
GROWTH_TARGET = 0.15
THROUGHPUT_TARGET = 1.7
COMMANDS = {"GET": ("GET", "key:__rand_int__"), "SET": ("SET", "key:__rand_int__", "xxx")}


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5, help="runs of each test, of which the median counts (5)")


def run(options):
    launcher = servers.Launcher([FRESHET], options.binary)
    # Both servers get the same cores, so that the number of workers is all that differs.
    cores = servers.Cores.split(server_cores=2)
    shared = cores.server == cores.load
    report.machine(f"server on cores {cores.server}, redis-benchmark on {cores.load}; {load.CLIENTS} clients, "
                   f"pipeline {PIPELINE}, {KEYSPACE:,} random keys, median of {options.rounds}")
    runs = {(name, workers): [] for name in COMMANDS for workers in (1, 2)}
    with contextlib.ExitStack() as stack:
        running = {workers: stack.enter_context(launcher.start(FRESHET, cores, workers)) for workers in (1, 2)}
        for server in running.values():
            connection = server.connect()
            connection.fill(load.wire.chunked(load.strings(KEYSPACE)))
            connection.close()
        for name, command in COMMANDS.items():
            for index in range(options.rounds):
                report.progress(f"{name}, round {index + 1} of {options.rounds}")
                for workers, server in running.items():
                    runs[name, workers].append(load.measure(server, cores, command, REQUESTS, PIPELINE, KEYSPACE))
    report.progress("")
    rows, verdicts = [], []
    for name in COMMANDS:
        one, two = (load.Figures.median(runs[name, workers]) for workers in (1, 2))
        growth, gain = two.cpu / one.cpu - 1, two.throughput / one.throughput
        found = [report.Verdict(f"CPU growth <= {GROWTH_TARGET:.0%}", growth <= GROWTH_TARGET)]
        if not shared:
            found.append(report.Verdict(f"throughput >= {THROUGHPUT_TARGET}", gain >= THROUGHPUT_TARGET))
        verdicts += found
        rows.append([name, f"{one.cpu:,.0f}", f"{two.cpu:,.0f}", f"{growth:+.1%}", f"{one.throughput / 1000:,.0f}",
                     f"{two.throughput / 1000:,.0f}", f"{gain:.2f}", ", ".join(map(str, found))])
    report.table(["command", "CPU ns/op, 1 worker", "2 workers", "growth", "thousand/s, 1 worker", "2 workers",
                  "gain", "targets"], rows)
    if shared:
        print("\nWorkers and load generator share the cores here: throughput says nothing about the second worker.")
    return report.close(verdicts)
