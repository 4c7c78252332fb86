import ComputedKeys
import Keyspace
import Primitives
import RESP

/// What stands in a snapshot beside a computed value, which is an ordinary string there: a field of the file that Redis
/// passes over.
///
///     freshet-computed   database SP revision LF COMPUTE.RESTORE key "" ...
///     freshet-stale      database SP 0 LF COMPUTE.RESTORE key ""
///
/// The second is of a computed key whose value is not served, and therefore not in the file. Whatever was derived from it
/// cannot be told any more when that becomes stale, so it is not loaded either.
public struct SavedComputation {
    public static let servedName: StaticString = "freshet-computed"
    public static let staleName: StaticString = "freshet-stale"

    /// A key of a database, as a place in a set.
    public struct Name: Hashable {
        public let database: Int
        public let key: [UInt8]
    }

    public let database: Int
    /// What was derived from others has a larger one than they.
    public let revision: UInt64
    /// COMPUTE.RESTORE and its arguments; the value is not among them.
    public let arguments: [[UInt8]]

    public var name: Name { Name(database: database, key: arguments[1]) }

    // MARK: Writing

    /// Calls `body` with the field of a computed value; its shard must be held.
    ///
    /// - Parameter graph: nil where the value has gone from it: what was derived from it must not be loaded without it.
    /// - Returns: whether the value is served, so that the field is `servedName`; otherwise it is `staleName`.
    public static func describe(
        _ entry: Entry, database: Int, _ graph: DependencyGraph?, _ body: (ByteView) -> Void
    ) -> Bool {
        var effects = Effects()
        var revision: UInt64 = 0
        let key = Key(entry.key)
        let isServed =
            graph?.describe(entry.node, deadline: entry.expiry) { record, position in
                effects.append(record, key, .empty, database: database)
                revision = position
            } ?? false
        if !isServed {
            effects.begin(database: database, arguments: 3)
            effects.append("COMPUTE.RESTORE")
            effects.append(entry.key)
            effects.append(ByteView.empty)
        }
        var text = ByteBuffer()
        Array("\(database) \(revision)\n".utf8).withView { text.append($0) }
        text.append(effects.text.view)
        body(text.view)
        return isServed
    }

    // MARK: Reading

    /// Reads a field; nil where it is none.
    public init?(_ field: ByteView) {
        guard let end = field.buffer.firstIndex(of: UInt8(ascii: "\n")),
            case let words = field[0..<end].buffer.split(separator: UInt8(ascii: " ")), words.count == 2,
            let database = Int(String(decoding: words[0], as: UTF8.self)), database >= 0,
            let revision = UInt64(String(decoding: words[1], as: UTF8.self))
        else { return nil }
        var parser = RequestParser()
        var partial = PartialRequest()
        let text = field[end + 1..<field.count]
        guard case .command(let count, let consumed) = parser.next(text, partial: &partial, limits: .init()),
            consumed == text.count, count >= 3, parser.arguments[0] == ByteView("COMPUTE.RESTORE")
        else { return nil }
        self.database = database
        self.revision = revision
        arguments = (0..<count).map { parser.arguments[$0].array }
    }

    /// What the value was derived from, tags excluded.
    public var dependencies: [Name] {
        var names: [Name] = []
        var database = database
        var index = 3
        while index + 1 < arguments.count {
            let word = String(decoding: arguments[index], as: UTF8.self)
            let number = Int(String(decoding: arguments[index + 1], as: UTF8.self)) ?? 0
            index += 2
            if word == "DB" { database = number }
            guard ["TAGS", "DEPS", "STALE"].contains(word), number > 0, number <= arguments.count - index else {
                continue
            }
            if word != "TAGS" {
                names += arguments[index..<index + number].map { Name(database: database, key: $0) }
            }
            index += number
        }
        return names
    }

    /// The command that publishes `value` again.
    public func command(_ value: [UInt8]) -> [UInt8] {
        var effects = Effects()
        effects.begin(database: database, arguments: arguments.count)
        for (index, argument) in arguments.enumerated() {
            (index == 2 ? value : argument).withView { effects.append($0) }
        }
        var text = ByteBuffer()
        text.appendSelect(database)
        text.append(effects.text.view)
        return text.view.array
    }
}
