"""scripts/crash: rounds of writing, killing, restarting and comparing."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench.d"))

import report  # noqa: E402
import servers  # noqa: E402
import wire  # noqa: E402
from servers import FRESHET, REDIS  # noqa: E402
from victim import MODES, DidNotStart, Victim  # noqa: E402
from workload import Saver, Writer, examine, examine_scratch  # noqa: E402

# The modes in which each kind of failure is played. What the kernel had written is no promise where the power fails.
KINDS = {"kill": ("always", "everysec", "no", "rdb"),
         "power": ("always", "everysec", "rdb", "waitaof", "prefix", "connection"),
         "full": ("always", "everysec", "no"), "sync": ("always", "everysec"), "folder": ("always", "everysec", "rdb")}
FAULTS = {"full": "w", "sync": "s", "folder": "f"}


@dataclasses.dataclass
class Tally:
    """What came out of all rounds of one mode on one server."""

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    lost_rounds: int = 0
    oldest: float = 0.0
    saves: int = 0
    broken: int = 0
    problems: list = dataclasses.field(default_factory=list)


def main(arguments):
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="of each mode, kind and server (50)")
    parser.add_argument("--modes", default=",".join(MODES), help="always, everysec, no: of the append-only file; rdb; waitaof, prefix (FSYNC), "
                             "connection (CLIENT FSYNC): the log of writes that wait for the disk, Freshet only")
    parser.add_argument("--kinds", default=",".join(KINDS),
                        help="kill: the process ends; power: so does the machine, and what was not synced is lost; "
                             "full, sync, folder: before that writing to the disk, or syncing it, or creating and "
                             "renaming files fails for a while")
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")
    parser.add_argument("--binary", metavar="PATH", help="kill this binary instead of building Freshet's")
    parser.add_argument("--writers", type=int, default=4, help="connections that write (4)")
    parser.add_argument("--seconds", type=float, default=2.5, help="longest time until the kill (2.5)")
    parser.add_argument("--sync-delay", type=int, default=0, metavar="MS",
                        help="how much longer each sync takes; not of the kind kill")
    parser.add_argument("--directory", metavar="PATH", help="where the files are; a temporary folder by default")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keep the files of a server that broke a promise")
    parser.add_argument("--extra", default="", help="more directives for both servers, separated by spaces")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        return run(options)
    except servers.BenchError as error:
        print(f"scripts/crash: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(options):
    random.seed(options.seed)
    binaries = {}
    for name in options.servers.split(","):
        if name == FRESHET:
            binaries[name] = os.path.abspath(options.binary) if options.binary else servers.build("freshet-server")
        else:
            binaries[name] = servers.tool("redis-server", "redis-server")
    print(f"seed {options.seed}, {options.writers} writers, killed within {options.seconds} s; snapshots and rewrites "
          "go on meanwhile\n", flush=True)
    tallies = {}
    for kind in options.kinds.split(","):
        for mode in options.modes.split(","):
            if mode in KINDS[kind]:
                for name, binary in binaries.items():
                    if name == REDIS and MODES[mode].asks:
                        continue
                    tallies[kind, mode, name] = rounds(options, kind, mode, name, binary)
    report.progress("")
    return print_table(tallies)


def rounds(options, kind, mode, name, binary):
    """All rounds of one mode on one server, on the same files."""
    tally = Tally()
    victim = Victim(name, binary, kind, mode, options)
    try:
        victim.start()
        for index in range(options.rounds):
            report.progress(f"{kind}, {mode}, {name}: round {index + 1} of {options.rounds}")
            if not one_round(options, victim, index, tally):
                break
    finally:
        victim.close(keep=options.keep and tally.problems)
    if options.keep and tally.problems:
        print(f"{name}'s files are in {victim.folder}", file=sys.stderr)
    return tally


def one_round(options, victim, index, tally):
    """Writes, kills, restarts, compares. Returns whether the server can go on."""
    problems = []
    writers, saver = start_writing(options, victim, index)
    time.sleep(random.uniform(0.05, options.seconds))
    if victim.kind == "folder":
        problems += forbid_files_for_a_while(victim, writers)
    elif victim.kind in FAULTS:
        problems += fail_for_a_while(victim, writers)
    moment = victim.kill()
    for thread in (*writers, saver):
        thread.join()
    tally.rounds += 1
    tally.saves += saver.saves
    tally.acknowledged += sum(writer.acknowledged for writer in writers)
    try:
        victim.start()
    except DidNotStart as error:
        tally.broken += 1
        tally.problems.append(f"round {index + 1}: did not start: {error}")
        return False
    findings = compare(victim, writers, moment, saver)
    lost = sum(finding.lost for finding in findings)
    tally.lost += lost
    tally.lost_rounds += lost > 0
    tally.oldest = max(tally.oldest, *(finding.oldest for finding in findings))
    problems += [problem for finding in findings for problem in finding.problems]
    if victim.kind not in FAULTS or victim.kind == "folder":
        problems += [f"refused: {writer.refusal}" for writer in writers if writer.refusal]
    tally.broken += bool(problems)
    tally.problems += [f"round {index + 1}: {problem}" for problem in problems]
    return True


def start_writing(options, victim, index):
    writers = [Writer(victim.port, f"{index}:{number}", victim.mode, random.random()) for number in range(options.writers)]
    saver = Saver(victim.port, writers, victim.mode, random.random())
    for thread in (*writers, saver):
        thread.start()
    return writers, saver


def fail_for_a_while(victim, writers):
    """Has the disk fail until it is noticed, and then not any more. Returns what the server did wrong."""
    victim.set_fault(FAULTS[victim.kind])
    try:
        for writer in writers:
            writer.join(timeout=5)
        status = victim.exit_status(patience=0 if any(writer.refusal for writer in writers) else 2)
        if status is not None:
            return [] if status > 0 else [f"ended with status {status}"]
        if any(writer.is_alive() for writer in writers):
            return ["neither refuses writes nor ends"]
        if victim.mode.promise == "nothing":
            return [f"refuses writes instead of ending: {writers[0].refusal}"]
        with contextlib.closing(wire.Connection(victim.port, timeout=5)) as connection:
            connection.call("GET", "probe")
    except (OSError, wire.ReplyError) as error:
        return [f"does not answer reads while writing fails: {error}"]
    finally:
        victim.set_fault(" ")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with (contextlib.suppress(wire.ReplyError, OSError),
              contextlib.closing(wire.Connection(victim.port, timeout=5)) as connection):
            connection.call("SET", "probe", 1)
            return []
        time.sleep(0.05)
    return ["does not take writes 20 s after the failure is over"]


def forbid_files_for_a_while(victim, writers):
    """Has the folders be read-only until a snapshot or a rewrite has failed, and then not any more, and one has succeeded.
    Writing goes on all the while. Returns what the server did wrong."""
    problems = []
    for fault, state in ((FAULTS[victim.kind], True), (" ", False)):
        victim.set_fault(fault)
        if not waits_until(victim, lambda info: (b"_status:err" in info) == state):
            problems.append("no snapshot fails" if state else "snapshots go on failing 20 s after the failure is over")
            break
    victim.set_fault(" ")
    if not problems and not all(writer.is_alive() for writer in writers):
        problems.append("does not take writes while no file can be created")
    return problems


def waits_until(victim, holds):
    """Whether something holds soon of what the server says of its files."""
    deadline = time.monotonic() + 20
    with contextlib.suppress(wire.ReplyError, OSError), contextlib.closing(wire.Connection(victim.port, timeout=5)) as connection:
        while time.monotonic() < deadline:
            if holds(connection.call("INFO", "persistence")):
                return True
            time.sleep(0.02)
    return False


def compare(victim, writers, moment, saver):
    connection = wire.Connection(victim.port)
    findings = [examine(connection, writer, moment, floor, victim.mode.promise)
                for writer, floor in zip(writers, saver.floors)]
    is_safe = victim.mode.promise == "nothing" and not victim.mode.asks
    findings[0].problems += examine_scratch(connection, saver, is_safe)
    # The files are to stay small, and what a round has found is nothing to the next.
    connection.call("FLUSHALL")
    if victim.mode.promise == "snapshot":
        connection.call("SAVE")
    connection.close()
    return findings


def print_table(tallies):
    rows, verdicts = [], []
    for (kind, mode, name), tally in tallies.items():
        kept = not tally.broken
        if name == FRESHET:
            verdicts.append(report.Verdict(f"{kind} {mode}", kept))
        rows.append([kind, mode, name, f"{tally.rounds}", f"{tally.saves}", f"{tally.acknowledged:,}", f"{tally.lost:,}",
                     f"{tally.lost_rounds}", f"{tally.oldest:.2f}", f"{tally.broken}", "kept" if kept else "BROKEN"])
    report.table(["kind", "mode", "server", "rounds", "saves", "acknowledged", "lost", "rounds with loss",
                  "oldest lost s", "broken rounds", "promise"], rows)
    for (kind, mode, name), tally in tallies.items():
        for problem in tally.problems[:5]:
            print(f"\n{kind} {mode} {name}, {problem}")
    return report.close(verdicts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
