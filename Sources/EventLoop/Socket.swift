import CLinux
import Glibc
import Primitives

/// What a read or write of a non-blocking descriptor came to.
public enum Transfer {
    case bytes(Int)
    /// Nothing can be transferred now.
    case wouldBlock
    /// The peer has closed its side, or the connection has failed.
    case closed
}

/// System calls on sockets, wrapped once.
public enum Socket {
    /// Reads up to `count` bytes.
    @inline(__always)
    public static func read(_ file: CInt, into target: UnsafeMutablePointer<UInt8>, count: Int) -> Transfer {
        while true {
            let result = recv(file, target, count, 0)
            if result > 0 { return .bytes(result) }
            if result == 0 { return .closed }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .closed
        }
    }

    /// Writes as much of `bytes` as the kernel takes.
    @inline(__always)
    public static func write(_ file: CInt, _ bytes: ByteView) -> Transfer {
        while true {
            let result = send(file, bytes.start, bytes.count, CInt(MSG_NOSIGNAL))
            if result >= 0 { return .bytes(result) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .closed
        }
    }

    /// What accepting a connection came to.
    public enum Accepted {
        case connection(CInt)
        /// Nobody waits.
        case none
        /// The process or the system is out of descriptors or memory.
        case exhausted
    }

    /// Accepts a connection, non-blocking and closed on exec.
    public static func accept(_ listener: CInt) -> Accepted {
        while true {
            let file = clinux_accept4(
                listener, nil, nil, CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue))
            if file >= 0 { return .connection(file) }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    /// Sends small replies at once, and probes peers that have been silent for `keepalive` seconds (0: never).
    public static func configure(_ file: CInt, keepalive: Int) {
        set(file, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        guard keepalive > 0 else { return }
        set(file, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(file, CInt(IPPROTO_TCP), TCP_KEEPIDLE, CInt(clamping: keepalive))
        set(file, CInt(IPPROTO_TCP), TCP_KEEPINTVL, CInt(clamping: max(1, keepalive / 3)))
        set(file, CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
    }

    static func set(_ file: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        setsockopt(file, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// The peer's address as `host:port`, `[host]:port`, or the path of a unix socket with `:0`.
    public static func peer(_ file: CInt) -> SocketAddress { address(file, getpeername) }

    /// Our side's address.
    public static func local(_ file: CInt) -> SocketAddress { address(file, getsockname) }

    private static func address(
        _ file: CInt,
        _ query: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { query(file, $0, &length) }
        }
        guard result == 0 else { return SocketAddress(text: "?:0", isLocal: false) }
        return SocketAddress(&storage, length)
    }
}

/// An end of a connection, as text.
public struct SocketAddress: Sendable {
    public let text: String
    /// Whether it is on this machine: a unix socket or a loopback address.
    public let isLocal: Bool

    init(text: String, isLocal: Bool) {
        self.text = text
        self.isLocal = isLocal
    }

    init(_ storage: inout sockaddr_storage, _ length: socklen_t) {
        guard storage.ss_family != sa_family_t(AF_UNIX) else {
            self.init(text: Self.path(&storage, length) + ":0", isLocal: true)
            return
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let isIPv6 = storage.ss_family == sa_family_t(AF_INET6)
        let result = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo(
                    $0, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        guard result == 0 else {
            self.init(text: "?:0", isLocal: false)
            return
        }
        let name = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let service = String(decoding: port.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.init(
            text: isIPv6 ? "[\(name)]:\(service)" : "\(name):\(service)",
            isLocal: name.hasPrefix("127.") || name == "::1" || name.hasPrefix("::ffff:127."))
    }

    private static func path(_ storage: inout sockaddr_storage, _ length: socklen_t) -> String {
        let offset = MemoryLayout<sa_family_t>.size
        guard Int(length) > offset else { return "" }
        return withUnsafeBytes(of: &storage) { bytes in
            String(decoding: bytes[offset..<Int(length)].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
