import CLinux
import Glibc
import Synchronization

/// What other threads send to a worker: a queue and a descriptor that becomes readable when something is in it.
///
/// Messages of one sender arrive in the order in which they were sent. The last in the lock order: whoever sends holds
/// whatever it likes, the queue's lock is held for an append only.
public final class Mailbox<Message: Sendable>: Sendable {
    private let queue = Mutex<[Message]>([])
    /// Readable while messages wait.
    public let descriptor: CInt

    /// Nil where the system refuses another descriptor.
    public init?() {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    public func send(_ message: Message) {
        let wasEmpty = queue.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Takes all messages that are there.
    public func receive() -> [Message] {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        return queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
    }
}
