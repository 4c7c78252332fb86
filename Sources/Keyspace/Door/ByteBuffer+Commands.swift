import Glibc
import Primitives

/// Commands as clients send them and append-only files hold them: an array of bulk strings for each.
extension ByteBuffer {
    /// Begins a command of `arguments` arguments, its name included, each of which is to be added.
    @inline(__always)
    public mutating func appendCommand(arguments: Int) { appendHead(UInt8(ascii: "*"), arguments) }

    /// Adds an argument, which must not lie in the buffer.
    @inline(__always)
    public mutating func appendArgument(_ argument: ByteView) {
        appendHead(UInt8(ascii: "$"), argument.count)
        let target = reserve(argument.count &+ 2)
        memcpy(target, argument.start, argument.count)
        target[argument.count] = UInt8(ascii: "\r")
        target[argument.count &+ 1] = UInt8(ascii: "\n")
        commit(argument.count &+ 2)
    }

    /// Adds an argument.
    @inline(__always)
    public mutating func appendArgument(_ argument: StaticString) { appendArgument(ByteView(argument)) }

    /// Adds an element of a value as an argument.
    public mutating func appendArgument(_ element: ListpackElement) {
        switch element {
        case .bytes(let bytes): appendArgument(bytes)
        case .integer(let value): appendArgument(value)
        }
    }

    /// Adds the text of a number as an argument.
    public mutating func appendArgument(_ integer: Int64) {
        appendText(maximumIntegerTextLength) { writeInteger(integer, to: $0) }
    }

    /// Adds the text of a number, which reads back the same, as an argument.
    public mutating func appendArgument(_ number: Double) {
        appendText(maximumDoubleTextLength) { formatDouble(number, to: $0) }
    }

    /// Adds the ID of an entry of a stream as an argument.
    public mutating func appendArgument(_ id: StreamID) {
        appendText(StreamID.maximumTextLength) { id.write(to: $0) }
    }

    /// Adds `SELECT database`.
    public mutating func appendSelect(_ database: Int) {
        appendCommand(arguments: 2)
        appendArgument("SELECT")
        appendArgument(Int64(database))
    }

    /// Adds the text that `write` writes, and of which it answers the length, `limit` at most, as an argument.
    @inline(__always)
    private mutating func appendText(_ limit: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { scratch in
            guard let start = scratch.baseAddress else { return }
            appendArgument(ByteView(start, count: write(start)))
        }
    }

    /// Adds a line of a sign and a length.
    @inline(__always)
    private mutating func appendHead(_ sign: UInt8, _ length: Int) {
        let target = reserve(maximumIntegerTextLength &+ 3)
        target[0] = sign
        var end = 1
        if length < 10 {
            target[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: length)
            end = 2
        } else {
            end &+= writeInteger(Int64(length), to: target + 1)
        }
        target[end] = UInt8(ascii: "\r")
        target[end &+ 1] = UInt8(ascii: "\n")
        commit(end &+ 2)
    }
}
