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

    /// Executes the commands in `bytes`, sends the replies, and returns how many bytes are done with.
    private func process(_ bytes: ByteView, _ connection: UnsafeMutablePointer<Connection>) -> Int {
        let now = Clock.wallMilliseconds()
        current = connection
        pipeline.pointee.executor.select(&connection.pointee.session, now: now)
        server.keyspace.reclaimer.enter(index)
        var consumed = 0
        var outcome = Pipeline.Outcome.more
        while outcome == .more, !connection.pointee.isClosed {
            outcome = pipeline.pointee.runBatch(
                bytes, consumed: &consumed, partial: &connection.pointee.partial,
                maximumBulk: settings.protoMaxBulkLength)
            if outcome == .more { sendWhenLarge(connection) }
        }
        pipeline.pointee.finish()
        server.keyspace.reclaimer.leave(index)
        current = nil
        switch outcome {
        case .more, .needsInput: break
        case .closes: connection.pointee.session.closesAfterReply = true
        case .held:
            connection.pointee.isPaused = true
            watch(connection)
        }
        send(connection)
        if !connection.pointee.isClosed { publish(connection, now) }
        return consumed
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
        record.lastCommand.set(pipeline.pointee.executor.call.entry.identifier)
    }
}
