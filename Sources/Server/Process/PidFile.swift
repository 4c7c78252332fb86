import Configuration
import Glibc
import Logging

/// The file that tells others the process's id, from its making to the end of the process.
struct PidFile {
    /// Where a server in the background writes it when it is not told where.
    private static let standardPath = "/var/run/freshet.pid"

    /// Empty where there is no file.
    private let path: String

    /// Writes the file if the settings ask for one. A failure is logged and no reason not to serve.
    init(_ settings: Settings, isDaemon: Bool, _ log: Logger) {
        let wanted = settings.pidFile.isEmpty && isDaemon ? Self.standardPath : settings.pidFile
        guard !wanted.isEmpty else {
            path = ""
            return
        }
        let descriptor = open(wanted, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            log.warning("Failed to write PID file: \(String(cString: strerror(errno)))")
            path = ""
            return
        }
        var line = "\(getpid())\n"
        line.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        path = wanted
    }

    func remove(_ log: Logger) {
        guard !path.isEmpty else { return }
        log.notice("Removing the pid file.")
        unlink(path)
    }
}
