/// Bitmaps, HyperLogLogs and places: the first two are strings, the last sorted sets, so that they meet those of other
/// commands too.
extension CommandGenerator {
    static let bitsAndPlaces: [CommandTemplate] = [
        "SETBIT {k} {b} (0|1)", "GETBIT {k} {b}", "BITCOUNT {k}", "BITCOUNT {k} {n} {n} [BYTE|BIT]",
        "BITPOS {k} (0|1)", "BITPOS {k} (0|1) {n}", "BITPOS {k} (0|1) {n} {n} [BYTE|BIT]",
        "BITOP (AND|OR|XOR) {k} ({k})+", "BITOP NOT {k} {k}", "BITFIELD_RO {k} GET {int} {b} [GET~{int}~#{c}]",
        "BITFIELD {k} (SET~{int}~{b}~{i}|INCRBY~{int}~{b}~{i}|GET~{int}~#{b}|INCRBY~{int}~#{c}~100)+",
        "BITFIELD {k} OVERFLOW (WRAP|SAT|FAIL) (SET~{int}~{b}~{i}|INCRBY~{int}~{b}~{i}|INCRBY~{int}~#{c}~100)+",
        "PFADD {k} ({m})+", "PFADD {p} ({e})+", "PFADD {p} ({e})+ {e} {e} {e}", "PFADD {p} ({e})+ ({e})+ ({e})+",
        "PFCOUNT {p}", "PFCOUNT ({p})+ {k}", "PFMERGE {p} ({p})+", "PFMERGE {k} {p}", "GET {p}", "PFDEBUG DECODE {p}",
        "PFDEBUG ENCODING {p}", "GEOADD {g} [NX|XX] [CH] ({lon}~{lat}~{place})+",
        "GEOADD {g} ({lon}~{lat}~{place})+ {lon} {lat} {place}", "GEOADD {k} {lon} {lat} {m}",
        "GEODIST {g} {place} {place} [m|KM|ft|mi]", "GEOHASH {g} ({place})+", "GEOPOS {g} ({place})+",
        "GEOPOS {k} ({m})+",
        "GEOSEARCH {g} FROMLONLAT {lon} {lat} BYRADIUS {far} (m|km|mi) (ASC|DESC) [COUNT~{c}] [WITHDIST] [WITHHASH]",
        "GEOSEARCH {g} FROMMEMBER {place} BYBOX {far} {far} km [ASC|DESC] [COUNT~{c}~ANY] [WITHDIST] [WITHCOORD]",
        "GEOSEARCH {g} BYBOX {far} {far} km FROMLONLAT {lon} {lat}",
        "GEOSEARCHSTORE {k} {g} FROMLONLAT {lon} {lat} BYRADIUS {far} km [ASC|DESC] [STOREDIST]",
        "GEORADIUS {g} {lon} {lat} {far} km [WITHDIST] (ASC|DESC) [COUNT~{c}] [STORE~{k}|STOREDIST~{k}]",
        "GEORADIUSBYMEMBER {g} {place} {far} mi [ASC|DESC] [WITHCOORD] [STORE~{g}|STOREDIST~{k}]",
        "GEORADIUS_RO {g} {lon} {lat} {far} ft [WITHHASH]", "GEORADIUSBYMEMBER_RO {k} {m} {far} km",
        "PFDEBUG TODENSE {p}", "DEL {p}", "DEL {g}", "ZADD {g} {s} {place}", "ZREM {g} ({place})+",
    ]
}
