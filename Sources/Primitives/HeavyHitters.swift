/// The names with the largest sums of weights in a stream, found in a fixed number of places.
///
/// Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data streams",
/// 2005), with weights: a name that has no place takes that of the lightest one and inherits its weight as a possible
/// error. Whatever weighs more than the total divided by the number of places is in it. The places are a binary heap with
/// the lightest in front, so that adding is O(log places).
public struct HeavyHitters: Sendable {
    public struct Item: Sendable {
        let hash: UInt64
        public let name: [UInt8]
        /// At least what the name really weighs.
        public var weight: UInt64
        /// How much of the weight may be others'.
        public let error: UInt64

        /// What the name weighs at least.
        public var certainWeight: UInt64 { weight - error }
    }

    private let capacity: Int
    /// A heap with the lightest in front.
    private var items: [Item] = []
    /// Where in the heap a name is, by its hash.
    private var places: [UInt64: Int] = [:]

    /// - Parameter capacity: number of places, at least 1.
    public init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Adds to the weight of a name. O(log places), amortised.
    ///
    /// - Parameter hash: a hash of the name; names with one hash count as one.
    public mutating func add(_ name: ByteView, hash: UInt64, weight: UInt64) {
        if let place = places[hash] {
            items[place].weight = items[place].weight.addingReportingOverflow(weight).partialValue
            sink(place)
        } else if items.count < capacity {
            items.append(Item(hash: hash, name: name.array, weight: weight, error: 0))
            places[hash] = items.count - 1
            rise(items.count - 1)
        } else {
            let lightest = items[0]
            places[lightest.hash] = nil
            items[0] = Item(
                hash: hash, name: name.array, weight: lightest.weight.addingReportingOverflow(weight).partialValue,
                error: lightest.weight)
            places[hash] = 0
            sink(0)
        }
    }

    /// All names that have a place, in no order.
    public var all: [Item] { items }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard items[index].weight < items[parent].weight else { break }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var lightest = index
            for child in 2 * index + 1...2 * index + 2
            where child < items.count && items[child].weight < items[lightest].weight {
                lightest = child
            }
            guard lightest != index else { break }
            exchange(index, lightest)
            index = lightest
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        items.swapAt(a, b)
        places[items[a].hash] = a
        places[items[b].hash] = b
    }
}
