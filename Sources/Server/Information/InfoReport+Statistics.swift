import Commands
import Configuration
import Keyspace
import Primitives
import Synchronization

/// What was counted: overall, of commands and of errors.
extension InfoReport {
    mutating func writeStatistics() {
        let rates = server.metrics.rates
        let statistics = server.statistics.counts
        info.section("Stats")
        info.field("total_connections_received", statistics.received)
        info.field("total_commands_processed", totals.commands)
        info.field("instantaneous_ops_per_sec", rates.commands, decimals: 0)
        info.field("total_net_input_bytes", totals.bytesIn)
        info.field("total_net_output_bytes", totals.bytesOut)
        info.zeros("total_net_repl_input_bytes", "total_net_repl_output_bytes")
        info.field("instantaneous_input_kbps", rates.bytesIn / 1024)
        info.field("instantaneous_output_kbps", rates.bytesOut / 1024)
        info.field("instantaneous_input_repl_kbps", "0.00")
        info.field("instantaneous_output_repl_kbps", "0.00")
        info.field("rejected_connections", statistics.rejected)
        info.zeros("sync_full", "sync_partial_ok", "sync_partial_err")
        info.field("expired_subkeys", totals.expiredFields)
        info.field("expired_keys", totals.expired)
        info.field("expired_stale_perc", "0.00")
        info.field("expired_time_cap_reached_count", totals.expiryCapsReached)
        info.field("expire_cycle_cpu_milliseconds", totals.expiryMicroseconds / 1000)
        let exceeded = server.keyspace.budget.exceededMicroseconds
        info.field("evicted_keys", totals.evicted)
        info.field("evicted_clients", server.statistics.clientsEvicted.load(ordering: .relaxed))
        info.zeros("evicted_scripts")
        info.field("total_eviction_exceeded_time", exceeded.total / 1000)
        info.field("current_eviction_exceeded_time", exceeded.current / 1000)
        info.field("longest_eviction_usec", server.keyspace.budget.longestWaitMicroseconds)
        info.field("longest_eviction_cpu_usec", server.keyspace.budget.longestWorkMicroseconds)
        info.field("eviction_held_commands", server.keyspace.budget.heldCount)
        info.field("keyspace_hits", totals.hits)
        info.field("keyspace_misses", totals.misses)
        info.field("keyspace_misses_absent", totals.absentMisses)
        info.field("keyspace_misses_expired", totals.expiredMisses)
        info.field("keyspace_misses_evicted", totals.evictedMisses)
        info.field("keyspace_misses_stale", totals.staleMisses)
        info.field("pubsub_channels", server.topics.count(.channel) + server.topics.count(.value))
        info.field("pubsub_patterns", server.topics.count(.pattern))
        info.field("pubsubshard_channels", server.topics.count(.shard))
        info.zeros(
            "latest_fork_usec", "total_forks",
            "migrate_cached_sockets", "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
            "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
            "current_active_defrag_time")
        info.field("tracking_total_keys", server.tracking.readers.keyCount)
        info.field("tracking_total_items", server.tracking.readers.itemCount)
        info.field("tracking_total_prefixes", server.tracking.broadcasts.prefixCount)
        info.zeros("unexpected_error_replies")
        info.field("total_error_replies", server.observations.errorCounts.reduce(0) { $0 + $1.count })
        info.zeros("dump_payload_sanitizations")
        info.field("total_reads_processed", totals.reads)
        info.field("total_writes_processed", totals.writes)
        info.zeros("io_threaded_reads_processed", "io_threaded_writes_processed")
        info.field("client_query_buffer_limit_disconnections", totals.queryBufferKills)
        info.field("client_output_buffer_limit_disconnections", totals.outputBufferKills)
        info.zeros("reply_buffer_shrinks", "reply_buffer_expands")
        info.field("eventloop_cycles", totals.turns)
        info.field("eventloop_duration_sum", totals.turnMicroseconds)
        info.field("eventloop_duration_cmd_sum", server.cycleClock.microseconds(totals.commandTicks))
        info.field("instantaneous_eventloop_cycles_per_sec", rates.turns, decimals: 0)
        info.field("instantaneous_eventloop_duration_usec", rates.turnMicroseconds, decimals: 0)
        let denied = server.observations.accessLog
        info.field("acl_access_denied_auth", denied.count(.auth))
        info.field("acl_access_denied_cmd", denied.count(.command))
        info.field("acl_access_denied_key", denied.count(.key))
        info.field("acl_access_denied_channel", denied.count(.channel))
    }

    mutating func writeCommands() {
        info.section("Commandstats")
        server.forEachCommand { entry in
            let totals = CommandTotals(server, entry.identifier)
            guard !totals.isEmpty else { return }
            let exact = Double(max(0, totals.ticks)) / server.cycleClock.ticksPerMicrosecond
            let average = totals.calls > 0 ? exact / Double(totals.calls) : 0
            info.field(
                "cmdstat_\(entry.fullName)",
                "calls=\(totals.calls),usec=\(Int64(exact)),usec_per_call=\(decimal(average, 2))"
                    + ",rejected_calls=\(totals.rejected),failed_calls=\(totals.failed)")
        }
    }

    mutating func writeErrors() {
        info.section("Errorstats")
        for (code, count) in server.observations.errorCounts { info.field("errorstat_\(code)", "count=\(count)") }
    }

    mutating func writeLatencies() {
        info.section("Latencystats")
        let settings = server.settings
        guard settings.latencyTracking, !settings.latencyTrackingPercentiles.isEmpty else { return }
        server.forEachCommand { entry in
            let distribution = LatencyDistribution(server, entry.identifier)
            guard distribution.total > 0 else { return }
            let percentiles = settings.latencyTrackingPercentiles.map { percentile in
                let name = String(decoding: doubleText(percentile), as: UTF8.self)
                return "p\(name)=\(decimal(distribution.microseconds(percentile: percentile), 3))"
            }
            info.field("latency_percentiles_usec_\(entry.fullName)", percentiles.joined(separator: ","))
        }
    }
}
