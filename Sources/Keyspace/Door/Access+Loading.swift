import Primitives

/// How values come in that were decoded elsewhere.
extension Access {
    /// Puts an entry that `Entry.loaded` made for `key` there, in place of what is there, and takes it over.
    ///
    /// - Parameters:
    ///   - isNew: whether a key that takes another's place is told as a new one.
    ///   - event: nil where nobody is to hear of it: a file is loaded.
    public mutating func adopt(_ key: Key, _ entry: Entry, isNew: Bool = false, event: KeyEvent?) {
        assert(entry.key == key.bytes)
        place(key, entry, isNew: isNew)
        if let event {
            changed(key, event)
        } else if untoldBytes.magnitude > UInt(MemoryBudget.grain) {
            tellBudget()
        }
    }

    /// Makes an entry look as if it was last used so many seconds ago, where that is what is noted.
    public func setIdle(_ entry: Entry, seconds: Int) {
        guard eviction.pointee.countsUses == false else { return }
        entry.touch((accessClock &- UInt32(truncatingIfNeeded: seconds)) & 0xFF_FFFF)
    }

    /// Makes an entry look as if it was used so often, where that is what is noted.
    public func setFrequency(_ entry: Entry, _ count: UInt8) {
        guard eviction.pointee.settings.policy.ranking == .frequency else { return }
        entry.touch(UseCounter(value: count, now: now).bits)
    }
}
