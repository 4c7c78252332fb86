import Configuration
import Glibc
import Logging

/// The program that started the server and wants to know how it is: systemd (sd_notify(3): datagrams to the socket that
/// `NOTIFY_SOCKET` names) or Upstart (a process that stops itself once it is ready).
struct Supervisor: Sendable {
    /// Who it is; never `auto`.
    let kind: Settings.Supervision
    private let socketPath: String

    /// Finds out who supervises the process and takes its marks out of the environment, so that child processes do not
    /// speak for the server.
    init(_ supervision: Settings.Supervision, _ log: Logger) {
        let socketPath = Self.takeVariable("NOTIFY_SOCKET", if: supervision == .systemd || supervision == .auto)
        let isUpstart =
            Self.takeVariable("UPSTART_JOB", if: supervision == .upstart || supervision == .auto) != nil
        self.socketPath = socketPath ?? ""
        if isUpstart {
            kind = .upstart
        } else if socketPath != nil {
            kind = .systemd
        } else {
            kind = .no
            if supervision == .systemd {
                log.warning("systemd supervision requested, but NOTIFY_SOCKET not found!")
            } else if supervision == .upstart {
                log.warning("upstart supervision requested, but UPSTART_JOB not found!")
            }
        }
        if kind != .no { log.notice("Supervised by \(kind.rawValue)") }
    }

    private static func takeVariable(_ name: String, if isWanted: Bool) -> String? {
        guard isWanted, let value = getenv(name) else { return nil }
        let text = String(cString: value)
        unsetenv(name)
        return text.isEmpty ? nil : text
    }

    /// Clients can connect.
    func ready() {
        switch kind {
        case .systemd: notify("STATUS=Ready to accept connections\nREADY=1")
        case .upstart: raise(SIGSTOP)
        case .auto, .no: break
        }
    }

    /// The server is about to end.
    func stopping() { if kind == .systemd { notify("STATUS=Shutting down\nSTOPPING=1") } }

    private func notify(_ message: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        // An abstract socket's name starts with a NUL, for which '@' stands.
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        let offset = MemoryLayout<sa_family_t>.size
        guard path.count < MemoryLayout<sockaddr_un>.size - offset else { return }
        withUnsafeMutableBytes(of: &address) { $0[offset...].copyBytes(from: path) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var message = message
        message.withUTF8 { text in
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(
                        descriptor, text.baseAddress, text.count, Int32(MSG_NOSIGNAL), $0,
                        socklen_t(offset + path.count))
                }
            }
        }
    }
}
