import Keyspace
import Primitives
import RESP

/// A search for the members within a circle or a box: its arguments, and what it finds.
struct GeoSearch {
    /// The commands that search.
    enum Form {
        /// GEOSEARCH, and GEOSEARCHSTORE with its destination in front.
        case search, searchStore
        /// GEORADIUS and GEORADIUSBYMEMBER; those that only read know no STORE.
        case radius, radiusReadOnly, member, memberReadOnly

        var isSearch: Bool { self == .search || self == .searchStore }
        var mayStore: Bool { self == .radius || self == .member }
        /// Where the key is, and where options begin.
        var keyIndex: Int { self == .searchStore ? 2 : 1 }
        var optionsIndex: Int {
            switch self {
            case .search: 2
            case .searchStore: 3
            case .member, .memberReadOnly: 5
            case .radius, .radiusReadOnly: 6
            }
        }
    }

    enum Order {
        case ascending, descending
    }

    /// Nil where the key does not exist and a member was asked for.
    private(set) var shape: GeoShape?
    private(set) var withDistance = false
    private(set) var withHash = false
    private(set) var withPlace = false
    private(set) var order: Order?
    private(set) var count: Int?
    /// Whether any members will do, rather than the nearest.
    private(set) var takesAny = false
    /// The argument that names the key to store in.
    private(set) var destination: Int?
    /// Whether distances are stored as scores.
    private(set) var storesDistance = false

    // MARK: Arguments

    private var center: GeoPlace?
    private var hasCenter = false
    /// The arguments of BYRADIUS or BYBOX.
    private var extent: GeoShape?

    init(_ call: borrowing Call, _ form: Form, _ value: SortedSetValue?) throws(CommandError) {
        switch form {
        case .radius, .radiusReadOnly: shape = try call.circle(4, around: call.place(2))
        case .member, .memberReadOnly:
            if let value { shape = try call.circle(3, around: Self.place(call, 2, value)) }
        case .searchStore: destination = 1
        case .search: break
        }
        var index = form.optionsIndex
        while index < call.count { index += try take(call, index, form, value) }
        try check(call, form)
        guard form.isSearch else { return }
        shape = extent
        if let center { shape?.center = center }
        // The key does not exist.
        if center == nil { shape = nil }
    }

    private static func place(
        _ call: borrowing Call, _ index: Int, _ value: SortedSetValue
    ) throws(CommandError) -> GeoPlace {
        guard let place = value.place(of: call[index]) else {
            throw CommandError("ERR could not decode requested zset member")
        }
        return place
    }

    /// Reads the option at `index`; returns how many arguments it has.
    private mutating func take(
        _ call: borrowing Call, _ index: Int, _ form: Form, _ value: SortedSetValue?
    ) throws(CommandError) -> Int {
        let left = call.count - index - 1
        if call.isWord(index, "withdist") {
            withDistance = true
        } else if call.isWord(index, "withhash") {
            withHash = true
        } else if call.isWord(index, "withcoord") {
            withPlace = true
        } else if call.isWord(index, "any") {
            takesAny = true
        } else if call.isWord(index, "asc") {
            order = .ascending
        } else if call.isWord(index, "desc") {
            order = .descending
        } else if call.isWord(index, "count"), left >= 1 {
            let count = try call.integer(index + 1)
            guard count > 0 else { throw CommandError("ERR COUNT must be > 0") }
            self.count = Int(count)
            return 2
        } else if form.mayStore, call.isWord(index, "store"), left >= 1 {
            destination = index + 1
            storesDistance = false
            return 2
        } else if form.mayStore, call.isWord(index, "storedist"), left >= 1 {
            destination = index + 1
            storesDistance = true
            return 2
        } else if form.isSearch {
            return try takeOfSearch(call, index, form, value)
        } else {
            throw .syntax
        }
        return 1
    }

    private mutating func takeOfSearch(
        _ call: borrowing Call, _ index: Int, _ form: Form, _ value: SortedSetValue?
    ) throws(CommandError) -> Int {
        let left = call.count - index - 1
        let isBox = extent.map { if case .box = $0.form { true } else { false } }
        if call.isWord(index, "frommember"), left >= 1, !centerIsPlace {
            if let value { center = try Self.place(call, index + 1, value) }
            hasCenter = true
            return 2
        }
        if call.isWord(index, "fromlonlat"), left >= 2, !hasCenter || centerIsPlace {
            center = try call.place(index + 1)
            hasCenter = true
            centerIsPlace = true
            return 3
        }
        if call.isWord(index, "byradius"), left >= 2, isBox != true {
            extent = try call.circle(index + 1, around: GeoPlace(longitude: 0, latitude: 0))
            return 3
        }
        if call.isWord(index, "bybox"), left >= 3, isBox != false {
            extent = try call.box(index + 1, around: GeoPlace(longitude: 0, latitude: 0))
            return 4
        }
        guard form == .searchStore, call.isWord(index, "storedist") else { throw .syntax }
        storesDistance = true
        return 1
    }

    /// Whether FROMLONLAT gave the centre.
    private var centerIsPlace = false

    private func check(_ call: borrowing Call, _ form: Form) throws(CommandError) {
        if destination != nil, withDistance || withHash || withPlace {
            let name = form == .searchStore ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
            throw CommandError(
                composed: "ERR \(name) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
        }
        if form.isSearch, !hasCenter {
            throw CommandError(
                composed: "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for \(call[0].string)")
        }
        if form.isSearch, extent == nil {
            throw CommandError(
                composed: "ERR exactly one of BYRADIUS and BYBOX can be specified for \(call[0].string)")
        }
        if takesAny, count == nil { throw CommandError("ERR the ANY argument requires COUNT argument") }
    }

    // MARK: Results

    /// A member that was found: its rank stands for it.
    struct Match {
        let rank: Int
        let score: Double
        let place: GeoPlace
        /// From the centre, in metres.
        let distance: Double
    }

    /// The members to answer or store, in their order.
    ///
    /// - Complexity: O(n + log m), n being the members in the squares around the shape and m all of them; O(n log n) where
    ///   they are sorted.
    func matches(_ value: SortedSetValue, _ shape: GeoShape) -> [Match] {
        let limit = takesAny ? count ?? .max : .max
        var matches: [Match] = []
        for square in shape.squares {
            if matches.count >= limit { break }
            let scores = square.scores
            let range = ScoreRange(Double(scores.first), Double(scores.next), excludesMaximum: true)
            let ranks = value.ranks(in: range)
            var rank = ranks.lowerBound
            _ = value.forEach(ranks) { _, score in
                let place = GeoHash(score: score).center
                if let distance = shape.distance(of: place) {
                    matches.append(Match(rank: rank, score: score, place: place, distance: distance))
                }
                rank += 1
                return matches.count < limit
            }
        }
        // The nearest, where only some are wanted and nothing else was said.
        switch order ?? (count != nil && !takesAny ? .ascending : nil) {
        case .ascending: matches.sort { $0.distance < $1.distance }
        case .descending: matches.sort { $0.distance > $1.distance }
        case nil: break
        }
        if let count, count < matches.count { matches.removeLast(matches.count - count) }
        return matches
    }
}
