import Keyspace

/// What a connection has asked of `CLIENT TRACKING`.
public struct TrackingOptions: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let on = TrackingOptions(rawValue: 1 << 0)
    /// Told of all keys with certain prefixes, whatever it has read.
    public static let broadcast = TrackingOptions(rawValue: 1 << 1)
    /// Remembers only what is read after `CLIENT CACHING YES`, or all but what is read after `CLIENT CACHING NO`.
    public static let optIn = TrackingOptions(rawValue: 1 << 2)
    public static let optOut = TrackingOptions(rawValue: 1 << 3)
    /// Not told of what the connection itself writes.
    public static let noLoop = TrackingOptions(rawValue: 1 << 4)
    /// `CLIENT CACHING` was the last command, or what came before the transaction.
    public static let caching = TrackingOptions(rawValue: 1 << 5)

    /// Whether what the next command reads is remembered.
    var remembersReads: Bool {
        guard contains(.on), !contains(.broadcast) else { return false }
        return contains(.optIn) ? contains(.caching) : !(contains(.optOut) && contains(.caching))
    }
}

extension Executor {
    /// Lets the door tell what a command of a tracking connection reads, if it is one that only reads.
    mutating func prepareTracking(_ entry: CommandEntry) {
        var recording = call.session.pointee.recording
        if entry.flags.contains(.readonly), call.session.pointee.tracking.remembersReads {
            recording.insert(.tracking)
        }
        call.access.recording = recording
    }

    /// Ends the effect of CLIENT CACHING behind a command. In a transaction it lasts to EXEC, and commands about the
    /// connection leave it alone.
    mutating func endCaching(_ found: Unmanaged<CommandEntry>?) {
        let session = call.session
        guard session.pointee.tracking.contains(.caching), !session.pointee.state.contains(.transaction),
            !session.pointee.isSuspended, found?.takeUnretainedValue().fullName != "client"
        else { return }
        session.pointee.tracking.remove(.caching)
    }
}
