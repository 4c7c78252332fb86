/// Bitmaps, HyperLogLogs and places: the first two are strings, the last sorted sets, so that they meet those of other
/// commands too.
extension CommandGenerator {
    static let bitsAndPlaces: [CommandTemplate] = [
        "SETBIT {k} {bit} (0|1)", "GETBIT {k} {bit}", "BITCOUNT {k}", "BITCOUNT {k} {n} {n} [BYTE|BIT]",
        "BITPOS {k} (0|1)", "BITPOS {k} (0|1) {n}", "BITPOS {k} (0|1) {n} {n} [BYTE|BIT]",
        "BITOP (AND|OR|XOR) {k} ({k})+", "BITOP NOT {k} {k}", "BITFIELD_RO {k} GET {field} {bit} [GET~{field}~#{c}]",
        "BITFIELD {k} (SET~{field}~{bit}~{i}|INCRBY~{field}~{bit}~{i}|GET~{field}~#{bit}|INCRBY~{field}~#{c}~100)+",
        "BITFIELD {k} OVERFLOW (WRAP|SAT|FAIL) (SET~{field}~{bit}~{i}|INCRBY~{field}~#{c}~{i})+",
        "PFADD {k} ({m})+", "PFADD {sketch} ({element})+", "PFADD {sketch} ({element})+ ({element})+",
        "PFADD {sketch} ({element})+ ({element})+ ({element})+",
        "PFCOUNT {sketch}", "PFCOUNT ({sketch})+ {k}",
        "PFMERGE {sketch} ({sketch})+", "PFMERGE {k} {sketch}", "GET {sketch}", "PFDEBUG DECODE {sketch}",
        "PFDEBUG ENCODING {sketch}", "GEOADD {places} [NX|XX] [CH] ({lon}~{lat}~{place})+",
        "GEOADD {places} ({lon}~{lat}~{place})+ {lon} {lat} {place}", "GEOADD {k} {lon} {lat} {m}",
        "GEODIST {places} {place} {place} [m|KM|ft|mi]", "GEOHASH {places} ({place})+", "GEOPOS {places} ({place})+",
        "GEOPOS {k} ({m})+",
        "GEOSEARCH {places} FROMLONLAT {lon} {lat} BYRADIUS {far} (m|km|mi) (ASC|DESC) [COUNT~{c}] [WITHHASH]",
        "GEOSEARCH {places} FROMMEMBER {place} BYBOX {far} {far} km [ASC|DESC] [COUNT~{c}~ANY] [WITHCOORD]",
        "GEOSEARCH {places} BYBOX {far} {far} km FROMLONLAT {lon} {lat}",
        "GEOSEARCHSTORE {k} {places} FROMLONLAT {lon} {lat} BYRADIUS {far} km [ASC|DESC] [STOREDIST]",
        "GEORADIUS {places} {lon} {lat} {far} km [WITHDIST] (ASC|DESC) [COUNT~{c}] [STORE~{k}|STOREDIST~{k}]",
        "GEORADIUSBYMEMBER {places} {place} {far} mi [ASC|DESC] [WITHCOORD] [STORE~{places}|STOREDIST~{k}]",
        "GEORADIUS_RO {places} {lon} {lat} {far} ft [WITHHASH]", "GEORADIUSBYMEMBER_RO {k} {m} {far} km",
        "PFDEBUG TODENSE {sketch}", "DEL {sketch}", "DEL {places}",
        "ZADD {places} {s} {place}", "ZREM {places} ({place})+",
    ]
}
