import Keyspace
import Primitives
import RESP

/// LPOS: where an element is.
public enum ListSearchCommands {
    public static let commands: [Command] = [
        Command(
            "lpos", arity: -3, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .list, since: "6.0.6",
            complexity: "O(n), n being the number of elements that are compared.",
            summary: "Answers the indices of elements that are equal to a given one.",
            syntax: "key:key element:string [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
            handler: lpos)
    ]

    private struct Options {
        /// The first match that counts, from 1.
        var rank = 1
        var isFromTail = false
        /// How many matches are answered, 0 for all; nil for one that is not in an array.
        var count: Int?
        /// How many elements are compared at most.
        var limit = Int.max

        init(_ call: borrowing Call) throws(CommandError) {
            for index in stride(from: 3, to: call.count, by: 2) {
                guard index + 1 < call.count else { throw .syntax }
                if call.isWord(index, "rank") {
                    let number = try call.negatableInteger(index + 1)
                    guard number != 0 else {
                        throw CommandError(
                            """
                            ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                            negative to start from the end of the list
                            """)
                    }
                    rank = abs(number)
                    isFromTail = number < 0
                } else if call.isWord(index, "count") {
                    count = try call.integer(
                        index + 1, in: 0...Int64.max, or: CommandError("ERR COUNT can't be negative"))
                } else if call.isWord(index, "maxlen") {
                    let length = try call.integer(
                        index + 1, in: 0...Int64.max, or: CommandError("ERR MAXLEN can't be negative"))
                    limit = length == 0 ? .max : length
                } else {
                    throw .syntax
                }
            }
        }
    }

    private static func lpos(_ call: inout Call) throws(CommandError) {
        let options = try Options(call)
        let reply = call.reply
        guard let list = try call.read(call.key(1), as: ListValue.self) else {
            return options.count == nil ? reply.null() : reply.array(0)
        }
        let mark = reply.deferredArray()
        let found = answer(reply, list, call[2], options)
        if options.count != nil {
            reply.finishArray(at: mark, count: found)
        } else if found == 0 {
            reply.null()
        }
    }

    /// Answers the indices that are asked for, and how many they are.
    private static func answer(_ reply: ReplyWriter, _ list: ListValue, _ text: ByteView, _ options: Options) -> Int {
        let length = list.count
        let compared = min(length, options.limit)
        let integer = parseInteger(text)
        let step = options.isFromTail ? -1 : 1
        var index = options.isFromTail ? length : -1
        var skipped = options.rank - 1
        var found = 0
        let range = options.isFromTail ? length - compared..<length : 0..<compared
        list.forEach(range, reverse: options.isFromTail) { element in
            index &+= step
            switch element {
            case .bytes(let bytes): guard bytes == text else { return true }
            case .integer(let value): guard value == integer else { return true }
            }
            if skipped > 0 {
                skipped &-= 1
                return true
            }
            reply.integer(index)
            found &+= 1
            return options.count == 0 || found < options.count ?? 1
        }
        return found
    }
}
