import Foundation
import Glibc

/// A plain socket for tests of the protocol itself: sends any bytes, reads bytes until a condition holds, or reads
/// RESP2 and RESP3 replies. Every wait ends at the timeout.
public final class RawConnection: @unchecked Sendable {
    public enum Failure: Error, Equatable {
        case connect(Int32)
        case timedOut(soFar: String)
        case closed(soFar: String)
    }

    private let descriptor: Int32
    private let timeout: Double
    /// What was received and not yet taken.
    public private(set) var received: [UInt8] = []

    /// - Parameter receiveBuffer: the size of the kernel's receive buffer, for tests of slow readers.
    public init(port: Int, timeout: Double = 20, receiveBuffer: Int32? = nil) throws {
        self.timeout = timeout
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafeBytes(of: &address) {
            connect(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure.connect(code)
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Sends all bytes. Stops silently where the server has closed the connection: what it answered can be read.
    public func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            guard wait(for: Int16(POLLOUT), seconds: timeout) else { return }
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            offset += count
        }
    }

    public func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends a command as RESP sends it: an array of bulk strings.
    public func send(command arguments: [[UInt8]]) {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        send(bytes)
    }

    /// Sends as much as the kernel takes within the time and returns the number of bytes.
    public func sendSome(_ bytes: [UInt8], seconds: Double) -> Int {
        guard wait(for: Int16(POLLOUT), seconds: seconds) else { return 0 }
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, bytes.count, flags) }
    }

    /// No more bytes will be sent; the other direction stays open.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until the condition holds for everything received, takes it and returns it.
    @discardableResult
    public func read(until done: ([UInt8]) -> Bool) throws -> String {
        while !done(received) { try readMore() }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Reads until the received text ends so.
    @discardableResult
    public func read(upTo suffix: String) throws -> String {
        try read { $0.count >= suffix.utf8.count && $0.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
    }

    /// Reads until the server closes the connection; throws where it does not.
    public func readToEnd() throws -> String {
        while true {
            do {
                try readMore()
            } catch Failure.closed(let text) {
                received = []
                return text
            }
        }
    }

    /// Whether the server sends or closes nothing within the time.
    public func staysSilent(seconds: Double) -> Bool { received.isEmpty && !wait(for: Int16(POLLIN), seconds: seconds) }

    /// The next reply, of RESP2 or RESP3.
    public func readReply() throws -> Reply {
        while true {
            var parser = ReplyParser(received)
            if let reply = parser.next() {
                received.removeFirst(parser.position)
                return reply
            }
            try readMore()
        }
    }

    /// Sends a command line and reads one reply.
    @discardableResult
    public func run(_ line: String) throws -> Reply {
        send(command: splitArguments(line) ?? [])
        return try readReply()
    }

    private func readMore() throws {
        guard wait(for: Int16(POLLIN), seconds: timeout) else {
            throw Failure.timedOut(soFar: String(decoding: received.prefix(1000), as: UTF8.self))
        }
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received.append(contentsOf: buffer.prefix(count)) }
            return count
        }
        if count <= 0 { throw Failure.closed(soFar: String(decoding: received, as: UTF8.self)) }
    }

    private func wait(for events: Int16, seconds: Double) -> Bool {
        let deadline = DispatchTime.now() + seconds
        while true {
            let now = DispatchTime.now()
            guard now < deadline else { return false }
            let left = (deadline.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000_000 + 1
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            if poll(&entry, 1, Int32(clamping: left)) > 0 { return true }
        }
    }
}
