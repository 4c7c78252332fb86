import Primitives
import TestSupport
import Testing

@testable import Configuration

@Suite struct LineTextTests {
    private func words(_ text: String) -> [String]? {
        Array(text.utf8).withView { splitArguments($0) }?.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func spaceSeparatesWords() {
        #expect(words("") == [])
        #expect(words(" \t\r ") == [])
        #expect(words("port 6379") == ["port", "6379"])
        #expect(words("  a\tb  c ") == ["a", "b", "c"])
    }

    @Test func doubleQuotesKnowEscapes() {
        #expect(words(#"a "b c" """#) == ["a", "b c", ""])
        #expect(words(#""\n\r\t\b\a\"\\\q""#) == ["\n\r\t\u{8}\u{7}\"\\q"])
        #expect(words(#""\x41\x4a\x7A""#) == ["AJz"])
        #expect(words(#""\xZZ""#) == ["xZZ"])
        #expect(words(#"pre"fix""#) == ["prefix"])
    }

    @Test func singleQuotesKnowOnlyThemselves() {
        #expect(words(#"'a b\n' 'it\'s'"#) == [#"a b\n"#, "it's"])
    }

    @Test func quotesMustCloseAtTheEndOfAWord() {
        for bad in [#"""#, "'", #""abc"#, "'abc", #""a"b"#, "'a'b", #""\"#, #"a "b\""#] {
            #expect(words(bad) == nil, "\(bad)")
        }
    }

    @Test func anyBytesSurviveQuoting() {
        var generator = RandomGenerator(seed: 41)
        for _ in 0..<2000 {
            let bytes = (0..<generator.next(below: 12)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            #expect(LineText.quote(bytes).withView { splitArguments($0) } == [bytes])
        }
    }

    @Test func megabyteLinesAreOnlyLong() {
        let text = [UInt8](repeating: UInt8(ascii: "\""), count: 1 << 20)
        #expect(text.withView { splitArguments($0) } == nil)
        let word = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        #expect(word.withView { splitArguments($0) } == [word])
    }
}
