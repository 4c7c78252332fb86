import TestSupport
import Testing

@Suite("freshet-check rdb")
struct CheckSnapshotTests {
    private let folder = TemporaryFolder()

    private func writeSnapshot() throws {
        let long = String(repeating: "x", count: 500)
        let commands = """
            set string 1
            set expiring 1 ex 10000
            rpush list a b c
            sadd set 1 2 3 4
            zadd zset 1 a 2 b
            select 2
            hset hash f v g \(long)
            set "a\\nb" \(long)\(long)
            xadd stream * a b
            save

            """
        try runRedis(in: folder, "--dbfilename dump.rdb", commands: commands)
    }

    @Test("what redis-server saved is counted by type, and the biggest keys are named")
    func summary() throws {
        try writeSnapshot()
        let result = try freshetCheck("rdb", "--biggest", "2", folder.path("dump.rdb"))
        #expect(result.status == 0, "\(result.errors)")
        let words = result.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(result.output.hasPrefix("\(folder.path)/dump.rdb: valid, version 10, 8 keys\n"))
        #expect(words.contains(["database", "2:", "3", "keys"]))
        #expect(words.first { $0.first == "set" }?.prefix(3) == ["set", "1", "4"])
        #expect(words.first { $0.first == "string" }?[1] == "3")
        #expect(words.first { $0.first == "string" }?.suffix(2) == ["1", "0"])
        #expect(words.last.map { Array($0.suffix(4)) } == ["2", "db", "2", "\"hash\""])
        #expect(result.output.contains("db 2  \"a\\nb\""))
    }

    @Test("the summary as JSON has the same numbers")
    func json() throws {
        try writeSnapshot()
        let result = try freshetCheck("rdb", "--json", folder.path("dump.rdb"))
        #expect(result.status == 0)
        let script = """
            import json,sys
            r=json.load(sys.stdin)
            print(r['valid'],r['all']['keys'],r['types']['zset']['elements'],r['databases'],len(r['biggest']),
                r['biggest'][0]['key']=='a\\nb')
            """
        let read = try #require(run(["python3", "-c", script], input: result.output))
        #expect(read.output == "True 8 2 {'0': 5, '2': 3} 8 True\n", "\(read.errors)")
    }

    @Test("every flipped byte is found, with its offset")
    func flips() throws {
        try writeSnapshot()
        let bytes = try #require(folder.read("dump.rdb"))
        for index in stride(from: 0, to: bytes.count, by: 97) {
            var damaged = bytes
            damaged[index] ^= 0x10
            let result = try freshetCheck("rdb", folder.write("damaged.rdb", damaged))
            #expect(result.status == 1, "\(index)")
            #expect(result.errors.hasPrefix("Error: \(folder.path)/damaged.rdb: "), "\(index)")
        }
    }

    @Test("a truncated file says where it ends, and behind which key")
    func truncation() throws {
        try runRedis(in: folder, "--dbfilename dump.rdb", commands: "set key value\nsave\n")
        let bytes = try #require(folder.read("dump.rdb"))
        let result = try freshetCheck("rdb", folder.write("short.rdb", Array(bytes.dropLast(9))))
        #expect(result.status == 1)
        #expect(result.output == "1 keys can be read before the damage.\n")
        #expect(result.errors.contains("short read at offset \(bytes.count - 9), behind the key \"key\" of database 0"))
        let json = try freshetCheck("rdb", "--json", folder.path("short.rdb"))
        #expect(json.status == 1)
        #expect(json.output.hasPrefix("{\"valid\":false,\"error\":\""))
    }
}
