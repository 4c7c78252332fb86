"""scripts/bench: picks the benchmark by its name. The wrapper's head lists them."""

import argparse
import signal
import sys

import compute
import eventstore
import eviction
import expiry
import instructions
import memory
import persist
import pubsub
import servers
import sets
import sort
import streams
import table
import threads

BENCHMARKS = {
    "table": table,
    "memory": memory,
    "eventstore": eventstore,
    "threads": threads,
    "expiry": expiry,
    "eviction": eviction,
    "compute": compute,
    "pubsub": pubsub,
    "sets": sets,
    "streams": streams,
    "sort": sort,
    "persist": persist,
    "instructions": instructions,
}


def main(arguments):
    if not arguments or arguments[0] not in BENCHMARKS:
        if not arguments or arguments[0] not in ("-h", "--help"):
            arguments = ["table", *arguments]
    parser = argparse.ArgumentParser(prog="scripts/bench")
    commands = parser.add_subparsers(dest="benchmark", required=True)
    for name, module in BENCHMARKS.items():
        command = commands.add_parser(name, help=module.__doc__, description=module.__doc__)
        command.add_argument("--binary", metavar="PATH", help="measure this binary instead of building one")
        module.add_arguments(command)
    options = parser.parse_args(arguments)

    # As an exception, so that every context manager on the way out ends its server and removes its folder.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        return BENCHMARKS[options.benchmark].run(options)
    except servers.BenchError as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
