import Glibc
import Primitives

/// Elements in the order of their IDs: pages of about 4 KB in a directory that is an array, open at both ends.
///
/// What streams do to their index of blocks, and to what is pending, is adding at the end and taking from the front: both
/// are O(1) here. A search is two binary searches; an insertion or a removal in the middle moves at most half a page, and
/// the directory only where a page comes or goes. A B-tree of two levels would be the same with less locality.
///
/// A page is `start u32 | count u32 | capacity u32 | unused u32 | tags u64 | unused u64 | element ...`, of which those
/// from `start` on are in use. Its tags are the bits of all elements that came to it: a search for elements with certain
/// bits passes over pages without them. Bits of elements that have left stay until the page is rebuilt.
///
/// Invariant: no page is empty unless it is the only one, which stays so that what comes and goes allocates nothing; IDs
/// ascend over all pages, and `directory` holds `pageCount` pages from `head` on. The struct is a handle to raw memory: one
/// holder keeps it, changes it in place and calls `destroy`.
struct OrderedPages<Element: StreamKeyed>: BitwiseCopyable {
    struct Header: BitwiseCopyable {
        var start: UInt32
        var count: UInt32
        var capacity: UInt32
        var unused: UInt32 = 0
        var tags: UInt64
        var reserved: UInt64 = 0
    }

    struct Page: BitwiseCopyable {
        let base: UnsafeMutableRawPointer

        @inline(__always)
        var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }
        @inline(__always)
        var count: Int { Int(header.pointee.count) }
        @inline(__always)
        var slots: UnsafeMutablePointer<Element> {
            (base + MemoryLayout<Header>.size).assumingMemoryBound(to: Element.self)
        }
        @inline(__always)
        var elements: UnsafeMutablePointer<Element> { slots + Int(header.pointee.start) }

        /// Index of the first element that is not below `id`.
        func lowerBound(_ id: StreamID) -> Int {
            let elements = elements
            var low = 0
            var high = count
            while low < high {
                let middle = (low &+ high) &>> 1
                if elements[middle].id < id { low = middle &+ 1 } else { high = middle }
            }
            return low
        }
    }

    /// Where an element is; good until one is inserted or removed.
    struct Position: Equatable, BitwiseCopyable {
        var page: Int
        var index: Int
    }

    /// Elements of a full page, which takes 4 KB with the allocator's own word.
    @inline(__always)
    static var maximum: Int { (4088 - MemoryLayout<Header>.size) / MemoryLayout<Element>.stride }

    private var directory: UnsafeMutablePointer<Page>?
    private var head = 0
    private(set) var pageCount = 0
    private var directoryCapacity = 0
    /// Number of elements.
    private(set) var count = 0
    /// Bytes of all pages and the directory.
    private(set) var memoryUsage = 0

    // MARK: Access

    @inline(__always)
    func page(_ index: Int) -> Page {
        assert(index >= 0 && index < pageCount)
        return directory.unsafelyUnwrapped[head &+ index]
    }

    @inline(__always)
    var end: Position { Position(page: pageCount, index: 0) }
    /// The first element's position; `end` where there is none.
    @inline(__always)
    var first: Position { count == 0 ? end : Position(page: 0, index: 0) }

    /// The last element's position; `end` where there is none.
    @inline(__always)
    var last: Position {
        count == 0 ? end : Position(page: pageCount &- 1, index: page(pageCount &- 1).count &- 1)
    }

    /// The element at a position other than `end`.
    @inline(__always)
    func pointer(_ position: Position) -> UnsafeMutablePointer<Element> {
        let page = page(position.page)
        assert(position.index >= 0 && position.index < page.count)
        return page.elements + position.index
    }

    @inline(__always)
    func after(_ position: Position) -> Position {
        normalized(Position(page: position.page, index: position.index &+ 1))
    }

    /// The position before one that is not the first.
    func before(_ position: Position) -> Position? {
        if position.index > 0 { return Position(page: position.page, index: position.index &- 1) }
        guard position.page > 0, count > 0 else { return nil }
        return Position(page: position.page &- 1, index: page(position.page &- 1).count &- 1)
    }

    /// The same position, at the next page where it is behind the last element of its own.
    @inline(__always)
    private func normalized(_ position: Position) -> Position {
        if position.page < pageCount, position.index >= page(position.page).count {
            return Position(page: position.page &+ 1, index: 0)
        }
        return position
    }

    /// An upper bound of how far it is from one position to another that is not before it. O(1).
    func mostBetween(_ start: Position, _ end: Position) -> Int {
        max(0, (end.page &- start.page) &* Self.maximum &+ end.index &- start.index)
    }

    // MARK: Search

    /// The first element that is not below `id`; `end` where all are. O(log n).
    func lowerBound(_ id: StreamID) -> Position {
        guard count > 0 else { return end }
        let page = candidate(id)
        return normalized(Position(page: page, index: self.page(page).lowerBound(id)))
    }

    /// The last element that is not above `id`. O(log n).
    func floor(_ id: StreamID) -> Position? {
        let position = lowerBound(id)
        if position != end, pointer(position).pointee.id == id { return position }
        return before(position)
    }

    /// The element with `id`. O(log n).
    func find(_ id: StreamID) -> Position? {
        let position = lowerBound(id)
        guard position != end, pointer(position).pointee.id == id else { return nil }
        return position
    }

    /// The last page that begins at or before `id`, the first where none does. Most searches are for either end.
    private func candidate(_ id: StreamID) -> Int {
        var low = pageCount &- 1
        if low == 0 || page(low).elements[0].id <= id { return low }
        if id < page(1).elements[0].id { return 0 }
        var high = low
        low = 1
        while low &+ 1 < high {
            let middle = (low &+ high) &>> 1
            if page(middle).elements[0].id <= id { low = middle } else { high = middle }
        }
        return low
    }

    /// The first position from `position` on whose element has one of `tags`, passing over pages without them.
    func next(with tags: UInt64, from position: Position) -> Position {
        var position = position
        while position.page < pageCount {
            let page = page(position.page)
            if page.header.pointee.tags & tags != 0 {
                let elements = page.elements
                while position.index < page.count {
                    if elements[position.index].tags & tags != 0 { return position }
                    position.index &+= 1
                }
            }
            position = Position(page: position.page &+ 1, index: 0)
        }
        return end
    }

    /// Lets it be known that the tags of the element at `position` have changed.
    @inline(__always)
    func noteTags(at position: Position) {
        page(position.page).header.pointee.tags |= pointer(position).pointee.tags
    }
}

// MARK: - Changes

extension OrderedPages {
    /// Adds an element behind all others. Amortised O(1).
    @inline(__always)
    mutating func append(_ element: Element) {
        if pageCount > 0 {
            let page = page(pageCount &- 1)
            let header = page.header
            if header.pointee.start &+ header.pointee.count < header.pointee.capacity {
                page.elements[page.count] = element
                header.pointee.count &+= 1
                header.pointee.tags |= element.tags
                count &+= 1
                return
            }
        }
        appendInNewRoom(element)
    }

    @inline(never)
    private mutating func appendInNewRoom(_ element: Element) {
        if pageCount == 1, count <= Int(page(0).header.pointee.capacity) / 2 {
            let page = page(0)
            memmove(page.slots, page.elements, count * MemoryLayout<Element>.stride)
            page.header.pointee.start = 0
        } else if pageCount == 1, page(0).header.pointee.capacity < UInt32(Self.maximum) {
            resizePage(0, to: min(Self.maximum, Int(page(0).header.pointee.capacity) * 4))
        } else {
            // What is small stays small; who has filled a page will fill another.
            insertPage(allocatePage(pageCount == 0 ? 2 : Self.maximum), at: pageCount)
        }
        let page = page(pageCount - 1)
        page.elements[page.count] = element
        page.header.pointee.count += 1
        page.header.pointee.tags |= element.tags
        count += 1
    }

    /// Adds an element that is not there, at the place that its ID gives it. O(log n), and O(pages) at times.
    mutating func insert(_ element: Element) {
        var position = lowerBound(element.id)
        if position == end { return append(element) }
        if page(position.page).count == Self.maximum {
            split(position.page)
            position = lowerBound(element.id)
        }
        let start = page(position.page).header.pointee.start
        if start == 0, page(position.page).header.pointee.capacity == page(position.page).header.pointee.count {
            resizePage(position.page, to: Self.maximum)
        }
        let page = page(position.page)
        let header = page.header
        let behind = page.count - position.index
        let isFull = header.pointee.start + header.pointee.count == header.pointee.capacity
        if header.pointee.start > 0, position.index <= behind || isFull {
            header.pointee.start -= 1
            memmove(page.elements, page.elements + 1, position.index * MemoryLayout<Element>.stride)
        } else {
            let place = page.elements + position.index
            memmove(place + 1, place, behind * MemoryLayout<Element>.stride)
        }
        page.elements[position.index] = element
        header.pointee.count += 1
        header.pointee.tags |= element.tags
        count += 1
    }

    /// Removes the element at `position`; answers the position of the one behind it. O(1) at either end of a page.
    @discardableResult
    mutating func remove(at position: Position) -> Position {
        let page = page(position.page)
        let header = page.header
        let behind = page.count &- position.index &- 1
        count &-= 1
        if page.count == 1 {
            if pageCount > 1 {
                removePage(position.page)
                return Position(page: position.page, index: 0)
            }
            header.pointee = Header(start: 0, count: 0, capacity: header.pointee.capacity, tags: 0)
            return end
        }
        if position.index <= behind {
            let elements = page.elements
            memmove(elements + 1, elements, position.index &* MemoryLayout<Element>.stride)
            header.pointee.start &+= 1
        } else {
            let place = page.elements + position.index
            memmove(place, place + 1, behind &* MemoryLayout<Element>.stride)
        }
        header.pointee.count &-= 1
        if page.count < Self.maximum / 4, pageCount > 2 { return merge(position) }
        return normalized(position)
    }

    /// Joins a page with few elements to a neighbour that has room; the first and the last page are left as they are,
    /// since elements come and go there. Answers what has become of `position`.
    private mutating func merge(_ position: Position) -> Position {
        let middle = position.page
        guard middle > 0, middle < pageCount - 1 else { return normalized(position) }
        let previous = page(middle - 1)
        let page = page(middle)
        let joined = previous.count + page.count
        guard joined <= Self.maximum * 3 / 4 else { return normalized(position) }
        let offset = previous.count
        if Int(previous.header.pointee.capacity) < joined { resizePage(middle - 1, to: Self.maximum) }
        let target = self.page(middle - 1)
        memmove(target.slots, target.elements, offset * MemoryLayout<Element>.stride)
        memcpy(target.slots + offset, page.elements, page.count * MemoryLayout<Element>.stride)
        target.header.pointee.start = 0
        target.header.pointee.count = UInt32(joined)
        retag(target)
        removePage(middle)
        return normalized(Position(page: middle - 1, index: offset + position.index))
    }

    private mutating func split(_ index: Int) {
        insertPage(allocatePage(Self.maximum), at: index + 1)
        let page = page(index)
        let other = self.page(index + 1)
        let kept = page.count / 2
        memcpy(other.elements, page.elements + kept, (page.count - kept) * MemoryLayout<Element>.stride)
        other.header.pointee.count = UInt32(page.count - kept)
        page.header.pointee.count = UInt32(kept)
        retag(page)
        retag(other)
    }

    /// Gives all pages the tags of their elements.
    func retag() {
        for index in 0..<pageCount { retag(page(index)) }
    }

    private func retag(_ page: Page) {
        page.header.pointee.tags = (0..<page.count).reduce(0) { $0 | page.elements[$1].tags }
    }

    // MARK: Memory

    private static func size(_ capacity: Int) -> Int {
        MemoryLayout<Header>.size + capacity * MemoryLayout<Element>.stride
    }

    private mutating func allocatePage(_ capacity: Int) -> Page {
        let page = Page(base: Allocation.allocate(Self.size(capacity)))
        page.header.initialize(to: Header(start: 0, count: 0, capacity: UInt32(capacity), tags: 0))
        memoryUsage += Allocation.footprint(Self.size(capacity))
        return page
    }

    private mutating func resizePage(_ index: Int, to capacity: Int) {
        let old = page(index)
        memoryUsage += Allocation.footprint(Self.size(capacity))
        memoryUsage -= Allocation.footprint(Self.size(Int(old.header.pointee.capacity)))
        let page = Page(base: Allocation.reallocate(old.base, Self.size(capacity)))
        page.header.pointee.capacity = UInt32(capacity)
        directory.unsafelyUnwrapped[head + index] = page
    }

    private mutating func removePage(_ index: Int) {
        let page = page(index)
        memoryUsage -= Allocation.footprint(Self.size(Int(page.header.pointee.capacity)))
        Allocation.free(page.base)
        let places = directory.unsafelyUnwrapped + head
        if index <= pageCount / 2 {
            memmove(places + 1, places, index * MemoryLayout<Page>.stride)
            head += 1
        } else {
            memmove(places + index, places + index + 1, (pageCount - index - 1) * MemoryLayout<Page>.stride)
        }
        pageCount -= 1
    }

    private mutating func insertPage(_ page: Page, at index: Int) {
        if head + pageCount == directoryCapacity { makeRoom() }
        let place = directory.unsafelyUnwrapped + head + index
        memmove(place + 1, place, (pageCount - index) * MemoryLayout<Page>.stride)
        place.pointee = page
        pageCount += 1
    }

    /// Makes room for pages at the directory's end: at least half of it again, of which what was taken from the front is a
    /// part.
    private mutating func makeRoom() {
        if head > pageCount / 2 {
            let places = directory.unsafelyUnwrapped
            memmove(places, places + head, pageCount * MemoryLayout<Page>.stride)
            head = 0
            return
        }
        let capacity = max(4, directoryCapacity * 2)
        let block = Allocation.allocate(capacity * MemoryLayout<Page>.stride).assumingMemoryBound(to: Page.self)
        if let directory {
            memcpy(block, directory + head, pageCount * MemoryLayout<Page>.stride)
            Allocation.free(directory)
            memoryUsage -= Allocation.footprint(directoryCapacity * MemoryLayout<Page>.stride)
        }
        memoryUsage += Allocation.footprint(capacity * MemoryLayout<Page>.stride)
        head = 0
        directory = block
        directoryCapacity = capacity
    }

    /// Pages of its own with the same elements.
    func copy() -> OrderedPages {
        var result = OrderedPages()
        // The page that the last element has left is not worth one.
        guard count > 0 else { return result }
        for index in 0..<pageCount {
            let source = page(index)
            let target = result.allocatePage(index == 0 && pageCount == 1 ? source.count : Self.maximum)
            memcpy(target.elements, source.elements, source.count * MemoryLayout<Element>.stride)
            target.header.pointee.count = UInt32(source.count)
            target.header.pointee.tags = source.header.pointee.tags
            result.insertPage(target, at: index)
        }
        result.count = count
        return result
    }

    /// Frees the pages, after what the elements own has been freed.
    func destroy() {
        for index in 0..<pageCount { Allocation.free(page(index).base) }
        if let directory { Allocation.free(directory) }
    }

    /// Calls `body` with each element, in order.
    func forEach(_ body: (UnsafeMutablePointer<Element>) -> Void) {
        for index in 0..<pageCount {
            let page = page(index)
            for element in 0..<page.count { body(page.elements + element) }
        }
    }
}
