import Keyspace
import Primitives

/// What the file of a snapshot consists of, in the form in which it is written: records of an RDB file, or commands.
struct SnapshotEncoder: ~Copyable {
    private let options: Snapshot.Options
    private var records: RDBEncoder
    private var commands = CommandEncoder()
    /// The database of the last entry; -1 before the first.
    private var database = -1

    init(_ options: Snapshot.Options) {
        self.options = options
        records = RDBEncoder(compresses: options.compresses)
    }

    /// Adds what comes before all entries.
    ///
    /// - Parameters:
    ///   - counts: of each database.
    ///   - describesValues: whether fields may follow.
    mutating func appendHead(
        _ counts: [(keys: Int, expiring: Int, fieldExpiring: Int)], memory: Int, describesValues: Bool,
        to buffer: inout ByteBuffer
    ) {
        let now = Clock.wallMilliseconds()
        guard options.format == .rdb else {
            if options.hasTimestamp { LogTimestamp.append(seconds: now / 1000, to: &buffer) }
            return
        }
        let version = counts.contains { $0.fieldExpiring > 0 } ? RDB.fieldExpiryVersion : RDB.version
        records.appendHeader(version: version, to: &buffer)
        records.appendOrigin(
            server: options.version, time: now, memory: memory, isBase: options.isBase, to: &buffer)
        if describesValues { records.appendAuxiliary(ByteView(RDB.graphField), ByteView("1"), to: &buffer) }
        for (database, count) in counts.enumerated() where count.keys > 0 {
            select(database, to: &buffer)
            records.appendSizes(keys: count.keys, expiring: count.expiring, to: &buffer)
        }
    }

    /// Says which database the next entry is of.
    mutating func select(_ database: Int, to buffer: inout ByteBuffer) {
        guard database != self.database else { return }
        self.database = database
        switch options.format {
        case .rdb: records.appendDatabase(database, to: &buffer)
        case .aof: buffer.appendSelect(database)
        }
    }

    /// Adds a field of the next entry.
    mutating func appendField(_ name: StaticString, _ value: ByteView, to buffer: inout ByteBuffer) {
        switch options.format {
        case .rdb: records.appendAuxiliary(ByteView(name), value, to: &buffer)
        case .aof: LogField.append(name, value, to: &buffer)
        }
    }

    /// Adds an entry.
    @inline(__always)
    mutating func append(_ entry: Entry, to buffer: inout ByteBuffer) {
        switch options.format {
        case .rdb: records.appendRecord(entry, to: &buffer)
        case .aof: commands.append(entry, to: &buffer)
        }
    }

    /// Says which database an entry is of whose parts go to a buffer of their own.
    mutating func beginParts(of database: Int, to buffer: inout ByteBuffer) {
        self.database = -1
        select(database, to: &buffer)
        // What follows says anew where it belongs.
        self.database = -1
    }

    /// Adds the next part of an entry, of as many bytes as it takes for the buffer to hold `limit`; returns whether it was the
    /// last.
    mutating func appendPart(
        of entry: Entry, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        switch options.format {
        case .rdb: records.appendPart(of: entry, &progress, to: &buffer, limit: limit)
        case .aof: commands.appendPart(of: entry, &progress, to: &buffer, limit: limit)
        }
    }

    /// Adds what comes behind all entries, but for the checksum.
    func appendEnd(to buffer: inout ByteBuffer) {
        if options.format == .rdb { records.appendEnd(to: &buffer) }
    }

    /// Adds the checksum of all bytes of the file.
    func appendChecksum(_ checksum: UInt64, to buffer: inout ByteBuffer) {
        if options.format == .rdb { records.appendChecksum(options.hasChecksum ? checksum : 0, to: &buffer) }
    }
}
