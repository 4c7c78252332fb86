import Foundation
import Testing

/// Runs the same random commands on two servers and compares every reply and then the whole keyspace.
///
/// `FRESHET_SEED` sets the seed (a failure prints it), `FRESHET_ROUNDS` how many sequences run.
@Suite struct DifferentialTests {
    static let rounds = Int(ProcessInfo.processInfo.environment["FRESHET_ROUNDS"] ?? "") ?? 100
    static let hasJudge = ServerKind.all.contains(.redis)
    static let hasBoth = hasJudge && ServerKind.all.contains(.freshet)

    @Test(.enabled(if: hasBoth, "needs both servers"), arguments: 0..<4)
    func freshetAnswersAsRedisDoes(_ part: Int) throws {
        try compare(.redis, .freshet, rounds: DifferentialTests.rounds / 4, offset: UInt64(part) << 32)
    }

    @Test(.enabled(if: hasBoth, "needs both servers"))
    func freshetTellsOfItsKeysAsRedisDoes() throws {
        // Lists have several blocks here.
        let arguments = ["--notify-keyspace-events", "KEAmn", "--list-max-listpack-size", "3"]
        let judge = try ServerProcess(.redis, arguments)
        let candidate = try ServerProcess(.freshet, arguments)
        for round in 0..<DifferentialTests.rounds / 4 {
            let seed = Seed.current &+ 3 << 40 &+ UInt64(round)
            var run = try DifferentialRun(judge: judge, candidate: candidate, seed: seed, events: true)
            if let difference = try run.firstDifference(commands: 400) {
                Issue.record("FRESHET_SEED=\(Seed.current), round seed \(seed)\n\(difference)")
                if round >= 3 { return }
            }
        }
    }

    /// Shows that the suite itself is sound: two instances of the judge never differ.
    @Test(.enabled(if: hasJudge, "needs redis-server"))
    func theJudgeAgreesWithItself() throws {
        try compare(.redis, .redis, rounds: DifferentialTests.rounds / 4, offset: 1 << 48)
    }

    private func compare(_ judge: ServerKind, _ candidate: ServerKind, rounds: Int, offset: UInt64) throws {
        try ServerPool.with(judge) { judge in
            try ServerPool.with(candidate) { candidate in
                for round in 0..<rounds {
                    let seed = Seed.current &+ offset &+ UInt64(round)
                    var run = try DifferentialRun(judge: judge, candidate: candidate, seed: seed)
                    if let difference = try run.firstDifference(commands: 400) {
                        Issue.record("FRESHET_SEED=\(Seed.current), round seed \(seed)\n\(difference)")
                        if round >= 3 { return }
                    }
                }
            }
        }
    }
}
