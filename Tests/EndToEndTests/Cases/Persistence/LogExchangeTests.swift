import Foundation
import TestSupport
import Testing

/// Append-only files that one server has written and another reads: what commands leave in them does the same there.
@Suite struct LogExchangeTests {
    private static let pairs: [(from: ServerKind, to: ServerKind)] =
        ServerKind.all.count == 2
        ? [(.freshet, .redis), (.redis, .freshet), (.freshet, .freshet)] : ServerKind.all.map { ($0, $0) }

    @Test(arguments: pairs)
    func whatWasLoggedDoesTheSameAgain(_ from: ServerKind, _ to: ServerKind) throws {
        for round in 0..<4 {
            let isRewritten = round % 2 == 1
            let format = round < 2 ? "yes" : "no"
            let seed = Seed.current &+ 7 << 40 &+ UInt64(round)
            // What was answered is in the file.
            let source = try ServerProcess(
                from, ["--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", format])
            let client = try source.client()
            var generator = CommandGenerator(seed: seed, .redis)
            var history: [String] = []
            for index in 0..<1500 {
                // While commands go on.
                if index % 500 == 250, isRewritten { _ = try source.client().run("BGREWRITEAOF") }
                // Transactions are none too often given up.
                let command = generator.number(below: 10) == 0 ? ["EXEC"] : generator.next()
                history.append(command.map { Reply.quoted($0.utf8) }.joined(separator: " "))
                _ = try client.send(command.map { Array($0.utf8) })
            }
            try client.send("DISCARD")
            try eventually { try client.run("INFO persistence").text?.contains("aof_rewrite_in_progress:0") == true }
            let folder = source.directory + "/copy"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: source.directory + "/appendonlydir", toPath: folder + "/appendonlydir")
            let target = try ServerProcess(to, ["--appendonly", "yes", "--dir", folder])
            let copy = try target.client()
            for database in 0...1 {
                let difference = try Snapshot(client, database).difference(
                    from: Snapshot(copy, database), judgeVersion: from == to ? "99" : ServerKind.redis.version,
                    origin: isRewritten ? .base : .log)
                guard let difference else { continue }
                Issue.record(
                    "FRESHET_SEED=\(Seed.current), round \(round), database \(database): \(difference)\n\(target.log.suffix(500))"
                )
                return
            }
        }
    }
}
