import Keyspace
import Primitives

/// Values of many elements. What is kept in one block is written as this block; what is not, element by element, until the
/// buffer holds `limit` bytes. All return whether that was the end.
extension RDBEncoder {
    /// Members of a sorted set between two looks at the buffer.
    private static let stretch = 256

    mutating func appendList(
        _ list: ListValue, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if !progress.hasBegun { buffer.appendLength(list.blockCount) }
        var index = Int(progress.position)
        while index < list.blockCount, buffer.count < limit {
            appendBlock(list.block(index), to: &buffer)
            index += 1
        }
        progress.position = UInt64(index)
        return index == list.blockCount
    }

    private mutating func appendBlock(_ pack: Listpack, to buffer: inout ByteBuffer) {
        if pack.byteCount > Listpack.maximumByteCount, pack.count == 1, let first = pack.first {
            // A listpack of Redis is never so long.
            buffer.appendLength(RDB.ListNode.plain)
            appendElement(pack.element(at: first), to: &buffer)
        } else {
            buffer.appendLength(RDB.ListNode.packed)
            appendString(pack.bytes, to: &buffer)
        }
    }

    mutating func appendSet(
        _ set: SetValue, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if set.encoding == .intset, let bytes = set.blockBytes {
            appendString(bytes, to: &buffer)
            return true
        }
        // Redis 7.0 does not know sets in listpacks.
        if !progress.hasBegun { buffer.appendLength(set.count) }
        repeat {
            progress.position = set.forEach(at: progress.position) { appendElement($0.value, to: &buffer) }
        } while progress.position != 0 && buffer.count < limit
        return progress.position == 0
    }

    mutating func appendSortedSet(
        _ set: SortedSetValue, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if let pack = set.listpack {
            appendString(pack.bytes, to: &buffer)
            return true
        }
        if !progress.hasBegun { buffer.appendLength(set.count) }
        // The highest first, since Redis inserts at the head in O(1).
        var end = set.count - Int(progress.position)
        while end > 0, buffer.count < limit {
            let start = max(0, end - Self.stretch)
            _ = set.forEach(start..<end, reverse: true) { member, score in
                appendString(member, to: &buffer)
                buffer.appendWord(score.bitPattern)
                return true
            }
            end = start
        }
        progress.position = UInt64(set.count - end)
        return end == 0
    }

    mutating func appendHash(
        _ hash: HashValue, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        let first = hash.minimumExpiry
        let expires = first != HashValue.noExpiry
        if let bytes = hash.listpackBytes {
            if hash.encoding == .listpackExtended { buffer.appendTime(expires ? first : 0) }
            appendString(bytes, to: &buffer)
            return true
        }
        if !progress.hasBegun {
            if expires { buffer.appendTime(first) }
            buffer.appendLength(hash.count)
        }
        repeat {
            progress.position = hash.forEach(at: progress.position, now: HashValue.always) { field in
                if expires {
                    // Relative to the first of all, one more so that 0 is left for none.
                    buffer.appendLength(field.expiry == HashValue.noExpiry ? 0 : UInt64(field.expiry - first) + 1)
                }
                appendElement(field.field, to: &buffer)
                appendElement(field.value, to: &buffer)
            }
        } while progress.position != 0 && buffer.count < limit
        return progress.position == 0
    }
}
