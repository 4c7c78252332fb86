import Keyspace
import Primitives
import RESP

/// BITOP: strings combined bit by bit.
public enum BitOperationCommands {
    public static let commands: [Command] = [
        Command(
            "bitop", arity: -4, flags: [.write, .denyoom],
            keys: [.one(2, [.overwrite, .update]), .range(3, -1, [.readOnly, .access])], group: .bitmap,
            since: "2.6.0", complexity: "O(n k), n being the length of the longest of k strings.",
            summary: "Combines strings bit by bit and stores the result.",
            syntax: "operation=(AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE) destkey:key key:key...", handler: operate)
    ]

    private static func operate(_ call: inout Call) throws(CommandError) {
        guard let operation = BitOperation(call[1]) else { throw .syntax }
        let count = call.count - 3
        guard operation != .not || count == 1 else {
            throw CommandError("ERR BITOP NOT must be called with a single source key.")
        }
        guard !operation.needsTwo || count > 1 else {
            throw CommandError(
                composed: "ERR BITOP \(call[1].string.uppercased()) must be called with at least two source keys.")
        }
        // The texts of sources that are kept as integers.
        let texts = UnsafeMutablePointer<UInt8>.allocate(capacity: 24 * count)
        let sources = UnsafeMutablePointer<ByteView>.allocate(capacity: count)
        defer {
            texts.deallocate()
            sources.deallocate()
        }
        var longest = 0
        for index in 0..<count {
            let entry = try call.readString(call.key(3 + index))
            let text = entry?.text(scratch: texts + 24 * index) ?? .empty
            (sources + index).initialize(to: text)
            longest = max(longest, text.count)
        }
        let key = call.key(2)
        if longest == 0 {
            _ = call.access.remove(key)
        } else {
            call.access.setBytes(key, count: longest, event: .set) {
                operation.write(UnsafeBufferPointer(start: sources, count: count), to: $0, count: longest)
            }
        }
        call.reply.integer(longest)
    }
}
