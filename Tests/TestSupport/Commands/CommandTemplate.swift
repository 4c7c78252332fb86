/// A family of commands written as one line, from which random commands are made.
///
/// Words are separated by spaces. `{k}` and its like stand for a random key, field, member and so on; `[a|b]` is left
/// out half of the time, or else one of the choices; `(a|b)` is always one of the choices; a `+` after either repeats
/// it one to three times; `~` joins the words of one choice.
struct CommandTemplate: ExpressibleByStringLiteral {
    private let words: [String]

    init(stringLiteral text: String) { words = text.split(separator: " ").map(String.init) }

    var name: String { words[0] }

    func hasWord(_ word: String) -> Bool { words.contains(word) }

    func command(_ random: inout SeededGenerator) -> [String] { words.flatMap { expand($0, &random) } }

    private func expand(_ word: String, _ random: inout SeededGenerator) -> [String] {
        if word.hasSuffix("+"), word.count > 1 {
            let inner = String(word.dropLast())
            return (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in expand(inner, &random) }
        }
        if word.hasPrefix("["), word.hasSuffix("]") {
            if Bool.random(using: &random) { return [] }
            return choice(word.dropFirst().dropLast(), &random)
        }
        if word.hasPrefix("("), word.hasSuffix(")") { return choice(word.dropFirst().dropLast(), &random) }
        return [fill(word, &random)]
    }

    private func choice(_ text: Substring, _ random: inout SeededGenerator) -> [String] {
        let choices = text.split(separator: "|").map(String.init)
        return random.pick(choices).split(separator: "~").map { fill(String($0), &random) }
    }

    /// Replaces the placeholders within a word.
    private func fill(_ word: String, _ random: inout SeededGenerator) -> String {
        guard let open = word.firstIndex(of: "{"), let close = word.firstIndex(of: "}") else { return word }
        let inner = word[word.index(after: open)..<close]
        let rest = String(word[word.index(after: close)...])
        return word[..<open] + CommandTemplate.value(inner, &random) + fill(rest, &random)
    }

    static let integers = ["0", "1", "-1", "5", "12", "-7", "100", "9223372036854775800", "-9223372036854775808"]
    static let floats = ["0", "1", "-1", "0.5", "3.25", "-10.75", "1e3", "1e17", "0.1", "-0"]
    static let scores = ["0", "1", "1", "2", "3", "-4", "0.5", "2.25", "100", "inf", "-inf", "1e15"]

    private static func value(_ kind: Substring, _ random: inout SeededGenerator) -> String {
        switch kind {
        case "k": return "k\(Int.random(in: 0..<8, using: &random))"
        case "l": return "l\(Int.random(in: 0..<2, using: &random))"
        case "sketch": return "p\(Int.random(in: 0..<2, using: &random))"
        case "element": return "e\(Int.random(in: 0..<3000, using: &random))"
        case "places": return "g\(Int.random(in: 0..<2, using: &random))"
        case "place": return "m\(Int.random(in: 0..<30, using: &random))"
        case "lon": return coordinate(180, &random)
        case "lat": return coordinate(85, &random)
        case "far": return random.pick(["0", "1", "100.5", "1000", "5000", "12000", "30000"])
        case "bit": return String(Int.random(in: 0...100, using: &random))
        case "field": return random.pick(["u1", "i1", "u4", "i5", "u8", "i8", "u15", "i32", "u63", "i64"])
        case "h": return "f\(Int.random(in: 0..<6, using: &random))"
        case "m":
            return random.oneIn(40) ? String(repeating: "M", count: 70) : random.pick(["a", "b", "bb", "c", "d", ""])
        case "e": return random.oneIn(20) ? text(&random) : random.pick(["a", "b", "c", "1", "-7", "12345"])
        case "i": return random.pick(integers)
        case "f": return random.pick(floats)
        case "s": return random.pick(scores)
        case "n": return String(Int.random(in: -6...6, using: &random))
        case "c": return String(Int.random(in: 0...4, using: &random))
        case "o": return String(Int.random(in: 0...80, using: &random))
        // Streams are seldom among the keys of all types, and their IDs few, so that commands meet.
        case "x": return random.oneIn(8) ? value("k", &random) : "x\(Int.random(in: 0..<2, using: &random))"
        case "ms": return String(Int.random(in: 1...40, using: &random))
        case "id": return "\(Int.random(in: 1...40, using: &random))-\(Int.random(in: 0...2, using: &random))"
        case "bound":
            let id = "\(Int.random(in: 1...40, using: &random))" + random.pick(["", "-1", "-2"])
            return random.pick(["-", "+", id, id, "(" + id])
        case "g": return random.pick(["g", "h"])
        case "db": return String(Int.random(in: 0...1, using: &random))
        // Far away, so that nothing expires while a sequence runs.
        case "t": return String(Int.random(in: 1000...100_000, using: &random))
        case "at": return String(Int.random(in: 33_000_000_000...33_000_001_000, using: &random))
        case "lex": return random.pick(["-", "+", "[a", "(a", "[b", "(bb", "[c", "(d", "[", "[zz"])
        case "range": return (random.oneIn(3) ? "(" : "") + random.pick(scores)
        case "glob": return random.pick(["*", "k*", "k[0-3]", "k?", "*1", "f[^2]", "a*", "[ab]", "k\\1", "nothing"])
        case "v": return text(&random)
        default: return String(kind)
        }
    }

    /// Mostly around one place, so that searches find some.
    private static func coordinate(_ limit: Int, _ random: inout SeededGenerator) -> String {
        if random.oneIn(12) { return random.pick(["0", "\(limit)", "-\(limit)", "\(limit).05"]) }
        let degrees = random.oneIn(3) ? Int.random(in: -limit...limit, using: &random) : limit / 4
        return "\(degrees).\(Int.random(in: 0..<100_000, using: &random))"
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return random.pick(integers)
        case 1: return random.pick(floats)
        case 2: return ""
        case 3: return String(repeating: "x", count: Int.random(in: 40...70, using: &random))
        case 4: return "a\r\nb\u{0}c\u{7f}\u{e9}"
        default: return random.pick(["hello", "world", "ohmytext", "mynewtext", "012"])
        }
    }
}
