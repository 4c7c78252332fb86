import Keyspace
import Primitives

/// Values of many elements, until the buffer holds `limit` bytes. All return whether that was the end.
extension CommandEncoder {
    func appendList(
        _ list: ListValue, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        var index = Int(progress.position)
        while index < list.blockCount, buffer.count < limit {
            appendBlock(list.block(index), key, to: &buffer)
            index += 1
        }
        progress.position = UInt64(index)
        return index == list.blockCount
    }

    private func appendBlock(_ pack: Listpack, _ key: ByteView, to buffer: inout ByteBuffer) {
        var left = pack.count
        var inCommand = 0
        var offset = pack.first
        while let current = offset {
            if inCommand == 0 {
                inCommand = min(left, Self.batch)
                begin("RPUSH", key, count: inCommand, &buffer)
            }
            buffer.appendArgument(pack.element(at: current))
            offset = pack.next(after: current)
            left -= 1
            inCommand -= 1
        }
    }

    mutating func appendSet(
        _ set: SetValue, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        repeat {
            progress.position = set.forEach(at: progress.position) { member in
                collect("SADD", key, to: &buffer) { $0.appendArgument(member.value) }
            }
        } while progress.position != 0 && buffer.count < limit
        writeCollected("SADD", key, to: &buffer)
        return progress.position == 0
    }

    func appendSortedSet(
        _ set: SortedSetValue, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer,
        limit: Int
    ) -> Bool {
        var start = Int(progress.position)
        while start < set.count, buffer.count < limit {
            let end = min(set.count, start + Self.batch)
            begin("ZADD", key, count: end - start, width: 2, &buffer)
            _ = set.forEach(start..<end) { member, score in
                buffer.appendArgument(score)
                buffer.appendArgument(member)
                return true
            }
            start = end
        }
        progress.position = UInt64(start)
        return start == set.count
    }

    mutating func appendHash(
        _ hash: HashValue, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if !progress.hasFields {
            repeat {
                progress.position = hash.forEach(at: progress.position, now: HashValue.always) { field in
                    collect("HMSET", key, width: 2, to: &buffer) {
                        $0.appendArgument(field.field)
                        $0.appendArgument(field.value)
                    }
                }
            } while progress.position != 0 && buffer.count < limit
            writeCollected("HMSET", key, width: 2, to: &buffer)
            guard progress.position == 0 else { return false }
            progress.hasFields = true
        }
        guard hash.minimumExpiry != HashValue.noExpiry else { return true }
        while buffer.count < limit {
            progress.position = hash.forEach(at: progress.position, now: HashValue.always) { field in
                if field.expiry != HashValue.noExpiry { appendExpiry(of: field, key, to: &buffer) }
            }
            if progress.position == 0 { return true }
        }
        return false
    }

    private func appendExpiry(of field: HashField, _ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 6)
        buffer.appendArgument("HPEXPIREAT")
        buffer.appendArgument(key)
        buffer.appendArgument(field.expiry)
        buffer.appendArgument("FIELDS")
        buffer.appendArgument("1")
        buffer.appendArgument(field.field)
    }
}
