import Commands
import Configuration
import EventLoop
import Keyspace
import Logging
import Primitives
import RESP

extension Worker {
    /// Reads what a connection has sent and executes it.
    func receive(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isPaused else { return }
        if connection.pointee.input.isEmpty {
            switch Socket.read(connection.pointee.descriptor, into: input, count: Self.readSize) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes(let count):
                received(count, connection)
                let view = ByteView(input, count: count)
                let consumed = process(view, connection)
                guard !connection.pointee.isClosed, consumed < count else { return }
                connection.pointee.input.append(view[consumed..<count])
            }
        } else {
            let room = roomForInput(connection)
            let target = connection.pointee.input.reserve(room)
            switch Socket.read(connection.pointee.descriptor, into: target, count: connection.pointee.input.spare) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes(let count):
                received(count, connection)
                connection.pointee.input.commit(count)
                processInput(connection)
            }
        }
        enforceInputLimit(connection)
    }

    /// Executes what waits in a connection's own buffer.
    func processInput(_ connection: UnsafeMutablePointer<Connection>) {
        let consumed = process(connection.pointee.input.view, connection)
        guard !connection.pointee.isClosed else { return }
        connection.pointee.input.consume(consumed)
        if connection.pointee.input.isEmpty { connection.pointee.input.clear(keeping: 0) }
    }

    private func received(_ count: Int, _ connection: UnsafeMutablePointer<Connection>) {
        statistics.pointee.reads.add()
        statistics.pointee.bytesIn.add(count)
        connection.pointee.record.bytesIn.add(count)
    }

    /// Room for the rest of a large argument, at most as much as has already arrived: a length alone takes no memory.
    private func roomForInput(_ connection: UnsafeMutablePointer<Connection>) -> Int {
        let have = connection.pointee.input.count
        let missing = connection.pointee.partial.expectedBytes - have
        return max(16 * 1024, min(missing, max(have, Self.readSize)))
    }

    private func enforceInputLimit(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isClosed, connection.pointee.input.count > settings.clientQueryBufferLimit else {
            return
        }
        statistics.pointee.queryBufferKills.add()
        server.log.warning(
            "Closing client that reached max query buffer length: id=\(connection.pointee.session.identifier)")
        close(connection)
    }

    /// Parses and executes commands in `bytes` and returns how many bytes are done with.
    private func process(_ bytes: ByteView, _ connection: UnsafeMutablePointer<Connection>) -> Int {
        let now = Clock.wallMilliseconds()
        current = connection
        executor.pointee.select(&connection.pointee.session, now: now)
        server.keyspace.reclaimer.enter(index)
        var consumed = 0
        var more = true
        while more {
            var count = 0
            more = parse(bytes, from: consumed, connection, &count)
            prefetch(count)
            let (done, goesOn) = execute(count, connection, from: consumed)
            consumed = done
            if !goesOn { break }
            if let failure = parseFailure {
                parseFailure = nil
                executor.pointee.call.reply.error(failure.message)
                connection.pointee.session.closesAfterReply = true
                break
            }
            if more { sendWhenLarge(connection) }
            if connection.pointee.isClosed { break }
        }
        server.keyspace.reclaimer.leave(index)
        current = nil
        parser.removeAll()
        send(connection)
        if !connection.pointee.isClosed { publish(connection, now) }
        return consumed
    }

    /// Parses up to a batch of commands and asks for their keys' table slots. Returns whether more input may follow.
    @inline(__always)
    private func parse(
        _ bytes: ByteView, from start: Int, _ connection: UnsafeMutablePointer<Connection>, _ count: inout Int
    ) -> Bool {
        parser.removeAll()
        let isUnauthenticated = connection.pointee.session.state.contains(.unauthenticated)
        var limits = RequestParser.Limits()
        limits.maximumBulk = settings.protoMaxBulkLength
        if isUnauthenticated { limits = .unauthenticated }
        // AUTH changes the limits of what follows.
        let batchLimit = isUnauthenticated ? 1 : Self.batchLimit
        let database = connection.pointee.session.database
        var position = start
        while count < batchLimit {
            let firstArgument = parser.argumentCount
            let rest = ByteView(bytes.start + position, count: bytes.count &- position)
            switch parser.next(rest, partial: &connection.pointee.partial, limits: limits) {
            case .incomplete: return false
            case .failure(let failure):
                parseFailure = failure
                return false
            case .command(let arguments, let consumed):
                position &+= consumed
                batch[count] = Parsed(
                    entry: nil, firstArgument: firstArgument, argumentCount: arguments, end: position)
                if arguments > 0 { look(up: &batch[count], database) }
                count &+= 1
            }
        }
        return true
    }

    @inline(__always)
    private func look(up parsed: inout Parsed, _ database: Int) {
        parsed.entry = server.table.find(parser.arguments[parsed.firstArgument])
        guard let entry = parsed.entry else { return }
        let key = entry._withUnsafeGuaranteedRef { $0.firstKey }
        guard key > 0, key < parsed.argumentCount else { return }
        parsed.hash = processHash(parser.arguments[parsed.firstArgument &+ key])
        parsed.hasHash = true
        server.keyspace.prefetchSlot(parsed.hash, database: database)
    }

    /// Asks for the entries that the slots point to, while none of the commands waits for them yet.
    @inline(__always)
    private func prefetch(_ count: Int) {
        guard count > 1 else { return }
        let database = executor.pointee.call.session.pointee.database
        for position in 0..<count where batch[position].hasHash {
            server.keyspace.prefetchEntry(batch[position].hash, database: database)
        }
    }

    /// Executes the batch. Returns how far the input is done with, and whether to go on with what follows.
    @inline(__always)
    private func execute(
        _ count: Int, _ connection: UnsafeMutablePointer<Connection>, from start: Int
    ) -> (Int, Bool) {
        var consumed = start
        var tick = CycleClock.now()
        for position in 0..<count {
            let parsed = batch[position]
            if parsed.argumentCount > 0 {
                if server.pause.isActive, mustPause(parsed, connection) { return (consumed, false) }
                let arguments = UnsafeBufferPointer(
                    start: parser.arguments + parsed.firstArgument, count: parsed.argumentCount)
                tick = executor.pointee.execute(
                    parsed.entry, arguments, hash: parsed.hasHash ? parsed.hash : nil, startedAt: tick)
                statistics.pointee.commands.add()
            }
            consumed = parsed.end
            if connection.pointee.session.closesAfterReply { return (consumed, false) }
        }
        return (consumed, true)
    }

    /// Whether CLIENT PAUSE holds this command; the connection then waits for the pause's end.
    @inline(never)
    private func mustPause(_ parsed: Parsed, _ connection: UnsafeMutablePointer<Connection>) -> Bool {
        let writes = parsed.entry?.takeUnretainedValue().mayWrite(connection.pointee.session.queuedWrites) ?? false
        guard server.pause.holds(writes: writes, now: executor.pointee.call.now) else { return false }
        connection.pointee.isPaused = true
        // Parsed commands are parsed again, from their first byte, when the pause ends.
        connection.pointee.partial = PartialRequest()
        poll.change(connection.pointee.descriptor, token: Connection.token(connection), interest: [])
        return true
    }

    /// Shows other threads what has become of the connection.
    private func publish(_ connection: UnsafeMutablePointer<Connection>, _ now: Int64) {
        let record = connection.pointee.record
        record.lastInteraction.set(Int(now / 1000))
        record.database.set(connection.pointee.session.database)
        record.version.set(Int(connection.pointee.session.version))
        record.queued.set(connection.pointee.session.queuedCount ?? -1)
        record.queuedBytes.set(connection.pointee.session.queuedBytes)
        record.watched.set(connection.pointee.session.watchedCount)
        record.inputBytes.set(connection.pointee.input.count)
        record.inputCapacity.set(connection.pointee.input.capacity)
        record.outputBytes.set(connection.pointee.pending.count)
        record.outputCapacity.set(connection.pointee.pending.capacity)
        record.lastCommand.set(executor.pointee.call.entry.identifier)
    }
}
