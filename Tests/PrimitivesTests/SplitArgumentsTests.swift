import Primitives
import Testing

@Suite struct SplitArgumentsTests {
    private func words(_ line: String) -> [String]? {
        Array(line.utf8).withView { splitArguments($0) }?.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func wordsStandBetweenWhiteSpace() {
        #expect(words("") == [])
        #expect(words(" \t\r\n ") == [])
        #expect(words("  set  key\tvalue ") == ["set", "key", "value"])
    }

    @Test func quotesKeepWhiteSpaceAndMayStartInsideAWord() {
        #expect(words(#"set "a b" 'c d'"#) == ["set", "a b", "c d"])
        #expect(words(#"a"b c" d"#) == ["ab c", "d"])
        #expect(words(#""" ''"#) == ["", ""])
    }

    @Test func escapesAreResolvedInDoubleQuotes() {
        #expect(words(#""\n\r\t\b\a\\\"\q""#) == ["\n\r\t\u{08}\u{07}\\\"q"])
        #expect(words(#""\x41\x7a""#) == ["Az"])
        #expect(words(#""\x4" "\xg1""#) == ["x4", "xg1"])
        #expect(words(#"\x41 \n"#) == [#"\x41"#, #"\n"#])
    }

    @Test func singleQuotesKnowOnlyTheEscapedQuote() {
        #expect(words(#"'it\'s' 'a\nb' '\\a'"#) == ["it's", #"a\nb"#, #"\\a"#])
        #expect(words(#"'a\\'"#) == nil)
    }

    @Test func unbalancedQuotesAreRefused() {
        #expect(words(#""a"#) == nil)
        #expect(words(#"'a"#) == nil)
        #expect(words(#""a"b"#) == nil)
        #expect(words(#"'a'b"#) == nil)
        #expect(words(#""a\"#) == nil)
        #expect(words(#""a\""#) == nil)
    }

    @Test func aZeroByteEndsTheLine() {
        #expect(words("a b\0c d") == ["a", "b"])
        #expect(words("\"a\0b\"") == nil)
    }

    @Test func verticalTabsAndFormFeedsOnlySeparateBetweenWords() {
        #expect(words("a\u{0B}b") == ["a\u{0B}b"])
        #expect(words("a \u{0B}\u{0C}b") == ["a", "b"])
        #expect(words("\"a\"\u{0B}b") == ["a", "b"])
    }
}
