import Keyspace
import Primitives
import RESP

/// What is near: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and GEORADIUSBYMEMBER.
public enum GeoSearchCommands {
    private static let cost =
        "O(n + log m), n being the members in the squares around the shape, and m all members."
    private static let unit = "unit=(M|KM|FT|MI)"
    private static let from =
        "from=(FROMMEMBER member:string|FROMLONLAT longitude_latitude=(longitude:double latitude:double))"
    private static let by =
        "by=(circle=(BYRADIUS radius:double unit=(M|KM|FT|MI))|box=(BYBOX width:double height:double unit=(M|KM|FT|MI)))"
    private static let order = "order=[ASC|DESC]"
    private static let limit = "count=[COUNT count:integer [ANY]]"
    private static let with = "[WITHCOORD] [WITHDIST] [WITHHASH]"
    private static let store = " [STORE key:key] [STOREDIST key:key]"

    public static let commands: [Command] = [
        Command(
            "geosearch", arity: -7, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .geo,
            since: "6.2.0", complexity: cost, summary: "Returns the members within a circle or a box.",
            syntax: "key:key \(from) \(by) \(order) \(limit) \(with)", handler: search),
        Command(
            "geosearchstore", arity: -8, flags: [.write, .denyoom],
            keys: [.one(1, [.overwrite, .update]), .one(2, [.readOnly, .access])], group: .geo, since: "6.2.0",
            complexity: cost, summary: "Stores the members within a circle or a box.",
            syntax: "destination:key source:key \(from) \(by) \(order) \(limit) [STOREDIST]", handler: searchAndStore),
        older(
            "georadius", arity: -6, from: "longitude:double latitude:double", storeFrom: 6,
            summary: "Returns or stores the members within a distance of a place.", handler: radius),
        older(
            "georadiusbymember", arity: -5, from: "member:string", storeFrom: 5,
            summary: "Returns or stores the members within a distance of another one.", handler: radiusOfMember),
        older(
            "georadius_ro", arity: -6, from: "longitude:double latitude:double", since: "3.2.10",
            summary: "Returns the members within a distance of a place.", handler: radiusReadOnly),
        older(
            "georadiusbymember_ro", arity: -5, from: "member:string", since: "3.2.10",
            summary: "Returns the members within a distance of another one.", handler: radiusOfMemberReadOnly),
    ]

    /// - Parameter storeFrom: where STORE may stand; nil for commands that only read.
    private static func older(
        _ name: String, arity: Int, from: String, storeFrom: Int? = nil, since: String = "3.2.0", summary: String,
        handler: @escaping Command.Handler
    ) -> Command {
        var keys: [KeySpecification] = [.one(1, [.readOnly, .access])]
        if let storeFrom {
            keys.append(.behind("store", from: storeFrom, [.overwrite, .update]))
            keys.append(.behind("storedist", from: storeFrom, [.overwrite, .update]))
        }
        return Command(
            name, arity: arity, flags: storeFrom == nil ? .readonly : [.write, .denyoom, .movableKeys], keys: keys,
            group: .geo, since: since, complexity: cost, summary: summary + " GEOSEARCH is the newer command.",
            syntax: "key:key \(from) radius:double \(unit) \(with) \(limit) \(order)"
                + (storeFrom == nil ? "" : store),
            handler: handler)
    }

    private static func search(_ call: inout Call) throws(CommandError) { try run(&call, .search) }

    private static func searchAndStore(_ call: inout Call) throws(CommandError) { try run(&call, .searchStore) }

    private static func radius(_ call: inout Call) throws(CommandError) { try run(&call, .radius) }

    private static func radiusReadOnly(_ call: inout Call) throws(CommandError) { try run(&call, .radiusReadOnly) }

    private static func radiusOfMember(_ call: inout Call) throws(CommandError) { try run(&call, .member) }

    private static func radiusOfMemberReadOnly(_ call: inout Call) throws(CommandError) {
        try run(&call, .memberReadOnly)
    }

    private static func run(_ call: inout Call, _ form: GeoSearch.Form) throws(CommandError) {
        let value = try call.read(call.key(form.keyIndex), as: SortedSetValue.self)
        let search = try GeoSearch(call, form, value)
        guard let value, let shape = search.shape else {
            guard let destination = search.destination else { return call.reply.array(0) }
            return try call.storeSortedSet(nil, at: destination, event: .geosearchstore)
        }
        let matches = search.matches(value, shape)
        if let destination = search.destination {
            try store(&call, search, shape, value, matches, at: destination, form)
        } else {
            answer(call.reply, search, shape, value, matches)
        }
    }

    private static func store(
        _ call: inout Call, _ search: GeoSearch, _ shape: GeoShape, _ value: SortedSetValue,
        _ matches: [GeoSearch.Match], at destination: Int, _ form: GeoSearch.Form
    ) throws(CommandError) {
        var result = SortedSetValue.make()
        for match in matches {
            let score = search.storesDistance ? match.distance / shape.unit : match.score
            _ = value.forEach(match.rank..<match.rank + 1) { member, _ in
                _ = result.insert(member, score, limits: call.limits.sortedSet)
                return false
            }
        }
        let event: KeyEvent = form.isSearch ? .geosearchstore : KeyEvent(.sortedSet, "georadiusstore")
        try call.storeSortedSet(result, at: destination, event: event)
    }

    private static func answer(
        _ reply: ReplyWriter, _ search: GeoSearch, _ shape: GeoShape, _ value: SortedSetValue,
        _ matches: [GeoSearch.Match]
    ) {
        let extras = (search.withDistance ? 1 : 0) + (search.withHash ? 1 : 0) + (search.withPlace ? 1 : 0)
        reply.array(matches.count)
        for match in matches {
            if extras > 0 { reply.array(extras + 1) }
            _ = value.forEach(match.rank..<match.rank + 1) { member, _ in
                reply.bulk(member)
                return false
            }
            if search.withDistance { reply.distance(match.distance / shape.unit) }
            if search.withHash { reply.integer(Int64(match.score)) }
            if search.withPlace { reply.place(match.place) }
        }
    }
}

extension KeyEvent {
    static let geosearchstore = KeyEvent(.sortedSet, "geosearchstore")
}
