import Keyspace
import Primitives
import RESP

extension ReplyWriter {
    /// The text of an ID.
    @inline(__always)
    func bulk(_ id: StreamID) {
        let output = self.output
        // `$dd`, the end of the line, the text and another.
        let start = output.pointee.reserve(StreamID.maximumTextLength &+ 16)
        var text = start + 5
        let count = id.write(to: text)
        start[0] = UInt8(ascii: "$")
        if count >= 10 {
            start[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: count / 10)
        } else {
            text -= 1
            text.update(from: start + 5, count: count)
        }
        (text - 3).pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: count % 10)
        (text - 2).pointee = 13
        (text - 1).pointee = 10
        text[count] = 13
        text[count &+ 1] = 10
        output.pointee.commit(text - start + count + 2)
    }

    /// An entry: its ID and a list of its fields and values.
    @inline(__always)
    func entry(_ entry: StreamEntry) {
        raw("*2\r\n")
        bulk(entry.id)
        array(entry.fieldCount * 2)
        entry.forEachField { field, value in
            bulk(field)
            bulk(value)
        }
    }

    /// An entry, or null where there is none.
    func entry(_ entry: StreamEntry?) {
        if let entry { self.entry(entry) } else { null() }
    }

    /// At most `limit` entries, any number where that is 0; answers how many there were.
    @discardableResult
    func entries(_ cursor: StreamCursor, limit: Int) -> Int {
        var cursor = cursor
        return list { reply in
            var count = 0
            while let entry = cursor.next() {
                reply.entry(entry)
                count &+= 1
                if count == limit { break }
            }
            return count
        }
    }

    /// An array whose length, which `body` answers, is known only when its elements are written; answers it too. Arrays of
    /// up to nine elements are not moved.
    @inline(__always)
    @discardableResult
    func list(_ body: (ReplyWriter) -> Int) -> Int {
        let mark = output.pointee.count
        raw("*0\r\n")
        let count = body(self)
        setLength(count, at: mark, type: UInt8(ascii: "*"))
        return count
    }

    /// Writes the length of the aggregate whose header `*0` was written at `mark`.
    func setLength(_ count: Int, at mark: Int, type: UInt8) {
        let output = self.output
        output.pointee.overwrite(type, at: mark)
        guard count >= 10 else {
            return output.pointee.overwrite(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: count), at: mark + 1)
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumIntegerTextLength) { scratch in
            guard let base = scratch.baseAddress else { return }
            let length = writeUnsigned(UInt64(count), to: base)
            output.pointee.overwrite(base[0], at: mark + 1)
            output.pointee.insert(ByteView(base + 1, count: length - 1), at: mark + 2)
        }
    }
}
