import Commands
import Configuration
import Primitives
import RESP
import Synchronization

/// What the server makes of calls that failed, were slow or are watched: SLOWLOG, LATENCY, the error counts of INFO and
/// MONITOR.
final class Observations: ExecutionObserver, Sendable {
    /// A call that took longer than `slowlog-log-slower-than`.
    struct SlowCall: Sendable {
        let identifier: Int
        /// Seconds since 1970.
        let time: Int64
        let microseconds: Int64
        let arguments: [[UInt8]]
        let address: String
        let clientName: [UInt8]
    }

    private struct SlowLog {
        var calls: [SlowCall] = []
        var next = 0
        var limit = 128
        /// Microseconds from which a call is kept; -1 keeps none.
        var threshold = 10000
    }

    /// Most arguments, and most bytes of an argument, that the slow log keeps.
    private static let keptArguments = 32
    private static let keptBytes = 128
    /// Kinds of errors that are counted apart; a client must not fill memory with codes of its own making.
    private static let keptErrors = 128
    /// What errors beyond those kinds are counted as.
    private static let otherErrors = "ERRORSTATS_OVERFLOW"

    private let slowLog = Mutex(SlowLog())
    private let errors = Mutex<[String: Int]>([:])
    let latencyMonitor = LatencyMonitor()
    let monitors = Monitors()
    let hotKeys: HotKeys
    /// Microseconds from which a call is slow for the slow log or the latency monitor.
    private let slowMicroseconds = Atomic<Int64>(.max)
    private let cycleClock: CycleClock
    let accessLog = AccessLog()
    private let clients: ClientRegistry
    /// Gets the answers of calls that have waited; set before commands are executed.
    nonisolated(unsafe) unowned(unsafe) var server: Server?

    init(clients: ClientRegistry, cycleClock: CycleClock, workers: Int) {
        self.clients = clients
        self.cycleClock = cycleClock
        hotKeys = HotKeys(workers: workers)
    }

    func configure(_ settings: Settings) {
        slowLog.withLock {
            $0.limit = settings.slowlogMaxLength
            $0.threshold = settings.slowlogLogSlowerThan
            if $0.calls.count > $0.limit { $0.calls.removeFirst($0.calls.count - $0.limit) }
        }
        accessLog.setLimit(settings.aclLogMaxLength)
        latencyMonitor.threshold.store(settings.latencyMonitorThreshold, ordering: .relaxed)
        slowMicroseconds.store(Int64(Self.slowThreshold(settings)), ordering: .relaxed)
    }

    /// Microseconds from which a call is slow for the slow log or the latency monitor.
    private static func slowThreshold(_ settings: Settings) -> Int {
        let slowLog = settings.slowlogLogSlowerThan < 0 ? Int.max : settings.slowlogLogSlowerThan
        guard settings.latencyMonitorThreshold > 0 else { return slowLog }
        return min(slowLog, settings.latencyMonitorThreshold.multiplied(checked: 1000) ?? .max)
    }

    // MARK: Calls

    /// Microseconds from which workers report calls; 0 where somebody watches all of them.
    var reportThreshold: Int { watchesAll ? 0 : Int(slowMicroseconds.load(ordering: .relaxed)) }

    private var watchesAll: Bool { !monitors.isEmpty || hotKeys.isActive }

    func executed(_ call: borrowing Call, ticks: UInt64) {
        if !monitors.isEmpty { monitors.show(call) }
        if hotKeys.isActive { noteKeys(call, ticks: ticks) }
        let microseconds = cycleClock.microseconds(ticks)
        if microseconds >= slowMicroseconds.load(ordering: .relaxed) { keep(call, microseconds: microseconds) }
    }

    private func noteKeys(_ call: borrowing Call, ticks: UInt64) {
        let worker: Worker = call.worker
        let output = call.reply.output.pointee.count
        hotKeys.note(call, by: worker.index, ticks: ticks, replyBytes: output - worker.reportedOutput)
        worker.reportedOutput = output
    }

    // MARK: Errors

    func executionFailed(_ error: CommandError) {
        let message = error.message
        let code = message.utf8.firstIndex(of: UInt8(ascii: " ")).map { String(message[..<$0]) } ?? "ERR"
        errors.withLock { errors in
            let isKept = errors[code] != nil || errors.count < Self.keptErrors
            errors[isKept ? code : Self.otherErrors, default: 0] += 1
        }
    }

    /// Numbers of errors by code.
    var errorCounts: [(code: String, count: Int)] {
        errors.withLock { $0.sorted { $0.key < $1.key }.map { (code: $0.key, count: $0.value) } }
    }

    func resetErrors() { errors.withLock { $0 = [:] } }

    // MARK: Calls that wait

    func blockedCallAnswered(_ blocked: BlockedCall, _ answer: ByteView, from worker: Int) {
        server?.answer(blocked, answer, from: worker)
    }

    // MARK: Refusals

    func accessWasDenied(
        _ denial: Denial, _ arguments: UnsafeBufferPointer<ByteView>, entry: CommandEntry,
        session: UnsafeMutablePointer<Session>
    ) {
        let user = session.pointee.account?.user.name ?? []
        clients.find(session.pointee.identifier)?.lastCommand.set(entry.identifier)
        user.withView { user in
            guard denial == .command else {
                return record(AccessLog.Reason(denial), arguments[denial.index], user: user, session: session)
            }
            Array(entry.fullName.utf8).withView { record(.command, $0, user: user, session: session) }
        }
    }

    /// Notes that a connection was refused something.
    func record(
        _ reason: AccessLog.Reason, _ object: ByteView, user: ByteView, session: UnsafeMutablePointer<Session>
    ) {
        let now = Clock.wallMilliseconds()
        let client = clients.find(session.pointee.identifier)
        accessLog.record(
            reason, object, user: user, isInTransaction: session.pointee.queuedCount != nil,
            client: client.flatMap { client in server.map { client.line($0.table, now: now / 1000, argumentBytes: 0) } }
                ?? "", now: now)
    }

    // MARK: Slow calls

    private func keep(_ call: borrowing Call, microseconds: Int64) {
        if !call.entry.command.flags.contains(.skipSlowlog) {
            let kept = Self.kept(call.arguments, of: call.entry.fullName)
            let record = clients.find(call.session.pointee.identifier)
            slowLog.withLock { log in
                guard log.limit > 0, log.threshold >= 0, microseconds >= Int64(log.threshold) else { return }
                if log.calls.count >= log.limit { log.calls.removeFirst() }
                log.calls.append(
                    SlowCall(
                        identifier: log.next, time: Clock.wallMilliseconds() / 1000, microseconds: microseconds,
                        arguments: kept, address: record?.address ?? "",
                        clientName: record?.identity.withLock { $0.name } ?? []))
                log.next += 1
            }
        }
        latencyMonitor.record(
            call.entry.command.flags.contains(.fast) ? "fast-command" : "command", milliseconds: microseconds / 1000)
    }

    /// The arguments as the log shows them: not all where there are many, and long ones cut.
    private static func kept(_ arguments: UnsafeBufferPointer<ByteView>, of command: String) -> [[UInt8]] {
        let shown = arguments.count > keptArguments ? keptArguments - 1 : arguments.count
        var kept = arguments[..<shown].indices.map { index in
            let argument = arguments[index]
            if Redaction.hides(index, arguments, of: command) { return Redaction.mark }
            guard argument.count > keptBytes else { return argument.array }
            return argument[0..<keptBytes].array + Array("... (\(argument.count - keptBytes) more bytes)".utf8)
        }
        if shown < arguments.count { kept.append(Array("... (\(arguments.count - shown) more arguments)".utf8)) }
        return kept
    }

    /// The latest slow calls, the newest first.
    func slowCalls(limit: Int) -> [SlowCall] { slowLog.withLock { $0.calls.suffix(limit).reversed() } }

    var slowCallCount: Int { slowLog.withLock { $0.calls.count } }

    func resetSlowCalls() { slowLog.withLock { $0.calls = [] } }
}
