/// Arithmetic on numbers that came from outside: a result that does not fit is nil instead of a trap.
extension FixedWidthInteger {
    /// `self + other`, or nil where it does not fit.
    @inlinable @inline(__always)
    public func adding(checked other: Self) -> Self? {
        let (value, overflow) = addingReportingOverflow(other)
        return overflow ? nil : value
    }

    /// `self - other`, or nil where it does not fit.
    @inlinable @inline(__always)
    public func subtracting(checked other: Self) -> Self? {
        let (value, overflow) = subtractingReportingOverflow(other)
        return overflow ? nil : value
    }

    /// `self * other`, or nil where it does not fit.
    @inlinable @inline(__always)
    public func multiplied(checked other: Self) -> Self? {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? nil : value
    }
}

extension Int64 {
    /// `self` seconds in milliseconds, or nil where that does not fit.
    @inlinable @inline(__always)
    public var secondsInMilliseconds: Int64? { multiplied(checked: 1000) }
}

extension Double {
    /// The integer that this is exactly, where its magnitude is at most 2^62: the range in which both the conversion
    /// and a later addition of two of them are exact and cannot overflow. Zero of either sign is 0.
    @inlinable @inline(__always)
    public var exactInteger: Int64? {
        guard magnitude <= 0x1p62 else { return nil }
        let integer = Int64(self)
        return Double(integer) == self ? integer : nil
    }
}
