import Foundation
import Testing

/// The rules that keep a computed key from being served when it is not what it would be computed to.
@Suite struct ComputeRuleTests {
    private func withServer(
        _ kind: ServerKind, _ body: (RedisClient, RedisClient) throws -> Void
    ) throws {
        try ServerPool.with(kind) { try body($0.client(), $0.client()) }
    }

    // MARK: Changes

    @Test(arguments: ServerKind.onlyFreshet)
    func aChangeDuringTheComputationSupersedesIt(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("SET a 1")
            for change in [
                "SET a 2", "COMPUTE.INVALIDATE KEYS 1 a", "COMPUTE.INVALIDATE KEYS 1 k", "COMPUTE.INVALIDATE TAGS 1 t",
                "DEL a", "SET a back", "EXPIRE a -1", "SET k ordinary",
            ] {
                let token = try client.begin("k", "TAGS 1 t")
                try client.run("GET a")
                try other.run(change)
                #expect(try client.end(token, "v") == "superseded", "\(change)")
                #expect(try client.run("GET k") == (change.hasPrefix("SET k") ? .bulk("ordinary") : .null), "\(change)")
                try other.run("DEL k")
            }
            // A change before the read does not, and a deadline that moves is none.
            for change in ["SET a 3", "EXPIRE a 100", "PERSIST a"] {
                let token = try client.begin("k")
                if change.hasPrefix("SET") { try other.run(change) }
                try client.run("GET a")
                if !change.hasPrefix("SET") { try other.run(change) }
                #expect(try client.end(token, "v") == "stored", "\(change)")
                try other.run("DEL k")
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func dependenciesThatAreFoundLateCount(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("MSET a 1 b 1")
            let token = try client.begin("k")
            for index in 0..<100 { try client.run("GET filler\(index)") }
            try other.run("SET b 2")
            try client.run("GET b")
            #expect(try other.run("COMPUTE.DEPEND \(token) KEYS 1 a") == .ok)
            #expect(try client.end(token, "v") == "stored")
            #expect(try client.dependencies("k").count == 102)
            try other.run("SET filler99 x")
            #expect(try client.run("GET k") == .null)
            let next = try client.begin("k", "DEPS 1 a")
            try other.run("SET a 2")
            #expect(try client.end(next, "v") == "superseded")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aDiamondIsComputedOnce(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("SET source 1")
            try client.compute("left", "1", reading: "source")
            try client.compute("right", "1", reading: "source")
            try client.compute("top", "2", reading: "left", "right")
            let before = try client.statistic("marked_stale")
            try other.run("SET source 2")
            #expect(try client.statistic("marked_stale") == before + 3)
            #expect(try client.state("top") == "maybe-stale")
            #expect(try client.run("MGET left right top") == .array([.null, .null, .null]))
            try client.compute("left", "2", reading: "source")
            #expect(try client.run("GET top") == .null)
            try client.compute("right", "2", reading: "source")
            #expect(try client.run("GET top") == .null)
            try client.compute("top", "4", reading: "left", "right")
            #expect(try client.information("top", "computations") == "2")
            #expect(try client.run("GET top") == .bulk("4"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func anAbsentKeyThatComesIntoBeingIsAChange(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            for (key, creation) in [
                ("s", "SET s 1"), ("h", "HSET h f v"), ("z", "ZADD z 1 m"), ("r", "RENAME from r"),
                ("c", "COPY kept c"),
                ("i", "INCR i"), ("a", "APPEND a x"), ("computed", "COMPUTE.SET computed v"),
            ] {
                try other.run("MSET from 1 kept 1")
                try client.compute("k", "none", reading: key)
                #expect(try client.run("GET k") == .bulk("none"))
                try other.run(creation)
                #expect(try client.run("GET k") == .null, "\(creation)")
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aTransactionIsOneChange(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("MSET a 1 b 1")
            try client.compute("k", "2", reading: "a", "b")
            let before = try client.statistic("marked_stale")
            for line in ["MULTI", "SET a 2", "GET k", "SET b 2", "GET k", "EXEC"] {
                let reply = try other.run(line)
                // What the transaction has changed counts for itself.
                if line == "EXEC" { #expect(reply == .array([.ok, .null, .ok, .null])) }
            }
            #expect(try client.statistic("marked_stale") == before + 1)
            let token = try client.begin("k")
            try client.run("MGET a b")
            for line in ["MULTI", "SET a 3", "SET b 3", "EXEC"] { try other.run(line) }
            #expect(try client.end(token, "4") == "superseded")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func computingInsideATransaction(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            let token = try client.begin("outside")
            try client.run("GET a")
            for line in [
                "MULTI", "SET a 1", "COMPUTE.BEGIN inside WAIT 100000", "GET a", "COMPUTE.SET direct v DEPS 1 a",
                "GET direct",
                "SET a 2", "GET direct", "COMPUTE.INFO direct",
            ] { try other.run(line) }
            let replies = try other.run("EXEC")
            let inner = replies[1][1].text ?? ""
            #expect(replies[3][0] == .bulk("stored"))
            #expect(replies[4] == .bulk("v"))
            #expect(replies[6] == .null)
            #expect(replies[7][1] == .bulk("stale"))
            #expect(try other.end(inner, "x") == "superseded")
            for line in ["MULTI", "COMPUTE.END \(token) v", "EXEC"] { try other.run(line) }
            #expect(try other.run("GET outside") == .null)
            let next = try client.begin("outside")
            for line in ["MULTI", "COMPUTE.END \(next) v", "GET outside", "COMPUTE.END \(next) v"] {
                try other.run(line)
            }
            let ended = try other.run("EXEC")
            #expect(ended[0][0] == .bulk("stored") && ended[1] == .bulk("v") && ended[2].isError)
        }
    }

    /// The first position that anybody asks for is asked for where every shard may be held, and while others write.
    @Test(arguments: ServerKind.onlyFreshet)
    func positionsInsideATransaction(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        let other = try server.client()
        for line in ["MULTI", "SET a 1", "COMPUTE.REV", "SET a 2"] { try client.run(line) }
        let rev = try client.run("EXEC")[1].text ?? ""
        #expect(try other.run("COMPUTE.SET k v REV \(rev) DEPS 1 b")[0] == .bulk("stored"))
        #expect(try other.run("COMPUTE.SET k v REV \(rev) DEPS 1 a") == .error("STALEDEP a"))
        #expect(try client.run("PING") == .status("PONG"))
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func theFirstPositionStopsNobodyForGood(_ kind: ServerKind) throws {
        for _ in 0..<5 {
            let server = try ServerProcess(kind, ["--threads", "4"])
            try server.client().run("COMPUTE.SET k v DEPS 2 a b")
            try inParallel(6) { index in
                let client = try server.client()
                for step in 0..<100 {
                    try client.run("SET \(step.isMultiple(of: 2) ? "a" : "b") \(step)")
                    try client.run("COMPUTE.SET k v DEPS 2 a b")
                    if step == 30 + index { try client.run("COMPUTE.REV") }
                }
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func revIsRefusedWhereADependencyChangedAfterIt(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            let rev = try client.run("COMPUTE.REV").text ?? ""
            #expect(try client.run("COMPUTE.SET k v REV \(rev) DEPS 1 a TAGS 1 t")[0] == .bulk("stored"))
            try other.run("SET a 1")
            #expect(try client.run("COMPUTE.SET k v REV \(rev) DEPS 1 a") == .error("STALEDEP a"))
            try other.run("COMPUTE.INVALIDATE TAGS 1 t2")
            #expect(try client.run("COMPUTE.SET k v REV \(rev) TAGS 1 t2") == .error("STALEDEP t2"))
            let later = try client.run("COMPUTE.REV").text ?? ""
            #expect(try client.run("COMPUTE.SET k v REV \(later) DEPS 1 a TAGS 2 t t2")[0] == .bulk("stored"))
            try other.run("FLUSHALL")
            #expect(try client.run("COMPUTE.SET k v REV \(later) DEPS 1 b") == .error("STALEDEP b"))
        }
    }

    // MARK: Whole databases

    @Test(arguments: ServerKind.onlyFreshet)
    func flushingAndSwappingMakeStale(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            let long = String(repeating: "n", count: 5000)
            for flush in ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC", "SWAPDB 0 1"] {
                try client.run("SELECT 0")
                try client.run("FLUSHALL")
                try client.run("COMPUTE.SET \(long) v")
                try client.run("SET a 1")
                try client.compute("k", "v", reading: "a", "missing")
                try client.compute("l", "v", reading: "k")
                try other.run(flush)
                #expect(try client.run("MGET k l") == .array([.null, .null]), "\(flush)")
                try client.run("SELECT 1")
                #expect(try client.run("MGET k l") == .array([.null, .null]), "\(flush)")
            }
            try client.run("SELECT 0")
            // In one transaction with other changes.
            for flush in ["FLUSHALL", "FLUSHDB", "SWAPDB 0 1"] {
                try client.run("FLUSHALL")
                try client.run("SET a 1")
                try client.compute("k", "v", reading: "a")
                for line in ["MULTI", "SET a 2", flush, "SET a 3", "COMPUTE.SET k w DEPS 1 a", "GET k", "EXEC"] {
                    let reply = try other.run(line)
                    if line == "EXEC" { #expect(reply[4] == .bulk("w"), "\(flush)") }
                }
                #expect(try client.run("GET k") == .bulk("w"))
                try other.run("SET a 4")
                #expect(try client.run("GET k") == .null)
            }
            // What another database holds keeps the graph.
            try client.run("FLUSHALL")
            try client.run("SELECT 1")
            try client.compute("k", "v", reading: "a")
            try client.run("SELECT 0")
            try client.compute("k", "v", reading: "a")
            try other.run("FLUSHDB")
            #expect(try client.run("GET k") == .null)
            try client.run("SELECT 1")
            #expect(try client.run("GET k") == .bulk("v"))
            // A stale value that was dropped without a change is still to be told when all is flushed.
            try client.run("SET a 2")
            try client.run("EXPIRE k 100")
            #expect(try client.run("FLUSHALL") == .ok)
            #expect(try client.run("SET a 1") == .ok)
        }
    }

    // MARK: Cycles

    @Test(arguments: ServerKind.onlyFreshet)
    func cyclesAreRefused(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            let a = try client.begin("a")
            #expect(try client.run("COMPUTE.BEGIN a") == .error("COMPUTECYCLE a -> a"))
            let b = try client.begin("b")
            #expect(try client.run("COMPUTE.BEGIN a") == .error("COMPUTECYCLE a -> b -> a"))
            #expect(try client.run("COMPUTE.BEGIN a WAIT 10000") == .error("COMPUTECYCLE a -> b -> a"))
            let c = try client.begin("c")
            #expect(try client.run("COMPUTE.BEGIN b") == .error("COMPUTECYCLE b -> c -> b"))
            for token in [c, b, a] { #expect(try client.run("COMPUTE.FAIL \(token)") == .ok) }

            // Across connections: who would wait for the other for ever is told.
            let own = try client.begin("a")
            let others = try other.begin("b")
            #expect(try client.run("COMPUTE.BEGIN b")[0] == .bulk("busy"))
            #expect(try other.run("COMPUTE.BEGIN a").text?.hasPrefix("COMPUTECYCLE") == true)
            #expect(try other.run("COMPUTE.BEGIN a WAIT 100000").text?.hasPrefix("COMPUTECYCLE") == true)
            try client.run("COMPUTE.FAIL \(own)")
            try other.run("COMPUTE.FAIL \(others)")

            // Once it stands: at END and at SET.
            try client.run("COMPUTE.SET b 1 DEPS 1 a")
            #expect(try client.run("COMPUTE.SET a 1 DEPS 1 b") == .error("COMPUTECYCLE a -> b -> a"))
            #expect(try client.run("COMPUTE.SET a 1 DEPS 1 a") == .error("COMPUTECYCLE a -> a"))
            let token = try client.begin("a")
            try client.run("GET b")
            #expect(try client.end(token, "1") == "COMPUTECYCLE a -> b -> a")
            let itself = try client.begin("a")
            try client.run("GET a")
            #expect(try client.end(itself, "1") == "COMPUTECYCLE a -> a")
            #expect(try client.run("GET b") == .bulk("1"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whoWaitsInACircleIsTold(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.raw()
            let other = try server.client()
            let own = try client.run("COMPUTE.BEGIN a")[1].text ?? ""
            let others = try other.begin("b")
            client.send("COMPUTE.BEGIN b WAIT 15000\r\nPING\r\n")
            try eventually("it waits") { try other.statistic("waiters") == 1 }
            #expect(try other.run("COMPUTE.BEGIN a WAIT 15000").text?.hasPrefix("COMPUTECYCLE") == true)
            #expect(try other.end(others, "2") == "stored")
            let reply = try client.readReply()
            #expect(reply[0] == .bulk("fresh") && reply[1] == .bulk("2"), "\(reply)")
            #expect(try client.readReply() == .status("PONG"))
            #expect(try client.run("COMPUTE.END \(own) 1")[0] == .bulk("stored"))
            #expect(try other.dependencies("a") == ["b"])
        }
    }

    // MARK: Nested computations and early cutoff

    @Test(arguments: ServerKind.onlyFreshet)
    func nestedComputationsDependOnOneAnother(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            for grace in ["", "GRACE 100000"] {
                try client.run("MSET x 1 y 1")
                for _ in 0..<3 {
                    let outer = try client.begin("outer")
                    try client.run("GET x")
                    let inner = try client.begin("inner")
                    try client.run("GET y")
                    #expect(try client.end(inner, "i", grace) == "stored")
                    #expect(try client.end(outer, "o", grace) == "stored", "\(grace)")
                    #expect(try client.dependencies("outer") == ["x", "inner"])
                    #expect(try client.dependencies("inner") == ["y"])
                    try other.run("SET y 2")
                    #expect(try client.state("outer") == "maybe-stale")
                }
                try client.run("DEL outer inner")
            }
            // One that fails leaves what it has read to the one around it.
            let outer = try client.begin("outer")
            let failing = try client.begin("inner")
            try client.run("GET y")
            try client.run("COMPUTE.FAIL \(failing)")
            #expect(try client.end(outer, "o") == "stored")
            #expect(try client.dependencies("outer").isSuperset(of: ["inner", "y"]))
            // One that is superseded is used, but not vouched for.
            try client.run("DEL outer")
            let next = try client.begin("outer")
            let superseded = try client.begin("inner")
            try client.run("GET y")
            try other.run("SET y 3")
            #expect(try client.end(superseded, "i") == "superseded")
            #expect(try client.end(next, "o") == "superseded")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func anEqualValueMakesFreshAgain(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            func build() throws {
                try client.run("SET a 1")
                try client.compute("b", "odd", reading: "a")
                try client.compute("c", "is-odd", reading: "b")
                try client.compute("d", "is-odd!", reading: "c")
            }
            try build()
            try other.run("SET a 3")
            #expect(try client.run("MGET b c d") == .array([.null, .null, .null]))
            let before = try client.statistic("cut_off")
            try client.compute("b", "odd", reading: "a")
            #expect(try client.run("MGET b c d") == .array([.bulk("odd"), .bulk("is-odd"), .bulk("is-odd!")]))
            #expect(try client.statistic("cut_off") == before + 2)
            #expect(try client.information("d", "computations") == "1")
            try other.run("SET a 4")
            try client.compute("b", "even", reading: "a")
            #expect(try client.run("MGET b c d") == .array([.bulk("even"), .null, .null]))
            #expect(try client.state("c") == "stale")
            // What was derived from the having no value of a stale key is outdated once it has one, an equal one too.
            try client.run("FLUSHALL")
            try build()
            try other.run("SET a 3")
            #expect(try client.run("GET b") == .null)
            try client.compute("e", "nothing", reading: "b")
            try client.compute("f", "nothing", reading: "e")
            #expect(try client.run("MGET e f") == .array([.bulk("nothing"), .bulk("nothing")]))
            try client.compute("b", "odd", reading: "a")
            #expect(try client.run("MGET c d e f") == .array([.bulk("is-odd"), .bulk("is-odd!"), .null, .null]))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func cutoffNeedsAllDependencies(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("MSET a 1 b 1 c 1")
            try client.compute("x", "x", reading: "a")
            try client.compute("y", "y", reading: "b")
            try client.compute("z", "z", reading: "x", "y", "c")
            for line in ["MULTI", "SET a 2", "SET b 2", "EXEC"] { try other.run(line) }
            try client.compute("x", "x", reading: "a")
            #expect(try client.run("GET z") == .null)
            try client.compute("y", "y", reading: "b")
            #expect(try client.run("GET z") == .bulk("z"))
            try other.run("SET a 3")
            try other.run("SET c 3")
            try client.compute("x", "x", reading: "a")
            #expect(try client.run("GET z") == .null)
            // A dependency whose old value is gone cannot be compared.
            try client.compute("z", "z", reading: "x")
            try other.run("SET a 4")
            try other.run("DEL x")
            try client.compute("x", "x", reading: "a")
            #expect(try client.run("GET z") == .null)
        }
    }

    // MARK: Old values

    @Test(arguments: ServerKind.onlyFreshet)
    func oldValuesWhereTheyAreWelcome(_ kind: ServerKind) throws {
        try withServer(kind) { client, other in
            try client.run("SET a 1")
            try client.compute("k", "1", reading: "a", options: "GRACE 100000")
            try client.compute("l", "1", reading: "a", options: "GRACE 1")
            try client.compute("m", "1", reading: "a")
            try other.run("SET a 2")
            #expect(try client.run("GET k") == .bulk("1"))
            #expect(try client.run("GET m") == .null)
            try eventually("the period of grace ends") { try client.run("GET l") == .null }
            #expect(try client.state("k") == "stale")
            // Nothing may be derived from an old value.
            let token = try client.begin("n")
            #expect(try client.run("GET k") == .bulk("1"))
            #expect(try client.end(token, "from-old") == "superseded")

            let lease = try client.begin("k")
            let old = try other.run("COMPUTE.BEGIN k STALEOK")
            #expect(old[0] == .bulk("stale") && old[1] == .bulk("1"))
            #expect(try other.run("COMPUTE.BEGIN k")[0] == .bulk("busy"))
            let first = try client.begin("o")
            #expect(try other.run("COMPUTE.BEGIN o STALEOK")[0] == .bulk("busy"))
            try client.end(first, "o")
            try client.end(lease, "2")
            #expect(try other.run("COMPUTE.BEGIN k STALEOK")[0] == .bulk("fresh"))
            // Stale once more: the period begins anew, and ends with the value.
            try client.run("DEL k")
            #expect(try client.run("GET k") == .null)
        }
    }

    // MARK: Time

    @Test(arguments: ServerKind.onlyFreshet)
    func deadlinesOfSourcesCountWithoutActiveExpiry(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("DEBUG SET-ACTIVE-EXPIRE 0")
        // Nobody looks at the source again: its deadline alone counts.
        for (key, source, read) in [
            ("a", "SET a 1 PX 60", "GET a"), ("h", "HSET h f 1 g 2", "HGET h f"), ("b", "SET b 1", "GET b"),
            ("e", "SET e 1", "EXISTS e"), ("p", "SET p 1 PX 100000", "GET p"),
        ] {
            try client.run(source)
            if key == "h" { try client.run("HPEXPIRE h 60 FIELDS 1 f") }
            let token = try client.begin("of:" + key)
            try client.run(read)
            #expect(try client.end(token, "v") == "stored")
            try client.run("COMPUTE.SET set:\(key) v DEPS 1 \(key)")
            try client.run("COMPUTE.SET far:\(key) v DEPS 1 of:\(key)")
            if ["b", "e", "p"].contains(key) { try client.run("PEXPIRE \(key) 60") }
            try eventually("of:\(key)") { try client.run("GET of:\(key)") == .null }
            #expect(try client.run("MGET set:\(key) far:\(key)") == .array([.null, .null]))
        }
        // A source that has expired before it is read is absent, and that is what was read.
        try client.run("SET late 1 PX 1")
        usleep(5000)
        try client.compute("of:late", "none", reading: "late")
        try client.run("SET late 1 PX 1")
        usleep(5000)
        #expect(try client.run("COMPUTE.SET of:late none DEPS 1 late")[0] == .bulk("stored"))
        #expect(try client.run("GET of:late") == .bulk("none"))
        // PERSIST takes the deadline away.
        try client.run("SET kept 1 PX 50")
        try client.compute("of:kept", "v", reading: "kept")
        try client.run("PERSIST kept")
        usleep(70_000)
        #expect(try client.run("GET of:kept") == .bulk("v"))
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func deadlinesOfComputedKeysCountToo(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("DEBUG SET-ACTIVE-EXPIRE 0")
        try client.run("SET a 1")
        try client.compute("k", "v", reading: "a", options: "PX 60")
        try client.compute("l", "v", reading: "k")
        try eventually("l ends with k") { try client.run("GET l") == .null }
        let again = try client.run("COMPUTE.BEGIN k")
        #expect(again[0] == .bulk("lease"), "\(again)")
        try client.end(again[1].text ?? "", "v")
        // One that is published again with the value that it had, but not for ever any more.
        try client.compute("m", "v", reading: "k")
        try client.run("COMPUTE.SET k v DEPS 1 a PX 60")
        #expect(try client.run("GET m") == .bulk("v"))
        try eventually("m ends with k") { try client.run("GET m") == .null }
        // BEGIN is the first to look at a value that has expired.
        try client.run("COMPUTE.SET n v PX 1")
        usleep(5000)
        #expect(try client.run("COMPUTE.BEGIN n")[0] == .bulk("lease"))
        try client.run("DEBUG SET-ACTIVE-EXPIRE 1")
        try client.run("COMPUTE.SET o v PX 20")
        try client.compute("p", "v", reading: "o")
        try eventually("p ends with o") { try client.state("p") != "fresh" }
    }
}
