/// A command as data: everything that the server knows of it, declared once beside its handler.
///
/// COMMAND and its subcommands, arity checks, access control, the locks that a call takes and the keys that it touches all
/// come from this record.
public struct Command: Sendable {
    /// What executes a call. Replies through `call.reply`, or throws the error to reply.
    public typealias Handler = @Sendable (inout Call) throws(CommandError) -> Void

    /// Lower-case name; of a subcommand only its own part.
    public let name: String
    /// Number of arguments, the name included; negative: at least that many.
    public let arity: Int
    public let flags: CommandFlags
    /// ACL categories beside those that follow from the flags and the group.
    public let categories: CommandCategories
    public let keys: [KeySpecification]
    /// Which arguments are channels; nil where none is.
    public let channels: ChannelSpecification?
    /// The argument, in the usual form of a call, that names the first element of the aggregate under the first key that
    /// the call looks for: what can be fetched ahead. 0 where there is none.
    public let element: Int
    public let group: CommandGroup
    public let since: String
    public let complexity: String
    /// One sentence that says what it does.
    public let summary: String
    /// The arguments behind the name, in the notation of `ArgumentSyntax`.
    public let syntax: String
    public let subcommands: [Command]
    public let handler: Handler

    public init(
        _ name: String, arity: Int, flags: CommandFlags = [], categories: CommandCategories = [],
        keys: [KeySpecification] = [], channels: ChannelSpecification? = nil, element: Int = 0, group: CommandGroup,
        since: String,
        complexity: String = "O(1)",
        summary: String, syntax: String = "", subcommands: [Command] = [], handler: @escaping Handler
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.categories = categories
        self.keys = keys
        self.channels = channels
        self.element = element
        self.group = group
        self.since = since
        self.complexity = complexity
        self.summary = summary
        self.syntax = syntax
        self.subcommands = subcommands
        self.handler = handler
    }

    /// Whether a call may have `count` arguments, its name included.
    public func accepts(_ count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }
}

/// What a command does and where it may be called. The names in `COMMAND INFO` stand beside the bits.
public struct CommandFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let write = CommandFlags(rawValue: 1 << 0)
    public static let readonly = CommandFlags(rawValue: 1 << 1)
    /// May need more memory.
    public static let denyoom = CommandFlags(rawValue: 1 << 2)
    public static let admin = CommandFlags(rawValue: 1 << 3)
    public static let pubsub = CommandFlags(rawValue: 1 << 4)
    public static let noscript = CommandFlags(rawValue: 1 << 5)
    public static let blocking = CommandFlags(rawValue: 1 << 6)
    public static let loading = CommandFlags(rawValue: 1 << 7)
    public static let stale = CommandFlags(rawValue: 1 << 8)
    public static let skipMonitor = CommandFlags(rawValue: 1 << 9)
    public static let skipSlowlog = CommandFlags(rawValue: 1 << 10)
    public static let asking = CommandFlags(rawValue: 1 << 11)
    public static let fast = CommandFlags(rawValue: 1 << 12)
    /// Needs no authentication.
    public static let noAuth = CommandFlags(rawValue: 1 << 13)
    /// What it does is told to replicas though it writes no key. Not shown to clients.
    public static let mayReplicate = CommandFlags(rawValue: 1 << 14)
    /// Cannot be queued by MULTI.
    public static let noMulti = CommandFlags(rawValue: 1 << 15)
    /// Its keys depend on its arguments.
    public static let movableKeys = CommandFlags(rawValue: 1 << 16)
    public static let noMandatoryKeys = CommandFlags(rawValue: 1 << 17)
    public static let allowBusy = CommandFlags(rawValue: 1 << 18)
    public static let noAsyncLoading = CommandFlags(rawValue: 1 << 19)

    /// Allowed to subscribers that speak RESP2. Not shown to clients.
    public static let subscribed = CommandFlags(rawValue: 1 << 27)
    /// Marks what depends on its keys itself, as far as it must: the executor does not do it ahead. Not shown to clients.
    public static let marks = CommandFlags(rawValue: 1 << 28)
    /// Runs at once although a transaction is being queued. Not shown to clients.
    public static let immediate = CommandFlags(rawValue: 1 << 29)
    /// Looks at or changes whole databases at once: runs while it holds every shard. Not shown to clients.
    public static let exclusive = CommandFlags(rawValue: 1 << 30)
    /// Visits shards one by one, taking locks itself. In a transaction it therefore needs all of them. Not shown.
    public static let walks = CommandFlags(rawValue: 1 << 31)

    /// Whether what is done may have to be told to replicas: what CLIENT PAUSE WRITE holds.
    var mayReplicate: Bool { !isDisjoint(with: [.write, .mayReplicate]) }
}

/// Categories of access control, as `ACL CAT` lists them.
public struct CommandCategories: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let keyspace = CommandCategories(rawValue: 1 << 0)
    public static let read = CommandCategories(rawValue: 1 << 1)
    public static let write = CommandCategories(rawValue: 1 << 2)
    public static let set = CommandCategories(rawValue: 1 << 3)
    public static let sortedset = CommandCategories(rawValue: 1 << 4)
    public static let list = CommandCategories(rawValue: 1 << 5)
    public static let hash = CommandCategories(rawValue: 1 << 6)
    public static let string = CommandCategories(rawValue: 1 << 7)
    public static let bitmap = CommandCategories(rawValue: 1 << 8)
    public static let hyperloglog = CommandCategories(rawValue: 1 << 9)
    public static let geo = CommandCategories(rawValue: 1 << 10)
    public static let stream = CommandCategories(rawValue: 1 << 11)
    public static let pubsub = CommandCategories(rawValue: 1 << 12)
    public static let admin = CommandCategories(rawValue: 1 << 13)
    public static let fast = CommandCategories(rawValue: 1 << 14)
    public static let slow = CommandCategories(rawValue: 1 << 15)
    public static let blocking = CommandCategories(rawValue: 1 << 16)
    public static let dangerous = CommandCategories(rawValue: 1 << 17)
    public static let connection = CommandCategories(rawValue: 1 << 18)
    public static let transaction = CommandCategories(rawValue: 1 << 19)
    public static let scripting = CommandCategories(rawValue: 1 << 20)
    public static let compute = CommandCategories(rawValue: 1 << 21)
}

/// The group that documentation lists a command in.
public enum CommandGroup: String, Sendable {
    case generic, string, list, hash, set, connection, server, transactions
    case bitmap, hyperloglog, geo
    case sortedSet = "sorted-set"
    case cluster, compute, pubsub, stream
}
