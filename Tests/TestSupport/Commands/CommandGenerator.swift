/// Makes random commands over a few keys, fields and members, so that commands meet each other's values: mostly right
/// ones, some with a wrong type, a wrong number of arguments, or an argument that does not fit.
public struct CommandGenerator {
    private var random: SeededGenerator
    let choice: Choice

    /// Which commands are made.
    public enum Choice: Sendable {
        /// Those that any two servers answer alike.
        case comparable
        /// All that Redis 7.0 has and that do not wait, also those whose outcome is by chance or by the time.
        case redis
        /// Those that only Freshet has and those that wait, too.
        case all
    }

    public init(seed: UInt64, _ choice: Choice = .comparable) {
        random = SeededGenerator(seed)
        self.choice = choice
    }

    /// The next command.
    public mutating func next() -> [String] {
        switch choice {
        case .comparable: break
        case .redis: return nextUnbound(from: CommandGenerator.unboundInRedis)
        case .all: return nextUnbound(from: CommandGenerator.unbound)
        }
        let frequent = random.oneIn(5) ? CommandGenerator.bitsAndPlaces : CommandGenerator.frequent
        var command = random.pick(random.oneIn(12) ? CommandGenerator.rare : frequent).command(&random)
        // Ranges by member are defined only where all scores are equal: the keys for them get no odd scores.
        let isForLexRanges = command[0] == "ZADD" && command[1].hasPrefix("l")
        if random.oneIn(10), !isForLexRanges { spoil(&command) }
        return command
    }

    /// Whether the next command comes by another connection.
    public mutating func isSecondConnection() -> Bool { random.oneIn(5) }

    /// A number below `limit`, for what else is done by chance.
    public mutating func number(below limit: Int) -> Int { random.below(limit) }

    static let oddArguments = [
        "abc", "", "nan", "inf", "-1", "0", "1.5", "99999999999999999999", "9223372036854775807", " 1", "+1", "0x1f",
        "(1", "$", ">", "1-1-1", "18446744073709551616", "(18446744073709551615-18446744073709551615", "5-007",
        "STREAMS",
        "[a", "NX", "XX", "GT", "WITHSCORES", "LIMIT", "x\r\ny", "other", "-inf", "1e400",
    ]

    mutating func make(from templates: [CommandTemplate]) -> [String] { random.pick(templates).command(&random) }

    mutating func spoil(_ command: inout [String]) {
        switch Int.random(in: 0..<8, using: &random) {
        // Bare COMMAND is the one that would then answer with all there is, in an order of its own.
        // Nor may a member be popped by chance, which each server would choose for itself.
        case 0: if command.count > 1, !["COMMAND", "SPOP"].contains(command[0]) { command.removeLast() }
        // Which number of arguments ZRANK takes decides over a whole transaction, and is another one since 7.2; and CONFIG
        // GET with `*` answers what no two servers share.
        case 1:
            if !command[0].hasSuffix("RANK"), command[0] != "CONFIG" {
                command.append(random.pick(CommandGenerator.oddArguments))
            }
        case 2: command[0] = random.pick(["NOSUCH", "SETT", "", "ZADD\r\n"])
        case 3: command[0] = command[0].lowercased()
        default:
            // Any pattern would do for CONFIG GET, and any text that begins with a number as a count for COMMAND GETKEYS.
            guard command.count > 1, command[0] != "CONFIG", command[0] != "COMMAND" else { return }
            let index = Int.random(in: 1..<command.count, using: &random)
            command[index] = random.pick(CommandGenerator.oddArguments)
        }
    }

    static let frequent = common + streams

    static let common: [CommandTemplate] = [
        "SET {k} {v} [NX|XX] [GET] [EX~{t}|PX~{t}000|EXAT~{at}|PXAT~{at}000|KEEPTTL]",
        "GET {k}", "GETEX {k} [EX~{t}|PX~{t}000|EXAT~{at}|PERSIST]", "GETDEL {k}", "GETSET {k} {v}", "SETNX {k} {v}",
        "SETEX {k} {t} {v}", "PSETEX {k} {t}000 {v}", "MSET ({k}~{v})+", "MSETNX ({k}~{v})+", "MGET ({k})+",
        "APPEND {k} {v}", "STRLEN {k}", "GETRANGE {k} {n} {n}", "SUBSTR {k} {n} {n}", "SETRANGE {k} {o} {v}",
        "INCR {k}", "DECR {k}", "INCRBY {k} {i}", "DECRBY {k} {i}", "INCRBYFLOAT {k} {f}",
        "LCS {k} {k} [LEN|IDX] [MINMATCHLEN~{c}] [WITHMATCHLEN]",
        "HSET {k} ({h}~{v})+", "HSET {k} ({h}~{i})+", "HMSET {k} ({h}~{v})+", "HSETNX {k} {h} {v}", "HGET {k} {h}",
        "HMGET {k} ({h})+", "HDEL {k} ({h})+", "HLEN {k}", "HSTRLEN {k} {h}", "HEXISTS {k} {h}", "HKEYS {k}",
        "HVALS {k}", "HGETALL {k}", "HINCRBY {k} {h} {i}", "HINCRBYFLOAT {k} {h} {f}",
        "HRANDFIELD {k} 100 [WITHVALUES]",
        "HRANDFIELD {k} -3 [WITHVALUES]", "HSCAN {k} 0 [MATCH~{glob}] COUNT 1000",
        "ZADD {k} [NX|XX] [GT|LT] [CH] ({s}~{m})+", "ZADD {k} ({s}~{m})+", "ZADD {k} [NX|XX|GT|LT] INCR {s} {m}",
        "ZINCRBY {k} {s} {m}", "ZADD {l} (0~{m})+", "ZADD {l} [NX|XX] [CH] (0~{m})+", "ZREM {l} {m}", "DEL {l}",
        "ZREM {k} ({m})+", "ZSCORE {k} {m}", "ZMSCORE {k} ({m})+", "ZCARD {k}",
        "ZRANK {k} {m}", "ZREVRANK {k} {m}", "ZCOUNT {k} {range} {range}", "ZLEXCOUNT {l} {lex} {lex}",
        "ZRANGE {k} {n} {n} [REV] [WITHSCORES]",
        "ZRANGE {k} {range} {range} BYSCORE [REV] [LIMIT~{n}~{n}] [WITHSCORES]",
        "ZRANGE {l} {lex} {lex} BYLEX [REV] [LIMIT~{n}~{n}]", "ZREVRANGE {k} {n} {n} [WITHSCORES]",
        "ZRANGEBYSCORE {k} {range} {range} [WITHSCORES] [LIMIT~{n}~{n}]",
        "ZREVRANGEBYSCORE {k} {range} {range} [WITHSCORES] [LIMIT~{n}~{n}]",
        "ZRANGEBYLEX {l} {lex} {lex} [LIMIT~{n}~{n}]", "ZREVRANGEBYLEX {l} {lex} {lex} [LIMIT~{n}~{n}]",
        "ZPOPMIN {k} [{c}]", "ZPOPMAX {k} [{c}]", "ZMPOP 2 {k} {k} (MIN|MAX) [COUNT~{c}]",
        "ZRANDMEMBER {k} 100 [WITHSCORES]", "ZRANDMEMBER {k} -3 [WITHSCORES]", "ZSCAN {k} 0 [MATCH~{glob}] COUNT 1000",
        "ZREMRANGEBYRANK {k} {n} {n}", "ZREMRANGEBYSCORE {k} {range} {range}", "ZREMRANGEBYLEX {l} {lex} {lex}",
        "ZRANGESTORE {k} {k} {n} {n} [REV]", "ZRANGESTORE {k} {k} {range} {range} BYSCORE [REV] [LIMIT~{n}~{n}]",
        "ZUNION 2 {k} {k} [WEIGHTS~{c}~{c}] [AGGREGATE~SUM|AGGREGATE~MIN|AGGREGATE~MAX] [WITHSCORES]",
        "ZINTER 2 {k} {k} [WEIGHTS~{c}~{c}] [AGGREGATE~SUM|AGGREGATE~MIN|AGGREGATE~MAX] [WITHSCORES]",
        "ZDIFF 2 {k} {k} [WITHSCORES]", "ZINTERCARD 2 {k} {k} [LIMIT~{c}]",
        "ZUNIONSTORE {k} 2 {k} {k} [WEIGHTS~{c}~{c}] [AGGREGATE~SUM|AGGREGATE~MIN|AGGREGATE~MAX]",
        "ZINTERSTORE {k} 2 {k} {k} [AGGREGATE~MAX]", "ZDIFFSTORE {k} 2 {k} {k}",
        "RPUSH {k} ({e})+", "LPUSH {k} ({e})+", "RPUSH {k} ({e})+", "LPUSHX {k} ({e})+", "RPUSHX {k} ({v})+",
        "LPOP {k} [{c}]", "RPOP {k} [{c}]", "LLEN {k}", "LRANGE {k} {n} {n}", "LINDEX {k} {n}", "LSET {k} {n} {e}",
        "LINSERT {k} (BEFORE|AFTER) {e} {e}", "LREM {k} {n} {e}", "LTRIM {k} {n} {n}",
        "LPOS {k} {e} [RANK~{n}] [COUNT~{c}] [MAXLEN~{c}]", "LMOVE {k} {k} (LEFT|RIGHT) (LEFT|RIGHT)",
        "RPOPLPUSH {k} {k}", "LMPOP 2 {k} {k} (LEFT|RIGHT) [COUNT~{c}]",
        "SORT {k} [LIMIT~{n}~{n}] [DESC|ASC] [ALPHA]", "SORT_RO {k} ALPHA [LIMIT~{n}~{n}] [GET~#] [GET~k*]",
        "SORT {k} [LIMIT~{n}~{n}] [DESC|ASC] [ALPHA] [GET~k*] STORE {k}",
        "SORT {k} BY (k*|{k}*->{h}) [LIMIT~{n}~{n}] [DESC|ASC] [GET~k*->{h}] [GET~#]",
        "SADD {k} ({m})+", "SADD {k} ({i})+", "SADD {k} ({v})+", "SREM {k} ({m})+", "SREM {k} ({i})+",
        "SMOVE {k} {k} ({m}|{i})", "SISMEMBER {k} ({m}|{i})", "SMISMEMBER {k} ({m})+", "SCARD {k}", "SMEMBERS {k}",
        "SPOP {k} (0|100)", "SRANDMEMBER {k} 100", "SRANDMEMBER {k} (-3|2|0)", "SSCAN {k} 0 [MATCH~{glob}] COUNT 1000",
        "SINTER ({k})+", "SUNION ({k})+", "SDIFF ({k})+", "SINTERSTORE {k} ({k})+", "SUNIONSTORE {k} ({k})+",
        "SDIFFSTORE {k} ({k})+", "SINTERCARD 2 {k} {k} [LIMIT~{c}]", "SINTERCARD {c} {k} {k}",
        "DEL ({k})+", "UNLINK ({k})+", "EXISTS ({k})+", "TOUCH ({k})+", "TYPE {k}",
        "EXPIRE {k} {t} [NX|XX|GT|LT]", "PEXPIRE {k} {t}000 [NX|XX|GT|LT]", "EXPIREAT {k} {at} [NX|XX|GT|LT]",
        "PEXPIREAT {k} {at}000 [NX|XX|GT|LT]", "EXPIRE {k} (-1|0)", "TTL {k}", "PTTL {k}", "EXPIRETIME {k}",
        "PEXPIRETIME {k}", "PERSIST {k}", "RENAME {k} {k}", "RENAMENX {k} {k}", "COPY {k} {k} [DB~{db}] [REPLACE]",
        "MOVE {k} {db}", "KEYS {glob}",
        "SCAN 0 [MATCH~{glob}] COUNT 1000 [TYPE~string|TYPE~hash|TYPE~list|TYPE~set|TYPE~zset]",
        "OBJECT ENCODING {k}", "OBJECT REFCOUNT {k}", "WATCH ({k})+", "MULTI", "EXEC", "EXEC", "DISCARD", "UNWATCH",
    ]

    static let rare: [CommandTemplate] = [
        "SELECT {db}", "SWAPDB 0 1", "FLUSHDB", "FLUSHALL", "DBSIZE", "RANDOMKEY", "PING [{v}]", "ECHO {v}",
        "OBJECT FREQ {k}", "OBJECT NOSUCH {k}", "COMMAND GETKEYS MSET {k} {v} {k} {v}",
        "COMMAND GETKEYS ZUNIONSTORE {k} 2 {k} {k}", "CONFIG GET hash-max-listpack-value", "CLIENT GETNAME",
        "RESTORE {k} {t} {v} [REPLACE] [ABSTTL] [IDLETIME~{c}|FREQ~{c}]",
        "CLIENT SETNAME {m}", "ZRANDMEMBER {k}", "HRANDFIELD {k}", "MEMORY USAGE nothing", "COMMAND NOSUCH",
    ]
}
