import Commands
import Persistence
import Primitives

/// What a snapshot, or another base, says of computed values, to be published again once all keys are there.
struct SavedComputations {
    private var served: [SavedComputation] = []
    /// Keys of which what was derived from them could not be told any more.
    private var lost: Set<SavedComputation.Name> = []
    private var isDamaged = false

    /// Takes a field of the file, if it is one of a computed value.
    mutating func add(_ name: ByteView, _ value: ByteView) {
        let isServed = name == ByteView(SavedComputation.servedName)
        guard isServed || name == ByteView(SavedComputation.staleName) else { return }
        guard let computation = SavedComputation(value) else { return isDamaged = true }
        if isServed { served.append(computation) } else { lost.insert(computation.name) }
    }

    /// Publishes all values again in the order in which they were published, so that each finds those that it was derived
    /// from. A value that was derived from one that is missing, or that the file describes wrongly, is removed: nothing would
    /// make it stale.
    ///
    /// - Parameter databases: how many there are.
    /// - Throws: where the file says nothing that can be understood of a value.
    mutating func restore(_ replayer: LogReplayer, databases: Int) throws(PersistenceError) {
        let isForeign = served.contains { $0.database >= databases }
        guard !isDamaged, !isForeign else {
            throw PersistenceError("a field that says how a value was computed is damaged")
        }
        guard !served.isEmpty else { return }
        served.sort { $0.revision < $1.revision }
        replayer.begin()
        for computation in served {
            let name = computation.name
            guard !computation.dependencies.contains(where: lost.contains), let value = replayer.text(of: name) else {
                lost.insert(name)
                try replayer.remove(name)
                continue
            }
            let command = computation.command(value)
            let errors = replayer.errors.count
            var failure: PersistenceError?
            command.withView { view in
                do throws(PersistenceError) {
                    try replayer.replay(view)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            guard replayer.errors.count > errors else { continue }
            lost.insert(name)
            try replayer.remove(name)
        }
    }
}
