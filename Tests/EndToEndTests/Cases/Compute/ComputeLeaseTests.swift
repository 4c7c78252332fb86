import Foundation
import Testing

/// Who computes, who waits, and what ends that.
@Suite struct ComputeLeaseTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func leasesEndWithTheirConnectionTheirTimeAndTheirDatabase(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lost = "LEASELOST The token stands for no computation that goes on"
            var gone: RedisClient? = try server.client()
            let token = try gone?.begin("k") ?? ""
            gone = nil
            try eventually("the lease ends") { try client.statistic("leases") == 0 }
            #expect(try client.end(token, "v") == lost)
            for command in ["RESET", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1"] {
                let token = try client.begin("k")
                try client.run("GET a")
                #expect(try !client.run(command).isError)
                #expect(try client.end(token, "v") == lost, "\(command)")
                #expect(try client.run("GET k") == .null)
            }
            // A frame that RESET has ended records nothing more.
            _ = try client.begin("k")
            try client.run("RESET")
            try client.run("GET unrelated")
            #expect(try client.statistic("nodes") == 0)
            let short = try client.begin("k", "LEASE 1")
            usleep(3000)
            #expect(try client.end(short, "v") == lost)
            let next = try client.begin("k", "LEASE 1")
            usleep(3000)
            let other = try server.client()
            let taken = try other.begin("k")
            #expect(try client.end(next, "v") == lost)
            #expect(try other.end(taken, "v") == "stored")
            #expect(try client.run("GET k") == .bulk("v"))
        }
    }

    /// A token is the right to end a computation, whoever has it.
    @Test(arguments: ServerKind.onlyFreshet)
    func anyConnectionMayEndAComputation(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let other = try server.client()
            try other.run("SELECT 3")
            let token = try client.begin("k")
            try client.run("GET a")
            #expect(try other.run("COMPUTE.DEPEND \(token) KEYS 1 b") == .ok)
            #expect(try other.end(token, "v") == "stored")
            #expect(try client.run("GET k") == .bulk("v"))
            try client.run("GET later")
            #expect(try client.dependencies("k") == ["a", "b"])
            #expect(try client.run("COMPUTE.BEGIN l")[0] == .bulk("lease"))
            #expect(try client.run("SET b 1") == .ok)
            // The other's keys are of the database that it has selected.
            #expect(try client.run("GET k") == .bulk("v"))
            #expect(try other.run("SET b 1") == .ok)
            #expect(try client.run("GET k") == .null)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func oneComputesForAThousand(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let control = try server.client()
        try control.run("COMPUTE.SET hot old DEPS 1 source")
        try control.run("SET source 2")
        let count = 1000
        let clients = try (0..<count).map { _ in try server.raw(timeout: 60) }
        for client in clients { client.send("COMPUTE.BEGIN hot WAIT 60000\r\n") }
        try eventually("all wait") { try control.statistic("waiters") == count - 1 }
        #expect(try control.statistic("leases") == 1)
        #expect(try control.run("INFO clients").text?.contains("blocked_clients:\(count - 1)\r") == true)
        #expect(
            try control.run("CLIENT LIST").text?.split(separator: "\n").filter { $0.contains(" flags=b ") }.count
                == count - 1)
        // The one that has the lease ends it; everybody else has the value without another computation.
        var holder: (RawConnection, String)?
        for client in clients where !client.staysSilent(seconds: 0.001) {
            holder = (client, try client.readReply()[1].text ?? "")
        }
        guard let holder else {
            Issue.record("nobody has the lease")
            return
        }
        #expect(try holder.0.run("COMPUTE.END \(holder.1) new")[0] == .bulk("stored"))
        for client in clients where client !== holder.0 {
            let reply = try client.readReply()
            guard reply[0] == .bulk("fresh"), reply[1] == .bulk("new") else {
                Issue.record("\(reply)")
                return
            }
        }
        #expect(try control.information("hot", "computations") == "2")
        #expect(try control.statistic("leases_granted") == 1)
        #expect(try control.statistic("waiters") == 0)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func waitersAreToldOfFailures(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiters = try (0..<5).map { _ in try server.raw() }
            for retry in ["RETRY 100000", ""] {
                let token = try client.begin("k\(retry.count)")
                for waiter in waiters { waiter.send("COMPUTE.BEGIN k\(retry.count) WAIT 20000\r\n") }
                try eventually("all wait") { try client.statistic("waiters") == waiters.count }
                #expect(try client.run("COMPUTE.FAIL \(token) \"no\\r\\ndatabase\" \(retry)") == .ok)
                var failed = 0
                for waiter in waiters {
                    let reply = try waiter.readReply()
                    if reply.text?.hasPrefix("COMPUTEFAILED no") == true { failed += 1 }
                    if reply[0] == .bulk("lease") { waiter.send("COMPUTE.FAIL \(reply[1].text ?? "")\r\n") }
                }
                #expect(failed > 0)
                for waiter in waiters { #expect(try waiter.run("RESET") == .status("RESET") || true) }
            }
            #expect(try client.run("COMPUTE.BEGIN k12").text?.hasPrefix("COMPUTEFAILED no") == true)
            #expect(try client.information("k12", "failure").isEmpty == false)
            // Publishing it otherwise ends the failure.
            #expect(try client.run("COMPUTE.SET k12 v")[0] == .bulk("stored"))
            #expect(try client.run("GET k12") == .bulk("v"))
            #expect(try client.run("COMPUTE.BEGIN k12")[0] == .bulk("fresh"))
            let lost = try client.begin("lost")
            #expect(try client.run("COMPUTE.FAIL \(lost) why RETRY") == .error("ERR syntax error"))
            #expect(try client.run("COMPUTE.FAIL \(lost) why RETRY -1").isError)
            #expect(try client.run("COMPUTE.FAIL \(lost) why RETRY 9223372036854775807").isError)
            #expect(try client.run("COMPUTE.FAIL \(lost) RETRY 1") == .ok)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func waitsEnd(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiter = try server.raw()
            let token = try client.begin("k", "LEASE 100000")
            #expect(try waiter.run("COMPUTE.BEGIN k WAIT 0")[0] == .bulk("busy"))
            #expect(try waiter.run("COMPUTE.BEGIN k WAIT 20")[0] == .bulk("busy"))
            waiter.send("COMPUTE.BEGIN k WAIT 100000\r\nPING\r\n")
            try eventually("it waits") { try client.statistic("waiters") == 1 }
            // The commands behind it wait too; a waiter that goes away is forgotten.
            #expect(waiter.staysSilent(seconds: 0.02))
            var gone: RawConnection? = try server.raw()
            gone?.send("COMPUTE.BEGIN k WAIT 100000\r\n")
            try eventually("both wait") { try client.statistic("waiters") == 2 }
            gone = nil
            try eventually("one waits") { try client.statistic("waiters") == 1 }
            try client.run("COMPUTE.END \(token) v")
            #expect(try waiter.readReply()[0] == .bulk("fresh"))
            #expect(try waiter.readReply() == .status("PONG"))
            // A lease that runs out while others wait goes to one of them.
            _ = try client.begin("l", "LEASE 30")
            #expect(try waiter.run("COMPUTE.BEGIN l WAIT 100000")[0] == .bulk("lease"))
        }
    }

    /// Who listens to a key hears of it, also when somebody else has waited for it in vain.
    @Test(arguments: ServerKind.onlyFreshet)
    func waitsThatEndSilenceNobody(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let since = try client.run("COMPUTE.SET k v DEPS 1 a")[1].text ?? ""
            let reader = try server.raw()
            try reader.run("HELLO 3")
            try reader.run("CLIENT TRACKING ON")
            #expect(try reader.run("GET k") == .bulk("v"))
            #expect(try client.run("COMPUTE.READ BLOCK 20 KEYS 1 k SINCE \(since)") == .null)
            try client.run("SET a 1")
            #expect(try reader.readReply() == .push([.bulk("invalidate"), .array([.bulk("k")])]))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatOneConnectionMayBegin(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let begins = (0..<1100).map { splitArguments("COMPUTE.BEGIN k\($0)") ?? [] }
            let replies = try client.pipeline(begins)
            #expect(replies.filter { $0[0] == .bulk("lease") }.count == 1024)
            #expect(replies.last == .error("ERR too many computations were begun on this connection"))
            #expect(try server.client().run("COMPUTE.BEGIN other")[0] == .bulk("lease"))
            #expect(try client.run("COMPUTE.FAIL \(replies[0][1].text ?? "")") == .ok)
            #expect(try client.run("COMPUTE.BEGIN k2000")[0] == .bulk("lease"))
            try client.run("RESET")
            #expect(try client.statistic("leases") <= 1)
            #expect(try client.statistic("nodes") <= 1)
        }
    }

    /// Failures are remembered only as long as they last, and only so much of each.
    @Test(arguments: ServerKind.onlyFreshet)
    func manyFailures(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let message = String(repeating: "m", count: 10_000)
            for round in 0..<20 {
                let begun = try client.pipeline((0..<500).map { splitArguments("COMPUTE.BEGIN k\(round):\($0)") ?? [] })
                let tokens = begun.compactMap { $0[1].text }
                #expect(tokens.count == 500)
                let failed = try client.pipeline(
                    tokens.map { splitArguments("COMPUTE.FAIL \($0) \(message) RETRY 1") ?? [] })
                #expect(failed.allSatisfy { $0 == .ok })
            }
            #expect(try client.statistic("nodes") < 6000)
            #expect(try client.statistic("failures") >= 10_000)
        }
    }
}
