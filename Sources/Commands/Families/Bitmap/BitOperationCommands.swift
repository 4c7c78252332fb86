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
        let result = try call.work(on: 3..<call.count) { BitResult(operation, $0) }
        let key = call.key(2)
        if let string = result.take() {
            call.access.setString(key, string, event: .set)
        } else {
            _ = call.access.remove(key)
        }
        call.reply.integer(result.count)
    }
}

/// The string that is stored.
private final class BitResult: SlicedWork, @unchecked Sendable {
    private static let stretch = 64 * 1024
    /// Bytes of a string that take as long as an element of an aggregate.
    private static let bytesPerElement = 64

    private let operation: BitOperation
    private let sources: UnsafeMutableBufferPointer<ByteView>
    /// The texts of sources that are kept as integers.
    private let texts: UnsafeMutablePointer<UInt8>
    /// Length of the result, the longest of the sources'.
    let count: Int
    private var string: StringBlock?
    private var position = 0

    init(_ operation: BitOperation, _ entries: [Entry?]) {
        self.operation = operation
        texts = .allocate(capacity: 24 * entries.count)
        sources = .allocate(capacity: entries.count)
        var longest = 0
        for (index, entry) in entries.enumerated() {
            let text = entry?.text(scratch: texts + 24 * index) ?? .empty
            sources.initializeElement(at: index, to: text)
            longest = max(longest, text.count)
        }
        count = longest
        if count > 0 { string = StringBlock(count: count) }
    }

    deinit {
        sources.deallocate()
        texts.deallocate()
    }

    static func accepts(_ type: ValueType) -> Bool { type == .string }

    var effort: Int { count / Self.bytesPerElement * sources.count }

    func advance() -> Bool {
        guard let target = string?.bytes else { return false }
        let part = position..<min(position + Self.stretch, count)
        operation.write(part, of: UnsafeBufferPointer(sources), to: target)
        position = part.upperBound
        return position < count
    }

    /// The result, which is the caller's; nil where it is empty.
    func take() -> StringBlock? { string.take() }
}
