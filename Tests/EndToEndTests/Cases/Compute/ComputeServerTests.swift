import Testing

/// What configuration, INFO and CLIENT LIST say of computed keys.
@Suite struct ComputeServerTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func theSectionOfINFO(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("COMPUTE.SET k v DEPS 1 a")
        try client.run("SET a 1")
        for line in ["INFO", "INFO compute", "INFO everything", "INFO all"] {
            let text = try client.run(line).text ?? ""
            #expect(text.contains("# Compute\r\n"), "\(line)")
            #expect(text.contains("compute_nodes:2\r\n"))
            #expect(text.contains("compute_computed_keys:1\r\n"))
            #expect(text.contains("compute_marked_stale:1\r\n"))
        }
        #expect(try client.run("INFO keyspace").text?.contains("Compute") == false)
        #expect(try client.run("CONFIG RESETSTAT") == .ok)
        let text = try client.run("INFO compute").text ?? ""
        #expect(text.contains("compute_nodes:2\r\n"))
        #expect(text.contains("compute_published:0\r\n") && text.contains("compute_marked_stale:0\r\n"))
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func theGraphHasALimit(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--compute-max-memory", "100kb"])
        let client = try server.client()
        #expect(try client.run("CONFIG GET compute-max-memory")[1] == .bulk("102400"))
        let oom = Reply.error("OOM the dependency graph has reached compute-max-memory")
        var stored = 0
        for index in 0..<5000 {
            let reply = try client.run("COMPUTE.SET k\(index) v DEPS 1 a\(index)")
            if reply == oom { break }
            stored += 1
        }
        #expect(stored > 100 && stored < 5000)
        #expect(try client.run("COMPUTE.BEGIN another") == oom)
        // Ordinary commands, and what is there, go on.
        #expect(try client.run("SET a0 1") == .ok)
        #expect(try client.run("MGET k0 k1") == .array([.null, .bulk("v")]))
        #expect(try client.run("CONFIG SET compute-max-memory 0") == .ok)
        let token = try client.begin("another")
        #expect(try client.run("CONFIG SET compute-max-memory 1kb") == .ok)
        #expect(try client.run("COMPUTE.END \(token) v") == oom)
        #expect(try client.run("GET another") == .null)
        #expect(try client.run("CONFIG SET compute-max-memory -1").isError)
        #expect(try client.run("CONFIG SET compute-max-memory 1gb") == .ok)
        #expect(try client.run("COMPUTE.SET another v")[0] == .bulk("stored"))
        // What is removed can be used again.
        #expect(try client.run("FLUSHALL") == .ok)
        #expect(try client.run("CONFIG SET compute-max-memory 100kb") == .ok)
        #expect(try client.run("COMPUTE.SET another v")[0] == .bulk("stored"))
    }
}
