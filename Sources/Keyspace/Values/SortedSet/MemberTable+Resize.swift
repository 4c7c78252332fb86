import CLinux
import Primitives

extension MemberTable {
    @inline(never)
    mutating func startResize(to newCapacity: Int) {
        oldSlots = slots
        oldCapacity = capacity
        oldUsed = used
        oldEnd = capacity
        oldAllocated = capacity
        capacity = newCapacity
        slots = SlotMemory.allocate(newCapacity)
        used = 0
    }

    /// Moves the members of the last `limit` old slots.
    @inline(never)
    mutating func drain(_ limit: Int) {
        guard let old = oldSlots else { return }
        let start = max(0, oldEnd &- limit)
        // A member's hash needs its bytes: ask for those of the next step.
        for index in max(0, start &- limit)..<start {
            clinux_prefetch_read(UnsafeRawPointer(bitPattern: UInt(old[index] & Self.pointerMask)))
        }
        for index in start..<oldEnd {
            let slot = old[index]
            if slot == 0 || slot == Self.removed { continue }
            let block = Self.block(slot)
            place(block, processHash(block.bytes))
            oldUsed &-= 1
        }
        oldEnd = start
        if start == 0 {
            SlotMemory.free(old, oldCapacity, allocated: oldAllocated)
            oldSlots = nil
            oldCapacity = 0
            oldAllocated = 0
        } else {
            oldAllocated = SlotMemory.trim(old, oldCapacity, allocated: oldAllocated, needed: start)
        }
    }
}
