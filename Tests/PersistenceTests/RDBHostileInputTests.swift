import Keyspace
import Persistence
import Primitives
import TestSupport
import Testing

/// What comes from outside is refused or decoded, whatever it is; what is decoded can be used.
@Suite("Damaged values")
struct RDBHostileInputTests {
    /// Values with their types, as they are written: of every type and encoding, the old ones too.
    static let samples: [(name: String, type: UInt8, body: [UInt8])] = {
        var samples = OldEncodings.samples.map { (name: $0.name, type: $0.type, body: $0.body) }
        var values = RandomValues(7)
        values.longest = 12
        var encoder = RDBEncoder()
        let entries = Array("k".utf8).withView { key -> [Entry] in
            [
                .loaded(key, values.list(3), expiry: nil), .loaded(key, values.list(40), expiry: nil),
                .loaded(key, values.set(4, integers: true), expiry: nil),
                .loaded(key, values.set(20, integers: false), expiry: nil),
                .loaded(key, values.sortedSet(4), expiry: nil), .loaded(key, values.sortedSet(20), expiry: nil),
                .loaded(key, values.hash(3, expiring: false), expiry: nil),
                .loaded(key, values.hash(3, expiring: true), expiry: nil),
                .loaded(key, values.hash(30, expiring: true), expiry: nil), .loaded(key, values.stream(4), expiry: nil),
                .loaded(key, values.stream(12), expiry: nil),
            ]
        }
        for entry in entries {
            var buffer = ByteBuffer()
            encoder.appendValue(entry, to: &buffer)
            samples.append((name: "\(RDBType(entry))", type: RDBType(entry).rawValue, body: buffer.view.array))
            entry.destroyLoaded()
        }
        samples.append(("set in a listpack", 20, OldEncodings.string([11, 0, 0, 0, 2, 0, 1, 1, 2, 1, 0xFF])))
        samples.append(("hash of a candidate", 22, [1, 9] + OldEncodings.string("f") + OldEncodings.string("v")))
        return samples
    }()

    @Test("what is whole is read")
    func whole() {
        for sample in Self.samples { #expect(HostileValue.use(sample.type, sample.body), "\(sample.name)") }
    }

    @Test("no value is read that is cut off, or has something behind it")
    func truncations() {
        for sample in Self.samples {
            for count in 0..<sample.body.count {
                #expect(
                    !HostileValue.use(sample.type, Array(sample.body.prefix(count))), "\(sample.name), \(count) bytes")
            }
            #expect(!HostileValue.use(sample.type, sample.body + [0]), "\(sample.name)")
        }
    }

    @Test("a byte that is another one does no harm")
    func flips() {
        var random = SeededGenerator(3)
        for sample in Self.samples {
            for index in sample.body.indices {
                var others: [UInt8] = [0, 1, 0x7F, 0x80, 0x81, 0xC3, 0xFE, 0xFF]
                others += (0..<4).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                for byte in others {
                    var body = sample.body
                    body[index] = byte
                    HostileValue.use(sample.type, body)
                }
            }
        }
    }

    @Test("every value is harmless as one of any other type")
    func exchangedTypes() {
        for sample in Self.samples {
            for type in UInt8(0)...30 where type != sample.type { HostileValue.use(type, sample.body) }
        }
    }

    @Test("lengths that lie take no memory")
    func lyingLengths() {
        let huge: [[UInt8]] = [
            [0x81] + [UInt8](repeating: 0xFF, count: 8), [0x80, 0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF],
        ]
        for type in UInt8(0)...25 {
            for length in huge {
                #expect(!HostileValue.use(type, length))
                #expect(!HostileValue.use(type, length + [1, 2, 3, 4, 5, 6, 7, 8, 9]))
                #expect(!HostileValue.use(type, [0xC3] + length + length + [0, 0x61, 0xE0, 0, 0]))
                #expect(!HostileValue.use(type, [0xC3, 5] + length + [0, 0x61, 0xE0, 0, 0]))
            }
        }
    }

    @Test(
        "what Redis never writes is refused",
        arguments: [
            ("an empty list", 1, [0]), ("an empty set", 2, [0]), ("an empty sorted set", 5, [0]),
            ("an empty hash", 4, [0]),
            ("a member twice", 2, [2, 1, 0x61, 1, 0x61]), ("a field twice", 4, [2, 1, 0x61, 0, 1, 0x61, 0]),
            ("a member of a sorted set twice", 3, [2, 1, 0x61, 1, 0x31, 1, 0x61, 1, 0x32]),
            ("a score that is no number", 3, [1, 1, 0x61, 253]),
            ("an empty listpack", 16, [7, 7, 0, 0, 0, 0, 0, 0xFF]),
            ("an intset out of order", 11, [12, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0]),
            ("a module", 7, [0x81, 1, 2, 3, 4, 5, 6, 7, 8, 0]), ("an unknown form of a string", 0, [0xC4, 0]),
        ] as [(String, UInt8, [UInt8])])
    func refused(what: String, type: UInt8, body: [UInt8]) {
        #expect(!HostileValue.use(type, body), "\(what)")
    }

    @Test("a module's value is refused by the module's name")
    func modules() {
        // "testtypeA" in six bits a letter, and version 3.
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let id = "testtypeA".reduce(UInt64(0)) { $0 << 6 | UInt64(letters.firstIndex(of: $1) ?? 0) } << 10 | 3
        let body = [0x81] + OldEncodings.word(id).reversed()
        body.withView { bytes in
            var decoder = RDBDecoder()
            let error = #expect(throws: PersistenceError.self) {
                try decoder.decode(.module, bytes, key: bytes, expiry: nil)
            }
            #expect(error?.description == "a value of the module type 'testtypeA', version 3")
        }
    }
}
