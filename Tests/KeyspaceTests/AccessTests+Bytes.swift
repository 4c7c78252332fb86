import Primitives
import Testing

@testable import Keyspace

/// Strings that commands write into, and removal by walking.
extension AccessTests {
    @Test(arguments: [20, 5000]) func aStringOfTheSameLengthIsWrittenInPlace(count: Int) {
        let door = Door()
        door.set("a", String(repeating: "t", count: count), .at(door.access.now + 1000))
        // What is short becomes one that may be written first.
        let bytes = door.resize("a", to: count)
        bytes[0] = UInt8(ascii: "s")
        #expect(door.resize("a", to: count) == bytes)
        #expect(door.get("a") == "s" + String(repeating: "t", count: count - 1))
        #expect(door.valueBytes == door.entryUsage)
        door.access.now += 1001
        #expect(!door.exists("a"))
    }

    @Test(arguments: [10, 30, 5000]) func aStringThatWasWrittenBeforeReplacesWhatAKeyHeld(count: Int) {
        let door = Door()
        let text = String(repeating: "t", count: count)
        door.set("a", text, .at(door.access.now + 1000))
        door.with("a") { access, key in
            guard let old = access.find(key)?.bytes else { return }
            let string = StringBlock(count: 2 * count)
            for index in 0..<count { string.bytes[2 * index] = old[index] + 1 }
            access.setString(key, string, event: .set)
        }
        #expect(door.get("a") == String(repeating: "u\0", count: count))
        door.access.now += 1001
        #expect(door.exists("a"))
        #expect(door.valueBytes == door.entryUsage)
    }

    @Test func aWalkRemovesWhatIsChosen() {
        let door = Door()
        for number in 0..<2000 { door.set("\(number % 2 == 0 ? "even" : "odd") \(number)", "v") }
        var removed = 0
        var cursor: UInt64 = 0
        repeat {
            let step = door.access.scanRemoving(cursor, limit: 100, commits: true) { $0.key.string.hasPrefix("even") }
            removed += step.removed
            cursor = step.cursor
        } while cursor != 0
        #expect(removed == 1000)
        #expect(door.keys.count == 1000 && door.keys.allSatisfy { $0.hasPrefix("odd") })
        #expect(door.access.scanRemoving(0, limit: .max, commits: true) { _ in true }.removed == 1000)
        #expect(door.keys.isEmpty)
    }
}
