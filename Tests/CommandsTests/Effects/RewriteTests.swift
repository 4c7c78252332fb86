import Commands
import Primitives
import Testing

/// The commands that an append-only file consists of that was rewritten with `aof-use-rdb-preamble no`.
@Suite struct RewriteTests {
    private static let time: Int64 = 1_700_000_000_000

    private func server(_ commands: [String]) -> Harness {
        let server = Harness(DataFamilies.all)
        for command in commands {
            let reply = server.run(command.split(separator: " ").map(String.init))
            #expect(!reply.hasPrefix("-"), "\(command): \(reply)")
        }
        return server
    }

    @Test(arguments: [
        (["SET k 12"], "SET k 12"), (["SET k v PX 1000"], "SET k v PXAT \(time + 1000)"),
        (["RPUSH k a 1 b", "PEXPIREAT k 1800000000000"], "RPUSH k a 1 b; PEXPIREAT k 1800000000000"),
        (["SADD k 3 1 2"], "SADD k 1 2 3"), (["ZADD k inf b 1.5 a 3e300 c"], "ZADD k 1.5 a 3e+300 c inf b"),
        (["HSET k f v n 1"], "HMSET k f v n 1"),
        (
            ["HSET k f v n 1", "HPEXPIRE k 500 FIELDS 1 n"],
            "HMSET k n 1 f v; HPEXPIREAT k \(time + 500) FIELDS 1 n"
        ),
        (
            ["XADD k 5-1 a 1", "XADD k 6-1 b 2", "XDEL k 6-1"],
            "XADD k 5-1 a 1; XSETID k 6-1 ENTRIESADDED 2 MAXDELETEDID 6-1"
        ),
        (
            ["XGROUP CREATE k g $ MKSTREAM"],
            "XADD k MAXLEN 0 0-1 x y; XSETID k 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0; XGROUP CREATE k g 0-0 ENTRIESREAD -1"
        ),
        (
            [
                "XADD k 5-1 a 1", "XGROUP CREATE k g 0", "XGROUP CREATECONSUMER k g idle",
                "XREADGROUP GROUP g busy STREAMS k >",
            ],
            """
            XADD k 5-1 a 1; XSETID k 5-1 ENTRIESADDED 1 MAXDELETEDID 0-0; XGROUP CREATE k g 5-1 ENTRIESREAD 1; \
            XGROUP CREATECONSUMER k g idle; XCLAIM k g busy 0 5-1 TIME \(time) RETRYCOUNT 1 JUSTID FORCE
            """
        ),
    ])
    func `A key of each type is written as Redis does`(_ commands: [String], _ expected: String) {
        let server = server(commands)
        #expect(server.rewritten().map(\.description).joined(separator: " | ") == expected)
        #expect(server.differenceOfRewritten() == nil)
    }

    @Test func `A command has 64 elements at most`() {
        let names = (0..<130).map { "element:\($0)" }
        let scored = names.enumerated().map { "\($0.offset) \($0.element)" }.joined(separator: " ")
        let server = server([
            "RPUSH l " + names.joined(separator: " "), "SADD s " + names.joined(separator: " "), "ZADD z " + scored,
            "HSET h " + scored,
        ])
        #expect(server.differenceOfRewritten() == nil)
        for unit in server.rewritten() {
            #expect(unit.commands.count == 3)
            let width = [Array("HMSET".utf8), Array("ZADD".utf8)].contains(unit.commands[0][0]) ? 2 : 1
            #expect(unit.commands.map { ($0.count - 2) / width } == [64, 64, 2])
        }
    }

    @Test func `Large values are handed on in parts`() {
        let server = server((0..<40).map { "RPUSH l \(String(repeating: "x", count: 50_000))\($0)" })
        #expect(server.differenceOfRewritten() == nil)
    }

    @Test func `What has expired is there all the same`() {
        let server = server([
            "SET a v PX 10", "RPUSH l x", "PEXPIRE l 10", "HSET h f v g w", "HPEXPIRE h 10 FIELDS 1 f",
        ])
        server.now += 1000
        #expect(server.differenceOfRewritten() == nil)
    }

    @Test func `What is pending and was deleted stays pending`() {
        let server = server([
            "XADD k 5-1 a 1", "XADD k 6-1 a 1", "XGROUP CREATE k g 0", "XREADGROUP GROUP g c STREAMS k >", "XDEL k 5-1",
        ])
        #expect(server.differenceOfRewritten() == nil)
        #expect(server.run("XCLAIM", "k", "g", "d", "0", "5-1", "JUSTID") == "*0\r\n")
        #expect(server.run("XPENDING", "k", "g").hasPrefix("*4\r\n:1\r\n"))
    }
}
