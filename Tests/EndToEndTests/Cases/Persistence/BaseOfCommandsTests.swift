import Testing

/// What stands in a base that is written as commands (`aof-use-rdb-preamble no`).
@Suite struct BaseOfCommandsTests {
    /// The first base of all is written when the server starts.
    @Test(arguments: ServerKind.all)
    func aBaseOfCommandsBeginsWithTheTime(_ kind: ServerKind) throws {
        let server = try ServerProcess(
            kind, ["--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes"])
        let client = try server.client()
        let base = "\(server.directory)/appendonlydir/appendonly.aof.1.base.aof"
        #expect(try server.readFile(base).hasPrefix("#TS:"))
        for line in ["SELECT 2", "SET k v"] { try client.run(line) }
        try client.rewriteLog()
        let text = try server.readFile("\(server.directory)/appendonlydir/appendonly.aof.2.base.aof")
        #expect(text.contains("\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n*3\r\n$3\r\nSET\r\n"))
    }

    /// What is told of computed values in a base is more than a line of it, and any bytes; Redis passes over it.
    @Test func computedValuesInABaseOfCommandsAreStringsForRedis() throws {
        let server = try ServerProcess(.freshet, ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"])
        let client = try server.client()
        let sources = (0..<200).map { Array("source\r\n\"\u{0}#é\($0)".utf8) }
        let call = ["COMPUTE.SET", "c", "value\r\n", "DEPS", "200"].map { Array($0.utf8) } + sources
        #expect(!(try client.send(call).isError))
        #expect(!(try client.run("COMPUTE.SET d vd DEPS 1 c").isError))
        try client.rewriteLog()
        server.kill()
        for kind in ServerKind.all {
            let next = try ServerProcess(kind, ["--appendonly", "yes", "--dir", server.directory])
            let reader = try next.client()
            #expect(try reader.run("MGET c d").description == #"["value\r\n", "vd"]"#)
            guard kind == .freshet else { continue }
            #expect(try reader.send([Array("SET".utf8), sources[199], Array("1".utf8)]) == .status("OK"))
            #expect(try reader.run("MGET c d").description == "[(nil), (nil)]")
        }
    }
}

extension RedisClient {
    /// Has the append-only file written anew, and waits until it is.
    func rewriteLog(at location: SourceLocation = #_sourceLocation) throws {
        try run("BGREWRITEAOF")
        try eventually("end of a rewrite", at: location) {
            try run("INFO persistence").text?.contains("aof_rewrite_in_progress:0") == true
        }
    }
}
