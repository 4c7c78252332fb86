/// What the rules say of computed keys, in the plainest way: every place has a version that changes with what is there, and
/// every computed value knows which versions it was derived from.
///
/// It judges a value twice. `isRight` is the invariant itself: nothing that the value was derived from has changed,
/// directly or through others. `state` predicts what the server makes of that, early cutoff included: a value that is right
/// and predicted to be stale may be served or not.
struct ReferenceModel {
    /// The number of a key of a database, or of a tag.
    typealias Place = Int

    /// What a computation has seen of a place.
    struct Seen {
        let place: Place
        let version: Int
        /// Whether there was no value, or a computed one that was not served.
        let isNil: Bool
        /// Whether it was only named as a dependency, so that nobody has seen whether there was a value.
        var isNamed = false
    }

    enum State { case fresh, maybeStale, stale }

    struct Value {
        let text: String
        let seen: [Seen]
        var state = State.fresh
        /// Whether something that it was derived from the absence of was seen to be there.
        var isOutdated = false
    }

    enum Content {
        case nothing
        case ordinary
        case computed(Value)
    }

    struct Slot {
        var content = Content.nothing
        var version = 0
        /// When the key expires, and when fields of it do.
        var deadline: Int64?
        var fields: [String: Int64] = [:]
        /// Whether it is a hash that has lost fields by their expiry, perhaps all.
        var mayBeEmpty = false
        /// Whether there may still be a computed value that is not served.
        var mayBeStale = false
    }

    private(set) var slots: [Slot]
    private var lastVersion = 0
    /// Those with a computed value, in an order that is the same in every run.
    private var computed: [Place] = []
    private var next = Int64.max

    init(places: Int) { slots = Array(repeating: Slot(), count: places) }

    mutating func newVersion() -> Int {
        lastVersion += 1
        return lastVersion
    }

    // MARK: Questions

    func value(_ place: Place) -> Value? {
        if case .computed(let value) = slots[place].content { return value }
        return nil
    }

    /// Whether a reader is predicted to find no value.
    func isNil(_ place: Place) -> Bool {
        switch slots[place].content {
        case .nothing: true
        case .ordinary: false
        case .computed(let value): value.state != .fresh
        }
    }

    func look(_ place: Place) -> Seen { Seen(place: place, version: slots[place].version, isNil: isNil(place)) }

    /// The same for who names a dependency without a look at it.
    func name(_ place: Place) -> Seen {
        Seen(place: place, version: slots[place].version, isNil: isNil(place), isNamed: true)
    }

    /// Whether nothing that the computed value was derived from has changed.
    func isRight(_ place: Place) -> Bool { isRight(place, depth: 0) }

    private func isRight(_ place: Place, depth: Int) -> Bool {
        guard let value = value(place), !value.isOutdated else { return false }
        return depth < slots.count && value.seen.allSatisfy { isStillSo($0, depth: depth + 1) }
    }

    /// Whether what a computation has seen is still true.
    func isStillSo(_ seen: Seen) -> Bool { isStillSo(seen, depth: 0) }

    private func isStillSo(_ seen: Seen, depth: Int) -> Bool {
        let slot = slots[seen.place]
        guard slot.version == seen.version else { return false }
        if seen.isNil || seen.isNamed { return true }
        switch slot.content {
        case .nothing: return false
        case .ordinary: return true
        case .computed: return isRight(seen.place, depth: depth)
        }
    }

    // MARK: Changes

    /// Something other is there.
    mutating func change(_ place: Place, to content: Content, version: Int? = nil, keepsDeadline: Bool = false) {
        if case .nothing = slots[place].content { slots[place].fields = [:] }
        if !keepsDeadline || isNil(place) {
            slots[place].deadline = nil
            slots[place].fields = [:]
            slots[place].mayBeEmpty = false
        }
        slots[place].content = content
        slots[place].mayBeStale = false
        slots[place].version = version ?? newVersion()
        if case .computed = content { noteComputed(place, true) } else { noteComputed(place, false) }
    }

    private mutating func noteComputed(_ place: Place, _ isComputed: Bool) {
        let position = computed.firstIndex(of: place)
        if isComputed, position == nil { computed.append(place) }
        if !isComputed, let position { computed.remove(at: position) }
    }

    /// A tag was invalidated, or an ordinary key.
    mutating func touch(_ place: Place) { slots[place].version = newVersion() }

    /// A computed key was invalidated.
    mutating func invalidate(_ place: Place) {
        guard var value = value(place) else {
            return slots[place].mayBeStale ? forget(place) : touch(place)
        }
        value.state = .stale
        value.isOutdated = true
        slots[place].content = .computed(value)
    }

    /// A command opened a key to change it: a computed value that is not served goes, whatever the command does.
    mutating func open(_ place: Place) {
        // Where the value is right the server may serve it against the prediction.
        guard let value = value(place), value.state != .fresh, !isRight(place) else { return }
        drop(place)
    }

    /// A key has expired. A computed value that nobody could see any more is no loss, and may have been gone already.
    private mutating func lapse(_ place: Place) {
        if let value = value(place), value.state != .fresh { drop(place) } else { change(place, to: .nothing) }
    }

    private mutating func drop(_ place: Place) {
        slots[place].content = .nothing
        slots[place].deadline = nil
        slots[place].mayBeStale = true
        noteComputed(place, false)
        forget(place)
    }

    /// A value is gone that those who derived from it cannot be compared with any more.
    mutating func forget(_ place: Place) {
        for other in computed {
            guard var value = value(other), value.state != .stale,
                value.seen.contains(where: { $0.place == place })
            else { continue }
            value.state = .stale
            slots[other].content = .computed(value)
        }
    }

    /// A client has seen the value of a computed key: who derived from its absence is wrong.
    mutating func serve(_ place: Place) {
        for other in computed {
            guard var value = value(other), !value.isOutdated,
                value.seen.contains(where: { $0.place == place && $0.isNil && !$0.isNamed })
            else { continue }
            value.isOutdated = true
            slots[other].content = .computed(value)
        }
    }

    /// The server has another opinion of a value where it may have.
    mutating func agree(_ place: Place, _ state: State) {
        guard var value = value(place) else { return }
        value.state = state
        slots[place].content = .computed(value)
    }

    mutating func setDeadline(_ place: Place, _ deadline: Int64?) {
        slots[place].deadline = deadline
        next = min(next, deadline ?? .max)
    }

    mutating func setDeadline(_ place: Place, field: String, _ deadline: Int64?) {
        slots[place].fields[field] = deadline
        next = min(next, deadline ?? .max)
    }

    /// What is there goes to another place.
    mutating func move(_ from: Place, to: Place) {
        copy(from, to: to)
        change(from, to: .nothing)
    }

    mutating func copy(_ from: Place, to: Place) {
        let old = slots[from]
        change(to, to: .ordinary)
        slots[to].deadline = old.deadline
        slots[to].fields = old.fields
        slots[to].mayBeEmpty = old.mayBeEmpty
        next = min(next, old.deadline ?? .max, old.fields.values.min() ?? .max)
    }

    mutating func swap(_ a: Range<Place>, _ b: Range<Place>) {
        for (one, other) in zip(a, b) { slots.swapAt(one, other) }
        for place in Array(a) + Array(b) {
            slots[place].version = newVersion()
            switch slots[place].content {
            case .computed(var value):
                value.state = .stale
                value.isOutdated = true
                slots[place].content = .computed(value)
                noteComputed(place, true)
            default: noteComputed(place, false)
            }
        }
    }

    /// Lets go what has expired before `now`.
    mutating func expire(now: Int64) {
        guard next < now else { return }
        next = .max
        for place in slots.indices {
            if let deadline = slots[place].deadline {
                if deadline < now { lapse(place) } else { next = min(next, deadline) }
            }
            for (field, deadline) in slots[place].fields {
                if deadline < now {
                    slots[place].fields[field] = nil
                    slots[place].mayBeEmpty = true
                    touch(place)
                } else {
                    next = min(next, deadline)
                }
            }
        }
        settle()
    }

    // MARK: Prediction

    /// Predicts which computed values are fresh after a change.
    mutating func settle() {
        var done: Set<Place> = []
        for place in computed { settle(place, &done) }
    }

    private mutating func settle(_ place: Place, _ done: inout Set<Place>) {
        guard done.insert(place).inserted, var value = value(place), value.state != .stale else { return }
        value.state = .fresh
        for seen in value.seen {
            settle(seen.place, &done)
            let isNil = isNil(seen.place)
            if slots[seen.place].version != seen.version || seen.isNil && !isNil {
                value.state = .stale
            } else if !seen.isNil, isNil, value.state == .fresh {
                value.state = .maybeStale
            }
        }
        slots[place].content = .computed(value)
    }
}
