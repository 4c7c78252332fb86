import Glibc
import Testing

/// Commands about the server, and starting and stopping it.
@Suite struct ServerTests {
    @Test(arguments: ServerKind.all)
    func configGetAndSet(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG GET hash-max-listpack-value
            < ["hash-max-listpack-value", "64"]
            > CONFIG GET HASH-MAX-LISTPACK-VALUE
            < ["HASH-MAX-LISTPACK-VALUE", "64"]
            > CONFIG GET hash-max-ziplist-value
            < ["hash-max-ziplist-value", "64"]
            > CONFIG GET nosuch
            < []
            > CONFIG GET zset-max-listpack-entries zset-max-listpack-value
            <% ["zset-max-listpack-value", "64", "zset-max-listpack-entries", "128"]
            > CONFIG GET zset-max-listpack-*
            <% ["zset-max-listpack-value", "64", "zset-max-listpack-entries", "128"]
            > CONFIG SET hash-max-listpack-value 32
            < OK
            > CONFIG GET hash-max-listpack-value
            < ["hash-max-listpack-value", "32"]
            > CONFIG SET hash-max-listpack-value 64 zset-max-listpack-value 65
            < OK
            > CONFIG GET zset-max-listpack-value
            < ["zset-max-listpack-value", "65"]
            > CONFIG SET nosuch 1
            < (error) ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'
            > CONFIG SET zset-max-listpack-value 1 nosuch 1
            < (error) ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'
            > CONFIG GET zset-max-listpack-value
            < ["zset-max-listpack-value", "65"]
            > CONFIG SET timeout 1 timeout 2
            < (error) ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter
            > CONFIG SET timeout abc
            < (error) ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer
            > CONFIG SET timeout -1
            < (error) ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive
            > CONFIG SET port
            < (error) ERR wrong number of arguments for 'config|set' command
            > CONFIG SET client-query-buffer-limit 100mb
            < OK
            > CONFIG GET client-query-buffer-limit
            < ["client-query-buffer-limit", "104857600"]
            > CONFIG SET client-query-buffer-limit 1gb
            < OK
            > CONFIG GET client-query-buffer-limit
            < ["client-query-buffer-limit", "1073741824"]
            > CONFIG SET loglevel nosuch
            <* (error) ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one of the following: debug, verbose, notice, warning*
            > CONFIG SET activerehashing maybe
            < (error) ERR CONFIG SET failed (possibly related to argument 'activerehashing') - argument must be 'yes' or 'no'
            > CONFIG SET proto-max-bulk-len 1mb
            < OK
            > CONFIG GET proto-max-bulk-len
            < ["proto-max-bulk-len", "1048576"]
            > CONFIG GET databases
            < ["databases", "16"]
            > CONFIG SET databases 3
            < (error) ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config
            > CONFIG SET bind
            < (error) ERR wrong number of arguments for 'config|set' command
            > CONFIG GET maxmemory-policy
            < ["maxmemory-policy", "noeviction"]
            > CONFIG GET save
            <* ["save", "*"]
            > CONFIG GET
            < (error) ERR wrong number of arguments for 'config|get' command
            > CONFIG
            < (error) ERR wrong number of arguments for 'config' command
            > CONFIG NOSUCH
            < (error) ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.
            > CONFIG RESETSTAT
            < OK
            > CONFIG RESETSTAT x
            < (error) ERR wrong number of arguments for 'config|resetstat' command
            > CONFIG HELP
            <* [CONFIG *GET*SET*HELP*]
            resp3> CONFIG GET timeout
            < {"timeout" => "0"}
            """#, arguments: ["--hash-max-listpack-value", "64"])
    }

    @Test(arguments: ServerKind.all)
    func configRewriteKeepsTheFileAndItsComments(_ kind: ServerKind) throws {
        let text = "# kept\ntimeout 17\nhash-max-listpack-value 33\n"
        let path = "/tmp/freshet-test-config-\(getpid())-\(kind.rawValue)"
        guard let file = fopen(path, "w") else { return }
        fputs(text, file)
        fclose(file)
        defer { unlink(path) }
        let server = try ServerProcess(kind, configuration: path)
        let client = try server.client()
        #expect(try client.run("CONFIG GET timeout")[1] == .bulk("17"))
        #expect(try client.run("CONFIG SET timeout 18") == .ok)
        #expect(try client.run("CONFIG REWRITE") == .ok)
        let written = try server.readFile(path)
        #expect(written.hasPrefix("# kept\ntimeout 18\nhash-max-listpack-value 33\n"))
    }

    @Test(arguments: ServerKind.all)
    func configRewriteNeedsAFile(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG REWRITE
            < (error) ERR The server is running without a config file
            """#)
    }

    @Test(arguments: ServerKind.all)
    func infoHasTheFieldsThatToolsRead(_ kind: ServerKind) throws {
        let fields = [
            "server": [
                "redis_version", "redis_mode", "os", "arch_bits", "process_id", "run_id", "tcp_port",
                "uptime_in_seconds", "uptime_in_days", "hz", "config_file", "executable", "multiplexing_api",
                "server_time_usec",
            ],
            "clients": [
                "connected_clients", "maxclients", "blocked_clients", "tracking_clients",
                "client_recent_max_input_buffer", "client_recent_max_output_buffer",
            ],
            "memory": [
                "used_memory", "used_memory_human", "used_memory_rss", "used_memory_peak", "used_memory_dataset",
                "maxmemory", "maxmemory_human", "maxmemory_policy", "mem_fragmentation_ratio", "mem_allocator",
                "total_system_memory",
            ],
            "persistence": [
                "loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress", "rdb_last_save_time",
                "rdb_last_bgsave_status", "aof_enabled", "aof_rewrite_in_progress", "aof_last_write_status",
            ],
            "stats": [
                "total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec",
                "total_net_input_bytes", "total_net_output_bytes", "rejected_connections", "expired_keys",
                "evicted_keys", "keyspace_hits", "keyspace_misses", "total_error_replies",
            ],
            "replication": ["role", "connected_slaves", "master_replid", "master_repl_offset"],
            "cpu": ["used_cpu_sys", "used_cpu_user"],
            "cluster": ["cluster_enabled"],
            "keyspace": ["db0", "db3"],
        ]
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("SET k v EX 1000")
            try client.run("SET l v")
            try client.run("COPY l l DB 3")
            let all = try client.run("INFO").text ?? ""
            for (section, names) in fields {
                let text = try client.run("INFO \(section)").text ?? ""
                #expect(text.lowercased().hasPrefix("# \(section)\r\n"))
                for name in names {
                    #expect(text.contains("\r\n\(name):"), "\(section): \(name)")
                    #expect(all.contains("\r\n\(name):"), "default: \(name)")
                }
            }
            #expect(all.contains("\r\ndb0:keys=2,expires=1,avg_ttl="))
            #expect(all.contains("\r\ndb3:keys=1,expires=0,avg_ttl=0"))
            #expect(all.contains("\r\nprocess_id:\(server.pid)\r\n"))
            #expect(all.contains("\r\ntcp_port:\(server.port)\r\n"))
            #expect(try client.run("INFO nosuch") == .bulk(""))
            let two = try client.run("INFO cpu keyspace").text ?? ""
            #expect(two.contains("# CPU\r\n") && two.contains("# Keyspace\r\n") && !two.contains("# Server"))
            for section in ["all", "everything"] {
                let text = try client.run("INFO \(section)").text ?? ""
                #expect(text.contains("# Commandstats\r\n") && text.contains("cmdstat_copy:calls="))
            }
            try client.run("CONFIG RESETSTAT")
            try client.run("GET k")
            try client.run("GET missing")
            try client.run("LPOS")
            let stats = try client.run("INFO stats").text ?? ""
            #expect(stats.contains("\r\nkeyspace_hits:1\r\nkeyspace_misses:1\r\n"))
            #expect(stats.contains("\r\ntotal_error_replies:1\r\n"))
            #expect(try client.run("INFO errorstats").text?.contains("errorstat_ERR:count=1") == true)
            let commands = try client.run("INFO commandstats").text ?? ""
            #expect(commands.contains("cmdstat_get:calls=2,usec="))
        }
    }

    @Test(arguments: ServerKind.all)
    func commandDescribesEveryCommand(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > COMMAND INFO get
            <* [["get", 2, [*readonly*fast*], 1, 1, 1, [*@read*@string*@fast*], [*], [*], []]]
            > COMMAND INFO SET
            <* [["set", -3, [*write*denyoom*], 1, 1, 1, [*@write*@string*@slow*], [*], [*], []]]
            > COMMAND INFO nosuch get
            <* [(nil), ["get", *]]
            > COMMAND INFO mset
            <* [["mset", -3, [*], 1, -1, 2, *]]
            > COMMAND INFO config|get
            <* [["config|get", -3, *]]
            > COMMAND INFO zunionstore
            <* [["zunionstore", -4, [*movablekeys*], 1, 1, 1, *]]
            > COMMAND GETKEYS GET k
            < ["k"]
            > COMMAND GETKEYS MSET a 1 b 2
            < ["a", "b"]
            > COMMAND GETKEYS ZUNIONSTORE d 2 a b WEIGHTS 1 2
            < ["d", "a", "b"]
            > COMMAND GETKEYS ZINTER 2 a b
            < ["a", "b"]
            > COMMAND GETKEYS RENAME a b
            < ["a", "b"]
            7.2> COMMAND GETKEYS PING
            < (error) ERR The command has no key arguments
            > COMMAND GETKEYS NOSUCH a
            < (error) ERR Invalid command specified
            7.2> COMMAND GETKEYS GET
            < (error) ERR Invalid number of arguments specified for command
            > COMMAND GETKEYS
            < (error) ERR wrong number of arguments for 'command|getkeys' command
            > COMMAND GETKEYSANDFLAGS SET k v
            < [["k", [OW, update]]]
            > COMMAND GETKEYSANDFLAGS GET k
            < [["k", [RO, access]]]
            > COMMAND LIST FILTERBY PATTERN zrangeby*
            <~ ["zrangebylex", "zrangebyscore"]
            > COMMAND LIST FILTERBY ACLCAT nosuch
            < []
            > COMMAND LIST FILTERBY FOO bar
            < (error) ERR syntax error
            > COMMAND DOCS get
            <* ["get", ["summary", "*", "since", "1.0.0", "group", "string", "complexity", "O(1)"*]]
            > COMMAND DOCS nosuch
            < []
            > COMMAND FOO
            < (error) ERR unknown subcommand 'FOO'. Try COMMAND HELP.
            > COMMAND COUNT x
            < (error) ERR wrong number of arguments for 'command|count' command
            > COMMAND HELP
            <* [COMMAND *]
            """#)
        try ServerPool.with(kind) { server in
            // COMMAND nests deeper than hiredis reads.
            let client = try server.raw()
            let count = try client.run("COMMAND COUNT").integer ?? 0
            #expect(count > 100)
            #expect(try client.run("COMMAND").elements?.count == Int(count))
            #expect(try client.run("COMMAND LIST").elements.map { $0.count >= Int(count) } == true)
            let docs = try client.run("COMMAND DOCS").elements ?? []
            #expect(docs.count == 2 * Int(count))
        }
    }

    @Test(arguments: ServerKind.all)
    func slowlog(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET slowlog-log-slower-than 0
            < OK
            > SLOWLOG RESET
            < OK
            > CLIENT SETNAME slow
            < OK
            > SET k v
            < OK
            > CONFIG SET slowlog-log-slower-than -1
            < OK
            > SLOWLOG LEN
            < 3
            > SLOWLOG GET 2
            <* [[*, *, *, ["SET", "k", "v"], "127.0.0.1:*", "slow"], [*, *, *, ["CLIENT", "SETNAME", "slow"], "127.0.0.1:*", "slow"]]
            > SLOWLOG GET -1
            <* [[*, ["SET", *], [*, ["CLIENT", *], [*, ["SLOWLOG", "RESET"], *]]
            > SLOWLOG GET -2
            < (error) ERR count should be greater than or equal to -1
            > SLOWLOG GET x
            < (error) ERR count should be greater than or equal to -1
            > SLOWLOG RESET
            < OK
            > SLOWLOG LEN
            < 0
            > SLOWLOG GET
            < []
            > SLOWLOG FOO
            < (error) ERR unknown subcommand 'FOO'. Try SLOWLOG HELP.
            > SLOWLOG HELP
            <* [SLOWLOG *GET*LEN*RESET*HELP*]
            """#, arguments: ["--slowlog-max-len", "100"])
    }

    @Test(arguments: ServerKind.all)
    func memory(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > MEMORY USAGE k
            <.. 1 200
            > HSET h f v
            < 1
            > MEMORY USAGE h
            <.. 1 300
            > MEMORY USAGE h SAMPLES 0
            <.. 1 300
            > MEMORY USAGE h SAMPLES -1
            < (error) ERR syntax error
            > MEMORY USAGE h SAMPLES x
            < (error) ERR value is not an integer or out of range
            > MEMORY USAGE h SAMPLES
            < (error) ERR syntax error
            > MEMORY USAGE h FOO 1
            < (error) ERR syntax error
            > MEMORY USAGE missing
            < (nil)
            > MEMORY USAGE
            < (error) ERR wrong number of arguments for 'memory|usage' command
            > MEMORY STATS
            <* ["peak.allocated", *, "total.allocated", *, "startup.allocated", *, "keys.count", 2, *"dataset.bytes", *]
            > MEMORY DOCTOR
            <* "*"
            > MEMORY MALLOC-STATS
            <* "*"
            > MEMORY PURGE
            < OK
            > MEMORY FOO
            < (error) ERR unknown subcommand 'FOO'. Try MEMORY HELP.
            > MEMORY HELP
            <* [MEMORY *USAGE*HELP*]
            """#)
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.send([Array("SET".utf8), Array("big".utf8), [UInt8](repeating: 1, count: 100_000)])
            let usage = try client.run("MEMORY USAGE big").integer ?? 0
            #expect((100_000...150_000).contains(usage))
        }
    }

    @Test(arguments: ServerKind.all)
    func latency(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > LATENCY LATEST
            < []
            > LATENCY HISTORY command
            < []
            > LATENCY RESET
            < 0
            > LATENCY RESET command
            < 0
            > LATENCY DOCTOR
            <* "*"
            > LATENCY GRAPH command
            < (error) ERR No samples available for event 'command'
            > LATENCY HISTOGRAM nosuch
            < []
            > CONFIG RESETSTAT
            < OK
            > SET k v
            < OK
            > LATENCY HISTOGRAM set
            <* ["set", ["calls", 1, "histogram_usec", [*]]]
            > LATENCY FOO
            < (error) ERR unknown subcommand 'FOO'. Try LATENCY HELP.
            > LATENCY HELP
            <* [LATENCY *HELP*]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func debugNeedsPermission(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > DEBUG SLEEP 0
            < (error) ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.
            > DEBUG JMAP
            < (error) ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.
            > CONFIG GET enable-debug-command
            < ["enable-debug-command", "no"]
            > CONFIG SET enable-debug-command yes
            < (error) ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set immutable config
            """#, arguments: ["--enable-debug-command", "no"])
        try Script.run(
            kind,
            #"""
            > DEBUG SLEEP 0
            < OK
            > DEBUG SLEEP 0.001
            < OK
            > SET k v
            < OK
            > DEBUG OBJECT k
            <* Value at:* refcount:1 encoding:embstr serializedlength:* lru:* lru_seconds_idle:*
            > DEBUG OBJECT missing
            < (error) ERR no such key
            > DEBUG SET-ACTIVE-EXPIRE 1
            < OK
            > DEBUG NOSUCH
            < (error) ERR unknown subcommand or wrong number of arguments for 'NOSUCH'. Try DEBUG HELP.
            > DEBUG
            < (error) ERR wrong number of arguments for 'debug' command
            > DEBUG HELP
            <* [DEBUG *HELP*]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func timeLolwutAndModules(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > TIME
            <* ["1*", "*"]
            > TIME x
            < (error) ERR wrong number of arguments for 'time' command
            > LOLWUT
            <* "*"
            > LOLWUT VERSION 5
            <* "*"
            > LOLWUT VERSION x
            < (error) ERR value is not an integer or out of range
            > MODULE LIST
            < []
            > MODULE FOO
            < (error) ERR unknown subcommand 'FOO'. Try MODULE HELP.
            """#)
    }
}
