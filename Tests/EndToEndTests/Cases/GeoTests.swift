import TestSupport
import Testing

/// Places in sorted sets.
@Suite struct GeoTests {
    private static let sicily = """
        > GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
        < 2
        > GEOADD g 12.758489 38.788135 edge1 17.241510 38.788135 edge2
        < 2
        """

    @Test(arguments: ServerKind.all)
    func placesAreMembersOfASortedSet(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            Self.sicily + "\n"
                + #"""
                > TYPE g
                < zset
                > ZSCORE g Palermo
                < "3479099956230698"
                > GEOPOS g Palermo missing
                < [["13.36138933897018433", "38.11555639549629859"], (nil)]
                > GEOHASH g Palermo Catania missing
                < ["sqc8b49rny0", "sqdtr74hyu0", (nil)]
                > GEODIST g Palermo Catania
                < "166274.1516"
                > GEODIST g Palermo Catania km
                < "166.2742"
                > GEODIST g Palermo Catania FT
                < "545518.8700"
                > GEODIST g Palermo Palermo
                < "0.0000"
                > GEODIST g Palermo missing
                < (nil)
                > GEODIST missing a b
                < (nil)
                > GEODIST g Palermo Catania parsec
                < (error) ERR unsupported unit provided. please use M, KM, FT, MI
                > GEODIST g Palermo Catania m m
                < (error) ERR syntax error
                resp3> GEOPOS g Palermo missing
                <* [[*13.36138933897018433, *38.11555639549629859], (nil)]
                resp3> GEODIST g Palermo Catania
                < "166274.1516"
                resp3> GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m WITHDIST WITHHASH
                < [["Palermo", "0.0000", 3479099956230698]]
                > GEOPOS missing a b
                < [(nil), (nil)]
                > GEOADD g NX 1 1 Palermo 2 2 new
                < 1
                > GEOADD g XX CH 1 1 Palermo 3 3 newer
                < 1
                > GEOADD g CH 1 1 Palermo 3 3 newer
                < 1
                > GEOADD g NX XX 1 1 a
                < (error) ERR syntax error
                > GEOADD g 1 1 a 2
                < (error) ERR syntax error
                > GEOADD g 200 1 a
                < (error) ERR invalid longitude,latitude pair 200.000000,1.000000
                > GEOADD g 1 -85.1 a
                < (error) ERR invalid longitude,latitude pair 1.000000,-85.100000
                > GEOADD g x 1 a
                < (error) ERR value is not a valid float
                > GEOADD g nan 1 a
                < (error) ERR value is not a valid float
                > GEOADD ends 180 85.05112878 a -180 -85.05112878 b
                < 2
                > GEOADD empty XX 1 1 a
                < 0
                > EXISTS empty
                < 0
                > SET s v
                < OK
                > GEOADD s 1 1 a
                < (error) WRONGTYPE Operation against a key holding the wrong kind of value
                > GEOPOS s a
                < (error) WRONGTYPE Operation against a key holding the wrong kind of value
                """#)
    }

    @Test(arguments: ServerKind.all)
    func searchesFindWhatIsNear(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            Self.sicily + "\n"
                + #"""
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC
                < ["Catania", "Palermo"]
                > GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 KM DESC WITHDIST
                < [["edge1", "279.7405"], ["edge2", "279.7403"], ["Palermo", "190.4424"], ["Catania", "56.4413"]]
                > GEOSEARCH g FROMMEMBER Palermo BYRADIUS 100 mi WITHHASH ASC
                < [["Palermo", 3479099956230698], ["edge1", 3479273021651468]]
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 300 km ASC COUNT 1 WITHCOORD
                < [["Catania", ["15.08726745843887329", "37.50266842333162032"]]]
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 300 km COUNT 3
                < ["Catania", "Palermo", "edge2"]
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 0 m
                < []
                > GEOSEARCH missing FROMMEMBER x BYRADIUS 1 m
                < []
                > GEORADIUS g 15 37 200 km WITHDIST DESC
                < [["Palermo", "190.4424"], ["Catania", "56.4413"]]
                > GEORADIUSBYMEMBER_RO g Catania 50 km
                < ["Catania"]
                > GEORADIUS_RO g 15 37 200 km STORE d
                < (error) ERR syntax error
                > GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
                < 2
                > ZRANGE d 0 -1
                < ["Catania", "Palermo"]
                > GEORADIUS g 15 37 200 km STORE d
                < 2
                > ZSCORE d Palermo
                < "3479099956230698"
                > GEORADIUS g 15 37 200 km COUNT 1 STORE a STOREDIST d
                < 1
                > EXISTS a
                < 0
                > GEORADIUSBYMEMBER g Catania 10 km STORE g
                < 1
                > ZCARD g
                < 1
                > GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m
                < 0
                > EXISTS d
                < 0
                > GEOSEARCHSTORE g missing FROMLONLAT 0 0 BYRADIUS 1 m
                < 0
                > EXISTS g
                < 0
                """#)
    }

    @Test(arguments: ServerKind.all)
    func searchesSayWhatIsWrong(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            Self.sicily + "\n"
                + #"""
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km
                < (error) ERR radius cannot be negative
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS x km
                < (error) ERR need numeric radius
                > GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 -1 km
                < (error) ERR height or width cannot be negative
                > GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 x km
                < (error) ERR need numeric height
                > GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km
                < (error) ERR syntax error
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km
                < (error) ERR syntax error
                > GEOSEARCH g BYRADIUS 1 km ASC WITHDIST
                < (error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH
                > GEOSEARCH g FROMLONLAT 15 37 ASC WITHDIST
                < (error) ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH
                > GEOSEARCH g FROMMEMBER nobody BYRADIUS 1 km
                < (error) ERR could not decode requested zset member
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km COUNT 0
                < (error) ERR COUNT must be > 0
                > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km ANY
                < (error) ERR the ANY argument requires COUNT argument
                > GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 km WITHDIST
                < (error) ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options
                > GEORADIUS g 15 37 1 km WITHDIST STORE d
                < (error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
                > GEORADIUS g 15 370 1 km
                < (error) ERR invalid longitude,latitude pair 15.000000,370.000000
                """#)
    }

    /// Random places, and searches of every size, poles and the date line included.
    @Test(.enabled(if: DifferentialTests.hasBoth, "needs both servers"))
    func searchesFindWhatRedisFinds() throws {
        try ServerPool.with(.redis) { judge in
            try ServerPool.with(.freshet) { candidate in
                let (judge, candidate) = (try judge.client(), try candidate.client())
                var random = SeededGenerator(Seed.current)
                func coordinate(_ limit: Int) -> String {
                    "\(random.below(2 * limit) - limit).\(random.below(1_000_000))"
                }
                for member in 0..<1500 {
                    let place = "\(coordinate(180)) \(coordinate(85)) m\(member)"
                    #expect(try judge.run("GEOADD g \(place)") == candidate.run("GEOADD g \(place)"))
                }
                for _ in 0..<300 {
                    let place = "\(coordinate(180)) \(coordinate(85))"
                    let from = random.oneIn(2) ? "FROMMEMBER m\(random.below(1500))" : "FROMLONLAT \(place)"
                    let size = [1, 10, 100, 1000, 5000, 20_000][random.below(6)]
                    let height = size / 2 + random.below(3000)
                    let by = random.oneIn(2) ? "BYRADIUS \(size) km" : "BYBOX \(size) \(height) mi"
                    let options = ["ASC WITHDIST", "DESC WITHCOORD COUNT 20", "COUNT 7", "", "COUNT 3 ANY", "WITHHASH"]
                    let command = "GEOSEARCH g \(from) \(by) \(random.pick(options))"
                    let (expected, received) = (try judge.run(command), try candidate.run(command))
                    #expect(expected == received, "\(command), FRESHET_SEED=\(Seed.current)")
                    let pair = "m\(random.below(1500)) m\(random.below(1500))"
                    for other in ["GEODIST g \(pair) ft", "GEOHASH g \(pair)", "GEOPOS g \(pair)"] {
                        #expect(try judge.run(other) == candidate.run(other), "\(other)")
                    }
                }
            }
        }
    }
}
