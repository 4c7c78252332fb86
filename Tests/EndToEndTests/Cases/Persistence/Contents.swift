/// Makes keys of every type and encoding, and tells what a client can see of all keys of a server.
enum Contents {
    /// Commands that make keys of every type, in two databases.
    static let commands: [String] = {
        let many = { (count: Int, element: (Int) -> String) in (0..<count).map(element).joined(separator: " ") }
        let long = String(repeating: "long ", count: 40)
        return [
            "SET s:text hello", "SET s:empty ''", "SET s:integer -32768", "SET s:long '\(long)'", "APPEND s:raw abc",
            "SETRANGE s:huge 100000 x", "SET s:expiring v PXAT 33177117420123", "SETBIT s:bits 77 1",
            "PFADD s:sketch a b c", "RPUSH l:small a 1 -5 '\(long)'", "RPUSH l:large \(many(2000) { "element:\($0)" })",
            "SADD set:integers 1 2 -3 100000", "SADD set:texts a b '\(long)'",
            "SADD set:large \(many(600) { "member:\($0)" })", "ZADD z:small 1 a -inf b 2.5 c",
            "ZADD z:large \(many(300) { "\($0 % 7).25 m\($0)" })", "GEOADD z:geo 13.36 38.11 Palermo",
            "HSET h:small f v n 5", "HSET h:large \(many(600) { "field:\($0) \($0)" })",
            "XADD x:1 5-1 a 1", "XADD x:1 6-1 b 2 c 3", "XADD x:1 7-1 d 4", "XDEL x:1 6-1", "XGROUP CREATE x:1 g 0",
            "XREADGROUP GROUP g one COUNT 1 STREAMS x:1 >", "XREADGROUP GROUP g two COUNT 1 STREAMS x:1 >",
            "XACK x:1 g 5-1", "EXPIREAT z:small 33177117420", "SPOP set:large 100", "LPOP l:large 7", "DEL s:raw",
            "RENAME h:small h:renamed", "COPY l:small l:copy", "INCRBYFLOAT s:float 1.5", "SELECT 3", "SET s:other 1",
            "MOVE s:other 4", "SET s:third 3", "SELECT 0",
        ]
    }()

    /// Everything that a client sees of the databases 0 to 4.
    static func all(_ client: RedisClient) throws -> [String] {
        var lines: [String] = []
        for database in 0...4 {
            try client.run("SELECT \(database)")
            for key in (try client.run("KEYS *").elements ?? []).compactMap(\.text).sorted() {
                let type = try client.run("TYPE '\(key)'").text ?? ""
                let value = try contents(client, key, type)
                lines.append("\(database) \(key) \(type) \(try client.run("PEXPIRETIME '\(key)'")) \(value)")
            }
        }
        try client.run("SELECT 0")
        return lines
    }

    private static func contents(_ client: RedisClient, _ key: String, _ type: String) throws -> String {
        switch type {
        case "string": return try client.run("GET '\(key)'").description
        case "list": return try client.run("LRANGE '\(key)' 0 -1").description
        case "set": return try client.run("SORT '\(key)' ALPHA").description
        case "zset": return try client.run("ZRANGE '\(key)' 0 -1 WITHSCORES").description
        case "hash":
            let words = (try client.run("HGETALL '\(key)'").elements ?? []).compactMap(\.text)
            return stride(from: 0, to: words.count, by: 2).map { words[$0] + "=" + words[$0 + 1] }.sorted()
                .joined(separator: " ")
        default:
            // What Redis logs of XREADGROUP does not say how many entries the group has read.
            let groups = (try client.run("XINFO GROUPS '\(key)'").elements ?? []).map { group in
                stride(from: 0, to: group.elements?.count ?? 0, by: 2)
                    .filter { group[$0].text != "entries-read" && group[$0].text != "lag" }
                    .map { "\(group[$0])=\(group[$0 + 1])" }.joined(separator: " ")
            }
            let pending = try client.run("XPENDING '\(key)' g")
            return "\(try client.run("XRANGE '\(key)' - +")) \(groups) \(pending)"
        }
    }
}
