"""Resident memory of large keyspaces: five million strings, a million hashes, a sorted set of a million, a list of ten
million."""

import load
import report
import servers
from servers import FRESHET, REDIS

KEY_AND_VALUE = 16 + 32
OVERHEAD_TARGET = 32


def add_arguments(parser):
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--servers", default=f"{FRESHET},{REDIS}", help="which to run, comma-separated")


def run(options):
    names = options.servers.split(",")
    launcher = servers.Launcher(names, options.binary)
    cores = servers.Cores.split()
    shrink = 10 if options.quick else 1
    many, million, most = 5_000_000 // shrink, 1_000_000 // shrink, 10_000_000 // shrink
    string_name = f"{many:,} strings"
    # name, commands, their number, a check that all has arrived
    cases = (
        (string_name, lambda: load.strings(many, b"value:%026d"), many, (many, "DBSIZE")),
        (f"{million:,} hashes of 5 fields", lambda: load.hashes(million), million, (million, "DBSIZE")),
        (f"sorted set of {million:,}", lambda: load.board(million), million, (million, "ZCARD", "board")),
        (f"list of {most:,}", lambda: load.elements(most), most, (most, "LLEN", "elements")),
    )
    report.machine("memory is VmRSS; a fresh server for every line")
    rows, verdicts = [], []
    for name, commands, count, check in cases:
        fills = {}
        for server_name in names:
            report.progress(f"{name} on {server_name}")
            with launcher.start(server_name, cores) as server:
                fills[server_name] = load.fill(server, commands(), count)
                load.expect(server, *check)
        for server_name in names:
            rows.append(row(name, server_name, fills, name == string_name, verdicts))
    report.progress("")
    report.table(["data", "server", "MB resident", "bytes per item", "beyond key and value", "ratio to redis",
                  "target"], rows)
    return report.close(verdicts)


def row(name, server_name, fills, are_strings, verdicts):
    """One line of the table; appends the verdict if it has one."""
    fill = fills[server_name]
    per_item = fill.grown / fill.commands
    ratio, target = "", ""
    if server_name == FRESHET and REDIS in fills:
        value = fill.resident / fills[REDIS].resident
        ratio = f"{value:.2f}"
        if not are_strings:
            verdicts.append(report.Verdict("< 1", value < 1))
            target = str(verdicts[-1])
    if server_name == FRESHET and are_strings:
        verdicts.append(report.Verdict(f"<= {OVERHEAD_TARGET} beyond", per_item - KEY_AND_VALUE <= OVERHEAD_TARGET))
        target = str(verdicts[-1])
    beyond = f"{per_item - KEY_AND_VALUE:.1f}" if are_strings else ""
    return [name, server_name, f"{fill.resident / 1e6:,.1f}", f"{per_item:.1f}", beyond, ratio, target]
