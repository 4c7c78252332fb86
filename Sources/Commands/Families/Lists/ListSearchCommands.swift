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
        var search = ListSearch(list, options)
        if call.isLong(search.compared, of: list.count, bytes: 0) {
            return try call.answer(ListSearchStretches(search, for: call[2].array), of: 1)
        }
        let mark = reply.deferredArray()
        _ = search.answer(call[2], .max, to: reply)
        if options.count != nil {
            reply.finishArray(at: mark, count: search.found)
        } else if search.found == 0 {
            reply.null()
        }
    }

    /// A search as far as it has got.
    private struct ListSearch {
        private let list: ListValue
        private let isFromTail: Bool
        /// Indices of what is still to be compared.
        private var rest: Range<Int>
        /// Matches that do not count.
        private var skipped: Int
        /// The most matches that are answered; nil for one that is not in an array.
        let limit: Int?
        private(set) var found = 0

        init(_ list: ListValue, _ options: Options) {
            self.list = list
            isFromTail = options.isFromTail
            let compared = min(list.count, options.limit)
            rest = isFromTail ? list.count - compared..<list.count : 0..<compared
            skipped = options.rank - 1
            limit = options.count.map { $0 == 0 ? .max : $0 }
        }

        /// How many elements are still to be compared.
        var compared: Int { rest.count }

        /// Compares up to `count` elements and answers the indices that are asked for; returns whether there is more to do.
        mutating func answer(_ text: ByteView, _ count: Int, to reply: ReplyWriter) -> Bool {
            let part = isFromTail ? rest.suffix(count) : rest.prefix(count)
            rest = isFromTail ? rest.dropLast(part.count) : rest.dropFirst(part.count)
            var (skipped, found) = (skipped, found)
            let limit = limit ?? 1
            let goesOn = list.forEachIndex(of: text, in: part, reverse: isFromTail) { index in
                if skipped > 0 {
                    skipped &-= 1
                    return true
                }
                reply.integer(index)
                found &+= 1
                return found < limit
            }
            (self.skipped, self.found) = (skipped, found)
            return goesOn && !rest.isEmpty
        }
    }

    /// A search in a long list.
    private struct ListSearchStretches: AnswerStretches {
        /// Elements that a stretch compares.
        private static let stretch = 2048
        private var search: ListSearch
        private let text: [UInt8]

        init(_ search: ListSearch, for text: [UInt8]) {
            self.search = search
            self.text = text
        }

        mutating func write(to reply: ReplyWriter) -> Bool {
            text.withView { search.answer($0, Self.stretch, to: reply) }
        }

        func writeHeader(to reply: ReplyWriter) {
            if search.limit != nil {
                reply.array(search.found)
            } else if search.found == 0 {
                reply.null()
            }
        }
    }
}
