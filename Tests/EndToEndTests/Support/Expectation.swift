/// The expected reply of a script's command, and how it is compared.
struct Expectation: CustomStringConvertible {
    enum Comparison {
        case exact
        case elementsInAnyOrder
        case pairsInAnyOrder
        case pattern
        case range
    }

    var comparison: Comparison
    var text: String

    /// From a line such as `< OK`, `<~ ["a", "b"]` or `<7.2 "0.1"`; the version is the one from which on it holds.
    static func parse(_ line: some StringProtocol) -> (since: ServerKind.Version, Expectation)? {
        var head = line.prefix { $0 != " " }.dropFirst()
        let text = line.dropFirst(head.count + 1).drop { $0 == " " }
        var comparison = Comparison.exact
        if head.hasPrefix("..") {
            comparison = .range
            head = head.dropFirst(2)
        } else if let first = head.first, !first.isNumber {
            switch first {
            case "~": comparison = .elementsInAnyOrder
            case "%": comparison = .pairsInAnyOrder
            case "*": comparison = .pattern
            default: return nil
            }
            head = head.dropFirst()
        }
        guard head.allSatisfy({ $0.isNumber || $0 == "." }) else { return nil }
        return (ServerKind.Version(head), Expectation(comparison: comparison, text: String(text)))
    }

    var description: String {
        switch comparison {
        case .exact: text
        case .elementsInAnyOrder: "in any order \(text)"
        case .pairsInAnyOrder: "pairs in any order \(text)"
        case .pattern: "like \(text)"
        case .range: "between \(text)"
        }
    }

    func accepts(_ reply: Reply) -> Bool {
        switch comparison {
        // Lines of a script cannot end in spaces; some error texts do.
        case .exact: return Expectation.trimmed(reply.description) == Expectation.trimmed(text)
        case .elementsInAnyOrder:
            guard let elements = reply.elements, let expected = Expectation.elements(of: text) else { return false }
            return elements.map(\.description).sorted() == expected.sorted()
        case .pairsInAnyOrder:
            guard let elements = reply.elements, let expected = Expectation.elements(of: text) else { return false }
            return Expectation.pairs(elements.map(\.description)) == Expectation.pairs(expected)
        case .pattern: return Expectation.matches(reply.description, text)
        case .range:
            let bounds = text.split(separator: " ").compactMap { Int64($0) }
            guard bounds.count == 2, let value = reply.integer else { return false }
            return bounds[0] <= value && value <= bounds[1]
        }
    }

    private static func trimmed(_ text: String) -> Substring {
        guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
        return text[...last]
    }

    private static func pairs(_ elements: [String]) -> [String] {
        stride(from: 0, to: elements.count, by: 2).map {
            elements[$0..<min($0 + 2, elements.count)].joined(separator: " ")
        }
        .sorted()
    }

    /// The texts of the elements of an array as `Reply.description` writes it; keys and values of a map in turn.
    static func elements(of text: String) -> [String]? {
        guard let open = text.firstIndex(where: { $0 == "[" || $0 == "{" }), text.last == "]" || text.last == "}" else {
            return nil
        }
        var elements: [String] = []
        var current = ""
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for character in text[text.index(after: open)...].dropLast() {
            if isQuoted {
                current.append(character)
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted = false
                }
                continue
            }
            switch character {
            case "\"": isQuoted = true
            case "[", "{": depth += 1
            case "]", "}": depth -= 1
            default: break
            }
            if depth == 0, character == "," {
                elements.append(current)
                current = ""
            } else if depth == 0, current.hasSuffix(" ="), character == ">" {
                elements.append(String(current.dropLast(2)))
                current = ""
            } else if !(current.isEmpty && character == " ") {
                current.append(character)
            }
        }
        if !current.isEmpty { elements.append(current) }
        return elements
    }

    /// `*` stands for any text, everything else for itself.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(first), text.count >= first.count + last.count, text.hasSuffix(last) else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
