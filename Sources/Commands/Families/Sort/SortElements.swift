import Glibc
import Keyspace
import Primitives

/// The elements that SORT orders, with their weights.
///
/// Texts are copied one behind the other into one block: looking up the keys of patterns may change the keyspace, and the
/// result may replace the value that the elements come from. Ordering moves fixed-size items that point into the block.
struct SortElements: ~Copyable {
    struct Item {
        let start: Int
        let count: Int
        /// What it is ordered by: a number, or a text where `weightCount` is not -1.
        var score = 0.0
        var weightStart = 0
        var weightCount = -1
    }

    private(set) var items: [Item] = []
    private var texts = ByteBuffer()

    init(expected: Int) { items.reserveCapacity(expected) }

    mutating func append(_ text: ByteView) {
        items.append(Item(start: texts.count, count: text.count))
        texts.append(text)
    }

    /// The text of an element; good until something is added.
    @inline(__always)
    func text(_ item: Item) -> ByteView { texts.view[item.start..<item.start + item.count] }

    // MARK: Order

    /// Orders all elements by themselves or by what `weight` stands for.
    mutating func sort(_ options: SortOptions, _ access: inout Access, scratch: UnsafeMutablePointer<UInt8>)
        throws(CommandError)
    {
        guard let weight = options.weight else {
            guard weighByThemselves(options) else { throw Self.noNumber }
            return order(options)
        }
        var lookup = SortLookup()
        // A text that is a weight goes into the block behind those of the elements, which may move them.
        var copy = ByteBuffer()
        // All are looked up, whatever one of them is: what is read is told, and recorded.
        var areNumbers = true
        for index in items.indices {
            let position = index % SortLookup.batch
            if position == 0 {
                lookup.fetch(index..<min(index + SortLookup.batch, items.count), of: self, [weight], access)
            }
            copy.clear(keeping: .max)
            let (text, key) = (text(items[index]), lookup.key(position))
            let isThere = weight.withValue(for: text, at: key, &access, scratch: scratch) { value in
                if let value { copy.append(value) }
                return value != nil
            }
            guard isThere else { continue }
            if options.isAlphabetic {
                items[index].weightStart = texts.count
                items[index].weightCount = copy.count
                texts.append(copy.view)
            } else {
                areNumbers = note(Self.score(copy.view), index) && areNumbers
            }
        }
        guard areNumbers else { throw Self.noNumber }
        order(options)
    }

    private static let noNumber = CommandError("ERR One or more scores can't be converted into double")

    /// Makes each element its own weight; false where one of them is none.
    private mutating func weighByThemselves(_ options: SortOptions) -> Bool {
        var areNumbers = true
        for index in items.indices {
            if options.isAlphabetic {
                items[index].weightStart = items[index].start
                items[index].weightCount = items[index].count
            } else {
                areNumbers = note(Self.score(text(items[index])), index) && areNumbers
            }
        }
        return areNumbers
    }

    /// Notes a number as the weight of an element; false where it is none.
    private mutating func note(_ score: Double?, _ index: Int) -> Bool {
        items[index].score = score ?? 0
        return score != nil
    }

    private mutating func order(_ options: SortOptions) {
        let texts = texts.view
        let isDescending = options.isDescending
        if options.isAlphabetic {
            items.sort { a, b in
                let order = Self.compareWeights(a, b, texts)
                return isDescending ? order > 0 : order < 0
            }
        } else {
            items.sort { a, b in
                if a.score != b.score { return isDescending ? a.score > b.score : a.score < b.score }
                // One order, whatever order they came in.
                let order = texts[a.start..<a.start + a.count].compare(texts[b.start..<b.start + b.count])
                return isDescending ? order > 0 : order < 0
            }
        }
    }

    /// Order by weights as bytes; those without one come first.
    private static func compareWeights(_ a: Item, _ b: Item, _ texts: ByteView) -> Int {
        guard a.weightCount >= 0, b.weightCount >= 0 else { return min(a.weightCount, 0) - min(b.weightCount, 0) }
        return texts[a.weightStart..<a.weightStart + a.weightCount].compare(
            texts[b.weightStart..<b.weightStart + b.weightCount])
    }

    /// A weight as a number: whatever `strtod` takes whole, nothing included.
    private static func score(_ text: ByteView) -> Double? {
        if let integer = parseInteger(text) { return Double(integer) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer -> Double? in
            guard let start = buffer.baseAddress else { return nil }
            memcpy(start, text.start, text.count)
            start[text.count] = 0
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            let value = strtod(start, &end)
            guard let end, end.pointee == 0, errno != ERANGE, !value.isNaN else { return nil }
            return value
        }
    }
}
