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
                memcpy(output + written, source + index, run)
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
            repeatBytes(at: output + written, distance: distance, length: length)
            written &+= length
        }
        return written == count
    }

    /// Writes `length` bytes at `target`, each of which is the one `distance` before it.
    @inline(__always)
    private static func repeatBytes(at target: UnsafeMutablePointer<UInt8>, distance: Int, length: Int) {
        if distance >= length {
            memcpy(target, target - distance, length)
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
