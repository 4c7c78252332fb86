import Primitives

/// Copies of a command's arguments, in one block, for when the input that they came in is gone.
struct OwnedArguments {
    private var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []

    /// - Parameter replacements: what stands in the place of some of them, by position.
    init(_ arguments: UnsafeBufferPointer<ByteView>, replacing replacements: [Int: [UInt8]] = [:]) {
        bytes.reserveCapacity(arguments.reduce(0) { $0 + $1.count })
        ranges.reserveCapacity(arguments.count)
        for (index, argument) in arguments.enumerated() {
            let start = bytes.count
            if let replacement = replacements[index] {
                bytes.append(contentsOf: replacement)
            } else {
                bytes.append(contentsOf: argument.buffer)
            }
            ranges.append(start..<bytes.count)
        }
    }

    /// Bytes that they take.
    var memoryUsage: Int { bytes.count + ranges.count * MemoryLayout<Range<Int>>.stride }

    /// Calls `body` with the arguments, which are good until it returns.
    func withViews<R>(_ body: (UnsafeBufferPointer<ByteView>) -> R) -> R {
        bytes.withView { all in
            withUnsafeTemporaryAllocation(of: ByteView.self, capacity: ranges.count) { views in
                for (index, range) in ranges.enumerated() { views.initializeElement(at: index, to: all[range]) }
                return body(UnsafeBufferPointer(views))
            }
        }
    }
}
