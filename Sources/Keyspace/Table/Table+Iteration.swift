import Primitives

extension Table {
    /// Number of bits of the hash that a scan position counts in.
    static let scanBits = 40

    /// Visits the keys whose hashes follow `position`, a prefix of the hash, until `limit` entries were seen or the
    /// table ends; returns the next position, or nil at the end.
    ///
    /// An entry that is in the table during the whole scan is visited whatever resizes happen between the calls: homes
    /// are visited in the order of hashes, of whose prefixes the position says which were done.
    func scan(from position: UInt64, limit: Int, _ body: (Entry) -> Void) -> UInt64? {
        guard capacity > 0 else { return nil }
        let shift = UInt64(64 - Self.scanBits)
        var home = Self.home(position << shift, capacity)
        var seen = 0
        while home < capacity {
            // A prefix that is rounded down lies in the home before, which has been visited.
            let low = max(Self.firstHash(of: home, capacity), position << shift)
            let high = home + 1 == capacity ? UInt64.max : Self.firstHash(of: home + 1, capacity) &- 1
            seen += visit(low...high, array: SlotArray(slots: slots, capacity: capacity), body)
            if let old { seen += visit(low...high, array: old, body) }
            home += 1
            // Rounded down, so that what shares the prefix is visited again rather than missed.
            if seen >= limit, home < capacity {
                let next = Self.firstHash(of: home, capacity) >> shift
                if next > position { return next }
            }
        }
        return nil
    }

    /// The smallest hash whose home is `home`.
    private static func firstHash(of home: Int, _ capacity: Int) -> UInt64 {
        guard home > 0 else { return 0 }
        let (quotient, remainder) = UInt64(capacity).dividingFullWidth((UInt64(home), 0))
        return remainder == 0 ? quotient : quotient + 1
    }

    /// Visits the entries of `array` whose hash is in `range`; returns how many.
    private func visit(_ range: ClosedRange<UInt64>, array: SlotArray, _ body: (Entry) -> Void) -> Int {
        var seen = 0
        var home = Self.home(range.lowerBound, array.capacity)
        let last = Self.home(range.upperBound, array.capacity)
        while home <= last {
            var index = home
            // Everything with this home is in the run that starts here.
            while array.slots[index] != Self.empty {
                let slot = array.slots[index]
                if slot != Self.tombstone {
                    let entry = Self.entry(slot)
                    let hash = processHash(entry.key)
                    if range.contains(hash), Self.home(hash, array.capacity) == home {
                        body(entry)
                        seen += 1
                    }
                }
                index = index + 1 == array.capacity ? 0 : index + 1
                if index == home { break }
            }
            home += 1
        }
        return seen
    }

    /// Visits all entries in no order, until `body` returns false.
    func forEach(_ body: (Entry) -> Bool) {
        guard capacity > 0 else { return }
        for index in 0..<capacity where slots[index] > Self.tombstone {
            if !body(Self.entry(slots[index])) { return }
        }
        guard let old else { return }
        for index in 0..<old.capacity where old.slots[index] > Self.tombstone {
            if !body(Self.entry(old.slots[index])) { return }
        }
    }

    /// Number of slots, those of an array that is being replaced included.
    var positions: Int { capacity + (old?.capacity ?? 0) }

    /// Visits up to `limit` entries in neighbouring slots, from one of `positions` on and, behind the last, from the
    /// first.
    func forEach(from start: Int, limit: Int, _ body: (Entry) -> Void) {
        let total = positions
        var left = min(limit, count)
        var index = start
        // Tombstones and slots that have moved are passed over, once round at most.
        for _ in 0..<total where left > 0 {
            let slot = index < capacity ? slots[index] : old.map { $0.slots[index - capacity] } ?? Self.empty
            if slot > Self.tombstone {
                left -= 1
                body(Self.entry(slot))
            }
            index = index + 1 == total ? 0 : index + 1
        }
    }

    /// The slot of an entry with this very hash for which `isWanted` holds. Expected O(1).
    func find(hash: UInt64, where isWanted: (Entry) -> Bool) -> UnsafeMutablePointer<UInt64>? {
        guard capacity > 0 else { return nil }
        let current = SlotArray(slots: slots, capacity: capacity)
        return find(hash, in: current, isWanted) ?? old.flatMap { find(hash, in: $0, isWanted) }
    }

    private func find(
        _ hash: UInt64, in array: SlotArray, _ isWanted: (Entry) -> Bool
    ) -> UnsafeMutablePointer<UInt64>? {
        var index = Self.home(hash, array.capacity)
        while array.slots[index] != Self.empty {
            let slot = array.slots[index]
            if slot > Self.tombstone, slot >> 48 == Self.tag(hash), case let entry = Self.entry(slot), isWanted(entry),
                processHash(entry.key) == hash
            {
                return array.slots + index
            }
            index = index + 1 == array.capacity ? 0 : index + 1
        }
        return nil
    }

    /// An entry chosen at random, nil where there is none. Expected O(1): the table is at least an eighth full.
    func random(_ next: (Int) -> Int) -> Entry? {
        guard count > 0 else { return nil }
        let total = capacity + (old?.capacity ?? 0)
        while true {
            let index = next(total)
            let slot: UInt64
            if index < capacity {
                slot = slots[index]
            } else if let old {
                slot = old.slots[index - capacity]
            } else {
                continue
            }
            if slot > Self.tombstone { return Self.entry(slot) }
        }
    }
}
