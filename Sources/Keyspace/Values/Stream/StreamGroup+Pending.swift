import Primitives

/// An entry that was delivered and is not acknowledged: 40 bytes in the group's one ordered index. A consumer has no index
/// of its own; what is pending for it is found by the tags of pages (`OrderedPages`).
struct PendingEntry: StreamKeyed {
    var id: StreamID
    /// In milliseconds since 1970.
    var deliveryTime: Int64
    var deliveryCount: Int64
    var consumer: UnsafeMutablePointer<StreamConsumer.State>

    @inline(__always)
    var tags: UInt64 { Self.tag(of: consumer) }

    /// One bit for a consumer, which others may have too.
    @inline(__always)
    static func tag(of consumer: UnsafeMutablePointer<StreamConsumer.State>) -> UInt64 {
        1 &<< ((UInt64(UInt(bitPattern: consumer)) &>> 4 &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    }
}

extension StreamGroup {
    /// Puts an entry on a consumer's account: as delivered for the first time, even if it was before.
    @inline(__always)
    public func deliver(_ id: StreamID, to consumer: StreamConsumer, now: Int64) {
        let entry = PendingEntry(id: id, deliveryTime: now, deliveryCount: 1, consumer: consumer.state)
        let last = state.pointee.pending.last
        if last == state.pointee.pending.end || state.pointee.pending.pointer(last).pointee.id < id {
            account { state.pointee.pending.append(entry) }
            consumer.state.pointee.pendingCount &+= 1
        } else {
            deliverAgain(entry)
        }
        consumer.activeTime = now
    }

    /// An entry that may be pending already.
    @inline(never)
    private func deliverAgain(_ entry: PendingEntry) {
        if let position = state.pointee.pending.find(entry.id) {
            let pointer = state.pointee.pending.pointer(position)
            pointer.pointee.consumer.pointee.pendingCount -= 1
            pointer.pointee = entry
            state.pointee.pending.noteTags(at: position)
        } else {
            account { state.pointee.pending.insert(entry) }
        }
        entry.consumer.pointee.pendingCount += 1
    }

    /// Puts an entry that is not pending on a consumer's account.
    public func force(_ id: StreamID, on consumer: StreamConsumer, now: Int64) {
        deliverAgain(PendingEntry(id: id, deliveryTime: now, deliveryCount: 1, consumer: consumer.state))
    }

    /// Takes an entry off the account that it is on; false where it is on none. O(log n).
    @inline(__always)
    public func acknowledge(_ id: StreamID) -> Bool {
        guard let position = state.pointee.pending.find(id) else { return false }
        state.pointee.pending.pointer(position).pointee.consumer.pointee.pendingCount &-= 1
        account { state.pointee.pending.remove(at: position) }
        return true
    }

    /// What is pending from `id` on, of one consumer or of all.
    public func pending(from id: StreamID = .zero, of consumer: StreamConsumer? = nil) -> PendingCursor {
        PendingCursor(self, from: id, of: consumer)
    }

    /// What is pending with exactly `id`, as the current entry of a cursor.
    public func pending(exactly id: StreamID) -> PendingCursor? {
        var cursor = PendingCursor(self, from: id, of: nil)
        guard let entry = cursor.next(), entry.id == id else { return nil }
        return cursor
    }

    /// The first and the last ID that is pending; nil where none is.
    public var pendingRange: ClosedRange<StreamID>? {
        let pending = state.pointee.pending
        guard pending.count > 0 else { return nil }
        return pending.pointer(pending.first).pointee.id...pending.pointer(pending.last).pointee.id
    }
}

/// A pending entry; good until something is added to or taken from what is pending.
public struct Pending {
    let entry: UnsafeMutablePointer<PendingEntry>

    public var id: StreamID { entry.pointee.id }
    public var consumer: StreamConsumer { StreamConsumer(state: entry.pointee.consumer) }
    /// When it was last delivered, in milliseconds since 1970.
    public var deliveryTime: Int64 {
        get { entry.pointee.deliveryTime }
        nonmutating set { entry.pointee.deliveryTime = newValue }
    }
    /// How often it was delivered.
    public var deliveryCount: Int64 {
        get { entry.pointee.deliveryCount }
        nonmutating set { entry.pointee.deliveryCount = newValue }
    }
}

/// Goes through what is pending in the order of IDs, and changes it on the way.
public struct PendingCursor {
    private let group: StreamGroup
    private let consumer: StreamConsumer?
    /// Entries of the consumer that may still come.
    private var remaining: Int
    private var position: OrderedPages<PendingEntry>.Position
    private var following: OrderedPages<PendingEntry>.Position

    init(_ group: StreamGroup, from id: StreamID, of consumer: StreamConsumer?) {
        self.group = group
        self.consumer = consumer
        remaining = consumer?.pendingCount ?? .max
        following = group.state.pointee.pending.lowerBound(id)
        position = following
    }

    /// The next entry, which becomes the current one.
    public mutating func next() -> Pending? {
        let pending = group.state.pointee.pending
        while remaining > 0, following != pending.end {
            if let consumer {
                following = pending.next(with: PendingEntry.tag(of: consumer.state), from: following)
                if following == pending.end { return nil }
            }
            position = following
            following = pending.after(position)
            let entry = pending.pointer(position)
            guard consumer == nil || entry.pointee.consumer == consumer?.state else { continue }
            remaining -= 1
            return Pending(entry: entry)
        }
        return nil
    }

    /// The entry that `next` gave last.
    public var current: Pending { Pending(entry: group.state.pointee.pending.pointer(position)) }

    /// Takes the current entry off its consumer's account.
    public mutating func remove() {
        current.consumer.state.pointee.pendingCount -= 1
        var next = following
        let position = position
        group.account { next = group.state.pointee.pending.remove(at: position) }
        following = next
    }

    /// Puts the current entry on another consumer's account.
    public func assign(to consumer: StreamConsumer) {
        let entry = current.entry
        entry.pointee.consumer.pointee.pendingCount -= 1
        entry.pointee.consumer = consumer.state
        consumer.state.pointee.pendingCount += 1
        group.state.pointee.pending.noteTags(at: position)
    }
}
