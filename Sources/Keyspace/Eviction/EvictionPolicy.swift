/// Which keys make room for others when memory is short (`maxmemory-policy`).
public struct EvictionPolicy: Sendable, Equatable {
    /// What is looked at when one of several keys must go.
    public enum Ranking: Sendable {
        /// When it was last used: the one that has not been for longest goes.
        case recency
        /// How often it is used, as a logarithmic counter that decays with time tells.
        case frequency
        /// How often it is used, and whether it is used more often than the newcomer: TinyLFU.
        case admission
        /// Nothing.
        case random
        /// When it expires: the one that does first goes.
        case deadline
    }

    /// How victims are chosen; nil where nothing is evicted.
    public let ranking: Ranking?
    /// Whether only keys with a time to live may go.
    public let isVolatile: Bool

    public init(_ ranking: Ranking?, isVolatile: Bool = false) {
        self.ranking = ranking
        self.isVolatile = isVolatile
    }

    /// Writes are refused instead.
    public static let noEviction = EvictionPolicy(nil)
}

/// What eviction is told by the configuration.
public struct EvictionSettings: Sendable {
    public var policy = EvictionPolicy.noEviction
    /// Keys that are compared for each that goes, at least 1.
    public var samples = 5
    /// How slowly the counters of `frequency` grow: one of 255 stands for about 100,000 uses times this.
    public var logFactor = 10
    /// Minutes in which such a counter falls by one; 0 for never.
    public var decayMinutes = 1
    /// Microseconds that one command may spend on making room; nil for no limit.
    public var slice: Int64? = 500

    public init() {}

    /// The time that `maxmemory-eviction-tenacity` stands for, 0...100: up to 10 it grows by 50 microseconds a step,
    /// beyond that by 15 % a step, and 100 is no limit.
    public static func slice(tenacity: Int) -> Int64? {
        if tenacity >= 100 { return nil }
        if tenacity <= 10 { return 50 * Int64(tenacity) }
        return Int64((0..<tenacity - 10).reduce(500.0) { time, _ in time * 1.15 })
    }
}
