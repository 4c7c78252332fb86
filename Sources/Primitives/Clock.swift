import CLinux
import Glibc

/// The time, in the units that Redis's commands use.
public enum Clock {
    /// Milliseconds since 1970, from the system's wall clock.
    @inlinable
    public static func wallMilliseconds() -> Int64 { wallMicroseconds() / 1000 }

    /// Microseconds since 1970, from the system's wall clock.
    @inlinable
    public static func wallMicroseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) &* 1_000_000 &+ Int64(now.tv_nsec) / 1000
    }

    /// Microseconds of a clock that never jumps; its zero is arbitrary.
    @inlinable
    public static func monotonicMicroseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) &* 1_000_000 &+ Int64(now.tv_nsec) / 1000
    }

    /// Microseconds for which the calling thread has had a processor. A system call, unlike the others.
    public static func threadMicroseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Int64(now.tv_sec) &* 1_000_000 &+ Int64(now.tv_nsec) / 1000
    }
}

/// A stopwatch that costs a few nanoseconds: the processor's constant-rate counter, calibrated once.
public struct CycleClock: Sendable {
    /// Counter ticks per microsecond.
    public let ticksPerMicrosecond: Double

    /// Calibrates against the monotonic clock for two milliseconds.
    public init() {
        let startTicks = clinux_cycles()
        let start = Clock.monotonicMicroseconds()
        var elapsed: Int64 = 0
        while elapsed < 2000 { elapsed = Clock.monotonicMicroseconds() - start }
        ticksPerMicrosecond = Double(clinux_cycles() &- startTicks) / Double(elapsed)
    }

    /// The counter now.
    @inlinable @inline(__always)
    public static func now() -> UInt64 { clinux_cycles() }

    /// Ticks in `microseconds`, or the most that there are.
    public func ticks(microseconds: Int) -> UInt64 {
        let ticks = Double(max(0, microseconds)) * ticksPerMicrosecond
        return ticks < 0x1p63 ? UInt64(ticks) : .max
    }

    /// Microseconds in `ticks`.
    @inlinable
    public func microseconds(_ ticks: UInt64) -> Int64 { Int64(Double(ticks) / ticksPerMicrosecond) }
}
