import Primitives

/// Passing over values without decoding them, so that one thread can cut a file into records for others.
extension RDBReader {
    /// What a byte says of the value that follows.
    public mutating func readType() throws(PersistenceError) -> RDBType { try Self.type(try readByte()) }

    /// The type that `byte` stands for; modules' and unknown ones are refused.
    static func type(_ byte: UInt8) throws(PersistenceError) -> RDBType {
        guard let type = RDBType(rawValue: byte) else {
            throw PersistenceError("unknown type of value \(byte)")
        }
        return type
    }

    /// Passes over a value of that type. What is in its strings is not looked at.
    public mutating func skipValue(_ type: RDBType) throws(PersistenceError) {
        switch type {
        case .string, .hashZipmap, .listZiplist, .setIntegers, .sortedSetZiplist, .hashZiplist, .hashListpack,
            .sortedSetListpack, .setListpack, .hashListpackWithExpiriesOfCandidate:
            try skipString()
        case .list, .set, .listOfZiplists: try skip { reader throws(PersistenceError) in try reader.skipString() }
        case .hash:
            try skip { reader throws(PersistenceError) in
                try reader.skipString()
                try reader.skipString()
            }
        case .sortedSetOfTexts:
            try skip { reader throws(PersistenceError) in
                try reader.skipString()
                let count = try reader.readByte()
                if count < 253 { _ = try reader.take(Int(count)) }
            }
        case .sortedSet:
            try skip { reader throws(PersistenceError) in
                try reader.skipString()
                _ = try reader.take(8)
            }
        case .listOfListpacks:
            try skip { reader throws(PersistenceError) in
                _ = try reader.readNumber()
                try reader.skipString()
            }
        case .hashWithExpiries:
            _ = try take(8)
            try skipFieldsWithExpiries()
        case .hashWithExpiriesOfCandidate: try skipFieldsWithExpiries()
        case .hashListpackWithExpiries:
            _ = try take(8)
            try skipString()
        case .stream, .stream2, .stream3: try skipStream(type)
        case .module, .moduleOld: throw try readModuleError(type)
        }
    }

    /// Passes over as many elements as a count says.
    @inline(__always)
    private mutating func skip(
        _ element: (inout RDBReader) throws(PersistenceError) -> Void
    ) throws(PersistenceError) {
        for _ in 0..<(try readCount(of: 1)) { try element(&self) }
    }

    private mutating func skipFieldsWithExpiries() throws(PersistenceError) {
        try skip { reader throws(PersistenceError) in
            _ = try reader.readNumber()
            try reader.skipString()
            try reader.skipString()
        }
    }

    private mutating func skipNumbers(_ count: Int) throws(PersistenceError) {
        for _ in 0..<count { _ = try readNumber() }
    }

    private mutating func skipStream(_ type: RDBType) throws(PersistenceError) {
        try skip { reader throws(PersistenceError) in
            try reader.skipString()
            try reader.skipString()
        }
        try skipNumbers(type == .stream ? 3 : 8)
        try skip { group throws(PersistenceError) in
            try group.skipString()
            try group.skipNumbers(type == .stream ? 2 : 3)
            try group.skip { pending throws(PersistenceError) in
                _ = try pending.take(24)
                _ = try pending.readNumber()
            }
            try group.skip { consumer throws(PersistenceError) in
                try consumer.skipString()
                _ = try consumer.take(type == .stream3 ? 16 : 8)
                let count = try consumer.readCount(of: 16)
                _ = try consumer.take(16 &* count)
            }
        }
    }

    /// Why the value of a module, of which the ID comes next, cannot be read: says which module it is.
    mutating func readModuleError(_ type: RDBType) throws(PersistenceError) -> PersistenceError {
        guard type == .module else { return PersistenceError("a value of a module of an old kind") }
        let id = try readNumber()
        return PersistenceError("a value of the module type '\(Self.moduleName(id))', version \(id & 1023)")
    }

    /// The name of nine letters that a module's ID holds.
    static func moduleName(_ id: UInt64) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let name = (0..<9).map { letters[Int(id >> UInt64(58 - 6 * $0) & 63)] }
        return String(decoding: name, as: UTF8.self)
    }
}
