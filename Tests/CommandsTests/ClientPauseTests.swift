import Commands
import Testing

@Suite struct ClientPauseTests {
    @Test func aPauseHoldsWritesOrEverythingUntilItsEnd() {
        let pause = ClientPause()
        #expect(!pause.isActive && pause.deadline == nil && !pause.holds(writes: true, now: 100))
        pause.begin(until: 200, all: false, now: 100)
        #expect(pause.isActive && pause.deadline == 200)
        #expect(pause.holds(writes: true, now: 199) && !pause.holds(writes: false, now: 199))
        #expect(!pause.holds(writes: true, now: 200) && !pause.isActive)
        pause.begin(until: 300, all: true, now: 200)
        #expect(pause.holds(writes: false, now: 299))
        pause.end()
        #expect(!pause.isActive && !pause.holds(writes: true, now: 299))
    }

    @Test func aPauseInProgressBecomesOnlyLongerAndStricter() {
        let pause = ClientPause()
        pause.begin(until: 200, all: true, now: 100)
        pause.begin(until: 150, all: false, now: 100)
        #expect(pause.deadline == 200 && pause.holds(writes: false, now: 199))
        pause.begin(until: 300, all: false, now: 100)
        #expect(pause.deadline == 300 && pause.holds(writes: false, now: 299))
        // Of one that is over nothing is left.
        pause.begin(until: 500, all: false, now: 400)
        #expect(pause.deadline == 500 && !pause.holds(writes: false, now: 450))
    }

    @Test func theHoldForTheEndOutlivesPauses() {
        let pause = ClientPause()
        pause.holdForEnd()
        #expect(pause.isActive && pause.deadline == .max)
        #expect(pause.holds(writes: true, now: 100) && !pause.holds(writes: false, now: 100))
        pause.begin(until: 200, all: true, now: 100)
        #expect(pause.holds(writes: false, now: 199) && pause.deadline == .max)
        // It is over, is begun again, and is ended.
        #expect(!pause.holds(writes: false, now: 200) && pause.holds(writes: true, now: 200))
        pause.begin(until: 300, all: true, now: 200)
        #expect(pause.holds(writes: false, now: 299) && pause.holds(writes: true, now: 400))
        pause.begin(until: 500, all: false, now: 400)
        pause.end()
        #expect(pause.holds(writes: true, now: 499) && !pause.holds(writes: false, now: 499))
        pause.begin(until: 600, all: false, now: 500)
        pause.endHold()
        #expect(pause.deadline == 600 && pause.holds(writes: true, now: 599) && !pause.holds(writes: true, now: 600))
        #expect(!pause.isActive)
    }

    @Test func anyDeadlineIsAccepted() {
        let pause = ClientPause()
        pause.begin(until: 100, all: true, now: 100)
        #expect(!pause.isActive)
        pause.begin(until: .max, all: false, now: 100)
        #expect(pause.holds(writes: true, now: 1 << 60) && !pause.holds(writes: false, now: 1 << 60))
        pause.begin(until: .min, all: true, now: 100)
        #expect(!pause.holds(writes: false, now: 100))
    }
}
