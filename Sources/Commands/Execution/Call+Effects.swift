import Keyspace
import Primitives

/// What commands leave in the commit log.
///
/// A command is logged as it came, where it has changed something; that is right for one whose outcome is given by the keys
/// alone. Any other says what it has done, by one or several of these calls, once for each command that does it again.
extension Call {
    /// Whether what the command does is logged. Commands that go to some length to say what they have done ask first.
    @inline(__always)
    public var isLogging: Bool { access.isLogging }

    /// Says what the command has done: `body` adds `arguments` arguments, the name of a command first.
    @inline(__always)
    public mutating func log(arguments: Int, _ body: (inout Effects) -> Void) {
        guard isLogging else { return }
        access.effects.isReplaced = true
        access.effects.begin(database: access.database, arguments: arguments)
        body(&access.effects)
    }

    /// Says that nothing of what the command has done is logged as what came.
    public mutating func logsNothing() { access.effects.isReplaced = true }

    /// Adds the command to what is logged, unless it has said what it has done.
    @inline(never)
    mutating func logEffects(_ entry: CommandEntry) {
        guard !access.effects.isReplaced else { return access.effects.isReplaced = false }
        access.effects.begin(database: session.pointee.database, arguments: arguments.count)
        for argument in arguments { access.effects.append(argument) }
    }
}
