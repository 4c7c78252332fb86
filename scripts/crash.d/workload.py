"""What is written to a server until it is killed, what of it was acknowledged, and what must be there afterwards.

Each writer pushes the numbers 1, 2, 3 ... to a list of its own. Every tenth number goes to a second list too, in another
database, by one transaction; every hundredth comes with a large value. So whatever a server is after a crash, the first
list says up to which number it got, and everything else follows from that: no number is missing in between, and no
transaction is there by half.
"""

import contextlib
import dataclasses
import random
import threading
import time

import wire

TRANSACTION, LARGE = 10, 100
LARGE_BYTES = 60_000
SCRATCH = (2, 3)  # databases that change places while files are written
SCRATCH_KEYS = 3_000


class Writer(threading.Thread):
    """One connection that writes until the server goes away."""

    def __init__(self, port, name, mode, seed):
        super().__init__(daemon=True)
        self.name = name
        self._asks = mode.asks
        self._port = port
        self._random = random.Random(seed)
        self.sent = 0
        self.times = []  # of the acknowledgements of 1, 2, 3 ...
        self.refusal = None

    @property
    def acknowledged(self):
        return len(self.times)

    def commands(self, number):
        """What writes a number: the encoded commands, and how many replies there are."""
        prefix = ("FSYNC",) if self._asks == "FSYNC" else ()
        push = wire.encode(*prefix, "RPUSH", f"{self.name}:list", number)
        if number % TRANSACTION == 0:
            push = wire.encode("RPUSH", f"{self.name}:list", number)
            mirror = wire.encode("RPUSH", f"{self.name}:mirror", number)
            parts = [wire.encode("MULTI"), push, wire.encode("SELECT", 1), mirror, wire.encode("SELECT", 0),
                     wire.encode(*prefix, "EXEC")]
        elif number % LARGE == 1:
            parts = [wire.encode("SET", f"{self.name}:large", f"{number}:" + "x" * LARGE_BYTES), push]
        else:
            parts = [push]
        return b"".join(parts), len(parts)

    def run(self):
        try:
            connection = wire.Connection(self._port)
            if self._asks == "CLIENT FSYNC":
                connection.call("CLIENT", "FSYNC", "ON")
            while True:
                self._write_batch(connection, self._random.choice((1, 1, 2, 8, 32)))
        except wire.ReplyError as error:
            self.refusal = str(error)
        except OSError:
            pass


    def _write_batch(self, connection, size):
        """Writes some numbers at once, and notes when each was acknowledged."""
        counts, text = [], []
        for _ in range(size):
            self.sent += 1
            commands, count = self.commands(self.sent)
            counts.append(count)
            text.append(commands)
        if self._asks == "WAITAOF":
            text.append(wire.encode("WAITAOF", 1, 0, 10_000))
        connection.send(b"".join(text))
        for count in counts:
            for _ in range(count):
                connection.reply()
            if self._asks != "WAITAOF":
                self.times.append(time.monotonic())
        if self._asks == "WAITAOF":
            if connection.reply() != [1, 0]:
                raise wire.ReplyError("WAITAOF timed out")
            self.times += [time.monotonic()] * size


class Saver(threading.Thread):
    """Asks for snapshots and rewrites at random moments, and remembers what the last whole snapshot must hold.

    Meanwhile two databases change places, of whose keys none may be missing. A third is emptied."""

    def __init__(self, port, writers, mode, seed):
        super().__init__(daemon=True)
        self._port = port
        self._writers = writers
        self._random = random.Random(seed)
        self._commands = ("BGSAVE",) if mode.promise == "snapshot" else ("BGREWRITEAOF", "BGREWRITEAOF", "BGSAVE")
        self.floors = [0] * len(writers)
        self.saves = 0
        self.has_scratch = False

    def run(self):
        try:
            connection = wire.Connection(self._port)
            self._fill_scratch(connection)
            while True:
                time.sleep(self._random.uniform(0.01, 0.3))
                before = [writer.acknowledged for writer in self._writers]
                command = self._random.choice(self._commands)
                try:
                    connection.call(command)
                    connection.call("SWAPDB", *SCRATCH)
                    connection.call("SELECT", 4)
                    connection.call("FLUSHDB")
                    connection.call("SELECT", 0)
                except wire.ReplyError:
                    continue
                info = self._wait(connection)
                self.saves += 1
                if command == "BGSAVE" and b"rdb_last_bgsave_status:ok" in info:
                    self.floors = before
        except OSError:
            pass

    def _fill_scratch(self, connection):
        pairs = [word for key in range(SCRATCH_KEYS) for word in (f"scratch:{key}", "x")]
        connection.call("SELECT", SCRATCH[0])
        with contextlib.suppress(wire.ReplyError):
            connection.call("MSET", *pairs)
            self.has_scratch = True
        connection.call("SELECT", 0)

    @staticmethod
    def _wait(connection):
        while True:
            info = connection.call("INFO", "persistence")
            if b"rdb_bgsave_in_progress:0" in info and b"aof_rewrite_in_progress:0" in info:
                return info
            time.sleep(0.005)


def examine_scratch(connection, saver, must_be_there):
    """What is wrong with the databases that have changed places."""
    sizes = []
    for database in SCRATCH:
        connection.call("SELECT", database)
        sizes.append(connection.call("DBSIZE"))
    connection.call("SELECT", 0)
    allowed = {SCRATCH_KEYS} if must_be_there and saver.has_scratch else {0, SCRATCH_KEYS}
    return [] if sum(sizes) in allowed and 0 in sizes else [f"databases {SCRATCH} have {sizes} of {SCRATCH_KEYS} keys"]


@dataclasses.dataclass
class Finding:
    """What became of one writer's records."""

    acknowledged: int
    found: int
    lost: int = 0
    oldest: float = 0.0  # seconds before the kill at which the first lost record was acknowledged
    problems: list = dataclasses.field(default_factory=list)


def examine(connection, writer, moment, floor, promise):
    """Compares what a restarted server has with what a writer knows, and was promised."""
    numbers = [int(number) for number in connection.call("LRANGE", f"{writer.name}:list", 0, -1)]
    found = len(numbers)
    finding = Finding(writer.acknowledged, found)
    if numbers != list(range(1, found + 1)):
        gap = next(index for index, number in enumerate(numbers, 1) if number != index)
        finding.problems.append(f"a record is missing in the middle, at {gap} of {found}")
    if found > writer.sent:
        finding.problems.append(f"{found} records, of which only {writer.sent} were sent")
    connection.call("SELECT", 1)
    mirror = [int(number) for number in connection.call("LRANGE", f"{writer.name}:mirror", 0, -1)]
    connection.call("SELECT", 0)
    if mirror != list(range(TRANSACTION, found + 1, TRANSACTION)):
        finding.problems.append(f"a part of a transaction: {found} records, {mirror[-1:]} at the end of the other list")
    large = connection.call("GET", f"{writer.name}:large") or b"0:" + b"x" * LARGE_BYTES
    number, _, text = large.partition(b":")
    due = [found - (found - 1) % LARGE] if found else [0]
    if found % LARGE == 0:
        due.append(found + 1)
    if len(text) != LARGE_BYTES or int(number) not in due:
        finding.problems.append(f"the large value of record {int(number)} beside {found} records")
    if found < writer.acknowledged:
        finding.lost = writer.acknowledged - found
        finding.oldest = max(0.0, moment - writer.times[found])
        if promise == "nothing":
            finding.problems.append(f"{finding.lost} acknowledged records are lost")
        if promise == "seconds" and finding.oldest > 2.2:
            finding.problems.append(f"a record that was acknowledged {finding.oldest:.1f} s before is lost")
    if promise == "snapshot" and found < floor:
        finding.problems.append(f"{found} records, where the last snapshot held {floor}")
    return finding
