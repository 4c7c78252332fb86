import Primitives

/// The rules that make a selector what it is.
extension Selector {
    /// `+@all` or `-@all`, and the rules about commands that follow it.
    public var commandText: [UInt8] { Array(allCommandRules.joined(separator: [UInt8(ascii: " ")])) }

    private var allCommandRules: [[UInt8]] {
        [Array((beganWithAll ? "+@all" : "-@all").utf8)] + commandRules.map(\.text)
    }

    /// The rules about keys, separated by spaces.
    public var keyText: [UInt8] {
        allowsAllKeys ? Array("~*".utf8) : Array(keys.map(\.rule).joined(separator: [UInt8(ascii: " ")]))
    }

    /// The rules about channels, separated by spaces.
    public var channelText: [UInt8] {
        allowsAllChannels
            ? Array("&*".utf8)
            : Array(channels.map { [UInt8(ascii: "&")] + $0 }.joined(separator: [UInt8(ascii: " ")]))
    }

    /// All rules, which make a selector that has no rights this one.
    var rules: [[UInt8]] {
        var rules = allowsAllKeys ? [Array("~*".utf8)] : keys.map(\.rule)
        if allowsAllChannels {
            rules.append(Array("&*".utf8))
        } else {
            rules.append(Array("resetchannels".utf8))
            rules += channels.map { [UInt8(ascii: "&")] + $0 }
        }
        return rules + allCommandRules
    }
}
