import Foundation
import Testing

/// Answers so long that they are put together in slices, while others are served.
@Suite struct LargeAnswerTests {
    private static let count = 60_000

    private func fill(_ client: RedisClient) throws {
        for first in stride(from: 0, to: Self.count, by: 1000) {
            let numbers = first..<first + 1000
            try client.run("RPUSH list " + numbers.map { "\($0)" }.joined(separator: " "))
            try client.run("HSET hash " + numbers.map { "f\($0) v\($0)" }.joined(separator: " "))
            try client.run("ZADD sorted " + numbers.map { "\($0) m\($0)" }.joined(separator: " "))
            try client.run("SADD set " + numbers.map { "m\($0)" }.joined(separator: " "))
            _ = try client.pipeline(lines: numbers.map { "XADD stream \($0 + 1)-1 field \($0)" })
        }
    }

    @Test(arguments: ServerKind.all)
    func longAnswersAreCompleteAndInOrder(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client(timeout: 120)
            try fill(client)
            let count = Self.count
            let replies = try client.pipeline(lines: [
                "ECHO 1", "LRANGE list 0 -1", "ZRANGE sorted 0 -1", "ECHO 2", "ZREVRANGE sorted 1 -2", "HGETALL hash",
                "XRANGE stream - +", "XREVRANGE stream + - COUNT \(count - 1)", "SRANDMEMBER set \(count / 2)",
                "HRANDFIELD hash \(count)", "ZUNION 2 sorted none", "LPOS list \(count - 1)",
                "LPOS list none COUNT 0", "ECHO 3",
            ])
            let texts = replies.map { $0.elements?.map { $0.text ?? "" } ?? [] }
            let ascending = (0..<count).map { "m\($0)" }
            for (index, text) in [(0, "1"), (3, "2"), (13, "3")] { #expect(replies[index] == .bulk(text)) }
            #expect(texts[1] == (0..<count).map { "\($0)" })
            #expect(texts[2] == ascending)
            #expect(texts[4] == ascending[1..<count - 1].reversed())
            let fields = replies[5].elements?.compactMap(\.text) ?? []
            #expect(fields.count == 2 * count)
            let pairs = Set(stride(from: 0, to: fields.count - 1, by: 2).map { "\(fields[$0]) \(fields[$0 + 1])" })
            #expect(pairs == Set((0..<count).map { "f\($0) v\($0)" }))
            #expect(replies[6].elements?.count == count)
            #expect(
                replies[6][count - 1]
                    == .array([.bulk("\(count)-1"), .array([.bulk("field"), .bulk("\(count - 1)")])]))
            #expect(replies[7].elements?.count == count - 1)
            #expect(replies[7][0][0] == .bulk("\(count)-1"))
            #expect(replies[7][count - 2][0] == .bulk("2-1"))
            #expect(texts[8].count == count / 2)
            #expect(Set(texts[8]).count == count / 2)
            #expect(Set(texts[9]) == Set((0..<count).map { "f\($0)" }))
            #expect(texts[10] == ascending)
            #expect(replies[11] == .integer(Int64(count - 1)))
            #expect(replies[12] == .array([]))
        }
    }

    /// Elements go from one end of a list to the other: an answer of one moment has all of them, one behind the other.
    @Test(arguments: ServerKind.all)
    func anAnswerIsThatOfOneMoment(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client(timeout: 120)
        try fill(client)
        let ends = DispatchSemaphore(value: 0)
        try inParallel(2) { index in
            let client = try server.client(timeout: 120)
            guard index == 0 else {
                while ends.wait(timeout: .now()) == .timedOut {
                    try client.run("LMOVE list list LEFT RIGHT")
                    try client.run("MULTI")
                    try client.run("ZINCRBY sorted \(Self.count) m0")
                    try client.run("ZINCRBY sorted -\(Self.count) m0")
                    try client.run("EXEC")
                    Thread.sleep(forTimeInterval: 0.002)
                }
                return
            }
            defer { ends.signal() }
            for _ in 0..<10 {
                let list = try client.run("LRANGE list 0 -1").elements?.compactMap { Int($0.text ?? "") } ?? []
                let first = list.first ?? 0
                #expect(list == Array(first..<Self.count) + Array(0..<first))
                let sorted = try client.run("ZRANGE sorted 0 -1").elements
                #expect(sorted?.count == Self.count && sorted?.first == .bulk("m0"))
            }
        }
    }
}
