import Keyspace
import Primitives

/// Values of many elements. What is kept in one block is written as this block; what is not, element by element.
extension RDBEncoder {
    mutating func appendList(_ list: ListValue, to buffer: inout ByteBuffer, drain: Drain) {
        buffer.appendLength(list.blockCount)
        list.forEachBlock { pack in
            drainIfLarge(&buffer, drain)
            if pack.byteCount > Listpack.maximumByteCount, pack.count == 1, let first = pack.first {
                // A listpack of Redis is never so long.
                buffer.appendLength(RDB.ListNode.plain)
                appendElement(pack.element(at: first), to: &buffer)
            } else {
                buffer.appendLength(RDB.ListNode.packed)
                appendString(pack.bytes, to: &buffer)
            }
        }
    }

    mutating func appendSet(_ set: SetValue, to buffer: inout ByteBuffer, drain: Drain) {
        if set.encoding == .intset, let bytes = set.blockBytes { return appendString(bytes, to: &buffer) }
        // Redis 7.0 does not know sets in listpacks.
        buffer.appendLength(set.count)
        set.forEach { member in
            appendElement(member, to: &buffer)
            drainIfLarge(&buffer, drain)
        }
    }

    mutating func appendSortedSet(_ set: SortedSetValue, to buffer: inout ByteBuffer, drain: Drain) {
        if let pack = set.listpack { return appendString(pack.bytes, to: &buffer) }
        buffer.appendLength(set.count)
        // The highest first, since Redis inserts at the head in O(1).
        set.forEach(0..<set.count, reverse: true) { member, score in
            appendString(member, to: &buffer)
            buffer.appendWord(score.bitPattern)
            drainIfLarge(&buffer, drain)
            return true
        }
    }

    mutating func appendHash(_ hash: HashValue, to buffer: inout ByteBuffer, drain: Drain) {
        let first = hash.minimumExpiry
        let expires = first != HashValue.noExpiry
        if let bytes = hash.listpackBytes {
            if hash.encoding == .listpackExtended { buffer.appendTime(expires ? first : 0) }
            return appendString(bytes, to: &buffer)
        }
        if expires { buffer.appendTime(first) }
        buffer.appendLength(hash.count)
        hash.forEach(now: HashValue.always) { field in
            if expires {
                // Relative to the first of all, one more so that 0 is left for none.
                buffer.appendLength(field.expiry == HashValue.noExpiry ? 0 : UInt64(field.expiry - first) + 1)
            }
            appendElement(field.field, to: &buffer)
            appendElement(field.value, to: &buffer)
            drainIfLarge(&buffer, drain)
        }
    }
}
