"""How results are printed: Markdown tables on standard output, progress on standard error."""

import dataclasses
import os
import pathlib
import re
import sys

# The load of the last minute above which throughput and latency are no longer this benchmark's own.
BUSY = 0.7

NUMBER = re.compile(r"[-+]?[0-9,.]*%?")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A target and whether it was reached."""

    target: str
    reached: bool

    def __str__(self):
        return f"{self.target}: {'ok' if self.reached else 'MISS'}"


def progress(text):
    """Shows what is being done, on one line of a terminal; silent elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def machine(setting):
    """Says where and how the figures below were measured."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    print(f"{model}, {os.cpu_count()} cores; {setting}\n", flush=True)
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f"Other programs are busy (load {load:.1f}): trust CPU time, not throughput and latency.\n", flush=True)


def table(header, rows):
    """A Markdown table with columns of equal width; numbers are set to the right."""
    cells = [header, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    right = [all(NUMBER.fullmatch(row[column]) for row in rows) for column in range(len(header))]

    def line(row):
        aligned = (cell.rjust(width) if flush else cell.ljust(width)
                   for cell, width, flush in zip(row, widths, right))
        return "| " + " | ".join(aligned) + " |"

    print(line(header))
    print("| " + " | ".join("-" * (width - 1) + (":" if flush else "-") for width, flush in zip(widths, right)) + " |")
    for row in rows:
        print(line(row))
    sys.stdout.flush()


def close(verdicts):
    """Counts the targets and returns the exit status: 1 where one was missed."""
    missed = sum(not verdict.reached for verdict in verdicts)
    if verdicts:
        print(f"\n{len(verdicts)} targets, {missed} missed")
    return 1 if missed else 0
