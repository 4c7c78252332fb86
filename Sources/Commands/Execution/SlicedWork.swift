import Keyspace
import Primitives

/// A computation over the values of keys that may take long, and is gone through in steps.
protocol SlicedWork: AnyObject, Sendable {
    /// What is asked for, the keys aside.
    associatedtype Plan: Sendable

    /// Whether keys may have values of a type; the call is refused where they have others.
    static func accepts(_ type: ValueType) -> Bool
    /// Begins with the entries of the keys, in their order; nil where there is no such key. They stay as they are until the
    /// last step: whether they have, the caller finds out.
    init(_ plan: Plan, _ entries: [Entry?])
    /// About how many elements are looked at in all.
    var effort: Int { get }
    /// Goes on by some hundreds of elements; returns whether there is more to do.
    func advance() -> Bool
}

/// A piece of work whose command waits for it: it goes on under the locks of its keys, a slice at a time, and begins anew
/// where one of their values has changed since the last.
///
/// Two things tell of changes: the keys are watched, and the values must be where they were, since a value may be rebuilt
/// without being changed.
final class WorkJob<Work: SlicedWork>: SlicedJob, @unchecked Sendable {
    /// Where a value lies.
    private struct Place: Equatable {
        let encoding: Encoding
        let storage: UnsafeMutableRawPointer
    }

    private(set) var work: Work
    private(set) var isDone = false
    /// How often it has begun anew.
    private(set) var restarts: Int
    private let plan: Work.Plan
    private let keys: [[UInt8]]
    private let database: Int
    private var shards = ShardSet()
    private let watch = WatchState()
    private var places: [Place?] = []

    /// Microseconds that a slice takes.
    private let slice: Int64 = 500

    /// Watches the keys, whose shards must be held.
    init(_ work: Work, _ plan: Work.Plan, keys: [[UInt8]], _ entries: [Entry?], restarts: Int, _ access: inout Access) {
        self.work = work
        self.plan = plan
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
        entry.map { $0.type == .string ? nil : Place(encoding: $0.encoding, storage: $0.pointer) } ?? nil
    }

    func advance(_ access: inout Access) -> Bool {
        guard !isDone else { return true }
        access.keyspace.lock(shards)
        access.held = shards
        access.inDatabase(database) { access in
            let entries = keys.map { key in key.withView { access.peek(Key($0)) } }
            if isStale(entries), !begins(entries, access.keyspace) { isDone = true }
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

    /// Begins anew; false where the command had better be executed, because it fails or because its keys change too often.
    private func begins(_ entries: [Entry?], _ keyspace: Keyspace) -> Bool {
        restarts += 1
        let isSound = entries.allSatisfy { $0.map { Work.accepts($0.type) } ?? true }
        guard restarts < WorkLimits.restarts, isSound else { return false }
        keyspace.releaseInBackground(work)
        work = Work(plan, entries)
        places = entries.map(Self.place)
        watch.clear()
        return true
    }

    /// Ends the watch of the keys, whose shards must be held; returns whether the work is of their present values.
    func end(_ entries: [Entry?], _ access: inout Access) -> Bool {
        let isGood = isDone && !isStale(entries)
        for key in keys { key.withView { access.endWatch(Key($0), watch) } }
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
    /// Work that has begun anew so often is done in one go.
    static let restarts = 3
}

extension Call {
    /// Does work on the values of the keys at `keys`: at once where that is little, and in a transaction; else the command
    /// waits while it is done in slices, and is then executed anew.
    mutating func work<Work: SlicedWork>(
        _ plan: Work.Plan, on keys: Range<Int>
    ) throws(CommandError) -> Work {
        guard session.pointee.suspension == nil else { return try resume(plan, on: keys) }
        let counts = (access.statistics.pointee.hits.current, access.statistics.pointee.misses.current)
        let entries = try read(Work.self, keys)
        let work = Work(plan, entries)
        if work.effort > WorkLimits.inline, mayWait {
            // They are counted when the command is executed.
            access.statistics.pointee.hits.set(counts.0)
            access.statistics.pointee.misses.set(counts.1)
            throw wait(for: work, plan, keys, entries, restarts: 0)
        }
        while work.advance() {}
        return work
    }

    @inline(never)
    private mutating func resume<Work: SlicedWork>(
        _ plan: Work.Plan, on keys: Range<Int>
    ) throws(CommandError) -> Work {
        let job = session.pointee.suspension?.job as? WorkJob<Work>
        // That keys are missing was told when the command was executed first.
        let tellsMisses = access.tellsMisses
        access.tellsMisses = false
        defer { access.tellsMisses = tellsMisses }
        let entries = try read(Work.self, keys)
        // Only now is nothing thrown before the job is ended.
        _ = takeSuspension()
        if let job, job.end(entries, &access) { return job.work }
        let restarts = (job?.restarts ?? 0) + 1
        let work = Work(plan, entries)
        if work.effort > WorkLimits.inline, restarts < WorkLimits.restarts {
            throw wait(for: work, plan, keys, entries, restarts: restarts)
        }
        while work.advance() {}
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

    private mutating func wait<Work: SlicedWork>(
        for work: Work, _ plan: Work.Plan, _ keys: Range<Int>, _ entries: [Entry?], restarts: Int
    ) -> CommandError {
        let names = keys.map { self[$0].array }
        let job = WorkJob(work, plan, keys: names, entries, restarts: restarts, &access)
        return suspend(Suspension(job: job))
    }
}
