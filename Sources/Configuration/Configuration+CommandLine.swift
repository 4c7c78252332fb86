import Glibc

/// The command line: `[FILE | -] [--NAME VALUE...]...`, where `-` is standard input.
extension Configuration {
    /// The configuration that `arguments` (without the program's name) ask for. Directives on the command line win over
    /// those of the file.
    public init(arguments: [String]) throws(ConfigurationError) {
        self.init()
        var rest = arguments[...]
        if let first = rest.first, !first.hasPrefix("--") {
            rest.removeFirst()
            if first == "-" {
                try load(Self.read(descriptor: STDIN_FILENO, path: "-"), source: "standard input")
            } else {
                try load(path: first)
            }
        }
        try load(Self.lines(of: rest), source: "the command line")
    }

    /// The directives of the command line as lines. The word behind a name is always a value, whatever it starts with,
    /// except behind `--save`, which may stand alone; `--name value` may also be one argument.
    static func lines(of arguments: ArraySlice<String>) -> [UInt8] {
        var lines: [UInt8] = []
        var needsValue = false
        for (index, argument) in zip(arguments.indices, arguments) {
            if argument.hasPrefix("--"), !needsValue {
                if !lines.isEmpty { lines.append(0x0A) }
                lines += argument.utf8.dropFirst(2)
                needsValue = !argument.utf8.contains(0x20)
                let next = arguments.dropFirst(index + 1 - arguments.startIndex).first
                if argument.lowercased() == "--save", next?.hasPrefix("--") ?? true {
                    lines += Array(" \"\"".utf8)
                    needsValue = false
                }
            } else {
                lines.append(0x20)
                lines += LineText.quote(Array(argument.utf8))
                needsValue = false
            }
        }
        return lines
    }
}
