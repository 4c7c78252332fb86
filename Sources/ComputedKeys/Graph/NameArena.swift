import Keyspace
import Primitives

/// The names of nodes, in blocks of multiples of 4 bytes that are cut from slabs of 64 KB: an allocation by itself would
/// cost a short name 16 bytes more than its length. References have 32 bits: 16 GB of names.
///
/// A block begins with the length in one byte; a name of more than 254 bytes has 255 there and its length and address
/// behind. Freed blocks are used again for names of the same size class.
struct NameArena: ~Copyable {
    private static let slabSize = 64 * 1024
    private static let unit = 4
    private static let unitsPerSlab = UInt32(slabSize / unit)
    private static let maximumInline = 254
    private static let outsideMark: UInt8 = 255
    private static let outsideSize = 24

    private var slabs: [UnsafeMutableRawPointer] = []
    /// Units used of the last slab.
    private var used = unitsPerSlab
    /// Freed blocks by their size in units, each holding the reference of the next.
    private var free = [UInt32](repeating: none, count: 65)
    /// Names that are too long for a slab, and their bytes.
    private var outsideNames: Set<UnsafeMutableRawPointer> = []
    private var outside = 0

    private static let none = UInt32.max

    deinit {
        for name in outsideNames { Allocation.free(name) }
        for slab in slabs { Allocation.free(slab) }
    }

    var memoryUsage: Int { slabs.count * Self.slabSize + outside }

    @inline(__always)
    private func block(_ reference: UInt32) -> UnsafeMutableRawPointer {
        slabs[Int(reference / Self.unitsPerSlab)] + Int(reference % Self.unitsPerSlab) * Self.unit
    }

    /// The name behind a reference; good until the name is removed.
    @inline(__always)
    func view(_ reference: UInt32) -> ByteView {
        let block = block(reference)
        let count = block.load(as: UInt8.self)
        if count != Self.outsideMark { return ByteView(block + 1, count: Int(count)) }
        return ByteView(
            block.loadUnaligned(fromByteOffset: 8, as: UnsafeMutableRawPointer.self),
            count: block.loadUnaligned(fromByteOffset: 16, as: Int.self))
    }

    private static func units(_ count: Int) -> Int {
        ((count > maximumInline ? outsideSize : count + 1) + unit - 1) / unit
    }

    /// Keeps a copy of `name`. O(n).
    mutating func insert(_ name: ByteView) -> UInt32 {
        let reference = allocate(units: Self.units(name.count))
        let block = block(reference)
        if name.count <= Self.maximumInline {
            block.storeBytes(of: UInt8(name.count), as: UInt8.self)
            (block + 1).copyMemory(from: name.start, byteCount: name.count)
        } else {
            let copy = Allocation.allocate(name.count)
            copy.copyMemory(from: name.start, byteCount: name.count)
            block.storeBytes(of: Self.outsideMark, as: UInt8.self)
            block.storeBytes(of: copy, toByteOffset: 8, as: UnsafeMutableRawPointer.self)
            block.storeBytes(of: name.count, toByteOffset: 16, as: Int.self)
            outsideNames.insert(copy)
            outside += Allocation.footprint(name.count)
        }
        return reference
    }

    private mutating func allocate(units: Int) -> UInt32 {
        if free[units] != Self.none {
            let reference = free[units]
            free[units] = block(reference).load(as: UInt32.self)
            return reference
        }
        if used + UInt32(units) > Self.unitsPerSlab {
            slabs.append(Allocation.allocate(Self.slabSize))
            used = 0
        }
        defer { used += UInt32(units) }
        return UInt32(slabs.count - 1) * Self.unitsPerSlab + used
    }

    mutating func remove(_ reference: UInt32) {
        let name = view(reference)
        if name.count > Self.maximumInline {
            outside -= Allocation.footprint(name.count)
            let copy = UnsafeMutableRawPointer(mutating: name.start)
            outsideNames.remove(copy)
            Allocation.free(copy)
        }
        let units = Self.units(name.count)
        block(reference).storeBytes(of: free[units], as: UInt32.self)
        free[units] = reference
    }
}
