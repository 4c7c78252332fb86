import Primitives

/// What the server was told: the settings, where they came from, and what of it has no effect.
///
/// Not for the path of commands: the server holds one, changes it under its own lock and gives each worker a copy of
/// `settings` when something changed.
public struct Configuration: Sendable {
    public internal(set) var settings = Settings()
    /// Absolute path of the file that CONFIG REWRITE changes; nil without one.
    public internal(set) var path: String?
    /// What to log at the start: directives without effect, each once per line.
    public internal(set) var warnings: [Warning] = []

    /// A directive that was read and has no effect.
    public struct Warning: Sendable, Equatable, CustomStringConvertible {
        public let name: String
        public let source: String
        public let line: Int

        public var description: String {
            "directive '\(name)' at line \(line) of \(source) has no effect in this server"
        }
    }

    /// Users that `user` lines declare.
    public internal(set) var users: [DeclaredUser] = []

    /// A line `user NAME RULE...`. What the rules mean is not known here.
    public struct DeclaredUser: Sendable, Equatable {
        public let name: [UInt8]
        public let rules: [[UInt8]]
        public let source: String
        public let line: Int
    }

    /// All defaults.
    public init() {}

    /// CONFIG GET: names and values that match any of `patterns` (globs, or names in any letter case), each name once.
    /// A name without wildcards is answered as it was asked for.
    public func get(_ patterns: [ByteView]) -> [(name: [UInt8], value: [UInt8])] {
        var found: [(name: [UInt8], value: [UInt8])] = []
        // In lower case.
        var seen: Set<[UInt8]> = []
        for pattern in patterns {
            if !pattern.buffer.contains(where: { $0 == 0x5B || $0 == 0x2A || $0 == 0x3F }) {
                let name = pattern.array
                if let directive = Directive.named(name), seen.insert(name.map(asciiLowercased)).inserted {
                    found.append((name, directive.text(in: settings)))
                }
                continue
            }
            for directive in Directive.all {
                for name in [directive.name] + directive.aliases {
                    let bytes = Array(name.utf8)
                    guard bytes.withView({ Glob.matches(pattern, $0, ignoringCase: true) }) else { continue }
                    if seen.insert(bytes).inserted { found.append((bytes, directive.text(in: settings))) }
                }
            }
        }
        return found
    }

    /// CONFIG SET: all of `pairs` or none. Returns the names of the directives whose value is another one now.
    ///
    /// Throws `.set` with the text of the reply. Errors about names come before errors about values.
    public mutating func set(_ pairs: [(name: ByteView, value: ByteView)]) throws(ConfigurationError) -> [String] {
        var directives: [Directive] = []
        for (name, _) in pairs {
            let shown = printable(name.buffer)
            guard let directive = Directive.named(name.array) else {
                if Self.isKnown(name.array) { throw Self.failure(shown, "not supported by this server") }
                throw .set("Unknown option or number of arguments for CONFIG SET - '\(shown)'")
            }
            switch directive.change {
            case .atRunTime: break
            case .atStartOnly: throw Self.failure(shown, "can't set immutable config")
            case .protected: throw Self.failure(shown, "can't set protected config")
            }
            if directives.contains(where: { $0.name == directive.name }) {
                throw Self.failure(shown, "duplicate parameter")
            }
            directives.append(directive)
        }
        var changed = settings
        // What is set is all, and not added to what there is.
        changed.hasDefaultSaveRules = true
        for (directive, pair) in zip(directives, pairs) {
            let words =
                directive.takesSeveralWords
                ? pair.value.buffer.split(separator: 0x20, omittingEmptySubsequences: !pair.value.isEmpty).map(
                    Array.init)
                : [pair.value.array]
            do throws(Refusal) {
                try directive.set(words, in: &changed)
            } catch {
                switch error {
                case .invalid(let reason): throw Self.failure(directive.name, reason)
                case .unsupported: throw Self.failure(directive.name, "not supported by this server")
                }
            }
        }
        changed.hasDefaultSaveRules = settings.hasDefaultSaveRules && changed.saveRules == settings.saveRules
        let names = directives.filter { $0.text(in: settings) != $0.text(in: changed) }.map(\.name)
        settings = changed
        return names
    }

    /// Whether the value of the directive of that name must not appear in logs.
    public static func isSensitive(_ name: ByteView) -> Bool {
        if let directive = Directive.named(name.array) { return directive.isSensitive }
        return name.equalsIgnoringCase("user") || name.equalsIgnoringCase("masterauth")
            || name.equalsIgnoringCase("tls-key-file-pass")
            || name.equalsIgnoringCase("tls-client-key-file-pass")
    }

    static func isKnown(_ name: [UInt8]) -> Bool {
        let name = String(decoding: name, as: UTF8.self).lowercased()
        return KnownDirectives.ineffective.contains(name) || KnownDirectives.refused.contains(name)
    }

    private static func failure(_ name: String, _ reason: String) -> ConfigurationError {
        .set("CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
    }
}
