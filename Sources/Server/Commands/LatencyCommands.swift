import Commands
import Configuration
import Primitives
import RESP
import Synchronization

/// LATENCY: spikes that the monitor has seen, and the distribution of what each command took.
enum LatencyCommands {
    static let commands: [Command] = [
        Command(
            "latency", arity: -2, group: .server, since: "2.8.13", complexity: "Depends on the subcommand.",
            summary: "Tells about latency.",
            subcommands: [
                Command(
                    "doctor", arity: 2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Returns what the spikes of latency look like.", handler: doctor),
                Command(
                    "graph", arity: 3, flags: flags, group: .server, since: "2.8.13",
                    summary: "Draws the spikes of an event.", syntax: "event:string", handler: graph),
                Command(
                    "histogram", arity: -2, flags: flags, group: .server, since: "7.0.0",
                    complexity: "O(n), n being the number of commands with calls.",
                    summary: "Returns how the durations of commands are distributed.",
                    syntax: "[command:string...]", handler: histogram),
                Command(
                    "history", arity: 3, flags: flags, group: .server, since: "2.8.13",
                    summary: "Returns the spikes of an event with their times.", syntax: "event:string",
                    handler: history),
                Command(
                    "latest", arity: 2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Returns the last spike of every event.", handler: latest),
                Command(
                    "reset", arity: -2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Forgets the spikes of some events, or of all.", syntax: "[event:string...]",
                    handler: reset),
                HelpText.command(group: .server, since: "2.8.13"),
            ], handler: HelpText.reply)
    ]

    private static let flags: CommandFlags = [.admin, .noscript, .loading, .stale]

    // MARK: Spikes

    private static func latest(_ call: inout Call) throws(CommandError) {
        let events = call.server.observations.latencyMonitor.all
        call.reply.array(events.count)
        for (name, event) in events {
            call.reply.array(4)
            call.reply.bulk(name)
            call.reply.integer(event.samples.last?.time ?? 0)
            call.reply.integer(event.samples.last?.milliseconds ?? 0)
            call.reply.integer(event.worst)
        }
    }

    private static func history(_ call: inout Call) throws(CommandError) {
        let samples = call.server.observations.latencyMonitor.event(call[2].string)?.samples ?? []
        call.reply.array(samples.count)
        for sample in samples {
            call.reply.array(2)
            call.reply.integer(sample.time)
            call.reply.integer(sample.milliseconds)
        }
    }

    private static func reset(_ call: inout Call) throws(CommandError) {
        let names = (2..<call.count).map { call[$0].string }
        call.reply.integer(call.server.observations.latencyMonitor.reset(names))
    }

    private static func graph(_ call: inout Call) throws(CommandError) {
        let name = call[2].string
        guard let event = call.server.observations.latencyMonitor.event(name) else {
            throw CommandError(composed: "ERR No samples available for event '\(name)'")
        }
        call.reply.verbatim(LatencyGraph.text(name, event, now: call.now / 1000))
    }

    private static func doctor(_ call: inout Call) throws(CommandError) {
        let settings = call.server.settings
        let events = call.server.observations.latencyMonitor.all
        call.reply.verbatim(LatencyReport.text(events, settings, now: call.now / 1000))
    }

    // MARK: Distributions

    private static func histogram(_ call: inout Call) throws(CommandError) {
        let server = call.server
        var chosen: [(name: String, distribution: LatencyDistribution)] = []
        let add = { (entry: CommandEntry) in
            let distribution = LatencyDistribution(server, entry.identifier)
            if distribution.total > 0 { chosen.append((entry.fullName, distribution)) }
        }
        if call.count == 2 { server.forEachCommand(add) }
        for index in 2..<max(2, call.count) {
            if let entry = server.command(named: call[index].string) { Server.forEach(entry, add) }
        }
        call.reply.map(chosen.count)
        for (name, distribution) in chosen {
            call.reply.bulk(name)
            call.reply.map(2)
            call.reply.bulk("calls")
            call.reply.integer(distribution.total)
            call.reply.bulk("histogram_usec")
            let steps = distribution.cumulative
            call.reply.map(steps.count)
            for step in steps {
                call.reply.integer(step.microseconds)
                call.reply.integer(step.count)
            }
        }
    }
}
