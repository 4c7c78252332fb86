import Primitives

/// A union, intersection or difference of sets, computed a stretch at a time.
///
/// Every operation is a sequence of passes: a pass goes through one set, the source, and keeps the members that are in all
/// of some other sets, the filters (intersection), or in none of them (difference, and union: the members of each set that
/// are in none before it). So each member comes once, and nothing need be built to tell.
///
/// A stretch of the source is collected and then filtered by one set after the other. Tables are in the order of their
/// hashes, whatever their sizes: a source's stretch is looked for in neighbouring slots of a filter, and the blocks that
/// must be compared are fetched ahead. Intsets are in order, too, and are searched on from the last place.
///
/// The sets must not change from `init` to the last `advance`.
public final class SetAlgebra {
    public enum Operation: Sendable {
        case union, intersection, difference
    }

    private struct Pass {
        let source: SetValue
        let filters: [SetValue]
    }

    private var passes: [Pass] = []
    /// Whether filters must have a member, rather than must not.
    private let keepsCommon: Bool
    private var position: UInt64 = 0
    private var pass = 0
    /// What a union of many sets has so far: to look for each member in all sets before would take too long.
    private var collected: SetValue?
    /// Tables made of listpacks that are searched often.
    private var tables: [SetValue] = []
    private let batch: UnsafeMutablePointer<SetElement>

    /// Sets of a union beyond which its members are collected.
    private static var mostFilters: Int { 16 }

    /// Members that a call of `SetValue.forEach(at:)` hands out at most.
    private static var capacity: Int { 1024 }

    /// - Parameter sets: at least one; nil stands for one without members.
    public init(_ operation: Operation, _ sets: [SetValue?]) {
        keepsCommon = operation == .intersection
        batch = .allocate(capacity: Self.capacity)
        switch operation {
        case .union:
            let present = Self.distinct(sets.compactMap { $0 }).sorted { $0.count > $1.count }
            guard present.count <= Self.mostFilters else {
                collected = SetValue.make(.hashTable)
                present.forEach { addPass($0, []) }
                return
            }
            for index in present.indices { addPass(present[index], Array(present[..<index])) }
        case .intersection:
            let present = Self.distinct(sets.compactMap { $0 }).sorted { $0.count < $1.count }
            guard sets.allSatisfy({ $0 != nil }), let smallest = present.first else { return }
            addPass(smallest, Array(present[1...]))
        case .difference:
            guard let first = sets.first ?? nil else { return }
            let others = Self.distinct(sets[1...].compactMap { $0 })
            if !others.contains(where: { $0.storage == first.storage }) { addPass(first, others) }
        }
    }

    deinit {
        for table in tables { table.destroy() }
        collected?.destroy()
        batch.deallocate()
    }

    /// Without those that are named again.
    private static func distinct(_ sets: [SetValue]) -> [SetValue] {
        var seen = Set<UnsafeMutableRawPointer>()
        return sets.filter { seen.insert($0.storage).inserted }
    }

    private func addPass(_ source: SetValue, _ filters: [SetValue]) {
        passes.append(Pass(source: source, filters: filters.map { searchable($0, times: source.count) }))
    }

    /// A set that can be searched so many times: a listpack's table, since each search would go through it.
    private func searchable(_ set: SetValue, times: Int) -> SetValue {
        guard set.encoding == .listpack, set.count > 8, times > 128 else { return set }
        var table = set.copy()
        table.convertToTable()
        tables.append(table)
        return table
    }

    /// How many members are read and looked for in all, a measure of how long it takes.
    public var effort: Int { passes.reduce(0) { $0 + $1.source.count * (1 + $1.filters.count) } }

    /// Where the smallest of an intersection's sets is kept, which Redis's result is like.
    public var sourceEncoding: Encoding? { passes.first?.source.encoding }

    /// Calls `body` with some hundreds of the result's members at most, until it returns false; answers whether there may
    /// be more. The members are good until then.
    @inline(__always)
    public func advance(_ body: (SetElement) -> Bool) -> Bool {
        guard pass < passes.count else { return false }
        let source = passes[pass].source
        var count = 0
        position = source.forEach(at: position) {
            (batch + count).initialize(to: $0)
            count &+= 1
        }
        for filter in passes[pass].filters where count > 0 { count = apply(filter, to: count, source) }
        if collected != nil { count = collect(count) }
        if position == 0 { pass += 1 }
        for index in 0..<count { if !body(batch[index]) { return false } }
        return pass < passes.count
    }

    /// Keeps those of the first `count` members of the batch that come for the first time; answers how many.
    private func collect(_ count: Int) -> Int {
        var kept = 0
        for index in 0..<count where collected?.add(batch[index], limits: SetLimits()) == true {
            batch[kept] = batch[index]
            kept &+= 1
        }
        return kept
    }

    /// Keeps those of the first `count` members of the batch that pass a filter; answers how many.
    private func apply(_ filter: SetValue, to count: Int, _ source: SetValue) -> Int {
        switch filter.encoding {
        case .hashTable: return apply(filter.table, to: count)
        case .intset where source.encoding == .intset: return apply(filter.integers, to: count)
        default: return keep(count) { filter.contains($0) }
        }
    }

    private func apply(_ table: MemberSet, to count: Int) -> Int {
        let slotsAhead = 16
        let entriesAhead = 8
        for index in 0..<min(slotsAhead, count) { table.prefetchSlot(batch[index].hash) }
        for index in 0..<min(entriesAhead, count) { table.prefetchEntry(batch[index].hash) }
        var index = 0
        return keep(count) { element in
            if index &+ slotsAhead < count { table.prefetchSlot(batch[index &+ slotsAhead].hash) }
            if index &+ entriesAhead < count { table.prefetchEntry(batch[index &+ entriesAhead].hash) }
            index &+= 1
            return table.contains(element)
        }
    }

    /// Members that come in order, in a set that is in order.
    private func apply(_ integers: IntSet, to count: Int) -> Int {
        var index = 0
        return keep(count) { element in
            guard let value = element.integer else { return false }
            index = integers.lowerBound(value, from: index)
            return index < integers.count && integers[index] == value
        }
    }

    @inline(__always)
    private func keep(_ count: Int, _ contains: (SetElement) -> Bool) -> Int {
        var kept = 0
        for index in 0..<count where contains(batch[index]) == keepsCommon {
            batch[kept] = batch[index]
            kept &+= 1
        }
        return kept
    }
}
