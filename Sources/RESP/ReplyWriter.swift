import Glibc
import Primitives

/// Encodes replies straight into an output buffer, in RESP2 or RESP3.
///
/// Commands state what they answer (a map, a double, null); the writer picks the form that the client's protocol has
/// for it. Formats: the RESP specification, "Redis serialization protocol specification".
///
/// Invariant: `output` points to a buffer that outlives the writer.
@frozen
public struct ReplyWriter {
    public let output: UnsafeMutablePointer<ByteBuffer>
    /// 2 or 3.
    public var version: UInt8

    @inlinable
    public init(output: UnsafeMutablePointer<ByteBuffer>, version: UInt8) {
        self.output = output
        self.version = version
    }

    // MARK: Simple replies

    @inlinable @inline(__always)
    public func ok() { raw("+OK\r\n") }

    /// A status such as `QUEUED`; without CR and LF.
    public func simple(_ status: StaticString) {
        output.pointee.append(UInt8(ascii: "+"))
        output.pointee.append(status)
        raw("\r\n")
    }

    /// A status that is put together; without CR and LF.
    public func simple(_ status: String) {
        output.pointee.append(UInt8(ascii: "+"))
        var status = status
        status.withUTF8 { buffer in
            if let base = buffer.baseAddress { output.pointee.append(ByteView(base, count: buffer.count)) }
        }
        raw("\r\n")
    }

    /// A complete encoded reply.
    @inlinable @inline(__always)
    public func raw(_ encoded: StaticString) { output.pointee.append(encoded) }

    /// Encoded bytes that something else produced.
    @inlinable
    public func raw(_ encoded: ByteView) { output.pointee.append(encoded) }

    /// An error with its code in front, such as `ERR syntax error`. CR and LF in it become spaces, so that what an
    /// error echoes cannot forge a reply.
    public func error(_ message: ByteView) {
        let target = output.pointee.reserve(message.count + 3)
        target[0] = UInt8(ascii: "-")
        for index in 0..<message.count {
            let byte = message.start[index]
            target[index + 1] = byte == 13 || byte == 10 ? 32 : byte
        }
        target[message.count + 1] = 13
        target[message.count + 2] = 10
        output.pointee.commit(message.count + 3)
    }

    public func error(_ message: String) {
        var message = message
        message.withUTF8 { buffer in
            if let base = buffer.baseAddress { error(ByteView(base, count: buffer.count)) }
        }
    }

    @inlinable @inline(__always)
    public func integer(_ value: Int64) { prefixed(UInt8(ascii: ":"), value) }

    @inlinable @inline(__always)
    public func integer(_ value: Int) { prefixed(UInt8(ascii: ":"), Int64(value)) }

    /// `:1` or `:0`, what most commands answer for yes and no.
    @inlinable @inline(__always)
    public func integer(_ value: Bool) { raw(value ? ":1\r\n" : ":0\r\n") }

    /// A boolean of RESP3; 1 or 0 in RESP2.
    public func boolean(_ value: Bool) {
        if version >= 3 { raw(value ? "#t\r\n" : "#f\r\n") } else { integer(value) }
    }

    /// Nothing: `_` in RESP3, the null bulk string in RESP2.
    @inlinable @inline(__always)
    public func null() {
        if version >= 3 { raw("_\r\n") } else { raw("$-1\r\n") }
    }

    /// Nothing, where the command otherwise answers an array.
    public func nullArray() {
        if version >= 3 { raw("_\r\n") } else { raw("*-1\r\n") }
    }

    // MARK: Strings

    /// A bulk string. One reservation, one copy of the bytes.
    @inlinable @inline(__always)
    public func bulk(_ bytes: ByteView) {
        let start = output.pointee.reserve(bytes.count &+ 32)
        var at = writeHeader(UInt8(ascii: "$"), Int64(bytes.count), to: start)
        memcpy(start + at, bytes.start, bytes.count)
        at &+= bytes.count
        start[at] = 13
        start[at &+ 1] = 10
        output.pointee.commit(at &+ 2)
    }

    /// The header of a bulk string of `count` bytes, which are to follow with a line end.
    public func bulkHeader(_ count: Int) { prefixed(UInt8(ascii: "$"), Int64(count)) }

    public func bulk(_ text: StaticString) { bulk(ByteView(text)) }

    public func bulk(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            if let base = buffer.baseAddress {
                bulk(ByteView(base, count: buffer.count))
            } else {
                bulk(ByteView.empty)
            }
        }
    }

    /// A bulk string of an integer's decimal text.
    public func bulk(integer value: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            guard let base = scratch.baseAddress else { return }
            let count = writeInteger(value, to: base)
            bulk(ByteView(base, count: count))
        }
    }

    /// Text with a format, such as `txt`: a verbatim string of RESP3, a bulk string in RESP2.
    public func verbatim(_ text: String, format: StaticString = "txt") {
        guard version >= 3 else { return bulk(text) }
        prefixed(UInt8(ascii: "="), Int64(text.utf8.count + 4))
        output.pointee.append(format)
        output.pointee.append(UInt8(ascii: ":"))
        var text = text
        text.withUTF8 { buffer in
            if let base = buffer.baseAddress { output.pointee.append(ByteView(base, count: buffer.count)) }
        }
        raw("\r\n")
    }

    // MARK: Doubles

    /// A floating-point number: a double of RESP3, a bulk string in RESP2, with Redis's digits.
    public func double(_ value: Double) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumDoubleTextLength) { scratch in
            guard let base = scratch.baseAddress else { return }
            number(ByteView(base, count: formatDouble(value, to: base)))
        }
    }

    /// A floating-point number whose text has more digits than a double: a double of RESP3, a bulk string in RESP2.
    public func number(_ text: ByteView) {
        guard version >= 3 else { return bulk(text) }
        output.pointee.append(UInt8(ascii: ","))
        output.pointee.append(text)
        raw("\r\n")
    }

    // MARK: Aggregates

    @inlinable
    public func array(_ count: Int) { prefixed(UInt8(ascii: "*"), Int64(count)) }

    /// A map of `count` pairs; a flat array of twice as many elements in RESP2.
    public func map(_ count: Int) {
        if version >= 3 { prefixed(UInt8(ascii: "%"), Int64(count)) } else { array(count * 2) }
    }

    /// A set of `count` elements; an array in RESP2.
    public func set(_ count: Int) {
        if version >= 3 { prefixed(UInt8(ascii: "~"), Int64(count)) } else { array(count) }
    }

    /// An out-of-band push of `count` elements; an array in RESP2.
    public func push(_ count: Int) {
        if version >= 3 { prefixed(UInt8(ascii: ">"), Int64(count)) } else { array(count) }
    }

    /// Where an array starts whose length is known only after its elements were written.
    public func deferredArray() -> Int { output.pointee.count }

    /// Writes the header of the array that began at `mark`. O(bytes written since).
    public func finishArray(at mark: Int, count: Int) { finish(UInt8(ascii: "*"), at: mark, count: count) }

    /// Writes the header of the set that began at `mark`, an array in RESP2. O(bytes written since).
    public func finishSet(at mark: Int, count: Int) {
        finish(version >= 3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), at: mark, count: count)
    }

    private func finish(_ type: UInt8, at mark: Int, count: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { scratch in
            guard let base = scratch.baseAddress else { return }
            let length = writeHeader(type, Int64(count), to: base)
            output.pointee.insert(ByteView(base, count: length), at: mark)
        }
    }

    @inlinable @inline(__always)
    func prefixed(_ type: UInt8, _ value: Int64) {
        let start = output.pointee.reserve(32)
        output.pointee.commit(writeHeader(type, value, to: start))
    }

    /// Writes type, decimal and line end; at most 23 bytes.
    @inlinable @inline(__always)
    func writeHeader(_ type: UInt8, _ value: Int64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        start[0] = type
        var length = 1
        if value >= 0 && value < 10 {
            start[1] = 48 &+ UInt8(truncatingIfNeeded: value)
            length = 2
        } else {
            length = 1 &+ writeInteger(value, to: start + 1)
        }
        start[length] = 13
        start[length &+ 1] = 10
        return length &+ 2
    }
}
