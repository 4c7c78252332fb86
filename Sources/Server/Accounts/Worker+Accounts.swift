import Commands
import EventLoop
import Primitives
import Synchronization

/// How connections take over what has become of their users.
extension Worker {
    /// Lets connections act for their users as those are now, and ends those whose user is gone or may not listen anymore.
    func adoptAccounts() {
        let generation = server.accounts.generation.load(ordering: .acquiring)
        guard generation != accountsGeneration else { return }
        accountsGeneration = generation
        for connection in connections.values {
            guard let old = connection.pointee.session.account else { continue }
            guard let new = old.current else {
                expel(connection)
                continue
            }
            guard new !== old else { continue }
            connection.pointee.session.act(for: new)
            if new.user != old.user, hasLost(connection, old.user, new.user) { expel(connection) }
        }
    }

    /// Whether the connection has subscribed to something that its user was permitted and is not anymore.
    private func hasLost(_ connection: UnsafeMutablePointer<Connection>, _ old: User, _ new: User) -> Bool {
        guard !connection.pointee.subscriptions.isEmpty else { return false }
        return Topic.Kind.allCases.contains { kind in
            let use: ChannelSpecification.Use = kind == .pattern ? .pattern : .subscribe
            return connection.pointee.subscriptions.topics(kind).contains {
                !new.permits(channel: $0.name.bytes, use) && old.permits(channel: $0.name.bytes, use)
            }
        }
    }

    /// Ends a connection that has no right to be there. It executes and gets nothing more, but for the reply to the command
    /// that is just being executed; closed it is when no command is.
    private func expel(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.session.closesAfterReply = true
        connection.pointee.session.state.insert(.unauthenticated)
        connection.pointee.session.act(for: server.accounts.standard)
        guard connection != current else { return }
        connection.pointee.record.requestKill()
        mailbox.send(.close(connection.pointee.record.identifier))
    }
}

extension Call {
    /// Makes the caller what it is before it has authenticated.
    func actForDefault() {
        let accounts = server.accounts
        if accounts.requiresPassword { session.pointee.state.insert(.unauthenticated) }
        act(for: accounts.standard)
    }

    /// Lets the caller act for a user.
    func act(for account: Account) {
        session.pointee.act(for: account)
        let name = String(decoding: account.user.name, as: UTF8.self)
        record?.identity.withLock { $0.user = name }
    }

    /// Tells all workers that users have changed; the caller's takes it over at once, for the next of its commands.
    func announceAccounts() {
        server.accountsDidChange()
        let worker: Worker = worker
        worker.adoptSettings()
    }
}
