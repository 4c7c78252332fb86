import Keyspace
import Primitives

/// Reads a snapshot from its start to its end: decodes every value, as a server that loads it would, and throws it away.
public struct SnapshotCheck: ~Copyable {
    private let file: MappedFile
    private let path: String
    private let biggest: Int
    /// What has been read.
    public private(set) var summary = SnapshotSummary()
    /// Where the snapshot ends, once it was read; what follows is not part of it.
    public private(set) var end: Int64 = 0

    /// Bytes after which progress is told, and memory given back.
    private static let portion = 4 << 20

    /// - Parameter biggest: how many of the biggest keys are remembered.
    public init(_ path: String, biggest: Int) throws(PersistenceError) {
        file = try MappedFile(path: path)
        self.path = path
        self.biggest = biggest
    }

    /// Bytes of the file.
    public var size: Int64 { Int64(file.bytes.count) }

    /// Reads all of it.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970, at which keys may have expired.
    ///   - progress: told now and then how many bytes have been read.
    /// - Throws: what is damaged, with its place and its key; `summary` then tells what comes before.
    public mutating func run(
        now: Int64 = Clock.wallMilliseconds(), progress: (Int64) -> Void = { _ in }
    ) throws(PersistenceError) {
        var reader: RDBFileReader
        do throws(PersistenceError) {
            reader = try RDBFileReader(file.bytes)
        } catch {
            throw PersistenceError("\(path): \(error.description)")
        }
        summary.version = reader.version
        var decoder = RDBDecoder()
        var last: RDBRecord?
        var told = 0
        while let item = try next(&reader, behind: last) {
            switch item {
            case .record(let record):
                try add(record, &decoder, fileBytes: reader.offset - record.offset, now)
                last = record
            case .auxiliary(let name, let value): summary.fields.append((name.string, value.string))
            case .function: summary.functions += 1
            case .sizes: break
            }
            if reader.offset - told >= Self.portion {
                file.release(told..<reader.offset)
                told = reader.offset
                progress(Int64(told))
            }
        }
        end = Int64(reader.offset)
    }

    private func next(_ reader: inout RDBFileReader, behind last: RDBRecord?) throws(PersistenceError) -> RDBItem? {
        do throws(PersistenceError) {
            return try reader.next()
        } catch {
            let place = last.map { ", behind the key \(Self.name($0)) of database \($0.database)" } ?? ""
            throw PersistenceError("\(path): \(error.description)\(place)")
        }
    }

    /// Decodes a record and counts it.
    private mutating func add(
        _ record: RDBRecord, _ decoder: inout RDBDecoder, fileBytes: Int, _ now: Int64
    ) throws(PersistenceError) {
        let entry: Entry
        do throws(PersistenceError) {
            entry = try decoder.decode(record)
        } catch {
            throw PersistenceError(
                "\(path): \(error.description), key \(Self.name(record)) of database \(record.database)")
        }
        defer { entry.destroyLoaded() }
        let memory = entry.memoryUsage
        let elements = entry.elementCount
        let index = Int(entry.type.rawValue)
        summary.byType[index].keys += 1
        summary.byType[index].elements += elements
        summary.byType[index].memory += memory
        summary.byType[index].fileBytes += fileBytes
        if entry.hasExpiry { summary.byType[index].expiring += 1 }
        if entry.isExpired(at: now) { summary.byType[index].expired += 1 }
        summary.databases[record.database, default: 0] += 1
        guard biggest > 0 else { return }
        summary.rank(
            biggest, memory: memory,
            SnapshotSummary.Key(
                database: record.database, name: entry.key.array, type: entry.type, elements: elements, memory: memory))
    }

    /// The quoted name of a record's key.
    private static func name(_ record: RDBRecord) -> String {
        var reader = RDBReader(record.key)
        var scratch = ByteBuffer()
        guard let name = try? reader.readString(into: &scratch) else { return "that cannot be read" }
        let shown = name.count > 200 ? name[0..<200] : name
        return String(decoding: quotedText(shown), as: UTF8.self) + (shown.count < name.count ? "..." : "")
    }
}

extension Entry {
    /// Elements of an aggregate, one for a string.
    fileprivate var elementCount: Int {
        switch type {
        case .string: 1
        case .list: aggregate(ListValue.self).count
        case .set: aggregate(SetValue.self).count
        case .sortedSet: aggregate(SortedSetValue.self).count
        case .hash: aggregate(HashValue.self).count
        case .stream: aggregate(StreamValue.self).count
        }
    }
}
