import Primitives

/// A field of a base that is written as commands, which says something about the file beside its keys, as auxiliary fields
/// do in RDB files: lines that start with `#`, which Redis passes over.
///
///     #freshet-NAME+ "part of the value"
///     #freshet-NAME "its last part"
///
/// A line is shorter than the 1024 bytes that readers take for one.
public enum LogField {
    /// What the names of fields start with.
    static let prefix: StaticString = "freshet-"
    /// Bytes of a value in one line: each is written with four at most.
    static let partCount = 240

    /// Adds a field. Its name has at most 32 visible characters and starts with `freshet-`.
    static func append(_ name: StaticString, _ value: ByteView, to buffer: inout ByteBuffer) {
        assert(name.utf8CodeUnitCount <= 32)
        var start = 0
        repeat {
            let end = min(value.count, start + partCount)
            buffer.append("#")
            buffer.append(name)
            buffer.append(end < value.count ? "+ " : " ")
            quotedText(value[start..<end]).withView { buffer.append($0) }
            buffer.append("\r\n")
            start = end
        } while start < value.count
    }

    /// Puts together the fields whose lines come one after another.
    public struct Reader {
        private var value: [UInt8] = []

        public init() {}

        /// Takes a line without its end.
        ///
        /// - Parameter body: called with a field when the last of its lines has come. Where a line is damaged, the value is not
        ///   what was written.
        public mutating func read(_ line: ByteView, _ body: (_ name: ByteView, _ value: ByteView) -> Void) {
            guard line.count > prefix.utf8CodeUnitCount, line[0] == UInt8(ascii: "#"),
                line[1..<1 + prefix.utf8CodeUnitCount] == ByteView(prefix)
            else { return }
            let end = line.buffer.firstIndex(of: UInt8(ascii: " ")) ?? line.count
            value += splitArguments(line[end..<line.count])?.first ?? []
            guard line[end - 1] != UInt8(ascii: "+") else { return }
            value.withView { body(line[1..<end], $0) }
            value.removeAll(keepingCapacity: true)
        }
    }
}
