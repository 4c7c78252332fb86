import Foundation
import Testing

/// Consumers that wait, on several workers, beside others who take what they find.
@Suite(.serialized) struct BlockingConcurrencyTests {
    private final class Taken: @unchecked Sendable {
        private let lock = NSLock()
        private var counts: [String: Int] = [:]

        func add(_ member: String) { lock.withLock { counts[member, default: 0] += 1 } }
        var members: [String: Int] { lock.withLock { counts } }
    }

    @Test(arguments: ServerKind.all)
    func everyMemberIsTakenOnce(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let taken = Taken()
        let (producers, consumers, members) = (4, 12, 500)
        let left = Counter()
        try inParallel(producers + consumers) { index in
            let client = try server.client()
            if index < producers {
                for number in 0..<members {
                    try client.run("ZADD queue:\(number % 7) \(number) \(index):\(number)")
                }
                left.add(1)
                return
            }
            let names = (0..<7).map { "queue:\(($0 + index) % 7)" }.joined(separator: " ")
            while true {
                let reply = try index % 3 == 0 ? client.run("ZPOPMIN queue:0") : client.run("BZPOPMIN \(names) 0.2")
                let texts = (reply.elements ?? []).compactMap(\.text)
                if let member = texts.first(where: { $0.contains(":") && !$0.hasPrefix("queue:") }) {
                    taken.add(member)
                } else if left.value == producers {
                    return
                }
            }
        }
        let counts = taken.members
        #expect(counts.count == producers * members)
        #expect(counts.values.allSatisfy { $0 == 1 })
    }

    /// Nobody overtakes one who waits: what is pushed while somebody waits never is there for others.
    @Test(arguments: ServerKind.all)
    func nobodySeesWhatIsPushedForOneWhoWaits(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let (stop, stolen) = (Counter(), Counter())
        try inParallel(4) { index in
            let client = try server.client()
            guard index == 0 else {
                while stop.value == 0 {
                    if try client.run("ZPOPMIN k").elements?.isEmpty == false { stolen.add(1) }
                }
                return
            }
            defer { stop.add(1) }
            for _ in 0..<100 {
                let waiting = try BlockingTests.block(server, "BZPOPMIN k 0")
                try client.run("ZADD k 1 a")
                _ = try waiting.readReply()
            }
        }
        #expect(stolen.value == 0)
    }

    @Test
    func aThousandWaitersCostAWriterNothing() throws {
        let server = try ServerProcess(.freshet, ["--threads", "2"])
        let client = try server.client()
        let waiting = try (0..<1000).map { _ in try server.raw() }
        for connection in waiting { connection.send("BZPOPMIN k other 0\r\n") }
        try eventually { try BlockingTests.blockedClients(client) == 1000 }
        for index in waiting.indices { try client.run("ZADD k 1 a\(index)") }
        for connection in waiting {
            #expect(try connection.readReply().description.hasPrefix(#"["k", "a"#))
        }
        try eventually { try client.run("INFO clients").text?.contains("total_blocking_keys:0") == true }
    }
}
