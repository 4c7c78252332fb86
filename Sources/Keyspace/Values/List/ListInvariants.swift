import Primitives

extension ListValue {
    /// What is wrong with the list, for tests. O(n).
    func brokenInvariant(_ limits: ListLimits) -> String? {
        if isSmall { return Listpack.validate(pack.bytes) ? nil : "listpack is damaged" }
        return quick.brokenInvariant(limits)
    }
}

extension QuickList {
    /// What is wrong with the list, for tests: its blocks, their counts and sizes, and its totals. O(n).
    func brokenInvariant(_ limits: ListLimits) -> String? {
        var elements = 0
        var bytes = 0
        for index in 0..<chunkCount {
            let chunk = chunk(index)
            if !Listpack.validate(chunk.pack.bytes) { return "block \(index) is damaged" }
            if chunk.count == 0 { return "block \(index) is empty" }
            if chunk.count != chunk.pack.count { return "block \(index) counts \(chunk.count) elements" }
            if chunk.count > 1, chunk.pack.byteCount > limits.maxBytes + 512 || chunk.count > limits.maxCount {
                return "block \(index) has \(chunk.pack.byteCount) bytes and \(chunk.count) elements"
            }
            elements += chunk.count
            if index > 0, chunk.slack > 0 { return "block \(index) has slack" }
            bytes += chunk.memoryUsage
        }
        if elements != count { return "holds \(elements) elements, not \(count)" }
        return bytes == state.pointee.blockBytes ? nil : "blocks take \(bytes), not \(state.pointee.blockBytes)"
    }
}
