import Keyspace
import Primitives

/// What commands on streams leave in the commit log: IDs and times that they have chosen, and what groups have become.
extension Call {
    /// Says that an entry was added: its fields and values are the arguments from `first` on.
    ///
    /// - Parameter length: to how many entries the stream was trimmed then; nil where it was not.
    mutating func logEntry(_ key: Key, _ id: StreamID, from first: Int, trimmedTo length: Int?) {
        guard isLogging else { return }
        let arguments = arguments
        log(arguments: 3 + (length == nil ? 0 : 3) + arguments.count - first) { effects in
            effects.append("XADD")
            effects.append(key.bytes)
            if let length {
                effects.append("MAXLEN")
                effects.append("=")
                effects.append(Int64(length))
            }
            effects.append(id)
            for index in first..<arguments.count { effects.append(arguments[index]) }
        }
    }

    /// Says to how many entries a stream was trimmed.
    mutating func logTrimming(_ key: Key, to length: Int) {
        log(arguments: 5) {
            $0.append("XTRIM")
            $0.append(key.bytes)
            $0.append("MAXLEN")
            $0.append("=")
            $0.append(Int64(length))
        }
    }

    /// Says that a group has a consumer that it had not.
    mutating func logConsumer(_ key: Key, _ group: StreamGroup, _ consumer: StreamConsumer) {
        log(arguments: 5) {
            $0.append("XGROUP")
            $0.append("CREATECONSUMER")
            $0.append(key.bytes)
            $0.append(group.name)
            $0.append(consumer.name)
        }
    }

    /// Says how far a group has read.
    mutating func logProgress(_ key: Key, _ group: StreamGroup) {
        log(arguments: 7) {
            $0.append("XGROUP")
            $0.append("SETID")
            $0.append(key.bytes)
            $0.append(group.name)
            $0.append(group.lastID)
            $0.append("ENTRIESREAD")
            $0.append(group.entriesRead ?? -1)
        }
    }

    /// Says that an entry is not pending any more.
    mutating func logAcknowledgement(_ key: Key, _ group: StreamGroup, _ id: StreamID) {
        log(arguments: 4) {
            $0.append("XACK")
            $0.append(key.bytes)
            $0.append(group.name)
            $0.append(id)
        }
    }
}

/// The entries that a command has put on a consumer's account, for the commit log: one XCLAIM for all that follow one
/// another with the same time and number of deliveries.
struct ClaimEffects {
    private static let mostInCommand = 1024
    private let isLogging: Bool
    private let key: Key
    private let group: StreamGroup
    private let consumer: StreamConsumer
    private var ids: [StreamID] = []
    private var time: Int64 = 0
    private var count: Int64 = 0

    init(_ call: borrowing Call, _ key: Key, _ group: StreamGroup, _ consumer: StreamConsumer) {
        isLogging = call.isLogging
        self.key = key
        self.group = group
        self.consumer = consumer
    }

    /// Notes an entry with the time of its delivery and how often it was delivered.
    @inline(__always)
    mutating func note(_ id: StreamID, at time: Int64, count: Int64, _ call: inout Call) {
        if isLogging { add(id, at: time, count: count, &call) }
    }

    @inline(never)
    private mutating func add(_ id: StreamID, at time: Int64, count: Int64, _ call: inout Call) {
        if time != self.time || count != self.count || ids.count == Self.mostInCommand { log(&call) }
        self.time = time
        self.count = count
        ids.append(id)
    }

    /// Adds what was noted to what is logged.
    mutating func log(_ call: inout Call) {
        guard !ids.isEmpty else { return }
        call.log(arguments: ids.count + 11) {
            $0.append("XCLAIM")
            $0.append(key.bytes)
            $0.append(group.name)
            $0.append(consumer.name)
            $0.append("0")
            for id in ids { $0.append(id) }
            $0.append("TIME")
            $0.append(time)
            $0.append("RETRYCOUNT")
            $0.append(count)
            $0.append("FORCE")
            $0.append("JUSTID")
        }
        ids.removeAll(keepingCapacity: true)
    }
}
