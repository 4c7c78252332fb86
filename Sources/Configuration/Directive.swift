import Primitives

/// One directive as data: its name, what its text looks like, where its value lives and whether it may change.
///
/// Reading the file, CONFIG GET, SET and REWRITE all work from this record alone, so that a new directive is one line in
/// the table and one field in `Settings`.
public struct Directive: Sendable {
    public let name: String
    /// Older names, which CONFIG GET and SET know too.
    public let aliases: [String]
    public let change: Change
    /// Whether its value must not appear in logs.
    public let isSensitive: Bool
    /// Whether the server acts on the default alone, so that any other value, though understood, is refused.
    let onlyDefault: Bool
    /// What it does, in one line.
    public let summary: String
    let kind: Kind

    /// Whether CONFIG SET may change it.
    public enum Change: Sendable {
        case atRunTime
        case atStartOnly
        /// Would let a client who may use CONFIG write files elsewhere; CONFIG SET refuses it.
        case protected
    }

    /// Where a value lives.
    typealias Field<Value> = any WritableKeyPath<Settings, Value> & Sendable

    enum Kind: Sendable {
        case bool(Field<Bool>)
        case integer(Field<Int>, ClosedRange<Int>)
        /// As `integer`, but brought into the second range instead of refused.
        case clamped(Field<Int>, ClosedRange<Int>, to: ClosedRange<Int>)
        case memory(Field<Int>, ClosedRange<Int>)
        case octal(Field<Int>, ClosedRange<Int>)
        case text(Field<String>)
        case bytes(Field<[UInt8]>)
        case choice([String], get: @Sendable (Settings) -> String, set: @Sendable (inout Settings, Int) -> Void)
        /// Several words; `set` returns the reason why it refused them.
        case words(
            get: @Sendable (Settings) -> [[String]], set: @Sendable (inout Settings, [String]) -> String?,
            getText: @Sendable (Settings) -> String)
        /// Redis's directive of which only these values work here; the first is what CONFIG GET answers.
        case fixed([String])
    }

    init(
        _ name: String, _ kind: Kind, aliases: [String] = [], change: Change = .atRunTime, sensitive: Bool = false,
        onlyDefault: Bool = false, _ summary: String
    ) {
        self.name = name
        self.aliases = aliases
        self.change = change
        self.isSensitive = sensitive
        self.onlyDefault = onlyDefault
        self.summary = summary
        self.kind = kind
    }

    /// Whether a line may have several words behind the name.
    var takesSeveralWords: Bool {
        if case .words = kind { true } else { false }
    }
}

extension Directive.Kind {
    /// A choice among the cases of an enumeration.
    static func choice<Value>(_ path: Directive.Field<Value>) -> Self
    where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
        let cases = Array(Value.allCases)
        return .choice(
            cases.map(\.rawValue), get: { $0[keyPath: path].rawValue }, set: { $0[keyPath: path] = cases[$1] })
    }
}

/// Why a value was refused.
enum Refusal: Error, Equatable {
    case invalid(String)
    /// Redis would take it; this server cannot act on it.
    case unsupported
}

extension Directive {
    /// The value's text, as CONFIG GET gives it.
    func text(in settings: Settings) -> [UInt8] {
        switch kind {
        case .bool(let path): Array((settings[keyPath: path] ? "yes" : "no").utf8)
        case .integer(let path, _), .clamped(let path, _, _), .memory(let path, _):
            Array(String(settings[keyPath: path]).utf8)
        case .octal(let path, _): Array(String(settings[keyPath: path], radix: 8).utf8)
        case .text(let path): Array(settings[keyPath: path].utf8)
        case .bytes(let path): settings[keyPath: path]
        case .choice(_, let get, _): Array(get(settings).utf8)
        case .words(_, _, let getText): Array(getText(settings).utf8)
        case .fixed(let values): Array((values.first ?? "").utf8)
        }
    }

    /// The words of each line that says this value in a file.
    func lines(in settings: Settings) -> [[[UInt8]]] {
        switch kind {
        case .memory(let path, _): [[Array(MemorySize.format(settings[keyPath: path]).utf8)]]
        case .words(let get, _, _): get(settings).map { $0.map { Array($0.utf8) } }
        default: [[text(in: settings)]]
        }
    }

    /// Sets the value from the words behind the name.
    func set(_ words: [[UInt8]], in settings: inout Settings) throws(Refusal) {
        guard onlyDefault else { return try assign(words, in: &settings) }
        var changed = settings
        try assign(words, in: &changed)
        guard text(in: changed) == text(in: Settings()) else { throw .unsupported }
    }

    private func assign(_ words: [[UInt8]], in settings: inout Settings) throws(Refusal) {
        if case .words(_, let set, _) = kind {
            if let reason = set(&settings, words.map { String(decoding: $0, as: UTF8.self) }) { throw .invalid(reason) }
            return
        }
        if case .fixed(let values) = kind {
            let text = words.map { String(decoding: $0, as: UTF8.self).lowercased() }.joined(separator: " ")
            guard values.contains(text) else { throw .unsupported }
            return
        }
        guard words.count == 1 else { throw .invalid("wrong number of arguments") }
        try set(words[0], in: &settings)
    }

    private func set(_ word: [UInt8], in settings: inout Settings) throws(Refusal) {
        switch kind {
        case .bool(let path):
            let isYes = word.withView { $0.equalsIgnoringCase("yes") }
            guard isYes || word.withView({ $0.equalsIgnoringCase("no") }) else {
                throw .invalid("argument must be 'yes' or 'no'")
            }
            settings[keyPath: path] = isYes
        case .integer(let path, let range):
            settings[keyPath: path] = try Self.inRange(try Self.integer(word), range)
        case .clamped(let path, let range, let bounds):
            let value = try Self.inRange(try Self.integer(word), range)
            settings[keyPath: path] = max(bounds.lowerBound, min(bounds.upperBound, value))
        case .memory(let path, let range):
            guard let value = MemorySize.parse(word) else { throw .invalid("argument must be a memory value") }
            settings[keyPath: path] = try Self.inRange(Int(clamping: value), range, isTooLarge: value > Int.max)
        case .octal(let path, let range):
            guard let value = Int(String(decoding: word, as: UTF8.self), radix: 8) else {
                throw .invalid("argument couldn't be parsed as an octal number")
            }
            settings[keyPath: path] = try Self.inRange(value, range, radix: 8)
        case .text(let path):
            guard !word.contains(0) else { throw .invalid("argument must not contain a NUL byte") }
            settings[keyPath: path] = String(decoding: word, as: UTF8.self)
        case .bytes(let path): settings[keyPath: path] = word
        case .choice(let names, _, let set):
            let name = String(decoding: word, as: UTF8.self).lowercased()
            guard let index = names.firstIndex(of: name) else {
                throw .invalid("argument(s) must be one of the following: " + names.joined(separator: ", "))
            }
            set(&settings, index)
        case .words, .fixed: break
        }
    }

    private static func integer(_ word: [UInt8]) throws(Refusal) -> Int {
        guard let value = word.withView({ parseInteger($0) }) else {
            throw .invalid("argument couldn't be parsed into an integer")
        }
        return Int(value)
    }

    private static func inRange(
        _ value: Int, _ range: ClosedRange<Int>, radix: Int = 10, isTooLarge: Bool = false
    ) throws(Refusal) -> Int {
        if range.contains(value), !isTooLarge { return value }
        let low = String(range.lowerBound, radix: radix)
        throw .invalid("argument must be between \(low) and \(String(range.upperBound, radix: radix)) inclusive")
    }
}
