import Primitives

/// The channel on which a key's value is told, `__value@<db>__:<key>`: the value that there is first, and then every new
/// one. Who was away subscribes again and has missed nothing that still counts.
///
/// Known to the check of permissions, for which subscribing to it is reading the key.
public struct ValueChannel {
    private static let prefix = "__value@"
    private static let separator = "__:"

    public let database: Int
    public let key: ByteView

    /// Nil where a channel's name is not of this form, and the channel an ordinary one.
    public init?(_ name: ByteView, databases: Int) {
        guard name.buffer.starts(with: Self.prefix.utf8) else { return nil }
        let rest = name[Self.prefix.utf8.count..<name.count]
        guard let end = rest.buffer.firstIndex(of: UInt8(ascii: "_")), let number = parseInteger(rest[0..<end]),
            number >= 0, number < databases, rest[end..<rest.count].buffer.starts(with: Self.separator.utf8)
        else { return nil }
        database = Int(number)
        key = rest[end + Self.separator.utf8.count..<rest.count]
    }

    /// The name of the channel for a key.
    public static func name(_ key: ByteView, database: Int) -> [UInt8] {
        var name = Array("\(prefix)\(database)\(separator)".utf8)
        name.append(contentsOf: key.buffer)
        return name
    }
}
