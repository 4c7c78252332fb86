import Glibc

/// A place on earth, in degrees.
struct GeoPlace {
    var longitude: Double
    var latitude: Double

    /// Of the sphere that distances are measured on, in metres.
    static let earthRadius = 6_372_797.560856
    private static let radian = Double.pi / 180

    static func radians(_ degrees: Double) -> Double { degrees * radian }
    static func degrees(_ radians: Double) -> Double { radians / radian }

    /// The distance along the great circle, in metres (the haversine formula).
    func distance(to other: GeoPlace) -> Double {
        let v = sin((Self.radians(other.longitude) - Self.radians(longitude)) / 2)
        // On one meridian.
        if v == 0 { return latitudeDistance(to: other) }
        let first = Self.radians(latitude)
        let second = Self.radians(other.latitude)
        let u = sin((second - first) / 2)
        let a = u * u + cos(first) * cos(second) * v * v
        return 2 * Self.earthRadius * asin(a.squareRoot())
    }

    /// How far the one is north of the other, in metres.
    func latitudeDistance(to other: GeoPlace) -> Double {
        Self.earthRadius * (Self.radians(other.latitude) - Self.radians(latitude)).magnitude
    }
}

/// What a search looks within: a circle or a box around a place.
struct GeoShape {
    enum Form {
        case circle(radius: Double)
        case box(width: Double, height: Double)
    }

    var center = GeoPlace(longitude: 0, latitude: 0)
    var form = Form.circle(radius: 0)
    /// Metres in a unit of the form's lengths.
    var unit = 1.0

    /// The distance of `place` from the centre in metres; nil where it is outside.
    func distance(of place: GeoPlace) -> Double? {
        switch form {
        case .circle(let radius):
            let distance = center.distance(to: place)
            return distance > radius * unit ? nil : distance
        case .box(let width, let height):
            if place.latitudeDistance(to: center) > height * unit / 2 { return nil }
            // Along the place's own parallel.
            let middle = GeoPlace(longitude: center.longitude, latitude: place.latitude)
            if place.distance(to: middle) > width * unit / 2 { return nil }
            return center.distance(to: place)
        }
    }

    // MARK: Where to look

    /// The lowest and highest coordinates of the shape, not cut at the ends of the world.
    private var bounds: GeoHash.Area {
        let height: Double
        let width: Double
        switch form {
        case .circle(let radius): (width, height) = (unit * radius, unit * radius)
        case .box(let boxWidth, let boxHeight): (width, height) = (unit * (boxWidth / 2), unit * (boxHeight / 2))
        }
        let north = GeoPlace.degrees(height / GeoPlace.earthRadius)
        // The parallel that is farther from the equator is the shorter one.
        let parallel = center.latitude < 0 ? center.latitude - north : center.latitude + north
        let east = GeoPlace.degrees(width / GeoPlace.earthRadius / cos(GeoPlace.radians(parallel)))
        return GeoHash.Area(
            longitude: (center.longitude - east, center.longitude + east),
            latitude: (center.latitude - north, center.latitude + north))
    }

    /// How fine squares may be of which nine cover the shape.
    private var steps: Int {
        var range: Double
        switch form {
        case .circle(let radius): range = radius
        case .box(let width, let height):
            range = ((width / 2) * (width / 2) + (height / 2) * (height / 2)).squareRoot()
        }
        range *= unit
        guard range != 0 else { return GeoHash.maximumSteps }
        var steps = 1
        // Half the circumference of the Mercator projection.
        while range < 20_037_726.37 {
            range *= 2
            steps += 1
        }
        steps -= 2
        // Squares get narrower towards the poles.
        if center.latitude.magnitude > 66 { steps -= center.latitude.magnitude > 80 ? 2 : 1 }
        return min(max(steps, 1), GeoHash.maximumSteps)
    }

    /// The squares to look into, in the order in which Redis does: the centre's own and those around it that the shape
    /// may reach.
    var squares: [GeoHash] {
        let bounds = bounds
        var steps = steps
        var center = GeoHash(self.center, steps: steps)
        if steps > 1, !Self.reaches(center, bounds) {
            steps -= 1
            center = GeoHash(self.center, steps: steps)
        }
        let area = center.area
        let isFine = steps >= 2
        let skipsSouth = isFine && area.latitude.minimum < bounds.latitude.minimum
        let skipsNorth = isFine && area.latitude.maximum > bounds.latitude.maximum
        let skipsWest = isFine && area.longitude.minimum < bounds.longitude.minimum
        let skipsEast = isFine && area.longitude.maximum > bounds.longitude.maximum
        var squares = [center]
        for (east, north) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
            if north < 0 && skipsSouth || north > 0 && skipsNorth || east < 0 && skipsWest || east > 0 && skipsEast {
                continue
            }
            let square = center.neighbor(east: east, north: north)
            // Where squares are as large as half the world, several neighbours are one.
            if squares.count > 1, squares.last == square { continue }
            squares.append(square)
        }
        return squares
    }

    /// Whether the squares around `square` reach as far as the shape.
    private static func reaches(_ square: GeoHash, _ bounds: GeoHash.Area) -> Bool {
        square.neighbor(east: 0, north: 1).area.latitude.maximum >= bounds.latitude.maximum
            && square.neighbor(east: 0, north: -1).area.latitude.minimum <= bounds.latitude.minimum
            && square.neighbor(east: 1, north: 0).area.longitude.maximum >= bounds.longitude.maximum
            && square.neighbor(east: -1, north: 0).area.longitude.minimum <= bounds.longitude.minimum
    }
}
