import CHiredis
import Foundation

/// A blocking client on hiredis: what an application's client library sees of the server. Speaks RESP2 (the protocol
/// of the hiredis that distributions ship); `RawConnection` reads RESP3.
///
/// Every wait is bounded by the timeout, so that a server that hangs fails a test instead of stopping the run.
/// Use one client from one thread at a time.
public final class RedisClient: @unchecked Sendable {
    /// Why no reply came: connection refused or closed, or the timeout passed.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    private let context: UnsafeMutablePointer<redisContext>

    public convenience init(port: Int, host: String = "127.0.0.1", timeout: Double = 20) throws {
        let limit = RedisClient.interval(max(timeout, 1))
        try self.init(timeout: timeout) { redisConnectWithTimeout(host, Int32(port), limit) }
    }

    public convenience init(unixSocket path: String, timeout: Double = 20) throws {
        try self.init(timeout: timeout) { redisConnectUnixWithTimeout(path, RedisClient.interval(timeout)) }
    }

    private init(timeout: Double, connect: () -> UnsafeMutablePointer<redisContext>?) throws {
        let connected = descriptorLock.withLock {
            let connected = connect()
            if let connected, connected.pointee.fd >= 0 { _ = fcntl(connected.pointee.fd, F_SETFD, FD_CLOEXEC) }
            return connected
        }
        guard let connected else { throw Failure(description: "out of memory") }
        context = connected
        if context.pointee.err != 0 { throw Failure(description: "connect: \(lastError)") }
        redisSetTimeout(context, RedisClient.interval(timeout))
    }

    deinit { redisFree(context) }

    /// Sends a command and waits for its reply. Error replies are returned as `.error`, not thrown.
    @discardableResult
    public func send(_ arguments: [[UInt8]]) throws -> Reply {
        append(arguments)
        return try receive()
    }

    @discardableResult
    public func send(_ arguments: String...) throws -> Reply { try send(arguments.map { Array($0.utf8) }) }

    /// Sends a command written as redis-cli takes it.
    @discardableResult
    public func run(_ line: String) throws -> Reply {
        guard let arguments = splitArguments(line) else { throw Failure(description: "unbalanced quotes: \(line)") }
        return try send(arguments)
    }

    /// Sends all commands before reading the first reply; the replies are in the order of the commands.
    public func pipeline(_ commands: [[[UInt8]]]) throws -> [Reply] {
        for command in commands { append(command) }
        return try commands.map { _ in try receive() }
    }

    public func pipeline(lines: [String]) throws -> [Reply] {
        try pipeline(lines.map { splitArguments($0) ?? [] })
    }

    /// Queues a command without sending it. `receive` sends what is queued.
    public func append(_ arguments: [[UInt8]]) {
        // One block for all arguments: large values are copied once and nothing is left to free on a throw.
        let flat = arguments.flatMap { $0 }
        let lengths = arguments.map(\.count)
        flat.withUnsafeBytes { block in
            let base = block.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
            var pointers: [UnsafePointer<CChar>?] = []
            var offset = 0
            for length in lengths {
                pointers.append(base.map { $0 + offset } ?? UnsafePointer(emptyString))
                offset += length
            }
            redisAppendCommandArgv(context, Int32(arguments.count), &pointers, lengths)
        }
    }

    /// Queues commands that are encoded already.
    public func append(encoded bytes: [UInt8]) {
        bytes.withUnsafeBytes {
            _ = redisAppendFormattedCommand(context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }

    /// Waits for the next reply.
    public func receive() throws -> Reply {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw Failure(description: lastError) }
        defer { freeReplyObject(raw) }
        return RedisClient.convert(raw.assumingMemoryBound(to: redisReply.self))
    }

    private var lastError: String {
        withUnsafeBytes(of: context.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func convert(_ reply: UnsafePointer<redisReply>) -> Reply {
        let value = reply.pointee
        var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: value.str, count: value.len)) }
        switch value.type {
        case REDIS_REPLY_STRING: return .bulk(bytes)
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .integer(value.integer)
        case REDIS_REPLY_ARRAY:
            return .array((0..<value.elements).compactMap { value.element[$0].map { convert($0) } })
        default: return .null
        }
    }

    private static func interval(_ seconds: Double) -> timeval {
        timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1e6))
    }
}

/// hiredis wants an address even for an argument of no bytes.
private nonisolated(unsafe) let emptyString = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
