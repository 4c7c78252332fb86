import CLinux
import Commands
import Glibc
import Keyspace
import Primitives

/// Where memory goes, as INFO and MEMORY tell it; all in bytes.
///
/// What is in use is what `maxmemory` is compared with: a sum of what was counted at different moments would have some of it
/// twice while values come and go. Indexes in it are as they were a tenth of a second ago, and each other worker may not have
/// told of its last 16 KB. To it comes what the process had in use before its first connection.
struct MemoryReport {
    let used: Int
    let peak: Int
    let startup: Int
    /// Tables of keys and indexes of deadlines, of all databases.
    let tables: Int
    /// Buffers and queues of connections.
    let clients: Int
    /// The dependency graph and what is remembered of keys for tracking and eviction.
    let other: Int
    /// Everything that is neither keys and values nor about to be freed.
    let overhead: Int
    let resident: Int
    let keys: Int
    let databases: [DatabaseStatistics]

    init(_ server: Server, _ access: inout Access) {
        databases = access.databaseStatistics()
        keys = databases.reduce(0) { $0 + $1.keys }
        tables = databases.reduce(0) { $0 + $1.tableBytes + $1.expiryBytes }
        startup = server.metrics.startMemory
        clients = server.clientBudget.used
        other = server.otherMemory
        overhead = startup + tables + clients + other
        access.tellBudget()
        used = server.keyspace.budget.used
        peak = max(server.metrics.peakMemory(noting: used), server.keyspace.budget.highest)
        resident = max(Self.residentBytes, 1)
    }

    /// Bytes of keys and values.
    var dataset: Int { max(0, used - overhead) }
    /// The share of keys and values in what was allocated since the start, in percent.
    var datasetPercentage: Double { percentage(dataset, of: used - startup) }
    var peakPercentage: Double { percentage(used, of: peak) }
    var fragmentation: Double { used > 0 ? Double(resident) / Double(used) : 0 }
    var fragmentationBytes: Int { resident - used }
    var bytesPerKey: Int { keys > 0 ? (used - startup) / keys : 0 }

    private func percentage(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) * 100 / Double(whole) : 0
    }

    /// Bytes of the process that are in physical memory.
    static var residentBytes: Int {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &text, text.count)
        guard count > 0 else { return 0 }
        let fields = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    }

    /// Bytes that the allocator has handed out. Walks its free lists.
    static var allocatedBytes: Int {
        let information = mallinfo2()
        return Int(information.uordblks) + Int(information.hblkhd)
    }

    static var systemBytes: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}
