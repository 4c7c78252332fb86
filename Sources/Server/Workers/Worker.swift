import Commands
import ComputedKeys
import Configuration
import EventLoop
import Glibc
import HeapModule
import Keyspace
import Primitives
import RESP
import Synchronization

/// A thread that serves its connections: it waits for input, parses all of it, executes the commands under the locks of
/// their keys, and writes the replies; nothing is handed to another thread.
///
/// A connection stays with its worker from beginning to end. Everything here is touched by the worker's thread only,
/// except `mailbox`, `load` and the statistics.
final class Worker: @unchecked Sendable {
    enum Message: Sendable {
        /// A new connection to serve.
        case adopt(CInt, isUnixSocket: Bool)
        /// Close the connection of that number, if it is still there.
        case close(Int)
        /// Let the connection of that number go on with what it waits for.
        case wake(Int)
        /// Answer what the connection of that number waits with.
        case answer(Int, BlockedCall, [UInt8])
        /// A message to the connection of that number, or to several, if they are still there.
        case push(Int, Push)
        case pushToAll([Int], Push)
        /// A message on a channel that connections have subscribed to.
        case publish(Publication)
        /// What a key's value has become.
        case value(ValueUpdate)
        /// A computed key that is watched, by its channel, has the value again that had been stale.
        case restored([UInt8])
        /// Look whether a pause is over.
        case resume
        /// Count that no command is executed any more that has begun before writes were held.
        case noteHold(TurnCount)
        /// Do nothing until that is over.
        case rest(Intermission)
        /// Take over what has changed of settings and users.
        case adoptSettings
        /// The log has been brought to the disk.
        case logSynced
        /// Finish and end the thread.
        case stop
    }

    /// Bytes that one read takes from a connection without a half-received command.
    static let readSize = 64 * 1024

    /// Reads at most, in one turn, of what is not going to be executed.
    static let discardedReads = 16

    let index: Int
    unowned(unsafe) let server: Server
    let poll: EventPoll
    let mailbox: Mailbox<Message>
    /// Number of connections, those on their way included.
    let load = Atomic<Int>(0)
    let statistics: UnsafeMutablePointer<WorkerStatistics>
    let accessStatistics: UnsafeMutablePointer<AccessStatistics>
    /// This worker's copy of the configuration.
    var settings: Settings
    var settingsGeneration = -1
    /// The changes of users that its connections have taken over.
    var accountsGeneration = -1

    var connections: [Int: UnsafeMutablePointer<Connection>] = [:]
    /// Closed in this turn of the loop; events of theirs may still be in the queue.
    var closed: [UnsafeMutablePointer<Connection>] = []
    var listeners: [Listener] = []
    /// Whether accepting rests because descriptors ran out.
    var acceptsRest = false
    /// Failures to accept since the last success; the first is logged.
    var acceptFailures = 0
    /// Connections whose next command is held.
    var pausedConnections = 0
    /// When connections that wait are to be looked at again; a connection may have several entries, and gone ones too.
    var alarms = Heap<Alarm>()
    /// Channels of values with receivers that have not got the latest.
    var valueTopics: [Topic] = []
    /// Cascades that connections wait for, and which connection each.
    var jobs: [(job: any SlicedJob, connection: Int)] = []
    /// Connections whose replies leave when the log is written, and those that wait for the disk to reach a position.
    var heldReplies: [UnsafeMutablePointer<Connection>] = []
    var unsyncedReplies: [(connection: Int, position: UInt64)] = []
    /// Connections whose command waits for the disk to reach a position.
    var syncWaiters: [(connection: Int, position: UInt64)] = []
    /// The furthest position that any of them waits for.
    var awaitedSync: UInt64 = 0
    /// Replies that wait for others before they ask for the disk, whether there are any, and since when in microseconds.
    var gathered = 0
    var isGathering = false
    var gatheringSince: Int64 = 0
    /// Whether this worker wants to hear of the disk.
    let awaitsSync = Atomic<Bool>(false)
    /// When a request of another protocol was last logged, in milliseconds since 1970.
    var crossProtocolLogged: Int64 = 0
    /// Bytes in `output` up to the end of the reply to the last call that was reported; 0 where nothing is there.
    var reportedOutput = 0
    /// The connection whose command is being executed.
    var current: UnsafeMutablePointer<Connection>?

    /// What connections have subscribed to, by kind.
    var topics = [[TopicName: Topic]](repeating: [:], count: Topic.Kind.allCases.count)
    /// Messages that were published last in this turn.
    let broadcast: UnsafeMutablePointer<Broadcast>
    /// Connections that were given messages in this turn.
    var flushes: [UnsafeMutablePointer<Connection>] = []
    /// Messages to the worker itself that were taken from the mailbox to get at those behind them.
    var postponed: [Message] = []
    /// Workers into whose mailboxes this one has put something that they were not told of.
    var owedWakes = WorkerSet()

    let input = UnsafeMutablePointer<UInt8>.allocate(capacity: Worker.readSize)
    let output: UnsafeMutablePointer<ByteBuffer>
    let pipeline: UnsafeMutablePointer<Pipeline>
    private let idleSession: UnsafeMutablePointer<Session>
    var isStopping = false
    var nextTick: Int64 = 0
    var nextSecond: Int64 = 0
    /// Whether keys wait to be expired and no time was left for them.
    var hasExpiryBacklog = false
    var expiryShard: Int
    /// Whether there is still room to be made and no time was left for it.
    var hasEvictionBacklog = false
    /// Bytes that the indexes of each shard took when they were last looked at; kept by the first worker.
    var shardIndexes = [Int](repeating: 0, count: ShardSet.shardCount)

    static let mailboxToken: UInt64 = 1
    /// Tokens of listeners: this and the following even numbers' successors, which no connection's address is.
    static let listenerToken: UInt64 = 3

    /// Nil where the system refuses the descriptors that a worker needs.
    init?(index: Int, server: Server, settings: Settings) {
        guard let poll = EventPoll(), let mailbox = Mailbox<Message>() else { return nil }
        self.index = index
        self.server = server
        self.settings = settings
        self.poll = poll
        self.mailbox = mailbox
        statistics = .allocate(capacity: 1)
        statistics.initialize(to: WorkerStatistics())
        accessStatistics = .allocate(capacity: 1)
        accessStatistics.initialize(to: AccessStatistics())
        output = .allocate(capacity: 1)
        output.initialize(to: ByteBuffer())
        broadcast = .allocate(capacity: 1)
        broadcast.initialize(to: Broadcast())
        idleSession = .allocate(capacity: 1)
        idleSession.initialize(to: Session(identifier: 0))
        pipeline = .allocate(capacity: 1)
        expiryShard = index
        let executor = Executor(
            table: server.table, keyspace: server.keyspace, output: output, accessStatistics: accessStatistics,
            session: idleSession, host: self, worker: index, observer: server.observations)
        pipeline.initialize(to: Pipeline(executor: executor, pause: server.pause))
        _ = self.poll.add(mailbox.descriptor, token: Self.mailboxToken, interest: .read)
    }

    // MARK: The loop

    /// Serves until it is told to stop.
    func run() {
        while !isStopping {
            let count = poll.wait(milliseconds: millisecondsToWait())
            let start = Clock.monotonicMicroseconds()
            adoptSettings()
            for position in 0..<count { handle(poll.event(position)) }
            limitGathering(isIdle: count == 0)
            tick()
            advanceJobs()
            readMailbox(mailbox.take())
            deliverValues()
            releaseReplies()
            flushPushes()
            wakeReceivers()
            evictClients()
            freeClosed()
            statistics.pointee.turns.add()
            statistics.pointee.turnMicroseconds.add(Int(Clock.monotonicMicroseconds() - start))
        }
        releaseReplies()
        awaitLastSync()
        for connection in Array(connections.values) {
            flushFinally(connection, now: Clock.wallMilliseconds() / 1000)
            close(connection)
        }
        freeClosed()
    }

    private func handle(_ event: EventPoll.Event) {
        if event.token & 1 == 1 {
            if event.token == Self.mailboxToken { return readMailbox(mailbox.receive()) }
            return acceptConnections(listeners[Int(event.token - Self.listenerToken) / 2])
        }
        guard let connection = UnsafeMutablePointer<Connection>(bitPattern: UInt(event.token)) else { return }
        if !event.ready.isDisjoint(with: [.hangUp, .peerClosed]), !connection.pointee.isClosed,
            connection.pointee.isHeld
        {
            // Reading is what would find it out; without it the poll reports it without end.
            return close(connection)
        }
        if event.ready.contains(.write), !connection.pointee.isClosed {
            flush(connection, now: Clock.wallMilliseconds() / 1000)
        }
        if !event.ready.isDisjoint(with: [.read, .hangUp]), !connection.pointee.isClosed { receive(connection) }
    }

    private func readMailbox(_ messages: [Message]) {
        handOver(messages)
        // Whom the others close has got what was published before.
        if !postponed.isEmpty { flushPushes() }
        while !postponed.isEmpty {
            let messages = postponed
            postponed = []
            messages.forEach(handle)
        }
    }

    private func handle(_ message: Message) {
        switch message {
        case .adopt(let descriptor, let isUnixSocket): adopt(descriptor, isUnixSocket: isUnixSocket)
        case .close(let identifier): if let connection = connections[identifier] { close(connection) }
        case .wake(let identifier): if let connection = connections[identifier] { wake(connection) }
        case .answer(let identifier, let blocked, let answer):
            if let connection = connections[identifier] { self.answer(connection, blocked, answer) }
        case .resume: resumePaused()
        case .noteHold(let turns): turns.add()
        case .rest(let intermission): intermission.rest()
        case .logSynced: releaseSynced()
        case .adoptSettings: adoptSettings()
        case .stop: isStopping = true
        case .restored(let channel): receiveRestored(channel)
        case .push, .pushToAll, .publish, .value: break
        }
    }

    private func freeClosed() {
        guard !closed.isEmpty else { return }
        // Closing has turned the executor to their sessions.
        pipeline.pointee.executor.select(idleSession, now: Clock.wallMilliseconds())
        for connection in closed {
            release(clear(&connection.pointee.input, keeping: 0))
            release(clear(&connection.pointee.pending, keeping: 0))
            connection.deinitialize(count: 1)
            connection.deallocate()
        }
        closed.removeAll(keepingCapacity: true)
    }

    /// Takes over what CONFIG SET has changed.
    @inline(__always)
    func adoptSettings() {
        let generation = server.settingsGeneration.load(ordering: .acquiring)
        if generation != settingsGeneration { adoptSettings(generation) }
    }

    @inline(never)
    private func adoptSettings(_ generation: Int) {
        settingsGeneration = generation
        adoptAccounts()
        adoptDurability()
        if !server.accounts.requiresPassword {
            for connection in connections.values { connection.pointee.session.state.remove(.unauthenticated) }
        }
        settings = server.settings
        pipeline.pointee.executor.call.limits = CommandLimits(settings)
        pipeline.pointee.executor.call.access.evictionSettings = EvictionSettings(settings)
        pipeline.pointee.executor.call.access.tellsMisses = settings.keyspaceEvents.tellsMisses
        pipeline.pointee.executor.tracksLatency = settings.latencyTracking
        pipeline.pointee.executor.call.reportThreshold =
            server.cycleClock.ticks(microseconds: server.observations.reportThreshold)
    }
}

extension CommandLimits {
    init(_ settings: Settings) {
        self.init()
        hash = HashLimits(
            maxListpackEntries: settings.hashMaxListpackEntries, maxListpackValue: settings.hashMaxListpackValue)
        list = ListLimits(listpackSize: settings.listMaxListpackSize)
        set = SetLimits(
            maxIntsetEntries: settings.setMaxIntsetEntries, maxListpackEntries: settings.setMaxListpackEntries,
            maxListpackValue: settings.setMaxListpackValue)
        sortedSet = SortedSetLimits(
            maxListpackEntries: settings.zsetMaxListpackEntries, maxListpackValue: settings.zsetMaxListpackValue)
        stream = StreamLimits(
            maxBlockBytes: settings.streamNodeMaxBytes, maxBlockEntries: settings.streamNodeMaxEntries)
        maximumString = settings.protoMaxBulkLength
        hyperLogLogSparse = settings.hllSparseMaxBytes
    }
}
