import Glibc
import Primitives

/// Expands what `LZFCompressor`, or LibLZF, made.
enum LZFExpansion {
    /// Most bytes that one compressed byte can stand for: a reference of three bytes reaches 264.
    static let maximumRatio = 88

    /// Expands `input` to exactly `count` bytes at `output`; false where it is damaged or of another length. Nothing is
    /// read outside of `input` or written outside of `output`. O(n).
    static func expand(_ input: ByteView, to output: UnsafeMutablePointer<UInt8>, count: Int) -> Bool {
        let source = input.start
        let end = input.count
        var index = 0
        var written = 0
        while index < end {
            let control = Int(source[index])
            index &+= 1
            if control < 32 {
                let run = control &+ 1
                guard run <= end &- index, run <= count &- written else { return false }
                copy(source + index, to: output + written, run, readable: end &- index, writable: count &- written)
                index &+= run
                written &+= run
                continue
            }
            var length = control &>> 5 &+ 2
            if length == 9 {
                guard index < end else { return false }
                length &+= Int(source[index])
                index &+= 1
            }
            guard index < end else { return false }
            let distance = ((control & 0x1F) &<< 8 | Int(source[index])) &+ 1
            index &+= 1
            guard distance <= written, length <= count &- written else { return false }
            repeatBytes(
                at: output + written, distance: distance, length: length, writable: count &- written)
            written &+= length
        }
        return written == count
    }

    /// Copies up to 32 bytes: all 32 where both sides have so many, which is faster than to tell how many it are.
    @inline(__always)
    private static func copy(
        _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, _ run: Int, readable: Int, writable: Int
    ) {
        guard readable >= 32, writable >= 32 else {
            memcpy(target, source, run)
            return
        }
        memcpy(target, source, 32)
    }

    /// Writes `length` bytes at `target`, each of which is the one `distance` before it, and perhaps some more within what
    /// is `writable`.
    @inline(__always)
    private static func repeatBytes(
        at target: UnsafeMutablePointer<UInt8>, distance: Int, length: Int, writable: Int
    ) {
        if distance >= 8, writable &- length >= 8 {
            let raw = UnsafeMutableRawPointer(target)
            var index = 0
            repeat {
                let word = raw.loadUnaligned(fromByteOffset: index &- distance, as: UInt64.self)
                raw.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                index &+= 8
            } while index < length
            return
        }
        if distance == 1 {
            memset(target, Int32((target - 1).pointee), length)
            return
        }
        var index = 0
        while index < length {
            target[index] = (target + index - distance).pointee
            index &+= 1
        }
    }
}
