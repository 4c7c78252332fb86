import ComputedKeys
import Keyspace
import Primitives

/// The options of COMPUTE commands, in any order behind the fixed arguments.
struct ComputeOptions {
    /// What a command takes.
    struct Accepted: OptionSet {
        let rawValue: UInt16
        static let dependencies = Accepted(rawValue: 1 << 0)
        static let keys = Accepted(rawValue: 1 << 1)
        static let tags = Accepted(rawValue: 1 << 2)
        static let lease = Accepted(rawValue: 1 << 3)
        static let wait = Accepted(rawValue: 1 << 4)
        static let staleOK = Accepted(rawValue: 1 << 5)
        static let expiry = Accepted(rawValue: 1 << 6)
        static let grace = Accepted(rawValue: 1 << 7)
        static let cost = Accepted(rawValue: 1 << 8)
        static let revision = Accepted(rawValue: 1 << 9)
    }

    /// Longest time that an option takes, in milliseconds: about 300 years.
    private static let longest: Int64 = 1 << 43
    private static let defaultLease: Int64 = 10_000

    /// Milliseconds since 1970 when the command began.
    let now: Int64
    /// Arguments that are keys, and those that are tags.
    private(set) var keys: Range<Int> = 0..<0
    private(set) var tags: Range<Int> = 0..<0
    private(set) var lease = defaultLease
    private(set) var wait: Int64?
    private(set) var allowsStale = false
    /// Milliseconds since 1970.
    private(set) var deadline: Int64?
    private(set) var grace: Int64 = 0
    private(set) var cost: UInt32?
    private(set) var revision: UInt64?

    /// Reads what stands from the argument `index` on.
    init(_ call: borrowing Call, from index: Int, _ accepted: Accepted) throws(CommandError) {
        now = call.now
        var index = index
        while index < call.count {
            if accepted.contains(.dependencies), call.isWord(index, "deps") {
                keys = try names(call, &index, isTaken: !keys.isEmpty)
            } else if accepted.contains(.keys), call.isWord(index, "keys") {
                keys = try names(call, &index, isTaken: !keys.isEmpty)
            } else if accepted.contains(.tags), call.isWord(index, "tags") {
                tags = try names(call, &index, isTaken: !tags.isEmpty)
            } else if accepted.contains(.lease), call.isWord(index, "lease") {
                lease = try time(call, &index, 1...Self.longest)
            } else if accepted.contains(.wait), call.isWord(index, "wait") {
                wait = try time(call, &index, 0...Self.longest)
            } else if accepted.contains(.staleOK), call.isWord(index, "staleok") {
                allowsStale = true
                index += 1
            } else if accepted.contains(.expiry), call.isWord(index, "ex") || call.isWord(index, "px") {
                try takeExpiry(call, &index)
            } else if accepted.contains(.grace), call.isWord(index, "grace") {
                grace = try time(call, &index, 0...Self.longest)
            } else if accepted.contains(.cost), call.isWord(index, "cost") {
                cost = UInt32(clamping: try time(call, &index, 0...Int64.max))
            } else if accepted.contains(.revision), call.isWord(index, "rev") {
                guard index + 1 < call.count else { throw .syntax }
                revision = try call.revision(index + 1)
                index += 2
            } else {
                throw .syntax
            }
        }
    }

    /// What is published beside the value.
    var publication: PublishOptions {
        var options = PublishOptions()
        options.grace = grace
        options.cost = cost
        options.deadline = deadline
        return options
    }

    /// The arguments behind a word and a count.
    private func names(
        _ call: borrowing Call, _ index: inout Int, isTaken: Bool
    ) throws(CommandError) -> Range<Int> {
        guard !isTaken, index + 1 < call.count else { throw .syntax }
        let count = try call.integer(index + 1)
        guard count > 0 else { throw CommandError("ERR numkeys should be greater than 0") }
        let first = index + 2
        guard count <= call.count - first else { throw .countsLie }
        index = first + Int(count)
        return first..<index
    }

    private func time(
        _ call: borrowing Call, _ index: inout Int, _ range: ClosedRange<Int64>
    ) throws(CommandError) -> Int64 {
        guard index + 1 < call.count else { throw .syntax }
        let value = try call.integer(index + 1, or: .invalidTime)
        guard range.contains(value) else { throw .invalidTime }
        index += 2
        return value
    }

    private mutating func takeExpiry(_ call: borrowing Call, _ index: inout Int) throws(CommandError) {
        guard deadline == nil, index + 1 < call.count else { throw .syntax }
        var duration = try call.integer(index + 1)
        if call.isWord(index, "ex") {
            guard let milliseconds = duration.secondsInMilliseconds else { throw .invalidExpiry(call.name) }
            duration = milliseconds
        }
        guard duration > 0, let deadline = duration.adding(checked: call.now) else { throw .invalidExpiry(call.name) }
        self.deadline = deadline
        index += 2
    }

    /// The dependencies that are named, with the keys marked so that their changes are told. The keys' shards must be held.
    func dependencies(_ call: inout Call) -> [ExplicitDependency] {
        var result: [ExplicitDependency] = []
        result.reserveCapacity(keys.count + tags.count)
        let database = call.access.database
        for index in keys {
            let key = call.key(index)
            call.access.mark(key)
            result.append(.key(key, database: database, deadline: call.access.peek(key)?.firstDeadline))
        }
        for index in tags { result.append(.tag(call[index])) }
        return result
    }
}

extension Call {
    /// The position that an argument gives; 0, which is before everything, for one from another run of the server.
    func revision(_ index: Int) throws(CommandError) -> UInt64 {
        let text = self[index]
        if text == ByteView("0") { return 0 }
        guard let dash = text.buffer.firstIndex(of: UInt8(ascii: "-")),
            let number = parseInteger(text[dash + 1..<text.count]), number >= 0
        else { throw .invalidRevision }
        let epoch = text[0..<dash]
        guard let graph, epoch.buffer.elementsEqual(graph.epoch.utf8) else { return 0 }
        // What was never given says nothing of when the caller has read its sources.
        guard number <= access.keyspace.revision else { throw .invalidRevision }
        return UInt64(number)
    }

    /// A position as clients see it.
    func text(_ revision: UInt64) -> String { "\(graph?.epoch ?? "0")-\(revision)" }
}
