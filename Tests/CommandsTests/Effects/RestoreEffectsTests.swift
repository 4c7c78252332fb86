import Commands
import Keyspace
import TestSupport
import Testing

/// What RESTORE leaves in the commit log. The clock stands at 1700000000000.
@Suite struct RestoreEffectsTests {
    private static let payload = OldEncodings.payload([0] + OldEncodings.string("v"), version: 9)

    /// What is logged, with `payload` in the place of the payload.
    private func log(_ before: [String], ttl: String, _ options: String...) -> String {
        let server = Harness(DataFamilies.all)
        let recorder = LogRecorder(server)
        if !before.isEmpty { server.run(before) }
        _ = recorder.take()
        let head = ["RESTORE", "k", ttl].map { Array($0.utf8) }
        let reply = server.run(bytes: head + [Self.payload] + options.map { Array($0.utf8) })
        #expect(reply == Array("+OK\r\n".utf8))
        let commands = recorder.take().flatMap(\.commands)
        return commands.map { command in
            command.map { $0 == Self.payload ? "payload" : String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }.joined(separator: "; ")
    }

    @Test func aTimeToLiveIsLoggedAsADeadline() {
        #expect(log([], ttl: "0") == "RESTORE k 0 payload")
        #expect(log([], ttl: "5000") == "RESTORE k 1700000005000 payload ABSTTL")
        #expect(
            log(["SET", "k", "1"], ttl: "5000", "REPLACE", "IDLETIME", "7")
                == "RESTORE k 1700000005000 payload REPLACE IDLETIME 7 ABSTTL")
        #expect(log([], ttl: "1800000000000", "ABSTTL") == "RESTORE k 1800000000000 payload ABSTTL")
    }

    @Test func aValueThatHasExpiredIsLoggedAsTheRemovalOfWhatWasThere() {
        #expect(log(["SET", "k", "1"], ttl: "1000", "ABSTTL", "REPLACE") == "DEL k")
        #expect(log([], ttl: "1000", "ABSTTL") == "")
    }

    @Test func whatIsLoggedMakesTheSameKey() {
        let server = Harness(DataFamilies.all)
        let recorder = LogRecorder(server)
        _ = server.run(bytes: ["RESTORE", "k", "5000"].map { Array($0.utf8) } + [Self.payload])
        let replica = Harness.replica(databases: 16)
        #expect(replica.replay(recorder.take()) == nil)
        #expect(replica.run("GET", "k") == "$1\r\nv\r\n")
        #expect(replica.run("PEXPIRETIME", "k") == ":1700000005000\r\n")
    }
}
