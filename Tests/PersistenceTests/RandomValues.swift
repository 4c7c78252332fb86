import Keyspace
import Primitives
import TestSupport

/// Entries of every type and encoding, of random elements.
struct RandomValues {
    var random: SeededGenerator
    /// Bytes that elements stay below.
    var longest = 60

    init(_ seed: UInt64) { random = SeededGenerator(seed) }

    static let limits = (
        hash: HashLimits(maxListpackEntries: 16, maxListpackValue: 40),
        list: ListLimits(listpackSize: 16),
        set: SetLimits(maxIntsetEntries: 20, maxListpackEntries: 16, maxListpackValue: 40),
        sortedSet: SortedSetLimits(maxListpackEntries: 16, maxListpackValue: 40)
    )

    /// Texts of the kinds that encodings tell apart: numbers of every width, short and long ones, some that compress.
    mutating func text(longest: Int? = nil) -> [UInt8] {
        let longest = longest ?? self.longest
        switch random.below(7) {
        case 0: return Array(String(Int64(bitPattern: random.next()) >> Int64(random.below(64))).utf8)
        case 1: return Array(String(random.below(200) - 50).utf8)
        case 2: return Array("0\(random.below(100))".utf8)
        case 3: return Array("field:\(random.below(1000))".utf8)
        case 4: return [UInt8](repeating: UInt8(random.below(256)), count: random.below(longest))
        default: return (0..<random.below(longest)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    mutating func score() -> Double {
        switch random.below(5) {
        case 0: return Double(random.below(100) - 50)
        case 1: return random.pick([.infinity, -.infinity, 0, 1e300, -1e-300, 0.1])
        default: return Double(random.below(100_000)) / 16
        }
    }

    mutating func entry(_ key: ByteView) -> Entry {
        let expiry: Int64? = random.oneIn(2) ? Int64(random.below(1 << 40)) : nil
        let size = random.pick([1, 3, 16, 17, 60])
        switch random.below(7) {
        case 0:
            let text = text(longest: random.pick([10, 100, 6000]))
            return text.withView { .loaded(key, string: $0, expiry: expiry) }
        case 1: return .loaded(key, list(size), expiry: expiry)
        case 2: return .loaded(key, set(size, integers: random.oneIn(2)), expiry: expiry)
        case 3: return .loaded(key, sortedSet(size), expiry: expiry)
        case 4: return .loaded(key, hash(size, expiring: false), expiry: expiry)
        case 5: return .loaded(key, hash(size, expiring: true), expiry: expiry)
        default: return .loaded(key, stream(size), expiry: expiry)
        }
    }

    mutating func list(_ size: Int) -> ListValue {
        var list = ListValue.make()
        for _ in 0..<size {
            text(longest: 300).withView {
                list.prepare(adding: $0.count, count: 1, Self.limits.list)
                list.push($0, at: .tail, Self.limits.list)
            }
        }
        return list
    }

    mutating func set(_ size: Int, integers: Bool) -> SetValue {
        var set = SetValue.make()
        for _ in 0..<size {
            let member = integers ? Array(String(Int64(truncatingIfNeeded: random.next()) >> 20).utf8) : text()
            _ = member.withView { set.add($0, limits: Self.limits.set) }
        }
        return set
    }

    mutating func sortedSet(_ size: Int) -> SortedSetValue {
        var set = SortedSetValue.make()
        for _ in 0..<size {
            let score = score()
            text().withView { _ = set.insert($0, score, limits: Self.limits.sortedSet) }
        }
        return set
    }

    mutating func hash(_ size: Int, expiring: Bool) -> HashValue {
        var hash = HashValue.make()
        for _ in 0..<size {
            let field = text()
            let expiry: Int64? = expiring && !random.oneIn(3) ? 1 + Int64(random.below(1 << 40)) : nil
            field.withView { name in
                text().withView {
                    _ = hash.set(name, $0, now: HashValue.always, limits: Self.limits.hash)
                }
                if let expiry { _ = hash.setExpiry(expiry, of: name, now: HashValue.always) }
            }
        }
        return hash
    }

    mutating func stream(_ size: Int) -> StreamValue {
        let stream = StreamValue.make()
        var ids: [StreamID] = []
        for index in 0..<size {
            let id = StreamID(UInt64(1000 + index * random.below(5)), UInt64(index + 1))
            guard id > stream.lastID else { continue }
            let texts = random.oneIn(3) ? [text(), text(), text(), text()] : [Array("name".utf8), text()]
            append(id, texts, to: stream)
            ids.append(id)
        }
        for id in ids where random.oneIn(8) { _ = stream.remove(id) }
        for number in 0..<random.below(3) {
            let read = random.pick(ids)
            let name = Array("group\(number)".utf8)
            let entriesRead: Int64? = random.oneIn(2) ? nil : 5
            name.withView { stream.createGroup(named: $0, lastID: read, entriesRead: entriesRead) }
            guard let group = name.withView({ stream.group(named: $0) }) else { continue }
            let consumers = (0..<2).map { index in
                Array("consumer\(index)".utf8).withView { group.createConsumer(named: $0, now: 1_000 + Int64(index)) }
            }
            for id in ids where !random.oneIn(3) {
                group.deliver(id, to: random.pick(consumers), now: Int64(random.below(1 << 41)))
            }
            // What files of Redis 7.0 have no room for.
            for consumer in consumers { consumer.activeTime = consumer.seenTime }
        }
        return stream
    }

    private func append(_ id: StreamID, _ texts: [[UInt8]], to stream: StreamValue) {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: texts.reduce(1) { $0 + $1.count })
        defer { buffer.deallocate() }
        _ = buffer.initialize(from: texts.joined())
        guard let base = buffer.baseAddress else { return }
        var offset = 0
        let views = texts.map { text in
            defer { offset += text.count }
            return ByteView(base + offset, count: text.count)
        }
        views.withUnsafeBufferPointer {
            stream.append(id, $0, textCount: offset, limits: StreamLimits(maxBlockBytes: 400, maxBlockEntries: 10))
        }
    }
}
