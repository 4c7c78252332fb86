import CLinux
import Commands
import Glibc
import Keyspace
import Primitives
import RESP

/// MEMORY: how much keys take, and where the rest goes.
enum MemoryCommands {
    static let commands: [Command] = [
        Command(
            "memory", arity: -2, group: .server, since: "4.0.0", complexity: "Depends on the subcommand.",
            summary: "Tells about the use of memory.",
            subcommands: [
                Command(
                    "usage", arity: -3, flags: [.readonly], keys: [.one(2, .readOnly)], group: .server, since: "4.0.0",
                    summary: "Returns how many bytes a key and its value take.",
                    syntax: "key:key [SAMPLES count:integer]", handler: usage),
                Command(
                    "stats", arity: 2, flags: [.walks], group: .server, since: "4.0.0",
                    summary: "Returns where memory goes.", handler: statistics),
                Command(
                    "doctor", arity: 2, flags: [.walks], group: .server, since: "4.0.0",
                    summary: "Looks for problems with memory.", handler: doctor),
                Command(
                    "malloc-stats", arity: 2, group: .server, since: "4.0.0",
                    complexity: "Depends on how fragmented the heap is.",
                    summary: "Returns what the allocator says of itself.", handler: allocatorStatistics),
                Command(
                    "purge", arity: 2, group: .server, since: "4.0.0",
                    complexity: "Depends on how much memory is free.",
                    summary: "Gives free memory back to the system.", handler: purge),
                HelpText.command(group: .server, since: "4.0.0"),
            ], handler: HelpText.reply)
    ]

    /// Values are accounted exactly, so that a number of samples is checked and makes no difference.
    private static func usage(_ call: inout Call) throws(CommandError) {
        var index = 3
        while index < call.count {
            guard call.isWord(index, "samples"), index + 1 < call.count else { throw .syntax }
            guard try call.integer(index + 1) >= 0 else { throw .syntax }
            index += 2
        }
        let key = call.key(2)
        call.access.recordRead(key)
        guard let entry = call.access.peek(key), !call.access.isHidden(key) else { return call.reply.null() }
        call.reply.integer(call.access.memoryUsage(entry))
    }

    private static func statistics(_ call: inout Call) throws(CommandError) {
        let memory = MemoryReport(call.server, &call.access)
        let databases = memory.databases.enumerated().filter { $0.element.keys > 0 }
        let reply = call.reply
        let integer = { (name: StaticString, value: Int) in
            reply.bulk(name)
            reply.integer(value)
        }
        let double = { (name: StaticString, value: Double) in
            reply.bulk(name)
            reply.double(value)
        }
        reply.map(31 + databases.count)
        integer("peak.allocated", memory.peak)
        integer("total.allocated", memory.used)
        integer("startup.allocated", memory.startup)
        integer("replication.backlog", 0)
        integer("clients.slaves", 0)
        integer("clients.normal", memory.clients)
        integer("cluster.links", 0)
        integer("aof.buffer", 0)
        integer("lua.caches", 0)
        integer("functions.caches", 0)
        for (index, database) in databases {
            reply.bulk("db.\(index)")
            reply.map(2)
            integer("overhead.hashtable.main", database.tableBytes)
            integer("overhead.hashtable.expires", database.expiryBytes)
        }
        integer("overhead.db.hashtable.lut", memory.tables)
        integer("overhead.db.hashtable.rehashing", memory.databases.reduce(0) { $0 + $1.resizingBytes })
        integer("db.dict.rehashing.count", memory.databases.reduce(0) { $0 + $1.resizing })
        integer("overhead.total", memory.overhead)
        integer("keys.count", memory.keys)
        integer("keys.bytes-per-key", memory.bytesPerKey)
        integer("dataset.bytes", memory.dataset)
        double("dataset.percentage", memory.datasetPercentage)
        double("peak.percentage", memory.peakPercentage)
        integer("allocator.allocated", memory.used)
        integer("allocator.active", memory.resident)
        integer("allocator.resident", memory.resident)
        integer("allocator.muzzy", 0)
        double("allocator-fragmentation.ratio", memory.fragmentation)
        integer("allocator-fragmentation.bytes", memory.fragmentationBytes)
        double("allocator-rss.ratio", 1)
        integer("allocator-rss.bytes", 0)
        double("rss-overhead.ratio", 1)
        integer("rss-overhead.bytes", 0)
        double("fragmentation", memory.fragmentation)
        integer("fragmentation.bytes", memory.fragmentationBytes)
    }

    private static func doctor(_ call: inout Call) throws(CommandError) {
        let memory = MemoryReport(call.server, &call.access)
        var findings: [String] = []
        if Double(memory.peak) > Double(memory.used) * 1.5 {
            findings.append(
                "At its peak the server used more than 150% of what it uses now. Memory that was freed may stay with "
                    + "the process; MEMORY PURGE gives back what it can.")
        }
        if memory.fragmentation > 1.4, memory.fragmentationBytes > 10 << 20 {
            findings.append(
                "The process holds \(decimal(memory.fragmentation, 2)) times the memory that is in use, which is a "
                    + "sign of fragmentation.")
        }
        let clients = call.server.clients.count
        if clients > 0, memory.clients / clients > 200 << 10 {
            findings.append(
                "Connections hold more than 200 KB each on average. See CLIENT LIST for those that do not read their "
                    + "replies, and client-output-buffer-limit.")
        }
        guard memory.used >= 5 << 20 else {
            return call.reply.verbatim("There is too little in memory to say anything about it.\n")
        }
        guard !findings.isEmpty else { return call.reply.verbatim("No problems with memory were found.\n") }
        call.reply.verbatim(findings.map { " * \($0)\n" }.joined())
    }

    private static func allocatorStatistics(_ call: inout Call) throws(CommandError) {
        var text: UnsafeMutablePointer<CChar>?
        var size = 0
        guard let stream = open_memstream(&text, &size) else {
            throw CommandError("ERR Stats not supported for the current allocator")
        }
        malloc_info(0, stream)
        fclose(stream)
        defer { free(text) }
        call.reply.verbatim(text.map { String(cString: $0) } ?? "")
    }

    private static func purge(_ call: inout Call) throws(CommandError) {
        malloc_trim(0)
        call.reply.ok()
    }
}
