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
        guard !connection.pointee.isHeld, !rests(connection) else { return }
        if connection.pointee.session.closesAfterReply { return discardInput(connection) }
        if connection.pointee.input.isEmpty {
            switch Socket.read(connection.pointee.descriptor, into: input, count: Self.readSize) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes(let count):
                received(count, connection)
                let view = ByteView(input, count: count)
                let consumed = process(view, connection)
                if !connection.pointee.isClosed, consumed < count {
                    connection.pointee.input.append(view[consumed..<count])
                    publishInput(connection)
                    book(connection)
                }
            }
        } else {
            let missing = connection.pointee.partial.expectedBytes - connection.pointee.input.count
            let room = roomForInput(connection, missing: missing)
            if mustRest(connection, for: room) { return waitForRoom(connection) }
            let isRest = room == missing
            let target =
                isRest
                ? connection.pointee.input.reserve(exactly: room) : connection.pointee.input.reserve(room)
            switch Socket.read(connection.pointee.descriptor, into: target, count: connection.pointee.input.spare) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes(let count):
                received(count, connection)
                connection.pointee.input.commit(count)
                // Before a long command is executed it must be known what it takes.
                account(connection)
                book(connection)
                processInput(connection)
            }
        }
        enforceInputLimit(connection)
    }

    /// Takes what a client sends behind its last command. Left with the kernel it would make the kernel cut the connection
    /// off, last replies included.
    func discardInput(_ connection: UnsafeMutablePointer<Connection>) {
        for _ in 0..<Self.discardedReads {
            switch Socket.read(connection.pointee.descriptor, into: input, count: Self.readSize) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes(let count): received(count, connection)
            }
        }
    }

    /// Closes a connection that has its last reply.
    func closeGently(_ connection: UnsafeMutablePointer<Connection>) {
        discardInput(connection)
        close(connection)
    }

    /// Executes what waits in a connection's own buffer.
    func processInput(_ connection: UnsafeMutablePointer<Connection>) {
        guard !rests(connection) else { return }
        let consumed = process(connection.pointee.input.view, connection)
        guard !connection.pointee.isClosed else { return }
        connection.pointee.input.consume(consumed)
        let spent = connection.pointee.input.isEmpty ? clear(&connection.pointee.input, keeping: 0) : nil
        publishInput(connection)
        book(connection)
        release(spent)
    }

    private func publishInput(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.record.inputBytes.set(connection.pointee.input.count)
        connection.pointee.record.inputCapacity.set(connection.pointee.input.capacity)
        account(connection)
    }

    private func received(_ count: Int, _ connection: UnsafeMutablePointer<Connection>) {
        statistics.pointee.reads.add()
        statistics.pointee.bytesIn.add(count)
        connection.pointee.record.bytesIn.add(count)
    }

    /// Room for the rest of a large argument, at most as much as has already arrived: a length alone takes no memory.
    private func roomForInput(_ connection: UnsafeMutablePointer<Connection>, missing: Int) -> Int {
        max(16 * 1024, min(missing, max(connection.pointee.input.count, Self.readSize)))
    }

    private func enforceInputLimit(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isClosed,
            connection.pointee.input.count + connection.pointee.session.queuedBytes > settings.clientQueryBufferLimit
        else { return }
        statistics.pointee.queryBufferKills.add()
        server.log.warning(
            "Closing client that reached max query buffer length: id=\(connection.pointee.session.identifier)")
        close(connection)
    }

    /// Ends a connection on which a browser talks, or whatever else speaks HTTP.
    private func refuseCrossProtocol(_ connection: UnsafeMutablePointer<Connection>, _ now: Int64) {
        if now - crossProtocolLogged > 60_000 {
            crossProtocolLogged = now
            server.log.warning(
                """
                Possible SECURITY ATTACK detected: POST or Host: was sent as a command, likely by a browser that was made \
                to talk to this server. Connection from \(connection.pointee.record.address) aborted.
                """)
        }
        close(connection)
    }

    /// Bytes of replies that wait for the log from which on a connection waits with them.
    private static let heldOutput = 1 << 20

    /// Executes the commands in `bytes`, sends the replies, and returns how many bytes are done with.
    private func process(_ bytes: ByteView, _ connection: UnsafeMutablePointer<Connection>) -> Int {
        let now = Clock.wallMilliseconds()
        adoptSettings()
        guard !connection.pointee.record.isKilled else {
            close(connection)
            return 0
        }
        // What was published by a command that has been answered comes before whatever is answered now.
        takePushes()
        if connection.pointee.session.state.contains(.subscriber) { spreadBroadcast() }
        guard !connection.pointee.isClosed else { return 0 }
        let commands = pipeline.pointee.commands.current
        current = connection
        pipeline.pointee.executor.select(&connection.pointee.session, now: now)
        server.keyspace.reclaimer.enter(index)
        var consumed = 0
        var outcome = Pipeline.Outcome.more
        while !connection.pointee.isClosed {
            outcome = pipeline.pointee.runBatch(
                bytes, consumed: &consumed, partial: &connection.pointee.partial,
                maximumBulk: settings.protoMaxBulkLength)
            if outcome == .outputIsLarge {
                send(connection)
                // Replies to a single connection may be all that clients may take.
                if evictClients(), !connection.pointee.isClosed {
                    pipeline.pointee.executor.select(&connection.pointee.session, now: now)
                }
            } else if outcome != .more {
                break
            }
            // Replies that the disk holds up must not pile up.
            if connection.pointee.awaitsLog, connection.pointee.pending.count > Self.heldOutput {
                _ = rests(connection)
                break
            }
        }
        pipeline.pointee.finish()
        server.keyspace.reclaimer.leave(index)
        current = nil
        switch outcome {
        case .more, .outputIsLarge, .needsInput: break
        case .crossProtocol: refuseCrossProtocol(connection, now)
        case .closes:
            connection.pointee.session.closesAfterReply = true
        case .held:
            connection.pointee.isPaused = true
            pausedConnections += 1
            watch(connection)
        case .suspended: suspend(connection)
        }
        send(connection)
        wakeReceivers()
        guard !connection.pointee.isClosed else { return consumed }
        publish(connection, now: now)
        if pipeline.pointee.commands.current != commands {
            connection.pointee.record.lastCommand.set(pipeline.pointee.executor.call.entry.identifier)
        }
        return consumed
    }

    /// Shows other threads what has become of the connection.
    func publish(_ connection: UnsafeMutablePointer<Connection>, now: Int64) {
        let record = connection.pointee.record
        record.flags.set(flags(connection).rawValue)
        record.lastInteraction.set(Int(now / 1000))
        record.database.set(connection.pointee.session.database)
        record.version.set(Int(connection.pointee.session.version))
        record.queued.set(connection.pointee.session.queuedCount ?? -1)
        record.queuedBytes.set(connection.pointee.session.queuedBytes)
        record.watched.set(connection.pointee.session.watchedCount)
        connection.pointee.publishOutput()
        account(connection)
    }

    private func flags(_ connection: UnsafeMutablePointer<Connection>) -> ClientRecord.Flags {
        var flags: ClientRecord.Flags = connection.pointee.record.isUnixSocket ? .unixSocket : []
        if connection.pointee.session.queuedCount != nil { flags.insert(.transaction) }
        if connection.pointee.session.hasWatchedKeyChanged { flags.insert(.dirtyWatch) }
        if connection.pointee.session.closesAfterReply { flags.insert(.closesAfterReply) }
        if connection.pointee.session.isProtectedFromEviction { flags.insert(.noEvict) }
        if connection.pointee.session.leavesAccessClock { flags.insert(.noTouch) }
        let tracking = connection.pointee.session.tracking
        if tracking.contains(.on) { flags.insert(.tracking) }
        if tracking.contains(.broadcast) { flags.insert(.broadcast) }
        if connection.pointee.session.state.contains(.monitor) { flags.insert(.monitor) }
        if connection.pointee.isHeld { flags.insert(.blocked) }
        if connection.pointee.awaitsWritability { flags.insert(.awaitsWritability) }
        return flags
    }
}
