import CLinux
import Glibc

/// A seeded 64-bit hash of bytes: wyhash's construction of folded 128-bit products (Wang Yi, 2019; also the fallback of
/// Go's runtime), with secrets that are drawn at the start of the process, so that a client cannot choose keys that
/// collide.
///
/// Every bit of the result is usable: shards take the lowest, tables the highest, tags those between.
@frozen
public struct SeededHash: Sendable {
    @usableFromInline let seed: UInt64
    @usableFromInline let secret0: UInt64
    @usableFromInline let secret1: UInt64

    /// A hash with secrets from the system's random generator.
    public static func random() -> SeededHash {
        var generator = SystemRandomNumberGenerator()
        // Odd secrets never fold a product to zero because of themselves.
        return SeededHash(seed: generator.next(), secret0: generator.next() | 1, secret1: generator.next() | 1)
    }

    /// Random secrets, unless the environment fixes them (`FRESHET_HASH_SEED`, a number) for measurements that must be
    /// repeatable. Whoever sets the environment of the server owns it.
    static func forProcess() -> SeededHash {
        guard let text = getenv("FRESHET_HASH_SEED"), let seed = parseUnsigned(ByteView(text, count: strlen(text)))
        else { return random() }
        var generator = RandomGenerator(seed: seed)
        return SeededHash(seed: generator.next(), secret0: generator.next() | 1, secret1: generator.next() | 1)
    }

    @inlinable
    public init(seed: UInt64, secret0: UInt64, secret1: UInt64) {
        self.seed = seed
        self.secret0 = secret0
        self.secret1 = secret1
    }

    @inlinable @inline(__always)
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    /// The hash of `bytes`. O(n), 16 bytes a step.
    @inlinable @inline(__always)
    public func callAsFunction(_ bytes: ByteView) -> UInt64 {
        let count = bytes.count
        let base = UnsafeRawPointer(bytes.start)
        var state = seed
        var a: UInt64
        var b: UInt64
        if count <= 16 {
            if count >= 8 {
                a = base.loadUnaligned(as: UInt64.self)
                b = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            } else if count >= 4 {
                a = UInt64(base.loadUnaligned(as: UInt32.self))
                b = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            } else if count > 0 {
                a = UInt64(bytes.start[0]) << 16 | UInt64(bytes.start[count >> 1]) << 8
                a |= UInt64(bytes.start[count &- 1])
                b = 0
            } else {
                a = 0
                b = 0
            }
        } else {
            var offset = 0
            while offset &+ 16 < count {
                state = Self.fold(
                    base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ secret0,
                    base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self) ^ state)
                offset &+= 16
            }
            a = base.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self)
            b = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        }
        return Self.fold(secret1 ^ UInt64(truncatingIfNeeded: count), Self.fold(a ^ secret0, b ^ state ^ secret1))
    }

    /// The hash of an integer; not that of its text.
    @inlinable @inline(__always)
    public func callAsFunction(_ value: Int64) -> UInt64 {
        Self.fold(secret1 ^ 8, Self.fold(UInt64(bitPattern: value) ^ secret0, seed ^ secret1))
    }
}

/// The process's hash. Whoever makes a table calls `seedProcessHash` first.
@inlinable @inline(__always)
public var processHash: SeededHash { drawnHash }

/// A constant until it is drawn, and a constant afterwards, so that reading it is three loads: a lazily initialised global
/// would ask at every use whether it has been.
@usableFromInline
nonisolated(unsafe) var drawnHash = SeededHash(seed: 0, secret0: 1, secret1: 1)

private let draw: Void = { drawnHash = .forProcess() }()

/// Draws the process's hash, the first time that it is called.
public func seedProcessHash() { _ = draw }
