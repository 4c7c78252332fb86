/// What records keep as bits, with the names that clients see. The order is that of Redis's replies.
extension CommandFlags {
    private static let names: [(CommandFlags, StaticString)] = [
        (.write, "write"), (.readonly, "readonly"), (.denyoom, "denyoom"), (.admin, "admin"), (.pubsub, "pubsub"),
        (.noscript, "noscript"), (.blocking, "blocking"), (.loading, "loading"), (.stale, "stale"),
        (.skipMonitor, "skip_monitor"), (.skipSlowlog, "skip_slowlog"), (.asking, "asking"), (.fast, "fast"),
        (.noAuth, "no_auth"), (.noMandatoryKeys, "no_mandatory_keys"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"), (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"),
    ]

    /// The names of the flags that clients see.
    var names: [StaticString] { Self.names.compactMap { contains($0.0) ? $0.1 : nil } }
}

extension KeySpecification.Flags {
    private static let names: [(KeySpecification.Flags, StaticString)] = [
        (.readOnly, "RO"), (.readWrite, "RW"), (.overwrite, "OW"), (.removes, "RM"), (.access, "access"),
        (.update, "update"), (.insert, "insert"), (.delete, "delete"), (.variable, "variable_flags"),
        (.notKey, "not_key"),
    ]

    var names: [StaticString] { Self.names.compactMap { contains($0.0) ? $0.1 : nil } }
}

extension CommandCategories {
    /// All categories with their names, as `ACL CAT` lists them.
    public static let named: [(category: CommandCategories, name: String)] = [
        (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"), (.sortedset, "sortedset"),
        (.list, "list"), (.hash, "hash"), (.string, "string"), (.bitmap, "bitmap"), (.hyperloglog, "hyperloglog"),
        (.geo, "geo"), (.stream, "stream"), (.pubsub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
        (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
        (.transaction, "transaction"), (.scripting, "scripting"), (.compute, "compute"),
    ]

    /// The names of the categories, without `@`.
    public var names: [String] { Self.named.compactMap { contains($0.category) ? $0.name : nil } }
}

extension Command {
    /// All categories of access control that the command is in: its own, and those that follow from its flags and group.
    ///
    /// A container is in those of its flags only; what its subcommands are in says more. Of the generic commands, those
    /// about the connection, or about the elements of values, are not about the keyspace.
    public var allCategories: CommandCategories {
        var result = categories
        let isAboutKeys = group != .generic || categories.isDisjoint(with: [.connection, .list])
        if subcommands.isEmpty, isAboutKeys { result.formUnion(group.categories) }
        if flags.contains(.write) { result.insert(.write) }
        if flags.contains(.readonly), !result.contains(.scripting) { result.insert(.read) }
        if flags.contains(.admin) { result.formUnion([.admin, .dangerous]) }
        if flags.contains(.pubsub) { result.insert(.pubsub) }
        if flags.contains(.blocking) { result.insert(.blocking) }
        result.insert(flags.contains(.fast) ? .fast : .slow)
        return result
    }
}

extension CommandGroup {
    /// The category of access control that all commands of the group are in.
    fileprivate var categories: CommandCategories {
        switch self {
        case .generic: .keyspace
        case .string: .string
        case .list: .list
        case .hash: .hash
        case .set: .set
        case .bitmap: .bitmap
        case .hyperloglog: .hyperloglog
        case .geo: .geo
        case .sortedSet: .sortedset
        case .connection: .connection
        case .transactions: .transaction
        case .compute: .compute
        case .stream: .stream
        default: []
        }
    }
}
