import Primitives

extension HashValue {
    /// Number of fields that are not expired. O(1) unless some are, then O(n).
    public func liveCount(now: Int64) -> Int {
        guard Self.isExpired(minimumExpiry, now: now) else { return count }
        var live = 0
        forEach(now: now) { _ in live += 1 }
        return live
    }

    /// Calls `body` with `wanted` fields, each chosen from all with the same probability and so perhaps more than once,
    /// until it returns false. Answers whether there was a field to choose at all. `body` must not change the hash.
    /// O(wanted) in a table without expired fields, else O(n + wanted).
    @discardableResult
    public func forEachRandomPick(
        _ wanted: Int, now: Int64, using random: inout RandomGenerator, _ body: (HashField) -> Bool
    ) -> Bool {
        if encoding == .hashTable, !Self.isExpired(minimumExpiry, now: now) {
            var left = wanted
            while left > 0, let entry = table.random(using: &random), body(HashField(entry)) { left -= 1 }
            return count > 0
        }
        // Where a field cannot be found by its number, all are noted once.
        var fields: [HashField] = []
        fields.reserveCapacity(count)
        forEach(now: now) { fields.append($0) }
        guard !fields.isEmpty else { return false }
        var left = wanted
        while left > 0, body(fields[random.next(below: fields.count)]) { left -= 1 }
        return true
    }
}
