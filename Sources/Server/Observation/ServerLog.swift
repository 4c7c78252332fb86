import Configuration
import Glibc
import Logging
import Primitives

/// Writes log lines as Redis does, `pid:M 21 Nov 2026 07:38:31.123 * message`, to standard output or a file.
struct ServerLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let descriptor: CInt
    private let writesNothing: Bool

    /// - Parameter path: the log file, appended to; empty for standard output.
    /// - Throws: `StartError` where the file cannot be opened.
    init(level: Settings.LogLevel, path: String) throws(StartError) {
        switch level {
        case .debug: logLevel = .debug
        case .verbose: logLevel = .info
        case .notice: logLevel = .notice
        case .warning, .nothing: logLevel = .warning
        }
        writesNothing = level == .nothing
        if path.isEmpty {
            descriptor = STDOUT_FILENO
        } else {
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            if descriptor < 0 {
                throw StartError("Can't open the log file \(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard !writesNothing else { return }
        let mark =
            switch event.level {
            case .trace, .debug: "."
            case .info: "-"
            case .notice: "*"
            case .warning, .error, .critical: "#"
            }
        var line = "\(getpid()):M \(Self.timestamp()) \(mark) \(event.message)\n"
        line.withUTF8 { buffer in
            // One call for a line, so that lines of several threads do not mix.
            _ = write(descriptor, buffer.baseAddress, buffer.count)
        }
    }

    private static func timestamp() -> String {
        let now = Clock.wallMilliseconds()
        var seconds = time_t(now / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%d %b %Y %H:%M:%S.", &parts)
        let milliseconds = String(now % 1000 + 1000).dropFirst()
        return String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) + milliseconds
    }
}
