import Primitives
import Synchronization

/// Who has asked for the end of the process, and what has become of that.
///
/// Signals and SHUTDOWN ask. The main thread tries, one attempt at a time, while the server goes on serving: only when the
/// data is on the disk is the end certain. An attempt that fails, or is aborted, leaves everything as it was.
final class Shutdown: @unchecked Sendable {
    /// What is asked for.
    struct Options: Sendable {
        /// Whether a snapshot is saved; nil leaves it to the rules.
        var saves: Bool?
        /// Whether the process ends also where the data cannot be brought to the disk.
        var isForced = false
    }

    struct Attempt: Sendable {
        let number: Int
        let options: Options
    }

    /// A connection that is told when the attempt has failed.
    struct Waiter: Sendable {
        let worker: Int
        let session: Int
    }

    private struct State {
        /// What is being tried, or about to be.
        var options: Options?
        /// Counts those that were asked for.
        var attempts = 0
        /// Whether a signal has asked for it.
        var isSignalled = false
        var waiters: [Waiter] = []
    }

    private let condition = Condition()
    /// Guarded by `condition`.
    private var state = State()
    private let certain = Atomic<Bool>(false)

    /// Whether the process ends, whatever comes.
    var isCertain: Bool { certain.load(ordering: .relaxed) }

    /// Asks for the end. Whoever does so while an attempt is made joins that, whatever its options are.
    ///
    /// - Returns: the number of the attempt.
    func ask(_ options: Options, for waiter: Waiter) -> Int {
        condition.withLock {
            begin(options)
            state.waiters.append(waiter)
            return state.attempts
        }
    }

    /// Asks for the end on behalf of a signal; false where an attempt is made that a signal has asked for already.
    func askBySignal() -> Bool {
        condition.withLock {
            guard !state.isSignalled else { return false }
            state.isSignalled = true
            begin(Options())
            return true
        }
    }

    private func begin(_ options: Options) {
        guard state.options == nil, !isCertain else { return }
        state.options = options
        state.attempts += 1
        condition.signal()
    }

    /// Waits until somebody asks for the end.
    func awaitAttempt() -> Attempt {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let options = state.options { return Attempt(number: state.attempts, options: options) }
            condition.wait()
        }
    }

    /// Whether an attempt is being made, or has succeeded.
    func isCurrent(_ attempt: Int) -> Bool { condition.withLock { isOpen(attempt) } }

    private func isOpen(_ attempt: Int) -> Bool { state.options != nil && state.attempts == attempt }

    /// Notes that nothing stands in the way of the end; false where the attempt has been aborted.
    func conclude(_ attempt: Int) -> Bool {
        condition.withLock {
            guard isOpen(attempt) else { return false }
            certain.store(true, ordering: .relaxed)
            return true
        }
    }

    /// Ends an attempt that has failed, if it has not been aborted; returns who is to be told.
    func fail(_ attempt: Int) -> [Waiter] { condition.withLock { isOpen(attempt) ? end() : [] } }

    /// Ends the attempt that is being made; nil where there is none, or it cannot be stopped any more.
    ///
    /// - Parameter release: called before another attempt can begin.
    func abort(_ release: () -> Void) -> [Waiter]? {
        condition.withLock {
            guard state.options != nil, !isCertain else { return nil }
            release()
            return end()
        }
    }

    private func end() -> [Waiter] {
        defer {
            state.options = nil
            state.isSignalled = false
            state.waiters = []
        }
        return state.waiters
    }
}
