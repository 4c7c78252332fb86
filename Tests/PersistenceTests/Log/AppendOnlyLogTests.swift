import Glibc
import Primitives
import TestSupport
import Testing

@testable import Keyspace
@testable import Persistence

@Suite("Append-only log")
struct AppendOnlyLogTests {
    private let folder = TemporaryFolder()
    private let log = AppendOnlyLog()

    private func open(_ name: String, isProvisional: Bool = false) throws {
        try log.open(
            FileSystem().open(folder.path(name), .replacing), FileSystem(), isProvisional: isProvisional)
    }

    /// Logs a command; returns its position.
    @discardableResult
    private func append(_ word: StaticString) -> UInt64 {
        var effects = Effects()
        effects.begin(database: 0, arguments: 1)
        effects.append(word)
        return log.append(effects)
    }

    private func text(_ name: String) -> String { String(decoding: folder.read(name) ?? [], as: UTF8.self) }

    private func waitUntilSynced(_ position: UInt64) -> Bool {
        log.requestSync(position)
        for _ in 0..<5000 where log.syncedPosition < position { usleep(1000) }
        return log.syncedPosition >= position
    }

    private static let select = command("SELECT", "0")

    @Test("nothing gets into a file before the one before it is on the disk")
    func nothingBeforeTheLastFile() throws {
        try open("first")
        append("ONE")
        log.write()
        #expect(text("first") == Self.select + command("ONE"))
        try open("second")
        let position = append("TWO")
        log.write()
        // No thread has synced the first one yet.
        #expect(text("second").isEmpty)
        try log.start()
        defer { log.stop() }
        #expect(waitUntilSynced(position))
        #expect(text("first") == Self.select + command("ONE"))
        #expect(text("second") == Self.select + command("TWO"))
        #expect(waitUntilSynced(append("THREE")))
        #expect(text("second") == Self.select + command("TWO") + command("THREE"))
    }

    @Test("a log that is settled has nothing left to be synced when the next file is opened")
    func settling() throws {
        try log.start()
        defer { log.stop() }
        for (name, word) in [("first", "ONE"), ("second", "TWO"), ("third", "THREE")] as [(String, StaticString)] {
            try log.settle()
            try open(name)
            append(word)
        }
        #expect(waitUntilSynced(log.appendedPosition))
        #expect(text("first") == Self.select + command("ONE"))
        #expect(text("second") == Self.select + command("TWO"))
        #expect(text("third") == Self.select + command("THREE"))
    }

    @Test("a file that cannot be written to its end is not left")
    func unwritten() throws {
        // Every write to it fails as on a full disk.
        try log.open(FileSystem().open("/dev/full", .appending), FileSystem())
        append("ONE")
        log.write()
        #expect(log.currentFailure == .write(ENOSPC))
        #expect(throws: PersistenceError.self) { try open("second") }
        #expect(log.bufferedBytes > 0)
        #expect(text("second").isEmpty)
    }

    @Test("what follows no base yet does not count as being on the disk")
    func provisional() throws {
        try log.start()
        defer { log.stop() }
        try open("first", isProvisional: true)
        let position = append("ONE")
        log.write()
        log.syncIfIdle(position)
        #expect(text("first") == Self.select + command("ONE"))
        #expect(log.syncedPosition == 0)
        #expect(log.isProvisional)
        log.noteBase()
        #expect(waitUntilSynced(position))
    }

    @Test("who waits for what was logged before a first base failed waits for the next one")
    func abandoned() throws {
        try log.start()
        defer { log.stop() }
        try open("first", isProvisional: true)
        let position = append("ONE")
        log.write()
        log.requestSync(position)
        log.abandon()
        try open("second", isProvisional: true)
        log.write()
        #expect(text("second").isEmpty)
        #expect(log.syncedPosition == 0)
        log.noteBase()
        #expect(waitUntilSynced(position))
    }

    @Test("a base makes up for what failed before it was begun, and for nothing later")
    func coveredFailures() throws {
        try open("first")
        log.fail(.sync(EIO))
        try open("second")
        log.fail(.sync(EIO))
        log.noteBase()
        #expect(log.currentFailure == .sync(EIO))
        try open("third")
        log.noteBase()
        #expect(log.currentFailure == nil)
    }

    @Test("what the file before lacks is no failure of the one that a new base comes with")
    func failureOfRetiredFile() throws {
        try open("first")
        try open("second")
        log.fail(.sync(EIO), isCovered: true)
        log.noteBase()
        #expect(log.currentFailure == nil)
        log.fail(.sync(EIO))
        log.fail(.sync(EIO), isCovered: true)
        log.noteBase()
        #expect(log.currentFailure == .sync(EIO))
    }

    @Test("what was wrong with a file is over when nothing is logged any more")
    func failureOfClosedLog() throws {
        try log.open(FileSystem().open("/dev/full", .appending), FileSystem())
        let position = append("ONE")
        log.write()
        #expect(log.currentFailure == .write(ENOSPC))
        #expect(throws: PersistenceError.self) { try log.close() }
        #expect(log.currentFailure == nil)
        #expect(log.bufferedBytes == 0)
        #expect(log.syncedPosition == position)
        try open("second")
        append("TWO")
        log.write()
        #expect(text("second") == Self.select + command("TWO"))
    }
}
