/// Commands whose outcome is by chance, by the time or by what others wait for, and those that only Freshet has.
extension CommandGenerator {
    mutating func nextUnbound(from unbound: [CommandTemplate]) -> [String] {
        let templates =
            number(below: 60) == 0
            ? CommandGenerator.rare
            : [
                unbound, unbound, CommandGenerator.frequent, CommandGenerator.bitsAndPlaces,
            ][number(below: 4)]
        var command = make(from: templates)
        // Redis makes a key by a BITFIELD that overflows and fails, and does not log it.
        while choice == .redis, command.contains("FAIL") { command = make(from: templates) }
        if number(below: 20) == 0 { spoil(&command) }
        return number(below: 15) == 0 ? command : withKeysOfItsType(command)
    }

    /// The command with keys that mostly have values of its type: those of all are too seldom the right ones.
    private mutating func withKeysOfItsType(_ command: [String]) -> [String] {
        let name = command[0].uppercased()
        var type = "t"
        if name.hasPrefix("H") {
            type = "h"
        } else if ["Z", "BZ"].contains(where: name.hasPrefix) {
            type = "z"
        } else if ["SADD", "SREM", "SMO", "SPOP", "SIN", "SUN", "SDI", "SMEM", "SRAND"].contains(where: name.hasPrefix)
        {
            type = "m"
        } else if ["L", "R", "BL", "BR"].contains(where: name.hasPrefix), !name.hasPrefix("REN"), name != "LCS" {
            type = "q"
        } else if Self.forAllTypes.contains(name) {
            type = ["t", "h", "z", "m", "q"][number(below: 5)]
        }
        return [command[0]]
            + command.dropFirst().map { argument in
                let isKey = argument.utf8.count == 2 && argument.hasPrefix("k") && argument.last?.isNumber == true
                return isKey ? type + argument.dropFirst() : argument
            }
    }

    private static let forAllTypes: Set<String> = [
        "DEL", "UNLINK", "EXISTS", "TOUCH", "TYPE", "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "RENAME",
        "RENAMENX", "COPY", "MOVE", "SORT", "WATCH",
    ]

    /// Those of `unbound` that Redis 7.0 has and that do not wait.
    static let unboundInRedis = unbound.filter { template in
        !freshetOnly.contains(template.name) && !template.name.hasPrefix("B") && !template.hasWord("(IFEQ|IFNE)")
            && !template.hasWord("BLOCK")
    }

    /// SORT, too: Redis logs it as it came, where equal weights leave members in an order of its own.
    private static let freshetOnly: Set<String> = [
        "SORT",
        "DELIFEQ", "DELEX", "MSETEX", "GETPTTL", "INCREX", "CL.THROTTLE", "SCANDEL", "HEXPIRE", "HPEXPIRE", "HEXPIREAT",
        "HPEXPIREAT", "HPERSIST", "HGETEX", "HGETDEL", "HSETEX",
    ]

    static let unbound: [CommandTemplate] = [
        "SPOP {k}", "SPOP {k} {c}", "SADD {k} ({m})+ ({i})+", "SADD {k} ({m})+ ({e})+", "ZPOPMIN {k}",
        "ZMPOP 1 {k} MAX",
        "EXPIRE {k} {t}", "PEXPIRE {k} {t}000", "PEXPIREAT {k} {at}000", "EXPIREAT {k} 1", "PERSIST {k}",
        "SET {k} {v} PX {t}000", "SET {k} {i} EX {t}", "SETEX {k} {t} {v}", "GETEX {k} (PXAT~1|EX~{t}|PERSIST)",
        "SET {k} {v} (IFEQ|IFNE) {v} [EX~{t}]", "DELIFEQ {k} {v}", "DELEX {k} [IFNE~{v}]", "DELEX {k}",
        "MSETEX 2 {k} {v} {k} {v} [NX|XX] [EX~{t}|PXAT~{at}000|KEEPTTL]", "GETPTTL {k}",
        "INCREX {k} [BYINT~{c}|BYFLOAT~{f}] [SATURATE] [UBOUND~10] [EX~{t}|PXAT~{at}000|PERSIST|PXAT~1]",
        "INCREX {k} EX {t} ENX", "CL.THROTTLE {k} {c} 3 {t} [{c}]", "SCANDEL 0 MATCH k{c} COUNT 1000",
        "HEXPIRE {k} {t} [NX|XX|GT|LT] FIELDS 1 {h}", "HPEXPIRE {k} {t}000 FIELDS 2 {h} {h}",
        "HEXPIREAT {k} {at} [NX|XX|GT|LT] FIELDS 2 {h} {h}", "HPEXPIREAT {k} 1 FIELDS 1 {h}",
        "HPERSIST {k} FIELDS 2 {h} {h}", "HGETEX {k} [EX~{t}|PERSIST|PXAT~1] FIELDS 2 {h} {h}",
        "HGETDEL {k} FIELDS 2 {h} {h}", "HSETEX {k} [FNX|FXX] [EX~{t}|KEEPTTL|PXAT~1] FIELDS 2 {h} {v} {h} {i}",
        "HSET {k} {h} {i} {h} {i} {h} {i}", "HINCRBY {k} {h} 1", "HINCRBYFLOAT {k} {h} 0.5", "HSETNX {k} {h} {v}",
        "HMGET {k} {h} {h} {h}", "HEXISTS {k} {h}", "SORT {k} BY k*->{h} GET # GET k*->{h} ALPHA STORE {k}",
        "XADD x2 * {h} {v}", "XADD x2 MAXLEN ~ {c} * {h} {v}", "XADD x2 MINID ~ {ms} * {h} {v} {h} {v}",
        "XADD x2 * {h} {v}",
        "XADD {x} MAXLEN {c} {ms}-* {h} {v}", "XTRIM {x} MAXLEN ~ {c}", "XREADGROUP GROUP {g} {m} STREAMS {x} {id}",
        "XREADGROUP GROUP {g} {m} COUNT 2 STREAMS {x} {x} > >", "XCLAIM {x} {g} {m} {t}000 {id} {id} [IDLE~{c}]",
        "XCLAIM {x} {g} {m} 0 {id} {id} [TIME~{at}000] [FORCE] [JUSTID]", "XAUTOCLAIM {x} {g} {m} {t}000 - [COUNT~{c}]",
        "XGROUP CREATE {x} {g} 0 MKSTREAM",
        "XGROUP CREATE x2 {g} 0 MKSTREAM", "XREADGROUP GROUP {g} {m} COUNT 2 STREAMS x2 {x} > >",
        "XREADGROUP GROUP {g} {m} STREAMS x2 0", "XAUTOCLAIM x2 {g} {m} {t}0 - [COUNT~{c}]", "XDEL {x} ({id})+",
        "XDEL {x} ({id})+", "PFCOUNT {sketch}", "RPUSH {k} ({e})+", "ZADD {k} ({s}~{m})+",
        "BLPOP {k} {k} 0", "BRPOP {k} 0", "BLMOVE {k} {k} (LEFT|RIGHT) (LEFT|RIGHT) 0", "BRPOPLPUSH {k} {k} 0",
        "BLMPOP 0 2 {k} {k} (LEFT|RIGHT) [COUNT~{c}]", "BZPOPMIN {k} {k} 0", "BZPOPMAX {k} 0",
        "BZMPOP 0 2 {k} {k} (MIN|MAX) [COUNT~{c}]", "XREADGROUP GROUP {g} {m} BLOCK 0 STREAMS {x} >",
    ]
}
