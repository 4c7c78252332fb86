/// How the replies of two servers to one command are compared: exactly, except where the order is the server's own,
/// the answer is random, or time passes between the two.
enum ReplyComparison {
    case exact
    case elementsInAnyOrder
    case pairsInAnyOrder
    /// A cursor, and elements in any order.
    case scan(pairs: Bool)
    /// Random elements: only the kind of the reply and the number of elements.
    case shape
    case seconds
    case milliseconds
    /// Pending entries of a stream, each with the time since its delivery.
    case pendingEntries
    /// What a stream tells of itself, but for how it keeps its blocks and what was counted in another way before 7.4.
    case streamInformation
    /// Any integers: how often a value is shared inside the server is its own affair.
    case integers

    static func of(_ command: [String]) -> ReplyComparison {
        switch command[0].uppercased() {
        case "KEYS", "HKEYS", "HVALS", "SMEMBERS", "SINTER", "SUNION", "SDIFF", "SPOP": .elementsInAnyOrder
        case "HGETALL": .pairsInAnyOrder
        case "HRANDFIELD", "SRANDMEMBER", "ZRANDMEMBER":
            if command.count < 3 || command[2].hasPrefix("-") || !command[2].hasPrefix("100") {
                .shape
            } else {
                command.count > 3 ? .pairsInAnyOrder : .elementsInAnyOrder
            }
        // What a cursor other than the first stands for is the server's secret.
        case "SCAN": command.count > 1 && command[1] == "0" ? .scan(pairs: false) : .shape
        case "HSCAN", "ZSCAN": command.count > 2 && command[2] == "0" ? .scan(pairs: true) : .shape
        case "SSCAN": command.count > 2 && command[2] == "0" ? .scan(pairs: false) : .shape
        case "RANDOMKEY": .shape
        case "OBJECT": command.count > 1 && command[1].uppercased() == "REFCOUNT" ? .integers : .exact
        // So is what a value takes.
        case "MEMORY": .integers
        case "XPENDING": command.count > 3 ? .pendingEntries : .exact
        case "XINFO": .streamInformation
        // Before 7.4 claiming in vain did not create the consumer.
        case "XGROUP": command.count > 1 && command[1].uppercased() == "CREATECONSUMER" ? .integers : .exact
        case "TTL", "EXPIRETIME": .seconds
        case "PTTL", "PEXPIRETIME": .milliseconds
        default: .exact
        }
    }

    func accepts(_ one: Reply, _ other: Reply) -> Bool {
        if one == other { return true }
        if one.isError || other.isError { return false }
        switch self {
        case .exact: return false
        case .elementsInAnyOrder: return ReplyComparison.sorted(one) == ReplyComparison.sorted(other)
        case .pairsInAnyOrder: return ReplyComparison.sortedPairs(one) == ReplyComparison.sortedPairs(other)
        case .scan(let pairs):
            return pairs
                ? ReplyComparison.sortedPairs(one[1]) == ReplyComparison.sortedPairs(other[1])
                : ReplyComparison.sorted(one[1]) == ReplyComparison.sorted(other[1])
        case .shape: return (one == .null) == (other == .null) && one.elements?.count == other.elements?.count
        case .pendingEntries: return ReplyComparison.withoutTimes(one) == ReplyComparison.withoutTimes(other)
        case .streamInformation:
            return ReplyComparison.withoutCounts(one) == ReplyComparison.withoutCounts(other)
        case .integers: return one.integer != nil && other.integer != nil
        case .seconds: return ReplyComparison.distance(one, other).map { $0 <= 2 } ?? false
        case .milliseconds: return ReplyComparison.distance(one, other).map { $0 <= 2000 } ?? false
        }
    }

    private static func withoutTimes(_ reply: Reply) -> Reply {
        guard let elements = reply.elements else { return reply }
        return .array(
            elements.map { entry in
                .array((entry.elements ?? []).enumerated().filter { $0.offset != 2 }.map(\.element))
            })
    }

    /// Leaves out the values behind the names of what is not compared.
    private static func withoutCounts(_ reply: Reply) -> Reply {
        guard let elements = reply.elements else { return reply }
        let names: Set<String> = ["radix-tree-nodes", "entries-read", "lag", "consumers"]
        return .array(
            elements.indices.filter { $0 == 0 || !names.contains(elements[$0 - 1].text ?? "") }.map {
                withoutCounts(elements[$0])
            })
    }

    private static func sorted(_ reply: Reply) -> [String]? { reply.elements?.map(\.description).sorted() }

    static func sortedPairs(_ reply: Reply) -> [String]? {
        guard let elements = reply.elements, elements.count % 2 == 0 else { return nil }
        return stride(from: 0, to: elements.count, by: 2).map { "\(elements[$0]) \(elements[$0 + 1])" }.sorted()
    }

    /// The distance of two times; nil where one of them is one of the negative answers.
    private static func distance(_ one: Reply, _ other: Reply) -> UInt64? {
        guard let one = one.integer, let other = other.integer, one >= 0, other >= 0 else { return nil }
        return one > other ? UInt64(one - other) : UInt64(other - one)
    }
}
