import Glibc
import Primitives

extension Access {
    /// Longest block by which a string grows beyond what it needs, in bytes.
    private static let maximumSlack = 1 << 20

    /// Makes `key` the string `value`, whatever it was.
    @inline(__always)
    public mutating func setString(_ key: Key, _ value: ByteView, expiry: ExpiryUpdate, event: KeyEvent = .set) {
        let slot = slot(key)
        var deadline: Int64?
        switch expiry {
        case .clear: deadline = nil
        case .keep: deadline = slot.flatMap { Table.entry($0.pointee).expiry }
        case .at(let time): deadline = time
        }
        if let slot, overwrite(key, Table.entry(slot.pointee), value, deadline) {
            changed(key, event)
            return
        }
        let entry = Entry.string(key: key.bytes, value: value, expiry: deadline)
        if let slot { put(key, entry, in: slot) } else { insert(key, entry) }
        changed(key, event)
    }

    /// Writes the value over one that takes as much room, without a new block.
    @inline(__always)
    private mutating func overwrite(_ key: Key, _ entry: Entry, _ value: ByteView, _ deadline: Int64?) -> Bool {
        guard entry.hasExpiry == (deadline != nil), entry.type == .string, !entry.isComputed else { return false }
        if let integer = Entry.canonicalInteger(value) {
            guard entry.encoding == .integer else { return false }
            entry.setInteger(integer)
        } else {
            guard entry.overwrite(value: value, encoding: value.count <= 44 ? .embedded : .raw) else { return false }
        }
        noteWrite(entry)
        if let deadline {
            let old = entry.expiry
            entry.moveExpiry(to: deadline)
            noteExpiry(key, old: old, new: deadline)
        }
        return true
    }

    /// Makes `key` the string `value`, which stays text even where it is that of an integer, and keeps its time to live.
    public mutating func setText(_ key: Key, _ value: ByteView, event: KeyEvent) {
        let slot = slot(key)
        let entry = Entry.string(
            key: key.bytes, value: value, expiry: slot.flatMap { Table.entry($0.pointee).expiry },
            encoding: value.count <= 44 ? .embedded : .raw)
        put(key, entry, in: slot)
        changed(key, event)
    }

    /// Makes `key` a string that stays text even where it is that of an integer, whatever it was, without a time to live.
    public mutating func setString(_ key: Key, _ string: consuming StringBlock, event: KeyEvent) {
        let entry = string.entry(key.bytes)
        place(key, entry)
        changed(key, event)
    }

    /// Makes `key` the integer `value` and keeps its time to live.
    ///
    /// - Parameter entry: what `find` gave for the key: a string, or nil where there is none.
    @inline(__always)
    public mutating func setInteger(_ key: Key, _ value: Int64, over entry: Entry?, event: KeyEvent) {
        if let entry {
            if entry.encoding == .integer, !entry.isComputed {
                entry.setInteger(value)
                noteWrite(entry)
            } else {
                put(key, .integer(key: key.bytes, value: value, expiry: entry.expiry), in: slot(key))
            }
        } else {
            insert(key, .integer(key: key.bytes, value: value, expiry: nil))
        }
        changed(key, event)
    }

    /// Makes the string at `key` `count` bytes long, creating it where it is absent and filling with zeros, and returns
    /// its bytes for writing; the caller writes them before the command ends. The key must hold a string or nothing.
    ///
    /// - Parameter event: nil where the caller tells what it has changed, with `changed`, after it has looked.
    /// - Complexity: amortised O(bytes added): long strings have room to grow, short ones what their block has. O(1) for the
    ///   length that it has.
    public mutating func resizeString(_ key: Key, to count: Int, event: KeyEvent?) -> UnsafeMutablePointer<UInt8> {
        defer { if let event { changed(key, event) } }
        guard let slot = slot(key) else { return createString(key, count) }
        let entry = Table.entry(slot.pointee)
        // It becomes an ordinary value, whatever the command finds.
        if entry.isComputed, event == nil { changed(key, KeyEvent([], "ordinary")) }
        if entry.encoding != .integer, !entry.isComputed {
            if entry.flags.contains(.external) { return resizeExternal(key, entry, count) }
            if entry.encoding == .raw, entry.resizeInline(to: count) {
                noteWrite(entry)
                return entry.valueBase.assumingMemoryBound(to: UInt8.self)
            }
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            // The text of an integer has at most 20 bytes.
            let text = scratch.baseAddress.map { entry.text(scratch: $0) } ?? .empty
            let replacement: Entry
            if count > Entry.maximumInline {
                replacement = .padded(
                    key: key.bytes, value: text[0..<min(count, text.count)], count: count,
                    capacity: count + min(count, Self.maximumSlack), expiry: entry.expiry)
            } else {
                replacement = .make(
                    key: key.bytes, type: .string, encoding: .raw, expiry: entry.expiry, valueSize: count,
                    inlineCount: count)
                fill(UnsafeMutableRawPointer(mutating: replacement.bytes.start), text, count)
            }
            put(key, replacement, in: slot)
            return UnsafeMutablePointer(mutating: replacement.bytes.start)
        }
    }

    private mutating func createString(_ key: Key, _ count: Int) -> UnsafeMutablePointer<UInt8> {
        let entry = newString(key, count)
        insert(key, entry)
        return UnsafeMutablePointer(mutating: entry.bytes.start)
    }

    /// An entry with a string of zeros.
    private func newString(_ key: Key, _ count: Int) -> Entry {
        guard count <= Entry.maximumInline else {
            return .padded(key: key.bytes, value: .empty, count: count, capacity: count, expiry: nil)
        }
        let entry = Entry.make(
            key: key.bytes, type: .string, encoding: .raw, expiry: nil, valueSize: count, inlineCount: count)
        fill(UnsafeMutableRawPointer(mutating: entry.bytes.start), .empty, count)
        return entry
    }

    private func fill(_ target: UnsafeMutableRawPointer, _ text: ByteView, _ count: Int) {
        let kept = min(text.count, count)
        memcpy(target, text.start, kept)
        memset(target + kept, 0, count - kept)
    }

    /// Sets the length within the capacity, zeroing what is new.
    private func setExternalCount(_ entry: Entry, _ count: Int) {
        var string = entry.external
        if count > string.count { memset(string.bytes + string.count, 0, count - string.count) }
        string.count = count
        entry.external = string
    }

    private mutating func resizeExternal(_ key: Key, _ entry: Entry, _ count: Int) -> UnsafeMutablePointer<UInt8> {
        let before = entry.memoryUsage
        var string = entry.external
        if count > string.capacity {
            string.capacity = count + min(count, Self.maximumSlack)
            let old = UnsafeMutableRawPointer(string.bytes)
            let block: UnsafeMutableRawPointer
            if count - string.count > max(string.count, Self.maximumSlack) {
                // Far beyond its end: zeros that the system gives are cheaper than zeros that are written.
                block = Allocation.allocateZeroed(string.capacity)
                memcpy(block, old, string.count)
                Allocation.free(old)
                string.count = count
            } else {
                block = Allocation.reallocate(old, string.capacity)
            }
            string.bytes = block.assumingMemoryBound(to: UInt8.self)
            entry.external = string
        }
        setExternalCount(entry, count)
        noteWrite(entry)
        account(place(key), entry.memoryUsage - before)
        return string.bytes
    }
}
