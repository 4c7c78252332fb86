import Commands
import Keyspace
import Primitives

/// Tells those who watch keys what the values have become.
final class ValuePublisher: KeyspaceObserver, MarkHolder {
    unowned(unsafe) private let server: Server

    init(server: Server) { self.server = server }

    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64) {
        guard server.topics.count(.value) > 0 else { return }
        changes.forEach { change, key in
            switch change.subject {
            case .key:
                switch change.event.effect {
                case .value, .publication: publish(Key(key, hash: change.hash), change.database, revision)
                case .restoration: publishRestored(key, change.database)
                case .expiry, .readers, .none: break
                }
            case .wholeDatabase: publishAll(in: [change.database], revision)
            case .swappedDatabase(let other): publishAll(in: [change.database, other], revision)
            }
        }
    }

    private func publish(_ key: Key, _ database: Int, _ revision: UInt64) {
        let channel = ValueChannel.name(key.bytes, database: database)
        let interest = channel.withView { server.topics.interest(in: $0, .value) }
        guard interest.subscriptions > 0 else { return }
        let update = server.keyspace.withText(ofChanged: key, database: database) {
            ValueUpdate(channel: channel, value: $0, revision: revision)
        }
        server.publish(update, to: interest.workers)
    }

    /// The key's shard need not be held: the workers look at the value themselves.
    private func publishRestored(_ key: ByteView, _ database: Int) {
        let channel = ValueChannel.name(key, database: database)
        let interest = channel.withView { server.topics.interest(in: $0, .value) }
        server.publishRestored(channel, to: interest.workers)
    }

    /// Every key that is watched has changed in these databases; all shards are held.
    private func publishAll(in databases: Set<Int>, _ revision: UInt64) {
        for name in server.topics.names(.value, matching: nil) {
            name.withView { name in
                guard let channel = ValueChannel(name, databases: server.keyspace.databaseCount),
                    databases.contains(channel.database)
                else { return }
                publish(Key(channel.key), channel.database, revision)
            }
        }
    }

    func wants(_ key: Key, database: Int) -> Bool {
        guard server.topics.count(.value) > 0 else { return false }
        return ValueChannel.name(key.bytes, database: database).withView {
            server.topics.subscribers($0, .value) > 0
        }
    }
}
