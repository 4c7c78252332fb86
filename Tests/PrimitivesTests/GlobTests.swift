import Primitives
import Testing

@Suite struct GlobTests {
    private func matches(_ pattern: String, _ text: String, ignoringCase: Bool = false) -> Bool {
        Array(pattern.utf8).withView { p in
            Array(text.utf8).withView { Glob.matches(p, $0, ignoringCase: ignoringCase) }
        }
    }

    @Test func patternsMatchAsInRedis() {
        let yes = [
            ("*", "a"), ("h?llo", "hello"), ("h*llo", "heeeello"), ("h*llo", "hllo"), ("h[ae]llo", "hallo"),
            ("h[^e]llo", "hallo"), ("h[a-b]llo", "hbllo"), ("h[b-a]llo", "hallo"), ("a\\*b", "a*b"), ("\\", "\\"),
            ("a**", "a"), ("a*", "a"), ("[a-", "-"), ("[a-]", "a"), ("[a-z", "q"), ("[^", "x"), ("[a\\]b]", "]"),
            ("", ""),
            ("a[b]*", "abxyz"), ("*a*b*c", "xaxbxc"), ("[\\", "\\"), ("**?", "a"),
        ]
        for (pattern, text) in yes { #expect(matches(pattern, text), "\(pattern) \(text)") }
        let no = [
            ("", "a"), ("a", ""), ("*", ""), ("**", ""), ("?", ""), ("h?llo", "hllo"), ("h[^e]llo", "hello"),
            ("[", "["),
            ("[]", "x"), ("a\\*b", "axb"), ("a*b", "ac"), ("ab", "a"), ("a", "ab"), ("A", "a"), ("*?", ""), ("a?", "a"),
        ]
        for (pattern, text) in no { #expect(!matches(pattern, text), "\(pattern) \(text)") }
    }

    @Test func letterCaseCanBeIgnored() {
        #expect(matches("MAX*", "maxmemory", ignoringCase: true))
        #expect(matches("[A-C]x", "bX", ignoringCase: true))
        #expect(matches("[AB]", "b", ignoringCase: true))
        #expect(!matches("[\\A]", "a", ignoringCase: true))
    }

    @Test func hostilePatternsTakeBoundedTime() {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 20000)
        let pattern = Array(String(repeating: "a*", count: 50).utf8) + [UInt8(ascii: "b")]
        #expect(!pattern.withView { p in text.withView { Glob.matches(p, $0) } })
        let stars = [UInt8](repeating: UInt8(ascii: "*"), count: 100_000) + [UInt8(ascii: "b")]
        #expect(!stars.withView { p in text.withView { Glob.matches(p, $0) } })
    }

    @Test func matchingAgreesWithTheObviousRecursion() {
        var generator = RandomGenerator(seed: 31)
        let alphabet = Array("ab*?ab".utf8)
        for _ in 0..<20000 {
            let pattern = (0..<generator.next(below: 8)).map { _ in alphabet[generator.next(below: 6)] }
            let text = (0..<(1 + generator.next(below: 8))).map { _ in
                UInt8(ascii: "a") + UInt8(generator.next(below: 2))
            }
            let result = pattern.withView { p in text.withView { Glob.matches(p, $0) } }
            #expect(result == naive(pattern[...], text[...]), "\(pattern) \(text)")
        }
    }

    private func naive(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return naive(pattern.dropFirst(), text) || !text.isEmpty && naive(pattern, text.dropFirst())
        }
        guard let byte = text.first, first == UInt8(ascii: "?") || first == byte else { return false }
        return naive(pattern.dropFirst(), text.dropFirst())
    }
}
