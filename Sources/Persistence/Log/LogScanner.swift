import Glibc
import Primitives

/// Reads the commands of an append-only file block by block: arrays of bulk strings as clients send them, and lines of
/// annotations that start with `#`.
///
/// It hands out runs of whole commands as they stand in the file, for a pipeline to parse and execute; what it looks at
/// itself is only where each of them ends, and where a transaction begins. A command, and so the memory that is needed,
/// is as large as the largest one. A length that leads behind the end of the file is not followed, so that damage costs
/// no memory.
///
/// How the file ends decides what may be done about it. Whoever writes appends, so that an interruption leaves the
/// beginning of a command, or of a transaction: that is a `cut`. After a power failure a file system may also have given
/// the file its length but not its content: zero bytes up to the end of the file, where something else was due, are a cut
/// too. (Redis 7 refuses these files.) Everything else is damage, and so is a cut behind which whole commands follow:
/// there a length has changed, and cutting would lose them.
public struct LogScanner: ~Copyable {
    /// What comes next in the file.
    public enum Step {
        /// Whole commands, the first of which starts at the offset. The view ends with the next call.
        case commands(ByteView, at: Int64)
        /// A line that is no command, without its end. The view ends with the next call.
        case annotation(ByteView, at: Int64)
        /// The file ended behind the last command.
        case end
        /// The file ends within a command or transaction.
        case cut(Cut)
        /// What is in the file cannot be.
        case damage(Damage)
    }

    /// An end of the file within a command or transaction.
    public struct Cut: Equatable, Sendable, CustomStringConvertible {
        /// Bytes up to the last whole command or transaction: what is to be kept.
        public let offset: Int64
        /// Bytes of the file.
        public let size: Int64
        /// What the file ends with.
        public let ending: Ending

        /// What a file may end with.
        public enum Ending: String, Sendable {
            case command = "an incomplete command"
            case annotation = "an incomplete annotation"
            case transaction = "a transaction without its EXEC"
            case zeros = "zero bytes that were never written"
        }

        public var description: String { "ends with \(ending.rawValue) from offset \(offset) on" }
    }

    /// Something in the file that cannot be.
    public struct Damage: Equatable, Sendable, CustomStringConvertible {
        /// Where it is.
        public let offset: Int64
        /// Bytes up to the last whole command or transaction before it.
        public let intact: Int64
        /// Bytes of the file.
        public let size: Int64
        /// What is wrong.
        public let reason: String

        public var description: String { "is damaged at offset \(offset): \(reason)" }
    }

    /// Bytes that are read at a time.
    public static let blockSize = 256 * 1024

    let file: File
    /// Bytes of the file when reading began.
    public let size: Int64
    let blockSize: Int
    /// What was read and not yet handed out.
    private var buffer = ByteBuffer()
    /// Offset in the file of the buffer's first byte.
    private var base: Int64
    /// What of the buffer was handed out by the call before.
    private var handedOut = 0
    /// Where the command, or annotation, that is being looked at starts in the buffer.
    private var start = 0
    private var grammar: LogGrammar
    /// Whether commands are only looked for behind a place that cannot be read.
    private let isSearch: Bool

    /// Bytes that an argument may have: as many as a server can ever have accepted.
    public static let longestArgument = Int(UInt32.max)

    /// Reads from `offset` to the end that the file now has.
    ///
    /// - Parameters:
    ///   - offset: where the commands begin: behind the snapshot, where the file starts with one.
    public init(
        _ file: File, from offset: Int64 = 0, blockSize: Int = LogScanner.blockSize
    ) throws(PersistenceError) {
        let size = try file.size()
        guard offset <= size else { throw PersistenceError("\(file.path) ends before offset \(offset)") }
        self.init(file, from: offset, size: size, blockSize: blockSize, isSearch: false)
        file.willReadAll()
    }

    init(_ file: File, from offset: Int64, size: Int64, blockSize: Int, isSearch: Bool) {
        self.file = file
        self.size = size
        self.blockSize = blockSize
        self.isSearch = isSearch
        grammar = LogGrammar(tracksTransactions: !isSearch)
        base = offset
    }

    /// Whether a file starts with a snapshot, as what Redis 4 and later rewrites does.
    public static func startsWithSnapshot(_ file: File) throws(PersistenceError) -> Bool {
        var first: UInt64 = 0
        let count = try withUnsafeMutablePointer(to: &first) { (word) throws(PersistenceError) in
            try word.withMemoryRebound(to: UInt8.self, capacity: 8) { (bytes) throws(PersistenceError) in
                try file.read(into: bytes, count: 5, at: 0)
            }
        }
        // "REDIS"
        return count == 5 && UInt64(littleEndian: first) == 0x53_4944_4552
    }

    /// How far the file is read, in bytes.
    public var offset: Int64 { base + Int64(start) }

    /// Offset at which a transaction has begun that has not ended; nil outside of one.
    public var transactionStart: Int64? { grammar.transactionStart }

    /// Whole commands so far.
    public var commandCount: Int { grammar.commandCount }

    /// The seconds since 1970 that an annotation tells; nil for another annotation.
    ///
    /// - Throws: where it is a time that cannot be read.
    public static func timestamp(_ annotation: ByteView) throws(PersistenceError) -> Int64? {
        guard annotation.count >= 4, annotation[0..<4] == ByteView("#TS:" as StaticString) else { return nil }
        guard let seconds = parseInteger(annotation[4..<annotation.count]) else {
            throw PersistenceError("the annotation '\(annotation.string)' has no time that can be read")
        }
        return seconds
    }

    /// The next commands, annotation, or the end. After the end, a cut or damage there is nothing to ask for.
    public mutating func next() throws(PersistenceError) -> Step {
        if handedOut > 0 {
            buffer.consume(handedOut)
            base += Int64(handedOut)
            start -= handedOut
            handedOut = 0
        }
        while true {
            let stop = grammar.scan(buffer.view, from: &start, base: base)
            switch stop {
            case .annotation(let length):
                if start > 0 { return commands() }
                // The end of the line belongs to it, but not to what is handed out.
                start = length
                handedOut = length
                let line = buffer.view[0..<length - 1]
                let hasReturn = line.buffer.last == UInt8(ascii: "\r")
                return .annotation(hasReturn ? line[0..<line.count - 1] : line, at: base)
            case .needs(let count):
                if start > 0 { return commands() }
                // What is known to be needed cannot be there.
                if Int64(count) > size - base { return try end() }
                try fill(count)
            case .wrong(let position, let reason):
                if start > 0 { return commands() }
                return try wrong(at: base + Int64(position), reason)
            }
        }
    }

    private mutating func commands() -> Step {
        handedOut = start
        return .commands(buffer.view[0..<start], at: base)
    }

    /// Reads on until the buffer holds `count` bytes, and a block more where there is one.
    private mutating func fill(_ count: Int) throws(PersistenceError) {
        while buffer.count < count {
            let place = base + Int64(buffer.count)
            let room = Int(min(size - place, Int64(max(blockSize, count - buffer.count))))
            let target = buffer.reserve(room)
            let read = try file.read(into: target, count: room, at: place)
            if read == 0 { throw PersistenceError("\(file.path) has become shorter while it was read") }
            buffer.commit(read)
        }
    }

    // MARK: Ends

    /// Bytes up to the last whole command or transaction.
    private var intact: Int64 { grammar.transactionStart ?? base }

    private mutating func end() throws(PersistenceError) -> Step {
        if base == size {
            if let start = grammar.transactionStart {
                return .cut(Cut(offset: start, size: size, ending: .transaction))
            }
            return .end
        }
        if !isSearch, let lost = try LogSearch(file, size: size).commands(behind: base) {
            return .damage(
                Damage(
                    offset: base, intact: intact, size: size,
                    reason: "what starts here leads behind the end of the file, but whole commands follow at \(lost)"))
        }
        let isAnnotation = buffer.view.buffer.first == UInt8(ascii: "#")
        return .cut(Cut(offset: intact, size: size, ending: isAnnotation ? .annotation : .command))
    }

    private func wrong(at offset: Int64, _ reason: String) throws(PersistenceError) -> Step {
        if try LogSearch(file, size: size).isZero(from: offset) {
            return .cut(Cut(offset: intact, size: size, ending: .zeros))
        }
        return .damage(Damage(offset: offset, intact: intact, size: size, reason: reason))
    }
}
