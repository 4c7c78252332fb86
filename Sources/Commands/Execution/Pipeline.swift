import Keyspace
import Primitives
import RESP

/// From received bytes to encoded replies, free of I/O: parses a batch of commands, fetches what they need, executes them.
///
/// Parsing everything that has arrived before executing the first command lets the processor fetch all table slots, and
/// then all entries, while nothing waits for them; it is what a pipelined command mostly costs otherwise. A worker has one
/// pipeline for all of its connections.
public struct Pipeline: ~Copyable {
    /// Why a batch ended.
    public enum Outcome {
        /// More commands may follow in the input.
        case more
        /// What is left of the input is no complete command.
        case needsInput
        /// The connection is to be closed once the replies are sent.
        case closes
        /// The next command is held by CLIENT PAUSE, or since the process is about to end.
        case held
        /// The next command waits, and will have to be executed from its start.
        case suspended
        /// So much was answered that it should be sent before more is executed.
        case outputIsLarge
        /// What comes is not meant for this server; nothing more of it may be executed or answered.
        case crossProtocol
    }

    /// A parsed command that waits for its turn.
    private struct Parsed {
        var entry: Unmanaged<CommandEntry>?
        var firstArgument = 0
        var argumentCount = 0
        var hash: UInt64 = 0
        var hasHash = false
        /// The argument that names an element of the key's aggregate; 0 where none does.
        var element = 0
        /// Hash of the element, where it is in a table.
        var elementHash: UInt64?
        /// What was seen of the key ahead.
        var peek = KeyPeek()
        /// Where the input goes on behind it.
        var end = 0
    }

    /// Commands that are parsed before the first of them is executed.
    private static let batchLimit = 64
    /// Bytes of replies from which on they should be sent.
    private static let largeOutput = 256 * 1024

    public var executor: Executor
    /// Commands executed, refused ones included.
    public let commands = Counter()
    private var parser = RequestParser()
    private let batch = UnsafeMutablePointer<Parsed>.allocate(capacity: Pipeline.batchLimit)
    /// Commands of the batch that look for an element of an aggregate.
    private var elements = 0
    private let table: CommandTable
    private let keyspace: Keyspace
    private let pause: ClientPause

    public init(executor: consuming Executor, pause: ClientPause) {
        table = executor.table
        keyspace = executor.keyspace
        self.executor = executor
        self.pause = pause
        batch.initialize(repeating: Parsed(), count: Self.batchLimit)
    }

    deinit { batch.deallocate() }

    /// Parses and executes one batch of the executor's selected connection.
    ///
    /// - Parameters:
    ///   - bytes: the unparsed input.
    ///   - consumed: how far it is done with; moved on.
    ///   - partial: what is known of a half-received command.
    ///   - maximumBulk: longest argument in bytes.
    public mutating func runBatch(
        _ bytes: ByteView, consumed: inout Int, partial: inout PartialRequest, maximumBulk: Int
    ) -> Outcome {
        var count = 0
        var failure: ProtocolError?
        let wasUnauthenticated = executor.call.session.pointee.state.contains(.unauthenticated)
        let isComplete = parse(bytes, from: consumed, &partial, maximumBulk, &count, &failure)
        prefetch(count)
        let outcome = execute(count, &consumed)
        guard outcome == .more,
            executor.call.session.pointee.state.contains(.unauthenticated) == wasUnauthenticated
        else {
            // What was parsed behind it is parsed again, after RESET with other limits.
            partial = PartialRequest()
            return outcome
        }
        if let failure {
            if executor.call.session.pointee.state.isDisjoint(with: [.silent, .skipsNext]) {
                executor.call.reply.error(failure.message)
            }
            return .closes
        }
        return isComplete ? .more : .needsInput
    }

    /// Lets go of the last batch's arguments.
    public mutating func finish() { parser.removeAll() }

    /// Parses up to a batch and asks for the keys' table slots. Returns whether more input may follow.
    @inline(__always)
    private mutating func parse(
        _ bytes: ByteView, from start: Int, _ partial: inout PartialRequest, _ maximumBulk: Int, _ count: inout Int,
        _ failure: inout ProtocolError?
    ) -> Bool {
        parser.removeAll()
        elements = 0
        var limits = RequestParser.Limits()
        limits.maximumBulk = maximumBulk
        var batchLimit = Self.batchLimit
        if executor.call.session.pointee.state.contains(.unauthenticated) {
            limits.isUnauthenticated = true
            // AUTH changes the limits of what follows.
            batchLimit = 1
        }
        let database = executor.call.session.pointee.database
        var position = start
        while count < batchLimit {
            let firstArgument = parser.argumentCount
            let rest = ByteView(bytes.start + position, count: bytes.count &- position)
            switch parser.next(rest, partial: &partial, limits: limits) {
            case .incomplete: return false
            case .failure(let error):
                failure = error
                return false
            case .command(let arguments, let length):
                position &+= length
                batch[count] = Parsed(firstArgument: firstArgument, argumentCount: arguments, end: position)
                if arguments > 0, look(up: &batch[count], database) { elements &+= 1 }
                count &+= 1
            }
        }
        return true
    }

    /// Looks up the command and hashes its first key. Returns whether it looks for an element of an aggregate.
    @inline(__always)
    private func look(up parsed: inout Parsed, _ database: Int) -> Bool {
        parsed.entry = table.find(parser.arguments[parsed.firstArgument])
        guard let entry = parsed.entry else { return false }
        let key = entry._withUnsafeGuaranteedRef { $0.firstKey }
        guard key > 0, key < parsed.argumentCount else { return false }
        parsed.hash = processHash(parser.arguments[parsed.firstArgument &+ key])
        parsed.hasHash = true
        keyspace.prefetchSlot(parsed.hash, database: database)
        let element = entry._withUnsafeGuaranteedRef { $0.element }
        guard element > 0, element < parsed.argumentCount else { return false }
        parsed.element = element
        return true
    }

    /// Asks for the entries that the slots point to, while none of the commands waits for them yet.
    @inline(__always)
    private mutating func prefetch(_ count: Int) {
        guard count > 1 else { return }
        let database = executor.call.session.pointee.database
        for position in 0..<count where batch[position].hasHash {
            let peek = keyspace.prefetchEntry(batch[position].hash, database: database)
            batch[position].peek = peek
        }
        if executor.call.access.readsStates { prefetchStates(count) }
        if elements > 1 { prefetchElements(count, database) }
    }

    /// Asks for the states of computed values.
    @inline(never)
    private mutating func prefetchStates(_ count: Int) {
        executor.call.access.readsStates = false
        for position in 0..<count where batch[position].peek.isComputed {
            keyspace.prefetchState(batch[position].peek)
        }
    }

    /// Asks for the elements that commands look for in the aggregates that the entries refer to.
    @inline(never)
    private func prefetchElements(_ count: Int, _ database: Int) {
        for position in 0..<count where batch[position].element > 0 {
            let parsed = batch[position]
            batch[position].elementHash = keyspace.prefetchElement(
                parser.arguments[parsed.firstArgument &+ parsed.element], of: parsed.hash, database: database)
        }
        for position in 0..<count {
            guard let elementHash = batch[position].elementHash else { continue }
            keyspace.prefetchElementBlock(elementHash, of: batch[position].hash, database: database)
        }
    }

    @inline(__always)
    private mutating func execute(_ count: Int, _ consumed: inout Int) -> Outcome {
        var tick = CycleClock.now()
        for position in 0..<count {
            let parsed = batch[position]
            if parsed.argumentCount > 0 {
                if parsed.entry == nil, isCrossProtocol(parsed) { return .crossProtocol }
                if pause.isActive, isHeld(parsed) { return .held }
                let arguments = UnsafeBufferPointer(
                    start: parser.arguments + parsed.firstArgument, count: parsed.argumentCount)
                tick = executor.execute(
                    parsed.entry, arguments, hash: parsed.hasHash ? parsed.hash : nil,
                    isUnmarked: parsed.peek.isUnmarked,
                    startedAt: tick)
                if executor.call.session.pointee.isSuspended { return .suspended }
                commands.add()
            }
            consumed = parsed.end
            if executor.call.session.pointee.closesAfterReply { return .closes }
            if executor.call.reply.output.pointee.count > Self.largeOutput { return .outputIsLarge }
        }
        return .more
    }

    /// Whether a line is of an HTTP request, with which a web page could make its reader's browser send commands.
    @inline(never)
    private func isCrossProtocol(_ parsed: Parsed) -> Bool {
        let name = parser.arguments[parsed.firstArgument]
        return name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:")
    }

    @inline(never)
    private func isHeld(_ parsed: Parsed) -> Bool {
        let session = executor.call.session
        // What has waited for keys is executed already; only its answer is missing.
        if session.pointee.state.contains(.answered) { return false }
        let isPrefixed = parsed.entry?.takeUnretainedValue().isDurabilityPrefix == true && parsed.argumentCount > 1
        let skipped = isPrefixed ? 1 : 0
        let arguments = UnsafeBufferPointer(
            start: parser.arguments + parsed.firstArgument + skipped, count: parsed.argumentCount - skipped)
        let writes = table.find(call: arguments)?.mayWrite(session.pointee.queuedWrites) ?? false
        return pause.holds(writes: writes, now: executor.call.now)
    }
}
