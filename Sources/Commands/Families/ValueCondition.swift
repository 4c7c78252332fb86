import Keyspace
import Primitives

/// A condition on the string at a key, by which a write is compared and swapped: IFEQ and IFNE compare the string itself,
/// IFDEQ and IFDNE its digest.
struct ValueCondition {
    enum Kind {
        case equal, notEqual, digestEqual, digestNotEqual
    }

    let kind: Kind
    /// The argument to compare with.
    let index: Int

    init(_ kind: Kind, _ index: Int) {
        self.kind = kind
        self.index = index
    }

    /// The condition whose word is the argument at `index`; nil where it is none or nothing stands behind it.
    init?(_ call: borrowing Call, _ index: Int) {
        guard index + 1 < call.count else { return nil }
        if call.isWord(index, "ifeq") {
            self.init(.equal, index + 1)
        } else if call.isWord(index, "ifne") {
            self.init(.notEqual, index + 1)
        } else if call.isWord(index, "ifdeq") {
            self.init(.digestEqual, index + 1)
        } else if call.isWord(index, "ifdne") {
            self.init(.digestNotEqual, index + 1)
        } else {
            return nil
        }
    }

    /// Asked for where there is a digest to compare with only.
    private func digest(_ call: borrowing Call) throws(CommandError) -> UInt64 {
        let text = call[index].string
        // A sign would be read too.
        guard text.utf8.count == 16, text.utf8.first.map({ $0 != 43 && $0 != 45 }) == true,
            let digest = UInt64(text, radix: 16)
        else { throw CommandError("ERR must be exactly 16 hexadecimal characters") }
        return digest
    }

    /// Whether it holds for a string; nil for a key that does not exist, which is unequal to everything.
    func holds(_ entry: Entry?, _ call: borrowing Call) throws(CommandError) -> Bool {
        guard let entry else { return kind == .notEqual || kind == .digestNotEqual }
        let text = entry.text(scratch: call.scratch)
        return switch kind {
        case .equal: text == call[index]
        case .notEqual: !(text == call[index])
        case .digestEqual: contentDigest(text) == (try digest(call))
        case .digestNotEqual: contentDigest(text) != (try digest(call))
        }
    }
}
