import Primitives

/// Which of a command's arguments are channels that it needs permission for. Who ends a subscription needs none.
public struct ChannelSpecification: Sendable {
    public enum Use: Sendable {
        case publish, subscribe
        /// Subscribes to all channels whose names match a pattern.
        case pattern
    }

    public let use: Use
    /// Whether all arguments are channels, or only the first.
    private let isRow: Bool

    /// The channel to publish on, as the first argument.
    public static let publish = ChannelSpecification(use: .publish, isRow: false)
    /// All arguments are channels to subscribe to.
    public static let subscribe = ChannelSpecification(use: .subscribe, isRow: true)
    /// All arguments are patterns to subscribe to.
    public static let pattern = ChannelSpecification(use: .pattern, isRow: true)

    /// The indices of the channels among a call's arguments.
    func indices(in arguments: UnsafeBufferPointer<ByteView>) -> Range<Int> {
        guard arguments.count > 1 else { return 0..<0 }
        return 1..<(isRow ? arguments.count : 2)
    }
}
