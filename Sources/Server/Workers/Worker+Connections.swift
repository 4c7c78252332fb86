import Commands
import ComputedKeys
import Configuration
import EventLoop
import Glibc
import Logging
import Primitives
import RESP
import Synchronization

extension Worker {
    /// Watches the server's listening sockets; one worker does.
    func listen(on listeners: [Listener]) {
        self.listeners = listeners
        for position in listeners.indices { watchListener(position) }
    }

    private func watchListener(_ position: Int) {
        _ = poll.add(
            listeners[position].descriptor, token: Self.listenerToken + UInt64(position) * 2, interest: .read)
    }

    /// Accepts those who wait and gives each to the worker with the fewest connections.
    func acceptConnections(_ listener: Listener) {
        for _ in 0..<1000 {
            switch Socket.accept(listener.descriptor) {
            case .none: return
            case .exhausted: return restFromAccepting()
            case .connection(let descriptor):
                acceptFailures = 0
                server.statistics.connectionsReceived.wrappingAdd(1, ordering: .relaxed)
                let worker = server.leastLoadedWorker
                worker.load.wrappingAdd(1, ordering: .relaxed)
                if worker === self {
                    adopt(descriptor, isUnixSocket: listener.path != nil)
                } else {
                    worker.mailbox.send(.adopt(descriptor, isUnixSocket: listener.path != nil))
                }
            }
        }
    }

    /// Without a descriptor the waiting connection cannot even be refused, and the poll would report it without end.
    private func restFromAccepting() {
        if acceptFailures == 0 {
            server.log.warning("Error accepting a client connection: \(String(cString: strerror(errno)))")
        }
        acceptFailures += 1
        for listener in listeners { poll.remove(listener.descriptor) }
        acceptsRest = true
    }

    func resumeAccepting() {
        guard acceptsRest else { return }
        acceptsRest = false
        for position in listeners.indices { watchListener(position) }
    }

    /// Begins to serve a connection, or refuses it.
    func adopt(_ descriptor: CInt, isUnixSocket: Bool) {
        let peer = Socket.peer(descriptor)
        if let refusal = refusal(peer) {
            // Who has read the refusal finds it counted.
            server.statistics.connectionsRejected.wrappingAdd(1, ordering: .relaxed)
            load.wrappingSubtract(1, ordering: .relaxed)
            refusal.withView { _ = Socket.write(descriptor, $0) }
            Glibc.close(descriptor)
            return
        }
        if !isUnixSocket { Socket.configure(descriptor, keepalive: settings.tcpKeepalive) }
        // The client's end of a unix socket has no name; Redis shows the server's for both.
        let local = Socket.local(descriptor).text
        let record = ClientRecord(
            identifier: server.clients.makeIdentifier(), address: isUnixSocket ? local : peer.text,
            localAddress: local, descriptor: Int(descriptor), worker: index, isUnixSocket: isUnixSocket,
            now: Clock.wallMilliseconds() / 1000)
        var session = Session(identifier: record.identifier)
        session.act(for: server.accounts.standard)
        adoptDurability(&session)
        if server.accounts.requiresPassword { session.state.insert(.unauthenticated) }
        let connection = UnsafeMutablePointer<Connection>.allocate(capacity: 1)
        connection.initialize(to: Connection(descriptor: descriptor, session: session, record: record))
        server.clients.add(record)
        connections[record.identifier] = connection
        account(connection)
        if !poll.add(descriptor, token: Connection.token(connection), interest: .read) { close(connection) }
    }

    /// Why a new connection is not served: the encoded error, nil where it is. Counts the connection if it is.
    private func refusal(_ peer: SocketAddress) -> [UInt8]? {
        if settings.protectedMode, !server.accounts.requiresPassword, !peer.isLocal {
            return Array(Self.protectedModeRefusal.utf8)
        }
        guard server.clients.reserve(limit: settings.maxClients) else {
            return Array("-ERR max number of clients reached\r\n".utf8)
        }
        return nil
    }

    private static let protectedModeRefusal = """
        -DENIED This server runs in protected mode and no password is set, so it only accepts connections from the \
        loopback interface. To accept others, set a password for the default user with requirepass, or switch the mode \
        off with 'protected-mode no' if the network is trusted.\r\n
        """

    /// Ends a connection; it is freed at the end of the loop's turn.
    func close(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isClosed else { return }
        connection.pointee.isClosed = true
        if connection.pointee.isPaused { pausedConnections -= 1 }
        poll.remove(connection.pointee.descriptor)
        pipeline.pointee.executor.select(&connection.pointee.session, now: Clock.wallMilliseconds())
        TransactionCommands.unwatchAll(&pipeline.pointee.executor.call)
        abandonBlocking(connection)
        abandonJob(connection)
        server.graph.sessionEnded(connection.pointee.record.identifier)
        server.tracking.disable(connection.pointee.record)
        if connection.pointee.session.state.contains(.monitor) { server.stopMonitoring(connection.pointee.record) }
        unsubscribeAll(connection)
        release(connection)
        connections[connection.pointee.record.identifier] = nil
        server.clients.remove(connection.pointee.record)
        server.durability.abandon(session: connection.pointee.record.identifier)
        // Who sees the connection end finds nothing left of it.
        Glibc.close(connection.pointee.descriptor)
        load.wrappingSubtract(1, ordering: .relaxed)
        closed.append(connection)
    }
}
