import Keyspace
import Primitives
import RESP

/// SORT and SORT_RO: the elements of a list, set or sorted set in another order, and what other keys hold for them.
///
/// Patterns name keys that nobody can know from the call: where there are any the call holds all shards (`LockPlan`), and
/// each of those keys is read through the door like any other, so that computations and clients that track know of it.
public enum SortCommands {
    public static let commands: [Command] = [
        Command(
            "sort", arity: -2, flags: [.write, .denyoom, .movableKeys], categories: categories,
            keys: [.one(1, [.readOnly, .access]), derived, destination],
            group: .generic, since: "1.0.0", complexity: complexity,
            summary:
                "Orders the elements of a list, set or sorted set, and returns or stores them, or what belongs to them.",
            syntax: "\(syntax) [STORE destination:key]",
            handler: { call throws(CommandError) in try sort(&call, mayStore: true) }),
        Command(
            "sort_ro", arity: -2, flags: [.readonly, .movableKeys], categories: categories,
            keys: [.one(1, [.readOnly, .access]), derived], group: .generic, since: "7.0.0", complexity: complexity,
            summary: "Orders the elements of a list, set or sorted set, and returns them, or what belongs to them.",
            syntax: syntax, handler: { call throws(CommandError) in try sort(&call, mayStore: false) }),
    ]

    private static let categories: CommandCategories = [.set, .sortedset, .list, .dangerous]
    private static let derived = KeySpecification(shape: .derived, flags: [.readOnly, .access])
    private static let destination = KeySpecification.option(
        "store", from: 2, others: [("limit", 2), ("by", 1), ("get", 1)], [.overwrite, .update])
    private static let complexity =
        "O(n + m log m), n being the number of elements and m that of those returned; O(n) where they are not ordered."
    private static let syntax = """
        key:key [BY by-pattern=pattern:pattern] [LIMIT offset:integer count:integer] [GET get-pattern=pattern:pattern]... \
        order=[ASC|DESC] sorting=[ALPHA]
        """

    private static func sort(_ call: inout Call, mayStore: Bool) throws(CommandError) {
        var options = try SortOptions(call, mayStore: mayStore)
        let entry = call.access.read(call.key(1))
        guard let entry else { return answer(SortElements(expected: 0), 0..<0, options, &call) }
        let count = try self.count(entry)
        let range: Range<Int>
        var elements: SortElements
        if options.keepsOrder, entry.type != .set {
            // Only those that are answered are looked at.
            let part = options.range(of: count)
            elements = SortElements(expected: part.count)
            load(entry, part, reverse: options.isDescending, &elements)
            range = 0..<part.count
        } else {
            if options.keepsOrder, options.destination != nil { options.orderAsTexts() }
            elements = SortElements(expected: count)
            load(entry, 0..<count, reverse: false, &elements)
            if !options.keepsOrder { try elements.sort(options, &call.access, scratch: call.scratch) }
            range = options.range(of: count)
        }
        answer(elements, range, options, &call)
    }

    // MARK: Elements

    private static func count(_ entry: Entry) throws(CommandError) -> Int {
        switch entry.type {
        case .list: entry.aggregate(ListValue.self).count
        case .set: entry.aggregate(SetValue.self).count
        case .sortedSet: entry.aggregate(SortedSetValue.self).count
        default: throw .wrongType
        }
    }

    /// Adds the elements at the positions `range` of the value's own order, or of the reverse of that.
    private static func load(_ entry: Entry, _ range: Range<Int>, reverse: Bool, _ elements: inout SortElements) {
        switch entry.type {
        case .sortedSet:
            let set = entry.aggregate(SortedSetValue.self)
            let ranks = reverse ? set.count - range.upperBound..<set.count - range.lowerBound : range
            set.forEach(ranks, reverse: reverse) { member, _ in
                elements.append(member)
                return true
            }
        case .list:
            let list = entry.aggregate(ListValue.self)
            let places = reverse ? list.count - range.upperBound..<list.count - range.lowerBound : range
            list.forEach(places, reverse: reverse) { element in
                element.withBytes { elements.append($0) }
                return true
            }
        case .set: entry.aggregate(SetValue.self).forEach { $0.withBytes { elements.append($0) } }
        default: break
        }
    }

    // MARK: Result

    private static func answer(
        _ elements: borrowing SortElements, _ range: Range<Int>, _ options: SortOptions, _ call: inout Call
    ) {
        if let destination = options.destination { return store(elements, range, options, &call, at: destination) }
        let reply = call.reply
        let columns = max(1, options.results.count)
        reply.array(range.count * columns)
        forEachValue(elements, range, options, &call) { value in
            if let value { reply.bulk(value) } else { reply.null() }
        }
    }

    /// Calls `body` with each of the values that are asked for, nil where there is none.
    private static func forEachValue(
        _ elements: borrowing SortElements, _ range: Range<Int>, _ options: SortOptions, _ call: inout Call,
        _ body: (ByteView?) -> Void
    ) {
        guard !options.results.isEmpty else {
            for item in elements.items[range] { body(elements.text(item)) }
            return
        }
        var lookup = SortLookup()
        let scratch = call.scratch
        for start in stride(from: range.lowerBound, to: range.upperBound, by: SortLookup.batch) {
            let part = start..<min(start + SortLookup.batch, range.upperBound)
            lookup.fetch(part, of: elements, options.results, call.access)
            var position = 0
            for item in elements.items[part] {
                for pattern in options.results {
                    let key = lookup.key(position)
                    pattern.withValue(for: elements.text(item), at: key, &call.access, scratch: scratch, body)
                    position += 1
                }
            }
        }
    }

    /// Makes the result a list, in which nothing is an empty text.
    private static func store(
        _ elements: borrowing SortElements, _ range: Range<Int>, _ options: SortOptions, _ call: inout Call,
        at destination: Int
    ) {
        let key = call.key(destination)
        let count = range.count * max(1, options.results.count)
        guard count > 0 else {
            if call.access.remove(key) { call.log("DEL", key) }
            return call.reply.integer(0)
        }
        let limits = call.limits.list
        var list = ListValue.make()
        forEachValue(elements, range, options, &call) { append($0 ?? .empty, to: &list, limits) }
        if call.isLogging, options.hasPatterns { log(list, at: key, &call) }
        call.access.store(key, list, event: KeyEvent(.list, "sortstore"))
        call.reply.integer(count)
    }

    private static func append(_ text: ByteView, to list: inout ListValue, _ limits: ListLimits) {
        list.prepare(adding: text.count, count: 1, limits)
        list.push(text, at: .tail, limits)
    }

    /// Says what the result is: what patterns stand for depends on the time.
    private static func log(_ list: ListValue, at key: Key, _ call: inout Call) {
        if call.access.find(key) != nil { call.log("DEL", key) }
        var batch = EffectBatch("RPUSH", key, database: call.access.database, count: list.count)
        list.forEach(0..<list.count, reverse: false) { element in
            batch.append(element, to: &call.access.effects)
            return true
        }
        call.logsNothing()
    }
}
