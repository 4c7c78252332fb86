import Commands
import ComputedKeys
import Configuration
import EventLoop
import Glibc
import Keyspace
import Logging
import Persistence
import Primitives
import Synchronization

/// The process: keyspace, command table, workers, and what all of them share.
final class Server: @unchecked Sendable {
    /// What is counted once for all workers.
    struct Statistics: ~Copyable {
        let connectionsReceived = Atomic<Int>(0)
        let connectionsRejected = Atomic<Int>(0)
        let clientsEvicted = Atomic<Int>(0)

        var counts: (received: Int, rejected: Int) {
            (connectionsReceived.load(ordering: .relaxed), connectionsRejected.load(ordering: .relaxed))
        }
    }

    let keyspace: Keyspace
    /// What computed keys were derived from.
    let graph: DependencyGraph
    let table: CommandTable
    let clients = ClientRegistry()
    /// What connections take of memory, and may.
    let clientBudget = MemoryBudget()
    /// Held by the worker that evicts clients.
    let clientEviction = Mutex(())
    let pause = ClientPause()
    let topics = TopicRegistry()
    private var notifier: KeyspaceNotifier?
    let tracking = ClientTracking()
    private var files: Durability?
    /// What is done for the files.
    var durability: Durability { files.unsafelyUnwrapped }
    let observations: Observations
    let accounts: AccountRegistry
    let cycleClock = CycleClock()
    let statistics = Statistics()
    let log: Logger
    /// Seconds since 1970.
    let startedAt = Clock.wallMilliseconds() / 1000
    /// 40 hexadecimal digits that name this run.
    let runIdentifier = Server.randomHexadecimal(40)
    /// 40 hexadecimal digits that name the history of writes that began with this run.
    let replicationIdentifier = Server.randomHexadecimal(40)
    let metrics = ServerMetrics()
    /// Whom the process tells how it is.
    let supervision: Settings.Supervision
    private(set) var workers: [Worker] = []
    private var threads: [Thread] = []
    private var listeners: [Listener] = []

    private let configurationLock = Mutex(())
    private var configuration: Configuration
    /// Counts the changes of the configuration; workers compare it with what they have.
    let settingsGeneration = Atomic<Int>(0)
    /// Told the level of the log; set before the start.
    var logLevelChanged: (@Sendable (Settings.LogLevel) -> Void)?
    let shutdown = Shutdown()

    init(configuration: Configuration, supervision: Settings.Supervision, log: Logger) {
        self.configuration = configuration
        self.supervision = supervision
        self.log = log
        let settings = configuration.settings
        keyspace = Keyspace(databases: settings.databases, workers: settings.threads)
        graph = DependencyGraph(keyspace: keyspace, epoch: String(Clock.wallMilliseconds(), radix: 16))
        table = CommandTable(Server.families)
        observations = Observations(clients: clients, cycleClock: cycleClock, workers: settings.threads)
        accounts = AccountRegistry(table, password: settings.requirePassword)
        let notifier = KeyspaceNotifier(server: self)
        keyspace.add(observer: notifier)
        self.notifier = notifier
        files = Durability(server: self)
        keyspace.commitLog = durability.log
        configurationDidChange(holdsShards: false)
        let values = ValuePublisher(server: self)
        keyspace.add(observer: values)
        keyspace.markHolders.append(values)
        observations.server = self
        tracking.server = self
        keyspace.readTracking = tracking
        keyspace.markHolders.append(tracking)
        keyspace.add(observer: tracking)
        graph.wake = { [unowned self] waiter in workers[waiter.worker].mailbox.send(.wake(waiter.session)) }
    }

    // MARK: Configuration

    /// A copy of the settings in force.
    var settings: Settings { configurationLock.withLock { _ in configuration.settings } }

    /// Reads the configuration.
    func withConfiguration<R>(_ body: (Configuration) -> R) -> R {
        configurationLock.withLock { _ in body(configuration) }
    }

    /// Changes the configuration; workers take it over before their next commands.
    ///
    /// - Parameter holdsShards: whether the caller holds locks of shards.
    func changeConfiguration<R>(
        holdsShards: Bool = false, _ body: (inout Configuration) throws(ConfigurationError) -> R
    ) throws(ConfigurationError) -> R {
        let result = try configurationLock.withLock { (_) throws(ConfigurationError) in try body(&configuration) }
        configurationDidChange(holdsShards: holdsShards)
        return result
    }

    private func configurationDidChange(holdsShards: Bool) {
        let settings = settings
        logLevelChanged?(settings.logLevel)
        durability.configure(settings, holdsShards: holdsShards)
        observations.configure(settings)
        notifier?.configure()
        tracking.limit.store(settings.trackingTableMaxKeys, ordering: .relaxed)
        // What was there before is read whatever the limits are now.
        let isLoading = durability.loading.isLoading
        graph.memoryLimit.store(isLoading ? 0 : settings.computeMaxMemory, ordering: .relaxed)
        clientBudget.limit = settings.maxMemoryClients.limit(of: settings.maxMemory)
        let limit = keyspace.budget.limit
        keyspace.budget.limit = isLoading ? 0 : settings.maxMemory
        if settings.maxMemory != limit, keyspace.budget.isExceeded {
            log.warning(
                """
                WARNING: maxmemory is \(settings.maxMemory), which is below the \(keyspace.budget.used) bytes that are \
                in use. Keys are evicted or writes refused, as maxmemory-policy says.
                """)
        }
        settingsDidChange()
    }

    /// Lets workers look at the settings, and at what else they keep copies of, before their next commands.
    func settingsDidChange() { settingsGeneration.wrappingAdd(1, ordering: .releasing) }

    // MARK: Life

    /// The worker that a new connection goes to.
    var leastLoadedWorker: Worker {
        var best = workers[0]
        for worker in workers.dropFirst()
        where worker.load.load(ordering: .relaxed) < best.load.load(ordering: .relaxed) {
            best = worker
        }
        return best
    }

    /// Opens the listening sockets and makes the workers; nobody is answered before `start`.
    ///
    /// - Throws: `StartError` where an address cannot be listened on or the system refuses descriptors.
    func listen() throws(StartError) {
        let settings = settings
        listeners = try openListeners(settings)
        for index in 0..<settings.threads {
            guard let worker = Worker(index: index, server: self, settings: settings) else {
                throw StartError("Could not create the event loop: \(String(cString: strerror(errno)))")
            }
            workers.append(worker)
        }
        metrics.startMemory = MemoryReport.allocatedBytes
        keyspace.budget.setMeasured(metrics.startMemory)
        workers[0].listen(on: listeners)
    }

    /// Starts the workers, and reads the files. Until that is done clients are told to wait.
    ///
    /// - Parameter ready: called when clients are served, or about to be.
    /// - Throws: `StartError` where the system refuses threads.
    func start(ready: @escaping @Sendable () -> Void) throws(StartError) {
        try durability.start()
        durability.loading.begin()
        configurationDidChange(holdsShards: false)
        let loader = Thread.start(name: "loader") { [self] in load(ready) }
        guard loader != nil else {
            throw StartError("Could not start a thread: \(String(cString: strerror(errno)))")
        }
        for worker in workers {
            guard let thread = Thread.start(name: "worker-\(worker.index)", { worker.run() }) else {
                throw StartError("Could not start a thread: \(String(cString: strerror(errno)))")
            }
            threads.append(thread)
        }
    }

    private func load(_ ready: () -> Void) {
        do throws(PersistenceError) {
            try durability.load()
        } catch {
            log.critical("Fatal error loading the DB: \(error). Exiting.")
            var line = "\(error)\n"
            line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
            exit(1)
        }
        // Before clients are served: who is answered finds these lines in the log.
        ready()
        durability.loading.end()
        configurationDidChange(holdsShards: false)
        for worker in workers { worker.mailbox.send(.adoptSettings) }
    }

    /// Lets the workers finish what was accepted, closes all connections, waits for the threads to end and writes what is
    /// left of the log. Called when `awaitEnd` has returned.
    func stop() {
        for listener in listeners { listener.shutDown() }
        for worker in workers { worker.mailbox.send(.stop) }
        for thread in threads { thread.join() }
        durability.stop()
        durability.finish()
    }

    static func randomHexadecimal(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in "0123456789abcdef".randomElement(using: &generator) ?? "0" })
    }
}

/// Why the server could not start.
struct StartError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
