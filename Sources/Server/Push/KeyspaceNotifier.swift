import Configuration
import Keyspace
import Primitives
import Synchronization

/// Tells clients by messages on channels what happens to keys, as far as `notify-keyspace-events` asks for it.
///
/// It hears of changes under the locks of their keys and puts the messages into mailboxes there and then: every subscriber
/// gets the events of a key in the order of its writes, and those of a transaction in the order of its commands.
final class KeyspaceNotifier: KeyspaceObserver {
    private unowned(unsafe) let server: Server
    /// What is published; nothing where no channel or no class of events is chosen.
    private let events = Atomic<UInt32>(0)
    /// Whether the keyspace tells every change on behalf of this.
    private let observesAll = Mutex(false)

    /// - Parameter server: must outlive the notifier.
    init(server: Server) { self.server = server }

    /// Takes over what CONFIG SET has changed.
    func configure() {
        observesAll.withLock { observesAll in
            // Read here: of two changes at once the later one counts.
            let events = server.settings.keyspaceEvents
            self.events.store(events.published.rawValue, ordering: .relaxed)
            guard events.tellsChanges != observesAll else { return }
            observesAll.toggle()
            server.keyspace.observeAll(observesAll)
        }
    }

    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64) {
        let events = KeyspaceEvents(rawValue: events.load(ordering: .relaxed))
        let onKeyspace = events.contains(.keyspace) && server.topics.mayHear(.keyspace)
        let onKeyevent = events.contains(.keyevent) && server.topics.mayHear(.keyevent)
        guard onKeyspace || onKeyevent else { return }
        let worker = changes.worker
        changes.forEach { change, key in
            let eventClass = change.event.eventClass
            guard change.subject == .key, !eventClass.isEmpty, events.contains(eventClass.letter) else { return }
            let name = ByteView(change.event.name)
            if onKeyspace { publish(.keyspace, change.database, about: key, name, from: worker) }
            if onKeyevent { publish(.keyevent, change.database, about: name, key, from: worker) }
        }
    }

    private func publish(
        _ kind: KeyChannel, _ database: Int, about subject: ByteView, _ message: ByteView, from worker: Int?
    ) {
        kind.withName(database: database, subject) {
            _ = server.publish(channel: $0, payload: message, from: worker)
        }
    }
}

extension KeyspaceEvents {
    /// These, or none where they name no channel or no class.
    var published: KeyspaceEvents {
        isDisjoint(with: [.keyspace, .keyevent]) || subtracting([.keyspace, .keyevent]).isEmpty ? [] : self
    }

    /// Whether some change is published.
    var tellsChanges: Bool { !published.subtracting([.keyspace, .keyevent, .keyMiss]).isEmpty }

    /// Whether it is published that a read has not found a key.
    var tellsMisses: Bool { published.contains(.keyMiss) }
}

extension EventClass {
    /// What chooses the class in the configuration.
    fileprivate var letter: KeyspaceEvents {
        switch self {
        case .generic: .generic
        case .string: .string
        case .list: .list
        case .hash: .hash
        case .sortedSet: .sortedSet
        case .set: .set
        case .stream: .stream
        case .expired: .expired
        case .evicted: .evicted
        case .new: .new
        case .computed: .computed
        case .keyMiss: .keyMiss
        // What no class stands for: there are no others.
        default: .module
        }
    }
}
