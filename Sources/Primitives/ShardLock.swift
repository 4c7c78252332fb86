import CLinux
import Synchronization

/// A lock of four bytes that spins for a moment and then parks in the kernel (Drepper, "Futexes are tricky", mutex 2).
///
/// An uncontended pair costs one compare-and-swap and one exchange: a tenth of `Synchronization.Mutex`. It is not
/// recursive and has no owner; it is for critical sections of microseconds.
public struct ShardLock: ~Copyable, Sendable {
    /// 0 free, 1 held, 2 held and somebody may be parked.
    @usableFromInline let state = Atomic<UInt32>(0)

    @inlinable public init() {}

    /// Takes the lock, waiting for it.
    @inlinable @inline(__always)
    public func lock() {
        if !state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { lockSlowly() }
    }

    /// Gives the lock back; only whoever took it may.
    @inlinable @inline(__always)
    public func unlock() {
        if state.exchange(0, ordering: .releasing) == 2 { wakeOne() }
    }

    /// Takes the lock if nobody holds it.
    @inlinable
    public func tryLock() -> Bool {
        state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
    }

    @usableFromInline @inline(never)
    func lockSlowly() {
        for _ in 0..<100 {
            clinux_spin_pause()
            if state.load(ordering: .relaxed) == 0, tryLock() { return }
        }
        while state.exchange(2, ordering: .acquiring) != 0 {
            withWord { _ = clinux_futex_wait($0, 2) }
        }
    }

    @usableFromInline @inline(never)
    func wakeOne() {
        withWord { _ = clinux_futex_wake($0, 1) }
    }

    /// The kernel waits on the address of the atomic, which has the layout of its word and does not move: locks live in
    /// allocated memory.
    private func withWord(_ body: (UnsafeMutablePointer<UInt32>) -> Void) {
        withUnsafePointer(to: self) {
            body(UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: UInt32.self))
        }
    }
}
