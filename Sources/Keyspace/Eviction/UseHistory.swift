import CLinux
import Glibc
import Primitives
import Synchronization

/// What the policy of admission remembers of keys that were evicted: how often they had been used. A key that comes
/// back goes on where it was, so that one which is asked for again and again gets in at last, and one that is asked for
/// once does not.
///
/// A table of 16-bit ghosts, 12 bits of a hash and a count of 4, about two for each key that there is: 4 to 8 bytes a
/// key. Four of them are one word, in which a hash may be anywhere, and a word is loaded and stored at once without a
/// lock; what two workers do to a word in the same instant may be lost, which makes a count wrong now and then and
/// nothing else.
///
/// An era ends when there were `usesPerKey` uses for each key that there is. Counts are halved then: those of entries
/// when they are looked at (`AdmissionCounter`), those of ghosts by a sweep that moves on with every eviction.
final class UseHistory: @unchecked Sendable {
    private static let usesPerKey = 24
    /// Ghosts for as many keys as any machine holds; only what is used takes memory.
    private static let reservedWords = 1 << 28
    private static let leastWords = 64
    private static let sweptWords = 64
    /// The four counts of a word, and what is left of them when they are halved.
    private static let countMask: UInt64 = 0x000F_000F_000F_000F
    private static let halfMask: UInt64 = 0x0007_0007_0007_0007

    /// The address of the words; 0 until they are needed, or where the system refuses them.
    private let address = Atomic<UInt>(0)
    /// Number of words in use, less one.
    private let mask = Atomic<Int>(UseHistory.leastWords - 1)
    private let uses = Atomic<Int>(0)
    private let keys = Atomic<Int>(0)
    private let eras = Atomic<UInt32>(0)
    /// Words that the sweep has still to come to, and where it is.
    private let unswept = Atomic<Int>(0)
    private let position = Atomic<Int>(0)

    init() {}

    deinit { if let words { munmap(words, Self.reservedWords * 8) } }

    @inline(__always)
    private var words: UnsafeMutablePointer<UInt64>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// Makes room for ghosts, before the policy is used.
    func prepare() {
        guard words == nil else { return }
        let memory = mmap(
            nil, Self.reservedWords * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard memory != MAP_FAILED, let memory else { return }
        let isFirst = address.compareExchange(
            expected: 0, desired: UInt(bitPattern: memory), ordering: .acquiringAndReleasing
        ).exchanged
        if !isFirst { munmap(memory, Self.reservedWords * 8) }
    }

    /// The number of the era.
    @inline(__always)
    var era: UInt16 { UInt16(truncatingIfNeeded: eras.load(ordering: .relaxed)) }

    /// Number of keys that there were when somebody last counted.
    var keyCount: Int { keys.load(ordering: .relaxed) }

    /// Bytes of the ghosts.
    var memoryUsage: Int { words == nil ? 0 : (mask.load(ordering: .relaxed) + 1) * 8 }

    private func place(_ hash: UInt64) -> (word: Int, tag: UInt64) {
        // The low bits have chosen the shard, the high ones the place in its table.
        (Int(truncatingIfNeeded: hash >> 8) & mask.load(ordering: .relaxed), hash >> 44 & 0xFFF)
    }

    /// Adapts to the number of keys. What was remembered stays where it was, so that some of it is not found any more.
    func setKeyCount(_ count: Int) {
        keys.store(count, ordering: .relaxed)
        var wanted = mask.load(ordering: .relaxed) + 1
        while wanted < count / 2, wanted < Self.reservedWords { wanted *= 2 }
        mask.store(wanted - 1, ordering: .relaxed)
    }

    /// Takes what is remembered of a key: how often it had been used, 0 where nothing is.
    func take(_ hash: UInt64) -> Int {
        guard let words else { return 0 }
        let (index, tag) = place(hash)
        let word = clinux_load_relaxed(words + index)
        for shift in stride(from: UInt64(0), to: 64, by: 16) {
            let ghost = word >> shift & 0xFFFF
            guard ghost & 15 != 0, ghost >> 4 == tag else { continue }
            clinux_store_relaxed(words + index, word & ~(0xFFFF << shift))
            return Int(ghost & 15)
        }
        return 0
    }

    /// Remembers a key that is evicted, in place of one that was used less often or as often.
    func remember(_ hash: UInt64, count: Int) {
        guard let words, count > 0 else { return }
        let (index, tag) = place(hash)
        let word = clinux_load_relaxed(words + index)
        var best: (shift: UInt64, count: UInt64) = (0, .max)
        // Not always the first of those that are alike.
        let turn = hash >> 40 & 3
        for step in UInt64(0)..<4 {
            let shift = ((step &+ turn) & 3) * 16
            let ghost = word >> shift & 0xFFFF
            if ghost & 15 != 0, ghost >> 4 == tag {
                best = (shift, 0)
                break
            }
            if ghost & 15 < best.count { best = (shift, ghost & 15) }
        }
        guard best.count <= UInt64(count) else { return }
        let ghost = tag << 4 | UInt64(min(count, AdmissionCounter.maximum))
        clinux_store_relaxed(words + index, word & ~(0xFFFF << best.shift) | ghost << best.shift)
    }

    /// Counts uses of keys, and begins the next era where there were enough.
    func note(uses count: Int) {
        let total = uses.wrappingAdd(count, ordering: .relaxed).newValue
        guard total > max(1024, keyCount * Self.usesPerKey) else { return }
        guard uses.compareExchange(expected: total, desired: 0, ordering: .relaxed).exchanged else { return }
        eras.wrappingAdd(1, ordering: .relaxed)
        unswept.store(mask.load(ordering: .relaxed) + 1, ordering: .relaxed)
    }

    /// Halves the counts of some ghosts, where an era has ended.
    func sweep() {
        guard let words, unswept.load(ordering: .relaxed) > 0 else { return }
        unswept.wrappingSubtract(Self.sweptWords, ordering: .relaxed)
        let start = position.wrappingAdd(Self.sweptWords, ordering: .relaxed).oldValue
        let mask = mask.load(ordering: .relaxed)
        for index in start..<start &+ Self.sweptWords {
            let word = clinux_load_relaxed(words + (index & mask))
            clinux_store_relaxed(words + (index & mask), word & ~Self.countMask | word >> 1 & Self.halfMask)
        }
    }
}
