import Primitives
import TestSupport
import Testing

@testable import ComputedKeys

@Suite struct NameArenaTests {
    private func name(_ count: Int, _ seed: Int = 0) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count &+ seed) }
    }

    @Test func keepsNamesOfEveryLength() {
        var arena = NameArena()
        let lengths = Array(0...300) + [65_535, 65_536, 1 << 20]
        let references = lengths.map { count in name(count).withView { arena.insert($0) } }
        for (count, reference) in zip(lengths, references) { #expect(arena.view(reference).array == name(count)) }
    }

    @Test func usesFreedRoomAgain() {
        var arena = NameArena()
        var usage = 0
        for round in 0..<50 {
            var references: [UInt32] = []
            for count in 0...300 { references.append(name(count, round).withView { arena.insert($0) }) }
            for (count, reference) in references.enumerated() {
                #expect(arena.view(reference).array == name(count, round))
            }
            for reference in references { arena.remove(reference) }
            if round == 0 { usage = arena.memoryUsage }
        }
        #expect(arena.memoryUsage == usage)
    }

    @Test(arguments: [4, 5] as [UInt64])
    func holdsWhatADictionaryHolds(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        var arena = NameArena()
        var names: [UInt32: [UInt8]] = [:]
        for step in 0..<5000 {
            if names.isEmpty || random.below(3) != 0 {
                let bytes = name(random.below(random.below(10) == 0 ? 2000 : 260), step)
                let reference = bytes.withView { arena.insert($0) }
                #expect(names.updateValue(bytes, forKey: reference) == nil, "seed \(seed)")
            } else if let reference = names.keys.randomElement(using: &random) {
                #expect(arena.view(reference).array == names.removeValue(forKey: reference), "seed \(seed)")
                arena.remove(reference)
            }
        }
        for (reference, bytes) in names { #expect(arena.view(reference).array == bytes, "seed \(seed)") }
    }
}
