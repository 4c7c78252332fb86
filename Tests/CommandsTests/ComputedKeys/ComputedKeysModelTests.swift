import Foundation
import Testing

/// No computed key is served that was derived from what is no more, whatever clients do in whatever order; and none is
/// withheld without need.
///
/// Everything runs on one thread, so that a seed stands for one course of events. `FRESHET_SEED` sets it and
/// `FRESHET_OPERATIONS` the number of commands.
@Suite struct ComputedKeysModelTests {
    static let environment = ProcessInfo.processInfo.environment
    static let seed = UInt64(environment["FRESHET_SEED"] ?? "") ?? 20_240_729
    static let commands = Int(environment["FRESHET_OPERATIONS"] ?? "") ?? 300_000

    @Test(arguments: [false, true])
    func computedKeysAreFreshWhenTheyAreServed(_ repeatsValues: Bool) {
        let sessions = RandomSessions(seed: Self.seed, RandomSessions.Options(repeatsValues: repeatsValues))
        sessions.run(commands: Self.commands)
        for violation in sessions.violations { Issue.record("seed \(Self.seed): \(violation)") }
        // Withheld or thrown away without need are only few: a model of several frames cannot know of which a lost one was.
        #expect(sessions.needlesslyStale + sessions.unexpectedlyFresh <= sessions.served / 50)
        #expect(sessions.served > 0 && sessions.stored > 0 && sessions.superseded > 0)
        print(sessions)
    }

    #if DEBUG
        /// The test of this test: dependencies that are remembered only when a computation ends must be found out.
        @Test func dependenciesThatAreRememberedTooLateAreFound() {
            let sessions = RandomSessions(seed: Self.seed, RandomSessions.Options(forgetsReads: true))
            sessions.run(commands: Self.commands)
            #expect(!sessions.violations.isEmpty)
        }
    #endif
}
