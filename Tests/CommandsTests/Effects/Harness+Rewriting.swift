import Commands
import Persistence
import Primitives

@testable import Keyspace

extension Harness {
    /// The commands with which an append-only file that is rewritten now says what there is.
    ///
    /// - Parameter limit: bytes of a part.
    func rewritten(inPartsOf limit: Int = .max) -> [LogRecorder.Unit] {
        var encoder = CommandEncoder()
        var units: [LogRecorder.Unit] = []
        for shard in 0..<ShardSet.shardCount {
            for database in 0..<keyspace.databaseCount {
                keyspace.shard(shard).pointee.databases[database].table.forEach { entry in
                    var text: [UInt8] = []
                    var progress = EncodingProgress()
                    var isDone = false
                    while !isDone {
                        var part = ByteBuffer()
                        isDone = encoder.appendPart(of: entry, &progress, to: &part, limit: limit)
                        text += part.view.array
                    }
                    units.append(LogRecorder.Unit(database: database, commands: LogRecorder.commands(text)))
                    return true
                }
            }
        }
        return units
    }

    /// How what a rewritten append-only file makes differs from what there is; nil where it does not.
    func differenceOfRewritten() -> String? {
        for limit in [1, .max] {
            let replica = Harness.replica(databases: keyspace.databaseCount)
            if let failure = replica.replay(rewritten(inPartsOf: limit)) { return "rewritten: \(failure)" }
            let made = KeyspaceText(replica.keyspace, showsEncodings: false)
            let difference = KeyspaceText(keyspace, showsEncodings: false).difference(from: made)
            if let difference { return "rewritten in parts of \(limit): \(difference)" }
        }
        return nil
    }
}
