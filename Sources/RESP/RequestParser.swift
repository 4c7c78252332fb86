import Glibc
import Primitives

/// Splits what clients send into commands: RESP arrays of bulk strings and inline commands.
///
/// The parser is free of I/O. It is handed the unparsed bytes, appends the arguments of one command at a time to
/// `arguments` as views into them, and says how many bytes the command took. A worker owns one parser and uses it for
/// all of its connections; what a half-received command needs to go on is kept beside the connection in
/// `PartialRequest`, so that no byte is looked at twice however small the pieces are that arrive.
public struct RequestParser: ~Copyable {
    /// What a client may send.
    public struct Limits: Sendable {
        /// Longest argument in bytes (`proto-max-bulk-len`).
        public var maximumBulk = 512 << 20
        /// Whether the client has yet to authenticate: until then it may send 10 arguments of 16 KB.
        public var isUnauthenticated = false
        public init() {}

        @inline(__always)
        var largestArgumentCount: Int { isUnauthenticated ? 10 : Int(Int32.max) }
        @inline(__always)
        var largestBulk: Int { isUnauthenticated ? min(16384, maximumBulk) : maximumBulk }
    }

    /// Longest inline command, and longest line that announces a length, in bytes.
    public static let maximumLine = 64 * 1024

    public enum Result {
        /// A command of `arguments` arguments (possibly none) ended after `consumed` bytes.
        case command(arguments: Int, consumed: Int)
        /// More bytes are needed.
        case incomplete
        /// The client broke the protocol: the error to answer before the connection is closed.
        case failure(ProtocolError)
    }

    /// The arguments of the commands parsed since `removeAll`, one after the other.
    public private(set) var arguments = UnsafeMutablePointer<ByteView>.allocate(capacity: 256)
    /// Number of valid elements of `arguments`.
    public private(set) var argumentCount = 0
    private var argumentCapacity = 256
    /// Bytes of inline arguments, which are not views into the input because quotes and escapes are resolved.
    private var inlineArguments: [UnsafeMutablePointer<UInt8>] = []

    public init() {}

    deinit {
        arguments.deallocate()
        for block in inlineArguments { block.deallocate() }
    }

    /// Forgets all arguments; their views end here.
    public mutating func removeAll() {
        argumentCount = 0
        if argumentCapacity > 65536 {
            arguments.deallocate()
            argumentCapacity = 256
            arguments = .allocate(capacity: 256)
        }
        if !inlineArguments.isEmpty {
            for block in inlineArguments { block.deallocate() }
            inlineArguments.removeAll()
        }
    }

    @inline(__always)
    private mutating func append(_ argument: ByteView) {
        if argumentCount == argumentCapacity { growArguments() }
        arguments[argumentCount] = argument
        argumentCount &+= 1
    }

    @inline(never)
    private mutating func growArguments() {
        let larger = UnsafeMutablePointer<ByteView>.allocate(capacity: argumentCapacity * 2)
        larger.update(from: arguments, count: argumentCount)
        arguments.deallocate()
        arguments = larger
        argumentCapacity *= 2
    }

    /// Parses the next command at the start of `input`.
    ///
    /// - Parameter partial: what was learnt of this command when fewer bytes of it were there; updated when the result
    ///   is `.incomplete`, and to be handed back with the same bytes, and more behind them.
    /// - Complexity: O(bytes that were not looked at before).
    @inline(__always)
    public mutating func next(_ input: ByteView, partial: inout PartialRequest, limits: Limits) -> Result {
        guard partial.isEmpty else { return resume(input, &partial, limits) }
        guard input.count > 0 else { return .incomplete }
        if input.start[0] != UInt8(ascii: "*") { return inlineCommand(input) }
        return multibulk(input, partial: &partial, limits: limits)
    }

    private mutating func multibulk(
        _ input: ByteView, partial: inout PartialRequest, limits: Limits
    ) -> Result {
        let firstArgument = argumentCount
        var position: Int
        var remaining: Int
        switch Self.length(input, from: 1) {
        case .incomplete: return input.count > Self.maximumLine ? .failure(.tooBigCount) : .incomplete
        case .invalid: return .failure(.invalidMultibulkLength)
        case .value(let count, let next):
            if count > limits.largestArgumentCount {
                return .failure(count > Int(Int32.max) ? .invalidMultibulkLength : .unauthenticatedMultibulkLength)
            }
            if count <= 0 { return .command(arguments: 0, consumed: next) }
            remaining = count
            position = next
        }
        while remaining > 0 {
            switch Self.bulkHeader(input, from: position, limits) {
            case .incomplete: return suspend(input, &partial, firstArgument, remaining, -1, position)
            case .failure(let failure): return .failure(failure)
            case .length(let length, let start):
                position = start
                // `start` is within the input: no overflow, whatever the length.
                guard input.count &- start &- 2 >= length else {
                    return suspend(input, &partial, firstArgument, remaining, length, start)
                }
                append(ByteView(input.start + start, count: length))
                position = start &+ length &+ 2
                remaining &-= 1
            }
        }
        return .command(arguments: argumentCount &- firstArgument, consumed: position)
    }

    /// Goes on with a command of which a part was parsed before. Arguments stay ranges until all are there, so that one of
    /// a million arguments in small pieces costs no more than in one.
    @inline(never)
    private mutating func resume(_ input: ByteView, _ partial: inout PartialRequest, _ limits: Limits) -> Result {
        while partial.remaining > 0 {
            if partial.bulkLength < 0 {
                switch Self.bulkHeader(input, from: partial.position, limits) {
                case .incomplete: return .incomplete
                case .failure(let failure): return .failure(failure)
                case .length(let length, let start):
                    partial.bulkLength = length
                    partial.position = start
                }
            }
            guard input.count &- partial.position &- 2 >= partial.bulkLength else { return .incomplete }
            let end = partial.position &+ partial.bulkLength
            partial.arguments.append(partial.position..<end)
            partial.position = end &+ 2
            partial.bulkLength = -1
            partial.remaining &-= 1
        }
        for range in partial.arguments { append(ByteView(input.start + range.lowerBound, count: range.count)) }
        let result = Result.command(arguments: partial.arguments.count, consumed: partial.position)
        partial = PartialRequest()
        return result
    }

    /// Keeps what is known of a half-received command beside the connection.
    @inline(never)
    private mutating func suspend(
        _ input: ByteView, _ partial: inout PartialRequest, _ firstArgument: Int, _ remaining: Int,
        _ bulkLength: Int, _ position: Int
    ) -> Result {
        for index in firstArgument..<argumentCount {
            let offset = arguments[index].start - input.start
            partial.arguments.append(offset..<offset + arguments[index].count)
        }
        partial.remaining = remaining
        partial.bulkLength = bulkLength
        partial.position = position
        argumentCount = firstArgument
        return .incomplete
    }

    private enum BulkHeader {
        case length(Int, start: Int)
        case incomplete
        case failure(ProtocolError)
    }

    /// The line in front of an argument, from `position` on.
    @inline(__always)
    private static func bulkHeader(_ input: ByteView, from position: Int, _ limits: Limits) -> BulkHeader {
        guard position < input.count else { return .incomplete }
        let type = input.start[position]
        guard type == UInt8(ascii: "$") else { return .failure(.expectedBulk(got: type)) }
        switch length(input, from: position &+ 1) {
        case .incomplete:
            return input.count &- position > maximumLine ? .failure(.tooBigBulkCount) : .incomplete
        case .invalid: return .failure(.invalidBulkLength)
        case .value(let length, let next):
            if length < 0 || length > limits.largestBulk {
                return .failure(
                    length < 0 || length > limits.maximumBulk ? .invalidBulkLength : .unauthenticatedBulkLength)
            }
            return .length(length, start: next)
        }
    }

    private enum Length {
        case value(Int, next: Int)
        case incomplete, invalid
    }

    /// A decimal number that ends with CR LF, from `start` on.
    @inline(__always)
    private static func length(_ input: ByteView, from start: Int) -> Length {
        // Nearly every length has one or two digits.
        if input.count &- start >= 4 {
            let first = input.start[start] &- 48
            if first < 10 {
                if input.start[start &+ 1] == 13 { return .value(Int(first), next: start &+ 3) }
                let second = input.start[start &+ 1] &- 48
                if second < 10, input.start[start &+ 2] == 13, first > 0 {
                    return .value(Int(first) &* 10 &+ Int(second), next: start &+ 4)
                }
            }
        }
        return longLength(input, from: start)
    }

    @inline(never)
    private static func longLength(_ input: ByteView, from start: Int) -> Length {
        guard start < input.count, let end = memchr(input.start + start, 13, input.count - start) else {
            return .incomplete
        }
        let stop = end.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: input.start)
        guard stop + 1 < input.count else { return .incomplete }
        guard let value = parseInteger(input[start..<stop]) else { return .invalid }
        return .value(Int(value), next: stop + 2)
    }

    // MARK: Inline commands

    @inline(never)
    private mutating func inlineCommand(_ input: ByteView) -> Result {
        guard let end = memchr(input.start, 10, input.count) else {
            return input.count > Self.maximumLine ? .failure(.tooBigInline) : .incomplete
        }
        let stop = end.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: input.start)
        if stop > Self.maximumLine { return .failure(.tooBigInline) }
        let line = input[0..<(stop > 0 && input.start[stop - 1] == 13 ? stop - 1 : stop)]
        guard let words = splitArguments(line) else { return .failure(.unbalancedQuotes) }
        for word in words {
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, word.count))
            word.withView { copy.update(from: $0.start, count: $0.count) }
            inlineArguments.append(copy)
            append(ByteView(copy, count: word.count))
        }
        return .command(arguments: words.count, consumed: stop + 1)
    }
}

/// What is known of a command of which only a part has arrived; offsets count from the command's first byte.
public struct PartialRequest {
    var remaining = 0
    var bulkLength = -1
    var position = 0
    var arguments: [Range<Int>] = []

    public init() {}

    /// Whether no command is half received.
    @inline(__always)
    public var isEmpty: Bool { remaining == 0 }

    /// Bytes that the command has at least, as far as is known: room for them may be made in one step.
    public var expectedBytes: Int {
        // `position` is within a buffer; a length that `proto-max-bulk-len` allows may be too large to add.
        isEmpty ? 0 : position + min(max(0, bulkLength), Int.max >> 1) + 2
    }
}
