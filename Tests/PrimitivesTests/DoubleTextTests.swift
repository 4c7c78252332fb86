import Glibc
import Primitives
import Testing

@Suite struct DoubleTextTests {
    private func parse(_ text: String) -> Double? { Array(text.utf8).withView { parseDouble($0) } }
    private func text(_ value: Double) -> String { String(decoding: doubleText(value), as: UTF8.self) }

    @Test func wholeTextMustBeANumber() {
        for bad in [
            "", " 1", "1 ", "\t1", "infinit", "nan", "-nan", "nan(1)", "1e400", "-1e400", "1e-400", "2e-324", "0x",
            "1e",
            "1e+", ".", "-", "+", "--1", "+-1", "1_0", "1,5", "1d5", "0x1p99999", "0x1p-1080", "1\u{0}", "\u{0}",
            "1.2.3",
            "1e9999999999999999999",
        ] {
            #expect(parse(bad) == nil, "\(bad)")
        }
        let good: [(String, Double)] = [
            ("inf", .infinity), ("+INF", .infinity), ("-Infinity", -.infinity), ("0x10", 16), ("0x1.8p1", 3),
            (".5", 0.5),
            ("5.", 5), ("+1", 1), ("00012", 12), ("1e5", 100_000), ("0e9999999", 0),
            ("4.9e-324", .leastNonzeroMagnitude),
            ("1e-310", Double("1e-310") ?? 0), ("-1.25", -1.25), ("9007199254740993", 9_007_199_254_740_992),
        ]
        for (text, value) in good { #expect(parse(text) == value, "\(text)") }
        #expect(parse("-0")?.sign == .minus)
    }

    @Test func veryLongTextsAreReadWhole() {
        #expect(parse(String(repeating: "0", count: 100_000) + "1") == 1)
        #expect(parse("1" + String(repeating: "0", count: 100_000)) == nil)
        #expect(parse("1." + String(repeating: "0", count: 100_000) + "x") == nil)
    }

    @Test func plainDecimalsAreReadLikeTheCLibraryReadsThem() {
        var generator = RandomGenerator(seed: 21)
        for _ in 0..<20000 {
            var digits = String(generator.next() >> generator.next(below: 64))
            let point = generator.next(below: digits.count + 1)
            digits.insert(".", at: digits.index(digits.startIndex, offsetBy: point))
            #expect(parse(digits) == strtod(digits, nil), "\(digits)")
        }
    }

    @Test func wholeNumbersAreWrittenAsIntegers() {
        #expect(text(0) == "0")
        #expect(text(-0.0) == "-0")
        #expect(text(3) == "3")
        #expect(text(-1e15) == "-1000000000000000")
        #expect(text(0x1p60) == "1152921504606846976")
        #expect(text(0x1p62) == "4611686018427387904")
        #expect(text(.infinity) == "inf")
        #expect(text(-.infinity) == "-inf")
        #expect(text(.nan) == "nan")
    }

    @Test func fractionsAndLargeNumbersHaveTheirShortestDigits() {
        let cases: [(Double, String)] = [
            (0.1, "0.1"), (1.5, "1.5"), (-2.25, "-2.25"), (3.141592653589793, "3.141592653589793"), (1e19, "1e+19"),
            (1e21, "1e+21"), (1.5e-7, "1.5e-7"), (0.000001, "0.000001"), (1e-7, "1e-7"), (1.234567e-5, "1.234567e-5"),
            (12345.678901234, "1.2345678901234e+4"), (1234.5678901234, "1234.5678901234"), (123456.75, "123456.75"),
            (1.2345678901234567e20, "123456789012345670000"), (.leastNonzeroMagnitude, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (-1.2345678901234567e23, "-123456789012345670000000"),
            (2.5e100, "2.5e+100"),
        ]
        for (value, expected) in cases { #expect(text(value) == expected) }
    }

    @Test func everyDoubleSurvivesWritingAndReading() {
        var generator = RandomGenerator(seed: 22)
        for _ in 0..<20000 {
            let bits = generator.next()
            let value = bits & 1 == 0 ? Double(bitPattern: bits) : Double(Int64(bitPattern: bits) >> 30) / 1000
            guard !value.isNaN else { continue }
            let text = doubleText(value)
            #expect(text.count <= maximumDoubleTextLength)
            #expect(text.withView { parseDouble($0) } == value)
        }
    }
}

@Suite struct LongDoubleTextTests {
    private func roundTrip(_ text: String) -> String? {
        Array(text.utf8).withView { parseLongDouble($0) }.map { String(decoding: longDoubleText($0), as: UTF8.self) }
    }

    @Test func numbersAreWrittenForPeople() {
        let cases = [
            ("10.5", "10.5"), ("3.0e3", "3000"), ("-0", "0"), ("-1e-30", "0"), ("0x10", "16"),
            ("1e-17", "0.00000000000000001"),
            ("5e-18", "0"), ("0.99999999999999999999", "1"), ("inf", "inf"), ("-inf", "-inf"),
            ("18446744073709551615", "18446744073709551615"), ("1e20", "100000000000000000000"), ("-2.50", "-2.5"),
            ("4.9e-324", "0"),
        ]
        for (text, expected) in cases { #expect(roundTrip(text) == expected, "\(text)") }
        for bad in ["", "nan", "1 ", " 1", "x", "1\u{0}", "0x1p99999", String(repeating: "1", count: 5120)] {
            #expect(roundTrip(bad) == nil, "\(bad.prefix(20))")
        }
    }

    #if arch(x86_64)
        @Test func textsAreThoseOfTheCLibrary() {
            var generator = RandomGenerator(seed: 23)
            for _ in 0..<5000 {
                let value = Float80(Int64(bitPattern: generator.next())) / Float80(1 + (generator.next() >> 20))
                var expected = withVaList([value]) { arguments in
                    var buffer = [CChar](repeating: 0, count: 128)
                    let length = Int(vsnprintf(&buffer, 128, "%.17Lf", arguments))
                    return buffer[..<length].map { UInt8(bitPattern: $0) }
                }
                while expected.last == UInt8(ascii: "0") { expected.removeLast() }
                if expected.last == UInt8(ascii: ".") { expected.removeLast() }
                if expected == Array("-0".utf8) { expected = Array("0".utf8) }
                #expect(longDoubleText(value) == expected)
            }
        }

        @Test func theLargestNumberFits() {
            #expect(longDoubleText(.greatestFiniteMagnitude).count == 4933)
            #expect(longDoubleText(-.greatestFiniteMagnitude).count == 4934)
        }
    #endif
}
