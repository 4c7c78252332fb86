import Configuration
import Glibc
import Primitives

/// What changing the configuration of a running server does beside changing it.
extension Server {
    /// CONFIG SET: changes all of `pairs` or nothing.
    func setConfiguration(
        _ pairs: [(name: ByteView, value: ByteView)], holdsShards: Bool
    ) throws(ConfigurationError) {
        let previous = settings
        try changeConfiguration(holdsShards: holdsShards) { (configuration) throws(ConfigurationError) in
            var changed = configuration
            _ = try changed.set(pairs)
            let clients = changed.settings.maxClients
            if clients > previous.maxClients, !DescriptorLimit.raise(for: clients) {
                throw .set(
                    "CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able "
                        + "to handle the specified number of clients, try with \(DescriptorLimit.clients)")
            }
            configuration = changed
        }
        let password = settings.requirePassword
        guard password != previous.requirePassword else { return }
        accounts.setDefaultPassword(password)
        accountsDidChange()
    }

    /// CONFIG REWRITE. One at a time, and none while the configuration changes.
    func rewriteConfiguration() throws(ConfigurationError) {
        try changeConfiguration { (configuration) throws(ConfigurationError) in
            let settings = configuration.settings
            let users =
                settings.aclFile.isEmpty ? accounts.configurationLines(password: settings.requirePassword) : []
            try configuration.rewrite(users: users)
        }
    }
}

/// How many files the process may have open, which limits its clients.
enum DescriptorLimit {
    /// Descriptors that the process itself needs.
    private static let reserved = 64

    /// Number of clients that the limit in force has room for.
    static var clients: Int { max(1, Int(clamping: limit.rlim_cur) - reserved) }

    private static var limit: rlimit {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    /// Lets the process have a descriptor for each of so many clients and some for itself; false where it may not.
    static func raise(for clients: Int) -> Bool {
        let limit = limit
        let wanted = rlim_t(clients + reserved)
        guard limit.rlim_cur < wanted else { return true }
        var raised = rlimit(rlim_cur: wanted, rlim_max: max(limit.rlim_max, wanted))
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { return true }
        raised = rlimit(rlim_cur: min(wanted, limit.rlim_max), rlim_max: limit.rlim_max)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
        return raised.rlim_cur >= wanted
    }
}
