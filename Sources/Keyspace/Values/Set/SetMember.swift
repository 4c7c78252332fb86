import CLinux
import Primitives

/// A member of a large set as its table holds it: an integer of 47 bits as it is, marked by the lowest bit, which no
/// address has; anything else as a block.
struct SetMember: TableElement {
    let word: UInt64

    @inline(__always)
    init(word: UInt64) { self.word = word & Self.mask }

    @inline(__always)
    init(_ block: FieldEntry) { word = block.word }

    private static var mask: UInt64 { (1 << 48) - 1 }

    /// The word of an integer that needs no block; 0 where it does.
    @inline(__always)
    static func word(of value: Int64) -> UInt64 {
        (value &<< 17) &>> 17 == value ? (UInt64(bitPattern: value) &<< 1 | 1) & mask : 0
    }

    @inline(__always)
    var isInteger: Bool { word & 1 == 1 }

    /// Meaningful where `isInteger`.
    @inline(__always)
    private var integer: Int64 { Int64(bitPattern: word &<< 16) &>> 17 }

    /// Meaningful where not `isInteger`.
    @inline(__always)
    var block: FieldEntry { FieldEntry(word: word) }

    @inline(__always)
    var value: ListpackElement { isInteger ? .integer(integer) : .bytes(block.field) }

    @inline(__always)
    var hash: UInt64 { isInteger ? processHash(integer) : block.hash }

    @inline(__always)
    var footprint: Int { isInteger ? 0 : block.footprint }

    @inline(__always)
    func clone() -> SetMember { isInteger ? self : SetMember(block.clone()) }

    @inline(__always)
    func free() { if !isInteger { block.free() } }

    // An integer's word is an address that is not to be read; asking for it does no harm, but takes time.
    @inline(__always)
    func prefetch() { if !isInteger { block.prefetch() } }

    var expiryIndex: Int? { nil }
}

/// A member that is looked for or handed out: its text or integer with the hash by which tables find it.
///
/// An integer that tables keep without a block is `.integer` here, whatever it came from, and hashed as such; so equal
/// members have equal hashes. The text is a view of what it came from.
public struct SetElement {
    public let value: ListpackElement
    let hash: UInt64
    /// The word of an integer that needs no block; 0 for others.
    let word: UInt64

    /// The member that `text` names.
    @inline(__always)
    public init(_ text: ByteView) {
        if let integer = Listpack.integer(text) {
            let word = SetMember.word(of: integer)
            if word != 0 {
                self.init(value: .integer(integer), hash: processHash(integer), word: word)
                return
            }
        }
        self.init(value: .bytes(text), hash: processHash(text), word: 0)
    }

    @inline(__always)
    init(_ integer: Int64) {
        let word = SetMember.word(of: integer)
        let hash = word != 0 ? processHash(integer) : withText(of: integer) { processHash($0) }
        self.init(value: .integer(integer), hash: hash, word: word)
    }

    @inline(__always)
    init(_ element: ListpackElement) {
        switch element {
        case .bytes(let text): self.init(text)
        case .integer(let integer): self.init(integer)
        }
    }

    @inline(__always)
    init(_ member: SetMember) {
        self.init(value: member.value, hash: member.hash, word: member.isInteger ? member.word : 0)
    }

    @inline(__always)
    private init(value: ListpackElement, hash: UInt64, word: UInt64) {
        self.value = value
        self.hash = hash
        self.word = word
    }

    /// The integer that the member's text spells; nil where it spells none.
    @inline(__always)
    var integer: Int64? {
        switch value {
        case .integer(let integer): integer
        case .bytes(let text): Listpack.integer(text)
        }
    }

    /// Whether a table's member is this one.
    @inline(__always)
    func names(_ member: SetMember) -> Bool {
        if word != 0 { return member.word == word }
        if member.isInteger { return false }
        switch value {
        case .bytes(let text): return member.block.field == text
        case .integer: return value == member.block.field
        }
    }
}
