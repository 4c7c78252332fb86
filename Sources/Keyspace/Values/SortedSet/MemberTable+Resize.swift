import CLinux
import Primitives

extension MemberTable {
    @inline(never)
    mutating func startResize(to newCapacity: Int) {
        oldSlots = slots
        oldCapacity = capacity
        oldUsed = used
        drained = 0
        capacity = newCapacity
        slots = Self.allocate(newCapacity)
        used = 0
    }

    /// Moves the members of the next `limit` old slots.
    @inline(never)
    mutating func drain(_ limit: Int) {
        guard let old = oldSlots else { return }
        let end = min(drained &+ limit, oldCapacity)
        // A member's hash needs its bytes: load those of this step and, for the next one, the slots' members.
        for index in end..<min(end &+ limit, oldCapacity) {
            clinux_prefetch_read(UnsafeRawPointer(bitPattern: UInt(old[index] & Self.pointerMask)))
        }
        for index in drained..<end {
            let slot = old[index]
            if slot == 0 || slot == Self.moved { continue }
            let block = Self.block(slot)
            place(block, processHash(block.bytes))
            old[index] = Self.moved
            oldUsed &-= 1
        }
        drained = end
        if end == oldCapacity {
            Allocation.free(old)
            oldSlots = nil
            oldCapacity = 0
        }
    }
}
