import Keyspace
import Primitives

/// What XREAD and XREADGROUP are asked to do, but for the streams' IDs.
struct StreamReadOptions {
    /// Most entries of each stream; 0 for any number.
    var count = 0
    /// Until when to wait, in milliseconds since 1970; nil for not at all.
    var deadline: Int64?
    /// Position of the group's name.
    var group: Int?
    /// Position of the consumer's name.
    var consumer: Int { (group ?? 0) + 1 }
    /// Whether what is delivered counts as acknowledged.
    var acknowledges = false
    /// Positions of the keys; the ID of each is as many behind it as there are keys.
    var keys = 0..<0

    init(_ call: borrowing Call, isGroup: Bool) throws(CommandError) {
        var index = 1
        while index < call.count {
            let more = call.count - index - 1
            if more > 0, call.isWord(index, "block") {
                index += 1
                deadline = try Self.deadline(call, index)
            } else if more > 0, call.isWord(index, "count") {
                index += 1
                count = try call.clampedCount(index)
            } else if more > 0, call.isWord(index, "streams") {
                keys = try Self.keys(call, from: index + 1, isGroup: isGroup)
                break
            } else if more > 1, call.isWord(index, "group") {
                guard isGroup else { throw Self.onlyForGroups("GROUP") }
                group = index + 1
                index += 2
            } else if call.isWord(index, "noack") {
                guard isGroup else { throw Self.onlyForGroups("NOACK") }
                acknowledges = true
            } else {
                throw .syntax
            }
            index += 1
        }
        guard !keys.isEmpty else { throw .syntax }
        if isGroup, group == nil { throw CommandError("ERR Missing GROUP option for XREADGROUP") }
    }

    /// The position of the ID for the key at `key`.
    func id(_ key: Int) -> Int { key + keys.count }

    private static func onlyForGroups(_ option: String) -> CommandError {
        CommandError(
            composed: "ERR The \(option) option is only supported by XREADGROUP. You called XREAD instead.")
    }

    private static func deadline(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Int64 {
        let timeout = try call.integer(index, or: CommandError("ERR timeout is not an integer or out of range"))
        guard timeout >= 0 else { throw CommandError("ERR timeout is negative") }
        guard timeout > 0 else { return .max }
        guard let deadline = call.now.adding(checked: timeout) else {
            throw CommandError("ERR timeout is out of range")
        }
        return deadline
    }

    private static func keys(_ call: borrowing Call, from first: Int, isGroup: Bool) throws(CommandError) -> Range<Int>
    {
        let count = call.count - first
        guard count % 2 == 0 else {
            throw CommandError(
                composed: "ERR Unbalanced '\(call.name)' list of streams: for each stream key an ID or "
                    + "'\(isGroup ? ">" : "$")' must be specified.")
        }
        return first..<first + count / 2
    }
}
