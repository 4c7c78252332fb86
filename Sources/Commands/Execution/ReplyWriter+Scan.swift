import Primitives
import RESP

extension ReplyWriter {
    /// Completes the reply to a command of the SCAN kind, whose `count` elements were written from `mark` on: the cursor
    /// comes first, but is known last. O(bytes written since).
    func finishScan(at mark: Int, cursor: UInt64, count: Int) {
        let end = output.pointee.count
        array(2)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumIntegerTextLength) { buffer in
            guard let base = buffer.baseAddress else { return }
            let length = writeUnsigned(cursor, to: base)
            bulk(ByteView(base, count: length))
        }
        array(count)
        let head = output.pointee.view[end..<output.pointee.count].array
        output.pointee.truncate(to: end)
        head.withView { output.pointee.insert($0, at: mark) }
    }
}
