import Keyspace
import Primitives
import RESP
import Synchronization

/// Hears of what happened to calls, beside their replies. Called on the path of errors, slow and waiting calls only, and
/// after all calls while somebody watches them.
public protocol ExecutionObserver: AnyObject {
    /// A call was answered with an error.
    func executionFailed(_ error: CommandError)
    /// A call was executed that took at least `Call.reportThreshold` ticks: `call.entry` with `call.arguments`. One that
    /// waits for keys is reported when it begins to.
    func executed(_ call: borrowing Call, ticks: UInt64)
    /// A call that waited was executed by another's thread: its connection is to get the answer.
    ///
    /// - Parameter worker: the number of the worker that has executed it.
    func blockedCallAnswered(_ blocked: BlockedCall, _ answer: ByteView, from worker: Int)
    /// A call was refused since the connection's user has no permission for it.
    func accessWasDenied(
        _ denial: Denial, _ arguments: UnsafeBufferPointer<ByteView>, entry: CommandEntry,
        session: UnsafeMutablePointer<Session>)
}

extension ExecutionObserver {
    // What most observers of single pipelines do not care about.
    public func executionFailed(_ error: CommandError) {}
    public func executed(_ call: borrowing Call, ticks: UInt64) {}
    public func blockedCallAnswered(_ blocked: BlockedCall, _ answer: ByteView, from worker: Int) {}
    public func accessWasDenied(
        _ denial: Denial, _ arguments: UnsafeBufferPointer<ByteView>, entry: CommandEntry,
        session: UnsafeMutablePointer<Session>
    ) {}
}

/// Runs commands: checks, queues, locks, calls the handler, announces the changes and counts.
///
/// A worker has one. All of it runs on the worker's thread.
public struct Executor: ~Copyable {
    public let table: CommandTable
    public var call: Call
    /// By `CommandEntry.identifier`.
    public let statistics: UnsafeMutablePointer<CommandStatistics>
    private let latencies: UnsafeMutablePointer<Counter>
    /// Whether durations are counted in histograms (`latency-tracking`).
    public var tracksLatency = true
    unowned(unsafe) let observer: any ExecutionObserver
    let keyspace: Keyspace
    /// The keyspace's, at hand; read without being retained.
    private let budgetReference: Unmanaged<MemoryBudget>
    /// Why writes are refused where a session says so.
    public var writeRefusal = ""
    /// When this turn of the worker has spent enough on making room, in microseconds of the monotonic clock.
    var evictionDeadline: Int64 = .max
    /// When the thread's share of the processor's time was last looked at, and what it was; both in microseconds.
    var lastWork: (time: Int64, work: Int64) = (0, 0)

    /// - Parameters:
    ///   - output: where replies go.
    ///   - host: given to handlers as `call.host`.
    public init(
        table: CommandTable, keyspace: Keyspace, output: UnsafeMutablePointer<ByteBuffer>,
        accessStatistics: UnsafeMutablePointer<AccessStatistics>, session: UnsafeMutablePointer<Session>,
        host: AnyObject, worker: Int, observer: any ExecutionObserver
    ) {
        self.table = table
        self.keyspace = keyspace
        budgetReference = .passUnretained(keyspace.budget)
        self.observer = observer
        call = Call(
            reply: ReplyWriter(output: output, version: 2),
            access: Access(keyspace: keyspace, statistics: accessStatistics, worker: worker), session: session,
            table: table, host: host, worker: worker)
        statistics = .allocate(capacity: table.identifierCount)
        latencies = LatencyHistogram.allocate(table.identifierCount)
        for index in 0..<table.identifierCount {
            let latency = LatencyHistogram(latencies + index * LatencyHistogram.bucketCount)
            (statistics + index).initialize(to: CommandStatistics(latency: latency))
        }
    }

    deinit {
        statistics.deinitialize(count: table.identifierCount)
        statistics.deallocate()
        Allocation.free(latencies)
    }

    var budget: MemoryBudget { budgetReference.takeUnretainedValue() }

    /// Whether more memory is in use than may be.
    @inline(__always)
    private var isOverLimit: Bool { budgetReference._withUnsafeGuaranteedRef { $0.isExceeded } }

    /// Turns to a connection; `now` is the time that its next commands see, in milliseconds since 1970.
    @inline(__always)
    public mutating func select(_ session: UnsafeMutablePointer<Session>, now: Int64) {
        call.session = session
        call.reply.version = session.pointee.version
        call.access.database = session.pointee.database
        call.access.leavesAccessClock = session.pointee.leavesAccessClock
        call.access.recording = session.pointee.recording
        call.access.reader = session.pointee.identifier
        call.access.now = now
    }

    /// Executes one command of the selected connection and writes its reply.
    ///
    /// - Parameters:
    ///   - entry: what `table.find` gave for the first argument.
    ///   - arguments: at least one.
    ///   - hash: of the first key, if it was computed ahead.
    ///   - isUnmarked: whether it is known that nobody wants to hear of changes of the first key.
    /// - Returns: the tick at which it ended, which is when the next one starts.
    @inline(__always)
    public mutating func execute(
        _ entry: Unmanaged<CommandEntry>?, _ arguments: UnsafeBufferPointer<ByteView>, hash: UInt64?,
        isUnmarked: Bool, startedAt start: UInt64
    ) -> UInt64 {
        guard let entry, call.session.pointee.state.isEmpty,
            entry._withUnsafeGuaranteedRef({ $0.isPlain && $0.accepts(arguments.count) })
        else {
            executeSlowly(entry, arguments)
            return CycleClock.now()
        }
        if let hash {
            call.firstKeyHash = hash
            call.hasFirstKeyHash = true
        } else {
            call.hasFirstKeyHash = false
        }
        return entry._withUnsafeGuaranteedRef { entry in
            if entry.needsMemory, isOverLimit, !makesRoom(for: entry) { return CycleClock.now() }
            return run(entry, arguments, isUnmarked: isUnmarked, startedAt: start)
        }
    }

    /// Runs a command that has passed all checks.
    @inline(__always)
    private mutating func run(
        _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, isUnmarked: Bool, startedAt start: UInt64
    ) -> UInt64 {
        call.entry = entry
        call.arguments = arguments
        switch entry.locks.kind {
        case .single:
            let shard = Keyspace.shardIndex(call.key(entry.locks.firstKey).hash)
            keyspace.lock(shard)
            hold(shard)
            if entry.isWrite, mayHaveToPrepare(isUnmarked), hasToPrepare(entry) {
                keyspace.unlock(shard)
                return run(entry, arguments, startedAt: start, holding: shardsToHold(entry, arguments))
            }
            invoke(entry)
            if call.access.hasReadyKeys { serveReady(holding: shard) }
            keyspace.unlock(shard)
            call.access.held = ShardSet()
        case .none:
            invoke(entry)
            if call.access.hasReadyKeys { serveReadyKeys() }
        case .several, .exclusive:
            return run(entry, arguments, startedAt: start, holding: shardsToHold(entry, arguments))
        }
        return finish(entry, arguments, startedAt: start)
    }

    /// Runs a command under the locks of `shards`, which are held.
    private mutating func run(
        _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, startedAt start: UInt64,
        holding shards: ShardSet
    ) -> UInt64 {
        defer {
            keyspace.unlock(shards)
            call.access.held = ShardSet()
        }
        if entry.isWrite, keyspace.isTakingSnapshot, savesAhead(entry, arguments) { return start }
        if mayNeedMarking(entry), marksAhead(entry, arguments) { return start }
        call.access.removesHidden = entry.isWrite
        invoke(entry)
        call.access.removesHidden = false
        if call.access.hasReadyKeys { serveReady() }
        return finish(entry, arguments, startedAt: start)
    }

    /// Whether a write may have to wait until what depends on its key is marked, or its value saved, or may let a command go
    /// on that needs more shards than its own.
    @inline(__always)
    private func mayHaveToPrepare(_ isUnmarked: Bool) -> Bool {
        !isUnmarked && keyspace.nodeStates.hasManyNodes.load(ordering: .relaxed)
            || keyspace.wideWaiters.load(ordering: .relaxed) != 0 || keyspace.isTakingSnapshot
    }

    /// The same for the call's only key, whose shard is held: what was seen of it ahead may have been too little.
    @inline(never)
    private mutating func hasToPrepare(_ entry: CommandEntry) -> Bool {
        let key = call.key(entry.locks.firstKey)
        return keyspace.wideWaiters.load(ordering: .relaxed) != 0 || mayNeedMarking(entry) && call.access.isMarked(key)
            || keyspace.isToBeSavedAhead(key, database: call.access.database)
    }

    /// Only walks, which take locks themselves, ask what a command with one key holds; they have none.
    @inline(__always)
    private mutating func hold(_ shard: Int) {
        assert({ call.access.held.insert(shard) }() == ())
    }

    @inline(__always)
    private mutating func invoke(_ entry: CommandEntry) {
        handle(entry)
        call.access.commit()
    }

    /// Calls the handler, which answers or throws what is answered, but does not begin to answer and then throws.
    @inline(__always)
    private mutating func handle(_ entry: CommandEntry) {
        let mark = call.reply.output.pointee.count
        do throws(CommandError) {
            try entry.handler(&call)
            if call.access.hasChanged, call.access.isLogging { call.logEffects(entry) }
        } catch {
            call.access.effects.isReplaced = false
            assert(call.reply.output.pointee.count == mark, "\(entry.fullName) had begun to answer")
            // It will be executed, and counted, again.
            if error.isSuspension { return statistics[entry.identifier].calls.add(-1) }
            fail(entry, error)
        }
    }

    @inline(__always)
    private mutating func finish(
        _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, startedAt start: UInt64
    ) -> UInt64 {
        let end = CycleClock.now()
        let ticks = end &- start
        let counts = statistics + entry.identifier
        counts.pointee.calls.add()
        counts.pointee.ticks.add(Int(truncatingIfNeeded: ticks))
        if tracksLatency { counts.pointee.latency.record(ticks) }
        if ticks >= call.reportThreshold { report(entry, arguments, ticks) }
        return end
    }

    /// Tells the observer of a call that was slow, or of any where all are watched.
    @inline(never)
    mutating func report(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, _ ticks: UInt64) {
        // What waits for something else than keys will be executed again.
        guard !call.session.pointee.isSuspended || call.session.pointee.suspension?.blocked != nil else { return }
        // Handlers, and the transaction around them, may have turned to others.
        call.entry = entry
        call.arguments = arguments
        // The counters of two processor cores may differ: a duration below zero is none.
        observer.executed(call, ticks: Int64(bitPattern: ticks) < 0 ? 0 : ticks)
    }

    /// Runs one command of a transaction, under the transaction's locks.
    mutating func runQueued(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) {
        let start = CycleClock.now()
        call.entry = entry
        call.arguments = arguments
        call.hasFirstKeyHash = false
        call.hashedArguments = 0
        if call.session.pointee.state.contains(.restricted), let denial = denial(entry, arguments) {
            return denyQueued(denial, entry, arguments)
        }
        if call.session.pointee.state.contains(.tracking) { prepareTracking(entry) }
        call.access.removesHidden = entry.isWrite
        handle(entry)
        call.access.removesHidden = false
        _ = finish(entry, arguments, startedAt: start)
    }

    /// Counts a call that was executed otherwise than by its handler.
    func record(_ entry: CommandEntry, ticks: UInt64) {
        statistics[entry.identifier].calls.add()
        statistics[entry.identifier].ticks.add(Int(truncatingIfNeeded: ticks))
    }

    /// Answers an error in place of what the call would have done.
    @inline(never)
    mutating func fail(_ entry: CommandEntry, _ error: CommandError) {
        statistics[entry.identifier].failed.add()
        call.reply.error(error.message)
        observer.executionFailed(error)
    }

    /// Refuses a call that did not get as far as its handler.
    mutating func reject(_ entry: CommandEntry?, _ error: CommandError) {
        if let entry { statistics[entry.identifier].rejected.add() }
        var error = error
        if entry?.fullName == "exec" {
            error = .transactionAborted(by: error)
            TransactionCommands.discardTransaction(&call)
        } else if call.session.pointee.state.contains(.transaction) {
            call.session.pointee.queue.isBroken = true
        }
        call.reply.error(error.message)
        observer.executionFailed(error)
    }

    // MARK: Everything but the common case

    @inline(never)
    private mutating func executeSlowly(
        _ found: Unmanaged<CommandEntry>?, _ arguments: UnsafeBufferPointer<ByteView>
    ) {
        let mark = call.reply.output.pointee.count
        if call.session.pointee.suspension?.awaitsRoom == true { _ = call.takeSuspension() }
        // CLIENT REPLY takes effect with its own reply; what SKIP hides is itself and the next.
        let isSkipped = call.session.pointee.state.contains(.skipsNext)
        call.session.pointee.state.remove(.skipsNext)
        call.isSilenced = isSkipped || call.session.pointee.state.contains(.silent)
        dispatchDurably(found, arguments)
        // CLIENT REPLY ON is answered even where it was to be skipped.
        let isHidden = isSkipped && call.isSilenced
        call.isSilenced = false
        if call.session.pointee.state.contains(.tracking) { endCaching(found) }
        if call.session.pointee.isSuspended {
            // It answers when it is executed again.
            if isSkipped { call.session.pointee.state.insert(.skipsNext) }
        } else if call.session.pointee.state.contains(.resumed) {
            call.endSuspension()
        }
        if isHidden || !call.session.pointee.state.isDisjoint(with: [.silent, .skipsNext]) {
            call.reply.output.pointee.truncate(to: mark)
        }
        call.appendPushes()
    }

    /// Executes a command, and notes what of the log must be on the disk before it is answered: of a connection that asks
    /// for that, or behind `FSYNC`, which stands for the whole transaction where the command is queued.
    private mutating func dispatchDurably(
        _ found: Unmanaged<CommandEntry>?, _ arguments: UnsafeBufferPointer<ByteView>
    ) {
        let session = call.session
        let position = call.access.loggedPosition
        // What another worker has logged in the place of a call that has waited.
        let served = session.pointee.suspension?.answerPosition ?? 0
        let isPrefixed =
            found?._withUnsafeGuaranteedRef { $0.isDurabilityPrefix && $0.accepts(arguments.count) } ?? false
        let isDurable = isPrefixed || session.pointee.state.contains(.durable) || session.pointee.queue.isDurable
        if isPrefixed, let prefix = found?.takeUnretainedValue() {
            if let error = refusal(of: prefix, arguments) { return reject(prefix, error) }
            // What is executed already is answered in any case.
            guard call.isLogging || session.pointee.state.contains(.answered) else {
                return reject(nil, .fsyncWithoutLog)
            }
            let rest = UnsafeBufferPointer(rebasing: arguments.dropFirst())
            dispatch(table.find(rest[0]), rest)
        } else {
            dispatch(found, arguments)
        }
        if isPrefixed, session.pointee.state.contains(.transaction) { session.pointee.queue.isDurable = true }
        guard isDurable else { return }
        let logged = call.access.loggedPosition != position ? call.access.loggedPosition : served
        session.pointee.awaitedPosition = max(session.pointee.awaitedPosition, logged)
    }

    /// Why a connection may not use a prefix, whatever stands behind it; nil where it may.
    private mutating func refusal(
        of prefix: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> CommandError? {
        let state = call.session.pointee.state
        if state.contains(.unauthenticated) { return .notAuthenticated }
        guard state.contains(.restricted), let denial = denial(prefix, arguments) else { return nil }
        return deny(denial, prefix, arguments)
    }

    private mutating func dispatch(
        _ found: Unmanaged<CommandEntry>?, _ arguments: UnsafeBufferPointer<ByteView>
    ) {
        call.hasFirstKeyHash = false
        let entry: CommandEntry
        do throws(CommandError) {
            entry = try resolve(found?.takeUnretainedValue(), arguments)
        } catch {
            call.entry = found?.takeUnretainedValue() ?? table.unknown
            return reject(nil, error)
        }
        call.entry = entry
        guard entry.accepts(arguments.count) else { return reject(entry, .wrongArity(entry.fullName)) }
        let state = call.session.pointee.state
        if state.contains(.answered) { return answer(entry) }
        if state.contains(.unauthenticated), !entry.flags.contains(.noAuth) { return reject(entry, .notAuthenticated) }
        let isQueued = state.contains(.transaction) && !entry.flags.contains(.immediate)
        if isQueued, entry.flags.contains(.noMulti) {
            return reject(entry, CommandError("ERR Command not allowed inside a transaction"))
        }
        if state.contains(.restricted), let denial = denial(entry, arguments) {
            return reject(entry, deny(denial, entry, arguments))
        }
        if state.contains(.subscriber), call.session.pointee.version == 2, !entry.flags.contains(.subscribed) {
            return reject(entry, .onlySubscribing(entry.fullName))
        }
        if state.contains(.loading), !entry.flags.contains(.loading) { return reject(entry, .loading) }
        if state.contains(.writesRefused),
            entry.flags.contains(.write) || entry.fullName == "ping"
                || entry.fullName == "exec" && call.session.pointee.queuedWrites
        {
            return reject(entry, CommandError(composed: writeRefusal))
        }
        if state.contains(.monitor), !entry.flags.isDisjoint(with: [.write, .readonly, .mayReplicate]) {
            return reject(entry, CommandError("ERR Replica can't interact with the keyspace"))
        }
        if isOverLimit, refusesWhenFull(entry), !makesRoom(for: entry) { return }
        if isQueued {
            call.session.pointee.queue.append(.passUnretained(entry), arguments)
            return call.reply.simple("QUEUED")
        }
        if entry.fullName == "exec" { return executeTransaction(entry, arguments) }
        if state.contains(.tracking) { prepareTracking(entry) }
        _ = run(entry, arguments, isUnmarked: false, startedAt: CycleClock.now())
    }

    /// The command or subcommand that a call means.
    private func resolve(
        _ found: CommandEntry?, _ arguments: UnsafeBufferPointer<ByteView>
    ) throws(CommandError) -> CommandEntry {
        guard var entry = found else { throw .unknownCommand(arguments) }
        if !entry.subcommands.isEmpty, arguments.count > 1 {
            guard let subcommand = entry.subcommands[arguments[1].lowercasedString] else {
                throw .unknownSubcommand(arguments[1], of: entry.fullName)
            }
            entry = subcommand
        }
        return entry
    }
}

extension LockPlan {
    /// The shards that a call locks.
    func shards(_ command: Command, _ arguments: UnsafeBufferPointer<ByteView>) -> ShardSet {
        var shards = ShardSet()
        switch kind {
        case .exclusive: return .all
        case .none: break
        case .single, .several:
            for specification in command.keys {
                if specification.derivesKeys(in: arguments) { return .all }
                specification.forEachKey(in: arguments) {
                    shards.insert(Keyspace.shardIndex(processHash(arguments[$0])))
                }
            }
        }
        return shards
    }
}
