import Primitives
import Synchronization

/// How far reading the files has come, as INFO tells it.
final class LoadingProgress: Sendable {
    private let loads = Atomic<Bool>(false)
    private let start = Atomic<Int64>(0)
    let totalBytes = Atomic<Int>(0)
    let loadedBytes = Atomic<Int>(0)
    /// Keys that were put into the keyspace, and such that had expired.
    let keys = Atomic<Int>(0)
    let expired = Atomic<Int>(0)

    /// Whether clients are told to wait.
    var isLoading: Bool { loads.load(ordering: .acquiring) }
    /// When it began, in seconds since 1970.
    var startedAt: Int64 { start.load(ordering: .relaxed) }

    func begin() {
        start.store(Clock.wallMilliseconds() / 1000, ordering: .relaxed)
        loads.store(true, ordering: .releasing)
    }

    func end() { loads.store(false, ordering: .releasing) }

    /// The part that is done, 0...1, and the seconds that the rest is expected to take.
    var estimate: (part: Double, seconds: Int) {
        let total = totalBytes.load(ordering: .relaxed)
        let loaded = min(total, loadedBytes.load(ordering: .relaxed))
        guard total > 0 else { return (0, 1) }
        let part = Double(loaded) / Double(total)
        let elapsed = max(0, Clock.wallMilliseconds() / 1000 - startedAt)
        let rest = loaded == 0 ? 1 : Double(elapsed) / Double(loaded) * Double(total - loaded)
        return (part, Int(rest))
    }
}
