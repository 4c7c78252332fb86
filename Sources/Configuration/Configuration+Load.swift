import Glibc
import Primitives

/// Reading redis.conf: lines, comments and `include`.
extension Configuration {
    /// Files within files; more is taken for an error in the files.
    private static let maximumDepth = 16
    /// A larger file is not a configuration.
    private static let maximumFileSize = 64 << 20

    /// Reads the file at `path` over what is set already, and remembers it for CONFIG REWRITE.
    public mutating func load(path: String) throws(ConfigurationError) {
        let content = try Self.read(path)
        guard let absolute = Self.absolute(path) else { throw .file(path: path, reason: Self.systemError()) }
        self.path = absolute
        try load(content, source: path, parents: [absolute])
    }

    /// Reads `content`, which `source` names in errors.
    public mutating func load(_ content: [UInt8], source: String) throws(ConfigurationError) {
        try load(content, source: source, parents: [])
    }

    mutating func load(_ content: [UInt8], source: String, parents: [String]) throws(ConfigurationError) {
        var number = 0
        for line in content.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let text = Self.trimmed(line)
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            do {
                guard !text.contains(0) else { throw Refusal.invalid("NUL byte in configuration line") }
                guard let words = Array(text).withView({ splitArguments($0) }) else {
                    throw Refusal.invalid("Unbalanced quotes in configuration line")
                }
                if let pattern = try apply(words, source: source, line: number) {
                    try include(pattern, parents: parents)
                }
            } catch let refusal as Refusal {
                guard case .invalid(let reason) = refusal else { continue }
                throw .line(source: source, number: number, text: Self.shown(text), reason: reason)
            } catch let error as ConfigurationError {
                throw error
            } catch {
                throw .line(source: source, number: number, text: Self.shown(text), reason: "\(error)")
            }
        }
    }

    /// Applies one line; returns the path if it is an `include`.
    private mutating func apply(_ words: [[UInt8]], source: String, line: Int) throws(Refusal) -> String? {
        guard let first = words.first else { return nil }
        let name = String(decoding: first, as: UTF8.self).lowercased()
        let values = Array(words.dropFirst())
        if let directive = Directive.named(first) {
            do throws(Refusal) {
                try directive.set(values, in: &settings)
            } catch {
                guard error == .unsupported else { throw error }
                guard !values.isEmpty else { throw .invalid("wrong number of arguments") }
                warnings.append(Warning(name: name, source: source, line: line))
            }
        } else if name == "user", let user = values.first {
            guard !users.contains(where: { $0.name == user }) else {
                throw .invalid("Duplicate user found. A user can only be defined once in config files")
            }
            users.append(DeclaredUser(name: user, rules: Array(values.dropFirst()), source: source, line: line))
        } else if name == "include", values.count == 1 {
            return String(decoding: values[0], as: UTF8.self)
        } else if KnownDirectives.refused.contains(name) {
            let isOff = values.count == 1 && (values[0].isEmpty || name == "tls-port" && values[0] == [0x30])
            if !isOff { throw .invalid("This server does not support '\(name)' and would be less safe without it") }
        } else if KnownDirectives.ineffective.contains(name) {
            warnings.append(Warning(name: name, source: source, line: line))
        } else {
            throw .invalid("Bad directive or wrong number of arguments")
        }
        return nil
    }

    /// Reads a file, or all that match a glob, which may be none.
    private mutating func include(_ pattern: String, parents: [String]) throws(any Error) {
        guard parents.count < Self.maximumDepth else { throw Refusal.invalid("Includes are nested too deeply") }
        for path in Self.expand(pattern) {
            let content = try Self.read(path)
            guard let absolute = Self.absolute(path) else {
                throw ConfigurationError.file(path: path, reason: Self.systemError())
            }
            guard !parents.contains(absolute) else { throw Refusal.invalid("The file includes itself") }
            try load(content, source: path, parents: parents + [absolute])
        }
    }

    private static func expand(_ pattern: String) -> [String] {
        guard pattern.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }) else { return [pattern] }
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(pattern, 0, nil, &matches) == 0, let paths = matches.gl_pathv else { return [] }
        return (0..<Int(matches.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }

    /// All bytes of the file at `path`.
    public static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw .file(path: path, reason: String(cString: strerror(ENOENT))) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, reason: systemError()) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, path: path)
    }

    /// All bytes up to the end of an open file; `path` names it in errors.
    static func read(descriptor: Int32, path: String) throws(ConfigurationError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(path: path, reason: systemError())
            }
            content += chunk[..<count]
            guard content.count <= maximumFileSize else { throw .file(path: path, reason: "the file is too large") }
        }
    }

    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
        guard let start = line.firstIndex(where: { !isSpace($0) }), let end = line.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return line[start...end]
    }

    /// The line for an error, without the value where that is secret.
    private static func shown(_ line: ArraySlice<UInt8>) -> String {
        let name = line.prefix { $0 > 0x20 }
        let unquoted = name.filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
        guard name.count < line.count, unquoted.withView({ isSensitive($0) }) else { return printable(line) }
        return printable(name) + " (redacted)"
    }

    static func absolute(_ path: String) -> String? {
        guard let absolute = realpath(path, nil) else { return nil }
        defer { free(absolute) }
        return String(cString: absolute)
    }

    static func systemError() -> String { String(cString: strerror(errno)) }
}
