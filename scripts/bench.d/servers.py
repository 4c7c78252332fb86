"""Starts, measures and stops the servers that a benchmark compares."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
FRESHET, REDIS, NULL = "freshet", "redis", "null"


class BenchError(Exception):
    """Something that the person at the terminal has to put right; its text is all they get to see."""


@dataclasses.dataclass(frozen=True)
class Cores:
    """Which cores the server may use, and which the load generator."""

    server: str
    load: str
    load_threads: int

    @staticmethod
    def split(server_cores=1):
        """The first cores for the server, the others for the load; shared by both where there are too few."""
        available = sorted(os.sched_getaffinity(0))
        server, load = available[:server_cores], available[server_cores:]
        if not load:
            server = load = available
        listed = [",".join(map(str, cores)) for cores in (server, load)]
        return Cores(listed[0], listed[1], min(len(load), 4))


def tool(name, package):
    """The path of a program, or a BenchError that says what to install."""
    path = shutil.which(name)
    if path is None:
        raise BenchError(f"{name} is missing: apt-get install {package} (scripts/test does it)")
    return path


def build(product):
    """Builds a product of the package in release and returns the path of its binary."""
    result = subprocess.run([ROOT / "scripts" / "build", product], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise BenchError(f"building {product} failed")
    return result.stdout.strip().splitlines()[-1]


def build_null_server():
    """Compiles the null server, unless the last one is younger than its source."""
    source = pathlib.Path(__file__).with_name("null-server.c")
    binary = ROOT / ".build" / "bench" / "null-server"
    if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
        return str(binary)
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise BenchError("a C compiler is missing: apt-get install gcc")
    binary.parent.mkdir(parents=True, exist_ok=True)
    if subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", binary, source]).returncode != 0:
        raise BenchError("compiling the null server failed")
    return str(binary)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server process of its own folder and port; a context manager that ends it."""

    def __init__(self, name, command, port, cores, folder=None, patience=15):
        self.name = name
        self.port = port
        self.folder = self._directory = folder or tempfile.mkdtemp(prefix=f"bench-{name}-")
        self._keeps = folder is not None
        self._patience = patience
        self._log = open(os.path.join(self._directory, "log"), "w+b")
        try:
            self._process = subprocess.Popen(
                ["taskset", "-c", cores.server, *command], cwd=self._directory,
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        except BaseException:
            self._remove_folder()
            raise
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=self._patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._remove_folder()

    def _remove_folder(self):
        self._log.close()
        if not self._keeps:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _wait_until_ready(self):
        deadline = time.monotonic() + self._patience
        while True:
            try:
                connection = self.connect()
                if self.name != NULL:
                    connection.call("PING")
                connection.close()
                return
            except (OSError, wire.ReplyError) as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    tail = self._log.read()[-2000:].decode(errors="replace")
                    raise BenchError(f"{self.name} did not start ({error}):\n{tail}") from None
                time.sleep(0.005)

    def connect(self):
        return wire.Connection(self.port)

    def cpu_nanoseconds(self):
        """User and system time of all threads since the start.

        /proc/PID/task/*/schedstat counts in nanoseconds what /proc/PID/stat rounds to ticks of 10 ms; where the
        kernel keeps no schedstat, the ticks have to do.
        """
        tasks = pathlib.Path(f"/proc/{self._process.pid}/task")
        with contextlib.suppress(OSError):
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BenchError(f"{self.name} has ended")

    def resident_bytes_of_all(self):
        """Resident memory of the server and of what it has forked, each page counted once."""
        total = 0
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with contextlib.suppress(OSError):
            for process in [self._process.pid, *children.read_text().split()]:
                for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        return total

    def settled_resident_bytes(self):
        """Resident memory once it has stopped moving: tables may still be resizing in the background."""
        last = self.resident_bytes()
        for _ in range(60):
            time.sleep(0.5)
            now = self.resident_bytes()
            if abs(now - last) < 256 * 1024:
                return now
            last = now
        return last


class Launcher:
    """Knows the binaries of the compared servers, and how each is told its port."""

    def __init__(self, names, freshet_binary=None):
        self.names = names
        self._binaries = {}
        if FRESHET in names:
            self._binaries[FRESHET] = os.path.abspath(freshet_binary) if freshet_binary else build("freshet-server")
        if REDIS in names:
            self._binaries[REDIS] = tool("redis-server", "redis-server")
        if NULL in names:
            self._binaries[NULL] = build_null_server()

    def start(self, name, cores, threads=1, arguments=(), folder=None, patience=15):
        """Starts a server. `arguments` win over the defaults; `folder` is used instead of a new one, and kept."""
        port = free_port()
        command = [self._binaries[name]]
        if name == NULL:
            command += [str(port)]
        else:
            command += ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if name == FRESHET:
            command += ["--threads", str(threads)]
        return Server(name, [*command, *map(str, arguments)], port, cores, folder, patience)
