import Keyspace
import Primitives
import RESP

/// What the commands on lists share.
extension Call {
    /// The end of a list that an argument names.
    func listEnd(_ index: Int) throws(CommandError) -> ListEnd {
        if isWord(index, "left") { return .head }
        guard isWord(index, "right") else { throw .syntax }
        return .tail
    }

    /// The length of an argument that becomes an element.
    @inline(__always)
    func elementBytes(at index: Int) throws(CommandError) -> Int {
        let bytes = self[index].count
        guard bytes <= ListValue.maximumElement else { throw CommandError("ERR Element too large") }
        return bytes
    }

    /// The lengths of the arguments from `index` on, all of which become elements, added up.
    @inline(__always)
    func elementBytes(from index: Int) throws(CommandError) -> Int {
        var bytes = 0
        // The arguments are in memory, so that their lengths cannot overflow.
        for index in index..<count { bytes &+= try elementBytes(at: index) }
        return bytes
    }

    /// The argument as an integer whose sign can be changed.
    func negatableInteger(_ index: Int) throws(CommandError) -> Int {
        let value = try integer(index)
        guard value != .min else {
            throw CommandError(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        return Int(value)
    }

    /// Removes up to `count` elements at an end of the list at `key` and answers them; false where there is none.
    ///
    /// - Parameter header: is given the number of elements that are answered then.
    @inline(__always)
    mutating func popElements(
        _ key: Key, _ end: ListEnd, _ count: Int, _ header: (ReplyWriter, Int) -> Void
    ) throws(CommandError) -> Bool {
        let reply = reply
        return try update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            let length = list.count
            let count = min(count, length)
            header(reply, count)
            if count == 1, let element = list.element(at: end) {
                reply.bulk(element)
                list.removeElement(at: end)
            } else if count > 0 {
                let range = end == .head ? 0..<count : (length &- count)..<length
                reply.elements(of: list, range, reverse: end == .tail)
                list.remove(range)
            } else {
                return nil
            }
            list.shrink(call.limits.list)
            return .popped(at: end)
        }
    }
}

extension ListValue {
    /// The index that an argument means, which may count from the tail: -1 is the last. Out of bounds where there is none.
    @inline(__always)
    func position(_ index: Int64) -> Int { index < 0 ? Int(index) &+ count : Int(index) }

    /// The indices between two that arguments name, both included and as `position` reads them.
    @inline(__always)
    func indices(from first: Int64, through last: Int64) -> Range<Int> {
        let lower = max(0, position(first))
        let upper = min(count &- 1, position(last))
        return lower <= upper ? lower..<(upper &+ 1) : 0..<0
    }
}

extension ReplyWriter {
    /// The elements with the indices in `range`, the last first where `reverse`.
    func elements(of list: ListValue, _ range: Range<Int>, reverse: Bool = false) {
        list.forEach(range, reverse: reverse) { element in
            bulk(element)
            return true
        }
    }
}

extension KeyEvent {
    @inline(__always)
    static func pushed(at end: ListEnd) -> KeyEvent {
        end == .head ? KeyEvent(.list, "lpush") : KeyEvent(.list, "rpush")
    }

    @inline(__always)
    static func popped(at end: ListEnd) -> KeyEvent {
        end == .head ? KeyEvent(.list, "lpop") : KeyEvent(.list, "rpop")
    }
}
