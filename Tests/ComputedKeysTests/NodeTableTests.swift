import TestSupport
import Testing

@testable import ComputedKeys

/// The table of nodes beside a dictionary that says what it should hold.
@Suite struct NodeTableTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func holdsWhatADictionaryHolds(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        let table = NodeTable()
        var hashes: [UInt32: UInt64] = [:]
        var nodes: [UInt32] = []
        let hashOf: (UInt32) -> UInt64 = { hashes[$0] ?? 0 }
        for step in 0..<20_000 {
            if nodes.isEmpty || random.below(step / 5000 % 2 == 0 ? 4 : 2) != 0 {
                let node = UInt32(step + 1)
                // Many nodes have one hash, or one home at the end of the table.
                let hash: UInt64 =
                    switch random.below(4) {
                    case 0: 7
                    case 1: UInt64(random.below(3)) | 0xFFFF_FFFF_0000_0000
                    default: random.next()
                    }
                hashes[node] = hash
                nodes.append(node)
                table.insert(node, hash, hashOf: hashOf)
            } else {
                nodes.swapAt(random.below(nodes.count), nodes.count - 1)
                let node = nodes.removeLast()
                table.remove(node, hashes[node] ?? 0, hashOf: hashOf)
                let found = table.find(hashes[node] ?? 0) { $0 == node }
                #expect(found == 0, "seed \(seed) step \(step)")
            }
        }
        for node in nodes {
            let found = table.find(hashes[node] ?? 0) { $0 == node }
            #expect(found == node, "seed \(seed)")
        }
        var all: [UInt32] = []
        table.forEach { all.append($0) }
        #expect(all.sorted() == nodes.sorted(), "seed \(seed)")
    }

    @Test func findsNothingInAnEmptyTable() {
        let table = NodeTable()
        #expect(table.find(1) { _ in true } == 0)
        #expect(table.memoryUsage == 0)
    }
}
