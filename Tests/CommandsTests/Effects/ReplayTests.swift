import Commands
import ComputedKeys
import Keyspace
import TestSupport
import Testing

/// Executes random commands, then what they have logged on empty keys, and compares all that there is; now and then also
/// what a rewritten log would have of it.
@Suite struct ReplayTests {
    /// Commands of every type by several connections, with transactions, several databases and a clock that goes on.
    private final class Run {
        private static let databases = 3
        private let server = Harness(DataFamilies.all, databases: Run.databases)
        private let replica = Harness.replica(databases: Run.databases)
        private let recorder: LogRecorder
        private var generator: CommandGenerator
        private var history: [String] = []
        /// Connections that execute commands; one that waits is replaced.
        private var clients = [1, 2]
        private var nextClient = 3

        init(seed: UInt64) {
            generator = CommandGenerator(seed: seed, .all)
            recorder = LogRecorder(server)
            // Shortly before the times that commands name.
            server.now = 33_000_000_000_000 - 200_000_000
        }

        /// Executes commands; how the replica differs then, nil where it does not.
        func firstDifference(commands: Int) -> String? {
            for index in 0..<commands {
                step()
                if index % 50 == 49, let difference = difference() {
                    return "\(difference)\n\(history.suffix(120).joined(separator: "\n"))"
                }
            }
            return nil
        }

        private func step() {
            if generator.number(below: 25) == 0 {
                server.now += Int64(generator.number(below: 20_000)) * 1000
                history.append("time \(server.now)")
            }
            if generator.number(below: 60) == 0 {
                server.expireActively()
                history.append("active expiry")
            }
            let command = generator.number(below: 10) == 0 ? ["EXEC"] : generator.next()
            let client = generator.isSecondConnection() ? 1 : 0
            server.client = clients[client]
            history.append("\(clients[client])> \(command.joined(separator: " "))")
            server.run(command)
            if server.session.pointee.isSuspended {
                clients[client] = nextClient
                nextClient += 1
            }
        }

        private func difference() -> String? {
            let units = recorder.take()
            history += units.map { "   log \($0)" }
            if let failure = replica.replay(units) { return failure }
            return KeyspaceText(server.keyspace).difference(from: KeyspaceText(replica.keyspace))
                ?? (history.count % 7 == 0 ? server.differenceOfRewritten() : nil)
        }
    }

    /// Lets all that depends on the time be as it is at `now`.
    private func settle(_ server: Harness, now: Int64) {
        server.executor.select(server.session, now: now)
        server.executor.call.access.settleAll()
        server.executor.call.access.commit()
    }

    @Test(arguments: [false, true])
    func `Computed keys are as fresh as they were, and of the same`(_ repeatsValues: Bool) {
        for seed in UInt64(2000)..<2040 {
            let sessions = RandomSessions(seed: seed, RandomSessions.Options(repeatsValues: repeatsValues))
            let recorder = LogRecorder(sessions.server)
            sessions.run(commands: 500)
            let units = recorder.take()
            let replica = Harness.replica(databases: RandomSessions.databases)
            let graph = DependencyGraph(keyspace: replica.keyspace, epoch: "f")
            var difference = replica.replay(units)
            for server in [sessions.server, replica] { settle(server, now: sessions.server.now) }
            difference =
                difference ?? KeyspaceText(sessions.server.keyspace).difference(from: KeyspaceText(replica.keyspace))
                ?? GraphText(sessions.graph).difference(from: GraphText(graph))
            guard let difference else { continue }
            Issue.record("seed \(seed)\n\(difference)\n\(units.map(\.description).joined(separator: "\n"))")
            return
        }
    }

    @Test(arguments: 0..<8)
    func `What commands have logged does the same again`(_ part: Int) {
        let seed = 1000 + UInt64(part)
        if let difference = Run(seed: seed).firstDifference(commands: 2500) {
            Issue.record("seed \(seed)\n\(difference)")
        }
    }
}
