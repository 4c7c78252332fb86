import Testing

/// What a connection reads between BEGIN and END becomes a dependency by itself, whatever command reads it.
@Suite struct ComputeRecordingTests {
    /// Arguments for each command that reads keys: `k` is the first key, `k2` the second; and the type that they have.
    static let samples: [String: (arguments: String, type: String)] = [
        "get": ("k", "string"), "mget": ("k k2", "string"), "getrange": ("k 0 1", "string"), "strlen": ("k", "string"),
        "substr": ("k 0 1", "string"), "lcs": ("k k2", "string"), "getex": ("k", "string"),
        "exists": ("k k2", "string"),
        "dump": ("k", "string"),
        "type": ("k", "string"), "ttl": ("k", "string"), "pttl": ("k", "string"), "expiretime": ("k", "string"),
        "pexpiretime": ("k", "string"), "touch": ("k k2", "string"), "object|encoding": ("k", "string"),
        "object|idletime": ("k", "string"), "object|refcount": ("k", "string"), "object|freq": ("k", "string"),
        "memory|usage": ("k", "string"), "copy": ("k target", "string"), "set": ("k v GET", "none"),
        "hget": ("k f", "hash"), "hmget": ("k f g", "hash"), "hgetall": ("k", "hash"), "hkeys": ("k", "hash"),
        "hvals": ("k", "hash"), "hlen": ("k", "hash"), "hexists": ("k f", "hash"), "hstrlen": ("k f", "hash"),
        "hrandfield": ("k", "hash"), "hscan": ("k 0", "hash"), "httl": ("k FIELDS 1 f", "hash"),
        "hpttl": ("k FIELDS 1 f", "hash"), "hexpiretime": ("k FIELDS 1 f", "hash"),
        "hpexpiretime": ("k FIELDS 1 f", "hash"), "zcard": ("k", "zset"), "zcount": ("k -inf +inf", "zset"),
        "zdiff": ("2 k k2", "zset"), "zinter": ("2 k k2", "zset"), "zunion": ("2 k k2", "zset"),
        "zintercard": ("2 k k2", "zset"), "zlexcount": ("k - +", "zset"), "zmscore": ("k m", "zset"),
        "llen": ("k", "list"), "lrange": ("k 0 -1", "list"), "lindex": ("k 0", "list"), "lpos": ("k e", "list"),
        "zrandmember": ("k", "zset"), "zrange": ("k 0 -1", "zset"), "zrangebylex": ("k - +", "zset"),
        "zrangebyscore": ("k -inf +inf", "zset"), "zrank": ("k m", "zset"), "zrevrange": ("k 0 -1", "zset"),
        "zrevrangebylex": ("k + -", "zset"), "zrevrangebyscore": ("k +inf -inf", "zset"), "zrevrank": ("k m", "zset"),
        "zscan": ("k 0", "zset"), "zscore": ("k m", "zset"), "sort": ("k ALPHA", "zset"),
        "sort_ro": ("k BY nosort", "zset"),
        "scard": ("k", "set"), "sdiff": ("k k2", "set"), "sinter": ("k k2", "set"), "sintercard": ("2 k k2", "set"),
        "sismember": ("k m", "set"), "smembers": ("k", "set"), "smismember": ("k m n", "set"),
        "srandmember": ("k", "set"), "sscan": ("k 0", "set"), "sunion": ("k k2", "set"),
        "xlen": ("k", "stream"), "xrange": ("k - +", "stream"), "xrevrange": ("k + -", "stream"),
        "xread": ("STREAMS k k2 0 0", "stream"), "xpending": ("k g", "stream"), "xinfo|stream": ("k", "stream"),
        "xinfo|groups": ("k", "stream"), "xinfo|consumers": ("k g", "stream"),
        "getbit": ("k 1", "string"), "bitcount": ("k", "string"), "bitpos": ("k 1", "string"),
        "bitfield_ro": ("k GET u8 0", "string"), "digest": ("k", "string"), "getpttl": ("k", "string"),
        "pfcount": ("k", "hyperloglog"), "geodist": ("k m n", "zset"), "geohash": ("k m", "zset"),
        "geopos": ("k m", "zset"), "geosearch": ("k FROMLONLAT 0 0 BYRADIUS 1 m", "zset"),
        "georadius_ro": ("k 0 0 1 m", "zset"), "georadiusbymember_ro": ("k m 1 m", "zset"),
        "compute.read": ("KEYS 2 k k2 SINCE 0 0", "string"),
    ]

    /// These look at the graph, not at values.
    private static let lookers: Set<String> = [
        "compute.info", "compute.deps", "compute.why", "compute.graph", "compute.begin", "compute.depend",
    ]

    @Test(arguments: ServerKind.onlyFreshet)
    func everyReadCommandRecordsItsKeys(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let table = try server.raw()
            let infos = try table.run("COMMAND").elements ?? []
            var names = infos.flatMap { [$0] + ($0[9].elements ?? []) }.filter {
                // Those that read keys: a first key or key specifications, and the category of reads.
                $0[6].elements?.contains(.status("@read")) == true && $0[8].elements?.isEmpty == false
            }.compactMap { $0[0].text }
            names += ["getex", "set", "copy", "sort"]
            #expect(names.count > 40)
            for name in Set(names).subtracting(Self.lookers).sorted() {
                guard let (arguments, type) = Self.samples[name] else {
                    Issue.record("no sample of \(name), which reads keys: what it reads must become a dependency")
                    continue
                }
                let command = name.split(separator: "|").joined(separator: " ")
                let keys: Set<String> = arguments.contains("k2") ? ["k", "k2"] : ["k"]
                for exists in [true, false] {
                    try client.run("FLUSHALL")
                    if exists {
                        for key in keys {
                            switch type {
                            case "string": try client.run("SET \(key) value")
                            case "hyperloglog": try client.run("PFADD \(key) a b c")
                            case "hash": try client.run("HSET \(key) f v g w")
                            case "zset": try client.run("ZADD \(key) 1 m 2 n")
                            case "set": try client.run("SADD \(key) m n")
                            case "stream": try client.run("XGROUP CREATE \(key) g 0 MKSTREAM")
                            case "list": try client.run("RPUSH \(key) e f")
                            default: break
                            }
                        }
                    }
                    let token = try client.begin("result")
                    _ = try client.run("\(command) \(arguments)")
                    if name == "set" || name == "copy" && exists {
                        // What it has written itself is out of date.
                        #expect(try client.run("COMPUTE.FAIL \(token)") == .ok)
                        continue
                    }
                    #expect(try client.end(token, "v") == "stored", "\(name) \(exists)")
                    let recorded = try client.dependencies("result")
                    #expect(recorded.isSuperset(of: keys), "\(name) \(exists): \(recorded)")
                    try client.run("MSET k changed k2 changed")
                    #expect(try client.run("GET result") == .null, "\(name) \(exists)")
                }
            }
        }
    }

    private static let makers = [
        "SET n 1", "SET s text", "HSET h f 1", "ZADD z 1 m", "RPUSH l a b", "SADD t m", "XADD x 1-1 f v", "PFADD p a",
    ]

    /// What a command answers that writes may tell of what was there before. Where it has written it has made the value
    /// out of date that is computed with the answer.
    @Test(arguments: ServerKind.onlyFreshet)
    func whatAWriteAnswersIsRecorded(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let writers = [
                "INCR n", "INCRBY n 0", "INCRBYFLOAT n 0", "APPEND s x", "SETRANGE s 0 x", "GETSET s x", "SETBIT s 7 1",
                "BITFIELD s GET u8 0 SET u8 0 1", "HINCRBY h f 0", "HSET h f 2", "HDEL h f", "ZADD z INCR 0.5 m",
                "ZADD z 2 m2", "ZREM z m", "ZPOPMIN z", "LMOVE l l LEFT RIGHT", "LPUSH l x", "RPOP l", "BLPOP l 0",
                "LREM l 0 a", "SADD t new", "SREM t m", "SPOP t", "SMOVE t t2 m", "XADD x * f v", "XDEL x 1-1",
                "PFADD p b", "DEL s", "UNLINK s", "GETDEL s", "RENAME s s2", "MOVE s 1",
            ]
            let lookers = [
                "SETNX s v", "SET s v NX", "SET none v XX", "MSETNX s v none v", "EXPIRE s 100", "HSETNX h f v",
                "HDEL h none", "ZADD z NX 5 m", "ZREM z none", "LPUSHX none x", "LREM l 0 none", "SADD t m",
                "SREM t none", "SMOVE t t2 none", "PFADD p a", "XDEL x 5-5", "DEL none", "EXPIRE none 100",
                "PERSIST s", "RENAMENX s n", "MOVE none 1",
            ]
            for (line, isWriter) in writers.map({ ($0, true) }) + lookers.map({ ($0, false) }) {
                try client.run("FLUSHALL")
                for maker in Self.makers { try client.run(maker) }
                let token = try client.begin("result")
                let reply = try client.run(line)
                #expect(!reply.isError, "\(line): \(reply)")
                let end = try client.end(token, "v")
                #expect(end == (isWriter ? "superseded" : "stored"), "\(line)")
                guard !isWriter else { continue }
                let key = String(line.split(separator: " ")[1])
                #expect(try client.dependencies("result").contains(key), "\(line)")
                try client.run("SET \(key) other")
                #expect(try client.run("GET result") == .null, "\(line)")
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func onlyTheConnectionThatBeganRecords(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let other = try server.client()
            let token = try client.begin("k")
            try client.run("GET a")
            try other.run("GET b")
            #expect(try client.end(token, "v") == "stored")
            try client.run("GET c")
            #expect(try client.dependencies("k") == ["a"])
            // Commands of a transaction and of another database.
            let next = try client.begin("l")
            for line in ["MULTI", "GET x", "MGET y z", "EXEC", "SELECT 2", "GET x2", "SELECT 0"] {
                try client.run(line)
            }
            #expect(try client.end(next, "v") == "stored")
            #expect(try client.dependencies("l") == ["x", "y", "z", "x2"])
            try client.run("SET x2 1")
            #expect(try client.run("GET l") == .bulk("v"))
            try other.run("SELECT 2")
            try other.run("SET x2 1")
            #expect(try client.run("GET l") == .null)
        }
    }
}
