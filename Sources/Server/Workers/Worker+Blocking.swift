import Commands
import HeapModule
import Keyspace
import Primitives
import Synchronization

/// Connections that wait for keys (BLPOP and the like). Whoever changes a key executes what waits for it and sends the
/// answer here; what is left to the connection's worker is the timeout, the end of the connection, and forgetting.
extension Worker {
    /// Gives a connection the answer of what it waits with.
    func answer(_ connection: UnsafeMutablePointer<Connection>, _ blocked: BlockedCall, _ answer: [UInt8]) {
        guard connection.pointee.session.suspension?.blocked === blocked else { return }
        unblock(connection, blocked)
        connection.pointee.session.take(answer, of: blocked)
        wake(connection)
    }

    /// Answers a connection whose time is over, unless that is being done.
    func endBlocking(_ connection: UnsafeMutablePointer<Connection>, now: Int64) {
        // The alarm may be of what the connection has waited for before.
        guard let suspension = connection.pointee.session.suspension, suspension.wakesAt <= now,
            let blocked = suspension.blocked
        else { return }
        if blocked.cancel() { answer(connection, blocked, blocked.timeoutReply) }
    }

    /// Lets nobody execute anymore what a closed connection waits with.
    func abandonBlocking(_ connection: UnsafeMutablePointer<Connection>) {
        guard let blocked = connection.pointee.session.suspension?.blocked else { return }
        // Who executes it at this moment does so for nobody.
        blocked.cancel()
        unblock(connection, blocked)
    }

    private func unblock(_ connection: UnsafeMutablePointer<Connection>, _ blocked: BlockedCall) {
        connection.pointee.record.blocked.withLock { $0 = nil }
        pipeline.pointee.executor.call.access.endWaiting(blocked)
    }
}
