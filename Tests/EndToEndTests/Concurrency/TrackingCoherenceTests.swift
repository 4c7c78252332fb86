import Foundation
import TestSupport
import Testing

/// Clients that keep what they have read, on several workers, while others write: what they keep is never outdated for good.
@Suite(.serialized) struct TrackingCoherenceTests {
    /// A client with a cache of its own.
    private final class CachingClient {
        private let connection: RawConnection
        private(set) var cache: [String: String] = [:]
        private(set) var hits = 0
        private(set) var invalidations = 0

        init(_ server: ServerProcess, _ options: String) throws {
            connection = try server.raw()
            try connection.run("HELLO 3")
            #expect(try connection.run("CLIENT TRACKING ON \(options)") == .ok)
        }

        /// Reads the reply to what was sent, and forgets what it is told meanwhile.
        func reply() throws -> Reply {
            while true {
                let reply = try connection.readReply()
                guard case .push(let message) = reply else { return reply }
                invalidations += 1
                guard let keys = message[1].elements else {
                    cache = [:]
                    continue
                }
                for key in keys { cache[key.text ?? ""] = nil }
            }
        }

        func run(_ line: String) throws -> Reply {
            connection.send(command: splitArguments(line) ?? [])
            return try reply()
        }

        func forget(_ key: String) { cache[key] = nil }

        func read(_ key: String) throws {
            if cache[key] != nil {
                hits += 1
                return
            }
            cache[key] = try run("GET \(key)").text ?? "none"
        }
    }

    @Test(arguments: ServerKind.all, ["", "NOLOOP", "BCAST"])
    func whatIsKeptIsWhatIsThere(_ kind: ServerKind, _ options: String) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let keys = (0..<40).map { "key:\($0)" }
        let end = DispatchTime.now() + ConcurrencyTests.seconds
        let wrong = Counter()
        let hits = Counter()
        let barrier = Barrier(8)
        try inParallel(8) { index in
            var random = SeededGenerator(UInt64(index))
            if index < 4 {
                let writer = try server.client()
                var turn = 0
                while DispatchTime.now() < end {
                    turn += 1
                    let (key, other) = (random.pick(keys), random.pick(keys))
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0: try writer.run("DEL \(key)")
                    case 1:
                        _ = try writer.pipeline(lines: [
                            "MULTI", "SET \(key) m\(index):\(turn)", "DEL \(other)", "EXEC",
                        ])
                    case 2: try writer.run("RENAME \(key) \(other)")
                    case 3: try writer.run("SET \(key) p\(index):\(turn) PX 3")
                    case 4: try writer.run("MSET \(key) a\(index):\(turn) \(other) b\(index):\(turn)")
                    case 5 where turn % 64 == 0: try writer.run("FLUSHALL")
                    default: try writer.run("SET \(key) \(index):\(turn)")
                    }
                }
                barrier.arrive()
                return
            }
            let client = try CachingClient(server, options)
            while DispatchTime.now() < end {
                let key = random.pick(keys)
                try client.read(key)
                guard random.oneIn(16) else { continue }
                // What it writes it knows to have changed.
                _ = try client.run("SET \(key) own\(index):\(client.hits)")
                client.forget(key)
            }
            barrier.arrive()
            // Everything is written. Keys that still expire are gone at a moment from which on nothing changes.
            let judge = try server.client()
            while try judge.run("INFO keyspace").text?.contains(/expires=[1-9]/) == true {}
            _ = try client.run("PING")
            for (key, value) in client.cache {
                let present = try judge.run("GET \(key)").text ?? "none"
                if present != value { wrong.add(1) }
            }
            hits.add(client.hits)
        }
        #expect(wrong.value == 0 && hits.value > 0)
    }

    /// The same for values that were derived from others.
    @Test(arguments: ServerKind.onlyFreshet)
    func whatIsKeptOfComputedKeysIsFresh(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "4"])
        let end = DispatchTime.now() + ConcurrencyTests.seconds
        let wrong = Counter()
        let computations = Counter()
        let barrier = Barrier(6)
        let sources = (0..<8).map { "source:\($0)" }
        try inParallel(6) { index in
            var random = SeededGenerator(UInt64(index))
            if index < 2 {
                let writer = try server.client()
                while DispatchTime.now() < end { try writer.run("INCR \(random.pick(sources))") }
                return barrier.arrive()
            }
            let client = try CachingClient(server, index % 2 == 0 ? "" : "NOLOOP")
            while DispatchTime.now() < end {
                let number = Int.random(in: 0..<sources.count, using: &random)
                let key = "total:\(number)"
                try client.read(key)
                guard client.cache[key] == "none", random.oneIn(2) else { continue }
                let lease = try client.run("COMPUTE.BEGIN \(key)")
                guard lease[0].text == "lease" else { continue }
                let a = try client.run("GET \(sources[number])").text ?? ""
                let b = try client.run("GET \(sources[(number + 1) % sources.count])").text ?? ""
                _ = try client.run("COMPUTE.END \(lease[1].text ?? "") \(a)+\(b)")
                computations.add(1)
            }
            barrier.arrive()
            _ = try client.run("PING")
            let judge = try server.client()
            for (key, value) in client.cache {
                if (try judge.run("GET \(key)").text ?? "none") != value { wrong.add(1) }
            }
        }
        #expect(wrong.value == 0 && computations.value > 0)
    }
}

/// Lets threads go on when all have arrived.
private final class Barrier: Sendable {
    private let count: Int
    private let arrived = Counter()

    init(_ count: Int) { self.count = count }

    func arrive() {
        arrived.add(1)
        while arrived.value < count { usleep(500) }
    }
}
