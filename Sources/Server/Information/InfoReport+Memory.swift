import Configuration
import Keyspace
import Persistence

/// Memory, persistence, replication and the keyspace.
extension InfoReport {
    mutating func writeMemory(_ memory: MemoryReport) {
        info.section("Memory")
        info.bytes("used_memory", memory.used)
        info.bytes("used_memory_rss", memory.resident)
        info.bytes("used_memory_peak", memory.peak)
        info.field("used_memory_peak_perc", decimal(memory.peakPercentage, 2) + "%")
        info.field("used_memory_overhead", memory.overhead)
        info.field("used_memory_startup", memory.startup)
        info.field("used_memory_dataset", memory.dataset)
        info.field("used_memory_dataset_perc", decimal(memory.datasetPercentage, 2) + "%")
        // The C library does not tell pages apart that are in use, kept and resident.
        info.field("allocator_allocated", memory.used)
        info.field("allocator_active", memory.resident)
        info.field("allocator_resident", memory.resident)
        info.zeros("allocator_muzzy")
        info.bytes("total_system_memory", MemoryReport.systemBytes)
        info.zeros("used_memory_lua", "used_memory_vm_eval")
        info.field("used_memory_lua_human", "0B")
        info.zeros(
            "used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
            "used_memory_vm_functions", "used_memory_vm_total")
        info.field("used_memory_vm_total_human", "0B")
        info.zeros("used_memory_functions", "used_memory_scripts")
        info.field("used_memory_scripts_human", "0B")
        info.bytes("maxmemory", server.settings.maxMemory)
        info.field("maxmemory_policy", server.settings.maxMemoryPolicy.rawValue)
        info.field("allocator_frag_ratio", memory.fragmentation)
        info.field("allocator_frag_bytes", memory.fragmentationBytes)
        info.field("allocator_rss_ratio", 1.0)
        info.zeros("allocator_rss_bytes")
        info.field("rss_overhead_ratio", 1.0)
        info.zeros("rss_overhead_bytes")
        info.field("mem_fragmentation_ratio", memory.fragmentation)
        info.field("mem_fragmentation_bytes", memory.fragmentationBytes)
        info.zeros(
            "mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers",
            "mem_clients_slaves")
        info.field("mem_clients_normal", memory.clients)
        info.zeros("mem_cluster_links")
        info.field("mem_aof_buffer", server.durability.log.bufferedBytes)
        info.field("mem_allocator", "libc")
        info.field(
            "mem_overhead_db_hashtable_rehashing", memory.databases.reduce(0) { $0 + $1.resizingBytes })
        info.zeros("active_defrag_running")
        let lazy = server.keyspace.lazyFreeCounts
        info.field("lazyfree_pending_objects", lazy.pending)
        info.field("lazyfreed_objects", lazy.freed)
    }

    mutating func writeReplication() {
        info.section("Replication")
        info.field("role", "master")
        info.zeros("connected_slaves")
        info.field("master_failover_state", "no-failover")
        info.field("master_replid", server.replicationIdentifier)
        info.field("master_replid2", String(repeating: "0", count: 40))
        info.zeros("master_repl_offset")
        info.field("second_repl_offset", -1)
        info.zeros("repl_backlog_active")
        info.field("repl_backlog_size", 1 << 20)
        info.zeros("repl_backlog_first_byte_offset", "repl_backlog_histlen")
    }

    mutating func writeKeyspace(_ databases: [DatabaseStatistics]) {
        info.section("Keyspace")
        for (index, database) in databases.enumerated() where database.keys > 0 {
            info.field(
                "db\(index)",
                "keys=\(database.keys),expires=\(database.expiring),avg_ttl=\(database.averageTimeToLive)"
                    + ",subexpiry=\(database.fieldExpiring)")
        }
    }
}
