import Configuration
import Glibc
import Logging
import Primitives
import Synchronization

/// Writes log lines as Redis does, `pid:M 21 Nov 2026 07:38:31.123 * message`, to standard output or a file.
///
/// The letter is the process's part: `C` until the server is set up, `M` from then on.
struct ServerLogHandler: LogHandler {
    /// What all copies of the handler share.
    private final class Shared: Sendable {
        let level: Mutex<Settings.LogLevel>
        let isStarted = Atomic<Bool>(false)
        init(_ level: Settings.LogLevel) { self.level = Mutex(level) }
    }

    var metadata: Logger.Metadata = [:]
    private let shared: Shared
    private let descriptor: CInt

    /// - Parameter path: the log file, appended to; empty for standard output.
    /// - Throws: `StartError` where the file cannot be opened.
    init(level: Settings.LogLevel, path: String) throws(StartError) {
        shared = Shared(level)
        if path.isEmpty {
            descriptor = STDOUT_FILENO
        } else {
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            if descriptor < 0 {
                throw StartError("Can't open the log file \(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// The least important level that is written; CONFIG SET may change it at any time.
    var logLevel: Logger.Level {
        get {
            switch shared.level.withLock({ $0 }) {
            case .debug: .debug
            case .verbose: .info
            case .notice: .notice
            case .warning, .nothing: .warning
            }
        }
        set {}
    }

    /// Writes lines of that level and above from now on, whichever copy of the handler logs them.
    func use(_ level: Settings.LogLevel) { shared.level.withLock { $0 = level } }

    /// Whether the server is set up.
    var isStarted: Bool {
        get { shared.isStarted.load(ordering: .relaxed) }
        nonmutating set { shared.isStarted.store(newValue, ordering: .relaxed) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard shared.level.withLock({ $0 != .nothing }) else { return }
        let mark =
            switch event.level {
            case .trace, .debug: "."
            case .info: "-"
            case .notice: "*"
            case .warning, .error, .critical: "#"
            }
        var line = "\(getpid()):\(isStarted ? "M" : "C") \(Self.timestamp()) \(mark) \(event.message)\n"
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
