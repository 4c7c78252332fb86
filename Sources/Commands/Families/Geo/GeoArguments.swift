import Keyspace
import Primitives
import RESP

/// Places, lengths and units among the arguments of geo commands.
extension Call {
    /// Longitude and latitude from the arguments at `index` and behind it.
    func place(_ index: Int) throws(CommandError) -> GeoPlace {
        let place = GeoPlace(longitude: try double(index), latitude: try double(index + 1))
        guard GeoHash.longitudes.contains(place.longitude), GeoHash.latitudes.contains(place.latitude) else {
            let pair = fixedText(place.longitude, decimals: 6) + "," + fixedText(place.latitude, decimals: 6)
            throw CommandError(composed: "ERR invalid longitude,latitude pair \(pair)")
        }
        return place
    }

    /// Metres in the unit that the argument names.
    func lengthUnit(_ index: Int) throws(CommandError) -> Double {
        if isWord(index, "m") { return 1 }
        if isWord(index, "km") { return 1000 }
        if isWord(index, "ft") { return 0.3048 }
        if isWord(index, "mi") { return 1609.34 }
        throw CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
    }

    /// A radius and its unit, from the argument at `index` on.
    func circle(_ index: Int, around center: GeoPlace) throws(CommandError) -> GeoShape {
        let radius = try double(index, or: CommandError("ERR need numeric radius"))
        guard radius >= 0 else { throw CommandError("ERR radius cannot be negative") }
        return GeoShape(center: center, form: .circle(radius: radius), unit: try lengthUnit(index + 1))
    }

    /// Width, height and their unit, from the argument at `index` on.
    func box(_ index: Int, around center: GeoPlace) throws(CommandError) -> GeoShape {
        let width = try double(index, or: CommandError("ERR need numeric width"))
        let height = try double(index + 1, or: CommandError("ERR need numeric height"))
        guard width >= 0, height >= 0 else { throw CommandError("ERR height or width cannot be negative") }
        return GeoShape(
            center: center, form: .box(width: width, height: height), unit: try lengthUnit(index + 2))
    }
}

extension SortedSetValue {
    /// Where a member is; nil where there is none.
    func place(of member: ByteView) -> GeoPlace? { score(of: member).map { GeoHash(score: $0).center } }
}

extension ReplyWriter {
    /// A distance: a bulk string with four decimals.
    func distance(_ value: Double) {
        let scaled = (value * 10_000).rounded(.toNearestOrAwayFromZero)
        guard scaled >= 0, scaled < 0x1p62 else { return bulk(fixedText(value, decimals: 4)) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 40) { buffer in
            guard let base = buffer.baseAddress else { return }
            let (whole, decimals) = UInt64(scaled).quotientAndRemainder(dividingBy: 10_000)
            var length = writeUnsigned(whole, to: base)
            base[length] = UInt8(ascii: ".")
            // A one in front keeps the zeros.
            let mark = base[length]
            writeUnsigned(10_000 + decimals, to: base + length)
            base[length] = mark
            length += 5
            bulk(ByteView(base, count: length))
        }
    }

    /// Longitude and latitude with 17 decimals, zeros at their end left out.
    func place(_ place: GeoPlace) {
        array(2)
        for coordinate in [place.longitude, place.latitude] {
            longDoubleText(LongDouble(coordinate)).withView { number($0) }
        }
    }
}
