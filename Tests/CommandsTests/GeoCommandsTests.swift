import Commands
import TestSupport
import Testing

@Suite struct GeoCommandsTests {
    private let server = Harness([GeoCommands.commands, GeoSearchCommands.commands, SortedSetCommands.commands])

    /// The squares that a search looks into hold all that is near: it finds what comparing every distance finds.
    @Test func searchesMissNothing() {
        var random = SeededGenerator(9)
        func coordinate(_ limit: Int) -> String { "\(random.below(2 * limit - 1) - limit + 1).\(random.below(1000))" }
        let members = (0..<250).map { "m\($0)" }
        for member in members { server.run("GEOADD", "g", coordinate(180), coordinate(85), member) }
        for _ in 0..<60 {
            let center = random.pick(members)
            let radius = Double(random.pick([50, 500, 1500, 4000, 9000, 15_000])) * 1000
            let expected = members.filter { member in
                let reply = server.run("GEODIST", "g", center, member)
                return Double(reply.split(separator: "\r\n")[1]).map { $0 <= radius } == true
            }
            let reply = server.run("GEOSEARCH", "g", "FROMMEMBER", center, "BYRADIUS", "\(Int(radius))", "m")
            let found = reply.split(separator: "\r\n").filter { $0.hasPrefix("m") }.map(String.init)
            #expect(Set(found) == Set(expected), "\(Int(radius)) m around \(center)")
            #expect(found.count == expected.count)
        }
    }

    /// Scores that no GEOADD gives.
    @Test func anyScoreIsSomePlace() {
        for score in ["inf", "-inf", "-1", "1e300", "9007199254740993", "1.5", "-1e18", "1.8e19"] {
            server.run("ZADD", "g", score, "odd")
            #expect(server.run("GEOPOS", "g", "odd").hasPrefix("*1\r\n*2\r\n"))
            #expect(server.run("GEOHASH", "g", "odd").hasPrefix("*1\r\n$11\r\n"))
            #expect(server.run("GEODIST", "g", "odd", "odd") == "$6\r\n0.0000\r\n")
            for size in ["0", "1e308", "inf"] {
                #expect(server.run("GEOSEARCH", "g", "FROMMEMBER", "odd", "BYRADIUS", size, "km").hasPrefix("*"))
                #expect(server.run("GEOSEARCH", "g", "FROMMEMBER", "odd", "BYBOX", size, size, "km").hasPrefix("*"))
            }
        }
    }
}
