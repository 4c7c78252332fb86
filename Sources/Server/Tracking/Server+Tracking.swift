import Keyspace
import Primitives
import Synchronization

extension Server {
    /// So many are told one by one, which for more takes longer than to sort them by worker.
    private static let fewTrackers = 4

    /// Tells trackers, or those whom they have named, what to forget. Nothing is executed and nothing written by it.
    ///
    /// - Parameter sender: the number of the calling worker, whose own connections are handed the message at once: behind
    ///   the reply, where it is the connection whose command is being executed. Nil for any other thread.
    func tell(_ trackers: [ClientRecord], _ invalidation: Invalidation, from sender: Int?) {
        guard trackers.count > Self.fewTrackers else {
            for tracker in trackers { tell(tracker, invalidation, from: sender) }
            return
        }
        var direct = [[Int]](repeating: [], count: workers.count)
        for tracker in trackers {
            if tracker.redirection.current == 0 {
                direct[tracker.worker].append(tracker.identifier)
            } else {
                tell(tracker, invalidation, from: sender)
            }
        }
        for (worker, identifiers) in direct.enumerated() where !identifiers.isEmpty {
            if worker == sender {
                for identifier in identifiers { workers[worker].deliver(invalidation.push, to: identifier) }
            } else {
                push(invalidation.push, to: identifiers, of: worker, from: sender)
            }
        }
    }

    private func tell(_ tracker: ClientRecord, _ invalidation: Invalidation, from sender: Int?) {
        let redirection = tracker.redirection.current
        guard redirection != 0 else { return hand(invalidation.push, to: tracker, from: sender) }
        guard let target = clients.find(redirection) else {
            tracker.isRedirectionBroken.store(true, ordering: .relaxed)
            return hand(Invalidation.brokenRedirection(to: redirection), to: tracker, from: sender)
        }
        hand(target.isSubscriber ? invalidation.message : invalidation.push, to: target, from: sender)
    }

    private func hand(_ push: Push, to record: ClientRecord, from sender: Int?) {
        if record.worker == sender {
            workers[record.worker].deliver(push, to: record.identifier)
        } else {
            self.push(push, to: record, from: sender)
        }
    }
}

extension Worker {
    /// Gives a message to the connection of that number, if it is still there.
    func deliver(_ push: Push, to identifier: Int) {
        if let connection = connections[identifier] { deliver(push, to: connection) }
    }
}
