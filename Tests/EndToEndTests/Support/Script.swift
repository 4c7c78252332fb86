import Foundation
import Testing

/// Runs a conversation written as text and compares every reply with the one written below its command.
///
/// ```
/// # a comment
/// > SET k v NX               a command, as redis-cli takes it
/// < OK                       its reply, in the notation of `Reply.description`
/// b> GET k                   the same on a connection of its own, named b (names that start with resp3 speak RESP3)
/// < "v"
/// 7.4> HTTL h FIELDS 1 f     sent only to servers that have the behaviour of 7.4
/// < (nil)
/// > ZSCORE z a
/// <7.0 "0.10000000000000001" what a server older than 7.2 answers (a Redis that Freshet does not follow), where
/// <7.2 "0.1"                 it differs from what newer ones do
/// until> EXISTS k            sent again until the reply is the expected one, for at most ten seconds
/// < 0
/// ```
///
/// Other forms of the expectation: `<~` elements in any order, `<%` pairs in any order, `<*` a pattern whose `*` stand
/// for any text, `<..` an integer between two bounds.
public enum Script {
    public static func run(
        _ kind: ServerKind, _ text: String, arguments: [String]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let steps = try parse(text)
        if let arguments {
            try run(steps, on: ServerProcess(kind, arguments), sourceLocation)
        } else {
            try ServerPool.with(kind) { try run(steps, on: $0, sourceLocation) }
        }
    }

    private static func run(_ steps: [Step], on server: ServerProcess, _ location: SourceLocation) throws {
        var connections: [String: any Connection] = [:]
        for step in steps where server.kind.version >= step.since {
            let connection: any Connection
            if let known = connections[step.connection] {
                connection = known
            } else if step.connection.hasPrefix("resp3") {
                let raw = try server.raw()
                try raw.run("HELLO 3")
                connection = raw
            } else {
                connection = try server.client()
            }
            connections[step.connection] = connection
            var reply: Reply
            var attempts = 0
            let expectation = step.expectation(for: server.kind.version)
            do {
                repeat {
                    if attempts > 0 { usleep(5000) }
                    attempts += 1
                    reply = try connection.run(step.command)
                } while step.isRepeated && attempts < 2000 && expectation?.accepts(reply) == false
            } catch {
                Issue.record(
                    "> \(step.command)\nno reply: \(error)\n\(server.log)", sourceLocation: step.location(location))
                throw error
            }
            guard let expectation, !expectation.accepts(reply) else { continue }
            Issue.record(
                """
                \(server.kind) > \(step.command.prefix(300))
                expected \(expectation)
                received \(String(describing: reply).prefix(3000))
                """, sourceLocation: step.location(location))
        }
    }

    struct Step {
        var command: String
        var connection = ""
        var since: ServerKind.Version = "0.0"
        var isRepeated = false
        var line: Int
        var expectations: [(since: ServerKind.Version, Expectation)] = []

        /// The one for the newest version that is not newer than the server's.
        func expectation(for version: ServerKind.Version) -> Expectation? {
            expectations.filter { $0.since <= version }.max { $0.since < $1.since }?.1
        }

        /// The line of the command in the source file: the text starts in the line below the call.
        func location(_ call: SourceLocation) -> SourceLocation {
            SourceLocation(fileID: call.fileID, filePath: call.filePath, line: call.line + line, column: 1)
        }
    }

    struct Malformed: Error {
        var line: String
    }

    static func parse(_ text: String) throws -> [Step] {
        var steps: [Step] = []
        for (number, rawLine) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = rawLine.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("<") {
                guard !steps.isEmpty, let expectation = Expectation.parse(line) else { throw Malformed(line: line) }
                steps[steps.count - 1].expectations.append(expectation)
                continue
            }
            guard let arrow = line.firstIndex(of: ">") else { throw Malformed(line: line) }
            let command = line[line.index(after: arrow)...].trimmingCharacters(in: .whitespaces)
            var step = Step(command: command, line: number + 1)
            for word in line[..<arrow].split(separator: " ") {
                if word == "until" {
                    step.isRepeated = true
                } else if word.contains("."), word.first?.isNumber == true {
                    step.since = ServerKind.Version(word)
                } else {
                    step.connection = String(word)
                }
            }
            steps.append(step)
        }
        // A command without an expectation would test nothing.
        if let step = steps.first(where: { $0.expectations.isEmpty }) { throw Malformed(line: step.command) }
        return steps
    }
}

/// What a script sends its lines through.
private protocol Connection {
    func run(_ line: String) throws -> Reply
}

extension RedisClient: Connection {}
extension RawConnection: Connection {}
