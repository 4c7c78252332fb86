import Glibc
import Keyspace
import Persistence
import Primitives
import TestSupport
import Testing

/// Random damage to random values. `scripts/fuzz` does the same for as long as one likes, with another seed each time.
@Suite("Damaged values at random")
struct RDBFuzzTests {
    @Test("no value does harm, wherever it is damaged")
    func damagedValues() {
        let seconds = getenv("FRESHET_FUZZ_SECONDS").flatMap { Int(String(cString: $0)) }
        var seed: UInt64 = seconds == nil ? 1 : UInt64(time(nil)) << 20
        let end = time(nil) + (seconds ?? 0)
        var counts = (all: 0, read: 0)
        repeat {
            seed += 1
            Self.round(seed, &counts)
        } while seconds != nil && time(nil) < end
        // Most damage is found; some only makes another value.
        #expect(counts.read > 0 && counts.read < counts.all / 2)
        if seconds != nil { print("fuzz: \(counts.all) damaged values, of which \(counts.read) could be read") }
    }

    private static func round(_ seed: UInt64, _ counts: inout (all: Int, read: Int)) {
        var random = SeededGenerator(seed)
        var values = RandomValues(seed)
        for (type, body) in samples(&values) where !body.isEmpty {
            for _ in 0..<20 {
                let type = random.oneIn(20) ? UInt8(random.below(26)) : type
                counts.all += 1
                if HostileValue.use(type, damaged(body, &random)) { counts.read += 1 }
            }
        }
    }

    private static func samples(_ values: inout RandomValues) -> [(UInt8, [UInt8])] {
        var samples = OldEncodings.samples.map { ($0.type, $0.body) }
        var encoder = RDBEncoder()
        for longest in [5, 5, 5, 5, 5, 5, 20, 20, 20, 20, 80, 80] {
            values.longest = longest
            let entry = Array("k".utf8).withView { values.entry($0) }
            encoder.compresses = samples.count % 2 == 0
            var buffer = ByteBuffer()
            encoder.appendValue(entry, to: &buffer)
            samples.append((RDBType(entry).rawValue, buffer.view.array))
            entry.destroyLoaded()
        }
        return samples
    }

    /// The same with one to four bytes changed, put in or taken out.
    private static func damaged(_ body: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var body = body
        for _ in 0...random.below(4) {
            let index = random.below(body.count)
            switch random.below(6) {
            case 0: body[index] = UInt8(truncatingIfNeeded: random.next())
            case 1: body[index] ^= 1 << UInt8(random.below(8))
            case 2: body[index] = random.pick([0, 1, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xC3, 0xE0, 0xF0, 0xF4, 0xFE, 0xFF])
            case 3: body.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
            case 4: if body.count > 1 { body.remove(at: index) }
            default: body[index] &+= random.pick([1, 255])
            }
        }
        return body
    }
}
