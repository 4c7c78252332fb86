import Testing

@testable import Keyspace

@Suite struct AllocationTests {
    @Test func footprintIsNeverLessThanWhatWasAsked() {
        for size in 0..<4096 { #expect(Allocation.footprint(size) >= size + 8) }
    }
}
