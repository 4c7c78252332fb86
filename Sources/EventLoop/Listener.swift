import CLinux
import Glibc

/// A socket that waits for connections.
public struct Listener: Sendable {
    public let descriptor: CInt
    /// What it listens on, for the log.
    public let description: String
    /// Path of a unix socket, to be removed when the server stops.
    public let path: String?

    /// Why a listener could not be opened.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        /// Whether the address family or the address does not exist on this machine.
        public let isUnavailable: Bool
    }

    /// Listens on every address that `host` stands for: an address, a name, or `*` and `::*` for all of IPv4 and IPv6.
    /// Of a name's addresses those that this machine does not have are left out, unless it has none of them.
    public static func tcp(host: String, port: Int, backlog: Int) throws(Failure) -> [Listener] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        hints.ai_family = host == "*" ? AF_INET : host == "::*" ? AF_INET6 : AF_UNSPEC
        let node: String? = host == "*" || host == "::*" ? nil : host
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(node, String(port), &hints, &list)
        guard result == 0 else {
            throw Failure(
                description: "Could not resolve \(host): \(String(cString: gai_strerror(result)))",
                isUnavailable: result != EAI_SYSTEM)
        }
        defer { freeaddrinfo(list) }
        var listeners: [Listener] = []
        var missing: Failure?
        var next = list
        while let address = next?.pointee {
            do throws(Failure) {
                listeners.append(try open(address, "\(host):\(port)", backlog: backlog))
            } catch {
                guard error.isUnavailable else {
                    for listener in listeners { listener.shutDown() }
                    throw error
                }
                missing = error
            }
            next = address.ai_next
        }
        if listeners.isEmpty, let missing { throw missing }
        return listeners
    }

    private static func open(_ address: addrinfo, _ name: String, backlog: Int) throws(Failure) -> Listener {
        let file = socket(
            address.ai_family, address.ai_socktype | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue),
            address.ai_protocol)
        guard file >= 0 else { throw failure("Could not create a socket for \(name)") }
        Socket.set(file, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.ai_family == AF_INET6 { Socket.set(file, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard bind(file, address.ai_addr, address.ai_addrlen) == 0, listen(file, CInt(clamping: backlog)) == 0 else {
            let failure = failure("Could not create server TCP listening socket \(name)")
            close(file)
            throw failure
        }
        return Listener(descriptor: file, description: name, path: nil)
    }

    /// Listens on a unix socket. The file has its mode, `permissions`, before anybody can connect (0: by the umask).
    public static func unix(path: String, permissions: Int, backlog: Int) throws(Failure) -> Listener {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw Failure(
                description: "The path of the unix socket is longer than \(capacity - 1) bytes", isUnavailable: false)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let file = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw failure("Could not create a unix socket") }
        unlink(path)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Nobody can connect before `listen`.
        guard bound == 0, permissions == 0 || chmod(path, mode_t(permissions)) == 0,
            listen(file, CInt(clamping: backlog)) == 0
        else {
            let failure = failure("Failed opening unix socket \(path)")
            close(file)
            throw failure
        }
        return Listener(descriptor: file, description: path, path: path)
    }

    private static func failure(_ text: String) -> Failure {
        let code = errno
        return Failure(
            description: "\(text): \(String(cString: strerror(code)))",
            isUnavailable: [EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT, ENOPROTOOPT, EPFNOSUPPORT].contains(code))
    }

    /// Stops listening and removes the file of a unix socket.
    public func shutDown() {
        close(descriptor)
        if let path { unlink(path) }
    }
}
