import Commands
import Keyspace
import Primitives
import Synchronization

/// What is known of a connection outside of its worker: what CLIENT LIST shows, and a way to end it.
///
/// The worker publishes numbers after each batch with relaxed stores; names change rarely and have a lock.
final class ClientRecord: Sendable {
    /// What a client says of itself, and what it is.
    struct Identity: Sendable {
        var name: [UInt8] = []
        var libraryName: [UInt8] = []
        var libraryVersion: [UInt8] = []
        var user = "default"
    }

    /// What becomes of a wait for the disk.
    enum Wait: Int, AtomicRepresentable {
        case none, waits
        /// It is to end as if its time was over, or with an error.
        case timeOut, fail
    }

    struct Flags: OptionSet, Sendable {
        let rawValue: Int
        static let transaction = Flags(rawValue: 1)
        static let dirtyWatch = Flags(rawValue: 2)
        static let closesAfterReply = Flags(rawValue: 4)
        static let unixSocket = Flags(rawValue: 8)
        static let noEvict = Flags(rawValue: 16)
        static let noTouch = Flags(rawValue: 32)
        /// Its next command waits, or is held by CLIENT PAUSE.
        static let blocked = Flags(rawValue: 64)
        static let awaitsWritability = Flags(rawValue: 128)
        static let tracking = Flags(rawValue: 256)
        static let broadcast = Flags(rawValue: 512)
        /// Sees what all connections execute.
        static let monitor = Flags(rawValue: 1024)
    }

    let identifier: Int
    let address: String
    let localAddress: String
    let descriptor: Int
    let worker: Int
    let isUnixSocket: Bool
    /// Seconds since 1970.
    let createdAt: Int64
    let identity = Mutex(Identity())
    /// What it waits for keys with.
    let blocked = Mutex<BlockedCall?>(nil)
    /// How WAITAOF goes on, where CLIENT UNBLOCK can end it.
    let wait = Atomic<Wait>(.none)
    let lastInteraction: Counter
    let database = Counter()
    let flags = Counter()
    /// Number of queued commands, -1 outside of a transaction.
    let queued = Counter()
    let queuedBytes = Counter()
    let watched = Counter()
    /// Numbers of subscriptions.
    let channels = Counter()
    let patterns = Counter()
    let shardChannels = Counter()
    /// Bytes that the subscriptions take.
    let subscriptionBytes = Counter()
    /// `TrackingOptions` that are in force, and the connection that is told in this one's place; 0 for none.
    let tracking = Counter()
    let redirection = Counter()
    /// Whether the connection that was to be told was gone.
    let isRedirectionBroken = Atomic<Bool>(false)
    let inputBytes = Counter()
    let inputCapacity = Counter()
    let outputBytes = Counter()
    let outputCapacity = Counter()
    /// Most bytes that have waited for the client.
    let outputPeak = Counter()
    /// Bytes that the connection takes.
    let memory = Counter()
    let version = Counter()
    /// Identifier of the last command, -1 before the first.
    let lastCommand = Counter()
    let commands = Counter()
    let bytesIn = Counter()
    let bytesOut = Counter()
    private let kill = Atomic<Bool>(false)

    init(
        identifier: Int, address: String, localAddress: String, descriptor: Int, worker: Int, isUnixSocket: Bool,
        now: Int64
    ) {
        self.identifier = identifier
        self.address = address
        self.localAddress = localAddress
        self.descriptor = descriptor
        self.worker = worker
        self.isUnixSocket = isUnixSocket
        flags.set(isUnixSocket ? Flags.unixSocket.rawValue : 0)
        createdAt = now
        lastInteraction = Counter()
        lastInteraction.set(Int(now))
        queued.set(-1)
        lastCommand.set(-1)
        version.set(2)
    }

    /// Whether it has subscribed to something.
    var isSubscriber: Bool { channels.current + patterns.current + shardChannels.current > 0 }

    var isKilled: Bool { kill.load(ordering: .acquiring) }

    /// Lets nobody execute anything more of the connection until its worker is told to close it; false where somebody has
    /// asked for that before.
    @discardableResult
    func requestKill() -> Bool {
        let isFirst = !kill.exchange(true, ordering: .acquiringAndReleasing)
        blocked.withLock { $0 }?.cancel()
        return isFirst
    }

    /// Notes what the connection waits for keys with.
    func beginWaiting(_ call: BlockedCall) {
        blocked.withLock { $0 = call }
        // Who has killed it meanwhile has not seen that.
        if isKilled { call.cancel() }
    }
}
