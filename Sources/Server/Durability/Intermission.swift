import Primitives

/// Lets all workers rest at the same time, so that no command is executed, nothing expires and no connection is read from:
/// who has sent a command waits, as behind a command that stops the server.
final class Intermission: @unchecked Sendable {
    private let condition = Condition()
    /// Guarded by `condition`, as is the next.
    private var resting = 0
    private var isOver = false

    /// Milliseconds between looks at whether waiting for workers has become pointless.
    private static let patience = 10

    /// Called by a worker between commands: returns when the intermission is over.
    func rest() {
        condition.lock()
        resting += 1
        condition.broadcast()
        while !isOver { condition.wait() }
        condition.unlock()
    }

    /// Waits until `workers` of them rest; false where `isGivenUp` has become true before, after which it must be ended.
    func await(workers: Int, isGivenUp: () -> Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while resting < workers {
            if isGivenUp() { return false }
            condition.wait(milliseconds: Self.patience)
        }
        return true
    }

    /// Lets the workers go on.
    func end() {
        condition.withLock { isOver = true }
        condition.broadcast()
    }
}
