import Configuration
import EventLoop

extension Server {
    /// Opens what `bind`, `port` and `unixsocket` name. An address with a leading '-' may be missing on this machine.
    func openListeners(_ settings: Settings) throws(StartError) -> [Listener] {
        var listeners: [Listener] = []
        do throws(Listener.Failure) {
            for address in settings.port == 0 ? [] : settings.bind {
                listeners += try open(address, settings)
            }
            if !settings.unixSocket.isEmpty {
                listeners.append(
                    try .unix(
                        path: settings.unixSocket, permissions: settings.unixSocketPermissions,
                        backlog: settings.tcpBacklog))
            }
        } catch {
            for listener in listeners { listener.shutDown() }
            throw StartError(error.description)
        }
        guard !listeners.isEmpty else {
            throw StartError("Configured to not listen anywhere: set port, bind or unixsocket")
        }
        return listeners
    }

    private func open(_ address: String, _ settings: Settings) throws(Listener.Failure) -> [Listener] {
        let isOptional = address.hasPrefix("-")
        do throws(Listener.Failure) {
            return try Listener.tcp(
                host: isOptional ? String(address.dropFirst()) : address, port: settings.port,
                backlog: settings.tcpBacklog)
        } catch {
            guard isOptional && error.isUnavailable else { throw error }
            return []
        }
    }
}
