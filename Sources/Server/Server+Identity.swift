import Commands

extension Server {
    /// Freshet's own version.
    static let version = "0.1.0"
    /// The version of Redis whose behaviour clients can expect.
    static var redisVersion: String { "\(redisVersionLiteral)" }
    static let redisVersionLiteral: StaticString = "7.4.0"

    /// All commands that this server knows.
    static let families: [[Command]] =
        DataFamilies.all + [
            ConnectionCommands.commands,
            AccountCommands.commands,
            ClientCommands.commands,
            ConfigCommands.commands, InfoCommands.commands, MemoryCommands.commands, SlowlogCommands.commands,
            LatencyCommands.commands, DebugCommands.commands, ModuleCommands.commands, ClusterCommands.commands,
            ShutdownCommands.commands, PubSubCommands.commands, MonitorCommands.commands, HotKeysCommands.commands,
            PersistenceCommands.commands,
        ]
}
