import Primitives

/// The notation in which records write down their arguments, and its parser.
///
/// One line says what COMMAND DOCS spreads over a tree of maps:
///
/// | notation | argument |
/// | --- | --- |
/// | `name:type` | a value; the types are key, string, integer, double, pattern and unix-time |
/// | `TOKEN` | a literal word |
/// | `TOKEN name:type`, `TOKEN (...)` | a value, or a group, behind a literal word |
/// | `[...]` | may be left out |
/// | `(...)` | what belongs together |
/// | `a\|b` | inside of brackets: one of them |
/// | `...` | behind an item: any number of it. Behind the brackets of a token: the token is repeated too |
/// | `name=item` | gives a name to a group or a token, which otherwise has that of its words. People still read a value's own |
///
/// Within brackets a token with several values behind it, such as `[LIMIT offset:integer count:integer]`, belongs to all
/// of them. A recursive descent; the notation comes from records only, so its depth is bounded by what they hold.
public struct ArgumentSyntax {
    /// What a record's notation does wrong, and where.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let text: [UInt8]
    private var position = 0

    private init(_ text: String) { self.text = Array(text.utf8) }

    /// The argument tree that `text` stands for. O(length).
    public static func parse(_ text: String) throws(Failure) -> [Argument] {
        var parser = ArgumentSyntax(text)
        let arguments = try parser.parseSequence().map { $0.argument }
        guard parser.position == parser.text.count else { throw parser.failure("an item") }
        return arguments
    }

    /// An item and whether it is a token that takes the value behind it.
    private struct Item {
        var argument: Argument
        var isBareToken = false
        /// Whether it is a value or a group in parentheses, in front of which a token may stand.
        var takesToken = false
        var isLabelled = false
    }

    // MARK: Grammar

    /// Items up to a closing bracket, a bar or the end.
    private mutating func parseSequence() throws(Failure) -> [Item] {
        var items: [Item] = []
        skipSpaces()
        while let next = peek, !Self.ends.contains(next) {
            var item = try parseItem()
            if let last = items.last, last.isBareToken, item.takesToken {
                item.argument.token = last.argument.token
                if !item.isLabelled, item.argument.kind == .block || item.argument.kind == .oneOf {
                    item.argument.name = last.argument.name
                }
                item.takesToken = false
                items.removeLast()
            }
            items.append(item)
            skipSpaces()
        }
        return items
    }

    private mutating func parseItem() throws(Failure) -> Item {
        let label = parseLabel()
        var item: Item
        switch peek {
        case UInt8(ascii: "["): item = Item(argument: try parseGroup(closing: UInt8(ascii: "]")))
        case UInt8(ascii: "("):
            item = Item(argument: try parseGroup(closing: UInt8(ascii: ")")))
            item.takesToken = item.argument.token == nil
        default: item = try parseWord()
        }
        if let label {
            if item.takesToken, item.argument.arguments.isEmpty { item.argument.display = item.argument.name }
            item.argument.name = label
            item.isLabelled = true
        }
        if skipDots() {
            // Behind the brackets of a token the whole is repeated.
            item.argument.repeatsToken = item.argument.token != nil && item.argument.kind != .pureToken
            item.argument.isMultiple = true
            item.isBareToken = false
        }
        return item
    }

    private mutating func parseGroup(closing: UInt8) throws(Failure) -> Argument {
        position += 1
        var choices = [try parseChoice()]
        while peek == UInt8(ascii: "|") {
            position += 1
            choices.append(try parseChoice())
        }
        guard peek == closing else { throw failure("'\(Character(Unicode.Scalar(closing)))'") }
        position += 1
        var argument = choices[0]
        if choices.count > 1 {
            argument = Argument(choices.map(\.name).joined(separator: "_"), .oneOf)
            argument.arguments = choices
        }
        if closing == UInt8(ascii: "]") { argument.isOptional = true }
        return argument
    }

    /// One of a group's alternatives, as one argument.
    private mutating func parseChoice() throws(Failure) -> Argument {
        skipSpaces()
        let start = position
        let items = try parseSequence()
        guard let first = items.first else { throw failure("an item") }
        if items.count == 1 { return first.argument }
        var block = Argument(items.map(\.argument.name).joined(separator: "_"), .block)
        block.arguments = items.map(\.argument)
        // `TOKEN a:type b:type` came with the token at the first value.
        if text[start] != UInt8(ascii: "["), let token = first.argument.token, first.argument.kind != .pureToken,
            !first.argument.repeatsToken, items.dropFirst().allSatisfy({ $0.argument.token == nil })
        {
            block.token = token
            block.name = token.lowercased()
            block.arguments[0].token = nil
        }
        return block
    }

    // MARK: Words

    private mutating func parseWord() throws(Failure) -> Item {
        let word = takeWord()
        guard !word.isEmpty else { throw failure("a word") }
        guard let colon = word.lastIndex(of: ":") else {
            guard word == word.uppercased() else { throw failure("the type of '\(word)'") }
            return Item(argument: Argument(word.lowercased(), .pureToken, token: word), isBareToken: true)
        }
        let type = String(word[word.index(after: colon)...])
        guard let kind = Argument.Kind(rawValue: type), kind != .block, kind != .oneOf, kind != .pureToken else {
            throw failure("a type instead of '\(type)'")
        }
        return Item(argument: Argument(String(word[..<colon]), kind), takesToken: true)
    }

    /// The name in front of `=`.
    private mutating func parseLabel() -> String? {
        let start = position
        let word = takeWord()
        guard peek == UInt8(ascii: "="), !word.isEmpty else {
            position = start
            return nil
        }
        position += 1
        return word
    }

    private mutating func takeWord() -> String {
        let start = position
        // Where nothing follows that it could be a label's, it is a word, as in `[equal==|approximately=~]`.
        if peek == UInt8(ascii: "="), position + 1 < text.count, Self.ends.contains(text[position + 1]) {
            position += 1
        }
        while let byte = peek, byte > UInt8(ascii: " "), !Self.delimiters.contains(byte) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private static let ends = Array("|)]".utf8)
    private static let delimiters = Array("[]()|=.".utf8)

    private mutating func skipDots() -> Bool {
        guard text[position...].starts(with: "...".utf8) else { return false }
        position += 3
        return true
    }

    private mutating func skipSpaces() {
        while let byte = peek, byte <= UInt8(ascii: " ") { position += 1 }
    }

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private func failure(_ expected: String) -> Failure {
        Failure(
            description: "expected \(expected) at \(position) of '\(String(decoding: text, as: UTF8.self))'")
    }
}
