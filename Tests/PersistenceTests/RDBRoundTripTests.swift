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

    @Test("large values are drained on the way", arguments: 0..<4)
    func largeValuesAreDrained(kind: Int) throws {
        var values = RandomValues(UInt64(kind))
        let count = 8_000
        values.longest = 400
        try Self.key.withView { key throws(PersistenceError) in
            let entry: Entry =
                switch kind {
                case 0: .loaded(key, values.list(count), expiry: nil)
                case 1: .loaded(key, values.set(count, integers: false), expiry: nil)
                case 2: .loaded(key, values.sortedSet(count), expiry: nil)
                default: .loaded(key, values.hash(count, expiring: true), expiry: nil)
                }
            defer { entry.destroyLoaded() }
            var encoder = RDBEncoder()
            var drained: [UInt8] = []
            var buffer = ByteBuffer()
            var largest = 0
            encoder.appendValue(entry, to: &buffer) { full in
                largest = max(largest, full.count)
                drained += full.view.array
                full.clear(keeping: 1 << 20)
            }
            drained += buffer.view.array
            #expect(largest > RDBEncoder.drainThreshold && largest < RDBEncoder.drainThreshold + 10_000)
            var decoder = RDBDecoder(limits: limits)
            try drained.withView { bytes throws(PersistenceError) in
                let read = try decoder.decode(RDBType(entry), bytes, key: key, expiry: nil)
                #expect(Contents(read) == Contents(entry))
                read.destroyLoaded()
            }
        }
    }
}
