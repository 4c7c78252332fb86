import Primitives

/// An interval of scores, with either end open or closed; infinities are scores like any other.
///
/// An interval whose ends are crossed (or are equal with one of them open) holds nothing.
@frozen
public struct ScoreRange: Sendable {
    public var minimum: Double
    public var maximum: Double
    public var excludesMinimum: Bool
    public var excludesMaximum: Bool

    @inlinable
    public init(
        _ minimum: Double, _ maximum: Double, excludesMinimum: Bool = false, excludesMaximum: Bool = false
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.excludesMinimum = excludesMinimum
        self.excludesMaximum = excludesMaximum
    }

    /// Every score.
    @inlinable
    public static var all: ScoreRange { ScoreRange(-.infinity, .infinity) }

    /// Whether `score` is not below the lower end.
    @inline(__always)
    func reaches(_ score: Double) -> Bool { excludesMinimum ? score > minimum : score >= minimum }

    /// Whether `score` is not above the upper end.
    @inline(__always)
    func admits(_ score: Double) -> Bool { excludesMaximum ? score < maximum : score <= maximum }
}

/// An interval of members in byte order, for sets in which all scores are equal.
///
/// The views of its ends must outlive the calls that the range is handed to.
@frozen
public struct LexRange {
    /// One end: `-`, `+`, `[bytes` or `(bytes`.
    @frozen
    public enum Bound {
        case lowest, highest
        case inclusive(ByteView)
        case exclusive(ByteView)
    }

    public var minimum: Bound
    public var maximum: Bound

    @inlinable
    public init(_ minimum: Bound, _ maximum: Bound) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Whether `member` is not below the lower end.
    @inline(__always)
    func reaches(_ member: ByteView) -> Bool {
        switch minimum {
        case .lowest: true
        case .highest: false
        case .inclusive(let bound): member.compare(bound) >= 0
        case .exclusive(let bound): member.compare(bound) > 0
        }
    }

    /// Whether `member` is not above the upper end.
    @inline(__always)
    func admits(_ member: ByteView) -> Bool {
        switch maximum {
        case .lowest: false
        case .highest: true
        case .inclusive(let bound): member.compare(bound) <= 0
        case .exclusive(let bound): member.compare(bound) < 0
        }
    }
}
