import Keyspace
import Primitives

/// Members with scores: those of a sorted set, or those of a set, each with the score 1.
enum ScoredMembers {
    case sorted(SortedSetValue)
    case plain(SetValue)

    /// Those of an entry that holds one or the other.
    init(_ entry: Entry) {
        self = entry.type == .set ? .plain(entry.aggregate()) : .sorted(entry.aggregate())
    }

    var count: Int {
        switch self {
        case .sorted(let value): value.count
        case .plain(let value): value.count
        }
    }

    /// The score of `member`; nil where it is not there.
    @inline(__always)
    func score(of member: ByteView) -> Double? {
        switch self {
        case .sorted(let value): value.score(of: member)
        case .plain(let value): value.contains(member) ? 1 : nil
        }
    }
}

/// Some members on their way through an operation, with room for the texts of those that are integers.
///
/// Invariant: the views are good until the set that they come from is changed, or the batch is filled again.
struct MemberBatch {
    struct Item {
        var member: ByteView
        var score: Double
    }

    /// As many as `SetValue.forEach(at:)` hands out at most.
    static let capacity = 1024

    let items: UnsafeMutablePointer<Item>
    private let texts: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    init() {
        items = .allocate(capacity: Self.capacity)
        texts = .allocate(capacity: Self.capacity * maximumIntegerTextLength)
    }

    func destroy() {
        items.deallocate()
        texts.deallocate()
    }

    /// Takes members of a set from `position` on, and answers where to go on; 0 begins, and is answered at the end.
    mutating func fill(from members: ScoredMembers, at position: UInt64) -> UInt64 {
        count = 0
        switch members {
        case .plain(let value):
            return value.forEach(at: position) { element in
                append(element.value.view(spelledInto: texts + count &* maximumIntegerTextLength), 1)
            }
        case .sorted(let value):
            let start = Int(truncatingIfNeeded: position)
            let end = min(value.count, start + Self.capacity / 2)
            let isSmall = value.encoding == .listpack
            value.forEach(start..<end) { member, score in
                append(isSmall ? copy(member) : member, score)
                return true
            }
            return end == value.count ? 0 : UInt64(end)
        }
    }

    /// A listpack's integers are spelled for a moment only.
    private func copy(_ member: ByteView) -> ByteView {
        guard member.count <= maximumIntegerTextLength else { return member }
        let text = texts + count &* maximumIntegerTextLength
        text.update(from: member.start, count: member.count)
        return ByteView(text, count: member.count)
    }

    @inline(__always)
    private mutating func append(_ member: ByteView, _ score: Double) {
        (items + count).initialize(to: Item(member: member, score: score))
        count &+= 1
    }

    /// Keeps the items that `body` is true of, which may change their scores. What it is going to look for in `set` is
    /// fetched ahead.
    @inline(__always)
    mutating func keep(lookingIn set: SortedSetValue?, _ body: (inout Item) -> Bool) {
        var kept = 0
        forEach(lookingIn: set) { item in
            var item = item
            if body(&item) {
                items[kept] = item
                kept &+= 1
            }
        }
        count = kept
    }

    @inline(__always)
    func forEach(lookingIn set: SortedSetValue?, _ body: (Item) -> Void) {
        let slotsAhead = 12
        let blocksAhead = 6
        for index in 0..<count {
            if let set {
                if index &+ slotsAhead < count { set.prefetchSlot(of: items[index &+ slotsAhead].member) }
                if index &+ blocksAhead < count { set.prefetchBlock(of: items[index &+ blocksAhead].member) }
            }
            body(items[index])
        }
    }
}
