import Glibc
import Primitives

/// What has a name, which lies in the same allocation behind it.
protocol StreamNamed {
    /// Bytes of the name.
    var nameCount: Int { get }
}

extension UnsafeMutablePointer where Pointee: StreamNamed {
    /// Good for as long as what it names.
    @inline(__always)
    var name: ByteView { ByteView(UnsafeRawPointer(self + 1), count: pointee.nameCount) }

    var footprint: Int { Allocation.footprint(MemoryLayout<Pointee>.stride + pointee.nameCount) }

    /// Puts a value with its name, which must be as long as it says, into a block of their own.
    static func make(_ value: Pointee, named name: ByteView) -> UnsafeMutablePointer<Pointee> {
        assert(value.nameCount == name.count)
        let block = Allocation.allocate(MemoryLayout<Pointee>.stride + name.count)
        let pointer = block.bindMemory(to: Pointee.self, capacity: 1)
        pointer.initialize(to: value)
        memcpy(block + MemoryLayout<Pointee>.stride, name.start, name.count)
        return pointer
    }
}

/// The groups of a stream, or the consumers of a group, in the order of their names: an array, since they are few and
/// looked up far more often than they come and go.
struct NamedPointers<Element: StreamNamed> {
    private var elements: UnsafeMutablePointer<UnsafeMutablePointer<Element>>?
    private var capacity = 0
    private(set) var count = 0

    var memoryUsage: Int {
        capacity == 0 ? 0 : Allocation.footprint(capacity * MemoryLayout<UnsafeMutablePointer<Element>>.stride)
    }

    @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count)
        return elements.unsafelyUnwrapped[index]
    }

    /// The one with this name. O(log n).
    @inline(__always)
    func find(_ name: ByteView) -> UnsafeMutablePointer<Element>? {
        let index = lowerBound(name)
        return index < count && self[index].name == name ? self[index] : nil
    }

    private func lowerBound(_ name: ByteView) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].name.compare(name) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds what has a name that is not there. O(n).
    mutating func insert(_ element: UnsafeMutablePointer<Element>) {
        let index = lowerBound(element.name)
        if count == capacity {
            let larger = max(2, capacity * 2)
            let size = larger * MemoryLayout<UnsafeMutablePointer<Element>>.stride
            let block = elements.map { Allocation.reallocate($0, size) } ?? Allocation.allocate(size)
            elements = block.assumingMemoryBound(to: UnsafeMutablePointer<Element>.self)
            capacity = larger
        }
        let place = elements.unsafelyUnwrapped + index
        memmove(place + 1, place, (count - index) * MemoryLayout<UnsafeMutablePointer<Element>>.stride)
        place.pointee = element
        count += 1
    }

    /// Takes out, without freeing it, what is there. O(n).
    mutating func remove(_ element: UnsafeMutablePointer<Element>) {
        let index = lowerBound(element.name)
        precondition(self[index] == element)
        let place = elements.unsafelyUnwrapped + index
        memmove(place, place + 1, (count - index - 1) * MemoryLayout<UnsafeMutablePointer<Element>>.stride)
        count -= 1
    }

    /// Frees the array; what it refers to has been freed.
    func destroy() {
        if let elements { Allocation.free(elements) }
    }
}
