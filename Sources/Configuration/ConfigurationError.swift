/// Why a configuration was refused.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A line of a file, of standard input or of the command line.
    case line(source: String, number: Int, text: String, reason: String)
    /// A file that cannot be read.
    case file(path: String, reason: String)
    /// CONFIG SET: the reply, without its `ERR`.
    case set(String)
    /// CONFIG REWRITE: the reply, without its `ERR`.
    case rewrite(String)

    public var description: String {
        switch self {
        case .line(let source, let number, let text, let reason):
            """
            *** FATAL CONFIG FILE ERROR ***
            Reading \(source), at line \(number)
            >>> '\(text)'
            \(reason)
            """
        case .file(let path, let reason): "Fatal error, can't open config file '\(path)': \(reason)"
        case .set(let text), .rewrite(let text): text
        }
    }
}

/// `bytes` as they may be shown: at most 200 bytes, control bytes as spaces.
func printable(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    return bytes.count > 200 ? text + "..." : text
}
