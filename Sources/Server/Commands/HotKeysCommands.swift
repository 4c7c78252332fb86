import Commands
import Keyspace
import Primitives
import RESP

/// HOTKEYS: which keys take most of the time and of the network. Syntax and replies are those of Redis 8.6.
enum HotKeysCommands {
    static let commands: [Command] = [
        Command(
            "hotkeys", arity: -2, group: .server, since: "8.6.0", complexity: "Depends on the subcommand.",
            summary: "Finds the keys that take most of the time and of the network.",
            subcommands: [
                Command(
                    "start", arity: -2, flags: flags, group: .server, since: "8.6.0",
                    summary: "Begins to watch all calls.",
                    syntax: """
                        METRICS (count:integer [CPU] [NET]) [COUNT k:integer] [DURATION seconds:integer] \
                        [SAMPLE ratio:integer] [SLOTS (count:integer slot:integer...)]
                        """, handler: start),
                Command(
                    "stop", arity: 2, flags: flags, group: .server, since: "8.6.0",
                    summary: "Ends watching; what was found is kept.", handler: stop),
                Command(
                    "get", arity: 2, flags: flags, group: .server, since: "8.6.0",
                    complexity: "O(k), k being the number of keys asked for.",
                    summary: "Returns the keys that took most, and of how much.", handler: get),
                Command(
                    "reset", arity: 2, flags: flags, group: .server, since: "8.6.0",
                    summary: "Forgets what was found.", handler: reset),
                HelpText.command(group: .server, since: "8.6.1"),
            ], handler: HelpText.reply)
    ]

    private static let flags: CommandFlags = [.admin, .noscript]

    // MARK: Life

    private static func start(_ call: inout Call) throws(CommandError) {
        let request = try request(call)
        guard call.server.observations.hotKeys.start(request, at: call.now, HotKeys.Usage(call.server)) else {
            throw CommandError("ERR hotkey tracking session already in progress")
        }
        call.server.refreshReporting()
        // The commands behind it count, its own reply does not.
        call.reportThreshold = 0
        call.reply.ok()
        let worker: Worker = call.worker
        worker.reportedOutput = call.reply.output.pointee.count
    }

    private static func stop(_ call: inout Call) throws(CommandError) {
        guard call.server.stopHotKeys(at: call.now) else {
            throw CommandError("ERR no hotkey tracking session in progress")
        }
        call.reply.ok()
    }

    private static func reset(_ call: inout Call) throws(CommandError) {
        guard call.server.observations.hotKeys.reset() else {
            throw CommandError("ERR hotkey tracking session in progress, stop tracking first")
        }
        call.reply.ok()
    }

    private static func request(_ call: borrowing Call) throws(CommandError) -> HotKeys.Request {
        guard call.count > 3, call.isWord(2, "metrics") else {
            throw CommandError("ERR METRICS parameter is required")
        }
        let wrongCount = CommandError("ERR METRICS count must be a positive number")
        let count = try call.integer(3, in: 1...Int64.max, or: wrongCount)
        guard count <= call.count - 4 else {
            throw CommandError("ERR METRICS count does not match number of metric types provided")
        }
        var request = HotKeys.Request()
        // Metrics that nobody knows are passed over: a client may know more of them.
        for index in 4..<4 + count {
            if call.isWord(index, "cpu") {
                guard !request.tracksTime else { throw CommandError("ERR METRICS CPU defined more than once") }
                request.tracksTime = true
            } else if call.isWord(index, "net") {
                guard !request.tracksBytes else { throw CommandError("ERR METRICS NET defined more than once") }
                request.tracksBytes = true
            }
        }
        guard request.tracksTime || request.tracksBytes else {
            throw CommandError("ERR METRICS no valid metrics passed. Supported: CPU, NET")
        }
        try readOptions(call, from: 4 + count, &request)
        return request
    }

    private static func readOptions(
        _ call: borrowing Call, from start: Int, _ request: inout HotKeys.Request
    ) throws(CommandError) {
        for index in stride(from: start, to: call.count, by: 2) {
            if call.isWord(index, "slots") {
                throw CommandError("ERR SLOTS parameter cannot be used in non-cluster mode")
            }
            guard index + 1 < call.count else { throw .syntax }
            if call.isWord(index, "count") {
                request.count = try call.integer(
                    index + 1, in: 1...64, or: CommandError("ERR COUNT must be between 1 and 64"))
            } else if call.isWord(index, "duration") {
                let seconds = try call.integer(
                    index + 1, in: 0...1_000_000, or: CommandError("ERR DURATION must be between 0 and 1000000"))
                request.duration = Int64(seconds) * 1000
            } else if call.isWord(index, "sample") {
                request.sampleRatio = UInt64(
                    try call.integer(
                        index + 1, in: 1...Int64(Int32.max), or: CommandError("ERR SAMPLE ratio must be positive")))
            } else {
                throw .syntax
            }
        }
    }

    // MARK: Result

    private static func get(_ call: inout Call) throws(CommandError) {
        let (server, hotKeys) = (call.server, call.server.observations.hotKeys)
        if hotKeys.isOver(at: call.now) { _ = server.stopHotKeys(at: call.now) }
        guard let collection = hotKeys.latest else { return call.reply.nullArray() }
        let request = collection.request
        let result = hotKeys.result(count: request.count)
        let usage = collection.usageAtEnd ?? HotKeys.Usage(server)
        let start = collection.usageAtStart
        let clock = server.cycleClock
        // One element for each node.
        call.reply.array(1)
        call.reply.map(7 + (request.tracksTime ? 3 : 0) + (request.tracksBytes ? 2 : 0))
        field("tracking-active", collection.isActive ? 1 : 0, call)
        field("sample-ratio", Int64(request.sampleRatio), call)
        call.reply.bulk("selected-slots")
        call.reply.array(1)
        call.reply.array(2)
        call.reply.integer(0)
        call.reply.integer(16383)
        field("all-commands-all-slots-us", clock.microseconds(result.totalTicks), call)
        field("net-bytes-all-commands-all-slots", Int64(clamping: result.totalBytes), call)
        field("collection-start-time-unix-ms", collection.startedAt, call)
        field("collection-duration-ms", max(0, (collection.endedAt ?? call.now) - collection.startedAt), call)
        if request.tracksTime {
            field("total-cpu-time-user-ms", usage.userMilliseconds - start.userMilliseconds, call)
            field("total-cpu-time-sys-ms", usage.systemMilliseconds - start.systemMilliseconds, call)
        }
        if request.tracksBytes { field("total-net-bytes", Int64(max(0, usage.netBytes - start.netBytes)), call) }
        if request.tracksTime {
            list("by-cpu-time-us", result.time.map { ($0.name, clock.microseconds($0.weight)) }, call)
        }
        if request.tracksBytes {
            list("by-net-bytes", result.bytes.map { ($0.name, Int64(clamping: $0.weight)) }, call)
        }
    }

    private static func field(_ name: StaticString, _ value: Int64, _ call: borrowing Call) {
        call.reply.bulk(name)
        call.reply.integer(value)
    }

    private static func list(_ name: StaticString, _ keys: [([UInt8], Int64)], _ call: borrowing Call) {
        call.reply.bulk(name)
        call.reply.array(keys.count * 2)
        for (key, weight) in keys {
            key.withView { call.reply.bulk($0) }
            call.reply.integer(weight)
        }
    }
}

extension Server {
    /// Ends the collection of hot keys; false where there is none.
    func stopHotKeys(at now: Int64) -> Bool {
        guard observations.hotKeys.stop(at: now, HotKeys.Usage(self)) else { return false }
        refreshReporting()
        return true
    }
}
