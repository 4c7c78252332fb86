import CLinux
import Glibc
import Synchronization

/// What other threads send to a worker: a queue and a descriptor that becomes readable when something is in it.
///
/// Messages arrive in the order in which they were appended, whoever appended them. The last in the lock order: whoever
/// sends holds whatever it likes, the queue's lock is held for an append only. Waking costs a system call, so it is done
/// once for all that waits, and who sends much appends it with `post` and wakes once.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        /// Whether somebody has made the descriptor readable, or is about to, since it was last read.
        var isSignalled = false
    }

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)
    private let waitingBytes = Atomic<Int>(0)
    /// Readable while messages wait that their senders have announced.
    public let descriptor: CInt

    /// Nil where the system refuses another descriptor.
    public init?() {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Whether nothing waits. One load.
    @inline(__always)
    public var isEmpty: Bool { count.load(ordering: .acquiring) == 0 }

    /// Bytes that the waiting messages keep in memory, as their senders have said.
    public var bytes: Int { waitingBytes.load(ordering: .relaxed) }

    /// Appends a message and wakes the receiver.
    ///
    /// - Parameter bytes: what the message keeps in memory beside itself.
    public func send(_ message: Message, bytes: Int = 0) {
        let wakes = state.withLock { state in
            append(message, bytes, &state)
            return Self.signals(&state)
        }
        if wakes { signal() }
    }

    /// Appends a message without waking the receiver, which is going to look by itself or is woken with `wake`.
    public func post(_ message: Message, bytes: Int = 0) {
        state.withLock { append(message, bytes, &$0) }
    }

    /// Wakes the receiver if something waits that it has not been told of.
    public func wake() {
        if state.withLock({ Self.signals(&$0) }) { signal() }
    }

    private func append(_ message: Message, _ bytes: Int, _ state: inout State) {
        state.messages.append(message)
        count.store(state.messages.count, ordering: .releasing)
        waitingBytes.wrappingAdd(bytes, ordering: .relaxed)
    }

    private static func signals(_ state: inout State) -> Bool {
        guard !state.messages.isEmpty, !state.isSignalled else { return false }
        state.isSignalled = true
        return true
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Takes all messages that are there and makes the descriptor unreadable.
    public func receive() -> [Message] {
        // First: what is appended from here on is either taken below or announced anew.
        var signals: UInt64 = 0
        _ = read(descriptor, &signals, 8)
        return state.withLock { state in
            state.isSignalled = false
            return take(&state)
        }
    }

    /// Takes all messages that are there, without a system call; the descriptor stays as it is.
    public func take() -> [Message] { isEmpty ? [] : state.withLock { take(&$0) } }

    private func take(_ state: inout State) -> [Message] {
        defer { state.messages = [] }
        count.store(0, ordering: .relaxed)
        waitingBytes.store(0, ordering: .relaxed)
        return state.messages
    }
}
