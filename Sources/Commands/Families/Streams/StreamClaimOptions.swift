import Keyspace
import Primitives

/// What XCLAIM is asked to do, from its argument 4 on.
struct StreamClaimOptions {
    /// Entries that were delivered less than so many milliseconds ago are left alone.
    var minimumIdle: Int64 = 0
    /// Positions of the IDs.
    var ids = 5..<5
    /// When the entries count as delivered, in milliseconds since 1970.
    var deliveryTime: Int64
    /// How often they count as delivered; nil for once more.
    var retryCount: Int64?
    /// Whether entries become pending that were not.
    var forces = false
    var onlyIDs = false
    /// Behind which entry the group goes on where it is not yet there.
    var lastID: StreamID?

    init(_ call: borrowing Call) throws(CommandError) {
        let now = call.now
        deliveryTime = now
        minimumIdle = max(0, try call.integer(4, or: Self.invalid("min-idle-time argument")))
        var index = 5
        while index < call.count, StreamID(call[index], missing: 0) != nil { index += 1 }
        ids = 5..<index
        var time: Int64?
        while index < call.count {
            let hasMore = index + 1 < call.count
            if call.isWord(index, "force") {
                forces = true
            } else if call.isWord(index, "justid") {
                onlyIDs = true
            } else if hasMore {
                try parse(call, index, &time)
                index += 1
            } else {
                throw Self.unrecognized(call[index])
            }
            index += 1
        }
        // A time that cannot be, by a client whose clock is ahead for example, is no reason to fail.
        if let time, time >= 0, time <= now || call.isReplaying { deliveryTime = time }
    }

    /// An option with a value.
    private mutating func parse(_ call: borrowing Call, _ index: Int, _ time: inout Int64?) throws(CommandError) {
        if call.isWord(index, "idle") {
            time = call.now &- (try call.integer(index + 1, or: Self.invalid("IDLE option argument")))
        } else if call.isWord(index, "time") {
            time = try call.integer(index + 1, or: Self.invalid("TIME option argument"))
        } else if call.isWord(index, "retrycount") {
            let count = try call.integer(index + 1, or: Self.invalid("RETRYCOUNT option argument"))
            retryCount = count < 0 ? nil : count
        } else if call.isWord(index, "lastid") {
            lastID = try call.streamID(index + 1)
        } else {
            throw Self.unrecognized(call[index])
        }
    }

    private static func invalid(_ what: String) -> CommandError {
        CommandError(composed: "ERR Invalid \(what) for XCLAIM")
    }

    private static func unrecognized(_ option: ByteView) -> CommandError {
        CommandError(composed: "ERR Unrecognized XCLAIM option '\(option.string)'")
    }
}
