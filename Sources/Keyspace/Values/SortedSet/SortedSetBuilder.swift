import Primitives

/// Makes a sorted set of members that come in order, in the encoding that its limits ask for and without a search for
/// any: what commands store and files load.
public struct SortedSetBuilder: ~Copyable {
    private var set: SortedSetValue
    private let expected: Int
    private let limits: SortedSetLimits

    /// A builder for about `expected` members; the number may be wrong, but memory for a table of so many is taken once
    /// the set is no listpack any more, so one that comes from outside needs a bound.
    public init(expected: Int = 0, limits: SortedSetLimits) {
        self.init(continuing: .make(), expected: expected, limits: limits)
    }

    /// A builder that goes on behind the members of `set`, which it takes over.
    public init(continuing set: SortedSetValue, expected: Int = 0, limits: SortedSetLimits) {
        self.set = set
        self.expected = max(0, expected)
        self.limits = limits
    }

    /// Adds a member that comes after all before it and is none of them. O(1) amortised.
    public mutating func append(_ member: ByteView, _ score: Double) {
        if set.isSmall, set.count < limits.maxListpackEntries, member.count <= limits.maxListpackValue,
            set.small.pack.canHold(adding: member.count + 64)
        {
            set.withSmall { $0.insert(member, score) }
            return
        }
        if set.isSmall { set.enlarge(reserving: expected) }
        set.large.append(member, score)
    }

    /// As `append`, where the member may be there already: false then, and nothing is added. Expected O(1), O(n) in a
    /// listpack.
    public mutating func appendIfNew(_ member: ByteView, _ score: Double) -> Bool {
        if set.isSmall ? set.small.find(member) != nil : set.large.find(member) != nil { return false }
        append(member, score)
        return true
    }

    /// The set, which is the caller's.
    public consuming func finish() -> SortedSetValue { set }
}
