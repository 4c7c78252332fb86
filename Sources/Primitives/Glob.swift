/// Glob patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET take them.
///
/// `*` any bytes, `?` one byte, `[a-z]`, `[abc]`, `[^a]` one byte of a class, `\` takes the next byte as it is. The
/// corners are Redis's: a class that is not closed ends with the pattern, a reversed range is turned around, bytes of
/// a range compare as signed, and only an empty pattern matches no bytes at all.
///
/// Every element but `*` takes exactly one byte, so it is enough to return to the last `*` on a mismatch: no recursion,
/// O(pattern * text) steps at worst, whatever the pattern.
public enum Glob {
    /// Whether all of `text` matches `pattern`.
    public static func matches(_ pattern: ByteView, _ text: ByteView, ignoringCase: Bool = false) -> Bool {
        // An empty text meets no element, not even `*`.
        if text.isEmpty { return pattern.isEmpty }
        var position = 0
        var offset = 0
        var starPosition = -1
        var starOffset = 0
        while offset < text.count {
            if position < pattern.count {
                if pattern.start[position] == UInt8(ascii: "*") {
                    position &+= 1
                    while position < pattern.count, pattern.start[position] == UInt8(ascii: "*") { position &+= 1 }
                    if position == pattern.count { return true }
                    starPosition = position
                    starOffset = offset
                    continue
                }
                let next = step(pattern, position, text.start[offset], ignoringCase)
                if next > 0 {
                    position = next
                    offset &+= 1
                    continue
                }
            }
            guard starPosition >= 0 else { return false }
            starOffset &+= 1
            offset = starOffset
            position = starPosition
        }
        while position < pattern.count, pattern.start[position] == UInt8(ascii: "*") { position &+= 1 }
        return position == pattern.count
    }

    /// The position behind the element at `position` if that element takes `byte`, else 0.
    @inline(__always)
    private static func step(_ pattern: ByteView, _ position: Int, _ byte: UInt8, _ ignoringCase: Bool) -> Int {
        var position = position
        switch pattern.start[position] {
        case UInt8(ascii: "?"): return position &+ 1
        case UInt8(ascii: "["): return stepClass(pattern, position &+ 1, byte, ignoringCase)
        case UInt8(ascii: "\\") where position &+ 1 < pattern.count: position &+= 1
        default: break
        }
        return same(pattern.start[position], byte, ignoringCase) ? position &+ 1 : 0
    }

    /// As `step`, for the class whose `[` is just before `position`.
    private static func stepClass(
        _ pattern: ByteView, _ position: Int, _ byte: UInt8, _ ignoringCase: Bool
    ) -> Int {
        let end = pattern.count
        let bytes = pattern.start
        var position = position
        let isNegated = position < end && bytes[position] == UInt8(ascii: "^")
        if isNegated { position &+= 1 }
        var isMember = false
        while position < end, bytes[position] != UInt8(ascii: "]") {
            if bytes[position] == UInt8(ascii: "\\"), position &+ 1 < end {
                if bytes[position &+ 1] == byte { isMember = true }
                position &+= 2
            } else if position &+ 2 < end, bytes[position &+ 1] == UInt8(ascii: "-") {
                if inRange(byte, bytes[position], bytes[position &+ 2], ignoringCase) { isMember = true }
                position &+= 3
            } else {
                if same(bytes[position], byte, ignoringCase) { isMember = true }
                position &+= 1
            }
        }
        guard isMember != isNegated else { return 0 }
        return position < end ? position &+ 1 : end
    }

    /// Whether `byte` lies between both ends, as signed bytes. The ends are put in order before letter case is removed.
    private static func inRange(_ byte: UInt8, _ a: UInt8, _ b: UInt8, _ ignoringCase: Bool) -> Bool {
        var low = Int8(bitPattern: a)
        var high = Int8(bitPattern: b)
        var value = Int8(bitPattern: byte)
        if low > high { swap(&low, &high) }
        if ignoringCase {
            low = Int8(bitPattern: asciiLowercased(UInt8(bitPattern: low)))
            high = Int8(bitPattern: asciiLowercased(UInt8(bitPattern: high)))
            value = Int8(bitPattern: asciiLowercased(byte))
        }
        return value >= low && value <= high
    }

    @inline(__always)
    private static func same(_ a: UInt8, _ b: UInt8, _ ignoringCase: Bool) -> Bool {
        a == b || ignoringCase && asciiLowercased(a) == asciiLowercased(b)
    }
}
