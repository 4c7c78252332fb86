import TestSupport
import Testing

@testable import ComputedKeys

@Suite struct EdgePoolTests {
    @Test(arguments: [6, 7] as [UInt64])
    func runsNeverOverlap(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        var pool = EdgePool()
        var runs: [(run: UInt32, length: Int)] = []
        var count = 0
        for step in 0..<3000 {
            if runs.isEmpty || random.below(5) != 0 {
                let length = 1 + random.below([3, 64, 70, 1000][random.below(4)])
                guard let run = pool.allocate(length) else {
                    Issue.record("nothing left")
                    return
                }
                for edge in run..<run + UInt32(length) { pool.pointer(edge).pointee.dependent = UInt32(step) }
                runs.append((run, length))
                count += length
            } else {
                runs.swapAt(random.below(runs.count), runs.count - 1)
                let (run, length) = runs.removeLast()
                let owner = pool.pointer(run).pointee.dependent
                #expect(
                    (run..<run + UInt32(length)).allSatisfy { pool.pointer($0).pointee.dependent == owner },
                    "seed \(seed) step \(step)")
                pool.free(run, length)
                count -= length
            }
        }
        #expect(pool.count == count)
    }

    @Test func aGrowingRunUsesWhatItHasFreed() {
        var pool = EdgePool()
        for length in 1...20_000 {
            guard let run = pool.allocate(length) else {
                Issue.record("nothing left")
                return
            }
            pool.free(run, length)
        }
        #expect(pool.count == 0)
        // Some times the longest, not the sum of all.
        #expect(pool.memoryUsage < 20_000 * 16 * 20)
    }

    @Test func endsOfChunksAreUsed() {
        var pool = EdgePool()
        let large = EdgePool.maximumRun - 100
        #expect(pool.allocate(large) != nil)
        // Does not fit into the first chunk, whose end is kept for shorter runs.
        #expect(pool.allocate(EdgePool.maximumRun) != nil)
        #expect(pool.allocate(EdgePool.maximumRun) != nil)
        let usage = pool.memoryUsage
        for length in stride(from: EdgePool.maximumRun, to: EdgePool.maximumRun - 3, by: -1) {
            guard let run = pool.allocate(length) else {
                Issue.record("nothing left")
                return
            }
            pool.pointer(run + UInt32(length) - 1).pointee.next = 1
            pool.free(run, length)
        }
        #expect(pool.memoryUsage <= usage + EdgePool.maximumRun * 16 * 2)
    }
}
