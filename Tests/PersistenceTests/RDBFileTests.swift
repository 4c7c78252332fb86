import Keyspace
import Persistence
import Primitives
import TestSupport
import Testing

@Suite("RDB files")
struct RDBFileTests {
    /// A small file of two databases.
    static func file(version: Int = RDB.version, checksum: Bool = true) -> [UInt8] {
        var values = RandomValues(11)
        values.longest = 10
        var encoder = RDBEncoder()
        var buffer = ByteBuffer()
        encoder.appendHeader(version: version, to: &buffer)
        encoder.appendOrigin(server: "7.4.0", time: 1_700_000_000_000, memory: 1000, isBase: true, to: &buffer)
        encoder.appendAuxiliary(ByteView("x-own"), ByteView("a value"), to: &buffer)
        for database in [0, 3] {
            encoder.appendDatabase(database, to: &buffer)
            encoder.appendSizes(keys: 4, expiring: 2, to: &buffer)
            for index in 0..<4 {
                Array("key\(index)".utf8).withView { key in
                    let expiry: Int64? = index % 2 == 0 ? nil : 2_000_000_000_000
                    let entry: Entry =
                        index < 2
                        ? .loaded(key, string: key, expiry: expiry)
                        : .loaded(key, values.hash(2, expiring: false), expiry: expiry)
                    encoder.appendRecord(entry, use: index == 0 ? nil : .idle(index * 100), to: &buffer)
                    entry.destroyLoaded()
                }
            }
        }
        encoder.appendEnd(to: &buffer)
        encoder.appendChecksum(checksum ? CRC64.checksum(buffer.view) : 0, to: &buffer)
        return buffer.view.array
    }

    /// What is read from a file, in words, and where it ends.
    static func read(_ bytes: [UInt8], checks: Bool = true) throws(PersistenceError) -> (items: [String], end: Int) {
        try bytes.withView { view throws(PersistenceError) in
            var reader = try RDBFileReader(view, checks: checks)
            var decoder = RDBDecoder()
            var items: [String] = []
            while let item = try reader.next() {
                switch item {
                case .auxiliary(let name, let value): items.append("\(name.string)=\(value.string)")
                case .sizes(let database, let keys, let expiring): items.append("\(database): \(keys), \(expiring)")
                case .function(let text): items.append("function \(text.string)")
                case .record(let record):
                    let entry = try decoder.decode(record)
                    let use = record.use.map { " \($0)" } ?? ""
                    items.append("\(record.database) \(entry.key.string) \(entry.type) \(entry.expiry ?? 0)\(use)")
                    entry.destroyLoaded()
                }
            }
            return (items, reader.offset)
        }
    }

    static func error(_ bytes: [UInt8], checks: Bool = true) -> String? {
        do throws(PersistenceError) {
            _ = try read(bytes, checks: checks)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a file is read as it was written, and told where it ends")
    func wholeFile() throws {
        let file = Self.file()
        let (items, end) = try Self.read(file + Array("*1\r\n".utf8))
        #expect(end == file.count)
        #expect(
            items == [
                "redis-ver=7.4.0", "redis-bits=64", "ctime=1700000000", "used-mem=1000", "aof-base=1", "x-own=a value",
                "0: 4, 2", "0 key0 string 0", "0 key1 string 2000000000000 idle(100)", "0 key2 hash 0 idle(200)",
                "0 key3 hash 2000000000000 idle(300)", "3: 4, 2", "3 key0 string 0",
                "3 key1 string 2000000000000 idle(100)", "3 key2 hash 0 idle(200)",
                "3 key3 hash 2000000000000 idle(300)",
            ])
        #expect(Array("REDIS0010".utf8).withView(RDBFileReader.begins))
        #expect(!Array("*2\r\n$6\r\nSELECT".utf8).withView(RDBFileReader.begins))
    }

    @Test("every truncation is a short read at the end of the file")
    func truncations() {
        let file = Self.file()
        for count in 0..<file.count {
            #expect(Self.error(Array(file.prefix(count))) == "short read at offset \(count)")
        }
    }

    @Test("every byte that is another one is found out by the checksum, and harmless without it")
    func flips() {
        let file = Self.file()
        for index in file.indices {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var damaged = file
                damaged[index] ^= change
                #expect(Self.error(damaged) != nil, "byte \(index)")
                _ = Self.error(damaged, checks: false)
            }
        }
    }

    @Test("a checksum of 0 is not looked at")
    func noChecksum() {
        #expect(Self.error(Self.file(checksum: false)) == nil)
    }

    @Test("errors say what is wrong and where")
    func errors() {
        let head = Array("REDIS0012".utf8)
        #expect(Self.error(Array("REDIS0013".utf8) + [255]) == "the RDB file has version 13, newer than 12")
        #expect(Self.error(Array("REDIS00x2".utf8) + [255]) == "the version of the RDB file is not a number")
        #expect(Self.error(Array("*2\r\n$6\r\n".utf8)) == "not an RDB file: it does not begin with REDIS")
        #expect(Self.error(head + [99]) == "unknown type of value 99, at offset 9")
        #expect(Self.error(head + [0, 1, 0x61, 0xC9]) == "a string is written in the unknown form 9, at offset 9")
        #expect(Self.error(head + [4, 1, 0x61, 0, 255]) == "a hash is empty, in the record at offset 9")
        #expect(Self.error(head + [247, 0]) == "data of the module 'AAAAAAAAA', at offset 9")
        #expect(
            Self.error(Self.file().dropLast() + [0x55])
                == "wrong checksum: the RDB file is damaged, at offset \(Self.file().count - 9)")
    }

    @Test("what a reader does not need is passed over")
    func passedOver() throws {
        let head = Array("REDIS0012".utf8)
        let body: [UInt8] = [244, 1, 2, 3, 253, 1, 0, 0, 0, 249, 7, 0, 1, 0x61, 1, 0x62, 245, 1, 0x66, 255]
        let (items, _) = try Self.read(head + body + [UInt8](repeating: 0, count: 8))
        #expect(items == ["0 a string 1000 frequency(7)", "function f"])
    }
}
