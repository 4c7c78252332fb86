import Keyspace
import Primitives

/// The options of SCAN, HSCAN, SSCAN and ZSCAN.
struct ScanOptions {
    enum Target {
        case keys, hash, members
    }

    /// Elements whose names do not match are passed over; nil lets all pass.
    private(set) var pattern: ByteView?
    /// Keys of other types are passed over (`TYPE`, of SCAN only).
    private(set) var type: ByteView?
    /// About how many elements one call visits.
    private(set) var limit = 10
    /// Whether a hash's values are answered (`NOVALUES`, of HSCAN only).
    private(set) var withValues = true

    /// Reads what stands at `index` and behind it.
    init(_ call: borrowing Call, from index: Int, of target: Target) throws(CommandError) {
        var index = index
        while index < call.count {
            let hasValue = index + 1 < call.count
            if hasValue, call.isWord(index, "count") {
                let count = try call.integer(index + 1)
                guard count >= 1 else { throw .syntax }
                limit = Int(min(count, 1 << 32))
            } else if hasValue, call.isWord(index, "match") {
                // A lone star is no pattern: unlike one, it lets an empty name pass.
                pattern = call[index + 1] == ByteView("*") ? nil : call[index + 1]
            } else if hasValue, target == .keys, call.isWord(index, "type") {
                type = call[index + 1]
            } else if call.isWord(index, "novalues") {
                guard target == .hash else { throw CommandError("ERR NOVALUES option can only be used in HSCAN") }
                withValues = false
                index -= 1
            } else {
                throw .syntax
            }
            index += 2
        }
    }

    /// The cursor at argument `index`: what the last call answered, 0 to begin.
    static func cursor(_ call: borrowing Call, _ index: Int) throws(CommandError) -> UInt64 {
        let text = call[index]
        let digits = text.count > 1 && text[0] == UInt8(ascii: "+") ? text[1..<text.count] : text
        guard let cursor = parseUnsigned(digits) else { throw .invalidCursor }
        return cursor
    }

    /// Whether an element called `name` is answered.
    func matches(_ name: ByteView) -> Bool { pattern.map { Glob.matches($0, name) } ?? true }

    func accepts(_ entry: Entry) -> Bool {
        if let type, !type.equalsIgnoringCase(entry.type.name) { return false }
        return matches(entry.key)
    }
}
