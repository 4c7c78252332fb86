import Keyspace
import Persistence
import Primitives
import TestSupport
import Testing

private let limits = ValueLimits(
    hash: RandomValues.limits.hash, list: RandomValues.limits.list, set: RandomValues.limits.set,
    sortedSet: RandomValues.limits.sortedSet)

@Suite("Values in RDB files")
struct RDBRoundTripTests {
    static let key = Array("a key".utf8)

    @Test("values of every type are read back as they were written", arguments: 0..<20)
    func roundTrip(seed: Int) throws {
        var values = RandomValues(UInt64(seed))
        var encoder = RDBEncoder(compresses: seed % 2 == 0)
        var decoder = RDBDecoder(limits: limits)
        try Self.key.withView { key throws(PersistenceError) in
            for round in 0..<60 {
                let entry = values.entry(key)
                defer { entry.destroyLoaded() }
                var written = ByteBuffer()
                encoder.appendValue(entry, to: &written)
                let type = RDBType(entry)
                var skipped = RDBReader(written.view)
                try skipped.skipValue(type)
                #expect(skipped.isAtEnd)
                let read = try decoder.decode(type, written.view, key: key, expiry: entry.expiry)
                defer { read.destroyLoaded() }
                #expect(read.key == key)
                #expect(read.expiry == entry.expiry)
                #expect(read.type == entry.type)
                #expect(Contents(read) == Contents(entry), "seed \(seed), round \(round), \(type)")
                var again = ByteBuffer()
                encoder.appendValue(read, to: &again)
                if entry.encoding == read.encoding, read.encoding != .hashTable {
                    #expect(again.view.array == written.view.array, "seed \(seed), round \(round), \(type)")
                }
            }
        }
    }

    @Test("a value that is written in parts is what it is in one piece", arguments: 0..<5)
    func parts(kind: Int) {
        var values = RandomValues(UInt64(kind))
        Self.key.withView { key in
            for limit in [1, 100, 5_000] {
                let entry: Entry =
                    switch kind {
                    case 0: .loaded(key, values.list(2_000), expiry: 1)
                    case 1: .loaded(key, values.set(2_000, integers: false), expiry: nil)
                    case 2: .loaded(key, values.sortedSet(2_000), expiry: nil)
                    case 3: .loaded(key, values.hash(2_000, expiring: true), expiry: 2)
                    default: .loaded(key, values.stream(1_000), expiry: nil)
                    }
                defer { entry.destroyLoaded() }
                var encoder = RDBEncoder()
                var whole = ByteBuffer()
                encoder.appendRecord(entry, to: &whole)
                var progress = EncodingProgress()
                var parts = ByteBuffer()
                var count = 1
                while !encoder.appendPart(of: entry, &progress, to: &parts, limit: parts.count + limit) { count += 1 }
                #expect(parts.view.array == whole.view.array)
                #expect(count > 1)
            }
        }
    }
}
