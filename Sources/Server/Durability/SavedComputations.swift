import Commands
import Persistence
import Primitives

/// What a snapshot says of computed values, to be published again once all keys are there.
struct SavedComputations {
    private var served: [SavedComputation] = []
    /// Keys of which what was derived from them could not be told any more.
    private var lost: Set<SavedComputation.Name> = []

    /// Takes a field of the file, if it is one of a computed value.
    mutating func add(_ name: ByteView, _ value: ByteView) {
        if name == ByteView(SavedComputation.servedName) {
            if let computation = SavedComputation(value) { served.append(computation) }
        } else if name == ByteView(SavedComputation.staleName) {
            if let computation = SavedComputation(value) { lost.insert(computation.name) }
        }
    }

    /// Publishes all values again in the order in which they were published, so that each finds those that it was derived
    /// from. A value that was derived from one that is missing is removed: nothing would make it stale.
    mutating func restore(_ replayer: LogReplayer) throws(PersistenceError) {
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
            var failure: PersistenceError?
            command.withView { view in
                do throws(PersistenceError) {
                    try replayer.replay(view)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }
}
