/// A place on earth as a number: longitude and latitude cut in halves in turn, so that near places mostly have numbers with
/// the same beginning, and a square of the earth is a range of numbers (Morton's order; Niemeyer's geohash).
///
/// Latitudes end at ±85.05112878 degrees, where the web's Mercator projection is a square. All arithmetic is Redis's, down
/// to the order of operations, so that scores are equal to its scores.
struct GeoHash: Equatable {
    /// Most steps: 52 bits, what a score holds exactly.
    static let maximumSteps = 26
    static let longitudes = -180.0...180.0
    static let latitudes = -85.05112878...85.05112878

    /// Two bits for each step: the higher is of the longitude.
    var bits: UInt64
    /// How often each coordinate was halved.
    var steps: Int

    init(bits: UInt64, steps: Int) {
        self.bits = bits
        self.steps = steps
    }

    /// The square that a place lies in; the place must be within `latitudes`, or within those that are given.
    init(_ place: GeoPlace, steps: Int, latitudes: ClosedRange<Double> = GeoHash.latitudes) {
        let scale = Double(UInt64(1) << UInt64(steps))
        let y = (place.latitude - latitudes.lowerBound) / (latitudes.upperBound - latitudes.lowerBound) * scale
        let x =
            (place.longitude - Self.longitudes.lowerBound)
            / (Self.longitudes.upperBound - Self.longitudes.lowerBound) * scale
        self.init(bits: Self.spread(y) | Self.spread(x) << 1, steps: steps)
    }

    /// What a sorted set's score says; any score may come.
    init(score: Double) {
        let bits: UInt64
        if score.magnitude < 0x1p63 {
            bits = UInt64(bitPattern: Int64(score))
        } else {
            bits = score > 0 && score < 0x1p64 ? UInt64(score) : score < 0 ? 1 << 63 : 0
        }
        self.init(bits: bits, steps: Self.maximumSteps)
    }

    /// The number with the full count of bits, and what the next square has.
    var scores: (first: UInt64, next: UInt64) {
        let shift = UInt64(2 * (Self.maximumSteps - steps))
        return (bits << shift, (bits &+ 1) << shift)
    }

    // MARK: Squares

    /// The lowest and the highest coordinates of a square.
    struct Area {
        var longitude: (minimum: Double, maximum: Double)
        var latitude: (minimum: Double, maximum: Double)
    }

    var area: Area {
        func range(_ index: UInt32, _ all: ClosedRange<Double>) -> (minimum: Double, maximum: Double) {
            let scale = all.upperBound - all.lowerBound
            let parts = Double(UInt64(1) << UInt64(steps))
            return (
                all.lowerBound + Double(index) / parts * scale, all.lowerBound + Double(index &+ 1) / parts * scale
            )
        }
        return Area(
            longitude: range(Self.gather(bits >> 1), Self.longitudes),
            latitude: range(Self.gather(bits), Self.latitudes))
    }

    /// The middle of the square.
    var center: GeoPlace {
        let area = area
        return GeoPlace(
            longitude: Self.clamp((area.longitude.minimum + area.longitude.maximum) / 2, Self.longitudes),
            latitude: Self.clamp((area.latitude.minimum + area.latitude.maximum) / 2, Self.latitudes))
    }

    private static func clamp(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        value > range.upperBound ? range.upperBound : value < range.lowerBound ? range.lowerBound : value
    }

    /// The square so many steps to the east and to the north, -1 ... 1 of each; around the world at its end.
    func neighbor(east: Int, north: Int) -> GeoHash {
        let mask: UInt64 = .max >> UInt64(64 - 2 * steps)
        let x = Self.moved(bits & Self.oddBits, by: east, filling: Self.evenBits & mask) & Self.oddBits & mask
        let y = Self.moved(bits & Self.evenBits, by: north, filling: Self.oddBits & mask) & Self.evenBits & mask
        return GeoHash(bits: x | y, steps: steps)
    }

    private static let oddBits: UInt64 = 0xAAAA_AAAA_AAAA_AAAA
    private static let evenBits: UInt64 = 0x5555_5555_5555_5555

    /// Counts one coordinate; a carry runs through the bits of the other one, which are `filling`.
    private static func moved(_ coordinate: UInt64, by direction: Int, filling: UInt64) -> UInt64 {
        if direction == 0 { return coordinate }
        return direction > 0 ? coordinate &+ filling &+ 1 : (coordinate | filling) &- (filling &+ 1)
    }

    // MARK: Bits

    /// The whole part of `value`, 0 ... 2^32 - 1, with a zero behind each bit.
    private static func spread(_ value: Double) -> UInt64 {
        guard value >= 0, value < 0x1p32 else { return 0 }
        var bits = UInt64(value)
        bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
        bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333
        return (bits | bits << 1) & evenBits
    }

    /// Every second bit of `value`, the lowest first.
    private static func gather(_ value: UInt64) -> UInt32 {
        var bits = value & evenBits
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: bits | bits >> 16)
    }

    // MARK: Text

    /// The eleven letters by which the rest of the world knows the place: latitudes reach to the poles there. The last
    /// letter would take bits that there are not, and is always the same.
    static func text(_ place: GeoPlace) -> String {
        let letters = Array("0123456789bcdefghjkmnpqrstuvwxyz".utf8)
        let bits = GeoHash(place, steps: maximumSteps, latitudes: -90...90).bits
        var text = (1...10).map { letters[Int(truncatingIfNeeded: bits >> UInt64(52 - 5 * $0)) & 31] }
        text.append(letters[0])
        return String(decoding: text, as: UTF8.self)
    }
}
