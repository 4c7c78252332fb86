import Glibc
import Primitives

extension SegmentedTable {
    /// A word of a segment: 16 bits of the hash, after the segment's prefix, above the element's.
    enum Slot {
        static var addressMask: UInt64 { (1 << 48) - 1 }

        @inline(__always)
        static func make(_ entry: Element, tag: UInt64) -> UInt64 {
            tag &<< 48 | entry.word
        }

        @inline(__always)
        static func make(_ entry: Element, tagOf slot: UInt64) -> UInt64 { make(entry, tag: slot &>> 48) }

        /// The entry of a slot that is not free.
        @inline(__always)
        static func entry(_ slot: UInt64) -> Element {
            Element(word: slot)
        }
    }

    /// A block of slots, headed by the number of those taken. Invariant: at least one slot is free.
    struct Segment {
        let block: UnsafeMutableRawPointer

        /// The segment that a word of the directory names.
        @inline(__always)
        init(_ word: UInt64) {
            block = UnsafeMutableRawPointer(bitPattern: UInt(word & Slot.addressMask)).unsafelyUnwrapped
        }

        private init(block: UnsafeMutableRawPointer) { self.block = block }

        static func size(log: Int) -> Int { 8 + 8 << log }
        static func footprint(log: Int) -> Int { Allocation.footprint(size(log: log)) }

        /// Entries that a segment holds before it grows or splits: 13 of 16 slots.
        @inline(__always)
        static func limit(log: Int) -> Int { (13 &<< log) &>> 4 }

        static func make(log: Int) -> Segment { Segment(block: Allocation.allocateZeroed(size(log: log))) }

        @inline(__always)
        static func depth(_ word: UInt64) -> Int { Int(word &>> 48) }

        func word(depth: Int) -> UInt64 { UInt64(depth) << 48 | UInt64(UInt(bitPattern: block)) }

        @inline(__always)
        var count: Int {
            get { block.load(as: Int.self) }
            nonmutating set { block.storeBytes(of: newValue, as: Int.self) }
        }

        @inline(__always)
        var slots: UnsafeMutablePointer<UInt64> { (block + 8).assumingMemoryBound(to: UInt64.self) }

        /// Puts an entry whose hash, shifted by the segment's prefix, is `shifted` into the first free slot.
        @inline(__always)
        func place(_ entry: Element, shifted: UInt64, log: Int) {
            let mask = 1 &<< log &- 1
            var index = Int(truncatingIfNeeded: shifted &>> UInt64(64 &- log))
            while slots[index] != 0 { index = (index &+ 1) & mask }
            slots[index] = Slot.make(entry, tag: shifted &>> 48)
            count &+= 1
        }

        /// Frees the slot at `index` and closes the gap: every entry that is after it and not at home moves up.
        func clear(_ index: Int, log: Int) {
            let mask = 1 &<< log &- 1
            var hole = index
            var next = (index &+ 1) & mask
            while slots[next] != 0 {
                let home = Int(truncatingIfNeeded: slots[next] &>> UInt64(64 &- log))
                if (next &- home) & mask >= (next &- hole) & mask {
                    slots[hole] = slots[next]
                    hole = next
                }
                next = (next &+ 1) & mask
            }
            slots[hole] = 0
            count &-= 1
        }

        @inline(__always)
        func forEach(log: Int, _ body: (Element) -> Void) {
            for index in 0..<(1 &<< log) where slots[index] != 0 { body(Slot.entry(slots[index])) }
        }

        /// Like `forEach` with each entry's hash, which is computed anew; entries are fetched ahead.
        @inline(__always)
        func forEachHashed(log: Int, _ body: (Element, UInt64) -> Void) {
            forEachAhead(log: log) { body($0, $0.hash) }
        }

        /// Like `forEach`, where entries are going to be read: they are fetched ahead.
        @inline(__always)
        func forEachAhead(log: Int, _ body: (Element) -> Void) {
            let capacity = 1 &<< log
            let distance = 12
            for index in 0..<capacity {
                if index &+ distance < capacity {
                    let ahead = slots[index &+ distance]
                    if ahead != 0 { Slot.entry(ahead).prefetch() }
                }
                guard slots[index] != 0 else { continue }
                body(Slot.entry(slots[index]))
            }
        }
    }
}
