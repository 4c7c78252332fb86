extension CommandGenerator {
    /// Commands on streams. IDs are given, since those that a server makes up are its own.
    static let streams: [CommandTemplate] = [
        "XADD {x} {id} ({h}~{v})+", "XADD {x} {id} a {v} b {i}", "XADD {x} {id} a {v} b {i}", "XADD {x} {ms}-* a {v}",
        "XADD {x} [NOMKSTREAM] [MAXLEN~{c}|MAXLEN~=~{c}|MINID~{id}] {ms}-* {h} {v}", "XADD {x} MAXLEN ~ {c} {id} a {i}",
        "XADD {x} MINID ~ {id} [LIMIT~{c}] {id} a {i}", "XLEN {x}", "XRANGE {x} {bound} {bound} [COUNT~{c}]",
        "XREVRANGE {x} {bound} {bound} [COUNT~{c}]", "XRANGE {x} - +", "XREVRANGE {x} + -", "XDEL {x} ({id})+",
        "XTRIM {x} (MAXLEN|MINID) [=|~] {c} [LIMIT~{c}]", "XREAD [COUNT~{c}] STREAMS {x} {id}",
        "XREAD [COUNT~{c}] STREAMS {x} {x} {id} {id}", "XGROUP CREATE {x} {g} ({id}|$|0) [MKSTREAM]",
        "XGROUP CREATE {x} {g} 0", "XGROUP SETID {x} {g} ({id}|$)", "XGROUP CREATECONSUMER {x} {g} {m}",
        "XREADGROUP GROUP {g} {m} [COUNT~{c}] [NOACK] STREAMS {x} >", "XREADGROUP GROUP {g} {m} STREAMS {x} >",
        "XREADGROUP GROUP {g} {m} [COUNT~{c}] STREAMS {x} {x} > {id}", "XREADGROUP GROUP {g} {m} STREAMS {x} 0",
        "XACK {x} {g} ({id})+", "XPENDING {x} {g}", "XPENDING {x} {g} [IDLE~0] {bound} {bound} {c} [{m}]",
        "XCLAIM {x} {g} {m} 0 ({id})+ [FORCE] [JUSTID] [RETRYCOUNT~{c}] [LASTID~{id}]",
        "XAUTOCLAIM {x} {g} {m} 0 {bound} [COUNT~{c}] [JUSTID]", "XINFO GROUPS {x}", "XINFO STREAM {x}",
        "XGROUP DESTROY {x} {g}", "XGROUP DELCONSUMER {x} {g} {m}", "COPY {x} {x} REPLACE", "DEL {x}",
        "SCAN 0 COUNT 1000 TYPE stream",
    ]
}
