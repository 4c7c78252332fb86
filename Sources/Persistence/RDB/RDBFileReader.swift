import Primitives

/// Cuts a file into records, one after the other, without decoding them: what one thread does for several that decode.
///
/// The whole file is there as bytes (`MappedFile`, or memory), so that records are views that stay good as long as it does,
/// on any thread. The checksum is taken on the way, some pages behind, while they are in the processor's cache.
public struct RDBFileReader: ~Copyable {
    private var reader: RDBReader
    private var scratch = ByteBuffer()
    private var checksum = CRC64()
    /// Bytes before this one are in `checksum`.
    private var checkedOffset = 0
    private let checks: Bool
    private var database = 0
    private var isFinished = false
    /// The version that the file says it has.
    public let version: Int

    private static let checkedAtOnce = 64 << 10
    /// What files begin with.
    public static let magic: StaticString = "REDIS"

    /// Whether `bytes` begin as a file of this format does.
    public static func begins(_ bytes: ByteView) -> Bool {
        bytes.count >= 5 && bytes[0..<5] == ByteView(magic)
    }

    /// Reads the header.
    ///
    /// - Parameter checks: whether the checksum is looked at (`rdbchecksum`).
    public init(_ bytes: ByteView, checks: Bool = true) throws(PersistenceError) {
        guard Self.begins(bytes) else {
            guard bytes.count > 5 else { throw PersistenceError("short read at offset \(bytes.count)") }
            throw PersistenceError("not an RDB file: it does not begin with REDIS")
        }
        guard bytes.count >= 9 else { throw PersistenceError("short read at offset \(bytes.count)") }
        guard let version = parseDigits(bytes[5..<9]), version > 0 else {
            throw PersistenceError("the version of the RDB file is not a number")
        }
        guard version <= RDB.newestVersion else {
            throw PersistenceError("the RDB file has version \(version), newer than \(RDB.newestVersion)")
        }
        self.version = version
        self.checks = checks
        reader = RDBReader(bytes, from: 9)
    }

    /// Where the next item begins; behind the last one, where the file's own bytes end and others may follow.
    public var offset: Int { reader.offset }

    /// The next item; nil at the end, when the checksum was found to be right.
    @inline(__always)
    public mutating func next() throws(PersistenceError) -> RDBItem? {
        if isFinished { return nil }
        if reader.offset &- checkedOffset >= Self.checkedAtOnce { check(upTo: reader.offset) }
        let start = reader.offset
        do throws(PersistenceError) {
            return try readItem(from: start)
        } catch {
            // What ended too early ended here; anything else is wrong where the item begins.
            throw PersistenceError(
                error.description == RDBReader.shortRead.description
                    ? "short read at offset \(reader.bytes.count)" : "\(error.description), at offset \(start)")
        }
    }

    @inline(__always)
    private mutating func readItem(from start: Int) throws(PersistenceError) -> RDBItem? {
        var expiry: Int64?
        var use: RDBUse?
        while true {
            let code = try reader.readByte()
            guard code >= RDB.Opcode.slotInfo else { return .record(try readRecord(code, expiry, use, start)) }
            switch code {
            case RDB.Opcode.expiryInMilliseconds: expiry = max(0, try reader.readInteger())
            case RDB.Opcode.expiryInSeconds: expiry = Int64(max(0, try reader.readInteger(Int32.self))) * 1000
            case RDB.Opcode.idle: use = .idle(Int(min(try reader.readNumber(), 1 << 32)))
            case RDB.Opcode.frequency: use = .frequency(try reader.readByte())
            default:
                if let item = try readOther(code) { return item }
                if isFinished { return nil }
            }
        }
    }

    @inline(__always)
    private mutating func readRecord(
        _ code: UInt8, _ expiry: Int64?, _ use: RDBUse?, _ start: Int
    ) throws(PersistenceError) -> RDBRecord {
        let type = try RDBReader.type(code)
        let keyStart = reader.offset
        try reader.skipString()
        let valueStart = reader.offset
        try reader.skipValue(type)
        return RDBRecord(
            database: database, expiry: expiry, use: use, type: type, key: reader.bytes[keyStart..<valueStart],
            value: reader.bytes[valueStart..<reader.offset], offset: start)
    }

    /// Anything but a record; nil for what only the reader needs to know.
    private mutating func readOther(_ code: UInt8) throws(PersistenceError) -> RDBItem? {
        switch code {
        case RDB.Opcode.selectDatabase:
            let number = try reader.readNumber()
            guard number <= UInt64(Int32.max) else { throw PersistenceError("there is no database \(number)") }
            database = Int(number)
        case RDB.Opcode.sizes:
            let keys = Int(clamping: try reader.readNumber())
            return .sizes(database: database, keys: keys, expiring: Int(clamping: try reader.readNumber()))
        case RDB.Opcode.auxiliary:
            var nameScratch = ByteBuffer()
            // Names are never compressed or numbers; one that is would not outlive its scratch memory.
            let name = try reader.readString(into: &nameScratch)
            guard nameScratch.capacity == 0 else {
                try reader.skipString()
                return nil
            }
            return .auxiliary(name: name, value: try reader.readString(into: &scratch))
        case RDB.Opcode.slotInfo: for _ in 0..<3 { _ = try reader.readNumber() }
        case RDB.Opcode.function: return .function(try reader.readString(into: &scratch))
        case RDB.Opcode.functionOfCandidate:
            throw PersistenceError("functions in the format of a release candidate of Redis 7.0")
        case RDB.Opcode.moduleAuxiliary:
            let name = RDBReader.moduleName(try reader.readNumber())
            throw PersistenceError("data of the module '\(name)'")
        default: try finish()
        }
        return nil
    }

    // MARK: The end

    private mutating func check(upTo offset: Int) {
        guard checks else { return }
        checksum.update(reader.bytes[checkedOffset..<offset])
        checkedOffset = offset
    }

    private mutating func finish() throws(PersistenceError) {
        check(upTo: reader.offset)
        isFinished = true
        // The first versions had no checksum.
        guard version >= 5 else { return }
        let stated: UInt64 = try reader.readInteger()
        guard !checks || stated == 0 || stated == checksum.value else {
            throw PersistenceError("wrong checksum: the RDB file is damaged")
        }
    }
}

/// The number that a few digits spell, zeros in front included.
private func parseDigits(_ text: ByteView) -> Int? {
    var value = 0
    for digit in text.buffer {
        guard digit &- UInt8(ascii: "0") < 10 else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}
