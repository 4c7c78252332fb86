import Keyspace
import Primitives
import RESP

/// Places as members of sorted sets, whose scores say where they are: GEOADD, GEODIST, GEOHASH and GEOPOS.
public enum GeoCommands {
    public static let commands: [Command] = [
        Command(
            "geoadd", arity: -5, flags: [.write, .denyoom], keys: [.one(1, [.readWrite, .update])], group: .geo,
            since: "3.2.0", complexity: "O(log n) for each place, n being the number of members.",
            summary: "Adds places to a sorted set, or moves those that are there.",
            syntax: "key:key condition=[NX|XX] change=[CH] "
                + "longitude_latitude_member=(longitude:double latitude:double member:string)...",
            handler: add),
        Command(
            "geodist", arity: -4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], element: 2, group: .geo,
            since: "3.2.0", summary: "Returns the distance between two members.",
            syntax: "key:key member1:string member2:string unit=[M|KM|FT|MI]", handler: distance),
        Command(
            "geohash", arity: -2, flags: .readonly, keys: [.one(1, [.readOnly, .access])], element: 2, group: .geo,
            since: "3.2.0", complexity: "O(1) for each member.",
            summary: "Returns the geohashes of members, as other software writes them.",
            syntax: "key:key [member:string...]", handler: hash),
        Command(
            "geopos", arity: -2, flags: .readonly, keys: [.one(1, [.readOnly, .access])], element: 2, group: .geo,
            since: "3.2.0", complexity: "O(1) for each member.",
            summary: "Returns the longitudes and latitudes of members.", syntax: "key:key [member:string...]",
            handler: positions),
    ]

    private static func add(_ call: inout Call) throws(CommandError) {
        var first = 2
        var onlyNew = false
        var onlyPresent = false
        var countsUpdates = false
        while first < call.count {
            if call.isWord(first, "nx") {
                onlyNew = true
            } else if call.isWord(first, "xx") {
                onlyPresent = true
            } else if call.isWord(first, "ch") {
                countsUpdates = true
            } else {
                break
            }
            first += 1
        }
        guard call.count > first, (call.count - first) % 3 == 0, !(onlyNew && onlyPresent) else { throw .syntax }
        // All places are read before anything changes; a single one only once.
        var place = try call.place(first)
        for index in stride(from: first + 3, to: call.count, by: 3) { _ = try call.place(index) }
        var added = 0
        var updated = 0
        try call.upsert(call.key(1), as: SortedSetValue.self) { (value, call) throws(CommandError) in
            for index in stride(from: first, to: call.count, by: 3) {
                if index != first { place = try call.place(index) }
                let score = Double(GeoHash(place, steps: GeoHash.maximumSteps).scores.first)
                let change = value.update(call[index + 2], limits: call.limits.sortedSet) { old in
                    (old == nil ? onlyPresent : onlyNew) ? nil : score
                }
                switch change {
                case .added: added += 1
                case .updated: updated += 1
                case .unchanged: break
                }
            }
            return added + updated > 0 ? .zadd : nil
        }
        call.reply.integer(countsUpdates ? added + updated : added)
    }

    private static func distance(_ call: inout Call) throws(CommandError) {
        guard call.count <= 5 else { throw .syntax }
        let unit = call.count == 5 ? try call.lengthUnit(4) : 1
        guard let value = try call.read(call.key(1), as: SortedSetValue.self), let first = value.place(of: call[2]),
            let second = value.place(of: call[3])
        else { return call.reply.null() }
        call.reply.distance(first.distance(to: second) / unit)
    }

    private static func hash(_ call: inout Call) throws(CommandError) {
        let value = try call.read(call.key(1), as: SortedSetValue.self)
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            if let place = value?.place(of: call[index]) {
                call.reply.bulk(GeoHash.text(place))
            } else {
                call.reply.null()
            }
        }
    }

    private static func positions(_ call: inout Call) throws(CommandError) {
        let value = try call.read(call.key(1), as: SortedSetValue.self)
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            if let place = value?.place(of: call[index]) {
                call.reply.place(place)
            } else {
                call.reply.nullArray()
            }
        }
    }
}
