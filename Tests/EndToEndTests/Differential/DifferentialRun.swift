import TestSupport

/// One sequence of commands on two connections to each of two servers that start empty. The third connection to each
/// looks at the keyspace: it is in no transaction.
struct DifferentialRun {
    private let judge: [RedisClient]
    private let candidate: [RedisClient]
    /// What each server tells of its keys; nil where that is not compared.
    private let listeners: (judge: EventListener, candidate: EventListener)?
    private let judgeVersion: ServerKind.Version
    private var generator: CommandGenerator
    /// The commands that each connection has queued in its transaction, for comparing EXEC's replies one by one.
    private var queued: [[[String]]] = [[], []]
    private var history: [String] = []

    init(judge: ServerProcess, candidate: ServerProcess, seed: UInt64, events: Bool = false) throws {
        self.judge = [try judge.client(), try judge.client(), try judge.client()]
        self.candidate = [try candidate.client(), try candidate.client(), try candidate.client()]
        judgeVersion = candidate.kind == judge.kind ? "99" : judge.kind.version
        generator = CommandGenerator(seed: seed)
        listeners = events ? (try EventListener(judge), try EventListener(candidate)) : nil
        for client in [self.judge[0], self.candidate[0]] { try client.send("FLUSHALL") }
    }

    /// Runs the commands; the description of the first reply or value that differs, or nil.
    mutating func firstDifference(commands: Int) throws -> String? {
        for index in 0..<commands {
            let command = generator.next()
            let connection = generator.isSecondConnection() ? 1 : 0
            let line = command.map { Reply.quoted($0.utf8) }.joined(separator: " ")
            history.append("\(connection == 0 ? "" : "b")> \(line)")
            let bytes = command.map { Array($0.utf8) }
            let expected = try judge[connection].send(bytes)
            let received: Reply
            do {
                received = try candidate[connection].send(bytes)
            } catch {
                return report("no reply: \(error)")
            }
            if !agree(command, connection, expected, received) {
                return report(
                    "expected \(String(describing: expected).prefix(2000))\nreceived \(String(describing: received).prefix(2000))"
                )
            }
            // Where one of them refuses what the other does, as it is known to, it has nothing to tell.
            if let difference = try differenceOfEvents(), expected.isError == received.isError {
                return report(difference)
            }
            if index % 100 == 99, let difference = try differenceOfKeyspaces() { return report(difference) }
        }
        return nil
    }

    private mutating func agree(_ command: [String], _ connection: Int, _ expected: Reply, _ received: Reply) -> Bool {
        if expected == .status("QUEUED"), received == expected {
            queued[connection].append(command)
            return true
        }
        let name = command[0].uppercased()
        guard name == "EXEC" || name == "DISCARD" else { return agree(command, expected, received) }
        defer { queued[connection] = [] }
        guard name == "EXEC", let one = expected.elements, let other = received.elements else {
            return expected == received
        }
        guard one.count == other.count, one.count == queued[connection].count else { return false }
        return (0..<one.count).allSatisfy { agree(queued[connection][$0], one[$0], other[$0]) }
    }

    private func agree(_ command: [String], _ expected: Reply, _ received: Reply) -> Bool {
        ReplyComparison.of(command).accepts(expected, received)
            || KnownDifference.covers(command, judge: expected, reply: received, judgeVersion: judgeVersion)
    }

    /// Compares what the last command has told.
    private func differenceOfEvents() throws -> String? {
        guard let listeners else { return nil }
        let expected = try listeners.judge.events().filter { !KnownDifference.covers(event: $0, judgeVersion) }
        let received = try listeners.candidate.events().filter { !KnownDifference.covers(event: $0, judgeVersion) }
        if expected == received { return nil }
        // SORT looks up the keys of a pattern in the order of the judge's hash table.
        if expected.contains(where: { $0.contains("keymiss") }), expected.sorted() == received.sorted() { return nil }
        return "expected events \(expected)\nreceived events \(received)"
    }

    /// Compares the keys of both databases, their types, encodings, TTLs and values.
    private func differenceOfKeyspaces() throws -> String? {
        for database in 0...1 {
            let one = try Snapshot(judge[2], database)
            let other = try Snapshot(candidate[2], database)
            if let difference = one.difference(from: other, judgeVersion: judgeVersion) {
                return "database \(database): \(difference)"
            }
        }
        return nil
    }

    private func report(_ difference: String) -> String {
        "\(history.suffix(40).joined(separator: "\n"))\n\(difference)"
    }
}
