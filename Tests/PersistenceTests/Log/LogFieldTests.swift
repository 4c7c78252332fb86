import Primitives
import TestSupport
import Testing

@testable import Persistence

@Suite("Fields of a base of commands")
struct LogFieldTests {
    private func lines(_ values: [[UInt8]]) -> [[UInt8]] {
        var buffer = ByteBuffer()
        for value in values { value.withView { LogField.append("freshet-test", $0, to: &buffer) } }
        let text = buffer.view.array
        var lines: [[UInt8]] = []
        var start = 0
        for (index, byte) in text.enumerated() where byte == 10 {
            #expect(index > 0 && text[index - 1] == 13)
            lines.append(Array(text[start..<index - 1]))
            start = index + 1
        }
        #expect(start == text.count)
        return lines
    }

    private func read(_ lines: [[UInt8]]) -> [[UInt8]] {
        var reader = LogField.Reader()
        var values: [[UInt8]] = []
        for line in lines {
            line.withView { line in
                reader.read(line) { name, value in
                    #expect(name == ByteView("freshet-test"))
                    values.append(value.array)
                }
            }
        }
        return values
    }

    @Test("any bytes are read back, and no line is longer than Redis reads")
    func roundTrip() {
        var random = SeededGenerator(5)
        let values = [0, 1, 239, 240, 241, 480, 5000].flatMap { count in
            [
                [UInt8](repeating: 0, count: count), Array(repeating: UInt8(ascii: "+"), count: count),
                (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) },
            ]
        }
        let lines = lines(values)
        #expect(lines.allSatisfy { $0.first == UInt8(ascii: "#") && $0.count + 2 < LogGrammar.maximumAnnotation })
        #expect(read(lines) == values)
    }

    @Test("other annotations, and lines that are damaged, do no harm")
    func damage() {
        #expect(read(["#TS:1700000000", "#", "#freshet", "# freshet-test \"a\""].map { Array($0.utf8) }) == [])
        #expect(read([Array("#freshet-test \"a".utf8), Array("#freshet-test".utf8)]) == [[], []])
    }
}
