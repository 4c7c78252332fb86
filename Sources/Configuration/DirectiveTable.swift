/// The directives that this server acts on, with Redis 7.4's names, limits and defaults (the latter in `Settings`).
extension Directive {
    private static let int32 = 0...Int(Int32.max)
    private static let positiveInt32 = 1...Int(Int32.max)
    private static let anySize = 0...Int.max
    /// Limits of what clients send may not fall below what a normal request needs.
    private static let requestSize = 1 << 20...Int.max
    /// Lengths of fields and members are kept in 32 bits.
    private static let stringSize = 1 << 20...Int(UInt32.max)

    /// All supported directives, by subject.
    public static let all: [Directive] =
        network + process + keyspace + memory + persistence + security + observation + fixed + onlyDefaults

    private static let network: [Directive] = [
        Directive("port", .integer(\.port, 0...65535), change: .atStartOnly, "TCP port; 0 listens on none"),
        Directive("bind", .bind, change: .atStartOnly, "addresses to listen on; a leading - makes one optional"),
        Directive("unixsocket", .text(\.unixSocket), change: .atStartOnly, "path of the unix socket"),
        Directive(
            "unixsocketperm", .octal(\.unixSocketPermissions, 0...0o777), change: .atStartOnly,
            "mode of the unix socket"),
        Directive(
            "tcp-backlog", .integer(\.tcpBacklog, int32), change: .atStartOnly,
            "connections that may wait to be accepted"),
        Directive("tcp-keepalive", .integer(\.tcpKeepalive, int32), "seconds between probes of a silent connection"),
        Directive("timeout", .integer(\.timeout, int32), "seconds after which an idle client is closed; 0 for never"),
        Directive("maxclients", .integer(\.maxClients, 1...Int(UInt32.max)), "most clients at a time"),
        Directive(
            "proto-max-bulk-len", .memory(\.protoMaxBulkLength, stringSize), "longest string that a client may send"),
        Directive(
            "client-query-buffer-limit", .memory(\.clientQueryBufferLimit, requestSize),
            "most bytes of requests that wait on one connection"),
        Directive(
            "client-output-buffer-limit", .outputLimits,
            "class, hard limit, soft limit and its seconds: when a client that does not read is closed"),
    ]

    private static let process: [Directive] = [
        Directive("threads", .integer(\.threads, 1...128), change: .atStartOnly, "threads that execute commands"),
        Directive("daemonize", .bool(\.daemonize), change: .atStartOnly, "whether to run in the background"),
        Directive(
            "supervised", .choice(\.supervised), change: .atStartOnly,
            "which supervisor to tell that the server is ready"),
        Directive("pidfile", .text(\.pidFile), change: .atStartOnly, "file that holds the process's id"),
        Directive("dir", .directory, change: .protected, "working directory"),
        Directive("loglevel", .choice(\.logLevel), "least importance of what is logged"),
        Directive("logfile", .text(\.logFile), change: .atStartOnly, "file to log to; empty for standard output"),
    ]

    private static let keyspace: [Directive] = [
        Directive("databases", .integer(\.databases, 1...65_535), change: .atStartOnly, "number of databases"),
        Directive("hz", .clamped(\.hz, int32, to: 1...500), "rounds of background work a second"),
        Directive(
            "tracking-table-max-keys", .integer(\.trackingTableMaxKeys, anySize),
            "most keys that are remembered for CLIENT TRACKING; 0 for no limit"),
        Directive("active-expire-effort", .integer(\.activeExpireEffort, 1...10), "how much time expiry may take"),
        Directive(
            "hash-max-listpack-entries", .integer(\.hashMaxListpackEntries, anySize),
            aliases: ["hash-max-ziplist-entries"], "most fields of a hash in one block"),
        Directive(
            "hash-max-listpack-value", .memory(\.hashMaxListpackValue, anySize), aliases: ["hash-max-ziplist-value"],
            "longest field or value of a hash in one block"),
        Directive(
            "list-max-listpack-size", .integer(\.listMaxListpackSize, Int(Int32.min)...Int(Int32.max)),
            aliases: ["list-max-ziplist-size"], "most elements in one block of a list; -1 to -5 for 4 to 64 KB"),
        Directive(
            "set-max-intset-entries", .integer(\.setMaxIntsetEntries, anySize),
            "most integers of a set in one sorted block"),
        Directive(
            "set-max-listpack-entries", .integer(\.setMaxListpackEntries, anySize), "most members of a set in one block"
        ),
        Directive(
            "set-max-listpack-value", .memory(\.setMaxListpackValue, anySize), "longest member of a set in one block"),
        Directive(
            "zset-max-listpack-entries", .integer(\.zsetMaxListpackEntries, anySize),
            aliases: ["zset-max-ziplist-entries"], "most members of a sorted set in one block"),
        Directive(
            "zset-max-listpack-value", .memory(\.zsetMaxListpackValue, anySize), aliases: ["zset-max-ziplist-value"],
            "longest member of a sorted set in one block"),
        Directive(
            "stream-node-max-bytes", .memory(\.streamNodeMaxBytes, anySize),
            "bytes of a stream's block that takes no more entries; 0 for no limit"),
        Directive(
            "stream-node-max-entries", .integer(\.streamNodeMaxEntries, anySize),
            "most entries of a stream's block; 0 for no limit"),
        Directive(
            "hll-sparse-max-bytes", .memory(\.hllSparseMaxBytes, anySize),
            "longest HyperLogLog that is kept sparse, in bytes"),
        Directive(
            "compute-max-memory", .memory(\.computeMaxMemory, anySize),
            "most bytes that the dependency graph of computed keys takes; 0 for no limit"),
    ]

    private static let memory: [Directive] = [
        Directive("maxmemory", .memory(\.maxMemory, anySize), "most bytes that may be in use; 0 for no limit"),
        Directive("maxmemory-policy", .choice(\.maxMemoryPolicy), "which keys go when memory is short"),
        Directive(
            "maxmemory-samples", .integer(\.maxMemorySamples, positiveInt32),
            "keys that are compared for each that goes"),
        Directive(
            "maxmemory-eviction-tenacity", .integer(\.maxMemoryTenacity, 0...100),
            "how long a command may make room; 10 is half a millisecond, 100 as long as it takes"),
        Directive(
            "maxmemory-clients", .clientMemory,
            "most bytes that clients may take, or percent of maxmemory; 0 for no limit"),
        Directive("lfu-log-factor", .integer(\.lfuLogFactor, int32), "how slowly the counters of use grow"),
        Directive(
            "lfu-decay-time", .integer(\.lfuDecayTime, int32),
            "minutes in which a counter of use falls by one; 0 for never"
        ),
    ]

    private static let persistence: [Directive] = [
        Directive("save", .saveRules, "seconds and changes after which a snapshot is saved; empty for never"),
        Directive(
            "dbfilename", .fileName(\.snapshotFileName, "dbfilename"), change: .protected,
            "name of the snapshot in the working directory"),
        Directive("rdbcompression", .bool(\.compressesSnapshots), "compress long strings of snapshots"),
        Directive(
            "rdbchecksum", .bool(\.checksSnapshots), change: .atStartOnly, "write and check a snapshot's checksum"),
        Directive(
            "stop-writes-on-bgsave-error", .bool(\.stopsWritesOnSaveError),
            "refuse writes while the last snapshot by a rule has failed"),
        Directive("appendonly", .bool(\.appendOnly), "log all writes to the append-only file"),
        Directive(
            "appendfilename", .fileName(\.appendFileName, "appendfilename"), change: .atStartOnly,
            "what the names of the append-only files begin with"),
        Directive(
            "appenddirname", .fileName(\.appendFolderName, "appenddirname"), change: .atStartOnly,
            "folder of the append-only files in the working directory"),
        Directive("appendfsync", .choice(\.appendSync), "when what was logged is forced to the disk"),
        Directive(
            "no-appendfsync-on-rewrite", .bool(\.restsSyncWhileSaving),
            "force nothing to the disk while a snapshot or a rewrite is written"),
        Directive(
            "auto-aof-rewrite-percentage", .integer(\.autoRewritePercentage, int32),
            "growth at which the append-only file is rewritten; 0 for never"),
        Directive(
            "auto-aof-rewrite-min-size", .memory(\.autoRewriteMinimumSize, anySize),
            "size below which the append-only file is not rewritten"),
        Directive(
            "aof-load-truncated", .bool(\.loadsTruncatedLog), "use an append-only file whose end is incomplete"),
        Directive(
            "aof-use-rdb-preamble", .bool(\.startsLogWithSnapshot),
            "rewrite the append-only file as a snapshot, and not as commands"),
        Directive("aof-timestamp-enabled", .bool(\.stampsLog), "write times to the append-only file"),
    ]

    private static let security: [Directive] = [
        Directive("protected-mode", .bool(\.protectedMode), "refuse other machines while there is no password"),
        Directive("requirepass", .bytes(\.requirePassword), sensitive: true, "password of the default user"),
        Directive("aclfile", .text(\.aclFile), change: .atStartOnly, "file that users are read from; empty for none"),
        Directive("acl-pubsub-default", .choice(\.aclPubSubDefault), "what new users may do with channels"),
        Directive("acllog-max-len", .integer(\.aclLogMaxLength, anySize), "entries of ACL LOG"),
        Directive("enable-debug-command", .choice(\.enableDebugCommand), change: .atStartOnly, "who may use DEBUG"),
    ]

    private static let observation: [Directive] = [
        Directive(
            "slowlog-log-slower-than", .integer(\.slowlogLogSlowerThan, -1...Int.max),
            "microseconds from which a command is logged as slow; -1 for none"),
        Directive("slowlog-max-len", .integer(\.slowlogMaxLength, anySize), "entries of the slow log"),
        Directive(
            "latency-monitor-threshold", .integer(\.latencyMonitorThreshold, anySize),
            "milliseconds from which an event is recorded; 0 for none"),
        Directive("latency-tracking", .bool(\.latencyTracking), "keep the distribution of each command's time"),
        Directive(
            "latency-tracking-info-percentiles", .percentiles, "percentiles that INFO prints of each command's time"),
    ]

    /// Directives that clients ask for or set to the one value that is true here.
    private static let fixed: [Directive] = [
        Directive("syslog-enabled", .fixed(["no"]), change: .atStartOnly, "whether to log to syslog; not yet"),
        Directive("list-compress-depth", .fixed(["0"]), "compression of lists' inner blocks; none"),
        Directive("oom-score-adj", .fixed(["no"]), "whether to tell the kernel whom to kill; not yet"),
        Directive("cluster-enabled", .fixed(["no"]), change: .atStartOnly, "cluster mode; not yet"),
        Directive(
            "enable-protected-configs", .fixed(["no"]), change: .atStartOnly, "who may set protected directives; nobody"
        ),
    ]

    /// Directives that Redis has other values for; their defaults say what this server always does.
    private static let onlyDefaults: [Directive] = [
        Directive(
            "rdb-save-incremental-fsync", .bool(\.syncsSnapshotsInSteps), onlyDefault: true,
            "a snapshot is brought to the disk while it is written"),
        Directive(
            "aof-rewrite-incremental-fsync", .bool(\.syncsRewritesInSteps), onlyDefault: true,
            "a rewrite is brought to the disk while it is written"),
        Directive(
            "activerehashing", .bool(\.activeRehashing), onlyDefault: true, "tables are resized in idle time"),
        Directive(
            "lazyfree-lazy-eviction", .bool(\.lazyfreeEviction), onlyDefault: true,
            "large values that were evicted are freed in the background"),
        Directive(
            "lazyfree-lazy-expire", .bool(\.lazyfreeExpire), onlyDefault: true,
            "large values that expired are freed in the background"),
        Directive(
            "lazyfree-lazy-server-del", .bool(\.lazyfreeServerDelete), onlyDefault: true,
            "large values that were overwritten are freed in the background"),
        Directive(
            "lazyfree-lazy-user-del", .bool(\.lazyfreeUserDelete), onlyDefault: true, "DEL behaves like UNLINK"),
        Directive(
            "lazyfree-lazy-user-flush", .bool(\.lazyfreeUserFlush), onlyDefault: true,
            "FLUSHALL and FLUSHDB free in the background"),
        Directive(
            "notify-keyspace-events", .keyspaceEvents,
            "which events of keys are published, and on which channels"),
    ]

    /// The directive of that name or alias, in any letter case.
    static func named(_ name: [UInt8]) -> Directive? { byName[String(decoding: name, as: UTF8.self).lowercased()] }

    private static let byName: [String: Directive] = {
        var names: [String: Directive] = [:]
        for directive in all {
            for name in [directive.name] + directive.aliases { names[name] = directive }
        }
        return names
    }()
}
