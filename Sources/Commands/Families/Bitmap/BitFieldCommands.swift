import Keyspace
import Primitives
import RESP

/// BITFIELD and BITFIELD_RO: a string as a row of integers of any size.
public enum BitFieldCommands {
    public static let commands: [Command] = [
        Command(
            "bitfield", arity: -2, flags: [.write, .denyoom],
            keys: [.one(1, [.readWrite, .access, .update, .variable])], group: .bitmap, since: "3.2.0",
            complexity: "O(1) for each operation.",
            summary: "Reads, writes and adds to integers of any size within a string.",
            syntax: "key:key operation=[GET (encoding:string offset:integer)|"
                + "write=([OVERFLOW (WRAP|SAT|FAIL)] write_operation=(SET (encoding:string offset:integer value:integer)|"
                + "INCRBY (encoding:string offset:integer increment:integer)))]...",
            handler: change),
        Command(
            "bitfield_ro", arity: -2, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])],
            group: .bitmap, since: "6.0.0", complexity: "O(1) for each operation.",
            summary: "Reads integers of any size within a string.",
            syntax: "key:key [GET (encoding:string offset:integer)]...", handler: read),
    ]

    /// One of the call's operations.
    private struct Operation {
        enum Kind {
            case get, set, increase
        }

        let kind: Kind
        let field: BitField
        let offset: Int
        /// What is written or added.
        var value: Int64 = 0
        var overflow = BitField.Overflow.wrap

        var isWrite: Bool { kind != .get }
    }

    /// Walks through the operations of a call: once to check them, once to carry them out.
    private struct Parser {
        private var index = 2
        private var overflow = BitField.Overflow.wrap

        /// The next operation; nil at the end.
        mutating func next(_ call: borrowing Call) throws(CommandError) -> Operation? {
            while index < call.count {
                let left = call.count - index - 1
                if left >= 1, call.isWord(index, "overflow") {
                    guard let overflow = BitField.Overflow(call[index + 1]) else {
                        throw CommandError("ERR Invalid OVERFLOW type specified")
                    }
                    self.overflow = overflow
                    index += 2
                    continue
                }
                let kind: Operation.Kind
                if left >= 2, call.isWord(index, "get") {
                    kind = .get
                } else if left >= 3, call.isWord(index, "set") {
                    kind = .set
                } else if left >= 3, call.isWord(index, "incrby") {
                    kind = .increase
                } else {
                    throw .syntax
                }
                return try operation(call, kind)
            }
            return nil
        }

        private mutating func operation(
            _ call: borrowing Call, _ kind: Operation.Kind
        ) throws(CommandError) -> Operation {
            guard let field = BitField(call[index + 1]) else {
                throw CommandError(
                    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
            }
            let offset = try call.bitOffset(index + 2, size: field.size)
            var operation = Operation(kind: kind, field: field, offset: offset, overflow: overflow)
            if kind != .get { operation.value = try call.integer(index + 3) }
            index += kind == .get ? 3 : 4
            return operation
        }
    }

    /// How many operations a call has, and where the last bit that they write is; -1 where they write none.
    private static func check(_ call: borrowing Call) throws(CommandError) -> (count: Int, lastBit: Int) {
        var parser = Parser()
        var count = 0
        var last = -1
        while let operation = try parser.next(call) {
            count += 1
            if operation.isWrite { last = max(last, operation.offset + operation.field.size - 1) }
        }
        return (count, last)
    }

    private static func read(_ call: inout Call) throws(CommandError) {
        let (count, lastBit) = try check(call)
        guard lastBit < 0 else { throw CommandError("ERR BITFIELD_RO only supports the GET subcommand") }
        try get(&call, count)
    }

    private static func get(_ call: inout Call, _ count: Int) throws(CommandError) {
        let text = try call.readString(call.key(1))?.text(scratch: call.scratch) ?? .empty
        var parser = Parser()
        call.reply.array(count)
        while let operation = try parser.next(call) {
            call.reply.integer(operation.field.read(text, at: operation.offset))
        }
    }

    private static func change(_ call: inout Call) throws(CommandError) {
        let (count, lastBit) = try check(call)
        guard lastBit >= 0 else { return try get(&call, count) }
        let key = call.key(1)
        let before = try call.findString(key)?.textCount ?? 0
        let total = max(before, lastBit >> 3 + 1)
        let bytes = call.access.resizeString(key, to: total, event: nil)
        var isChanged = total > before
        var hasWritten = false
        var parser = Parser()
        call.reply.array(count)
        while let operation = try parser.next(call) {
            let field = operation.field
            let old = field.read(ByteView(bytes, count: total), at: operation.offset)
            guard operation.isWrite else {
                call.reply.integer(old)
                continue
            }
            let increases = operation.kind == .increase
            guard
                let new = field.sum(
                    increases ? old : operation.value, increases ? operation.value : 0, operation.overflow)
            else {
                call.reply.null()
                continue
            }
            field.write(new, to: bytes, at: operation.offset)
            hasWritten = true
            isChanged = isChanged || new != old
            call.reply.integer(increases ? new : old)
        }
        // Redis tells nobody of a string that has only grown; who watches the key is told here nevertheless.
        if isChanged { call.access.changed(key, hasWritten ? .setbit : KeyEvent([], "setbit")) }
    }
}
