import Foundation
import Testing

/// Results of sets so large that they are computed in slices, while others are served.
@Suite struct SetSliceTests {
    private static let count = 40_000

    /// Two sets, one of texts and one of integers among them, of which the half is common, and the same as sorted sets.
    private func fill(_ client: RedisClient) throws {
        for (key, start) in [("a", 0), ("b", Self.count / 2)] {
            for first in stride(from: start, to: start + Self.count, by: 1000) {
                let numbers = first..<first + 1000
                try client.run("SADD \(key) " + numbers.map { "m\($0)" }.joined(separator: " "))
                try client.run("SADD i\(key) " + numbers.map { "\($0)" }.joined(separator: " "))
                try client.run("ZADD z\(key) " + numbers.map { "\($0 % 977) m\($0)" }.joined(separator: " "))
            }
        }
    }

    /// Replies that change hands, behind others and before others.
    @Test(arguments: ServerKind.all)
    func largeResultsKeepTheirPlaceInAPipeline(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client(timeout: 60)
            try fill(client)
            let replies = try client.pipeline(lines: [
                "ECHO 1", "SUNION a b", "ECHO 2", "SINTER a b", "SMEMBERS ia", "ECHO 3", "SDIFF a b",
            ])
            for (index, text) in [(0, "1"), (2, "2"), (5, "3")] { #expect(replies[index] == .bulk(text)) }
            let counts = [1, 3, 4, 6].map { replies[$0].elements?.count }
            #expect(counts == [Self.count * 3 / 2, Self.count / 2, Self.count, Self.count / 2])
        }
    }

    @Test(arguments: ServerKind.all)
    func largeResultsAreComplete(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client(timeout: 60)
            try fill(client)
            let (half, count) = (Self.count / 2, Self.count)
            for (prefix, form) in [("", "m"), ("i", "")] {
                let (a, b) = ("\(prefix)a", "\(prefix)b")
                let common = Set((half..<count).map { "\(form)\($0)" })
                let all = Set((0..<count + half).map { "\(form)\($0)" })
                let inter = try client.run("SINTER \(a) \(b)").elements ?? []
                #expect(inter.count == common.count)
                #expect(Set(inter.compactMap(\.text)) == common)
                let union = try client.run("SUNION \(a) \(b)").elements ?? []
                #expect(union.count == all.count)
                #expect(Set(union.compactMap(\.text)) == all)
                #expect(try client.run("SDIFF \(a) \(b)").elements?.count == half)
                #expect(try client.run("SMEMBERS \(a)").elements?.count == count)
                #expect(try client.run("SINTERCARD 2 \(a) \(b)") == .integer(Int64(half)))
                #expect(try client.run("SINTERCARD 2 \(a) \(b) LIMIT 100") == .integer(100))
                #expect(try client.run("SUNIONSTORE d \(a) \(b)") == .integer(Int64(all.count)))
                #expect(try client.run("SINTERSTORE e d \(b)") == .integer(Int64(count)))
                #expect(try client.run("SDIFFSTORE d d \(a)") == .integer(Int64(half)))
                #expect(try client.run("ZUNIONSTORE d 2 \(a) \(b)") == .integer(Int64(all.count)))
                #expect(try client.run("ZCOUNT d 2 2") == .integer(Int64(half)))
                #expect(try client.run("ZINTERSTORE d 2 \(a) \(b)") == .integer(Int64(half)))
            }
            #expect(try client.run("ZUNIONSTORE d 2 za zb") == .integer(Int64(count + half)))
            #expect(try client.run("ZSCORE d m\(half)") == .bulk("\(half % 977 * 2)"))
            #expect(try client.run("ZINTERSTORE d 2 za b") == .integer(Int64(half)))
            #expect(try client.run("ZDIFFSTORE d 2 za zb") == .integer(Int64(half)))
            #expect(try client.run("ZINTERCARD 2 za zb") == .integer(Int64(half)))
            #expect(try client.run("ZDIFF 2 za b").elements?.count == half)
            #expect(try client.run("SUNION a za").isError)
            try client.run("MULTI")
            try client.run("SINTERSTORE d a b")
            try client.run("SCARD d")
            #expect(try client.run("EXEC") == .array([.integer(Int64(half)), .integer(Int64(half))]))
        }
    }

    /// One token is always in both sets, another one from transaction to transaction; so an intersection that saw the sets
    /// at one moment has exactly one of them.
    @Test(arguments: ServerKind.all)
    func aResultIsThatOfOneMoment(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client(timeout: 60)
        try fill(client)
        _ = try client.pipeline(lines: ["SADD a token:0", "SADD b token:0", "ZADD za 0 token:0", "ZADD zb 0 token:0"])
        let done = Flag()
        try inParallel(2) { index in
            let client = try server.client(timeout: 60)
            guard index == 0 else {
                var token = 0
                while !done.isSet {
                    let (old, new) = ("token:\(token)", "token:\(token + 1)")
                    _ = try client.pipeline(lines: [
                        "MULTI", "SREM a \(old)", "SADD a \(new)", "SREM b \(old)", "SADD b \(new)", "ZREM za \(old)",
                        "ZADD za 0 \(new)", "ZREM zb \(old)", "ZADD zb 0 \(new)", "EXEC",
                    ])
                    token += 1
                    Thread.sleep(forTimeInterval: 0.002)
                }
                return
            }
            defer { done.set() }
            for _ in 0..<15 {
                #expect(try client.run("SINTERCARD 2 a b") == .integer(Int64(Self.count / 2 + 1)))
                #expect(try client.run("SUNIONSTORE d a b") == .integer(Int64(Self.count / 2 * 3 + 1)))
                #expect(try client.run("SDIFF a b").elements?.count == Self.count / 2)
                #expect(try client.run("ZINTERSTORE e 2 za zb") == .integer(Int64(Self.count / 2 + 1)))
            }
        }
    }

    /// Who goes away, or whose keys go away, leaves nothing behind that would be looked at later.
    @Test(arguments: ServerKind.all)
    func keysAndClientsMayGoMeanwhile(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client(timeout: 60)
        for _ in 0..<3 {
            try fill(client)
            for command in ["SUNION a b", "SUNIONSTORE d a b", "ZUNIONSTORE d 2 za zb", "SINTER ia ib"] {
                // Connections close when nothing refers to them any more.
                for _ in 0..<2 { try server.raw().send("\(command)\r\n") }
                try client.run("SET other value")
            }
            _ = try client.pipeline(lines: ["DEL a", "SET b string", "FLUSHALL"])
            #expect(try client.run("PING") == .status("PONG"))
        }
        guard kind == .freshet else { return }
        // A server learns of the end of a connection when it comes to it.
        var watches = true
        for _ in 0..<1000 where watches {
            watches = try client.run("INFO clients").text?.contains("total_watched_keys:0\r") == false
        }
        #expect(!watches)
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
