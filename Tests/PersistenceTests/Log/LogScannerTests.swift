import Persistence
import Primitives
import TestSupport
import Testing

@Suite("Log scanner")
struct LogScannerTests {
    /// The parts of a log that has all that one can have.
    private static let parts = [
        "#TS:1700000000\r\n", command("SELECT", "0"), command("SET", "key", "value"), command("DEL", "key"),
        command("MULTI"), command("INCR", "a"), command("SELECT", "3"), command("INCR", "b"), command("EXEC"),
        "#TS:1700000001\r\n", command("SET", "long", String(repeating: "x", count: 150)), command("SET", "empty", ""),
        command("multi"), command("DECR", "a"), "#TS:1700000002\r\n", command("exec"), command("SET", "last", "1"),
    ]
    private static let text = Array(parts.joined().utf8)

    /// Where a cut at any place of the log goes: behind the last whole part that is no part of an open transaction.
    private static let cuts: [Int] = {
        var cuts: [Int] = []
        var kept = 0
        var position = 0
        var isOpen = false
        for part in parts {
            cuts += Array(repeating: kept, count: part.utf8.count)
            position += part.utf8.count
            if part == command("MULTI") || part == command("multi") { isOpen = true }
            if part == command("EXEC") || part == command("exec") { isOpen = false }
            if !isOpen { kept = position }
        }
        return cuts + [kept]
    }()

    private let folder = TemporaryFolder()

    private func scanned(_ bytes: [UInt8], blockSize: Int = LogScanner.blockSize) throws -> ScanResult {
        try scan(folder.write("log", bytes), blockSize: blockSize)
    }

    @Test("all commands and annotations are read, however small the blocks", arguments: [1, 2, 7, 64, 4096])
    func blocks(blockSize: Int) throws {
        let result = try scanned(Self.text, blockSize: blockSize)
        #expect(result.ending == .end)
        #expect(result.commands == Array(Self.parts.filter { !$0.hasPrefix("#") }.joined().utf8))
        #expect(result.annotations == ["#TS:1700000000", "#TS:1700000001", "#TS:1700000002"])
        #expect(result.commandsEnd == Int64(Self.text.count))
    }

    @Test("an empty file has an end, and so has one that is read from its end")
    func empty() throws {
        #expect(try scanned([]) == ScanResult())
        #expect(try scan(folder.write("log", Self.text), from: Int64(Self.text.count)) == ScanResult())
        #expect(throws: PersistenceError.self) { try scan(folder.path("log"), from: 100_000) }
    }

    @Test("reading begins behind a snapshot")
    func behindSnapshot() throws {
        let path = folder.write("log", Array("REDIS0011snapshot".utf8) + Self.text)
        #expect(try LogScanner.startsWithSnapshot(FileSystem().open(path, .reading)))
        let result = try scan(path, from: 17)
        #expect(result.ending == .end)
        #expect(result.commandsEnd == Int64(17 + Self.text.count))
        #expect(try !LogScanner.startsWithSnapshot(FileSystem().open(folder.write("log", Self.text), .reading)))
    }

    @Test("every truncation is cut behind the last whole command or transaction", arguments: [3, 4096])
    func truncations(blockSize: Int) throws {
        for length in 0..<Self.text.count {
            let kept = Self.cuts[length]
            let result = try scanned(Array(Self.text[0..<length]), blockSize: blockSize)
            if kept == length {
                #expect(result.ending == .end, "\(length)")
            } else if case .cut(let offset, _) = result.ending {
                #expect(offset == Int64(kept), "\(length)")
            } else {
                Issue.record("\(length): \(result.ending)")
            }
        }
    }

    @Test("zeros that were never written are cut as if the file ended there")
    func zeros() throws {
        for length in 0..<Self.text.count {
            let result = try scanned(Array(Self.text[0..<length]) + [UInt8](repeating: 0, count: 300))
            guard case .cut(let offset, _) = result.ending else {
                Issue.record("\(length): \(result.ending)")
                continue
            }
            #expect(offset == Int64(Self.cuts[length]), "\(length)")
        }
        #expect(
            try scanned(Self.text + [UInt8](repeating: 0, count: 70000)).ending
                == .cut(Int64(Self.text.count), .zeros))
        #expect(try scanned(Self.text + [0, 0, 1]).isDamage)
    }

    @Test("every flipped bit leaves a readable log, damage, or a cut of what is last, and keeps all before it")
    func flips() throws {
        let lastStart = Self.text.count - Array((Self.parts.last ?? "").utf8).count
        for index in Self.text.indices {
            for bit in 0..<8 {
                var bytes = Self.text
                bytes[index] ^= 1 << bit
                let result = try scanned(bytes)
                let kept: Int64
                switch result.ending {
                case .end: continue
                case .cut(let offset, _):
                    kept = offset
                    // Only what is last may look like an interruption, and a transaction whose end is not one any more.
                    #expect(index >= lastStart || result.ending == .cut(offset, .transaction), "\(index) bit \(bit)")
                case .damage(let offset, let intact):
                    kept = intact
                    #expect(offset >= intact && offset <= Int64(bytes.count), "\(index) bit \(bit)")
                }
                let whole = Int64(Self.cuts[index])
                #expect(kept >= whole, "\(index) bit \(bit)")
            }
        }
    }

    @Test("a length that leads behind the end is damage where whole commands follow")
    func changedLength() throws {
        let before = command("SET", "a", "1")
        let changed = "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$999999\r\n2\r\n"
        let after = command("SET", "c", "3") + command("SET", "d", "4")
        #expect(
            try scanned(Array((before + changed + after).utf8)).ending
                == .damage(Int64(before.utf8.count), intact: Int64(before.utf8.count)))
        // Also where the end of the file was lost.
        #expect(try scanned(Array((before + changed + after).utf8.dropLast(5))).isDamage)
        #expect(
            try scanned(Array((before + changed).utf8)).ending == .cut(Int64(before.utf8.count), .command))
    }

    @Test(
        "what nobody writes is damage",
        arguments: [
            "*0\r\n", "*-1\r\n", "*03\r\n", "* 3\r\n", "*3\n$3\r\n", "*1\r\n$-1\r\n", "*1\r\n$4\r\nPINGxx", "PING\r\n",
            "*1\r\n:4\r\n", "*1\r\n$04\r\nPING\r\n", "*3000000000\r\n", "*1\r\n$600000000\r\n", "*9999999999999\r\n",
            "*1\r\n$99999999999999999999\r\n", "#" + String(repeating: "x", count: 2000) + "\r\n",
            "*1\r\n$4\r\nEXEC\r\n",
        ])
    func damage(text: String) throws {
        let before = command("SET", "a", "1")
        let result = try scanned(Array((before + text + before).utf8))
        #expect(result.isDamage)
        #expect(result.commands == Array(before.utf8))
    }

    @Test("a transaction within a transaction is damage, and what is before the first stays")
    func nested() throws {
        let before = command("SET", "a", "1")
        let text = before + command("MULTI") + command("INCR", "a") + command("MULTI")
        let result = try scanned(Array(text.utf8))
        #expect(result.isDamage)
        guard case .damage(_, let intact) = result.ending else { return }
        #expect(intact == Int64(before.utf8.count))
    }

    @Test("a command that is larger than many blocks comes whole")
    func large() throws {
        let value = String(repeating: "0123456789", count: 100_000)
        let text = command("SET", "a", "1") + command("SET", "big", value) + command("SET", "b", "2")
        let result = try scanned(Array(text.utf8), blockSize: 4096)
        #expect(result.ending == .end)
        #expect(result.commands == Array(text.utf8))
    }

    @Test("generated logs are read whole, in any blocks, and cut right anywhere")
    func generated() throws {
        for seed in UInt64(0)..<20 {
            var generator = SeededGenerator(seed)
            var text: [UInt8] = []
            var cuts: [Int] = [0]
            var isOpen = false
            for _ in 0..<60 {
                switch generator.below(10) {
                case 0: text += "#TS:\(1_700_000_000 + generator.below(1000))\r\n".utf8
                case 1:
                    text += command(isOpen ? "EXEC" : "MULTI").utf8
                    isOpen.toggle()
                default:
                    let value = (0..<generator.below(generator.oneIn(8) ? 5000 : 40)).map { _ in
                        generator.pick(Array("\r\n*$#0123456789abc".unicodeScalars))
                    }
                    text += command("SET", "key", String(String.UnicodeScalarView(value))).utf8
                }
                if !isOpen { cuts.append(text.count) }
            }
            let blockSize = 1 + generator.below(300)
            for _ in 0..<20 {
                let length = generator.below(text.count + 1)
                let kept = cuts.last { $0 <= length } ?? 0
                let result = try scanned(Array(text[0..<length]), blockSize: blockSize)
                switch result.ending {
                case .end: #expect(kept == length, "seed \(seed) length \(length)")
                case .cut(let offset, _): #expect(offset == Int64(kept), "seed \(seed) length \(length)")
                case .damage: Issue.record("seed \(seed) length \(length): \(result.ending)")
                }
            }
        }
    }
}
