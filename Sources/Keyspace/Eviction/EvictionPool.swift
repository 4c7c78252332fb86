/// The worst of the keys that were looked at, so that each eviction chooses among more of them than it has sampled
/// itself.
///
/// 16 places, as Redis has them: with 5 samples an eviction it comes close to the exact policy. Keys are known by their
/// hashes: whether they are still there is found out when they are taken.
struct EvictionPool: ~Copyable {
    struct Candidate {
        var hash: UInt64
        var database: Int
        /// What is highest goes first.
        var badness: Int64
    }

    static let capacity = 16
    private let places = UnsafeMutablePointer<Candidate>.allocate(capacity: EvictionPool.capacity)
    private(set) var count = 0

    init() { places.initialize(repeating: Candidate(hash: 0, database: 0, badness: 0), count: Self.capacity) }

    deinit { places.deallocate() }

    /// Adds a candidate, or forgets it where the pool is full of worse ones. In ascending order of badness.
    mutating func insert(_ candidate: Candidate) {
        for index in 0..<count where places[index].hash == candidate.hash {
            guard places[index].database == candidate.database else { continue }
            // It may have been used since, or its turn have come nearer.
            remove(at: index)
            break
        }
        if count == Self.capacity {
            guard candidate.badness > places[0].badness else { return }
            remove(at: 0)
        }
        var index = count
        while index > 0, places[index - 1].badness > candidate.badness {
            places[index] = places[index - 1]
            index -= 1
        }
        places[index] = candidate
        count += 1
    }

    private mutating func remove(at index: Int) {
        for next in index + 1..<max(count, index + 1) { places[next - 1] = places[next] }
        count -= 1
    }

    /// Takes the worst.
    mutating func popWorst() -> Candidate? {
        guard count > 0 else { return nil }
        count -= 1
        return places[count]
    }

    mutating func removeAll() { count = 0 }
}

/// Keys that a worker has created last, first in first out: those that are on trial under the policy of admission.
struct TrialQueue: ~Copyable {
    struct Member {
        var hash: UInt64
        var database: Int
    }

    private var members: UnsafeMutablePointer<Member>
    private var capacity = 16
    private var first = 0
    private(set) var count = 0

    init() { members = .allocate(capacity: capacity) }

    deinit { members.deallocate() }

    /// Adds a key; false, and it is not on trial, where `limit` are.
    mutating func append(_ member: Member, limit: Int) -> Bool {
        guard count < limit else { return false }
        if count == capacity { grow() }
        (members + (first &+ count) & (capacity - 1)).initialize(to: member)
        count += 1
        return true
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
        for index in 0..<count { (larger + index).initialize(to: members[(first &+ index) & (capacity - 1)]) }
        members.deallocate()
        members = larger
        capacity *= 2
        first = 0
    }

    mutating func popFirst() -> Member? {
        guard count > 0 else { return nil }
        let member = members[first]
        first = (first + 1) & (capacity - 1)
        count -= 1
        return member
    }
}
