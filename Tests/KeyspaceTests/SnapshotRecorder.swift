import Primitives

@testable import Keyspace

/// A snapshot that writes down what it is given.
final class SnapshotRecorder: SnapshotTaking, @unchecked Sendable {
    /// Parts in which it takes large values.
    static let partCount = 3
    /// `database:key=value`, with `!` before what was flushed meanwhile; what is large has no value, and `+` for every part.
    private(set) var saved: [String] = []
    private var current = ""

    func save(_ entry: Entry, database: Int, isFlushed: Bool) {
        guard entry.type == .string else { return saved.append("\(database):\(entry.key.string)") }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            guard let base = scratch.baseAddress else { return }
            let text = entry.text(scratch: base).string
            saved.append("\(isFlushed ? "!" : "")\(database):\(entry.key.string)=\(text)")
        }
    }

    func savePart(_ entry: Entry, database: Int) -> Bool {
        if current.isEmpty { current = "\(database):\(entry.key.string)" }
        current += "+"
        guard current.hasSuffix(String(repeating: "+", count: Self.partCount)) else { return false }
        saved.append(current)
        current = ""
        return true
    }
}
