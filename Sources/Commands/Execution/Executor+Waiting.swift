import Keyspace
import Primitives
import RESP
import Synchronization

/// Executing commands that waited for keys, in the place of those who wait, by whoever has changed the keys.
extension Executor {
    /// Locks the shards of a call's keys, and all where the call may let a command go on that needs more; returns them.
    @inline(never)
    mutating func shardsToHold(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> ShardSet {
        call.hashedArguments = 0
        guard let range = entry.locks.range, entry.locks.kind != .exclusive else {
            return hold(entry.locks.shards(entry.command, arguments), isWrite: entry.isWrite)
        }
        return hold(hashKeys(range, arguments), isWrite: entry.isWrite)
    }

    /// The shards of the keys in a range of arguments. The hashes of the first ones are kept for the handler.
    private mutating func hashKeys(
        _ range: LockPlan.KeyRange, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> ShardSet {
        var shards = ShardSet()
        let hash = processHash
        let end = min(range.last < 0 ? arguments.count &+ range.last : range.last, arguments.count &- 1) &+ 1
        let kept = min(end, Call.hashLimit)
        var index = range.first
        while index < end {
            let value = hash(arguments[index])
            if index < kept { call.hashes[index] = value }
            shards.insert(Keyspace.shardIndex(value))
            index &+= range.step
        }
        call.hashedArguments = kept
        return shards
    }

    /// Locks shards, and for a write all of them where commands wait for their keys that need others, too. Whether there
    /// are such is known only under the locks.
    mutating func hold(_ shards: ShardSet, isWrite: Bool) -> ShardSet {
        var shards = shards
        keyspace.lock(shards)
        if isWrite, keyspace.wideWaiters.load(ordering: .relaxed) != 0, call.access.hasWideWaiters(shards) {
            keyspace.unlock(shards)
            shards = .all
            keyspace.lock(shards)
        }
        call.access.held = shards
        return shards
    }

    /// Executes what waits for what a call with one key has changed.
    @inline(never)
    mutating func serveReady(holding shard: Int) {
        call.access.held.insert(shard)
        serveReady()
    }

    /// Executes the commands that wait for what the last call has changed, and those that wait for what they change in
    /// turn. Under the locks of the call.
    @inline(never)
    mutating func serveReady() {
        while let key = call.access.takeReadyKey() {
            // What they would do is not in the log that is replayed, or comes later.
            guard !call.isReplaying else { continue }
            guard call.access.held.contains(Keyspace.shardIndex(key.hash)) else {
                assertionFailure("a key has changed whose shard is not held")
                continue
            }
            var position = 0
            while let waiter = call.access.nextWaiter(for: key, from: &position) {
                // Who executes it just now for another of its keys may not have seen this one's change.
                guard let blocked = waiter as? BlockedCall, blocked.claimOrWait() else { continue }
                serve(blocked)
            }
        }
    }

    /// The same for keys that have changed otherwise than by a call. No locks may be held.
    public mutating func serveReadyKeys() {
        guard call.access.hasReadyKeys else { return }
        _ = hold(.all, isWrite: false)
        serveReady()
        keyspace.unlock(.all)
        call.access.held = ShardSet()
    }

    /// Executes a command that has been claimed, and sends its answer; puts it back where it must go on waiting.
    private mutating func serve(_ blocked: BlockedCall) {
        let answer = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)
        answer.initialize(to: ByteBuffer())
        defer {
            answer.deinitialize(count: 1)
            answer.deallocate()
        }
        let position = call.access.loggedPosition
        guard execute(blocked, answer) else { return blocked.unclaim() }
        if call.access.loggedPosition != position { blocked.loggedPosition = call.access.loggedPosition }
        blocked.finish()
        observer.blockedCallAnswered(blocked, answer.pointee.view, from: call.worker)
    }

    /// Executes a command for another connection; false where it must go on waiting.
    private mutating func execute(_ blocked: BlockedCall, _ answer: UnsafeMutablePointer<ByteBuffer>) -> Bool {
        let account = blocked.account?.current
        // Where its user was removed its connection is about to be closed.
        guard account != nil || blocked.account == nil else { return false }
        let standIn = UnsafeMutablePointer<Session>.allocate(capacity: 1)
        standIn.initialize(to: Session(identifier: blocked.session))
        let outer = (
            session: call.session, arguments: call.arguments, entry: call.entry, output: call.reply.output,
            version: call.reply.version, database: call.access.database, recording: call.access.recording,
            reader: call.access.reader, leavesClock: call.access.leavesAccessClock, hasHash: call.hasFirstKeyHash
        )
        if let account { standIn.pointee.act(for: account) }
        standIn.pointee.database = blocked.database
        standIn.pointee.version = blocked.version
        call.session = standIn
        call.reply = ReplyWriter(output: answer, version: blocked.version)
        call.access.database = blocked.database
        call.access.recording = blocked.recording
        call.access.reader = blocked.session
        call.access.leavesAccessClock = blocked.leavesAccessClock
        call.hasFirstKeyHash = false
        call.hashedArguments = 0
        call.isServing = true
        defer {
            call.isServing = false
            call.session = outer.session
            call.arguments = outer.arguments
            call.entry = outer.entry
            call.reply = ReplyWriter(output: outer.output, version: outer.version)
            call.access.database = outer.database
            call.access.recording = outer.recording
            call.access.reader = outer.reader
            call.access.leavesAccessClock = outer.leavesClock
            call.hasFirstKeyHash = outer.hasHash
            standIn.deinitialize(count: 1)
            standIn.deallocate()
        }
        return blocked.arguments.withViews { arguments in
            call.entry = blocked.entry.takeUnretainedValue()
            call.arguments = arguments
            if standIn.pointee.state.contains(.restricted), let denial = denial(call.entry, arguments) {
                // It was permitted when it began to wait.
                call.reply.error(deny(denial, call.entry, arguments).message)
                return true
            }
            var isAnswered = true
            do throws(CommandError) {
                try call.entry.handler(&call)
                if call.access.hasChanged, call.access.isLogging { call.logEffects(call.entry) }
            } catch {
                isAnswered = !error.isSuspension
                if isAnswered { call.reply.error(error.message) }
            }
            call.access.commit()
            return isAnswered
        }
    }

    /// Answers a call that has waited with what was found for it. Errors count as if it had failed just now.
    mutating func answer(_ entry: CommandEntry) {
        call.session.pointee.state.remove(.answered)
        guard let answer = call.takeSuspension()?.answer else { return }
        if answer.first == UInt8(ascii: "-") {
            let text = String(decoding: answer.dropFirst().dropLast(2), as: UTF8.self)
            fail(entry, CommandError(composed: text))
        } else {
            answer.withView { call.reply.raw($0) }
        }
        record(entry, ticks: 0)
    }
}
