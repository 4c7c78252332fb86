/// Values as versions of Redis from 2.4 to 6.2 wrote them, made by hand from the descriptions of the formats, for tests of
/// what reads them.
public enum OldEncodings {
    /// One value: what it is, how it is written, and a command line whose reply shows it, both for a key named `k`.
    public struct Sample: Sendable {
        public let name: String
        public let type: UInt8
        public let body: [UInt8]
        public let command: String
        /// As tests print replies.
        public let reply: String
    }

    public static let samples: [Sample] = [
        Sample(
            name: "string of 8 bits", type: 0, body: [0xC0, 0xFB], command: "GET k", reply: #""-5""#),
        Sample(
            name: "string of 16 bits", type: 0, body: [0xC1, 0x39, 0x30], command: "GET k", reply: #""12345""#),
        Sample(
            name: "string of 32 bits", type: 0, body: [0xC2, 0x15, 0xCD, 0x5B, 0x07], command: "GET k",
            reply: #""123456789""#),
        Sample(
            name: "compressed string", type: 0, body: [0xC3, 5, 10, 0, 0x61, 0xE0, 0, 0], command: "GET k",
            reply: #""aaaaaaaaaa""#),
        Sample(
            name: "string of a long length", type: 0, body: [0x80, 0, 0, 0, 2] + text("ab"), command: "GET k",
            reply: #""ab""#),
        Sample(
            name: "list", type: 1, body: [3] + string("a") + [0xC0, 7] + string("c"), command: "LRANGE k 0 -1",
            reply: #"["a", "7", "c"]"#),
        Sample(
            name: "set", type: 2, body: [2] + string("a") + string("b"), command: "SMISMEMBER k a b c",
            reply: "[1, 1, 0]"),
        Sample(
            name: "sorted set with scores as text", type: 3,
            body: [3] + string("a") + [3] + text("1.5") + string("b") + [254] + string("c") + [255],
            command: "ZRANGE k 0 -1 WITHSCORES", reply: #"["c", "-inf", "a", "1.5", "b", "inf"]"#),
        Sample(
            name: "hash", type: 4, body: [2] + string("f") + string("v") + string("g") + [0xC0, 1],
            command: "HMGET k f g h", reply: #"["v", "1", (nil)]"#),
        Sample(
            name: "sorted set", type: 5, body: [2] + string("b") + double(2) + string("a") + double(1),
            command: "ZRANGE k 0 -1 WITHSCORES", reply: #"["a", "1", "b", "2"]"#),
        Sample(
            name: "hash in a zipmap", type: 9,
            body: string([2, 1] + text("f") + [2, 0] + text("v1") + [1] + text("g") + [1, 2] + text("wxx") + [0xFF]),
            command: "HMGET k f g", reply: #"["v1", "w"]"#),
        Sample(
            name: "list in a ziplist", type: 10, body: string(ziplist(numbers + [String(repeating: "x", count: 300)])),
            command: "LRANGE k 0 -2", reply: "[" + numbers.map { "\"\($0)\"" }.joined(separator: ", ") + "]"),
        Sample(
            name: "set in an intset", type: 11, body: string([2, 0, 0, 0, 3, 0, 0, 0, 0xFE, 0xFF, 1, 0, 2, 0]),
            command: "SMISMEMBER k -2 1 2 3", reply: "[1, 1, 1, 0]"),
        Sample(
            name: "sorted set in a ziplist", type: 12, body: string(ziplist(["a", "1", "b", "2.5"])),
            command: "ZRANGE k 0 -1 WITHSCORES", reply: #"["a", "1", "b", "2.5"]"#),
        Sample(
            name: "hash in a ziplist", type: 13, body: string(ziplist(["f", "v", "1", "2"])), command: "HMGET k f 1",
            reply: #"["v", "2"]"#),
        Sample(
            name: "list of ziplists", type: 14, body: [2] + string(ziplist(["a", "b"])) + string(ziplist(["3"])),
            command: "LRANGE k 0 -1", reply: #"["a", "b", "3"]"#),
        Sample(
            name: "stream", type: 15, body: [1] + streamBlock + [2, 7, 1, 0], command: "XRANGE k - +",
            reply: #"[["5-1", ["f", "v"]], ["6-2", ["f", "w"]]]"#),
        Sample(
            name: "stream with a group", type: 15,
            body: [1] + streamBlock + [2, 7, 1, 1] + string("g") + [5, 1] + [1] + id(5, 1) + word(1000) + [3, 1]
                + string("c") + word(2000) + [1] + id(5, 1),
            command: "XPENDING k g", reply: #"[1, "5-1", "5-1", [["c", "1"]]]"#),
    ]

    private static let numbers = [
        "0", "12", "13", "-1", "127", "-128", "128", "-32768", "32768", "-8388608", "8388608", "2147483648", "x",
    ]

    /// A payload of RESTORE.
    public static func payload(_ sample: Sample, version: UInt16 = 6) -> [UInt8] {
        payload([sample.type] + sample.body, version: version)
    }

    public static func payload(_ body: [UInt8], version: UInt16) -> [UInt8] {
        let whole = body + [UInt8(version & 0xFF), UInt8(version >> 8)]
        return whole + word(checksum(whole))
    }

    /// CRC-64 as RDB files have it, bit by bit.
    public static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(UInt64(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt64(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x95AC_9329_AC4B_C9B5 }
        }
    }

    // MARK: Parts

    public static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    public static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    /// A string as it is, of up to 16383 bytes.
    public static func string(_ bytes: [UInt8]) -> [UInt8] {
        let count = bytes.count
        return (count < 64 ? [UInt8(count)] : [0x40 | UInt8(count >> 8), UInt8(count & 0xFF)]) + bytes
    }

    public static func word(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func double(_ value: Double) -> [UInt8] { word(value.bitPattern) }

    private static func id(_ milliseconds: UInt64, _ sequence: UInt64) -> [UInt8] {
        word(milliseconds).reversed() + word(sequence).reversed()
    }

    /// A ziplist; texts that spell integers are integers in it.
    public static func ziplist(_ elements: [String]) -> [UInt8] {
        var entries: [UInt8] = []
        var previous = 0
        var last = 10
        for element in elements {
            last = 10 + entries.count
            let before = previous < 254 ? [UInt8(previous)] : [0xFE] + word(UInt64(previous))[0..<4]
            let entry = before + ziplistElement(element)
            entries += entry
            previous = entry.count
        }
        return word(UInt64(11 + entries.count))[0..<4] + word(UInt64(last))[0..<4]
            + [UInt8(elements.count), 0] + entries + [0xFF]
    }

    private static func ziplistElement(_ element: String) -> [UInt8] {
        guard let value = Int64(element) else {
            let count = element.utf8.count
            let head = count < 64 ? [UInt8(count)] : [0x40 | UInt8(count >> 8), UInt8(count & 0xFF)]
            return head + text(element)
        }
        let bytes = word(UInt64(bitPattern: value))
        if (0...12).contains(value) { return [0xF1 + UInt8(value)] }
        if Int8(exactly: value) != nil { return [0xFE] + bytes[0..<1] }
        if Int16(exactly: value) != nil { return [0xC0] + bytes[0..<2] }
        if value >= -(1 << 23), value < 1 << 23 { return [0xF0] + bytes[0..<3] }
        return Int32(exactly: value) != nil ? [0xD0] + bytes[0..<4] : [0xE0] + bytes
    }

    /// The ID and the listpack of a block of two entries, 5-1 and 6-2, and a deleted one.
    private static let streamBlock: [UInt8] = {
        let head = [2, 1, 1].flatMap(small) + [0x81, 0x66, 2] + small(0)
        let entries =
            [2, 0, 0].flatMap(small) + [0x81, 0x76, 2] + small(4)
            + [3, 0, 1].flatMap(small) + [0x81, 0x78, 2] + small(4)
            + [0, 1, 1, 1].flatMap(small) + [0x81, 0x66, 2] + [0x81, 0x77, 2] + small(6)
        let elements = head + entries
        let pack = word(UInt64(7 + elements.count))[0..<4] + [22, 0] + elements + [0xFF]
        return [16] + id(5, 1) + string(Array(pack))
    }()

    /// A small integer as an element of a listpack.
    private static func small(_ value: Int) -> [UInt8] { [UInt8(value), 1] }
}
