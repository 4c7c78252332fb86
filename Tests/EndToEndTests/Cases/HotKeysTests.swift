import Testing

/// HOTKEYS, and what INFO tells of reads that missed.
@Suite struct HotKeysTests {
    /// The map that HOTKEYS GET answers.
    private func collection(_ client: RedisClient) throws -> [String: Reply] {
        let elements = try client.run("HOTKEYS GET")[0].elements ?? []
        var fields: [String: Reply] = [:]
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            fields[elements[index].text ?? ""] = elements[index + 1]
        }
        return fields
    }

    private func names(_ reply: Reply?) -> [String] {
        let elements = reply?.elements ?? []
        return stride(from: 0, to: elements.count, by: 2).compactMap { elements[$0].text }
    }

    /// What INFO counts of misses, by the end of the field's name.
    private func misses(_ client: RedisClient) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try client.run("INFO stats").text?.split(separator: "\r\n") ?? [] {
            guard line.hasPrefix("keyspace_misses"), let colon = line.firstIndex(of: ":") else { continue }
            counts[String(line[..<colon].dropFirst("keyspace_misses".count))] = Int(line[line.index(after: colon)...])
        }
        return counts
    }

    @Test func theHeaviestKeysAreFound() throws {
        let server = try ServerProcess(.freshet, ["--threads", "4"])
        let client = try server.client()
        #expect(try client.run("HOTKEYS START METRICS 2 CPU NET COUNT 3") == .ok)
        #expect(
            try client.run("HOTKEYS START METRICS 1 CPU") == .error("ERR hotkey tracking session already in progress"))
        let large = String(repeating: "x", count: 5000)
        try client.run("SET large \(large)")
        try inParallel(4) { index in
            let other = try server.client()
            for round in 0..<500 {
                try other.run("INCR k\(index)-\(round)")
                if round % 5 == 0 { try other.run("GET large") }
            }
            for _ in 0..<3 { try other.run("ZADD often \(large.count) m") }
        }
        for line in ["MULTI", "GET large", "EXEC"] { try client.run(line) }
        #expect(try client.run("HOTKEYS STOP") == .ok)
        let fields = try collection(client)
        #expect(fields["tracking-active"] == .integer(0) && fields["sample-ratio"] == .integer(1))
        #expect(fields["selected-slots"] == .array([.array([.integer(0), .integer(16383)])]))
        #expect(names(fields["by-net-bytes"]).first == "large")
        // Which keys take the longest depends on what else the machine does.
        #expect(names(fields["by-net-bytes"]).count == 3 && names(fields["by-cpu-time-us"]).count == 3)
        // 401 replies, 400 requests and one that wrote it.
        let bytes = fields["by-net-bytes"]?[1].integer ?? 0
        #expect(bytes >= 402 * 5000 && bytes < 402 * 5100, "\(bytes)")
        #expect((fields["net-bytes-all-commands-all-slots"]?.integer ?? 0) > bytes)
        #expect((fields["total-net-bytes"]?.integer ?? 0) >= bytes)
        #expect(try client.run("HOTKEYS RESET") == .ok)
        #expect(try client.run("HOTKEYS GET") == .null)
    }

    @Test func aCollectionEndsByItself() throws {
        try Script.run(
            .freshet,
            #"""
            > HOTKEYS GET
            < (nil)
            > HOTKEYS START METRICS 1 NET DURATION 1 SAMPLE 5
            < OK
            > HOTKEYS RESET
            < (error) ERR hotkey tracking session in progress, stop tracking first
            until> HOTKEYS RESET
            < OK
            > HOTKEYS STOP
            < (error) ERR no hotkey tracking session in progress
            > HOTKEYS RESET
            < OK
            resp3> HOTKEYS START METRICS 2 GPU CPU
            < OK
            resp3> SET k v
            < OK
            resp3> HOTKEYS GET
            <* [{"tracking-active" => 1, "sample-ratio" => 1, "selected-slots" => [[0, 16383]], "all-commands-all-slots-us" => *, "by-cpu-time-us" => ["k", *]}]
            > HOTKEYS STOP
            < OK
            """#)
    }

    @Test func requestsThatDoNotFitAreRefused() throws {
        try Script.run(
            .freshet,
            #"""
            > HOTKEYS START
            < (error) ERR METRICS parameter is required
            > HOTKEYS START METRICS 0 CPU
            < (error) ERR METRICS count must be a positive number
            > HOTKEYS START METRICS 2 CPU
            < (error) ERR METRICS count does not match number of metric types provided
            > HOTKEYS START METRICS 9223372036854775807 CPU
            < (error) ERR METRICS count does not match number of metric types provided
            > HOTKEYS START METRICS 1 CPU NET
            < (error) ERR syntax error
            > HOTKEYS START METRICS 2 CPU CPU
            < (error) ERR METRICS CPU defined more than once
            > HOTKEYS START METRICS 1 GPU
            < (error) ERR METRICS no valid metrics passed. Supported: CPU, NET
            > HOTKEYS START METRICS 1 CPU COUNT 65
            < (error) ERR COUNT must be between 1 and 64
            > HOTKEYS START METRICS 1 CPU SAMPLE 0
            < (error) ERR SAMPLE ratio must be positive
            > HOTKEYS START METRICS 1 CPU SLOTS 1 0
            < (error) ERR SLOTS parameter cannot be used in non-cluster mode
            """#)
    }

    @Test func missesOfEvictedKeysAreTold() throws {
        let server = try ServerProcess(.freshet, ["--maxmemory-policy", "allkeys-lru"])
        let client = try server.client()
        try client.run("CONFIG SET maxmemory 4mb")
        let value = String(repeating: "x", count: 10_000)
        for index in 0..<2000 { try client.run("SET k\(index) \(value)") }
        try client.run("CONFIG RESETSTAT")
        let absent = try (0..<2000).filter { try client.run("GET k\($0)") == .null }.count
        try client.run("GET nosuch")
        let counts = try misses(client)
        #expect(absent > 1000 && counts[""] == absent + 1)
        // Some have given their place to those that went after them.
        #expect((counts["_evicted"] ?? 0) > absent * 9 / 10)
        #expect((counts["_evicted"] ?? 0) + (counts["_absent"] ?? 0) == absent + 1)
    }

    /// Each cause of a miss is told apart; only the last belongs to nobody's decision.
    @Test func reasonsOfMissesAreTold() throws {
        try ServerPool.with(.freshet) { server in
            let client = try server.client()
            try client.run("CONFIG RESETSTAT")
            for line in ["GET nosuch", "SET gone v", "DEL gone", "GET gone", "SET short v PX 1", "SET source 1"] {
                try client.run(line)
            }
            let token = try client.begin("derived")
            try client.run("GET source")
            #expect(try client.end(token, "v") == "stored")
            try client.run("SET source 2")
            try client.run("GET derived")
            while try client.run("EXISTS short") == .integer(1) {}
            try client.run("CONFIG RESETSTAT")
            for line in ["GET nosuch", "GET gone", "GET short", "MGET short nosuch2", "GET derived", "GET source"] {
                try client.run(line)
            }
            #expect(try misses(client) == ["": 6, "_absent": 3, "_expired": 2, "_evicted": 0, "_stale": 1])
        }
    }
}
