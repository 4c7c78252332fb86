import Foundation
import TestSupport
import Testing

/// Many connections on several workers at once: every command and every transaction is seen whole or not at all.
@Suite(.serialized) struct ConcurrencyTests {
    /// How long writers run; `FRESHET_SECONDS` sets it.
    static let seconds = Double(ProcessInfo.processInfo.environment["FRESHET_SECONDS"] ?? "") ?? 0.7

    private func withServer(_ kind: ServerKind, _ body: (ServerProcess) throws -> Void) throws {
        try body(ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : []))
    }

    private static func deadline() -> DispatchTime { .now() + seconds }

    /// Transfers between accounts with MULTI; MGET over all of them must always see the same sum.
    @Test(arguments: ServerKind.all)
    func transfersInTransactionsKeepTheSum(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let accounts = (0..<16).map { "account:\($0)" }
            let setup = try server.client()
            for account in accounts { try setup.send("SET", account, "1000") }
            let end = ConcurrencyTests.deadline()
            let wrong = Counter()
            let reads = Counter()
            try inParallel(8) { index in
                let client = try server.client()
                var random = SeededGenerator(UInt64(index))
                while DispatchTime.now() < end {
                    if index < 5 {
                        let amount = String(Int.random(in: 1...50, using: &random))
                        _ = try client.pipeline(lines: [
                            "MULTI", "DECRBY \(random.pick(accounts)) \(amount)",
                            "INCRBY \(random.pick(accounts)) \(amount)", "EXEC",
                        ])
                    } else {
                        let reply = try client.run("MGET " + accounts.joined(separator: " "))
                        let sum = (reply.elements ?? []).reduce(0) { $0 + (Int($1.text ?? "") ?? 0) }
                        reads.add(1)
                        if sum != 16_000 { wrong.add(1) }
                    }
                }
            }
            #expect(wrong.value == 0 && reads.value > 0)
        }
    }

    /// MSET writes the same text to keys of many shards; MGET must never see two texts.
    @Test(arguments: ServerKind.all)
    func msetIsSeenWholeByMGET(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let keys = (0..<20).map { "key:\($0)" }
            let end = ConcurrencyTests.deadline()
            let torn = Counter()
            let reads = Counter()
            try inParallel(6) { index in
                let client = try server.client()
                var turn = 0
                while DispatchTime.now() < end {
                    if index < 3 {
                        turn += 1
                        // Half of the writers name the keys backwards: the order of locks must not matter.
                        let names = index == 1 ? keys.reversed() : keys
                        try client.run("MSET " + names.map { "\($0) \(index):\(turn)" }.joined(separator: " "))
                    } else {
                        let reply = try client.run("MGET " + keys.joined(separator: " "))
                        reads.add(1)
                        if Set((reply.elements ?? []).map(\.description)).count != 1 { torn.add(1) }
                    }
                }
            }
            #expect(torn.value == 0 && reads.value > 0)
        }
    }

    /// A value is renamed to and fro; exactly one of the names exists at any moment.
    @Test(arguments: ServerKind.all)
    func renameNeverLosesOrDoublesTheKey(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let names = ["a", "b", "c", "d"]
            try server.client().run("HSET a f v")
            let end = ConcurrencyTests.deadline()
            let wrong = Counter()
            let renames = Counter()
            try inParallel(6) { index in
                let client = try server.client()
                var random = SeededGenerator(UInt64(index))
                while DispatchTime.now() < end {
                    if index < 4 {
                        let verb = random.pick(["RENAME", "RENAMENX"])
                        let reply = try client.send(verb, random.pick(names), random.pick(names))
                        if !reply.isError { renames.add(1) }
                    } else if try client.run("EXISTS a b c d") != .integer(1) {
                        wrong.add(1)
                    }
                }
            }
            #expect(wrong.value == 0 && renames.value > 0)
        }
    }

    /// Read, add one and write back under WATCH: no increment may be lost.
    @Test(arguments: ServerKind.all)
    func watchedIncrementsAreNotLost(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let done = Counter()
            let end = ConcurrencyTests.deadline()
            try inParallel(6) { index in
                let client = try server.client()
                while DispatchTime.now() < end {
                    try client.run("WATCH counter")
                    let value = Int(try client.run("GET counter").text ?? "0") ?? 0
                    try client.run("MULTI")
                    try client.run("SET counter \(value + 1)")
                    if try client.run("EXEC") != .null { done.add(1) }
                }
            }
            #expect(try server.client().run("GET counter") == .bulk(String(done.value)))
            #expect(done.value > 0)
        }
    }

    @Test(arguments: ServerKind.all)
    func incrementsOfOneCounterAddUp(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            try inParallel(8) { index in
                let client = try server.client()
                for _ in 0..<20 {
                    _ = try client.pipeline(
                        lines: (0..<50).flatMap { ["INCR n", "HINCRBY h f 1", "ZINCRBY z 1 m", "APPEND s \($0 % 10)"] })
                }
            }
            let client = try server.client()
            #expect(try client.run("GET n") == .bulk("8000"))
            #expect(try client.run("HGET h f") == .bulk("8000"))
            #expect(try client.run("ZSCORE z m") == .bulk("8000"))
            #expect(try client.run("STRLEN s") == .integer(8000))
        }
    }

    /// SET NX as a lock: two holders at once would show as a broken pair of values.
    @Test(arguments: ServerKind.all)
    func onlyOneClientGetsALock(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let end = ConcurrencyTests.deadline()
            let holders = Counter()
            let violations = Counter()
            let taken = Counter()
            try inParallel(6) { index in
                let client = try server.client()
                while DispatchTime.now() < end {
                    guard try client.run("SET lock \(index) NX PX 60000") == .ok else { continue }
                    if holders.add(1) != 1 { violations.add(1) }
                    taken.add(1)
                    holders.add(-1)
                    try client.run("DEL lock")
                }
            }
            #expect(violations.value == 0 && taken.value > 0)
        }
    }

    /// Commands on the whole keyspace meet transactions: a snapshot of two keys is equal or both are gone.
    @Test(arguments: ServerKind.all)
    func flushesAndSwapsAreAtomic(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let end = ConcurrencyTests.deadline()
            let wrong = Counter()
            let reads = Counter()
            try inParallel(7) { index in
                let client = try server.client()
                var turn = 0
                while DispatchTime.now() < end {
                    turn += 1
                    switch index {
                    case 0, 1:
                        _ = try client.pipeline(lines: [
                            "MULTI", "SET x \(index):\(turn)", "SET y \(index):\(turn)", "EXEC",
                        ])
                    case 2: try client.run(turn % 2 == 0 ? "FLUSHALL" : "FLUSHDB ASYNC")
                    case 3: try client.run("SWAPDB 0 1")
                    default:
                        let pair = try client.run("MGET x y")
                        reads.add(1)
                        if pair[0] != pair[1] { wrong.add(1) }
                    }
                }
            }
            #expect(wrong.value == 0 && reads.value > 0)
        }
    }

    /// Stores across keys next to removals: the result is one of the sets that existed, never a mixture.
    @Test(arguments: ServerKind.all)
    func storesOfSortedSetsAreAtomic(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let end = ConcurrencyTests.deadline()
            let wrong = Counter()
            let reads = Counter()
            try inParallel(6) { index in
                let client = try server.client()
                var turn = 0
                while DispatchTime.now() < end {
                    turn += 1
                    if index < 2 {
                        let members = (0..<10).map { "\(turn) w\(index):\($0)" }.joined(separator: " ")
                        _ = try client.pipeline(lines: ["MULTI", "DEL source", "ZADD source \(members)", "EXEC"])
                    } else if index < 4 {
                        try client.run("ZUNIONSTORE target 1 source")
                    } else {
                        let scores = try client.run("ZRANGE target 0 -1 WITHSCORES").elements ?? []
                        reads.add(1)
                        let kinds = Set(
                            stride(from: 0, to: scores.count, by: 2).map {
                                "\(scores[$0].text?.prefix(2) ?? "") \(scores[$0 + 1])"
                            })
                        if !scores.isEmpty, kinds.count != 1 || scores.count != 20 { wrong.add(1) }
                    }
                }
            }
            #expect(wrong.value == 0 && reads.value > 0)
        }
    }

    /// Connections come and go while others work; the server counts them right afterwards.
    @Test(arguments: ServerKind.all)
    func connectionsComeAndGo(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            try inParallel(8) { index in
                for turn in 0..<40 {
                    let client = try server.client()
                    #expect(try client.run("SET k\(index) \(turn)") == .ok)
                    #expect(try client.run("GET k\(index)") == .bulk("\(turn)"))
                }
            }
            let client = try server.client()
            let deadline = DispatchTime.now() + 10
            var info = ""
            repeat {
                info = try client.run("INFO clients").text ?? ""
            } while !info.contains("connected_clients:1\r\n") && DispatchTime.now() < deadline
            #expect(info.contains("connected_clients:1\r\n"))
        }
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var stored = 0

    var value: Int { lock.withLock { stored } }

    @discardableResult
    func add(_ amount: Int) -> Int {
        lock.withLock {
            stored += amount
            return stored
        }
    }
}
