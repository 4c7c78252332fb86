import Commands
import ComputedKeys
import Keyspace
import Primitives

/// INFO: sections, names and order of Redis 7.4, which monitoring depends on. What this server does not have (yet) is
/// shown as a Redis shows it that does not use it.
struct InfoReport {
    let server: Server
    /// Milliseconds since 1970.
    let now: Int64
    let totals: Totals
    /// Numbers that need a look into every shard; nil where no section asks for them.
    let memory: MemoryReport?
    let watchedKeys: Int
    /// Keys that commands wait for, and those of them whose absence is waited for, too.
    let awaitedKeys: (all: Int, heedingAbsence: Int)
    var info = InfoText()

    /// A part of the report.
    enum Section: String, CaseIterable {
        case server, clients, memory, persistence, stats, replication, cpu, modules, commandstats, errorstats
        case latencystats, cluster, keyspace, compute
    }

    /// What `INFO` shows when it is not told what.
    static let defaults: Set<Section> = Set(Section.allCases).subtracting([.commandstats, .latencystats])

    /// The sections that the arguments of INFO name, in any letter case; names that do not exist name nothing.
    static func sections(_ names: [String]) -> Set<Section> {
        guard !names.isEmpty else { return defaults }
        var sections: Set<Section> = []
        for name in names {
            switch name.lowercased() {
            case "all", "everything": sections.formUnion(Section.allCases)
            case "default": sections.formUnion(defaults)
            case "module_list": sections.insert(.modules)
            case let name: if let section = Section(rawValue: name) { sections.insert(section) }
            }
        }
        return sections
    }

    init(_ call: inout Call, _ sections: Set<Section>) {
        server = call.server
        now = Clock.wallMilliseconds()
        totals = Totals(server)
        memory = sections.isDisjoint(with: [.memory, .keyspace]) ? nil : MemoryReport(server, &call.access)
        watchedKeys = sections.contains(.clients) ? call.access.watchedKeyCount() : 0
        awaitedKeys = sections.contains(.clients) ? call.access.awaitedKeyCount() : (0, 0)
        for section in Section.allCases where sections.contains(section) { write(section) }
    }

    private mutating func write(_ section: Section) {
        switch section {
        case .server: writeServer()
        case .clients: writeClients()
        case .memory: if let memory { writeMemory(memory) }
        case .persistence: writePersistence()
        case .stats: writeStatistics()
        case .replication: writeReplication()
        case .cpu: writeProcessor()
        case .modules: info.section("Modules")
        case .commandstats: writeCommands()
        case .errorstats: writeErrors()
        case .latencystats: writeLatencies()
        case .cluster:
            info.section("Cluster")
            info.zeros("cluster_enabled")
        case .keyspace: if let memory { writeKeyspace(memory.databases) }
        case .compute:
            info.section("Compute")
            for (name, value) in server.graph.report.fields { info.field("compute_\(name)", value) }
        }
    }
}
