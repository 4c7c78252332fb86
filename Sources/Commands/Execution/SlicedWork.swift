import Keyspace
import Primitives

/// A computation over the values of keys that may take long, and is gone through in steps. It begins with the values as they
/// are, and they stay so until the last step: whether they have, the caller finds out.
protocol SlicedWork: AnyObject, Sendable {
    /// Whether keys may have values of a type; the call is refused where they have others.
    static func accepts(_ type: ValueType) -> Bool
    /// About how many elements are looked at in all.
    var effort: Int { get }
    /// Goes on by some hundreds of elements; returns whether there is more to do.
    func advance() -> Bool
}

/// A piece of work whose command waits for it: it goes on under the locks of its keys, a slice at a time, and ends where one
/// of their values has changed since the last. The command then begins anew.
///
/// Two things tell of changes: the keys are watched, and the values must be where they were, since a value may be rebuilt
/// without being changed.
final class WorkJob<Work: SlicedWork>: SlicedJob, @unchecked Sendable {
    /// Where a value lies.
    private struct Place: Equatable {
        let encoding: Encoding
        let storage: UnsafeMutableRawPointer
    }

    let work: Work
    private(set) var isDone = false
    /// How often the command has begun anew.
    let restarts: Int
    private let keys: [[UInt8]]
    private let database: Int
    private var shards = ShardSet()
    private let watch = WatchState()
    private let places: [Place?]

    /// Microseconds that a slice takes.
    private let slice: Int64 = 500

    /// Watches the keys, whose shards must be held.
    init(_ work: Work, keys: [[UInt8]], _ entries: [Entry?], restarts: Int, _ access: inout Access) {
        self.work = work
        self.keys = keys
        self.restarts = restarts
        database = access.database
        places = entries.map(Self.place)
        for key in keys {
            key.withView {
                let key = Key($0)
                shards.insert(Keyspace.shardIndex(key.hash))
                access.watch(key, watch)
            }
        }
    }

    private static func place(_ entry: Entry?) -> Place? {
        entry.map { Place(encoding: $0.encoding, storage: $0.valueAddress) }
    }

    func advance(_ access: inout Access) -> Bool {
        guard !isDone else { return true }
        access.keyspace.lock(shards)
        access.held = shards
        access.inDatabase(database) { access in
            let entries = keys.map { key in key.withView { access.peek(Key($0)) } }
            isDone = isStale(entries)
            let deadline = Clock.monotonicMicroseconds() + slice
            while !isDone, Clock.monotonicMicroseconds() < deadline { isDone = !work.advance() }
        }
        // A key may have been found to have expired.
        access.commit()
        access.held = ShardSet()
        access.keyspace.unlock(shards)
        return isDone
    }

    private func isStale(_ entries: [Entry?]) -> Bool { watch.isDirty || entries.map(Self.place) != places }

    /// Ends the watch of the keys, whose shards must be held; returns whether the work is of their present values.
    func end(_ entries: [Entry?], _ access: inout Access) -> Bool {
        let isGood = isDone && !isStale(entries)
        for key in keys { key.withView { access.endWatch(Key($0), watch) } }
        if !isGood { access.keyspace.releaseInBackground(work) }
        return isGood
    }

    func abandon(_ access: inout Access) {
        for key in keys { key.withView { access.unwatch(Key($0), database: database, watch) } }
        access.keyspace.releaseInBackground(work)
        isDone = true
    }
}

enum WorkLimits {
    /// Work of so many elements, about a millisecond, is done at once.
    static let inline = 20_000
    /// Bytes that are answered at once.
    static let inlineBytes = 1 << 20
    /// Steps that are done before a command waits: it may find early what it looks for.
    static let firstSteps = 8
    /// What has begun anew so often is done in one go.
    static let restarts = 3
}

extension Call {
    /// Does work on the values of the keys at `keys`: at once where that is little, and in a transaction; else the command
    /// waits while it is done in slices, and is then executed anew.
    ///
    /// - Parameter begin: is given the entries of the keys, in their order; nil where there is no such key.
    mutating func work<Work: SlicedWork>(
        on keys: Range<Int>, _ begin: ([Entry?]) -> Work
    ) throws(CommandError) -> Work {
        let counts = (access.statistics.pointee.hits.current, access.statistics.pointee.misses.current)
        let isResumed = session.pointee.suspension != nil
        let entries = try isResumed ? readAgain(Work.self, keys) : read(Work.self, keys)
        var restarts = 0
        if isResumed {
            // Only now is nothing thrown before the job is ended.
            let job = takeSuspension()?.job as? WorkJob<Work>
            if let job, job.end(entries, &access) { return job.work }
            restarts = (job?.restarts ?? 0) + 1
        }
        let work = begin(entries)
        let waits = mayWait && work.effort > WorkLimits.inline && restarts < WorkLimits.restarts
        var steps = waits ? WorkLimits.firstSteps : .max
        while work.advance() {
            steps -= 1
            guard steps == 0 else { continue }
            // They are counted when the command is executed.
            access.statistics.pointee.hits.set(counts.0)
            access.statistics.pointee.misses.set(counts.1)
            let names = keys.map { self[$0].array }
            throw suspend(Suspension(job: WorkJob(work, keys: names, entries, restarts: restarts, &access)))
        }
        return work
    }

    /// The entries of keys, all of types that the work accepts.
    mutating func read<Work: SlicedWork>(_: Work.Type, _ keys: Range<Int>) throws(CommandError) -> [Entry?] {
        var entries: [Entry?] = []
        entries.reserveCapacity(keys.count)
        for index in keys {
            let entry = access.read(key(index))
            if let entry, !Work.accepts(entry.type) { throw .wrongType }
            entries.append(entry)
        }
        return entries
    }

    /// The same for a command that is executed again: that keys are missing was told when it was executed first.
    private mutating func readAgain<Work: SlicedWork>(
        _: Work.Type, _ keys: Range<Int>
    ) throws(CommandError) -> [Entry?] {
        let tellsMisses = access.tellsMisses
        access.tellsMisses = false
        defer { access.tellsMisses = tellsMisses }
        return try read(Work.self, keys)
    }
}
