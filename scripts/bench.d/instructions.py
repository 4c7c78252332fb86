"""Instructions and allocations per command, counted by callgrind and compared with the checked-in figures.

freshet-driver feeds a recorded pipeline of one command through parsing, execution and encoding, without sockets. It
runs twice with different counts; the difference between the runs, divided by the difference of the counts, is the
cost of one command without anything that happens once. Counts do not depend on what else the machine does.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import tempfile

import report
import servers

COUNTS = (20_000, 40_000)
TOLERANCE = 0.05
# An allocation every hundred commands is a table that grows, not one more allocation per command.
ALLOCATION_SLACK = 0.01
FIGURES = pathlib.Path(__file__).with_name("instructions.json")
ALLOCATORS = frozenset(["malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign", "valloc"])
NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")


def add_arguments(parser):
    parser.add_argument("--update", action="store_true", help="write the figures instead of comparing them")
    parser.add_argument("--figures", type=pathlib.Path, default=FIGURES, metavar="PATH", help="the checked-in figures")
    parser.add_argument("--only", default="", metavar="PATTERN", help="pipelines whose name contains it")


def run(options):
    valgrind = servers.tool("valgrind", "valgrind")
    driver = os.path.abspath(options.binary) if options.binary else servers.build("freshet-driver")
    with tempfile.TemporaryDirectory() as folder:
        return measure(options, valgrind, stripped(driver, folder))


def stripped(driver, folder):
    """A copy without debug information, of which valgrind does not understand all that compilers write."""
    copy = os.path.join(folder, os.path.basename(driver))
    subprocess.run([servers.tool("strip", "binutils"), "--strip-debug", "-o", copy, driver], check=True)
    return copy


def measure(options, valgrind, driver):
    names = [name for name in listed(driver) if options.only.lower() in name.lower()]
    if not names:
        raise servers.BenchError(f"{driver} --list names no pipeline that matches")
    counted = count_all(valgrind, driver, names)
    recorded = json.loads(options.figures.read_text()) if options.figures.exists() else {}
    if options.update:
        kept = {name: figures for name, figures in recorded.items() if options.only and name not in counted}
        options.figures.write_text(json.dumps({**kept, **counted}, indent=2, sort_keys=True) + "\n")
    verdicts = print_table(counted, recorded, options)
    return 0 if options.update else report.close(verdicts)


def listed(driver):
    result = subprocess.run([driver, "--list"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise servers.BenchError(f"{driver} --list failed: {result.stderr.strip()}")
    return result.stdout.split("\n")[:-1]


def count_all(valgrind, driver, names):
    """Counts on all cores at once: counts, unlike times, do not mind the company."""
    running = set()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            counted = pool.map(lambda name: per_command(valgrind, driver, name, running), names)
            return dict(zip(names, counted))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.kill()
            raise


def per_command(valgrind, driver, name, running):
    """Instructions and allocations of one command: the difference of two runs."""
    few, many = (count(valgrind, driver, name, commands, running) for commands in COUNTS)
    difference = COUNTS[1] - COUNTS[0]
    return {
        "instructions": round((many[0] - few[0]) / difference, 1),
        "allocations": round((many[1] - few[1]) / difference, 3),
    }


def count(valgrind, driver, name, commands, running):
    """Runs a pipeline under callgrind; returns all instructions and all allocations of the process.

    The valgrind process is in the set of running ones while it lives.
    """
    # The environment is copied onto the stack and read by the C library: an empty one is the same everywhere.
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_BIND_NOW": "1"}
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as folder:
        out = os.path.join(folder, "out")
        process = subprocess.Popen(
            [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", driver, name, str(commands)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        running.add(process)
        errors = process.communicate()[1]
        running.discard(process)
        if process.returncode != 0:
            raise servers.BenchError(f"{driver} {name} {commands} failed under valgrind:\n{errors.strip()}")
        with open(out, encoding="utf-8", errors="replace") as lines:
            return parse(lines)


def parse(lines):
    """Reads callgrind's file: its total, and how often an allocator was called from outside the allocator.

    Names are written once and referred to by number afterwards; recursion adds 'N to them.
    """
    names, caller, callee, total, allocations = {}, "", "", None, 0
    for line in lines:
        if line.startswith(("fn=", "cfn=")):
            kind, number, name = NAME.match(line).groups()
            if name is not None:
                names[number] = name.partition("'")[0]
            if kind == "fn":
                caller = names[number]
            else:
                callee = names[number]
        elif line.startswith("calls="):
            if callee in ALLOCATORS and caller not in ALLOCATORS:
                allocations += int(line[len("calls="):].split()[0])
        elif line.startswith("totals:"):
            total = int(line.split()[1])
    if total is None:
        raise servers.BenchError("callgrind wrote no total")
    return total, allocations


def print_table(counted, recorded, options):
    rows, verdicts = [], []
    for name, now in counted.items():
        before = recorded.get(name)
        if before is None:
            rows.append([name, f"{now['instructions']:.1f}", "", "", f"{now['allocations']:.3f}", "",
                         "recorded" if options.update else "FAIL: no checked-in figure"])
            verdicts.append(report.Verdict(name, options.update))
            continue
        change = now["instructions"] / before["instructions"] - 1
        failed = change > TOLERANCE or now["allocations"] > before["allocations"] * (1 + TOLERANCE) + ALLOCATION_SLACK
        verdicts.append(report.Verdict(name, not failed))
        result = "recorded" if options.update else "FAIL" if failed else "ok"
        rows.append([name, f"{now['instructions']:.1f}", f"{before['instructions']:.1f}", f"{change:+.1%}",
                     f"{now['allocations']:.3f}", f"{before['allocations']:.3f}", result])
    if not options.only:
        for name in sorted(set(recorded) - set(counted)):
            rows.append([name, "", f"{recorded[name]['instructions']:.1f}", "", "",
                         f"{recorded[name]['allocations']:.3f}", "removed" if options.update else "FAIL: not listed"])
            verdicts.append(report.Verdict(name, options.update))
    report.table(["command", "instructions", "checked in", "change", "allocations", "checked in", "result"], rows)
    return verdicts
