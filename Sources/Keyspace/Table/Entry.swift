import CLinux
import Glibc
import Primitives

/// A key with its value: one malloc'ed block that holds header, time to live, key and, for strings, the value.
///
/// ```
/// offset 0  type (low nibble) and encoding (high nibble)
///        1  flags
///        2  access clock, 24 bits
///        5  length of the key, 8 bits           (0 where flag longKey is set)
///        6  length of an inline string, 16 bits
///        8  expiry, Int64 milliseconds           only with flag expires
///           node, UInt32, and hits, UInt16       only with flag computed
///           length of the key, UInt64            only with flag longKey
///           key bytes
///           value: Int64, inline bytes, pointer of an aggregate, or an ExternalString
/// ```
///
/// 8 bytes of header for a short key with a short value; 8 more where there is a time to live, and 6 where the value was
/// computed.
///
/// Invariant: `base` is a live block with this layout. Entries are reached through their shard's table, under the
/// shard's lock; a reference must not be kept across a mutation of its key, which may move the block.
@frozen
public struct Entry {
    /// What the layout of the block depends on.
    @frozen
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The key's length does not fit into a byte.
        @inlinable public static var longKey: Flags { Flags(rawValue: 1) }
        /// The value was computed: a node of the dependency graph tells whether it is fresh. Both bits are the size of what
        /// the block holds for it.
        @inlinable public static var computed: Flags { Flags(rawValue: 6) }
        /// There is a time to live. Its bit is the size of that.
        @inlinable public static var expires: Flags { Flags(rawValue: 8) }
        /// The value is an `ExternalString`.
        @inlinable public static var external: Flags { Flags(rawValue: 16) }
        /// Somebody wants to hear of changes: the dependency graph, a client's cache, a watcher of the value.
        @inlinable public static var marked: Flags { Flags(rawValue: 32) }
        /// Which snapshot has the entry: equal to the keyspace's where the last one does.
        @inlinable public static var epoch: Flags { Flags(rawValue: 64) }
    }

    /// A string that is too long, or too often appended to, to live in its entry.
    struct ExternalString {
        var bytes: UnsafeMutablePointer<UInt8>
        var count: Int
        var capacity: Int
    }

    /// Longest string that an entry holds inline, in bytes.
    static let maximumInline = 4096

    /// The block.
    public let base: UnsafeMutableRawPointer

    /// The entry in a block of this layout.
    @inlinable @inline(__always)
    public init(base: UnsafeMutableRawPointer) { self.base = base }

    // MARK: Header

    @inlinable @inline(__always)
    public var type: ValueType {
        // Only valid raw values are ever stored.
        unsafeBitCast(base.load(as: UInt8.self) & 15, to: ValueType.self)
    }

    @inlinable @inline(__always)
    public var encoding: Encoding {
        get { unsafeBitCast(base.load(as: UInt8.self) >> 4, to: Encoding.self) }
        nonmutating set {
            base.storeBytes(of: base.load(as: UInt8.self) & 15 | newValue.rawValue << 4, as: UInt8.self)
        }
    }

    @inlinable @inline(__always)
    public var flags: Flags {
        get { Flags(rawValue: base.load(fromByteOffset: 1, as: UInt8.self)) }
        nonmutating set { base.storeBytes(of: newValue.rawValue, toByteOffset: 1, as: UInt8.self) }
    }

    /// When the key was last used: seconds modulo 2^24.
    @inlinable @inline(__always)
    public var accessClock: UInt32 {
        base.loadUnaligned(fromByteOffset: 1, as: UInt32.self) >> 8
    }

    /// Notes a use of the key, writing only when the second has changed so that readers share the cache line.
    @inlinable @inline(__always)
    public func touch(_ clock: UInt32) {
        let word = base.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
        if word >> 8 != clock { base.storeBytes(of: word & 0xFF | clock << 8, toByteOffset: 1, as: UInt32.self) }
    }

    // MARK: Time to live

    /// Whether the key has a time to live.
    @inlinable @inline(__always)
    public var hasExpiry: Bool { flags.contains(.expires) }

    /// When the key expires, in milliseconds since 1970; nil for a key that stays.
    @inlinable @inline(__always)
    public var expiry: Int64? { hasExpiry ? base.load(fromByteOffset: 8, as: Int64.self) : nil }

    /// Whether the key is gone at `now`: its last millisecond is over.
    @inlinable @inline(__always)
    public func isExpired(at now: Int64) -> Bool {
        hasExpiry && base.load(fromByteOffset: 8, as: Int64.self) < now
    }

    /// Changes the expiry of an entry that has one.
    func moveExpiry(to milliseconds: Int64) {
        assert(hasExpiry)
        base.storeBytes(of: milliseconds, toByteOffset: 8, as: Int64.self)
    }

    // MARK: Computed values

    /// Bytes before the long length or the key: the header, the expiry and what a computed value has.
    @inlinable @inline(__always)
    static func fixedSize(_ flags: Flags) -> Int {
        8 &+ Int(truncatingIfNeeded: flags.rawValue & (Flags.expires.rawValue | Flags.computed.rawValue))
    }

    /// Whether the value was computed.
    @inlinable @inline(__always)
    public var isComputed: Bool { !flags.isDisjoint(with: .computed) }

    @inline(__always)
    var nodeOffset: Int { hasExpiry ? 16 : 8 }

    /// The node of a computed value in the dependency graph.
    @inline(__always)
    public var node: UInt32 {
        assert(isComputed)
        return base.load(fromByteOffset: nodeOffset, as: UInt32.self)
    }

    /// How often a computed value was read, modulo 65,536: the dependency graph keeps the rest.
    @inline(__always)
    public internal(set) var hits: UInt16 {
        get { base.load(fromByteOffset: nodeOffset + 4, as: UInt16.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: nodeOffset + 4, as: UInt16.self) }
    }

    // MARK: Key

    /// The key's name; good while the key does not change.
    @inlinable @inline(__always)
    public var key: ByteView {
        let flags = flags
        var offset = Self.fixedSize(flags)
        var count = Int(base.load(fromByteOffset: 5, as: UInt8.self))
        if flags.contains(.longKey) {
            count = base.loadUnaligned(fromByteOffset: offset, as: Int.self)
            offset &+= 8
        }
        return ByteView(base + offset, count: count)
    }

    /// Where the value begins.
    @inlinable @inline(__always)
    var valueBase: UnsafeMutableRawPointer {
        let key = key
        return UnsafeMutableRawPointer(mutating: key.start + key.count)
    }

    // MARK: Value

    /// The value of a string that is kept as an integer.
    @inlinable @inline(__always)
    public var integer: Int64 {
        assert(type == .string && encoding == .integer)
        return valueBase.loadUnaligned(as: Int64.self)
    }

    func setInteger(_ value: Int64) { valueBase.storeBytes(of: value, as: Int64.self) }

    @inlinable @inline(__always)
    var inlineCount: Int { Int(base.load(fromByteOffset: 6, as: UInt16.self)) }

    var external: ExternalString {
        get { valueBase.loadUnaligned(as: ExternalString.self) }
        nonmutating set { valueBase.storeBytes(of: newValue, as: ExternalString.self) }
    }

    /// The bytes of a string that is not kept as an integer; valid while the key does not change.
    @inlinable @inline(__always)
    public var bytes: ByteView {
        assert(type == .string && encoding != .integer)
        return flags.contains(.external) ? externalBytes : ByteView(valueBase, count: inlineCount)
    }

    @usableFromInline
    var externalBytes: ByteView {
        let string = external
        return ByteView(string.bytes, count: string.count)
    }

    /// The text of a string in either representation; an integer's is written to `scratch`, which holds at least 24
    /// bytes and must live as long as the view.
    @inlinable @inline(__always)
    public func text(scratch: UnsafeMutablePointer<UInt8>) -> ByteView {
        encoding == .integer ? ByteView(scratch, count: writeInteger(integer, to: scratch)) : bytes
    }

    /// Length in bytes of a string's text.
    public var textCount: Int { encoding == .integer ? decimalLength(integer) : bytes.count }

    /// The storage of an aggregate.
    @inlinable @inline(__always)
    public var pointer: UnsafeMutableRawPointer {
        get {
            assert(type != .string)
            return valueBase.loadUnaligned(as: UnsafeMutableRawPointer.self)
        }
        nonmutating set { valueBase.storeBytes(of: newValue, as: UnsafeMutableRawPointer.self) }
    }
    /// Where the value lies, whatever it is. A value that is somewhere else later is another one, or was rebuilt.
    public var valueAddress: UnsafeMutableRawPointer {
        if type != .string { return pointer }
        return flags.contains(.external) ? UnsafeMutableRawPointer(external.bytes) : valueBase
    }
}
