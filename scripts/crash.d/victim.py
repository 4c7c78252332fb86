"""The server that is killed: starts it on the same files again and again, and takes away what a power failure would."""

import contextlib
import dataclasses
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

import servers
import wire


@dataclasses.dataclass(frozen=True)
class Mode:
    """How a server is set up; a snapshot is only taken where somebody asks for one."""

    directives: tuple
    # What may be missing: nothing that was acknowledged, some seconds, or what came after the last snapshot.
    promise: str
    # How those who write ask for more than the mode promises to all.
    asks: str = ""


def _logging(sync, promise, asks=""):
    return Mode(("--appendonly", "yes", "--appendfsync", sync), promise, asks)


MODES = {
    "always": _logging("always", "nothing"),
    "everysec": _logging("everysec", "seconds"),
    "no": _logging("no", "any"),
    "rdb": Mode(("--appendonly", "no"), "snapshot"),
    "waitaof": _logging("everysec", "nothing", "WAITAOF"),
    "prefix": _logging("everysec", "nothing", "FSYNC"),
    "connection": _logging("no", "nothing", "CLIENT FSYNC"),
}


class DidNotStart(Exception):
    """The server refuses the files that it left behind; the text is the end of its log."""


def build_sync_log():
    """Compiles the library that notes what was synced, unless the last one is younger than its source."""
    source = pathlib.Path(__file__).with_name("synclog.c")
    library = servers.ROOT / ".build" / "crash" / "synclog.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        library.parent.mkdir(parents=True, exist_ok=True)
        compiler = servers.tool("cc", "gcc")
        command = [compiler, "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, source, "-ldl"]
        if subprocess.run(command).returncode != 0:
            raise servers.BenchError("compiling the sync log failed")
    return str(library)


class Victim:
    """A server of one mode with a folder that outlives its processes."""

    def __init__(self, name, binary, kind, mode, options):
        self.name = name
        self.mode = MODES[mode]
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix=f"crash-{name}-{mode}-", dir=options.directory)
        self._data = os.path.join(self.folder, "data")
        os.mkdir(self._data)
        self._log_path = os.path.join(self.folder, "log")
        self._sync_path = os.path.join(self.folder, "synced")
        self._command = [binary, "--bind", "127.0.0.1", "--dir", self._data, "--save", "",
                         *MODES[mode].directives,
                         "--auto-aof-rewrite-percentage", "0", *options.extra.split()]
        self._environment = dict(os.environ)
        self._fault_path = os.path.join(self.folder, "fault")
        self.set_fault(" ")
        if kind != "kill":
            self._environment |= {"LD_PRELOAD": build_sync_log(), "CRASH_SYNC_LOG": self._sync_path,
                                  "CRASH_FAULT": self._fault_path, "CRASH_SYNC_DELAY": str(options.sync_delay)}
        self._process = None
        self.port = None

    def start(self, patience=60):
        """Starts a process, and waits until it has loaded its files. What it writes bases in is left to chance."""
        self.port = servers.free_port()
        base = random.choice(("yes", "no"))
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--aof-use-rdb-preamble", base, "--port", str(self.port)], cwd=self._data, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + patience
        while True:
            try:
                connection = wire.Connection(self.port)
                connection.call("PING")
                connection.close()
                break
            except (OSError, wire.ReplyError) as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise DidNotStart(self.log_tail()) from None
                time.sleep(0.005)
        if self.kind == "power":
            self._note_survivors()

    def set_fault(self, code):
        """Has the disk fail from now on, as synclog.c knows it; " " for a disk in order."""
        with open(self._fault_path, "r+b" if os.path.exists(self._fault_path) else "wb") as fault:
            fault.write(code.encode())

    def exit_status(self, patience):
        """The process's exit status, waited for some seconds; None where it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience)

    def log_tail(self):
        lines = pathlib.Path(self._log_path).read_text(errors="replace").strip().splitlines()
        return "\n  " + "\n  ".join(line[:400] for line in lines[-4:])

    def kill(self):
        """Ends the process at once; returns when that was. With the power, what was not synced goes, or a part of it."""
        moment = time.monotonic()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self.kind == "power":
            self._tear()
        return moment

    def _tear(self):
        durable = {}
        for kind, inode, size in re.findall(rb"([CS]) (\d+) (\d+)\n", pathlib.Path(self._sync_path).read_bytes()):
            durable[int(inode)] = 0 if kind == b"C" else max(int(size), durable.get(int(inode), 0))
        for path in pathlib.Path(self._data).rglob("*"):
            status = path.stat()
            if not path.is_file():
                continue
            safe = min(durable.get(status.st_ino, 0), status.st_size)
            if safe < status.st_size:
                os.truncate(path, random.choice((safe, random.randint(safe, status.st_size))))

    def _note_survivors(self):
        """What a process has loaded is on the disk, and no more: it may have shortened files."""
        with open(self._sync_path, "w") as log:
            for path in pathlib.Path(self._data).rglob("*"):
                if path.is_file():
                    log.write(f"S {path.stat().st_ino} {path.stat().st_size}\n")

    def close(self, keep=False):
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
