import Commands
import Keyspace
import Primitives

/// Remembers what the commit log was told.
final class LogRecorder: CommitLog, @unchecked Sendable {
    /// What a command or a transaction has done.
    struct Unit {
        let database: Int
        /// Commands, SELECT among them.
        let commands: [[[UInt8]]]
    }

    private var units: [Unit] = []

    /// - Parameter server: logs from now on.
    init(_ server: Harness) {
        server.keyspace.commitLog = self
        server.keyspace.isLogging = true
    }

    func append(_ effects: borrowing Effects) -> UInt64 {
        let commands = Self.commands(effects.text.view.array)
        precondition(commands.filter { $0[0] != Array("SELECT".utf8) }.count == effects.count)
        units.append(Unit(database: effects.firstDatabase, commands: commands))
        return UInt64(units.count)
    }

    /// What was logged since the last call.
    func take() -> [Unit] {
        defer { units = [] }
        return units
    }

    /// The same as text: arguments with spaces between them, commands with `; `, units with ` | `.
    func takeText() -> String { take().map(\.description).joined(separator: " | ") }

    /// The commands that a text of some consists of.
    static func commands(_ text: [UInt8]) -> [[[UInt8]]] {
        var position = 0
        func number() -> Int {
            let end = text[position...].firstIndex(of: 13) ?? text.endIndex
            defer { position = end + 2 }
            return Int(String(decoding: text[(position + 1)..<end], as: UTF8.self)) ?? -1
        }
        var commands: [[[UInt8]]] = []
        while position < text.count {
            commands.append(
                (0..<number()).map { _ in
                    let count = number()
                    defer { position += count + 2 }
                    return Array(text[position..<position + count])
                })
        }
        return commands
    }
}

extension LogRecorder.Unit: CustomStringConvertible {
    var description: String {
        (database == 0 ? "" : "@\(database) ")
            + commands.map { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ") }
            .joined(separator: "; ")
    }
}

extension Harness {
    /// A server that is to execute what another has logged: its clock stands before all times.
    static func replica(databases: Int) -> Harness {
        let replica = Harness(DataFamilies.all, databases: databases)
        replica.now = 0
        replica.executor.call.isReplaying = true
        replica.executor.call.limits.maximumString = .max
        return replica
    }

    /// Executes what was logged; the first command that fails, nil where none does.
    func replay(_ units: [LogRecorder.Unit]) -> String? {
        for unit in units {
            session.pointee.database = unit.database
            for command in unit.commands {
                let reply = String(decoding: run(bytes: command), as: UTF8.self)
                if reply.hasPrefix("-") || session.pointee.isSuspended { return "\(unit) answers \(reply)" }
            }
        }
        return nil
    }
}
