import Primitives
import Testing

@testable import Keyspace

/// How large values get into a snapshot while others are served.
@Suite struct PartialSavingTests {
    private let door = Door()
    private let recorder = SnapshotRecorder()

    /// Puts a large value at a key.
    private func fill(_ key: String, database: Int = 0) {
        door.access.database = database
        let value = [UInt8](repeating: 1, count: 1_100_000)
        var hash = HashValue.make()
        value.withView { bytes in
            "f".utf8.map { $0 }.withView { _ = hash.set($0, bytes, now: 0, limits: HashLimits()) }
        }
        door.with(key) { $0.adopt($1, .loaded($1.bytes, hash, expiry: nil), event: .set) }
        door.access.commit()
        door.access.database = 0
    }

    private func isToBeSavedAhead(_ key: String) -> Bool {
        door.with(key) { $0.keyspace.isToBeSavedAhead($1, database: 0) }
    }

    private func saveAhead(_ key: String) -> Bool {
        door.with(key) { $0.keyspace.saveAhead($1, database: 0) }
    }

    private func shard(_ key: String) -> Int { door.with(key) { Keyspace.shardIndex($1.hash) } }

    /// Lets the walk look at a key's shard once.
    private func look(at key: String) -> Bool {
        door.keyspace.saveSlice(shard: shard(key), database: 0, limit: 64)
    }

    private func finish() {
        repeat {
            for database in 0..<4 {
                for shard in 0..<ShardSet.shardCount {
                    while door.keyspace.saveSlice(shard: shard, database: database, limit: 64) {
                        door.keyspace.saveNextPart()
                    }
                }
            }
            while door.keyspace.saveUnsavedPart() {}
        } while !door.keyspace.endSnapshot()
    }

    @Test func theWalkTakesALargeValueInParts() {
        fill("large")
        door.keyspace.beginSnapshot(recorder)
        for _ in 0..<SnapshotRecorder.partCount {
            #expect(recorder.saved == [])
            #expect(look(at: "large"))
        }
        #expect(recorder.saved == ["0:large+++"])
        #expect(!look(at: "large"))
        finish()
        #expect(recorder.saved == ["0:large+++"])
    }

    @Test func whoeverWaitsForAValueSavesItInTurnWithTheWalk() {
        fill("large")
        #expect(!isToBeSavedAhead("large"))
        door.keyspace.beginSnapshot(recorder)
        #expect(isToBeSavedAhead("large"))
        #expect(!isToBeSavedAhead("absent"))
        #expect(!saveAhead("large"))
        #expect(look(at: "large"))
        #expect(saveAhead("large"))
        #expect(!isToBeSavedAhead("large"))
        #expect(recorder.saved == ["0:large+++"])
        finish()
    }

    @Test func whoeverDoesNotWaitSavesAllThatIsLeft() {
        fill("large")
        door.keyspace.beginSnapshot(recorder)
        #expect(look(at: "large"))
        #expect(door.remove("large"))
        #expect(recorder.saved == ["0:large+++"])
        finish()
        #expect(recorder.saved == ["0:large+++"])
    }

    @Test func oneValueIsSavedAfterTheOther() {
        fill("a")
        fill("b")
        door.keyspace.beginSnapshot(recorder)
        #expect(!saveAhead("a"))
        // Whoever waits for the second helps the first.
        #expect(!saveAhead("b"))
        #expect(!saveAhead("b"))
        #expect(recorder.saved == ["0:a+++"])
        while !saveAhead("b") {}
        #expect(recorder.saved == ["0:a+++", "0:b+++"])
        finish()
    }

    @Test func aValueThatIsChangedWhileAnotherIsSavedGoesInWhole() {
        fill("a")
        fill("b")
        door.keyspace.beginSnapshot(recorder)
        #expect(!saveAhead("a"))
        #expect(door.remove("b"))
        finish()
        #expect(recorder.saved == ["0:b", "0:a+++"])
    }

    @Test(arguments: [true, false]) func valuesOfDatabasesThatAreFlushedOrSwappedMeanwhileAreComplete(_ isFlushed: Bool)
    {
        for key in ["a", "b"] { fill(key) }
        fill("a", database: 1)
        door.keyspace.beginSnapshot(recorder)
        #expect(!saveAhead("a"))
        if isFlushed { door.access.flush(database: 0) } else { door.access.swap(0, 1) }
        door.keyspace.saveNextPart()
        finish()
        #expect(recorder.saved.first == "0:a+++")
        #expect(recorder.saved.sorted() == ["0:a+++", "0:b+++", "1:a+++"])
    }

    @Test func afterOneThatWasGivenUpTheNextIsComplete() {
        fill("a")
        fill("b")
        door.keyspace.beginSnapshot(recorder)
        #expect(!saveAhead("a"))
        door.keyspace.abandonSnapshot()
        #expect(!isToBeSavedAhead("b"))
        finish()
        let next = SnapshotRecorder()
        door.keyspace.beginSnapshot(next)
        finish()
        #expect(recorder.saved == [])
        #expect(next.saved.sorted() == ["0:a+++", "0:b+++"])
    }
}
