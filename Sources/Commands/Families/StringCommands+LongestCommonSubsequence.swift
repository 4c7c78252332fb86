import Keyspace
import Primitives
import RESP

/// LCS: the longest common subsequence of two strings, by the textbook's table of the lengths for all pairs of prefixes.
///
/// The table takes four bytes for each pair; what would take more than the longest string may be is refused. LEN alone
/// needs no way back through the table and keeps two of its rows.
public enum LongestCommonSubsequence {
    public static let commands: [Command] = [
        Command(
            "lcs", arity: -3, flags: .readonly, keys: [.range(1, 2, [.readOnly, .access])], group: .string,
            since: "7.0.0", complexity: "O(n*m), n and m being the lengths of the strings.",
            summary: "Finds the longest sequence of bytes that two strings have in common, with gaps.",
            syntax: "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
            handler: handle)
    ]

    private struct Options {
        var onlyLength = false
        var asRanges = false
        var withLengths = false
        var minimumLength: Int64 = 0

        init(_ call: borrowing Call) throws(CommandError) {
            var index = 3
            while index < call.count {
                if call.isWord(index, "idx") {
                    asRanges = true
                } else if call.isWord(index, "len") {
                    onlyLength = true
                } else if call.isWord(index, "withmatchlen") {
                    withLengths = true
                } else if call.isWord(index, "minmatchlen"), index + 1 < call.count {
                    minimumLength = try max(0, call.integer(index + 1))
                    index += 1
                } else {
                    throw .syntax
                }
                index += 1
            }
            if onlyLength, asRanges {
                throw CommandError("ERR If you want both the length and indexes, please just use IDX.")
            }
        }
    }

    private static func handle(_ call: inout Call) throws(CommandError) {
        // Both are looked up, whatever the first turns out to be.
        let first = call.access.read(call.key(1))
        let second = call.access.read(call.key(2))
        let a = try text(first, scratch: call.scratch)
        let b = try text(second, scratch: call.otherScratch)
        let options = try Options(call)
        let cells = (a.count + 1).multiplied(checked: b.count + 1)
        guard let cells, let bytes = cells.multiplied(checked: 4), bytes <= call.limits.maximumString else {
            throw CommandError("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
        if options.onlyLength { return call.reply.integer(length(a, b)) }
        let table = Table(a, b)
        defer { table.free() }
        if options.asRanges {
            replyRanges(call.reply, table, options)
        } else {
            let bytes = table.subsequence()
            bytes.withView { call.reply.bulk($0) }
        }
    }

    private static func text(
        _ entry: Entry?, scratch: UnsafeMutablePointer<UInt8>
    ) throws(CommandError) -> ByteView {
        guard let entry else { return .empty }
        guard entry.type == .string else { throw CommandError("ERR The specified keys must contain string values") }
        return entry.text(scratch: scratch)
    }

    private static func length(_ a: ByteView, _ b: ByteView) -> Int {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: b.count + 1) { row in
            row.initialize(repeating: 0)
            for i in 0..<a.count {
                // What stands left above the cell.
                var diagonal: UInt32 = 0
                for j in 1..<b.count + 1 {
                    let above = row[j]
                    row[j] = a.start[i] == b.start[j - 1] ? diagonal + 1 : max(above, row[j - 1])
                    diagonal = above
                }
            }
            return Int(row[b.count])
        }
    }

    /// Lengths for all pairs of prefixes: row i, column j is that of the first i bytes of a and j of b.
    private struct Table {
        let a: ByteView
        let b: ByteView
        let cells: UnsafeMutablePointer<UInt32>
        let width: Int

        init(_ a: ByteView, _ b: ByteView) {
            self.a = a
            self.b = b
            width = b.count + 1
            cells = .allocate(capacity: (a.count + 1) * width)
            cells.initialize(repeating: 0, count: width)
            for i in 1..<a.count + 1 {
                let row = cells + i * width
                let previous = row - width
                row[0] = 0
                for j in 1..<width {
                    row[j] = a.start[i - 1] == b.start[j - 1] ? previous[j - 1] + 1 : max(previous[j], row[j - 1])
                }
            }
        }

        func free() { cells.deallocate() }

        var length: Int { Int(cells[a.count * width + b.count]) }

        /// Calls `body` with the places of all common bytes, from the last to the first.
        func walkBack(_ body: (_ i: Int, _ j: Int) -> Void) {
            var i = a.count
            var j = b.count
            while i > 0, j > 0 {
                if a.start[i - 1] == b.start[j - 1] {
                    i -= 1
                    j -= 1
                    body(i, j)
                } else if cells[(i - 1) * width + j] > cells[i * width + j - 1] {
                    i -= 1
                } else {
                    j -= 1
                }
            }
        }

        func subsequence() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: length)
            var position = length
            walkBack { i, _ in
                position -= 1
                bytes[position] = a.start[i]
            }
            return bytes
        }
    }

    private static func replyRanges(_ reply: ReplyWriter, _ table: Table, _ options: Options) {
        reply.map(2)
        reply.bulk("matches" as StaticString)
        let mark = reply.deferredArray()
        var matches = 0
        // The run of bytes that are common and adjacent in both: where it begins, and its length.
        var run: (i: Int, j: Int, count: Int) = (0, 0, 0)
        func end() {
            guard run.count > 0, run.count >= options.minimumLength else { return }
            matches += 1
            reply.array(options.withLengths ? 3 : 2)
            for start in [run.i, run.j] {
                reply.array(2)
                reply.integer(start)
                reply.integer(start + run.count - 1)
            }
            if options.withLengths { reply.integer(run.count) }
        }
        table.walkBack { i, j in
            if run.count > 0, run.i == i + 1, run.j == j + 1 {
                run = (i, j, run.count + 1)
            } else {
                end()
                run = (i, j, 1)
            }
        }
        end()
        reply.finishArray(at: mark, count: matches)
        reply.bulk("len" as StaticString)
        reply.integer(table.length)
    }
}
