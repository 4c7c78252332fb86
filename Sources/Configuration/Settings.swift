import Glibc

/// The values of all directives that this server acts on: a plain value that every worker may hold a copy of.
///
/// The initial values are the defaults. Text and limits of each field are in the directive table.
public struct Settings: Sendable {
    // Network
    /// TCP port; 0 listens on none.
    public var port = 6379
    /// Addresses to listen on; `*` and `::*` are all, a leading `-` makes an address optional.
    public var bind = ["*", "-::*"]
    /// Path of the unix socket; empty for none.
    public var unixSocket = ""
    /// Mode of the unix socket; 0 leaves it to the umask.
    public var unixSocketPermissions = 0
    public var tcpBacklog = 511
    /// Seconds between probes of a silent connection; 0 for none.
    public var tcpKeepalive = 300
    /// Seconds after which an idle client is closed; 0 for never.
    public var timeout = 0
    public var maxClients = 10000
    public var protectedMode = true
    /// Longest bulk string that a client may send, in bytes.
    public var protoMaxBulkLength = 512 << 20
    /// Most bytes of one client's requests that wait to be executed.
    public var clientQueryBufferLimit = 1 << 30
    public var outputLimitNormal = OutputLimit(hard: 0, soft: 0, softSeconds: 0)
    public var outputLimitReplica = OutputLimit(hard: 256 << 20, soft: 64 << 20, softSeconds: 60)
    public var outputLimitPubSub = OutputLimit(hard: 32 << 20, soft: 8 << 20, softSeconds: 60)

    // Process
    /// Number of worker threads.
    public var threads = Settings.defaultThreads
    public var daemonize = false
    public var supervised = Supervision.no
    /// Path of the pid file; empty for none unless daemonized.
    public var pidFile = ""
    /// Absolute path of the working directory.
    public var directory = Settings.currentDirectory
    public var logLevel = LogLevel.notice
    /// Path of the log; empty for standard output.
    public var logFile = ""

    // Keyspace
    public var databases = 16
    /// Rounds of background work a second.
    public var hz = 10
    /// Most keys that are remembered for CLIENT TRACKING; 0 for no limit.
    public var trackingTableMaxKeys = 1_000_000
    /// How much time expiry may take, 1...10.
    public var activeExpireEffort = 1
    public var activeRehashing = true
    public var hashMaxListpackEntries = 512
    public var hashMaxListpackValue = 64
    /// Elements in a block of a list; -1 to -5 are sizes in bytes.
    public var listMaxListpackSize = -2
    public var setMaxIntsetEntries = 512
    public var setMaxListpackEntries = 128
    public var setMaxListpackValue = 64
    public var zsetMaxListpackEntries = 128
    public var zsetMaxListpackValue = 64
    public var streamNodeMaxBytes = 4096
    public var streamNodeMaxEntries = 100
    public var hllSparseMaxBytes = 3000
    public var lazyfreeExpire = true
    public var lazyfreeServerDelete = true
    public var lazyfreeUserDelete = true
    public var lazyfreeUserFlush = true
    public var keyspaceEvents: KeyspaceEvents = []
    /// Most bytes that may be in use; 0 for no limit.
    public var maxMemory = 0
    public var maxMemoryPolicy = MemoryPolicy.noEviction
    /// Keys that are compared for each that is evicted.
    public var maxMemorySamples = 5
    /// How long a command may make room, 0...100.
    public var maxMemoryTenacity = 10
    /// Most memory that clients may take.
    public var maxMemoryClients = ClientMemory.bytes(0)
    /// How slowly the counters of use grow.
    public var lfuLogFactor = 10
    /// Minutes in which they fall by one.
    public var lfuDecayTime = 1
    public var lazyfreeEviction = true
    /// Most bytes that the graph of computed keys takes beside keys and values; 0 for no limit.
    public var computeMaxMemory = 0

    // Persistence
    /// When a snapshot is saved by itself.
    public var saveRules = [
        SaveRule(seconds: 3600, changes: 1), SaveRule(seconds: 300, changes: 100),
        SaveRule(seconds: 60, changes: 10000),
    ]
    /// Whether the rules are those that nobody has set, which the first that is set replaces.
    var hasDefaultSaveRules = true
    /// Name of the snapshot's file in the working directory.
    public var snapshotFileName = "dump.rdb"
    public var compressesSnapshots = true
    public var checksSnapshots = true
    /// Whether writes are refused while the last snapshot that was saved by itself has failed.
    public var stopsWritesOnSaveError = true
    public var appendOnly = false
    /// What the names of the append-only files begin with, and the folder that they are in.
    public var appendFileName = "appendonly.aof"
    public var appendFolderName = "appendonlydir"
    public var appendSync = AppendSync.everysec
    /// Whether nothing is forced to the disk while a snapshot or a rewrite is being written.
    public var restsSyncWhileSaving = false
    /// Growth of the append-only file at which it is rewritten, in percent; 0 for never.
    public var autoRewritePercentage = 100
    /// Size below which it is not, in bytes.
    public var autoRewriteMinimumSize = 64 << 20
    /// Whether an append-only file is used whose last command is incomplete.
    public var loadsTruncatedLog = true
    /// Whether a rewritten append-only file begins with a snapshot, and not with commands.
    public var startsLogWithSnapshot = true
    /// Whether times are written to the append-only file.
    public var stampsLog = false
    public var syncsSnapshotsInSteps = true
    public var syncsRewritesInSteps = true

    // Security
    /// Password of the default user; empty for none.
    public var requirePassword: [UInt8] = []
    /// Path of the file that users are read from; empty for none.
    public var aclFile = ""
    public var aclPubSubDefault = ChannelDefault.resetchannels
    /// Most entries of ACL LOG.
    public var aclLogMaxLength = 128
    public var enableDebugCommand = Permission.no

    // Observation
    /// Microseconds from which a command is logged as slow; 0 logs all, -1 none.
    public var slowlogLogSlowerThan = 10000
    public var slowlogMaxLength = 128
    /// Milliseconds from which an event is recorded; 0 records none.
    public var latencyMonitorThreshold = 0
    public var latencyTracking = true
    /// Percentiles that INFO prints, 0...100.
    public var latencyTrackingPercentiles = [50, 99, 99.9]

    public init() {}

    /// When a client that does not read its replies is closed.
    public struct OutputLimit: Sendable, Equatable {
        /// Bytes at which it is closed at once; 0 for never.
        public var hard: Int
        /// Bytes that it may not exceed for longer than `softSeconds`; 0 for no such limit.
        public var soft: Int
        public var softSeconds: Int
    }

    /// A snapshot is saved when so much has changed and so much time has passed since the last.
    public struct SaveRule: Sendable, Equatable {
        public var seconds: Int
        public var changes: Int
    }

    /// When what was logged is forced to the disk.
    public enum AppendSync: String, CaseIterable, Sendable {
        case everysec, always, no
    }

    public enum LogLevel: String, CaseIterable, Sendable {
        case debug, verbose, notice, warning, nothing
    }

    /// Which keys go when memory is short.
    public enum MemoryPolicy: String, CaseIterable, Sendable {
        case volatileRecency = "volatile-lru"
        case volatileFrequency = "volatile-lfu"
        case volatileRandom = "volatile-random"
        case volatileDeadline = "volatile-ttl"
        case allRecency = "allkeys-lru"
        case allFrequency = "allkeys-lfu"
        case allRandom = "allkeys-random"
        case noEviction = "noeviction"
        case volatileAdmission = "volatile-tinylfu"
        case allAdmission = "allkeys-tinylfu"
    }

    /// A limit of what clients take.
    public enum ClientMemory: Sendable, Equatable {
        /// 0 for no limit.
        case bytes(Int)
        /// Of `maxmemory`.
        case percent(Int)

        /// Bytes that clients may take where `maximum` may be in use; 0 for no limit. No limit is below what a few
        /// connections need.
        public func limit(of maximum: Int) -> Int {
            let bytes =
                switch self {
                case .bytes(let bytes): bytes
                case .percent(let percent): Int(Double(maximum) * Double(percent) / 100)
                }
            return bytes > 0 ? max(bytes, 128 << 10) : 0
        }
    }

    public enum Supervision: String, CaseIterable, Sendable {
        case upstart, systemd, auto, no
    }

    /// What new users may do with channels.
    public enum ChannelDefault: String, CaseIterable, Sendable {
        case allchannels, resetchannels
    }

    /// Who may use a command that is dangerous.
    public enum Permission: String, CaseIterable, Sendable {
        case no, yes, local
    }

    static var defaultThreads: Int { max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    static var currentDirectory: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
