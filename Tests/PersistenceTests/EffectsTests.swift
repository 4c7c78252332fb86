import Keyspace
import Persistence
import Primitives
import Testing

/// Remembers what the commit log was told.
private final class Recorder: CommitLog, @unchecked Sendable {
    var units: [(database: Int, text: String)] = []

    func append(_ effects: borrowing Effects) -> UInt64 {
        units.append((effects.firstDatabase, String(decoding: effects.text.view.array, as: UTF8.self)))
        return 0
    }
}

@Suite("Effects")
struct EffectsTests {
    @Test("a key that has expired is removed in the log too")
    func expiredKeysAreRemoved() {
        let keyspace = Keyspace(databases: 2, workers: 1)
        let recorder = Recorder()
        keyspace.commitLog = recorder
        keyspace.isLogging = true
        let statistics = UnsafeMutablePointer<AccessStatistics>.allocate(capacity: 1)
        statistics.initialize(to: AccessStatistics())
        defer {
            statistics.deinitialize(count: 1)
            statistics.deallocate()
        }
        var access = Access(keyspace: keyspace, statistics: statistics, worker: 0)
        access.database = 1
        access.now = 1000
        keyspace.lock(.all)
        access.held = .all
        Array("key".utf8).withView { name in
            access.setString(Key(name), name, expiry: .at(1500))
            access.commit()
            #expect(recorder.units.isEmpty)
            access.now = 2000
            #expect(access.read(Key(name)) == nil)
            access.commit()
        }
        keyspace.unlock(.all)
        #expect(recorder.units.map(\.database) == [1])
        #expect(recorder.units.map(\.text) == ["*2\r\n$3\r\nDEL\r\n$3\r\nkey\r\n"])
    }
}
