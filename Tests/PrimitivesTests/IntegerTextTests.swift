import Primitives
import Testing

@Suite struct IntegerTextTests {
    private func parse(_ text: String) -> Int64? { Array(text.utf8).withView { parseInteger($0) } }
    private func parseU(_ text: String) -> UInt64? { Array(text.utf8).withView { parseUnsigned($0) } }

    private func write(_ value: Int64) -> String {
        let text = [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
            count = buffer.baseAddress.map { writeInteger(value, to: $0) } ?? 0
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func onlyTheCanonicalSpellingIsAnInteger() {
        for text in [
            "", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1.0", "1e3", "0x1", "--1", "1-", "9223372036854775808",
            "-9223372036854775809", "99999999999999999999", "123456789012345678901", "1\u{0}", "/", ":",
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
        #expect(parse("0") == 0)
        #expect(parse("9223372036854775807") == .max)
        #expect(parse("-9223372036854775808") == .min)
        #expect(parseU("18446744073709551615") == .max)
        for text in ["18446744073709551616", "18446744073709551620", "99999999999999999999", "-1", "", "00"] {
            #expect(parseU(text) == nil, "\(text)")
        }
    }

    @Test func everyIntegerSurvivesWritingAndReading() {
        var generator = RandomGenerator(seed: 11)
        var samples: [Int64] = [0, 1, -1, .min, .max]
        var power: Int64 = 1
        while power <= .max / 10 {
            power *= 10
            samples += [power - 1, power, power + 1, -power, 1 - power, -1 - power]
        }
        for _ in 0..<5000 {
            samples.append(Int64(bitPattern: generator.next()) >> Int64(generator.next(below: 64)))
        }
        for value in samples {
            let text = write(value)
            #expect(text == String(value))
            #expect(parse(text) == value)
            #expect(decimalLength(value) == text.utf8.count)
            #expect(parseU(text) == UInt64(text))
        }
    }

    @Test func randomTextsAreReadAsTheCanonicalRuleSays() {
        var generator = RandomGenerator(seed: 12)
        let alphabet = Array("0123456789999-+ .".utf8)
        for _ in 0..<20000 {
            let text = (0..<generator.next(below: 23)).map { _ in alphabet[generator.next(below: alphabet.count)] }
            let string = String(decoding: text, as: UTF8.self)
            let expected = Int64(string).flatMap { String($0) == string ? $0 : nil }
            #expect(text.withView { parseInteger($0) } == expected, "\(string)")
        }
    }
}
