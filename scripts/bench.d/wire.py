"""The few lines of the Redis protocol that the benchmarks need: single commands, and filling at speed."""

import socket


class ReplyError(Exception):
    """The server answered with an error."""


def encode(*arguments):
    """One command as the array of bulk strings that goes over the wire."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


class Connection:
    def __init__(self, port, timeout=120):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = self._socket.makefile("rb")

    def close(self):
        self._input.close()
        self._socket.close()

    def call(self, *arguments):
        """Sends one command and returns its reply; raises ReplyError."""
        self._socket.sendall(encode(*arguments))
        return self.reply()

    def ask(self, commands):
        """Sends encoded commands at once and returns their replies."""
        self._socket.sendall(b"".join(commands))
        return [self.reply() for _ in commands]

    def reply(self):
        """Reads one reply."""
        line = self._input.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise ReplyError(text.decode(errors="replace"))
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == b"-1" else self._input.read(int(text) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(text))]
        return text

    def skip(self):
        """Reads one reply, an array of texts without line ends among others, and forgets it."""
        line = self._input.readline()
        if line[:1] == b"-" or not line:
            raise ReplyError(line.decode(errors="replace").strip() or "the server closed the connection")
        left = 2 * int(line[1:-2]) if line[:1] == b"*" else 0
        while left > 0:
            data = self._input.read1(1 << 20)
            if not data:
                raise ConnectionError("the server closed the connection")
            left -= data.count(b"\n")

    def fill(self, chunks):
        """Sends chunks of (bytes, commands), each command answered by one line or one text.

        The next chunk is on its way while the server works on the last, so that it never waits for this side's
        encoding. Chunks stay small enough that their replies fit into the socket's buffers: neither side blocks the
        other.
        """
        waiting = 0
        for data, commands in chunks:
            self.send(data)
            self.expect(waiting)
            waiting = commands
        self.expect(waiting)

    def send(self, data):
        """Sends encoded commands whose replies are read later."""
        self._socket.sendall(data)

    def expect_stored(self, replies):
        """Reads that many replies of COMPUTE.SET, all of which must say that the value was stored."""
        for _ in range(replies):
            reply = self.reply()
            if reply[0] != b"stored":
                raise ReplyError(f"the server answered {reply}")

    def expect(self, lines):
        """Reads that many replies of one line, or one text, none of which may be an error."""
        for _ in range(lines):
            line = self._input.readline()
            if line[:1] == b"$":
                self._input.readline()
            elif line[:1] not in (b"+", b":"):
                raise ReplyError(line.decode(errors="replace").strip() or "the server closed the connection")


def chunked(commands, size=1000):
    """Groups an iterable of encoded commands into what Connection.fill takes."""
    batch = []
    for command in commands:
        batch.append(command)
        if len(batch) == size:
            yield b"".join(batch), size
            batch = []
    if batch:
        yield b"".join(batch), len(batch)


def template(*arguments):
    """A bytes template for commands whose arguments have fixed lengths: `%` fills in its %0Nd fields.

    An argument is bytes; a field counts with the width that it prints. Formatting one is several times faster than
    encoding a command argument by argument.
    """
    zeros = tuple(0 for argument in arguments for _ in range(argument.count(b"%")))
    sizes = []
    used = 0
    for argument in arguments:
        fields = argument.count(b"%")
        sizes.append(len(argument % zeros[used:used + fields]))
        used += fields
    parts = [b"*%d\r\n" % len(arguments)]
    for argument, size in zip(arguments, sizes):
        parts.append(b"$%d\r\n" % size + argument + b"\r\n")
    return b"".join(parts)
