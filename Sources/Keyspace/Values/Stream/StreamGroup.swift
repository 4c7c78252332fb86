import Primitives

/// A group of consumers that share reading a stream: each entry goes to one of them, who has to acknowledge it.
///
/// A handle that is good until the stream is changed elsewhere than through it.
public struct StreamGroup {
    struct State: StreamNamed {
        var nameCount: Int
        /// The last entry that was delivered.
        var lastID: StreamID
        /// How many entries, from the stream's first ever, come up to `lastID`; -1 where that is not known.
        var entriesRead: Int64
        /// What was delivered and not acknowledged.
        var pending = OrderedPages<PendingEntry>()
        var consumers = NamedPointers<StreamConsumer.State>()
        /// Where the entry behind `lastID` is, while the stream's generation is this one.
        var next = (generation: UInt64(0), block: StreamID.zero, offset: 0)
    }

    public let stream: StreamValue
    let state: UnsafeMutablePointer<State>

    public var name: ByteView { state.name }
    public var lastID: StreamID { state.pointee.lastID }
    /// Entries read up to `lastID`; nil where that is not known.
    public var entriesRead: Int64? { state.pointee.entriesRead < 0 ? nil : state.pointee.entriesRead }
    /// Entries delivered and not acknowledged.
    public var pendingCount: Int { state.pointee.pending.count }
    public var consumerCount: Int { state.pointee.consumers.count }

    /// Lets reading go on behind `id`; `entriesRead` is nil where it is not known.
    public func set(lastID id: StreamID, entriesRead: Int64?) {
        state.pointee.lastID = id
        state.pointee.entriesRead = entriesRead ?? -1
        state.pointee.next.generation = 0
    }

    /// Lets reading go on behind `id` where that is ahead.
    public func advance(to id: StreamID) {
        if id > state.pointee.lastID { state.pointee.lastID = id }
    }

    // MARK: Consumers

    /// Consumers in the order of their names.
    public var consumers: LazyMapSequence<Range<Int>, StreamConsumer> {
        let state = state
        return (0..<state.pointee.consumers.count).lazy.map { StreamConsumer(state: state.pointee.consumers[$0]) }
    }

    @inline(__always)
    public func consumer(named name: ByteView) -> StreamConsumer? {
        state.pointee.consumers.find(name).map { StreamConsumer(state: $0) }
    }

    /// Adds a consumer, whose name must be new; `now` is when it was seen.
    public func createConsumer(named name: ByteView, now: Int64) -> StreamConsumer {
        let consumer = StreamConsumer.make(named: name, seenTime: now)
        account {
            state.pointee.consumers.insert(consumer.state)
            stream.state.pointee.memory += consumer.state.footprint
        }
        return consumer
    }

    /// Removes a consumer and what is pending for it; answers how much that was.
    public func remove(_ consumer: StreamConsumer) -> Int {
        let pendingCount = consumer.pendingCount
        var cursor = pending(of: consumer)
        while cursor.next() != nil { cursor.remove() }
        account {
            state.pointee.consumers.remove(consumer.state)
            stream.state.pointee.memory -= consumer.state.footprint
        }
        Allocation.free(consumer.state)
        return pendingCount
    }

    // MARK: Memory

    /// Bytes of memory that grow with what is pending and with consumers.
    @inline(__always)
    private var indexUsage: Int { state.pointee.pending.memoryUsage &+ state.pointee.consumers.memoryUsage }

    /// Keeps the stream's account of what `body` does to the group.
    @inline(__always)
    func account(_ body: () -> Void) {
        let before = indexUsage
        body()
        stream.state.pointee.memory &+= indexUsage &- before
    }

    var memoryUsage: Int { state.footprint + indexUsage + consumers.reduce(0) { $0 + $1.state.footprint } }

    /// Blocks to be freed.
    var freeingEffort: Int { state.pointee.pending.pageCount + state.pointee.consumers.count }

    func destroy() {
        for consumer in consumers { Allocation.free(consumer.state) }
        state.pointee.consumers.destroy()
        state.pointee.pending.destroy()
        Allocation.free(state)
    }

    /// Gives `other` a group that is the same.
    func copy(to other: StreamValue) {
        let copy = StreamGroup(
            stream: other,
            state: .make(
                State(nameCount: name.count, lastID: lastID, entriesRead: state.pointee.entriesRead), named: name))
        var consumers: [UnsafeMutablePointer<StreamConsumer.State>: UnsafeMutablePointer<StreamConsumer.State>] = [:]
        for consumer in self.consumers {
            let twin = UnsafeMutablePointer.make(consumer.state.pointee, named: consumer.name)
            copy.state.pointee.consumers.insert(twin)
            consumers[consumer.state] = twin
        }
        copy.state.pointee.pending = state.pointee.pending.copy()
        copy.state.pointee.pending.forEach {
            if let twin = consumers[$0.pointee.consumer] { $0.pointee.consumer = twin }
        }
        copy.state.pointee.pending.retag()
        other.state.pointee.groups.insert(copy.state)
        other.state.pointee.memory += copy.memoryUsage
    }
}

/// One of a group's readers. A handle that is good until the consumer is removed.
public struct StreamConsumer: Equatable {
    struct State: StreamNamed {
        var nameCount: Int
        var pendingCount = 0
        var seenTime: Int64
        var activeTime: Int64 = -1
    }

    let state: UnsafeMutablePointer<State>

    static func make(named name: ByteView, seenTime: Int64) -> StreamConsumer {
        StreamConsumer(state: .make(State(nameCount: name.count, seenTime: seenTime), named: name))
    }

    public var name: ByteView { state.name }
    /// Entries delivered to it and not acknowledged.
    public var pendingCount: Int { state.pointee.pendingCount }
    /// When it last asked for entries, in milliseconds since 1970.
    public var seenTime: Int64 {
        get { state.pointee.seenTime }
        nonmutating set { state.pointee.seenTime = newValue }
    }
    /// When it last got one; -1 for never.
    public var activeTime: Int64 {
        get { state.pointee.activeTime }
        nonmutating set { state.pointee.activeTime = newValue }
    }
}

extension StreamValue {
    public var groupCount: Int { state.pointee.groups.count }

    /// Groups in the order of their names.
    public var groups: LazyMapSequence<Range<Int>, StreamGroup> {
        let stream = self
        return (0..<groupCount).lazy.map { StreamGroup(stream: stream, state: stream.state.pointee.groups[$0]) }
    }

    @inline(__always)
    public func group(named name: ByteView) -> StreamGroup? {
        state.pointee.groups.find(name).map { StreamGroup(stream: self, state: $0) }
    }

    /// Adds a group, whose name must be new, that reads on behind `lastID`.
    public func createGroup(named name: ByteView, lastID: StreamID, entriesRead: Int64?) {
        let group = UnsafeMutablePointer.make(
            StreamGroup.State(nameCount: name.count, lastID: lastID, entriesRead: entriesRead ?? -1), named: name)
        state.pointee.groups.insert(group)
        state.pointee.memory += group.footprint
    }

    /// Removes a group with its consumers and what is pending.
    public func remove(_ group: StreamGroup) {
        state.pointee.memory -= group.memoryUsage
        state.pointee.groups.remove(group.state)
        group.destroy()
    }
}
