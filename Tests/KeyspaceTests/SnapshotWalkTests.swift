import Primitives
import Testing

@testable import Keyspace

/// What a snapshot is given while whole databases change: all that was there at the cut, each key once.
@Suite struct SnapshotWalkTests {
    private let door = Door()
    private let recorder = SnapshotRecorder()

    private func fill(_ database: Int, _ count: Int, _ value: String = "old") {
        door.access.database = database
        for key in 0..<count { door.set("k\(key)", value) }
    }

    private func expected(_ database: Int, _ count: Int, _ mark: String = "") -> [String] {
        (0..<count).map { "\(mark)\(database):k\($0)=old" }
    }

    /// Walks over databases as they are numbered now, and over some of their shards.
    private func walk(_ databases: Range<Int>, shards: Range<Int> = 0..<ShardSet.shardCount) {
        for database in databases {
            for shard in shards { while door.keyspace.saveSlice(shard: shard, database: database, limit: 4) {} }
        }
    }

    /// Walks until there is nothing left to do; how often it had to go round.
    @discardableResult
    private func finish() -> Int {
        var rounds = 0
        repeat {
            rounds += 1
            walk(0..<4)
            while door.keyspace.saveUnsavedPart() {}
        } while !door.keyspace.endSnapshot()
        return rounds
    }

    /// Every key counts as saved, so that the next snapshot is given all of them.
    private func expectNextToBeComplete(_ count: Int) {
        let next = SnapshotRecorder()
        door.keyspace.beginSnapshot(next)
        finish()
        #expect(next.saved.count == count)
        #expect(Set(next.saved).count == count)
    }

    @Test func databasesThatChangePlacesAreSavedUnderTheirOldNumbers() {
        fill(0, 10)
        fill(1, 1000)
        door.keyspace.beginSnapshot(recorder)
        walk(0..<1)
        walk(1..<2, shards: 0..<100)
        door.access.swap(0, 1)
        // Not walked over again: what is still to be saved is where the walk has been.
        walk(1..<4)
        fill(0, 1000, "new")
        #expect(finish() == 1)
        #expect(recorder.saved.sorted() == (expected(0, 10) + expected(1, 1000)).sorted())
        expectNextToBeComplete(1010)
    }

    @Test func aWalkGoesRoundForWhatWasPutBehindIt() {
        fill(0, 10)
        fill(3, 1000)
        door.keyspace.beginSnapshot(recorder)
        walk(0..<3)
        door.access.swap(0, 3)
        walk(3..<4)
        #expect(!door.keyspace.endSnapshot())
        finish()
        #expect(recorder.saved.sorted() == (expected(0, 10) + expected(3, 1000)).sorted())
        expectNextToBeComplete(1010)
    }

    @Test(arguments: [true, false]) func whatIsFlushedIsSavedBeforeItIsFreed(_ isSwapped: Bool) {
        fill(0, 1000)
        fill(2, 10)
        door.keyspace.beginSnapshot(recorder)
        walk(0..<1, shards: 0..<100)
        let walked = recorder.saved
        if isSwapped { door.access.swap(0, 1) }
        door.access.flush(database: isSwapped ? 1 : 0)
        fill(isSwapped ? 1 : 0, 1000, "new")
        finish()
        let flushed = Set(expected(0, 1000)).subtracting(walked).map { "!\($0)" }
        #expect(recorder.saved.sorted() == (walked + flushed + expected(2, 10)).sorted())
        expectNextToBeComplete(1010)
    }

    @Test func afterOneThatWasGivenUpTheNextIsComplete() {
        fill(0, 1000)
        fill(1, 10)
        door.keyspace.beginSnapshot(recorder)
        walk(0..<1, shards: 0..<100)
        door.keyspace.abandonSnapshot()
        let count = recorder.saved.count
        door.access.swap(0, 1)
        finish()
        #expect(recorder.saved.count == count)
        expectNextToBeComplete(1010)
    }
}
