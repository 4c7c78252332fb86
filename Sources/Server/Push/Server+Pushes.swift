import Commands
import EventLoop
import Primitives

/// What any thread may send to connections, whatever locks it holds: only mailboxes are locked.
///
/// A worker that says who it is wakes the receivers once, at the end of its batch, for all that it has sent.
extension Server {
    /// Sends a message to a connection; nothing happens where it is closed by then.
    ///
    /// - Parameter sender: the number of the worker that calls; nil for any other thread.
    func push(_ push: Push, to record: ClientRecord, from sender: Int? = nil) {
        post(.push(record.identifier, push), bytes: push.bytes, to: record.worker, from: sender)
    }

    /// Sends a message to connections of one worker.
    func push(_ push: Push, to identifiers: [Int], of worker: Int, from sender: Int? = nil) {
        post(.pushToAll(identifiers, push), bytes: push.bytes, to: worker, from: sender)
    }

    /// Publishes on a channel through the mailboxes of all workers that have subscribers, the caller's own included: the
    /// order of messages is that of the calls, wherever they come from, if a lock that the callers hold orders those.
    ///
    /// - Returns: how many messages that were.
    @discardableResult
    func publish(channel: ByteView, payload: ByteView, from sender: Int? = nil) -> Int {
        let interest = topics.interest(in: channel, .channel)
        guard interest.subscriptions > 0 else { return 0 }
        let publication = Publication(kind: .channel, channel: channel, payload: payload)
        interest.workers.forEach { post(publication, to: $0, from: sender) }
        return interest.subscriptions
    }

    func post(_ publication: Publication, to worker: Int, from sender: Int?) {
        post(.publish(publication), bytes: publication.bytes, to: worker, from: sender)
    }

    /// Tells what a key's value has become, through the mailboxes of all workers with connections that watch it.
    func publish(_ update: ValueUpdate, to workers: WorkerSet) {
        workers.forEach { post(.value(update), bytes: update.push.bytes, to: $0, from: nil) }
    }

    /// Tells that a computed key whose value had been stale has it again.
    func publishRestored(_ channel: [UInt8], to workers: WorkerSet) {
        workers.forEach { post(.restored(channel), bytes: channel.count, to: $0, from: nil) }
    }

    /// Sends a call that has waited its answer.
    func answer(_ blocked: BlockedCall, _ answer: ByteView, from sender: Int? = nil) {
        post(.answer(blocked.session, blocked, answer.array), bytes: answer.count, to: blocked.worker, from: sender)
    }

    private func post(_ message: Worker.Message, bytes: Int, to worker: Int, from sender: Int?) {
        let mailbox = workers[worker].mailbox
        guard let sender else { return mailbox.send(message, bytes: bytes) }
        // Its own mailbox a worker looks into before it sleeps.
        mailbox.post(message, bytes: bytes)
        if sender != worker { workers[sender].owedWakes.insert(worker) }
    }
}
