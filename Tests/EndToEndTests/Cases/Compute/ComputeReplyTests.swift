import Testing

/// The shape of every COMPUTE command's reply, in RESP2 and RESP3.
@Suite struct ComputeReplyTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func computing(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let two = try server.raw()
            let three = try server.raw()
            try three.run("HELLO 3")
            for (connection, key) in [(two, "two"), (three, "three")] {
                let lease = try connection.run("COMPUTE.BEGIN \(key)")
                guard case .array(let fields) = lease, fields.count == 4, let token = fields[1].text else {
                    Issue.record("\(lease)")
                    return
                }
                #expect(fields[0] == .bulk("lease"))
                #expect(token.count == 24)
                #expect(fields[2].text?.split(separator: "-").count == 2)
                #expect(fields[3] == .null)
                let other = try server.client()
                let busy = try other.run("COMPUTE.BEGIN \(key)")
                #expect(busy[0] == .bulk("busy"))
                #expect((busy[1].integer ?? 0) > 9000 && (busy[1].integer ?? 0) <= 10_000)
                #expect(try connection.run("COMPUTE.DEPEND \(token) TAGS 1 t") == .ok)
                let stored = try connection.run("COMPUTE.END \(token) value")
                #expect(stored.elements?.count == 2 && stored[0] == .bulk("stored"))
                let fresh = try connection.run("COMPUTE.BEGIN \(key)")
                #expect(fresh == .array([.bulk("fresh"), .bulk("value"), stored[1]]))
                #expect(try connection.run("GET \(key)") == .bulk("value"))
                #expect(try connection.run("COMPUTE.INVALIDATE TAGS 1 t") == .integer(1))
                #expect(try connection.run("GET \(key)") == .null)
                let again = try connection.run("COMPUTE.BEGIN \(key)")
                #expect(again[3] == .bulk("value"))
                #expect(try connection.run("COMPUTE.FAIL \(again[1].text ?? "")") == .ok)
            }
            #expect(try two.run("COMPUTE.SET k v")[0] == .bulk("stored"))
            #expect(try three.run("COMPUTE.SET k v")[0] == .bulk("stored"))
            #expect(try three.run("COMPUTE.REV").text?.contains("-") == true)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func looking(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let two = try server.raw()
            let three = try server.raw()
            try three.run("HELLO 3")
            try two.run("COMPUTE.SET total 7 DEPS 2 a b TAGS 1 t")
            for line in [
                "COMPUTE.INFO total", "COMPUTE.DEPS total", "COMPUTE.DEPS a DOWN", "COMPUTE.WHY total", "COMPUTE.STATS",
            ] {
                let flat = try two.run(line)
                let map = try three.run(line)
                guard case .map = map, case .array = flat else {
                    Issue.record("\(line): \(map) \(flat)")
                    continue
                }
                #expect(flat.elements == map.elements, "\(line)")
            }
            #expect(try two.run("COMPUTE.INFO nothing") == .null)
            #expect(try two.run("COMPUTE.DEPS nothing") == .array([]))
            #expect(try three.run("COMPUTE.DEPS nothing") == .map([]))
            #expect(
                try two.run("COMPUTE.WHY total")
                    == .array(
                        [
                            .bulk("state"), .bulk("fresh"), .bulk("event"), .bulk(""), .bulk("rev"),
                            try two.run("COMPUTE.WHY total")[5], .bulk("chain"), .array([]),
                        ]))
            guard case .verbatim("txt", _) = try three.run("COMPUTE.GRAPH total") else {
                Issue.record("GRAPH is not text")
                return
            }
            #expect(try two.run("COMPUTE.GRAPH total DOT").text?.hasPrefix("digraph") == true)
            #expect(try two.run("COMPUTE.GRAPH total MERMAID").text?.hasPrefix("graph LR") == true)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whyAndReadFollowAChange(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("SET price 1")
            try client.compute("cart", "1", reading: "price")
            try client.compute("total", "1", reading: "cart")
            let read = try client.run("COMPUTE.READ KEYS 2 cart total SINCE 0 0")
            #expect(read.elements?.count == 2)
            #expect(read[0][0] == .bulk("cart") && read[0][1] == .bulk("fresh") && read[0][2] == .bulk("1"))
            let (cart, total) = (read[0][3].text ?? "", read[1][3].text ?? "")
            #expect(try client.run("COMPUTE.READ KEYS 2 cart total SINCE \(cart) \(total)") == .null)
            try client.run("SET price 2")
            let why = try client.run("COMPUTE.WHY total")
            #expect(why[1] == .bulk("maybe-stale"))
            #expect(why[3] == .bulk("set"))
            #expect(why[7] == .array([.bulk("total"), .bulk("cart"), .bulk("price")]))
            let changed = try client.run("COMPUTE.READ KEYS 2 cart total SINCE \(cart) \(total)")
            #expect(changed.elements?.count == 2)
            #expect(changed[1][1] == .bulk("stale") && changed[1][2] == .null)
            #expect(try client.dependencies("total", "UP DEPTH 9") == ["cart", "price"])
            #expect(try client.dependencies("price", "DOWN DEPTH 9") == ["cart", "total"])
        }
    }

    /// A reader that has seen a value hears that it is gone, also where nothing else is known of the key any more.
    @Test(arguments: ServerKind.onlyFreshet)
    func readTellsOfRemovedKeys(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let writer = try server.client()
            try client.run("COMPUTE.REV")
            let since = try client.run("COMPUTE.SET k v")[1].text ?? ""
            #expect(try client.run("COMPUTE.READ KEYS 1 k SINCE \(since)") == .null)
            try writer.run("DEL k")
            let gone = try client.run("COMPUTE.READ KEYS 1 k SINCE \(since)")
            #expect(gone[0][1] == .bulk("absent"), "\(gone)")
            #expect(try client.run("COMPUTE.READ KEYS 1 k SINCE \(gone[0][3].text ?? "")") == .null)
            let next = try client.run("COMPUTE.SET k v")[1].text ?? ""
            let reader = try server.raw()
            reader.send("COMPUTE.READ BLOCK 20000 KEYS 1 k SINCE \(next)\r\nPING\r\n")
            try eventually("the reader waits") { try writer.statistic("waiters") == 1 }
            try writer.run("DEL k")
            #expect(try reader.readReply()[0][1] == .bulk("absent"))
            #expect(try reader.readReply() == .status("PONG"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatCOMMANDSaysOfThem(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let names = [
                "begin", "depend", "end", "fail", "set", "invalidate", "rev", "read", "info", "deps", "why", "graph",
                "stats", "restore",
            ].map { "compute." + $0 }
            let raw = try server.raw()
            let listed = try raw.run("COMMAND LIST FILTERBY ACLCAT compute")
            #expect(Set(listed.elements?.compactMap(\.text) ?? []) == Set(names))
            try raw.run("HELLO 3")
            for name in names {
                let docs = try raw.run("COMMAND DOCS \(name)")
                let fields = docs[1].elements ?? []
                for field in ["summary", "since", "group", "complexity"] where !fields.contains(.bulk(field)) {
                    Issue.record("\(name) says no \(field)")
                }
                let info = try raw.run("COMMAND INFO \(name)")[0]
                #expect(info[0] == .bulk(name))
                #expect(info[6].elements?.contains(.status("@compute")) == true, "\(info[6])")
            }
            for (line, keys) in [
                ("COMPUTE.BEGIN k DEPS 2 a b LEASE 5", "k a b"), ("COMPUTE.BEGIN k", "k"),
                ("COMPUTE.BEGIN k TAGS 2 deps x DEPS 1 a", "k a"), ("COMPUTE.DEPEND t KEYS 1 a TAGS 1 b", "a"),
                ("COMPUTE.DEPEND t TAGS 1 keys KEYS 2 a b", "a b"), ("COMPUTE.SET k v DEPS 1 a", "k a"),
                ("COMPUTE.SET k deps EX 5 DEPS 1 a", "k a"), ("COMPUTE.INVALIDATE TAGS 1 keys KEYS 1 a", "a"),
                ("COMPUTE.READ BLOCK 5 KEYS 1 a SINCE 0", "a"), ("COMPUTE.INFO k", "k"), ("COMPUTE.WHY k", "k"),
                ("COMPUTE.DEPS k DOWN", "k"), ("COMPUTE.GRAPH k DOT", "k"),
            ] {
                let reply = try raw.run("COMMAND GETKEYS \(line)")
                #expect(reply.elements?.compactMap(\.text).joined(separator: " ") == keys, "\(line): \(reply)")
            }
        }
    }
}
