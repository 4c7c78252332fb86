import Keyspace
import Primitives

/// What a call of SORT asks for beside its key.
struct SortOptions {
    /// What is answered of each element instead of itself, in this order.
    private(set) var results: [SortPattern] = []
    /// What elements are ordered by; nil for themselves.
    private(set) var weight: SortPattern?
    /// Whether elements stay in the order of the key's value: what they are to be ordered by is the same for all.
    private(set) var keepsOrder = false
    private(set) var isDescending = false
    /// Whether weights are compared as bytes, not as numbers.
    private(set) var isAlphabetic = false
    private var offset: Int64 = 0
    private var limit: Int64 = -1
    /// The argument with the key that gets the result.
    private(set) var destination: Int?

    /// Reads what stands behind the key.
    init(_ call: borrowing Call, mayStore: Bool) throws(CommandError) {
        var index = 2
        while index < call.count {
            let left = call.count - index - 1
            if call.isWord(index, "asc") {
                isDescending = false
            } else if call.isWord(index, "desc") {
                isDescending = true
            } else if call.isWord(index, "alpha") {
                isAlphabetic = true
            } else if left >= 2, call.isWord(index, "limit") {
                offset = try call.integer(index + 1)
                limit = try call.integer(index + 2)
                index += 2
            } else if left >= 1, mayStore, call.isWord(index, "store") {
                destination = index + 1
                index += 1
            } else if left >= 1, call.isWord(index, "by") {
                let pattern = SortPattern(call[index + 1])
                if pattern.isConstant {
                    keepsOrder = true
                } else {
                    guard call.permitsAllKeys(.access) else { throw Self.denied("BY") }
                    weight = pattern
                }
                index += 1
            } else if left >= 1, call.isWord(index, "get") {
                guard call.permitsAllKeys(.access) else { throw Self.denied("GET") }
                results.append(SortPattern(call[index + 1], isResult: true))
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    /// The names of the keys that patterns stand for cannot be checked before they are known.
    private static func denied(_ option: String) -> CommandError {
        CommandError(composed: "ERR \(option) option of SORT denied due to insufficient ACL permissions.")
    }

    /// Whether the result depends on more than the key.
    var hasPatterns: Bool { weight != nil || results.contains { !$0.isConstant } }

    /// A set has no order that it could keep where the result is: its elements are ordered as texts.
    mutating func orderAsTexts() {
        keepsOrder = false
        isAlphabetic = true
        weight = nil
    }

    /// Which of `count` elements are answered. Any offset and number is safe.
    func range(of count: Int) -> Range<Int> {
        let start = Int(min(max(offset, 0), Int64(count)))
        guard limit >= 0 else { return start..<count }
        return start..<start + Int(min(limit, Int64(count - start)))
    }
}

/// A pattern behind BY or GET: the name of a key, or of a field of a hash as `key->field`, in which the first star stands
/// for an element; `#` behind GET is the element itself.
struct SortPattern {
    private enum Form {
        case element, nothing, key
    }

    private let form: Form
    private let prefix: ByteView
    private let suffix: ByteView
    /// Nil for keys that hold strings.
    private let field: ByteView?

    /// - Parameter isResult: whether it stands behind GET.
    init(_ text: ByteView, isResult: Bool = false) {
        guard let star = (0..<text.count).first(where: { text[$0] == UInt8(ascii: "*") }) else {
            form = isResult && text == ByteView("#") ? .element : .nothing
            (prefix, suffix, field) = (.empty, .empty, nil)
            return
        }
        form = .key
        prefix = text[0..<star]
        let rest = text[star + 1..<text.count]
        // An arrow with nothing behind it is a part of the name.
        let arrow = (0..<max(0, rest.count - 2)).first {
            rest[$0] == UInt8(ascii: "-") && rest[$0 + 1] == UInt8(ascii: ">")
        }
        suffix = rest[0..<(arrow ?? rest.count)]
        field = arrow.map { rest[$0 + 2..<rest.count] }
    }

    /// Whether it stands for the same whatever the element.
    var isConstant: Bool { form != .key }

    /// Adds the name of the key that it stands for with `element`.
    func appendName(for element: ByteView, to names: inout ByteBuffer) {
        names.append(prefix)
        names.append(element)
        names.append(suffix)
    }

    /// Calls `body` with what it stands for with `element`; nil where there is no such key, or it holds something else.
    ///
    /// - Parameters:
    ///   - key: the one that it stands for, where it is not constant.
    ///   - scratch: room for the text of an integer.
    @inline(__always)
    func withValue<R>(
        for element: ByteView, at key: Key, _ access: inout Access, scratch: UnsafeMutablePointer<UInt8>,
        _ body: (ByteView?) -> R
    ) -> R {
        switch form {
        case .element: return body(element)
        case .nothing: return body(nil)
        case .key: break
        }
        guard let entry = access.read(key) else { return body(nil) }
        guard let field else { return body(entry.type == .string ? entry.text(scratch: scratch) : nil) }
        guard entry.type == .hash, let value = entry.aggregate(HashValue.self).get(field, now: access.now) else {
            return body(nil)
        }
        return body(value.view(spelledInto: scratch))
    }
}
