import Commands
import Configuration
import Glibc
import Primitives

/// The process and its clients.
extension InfoReport {
    mutating func writeServer() {
        let settings = server.settings
        info.section("Server")
        info.field("redis_version", Server.redisVersion)
        info.field("freshet_version", Server.version)
        info.field("redis_git_sha1", "00000000")
        info.field("redis_git_dirty", "0")
        info.field("redis_build_id", "0000000000000000")
        info.field("redis_mode", "standalone")
        info.field("os", Self.operatingSystem)
        info.field("arch_bits", Int.bitWidth)
        info.field("monotonic_clock", "POSIX clock_gettime")
        info.field("multiplexing_api", "epoll")
        info.field("atomicvar_api", "swift-synchronization")
        info.field("gcc_version", "0.0.0")
        info.field("process_id", Int(getpid()))
        info.field("process_supervised", server.supervision.rawValue)
        info.field("run_id", server.runIdentifier)
        info.field("tcp_port", settings.port)
        info.field("server_time_usec", Clock.wallMicroseconds())
        let uptime = now / 1000 - server.startedAt
        info.field("uptime_in_seconds", uptime)
        info.field("uptime_in_days", uptime / 86400)
        info.field("hz", settings.hz)
        info.field("configured_hz", settings.hz)
        info.field("lru_clock", now / 1000 & 0xFF_FFFF)
        info.field("executable", Self.executable)
        info.field("config_file", server.withConfiguration { $0.path ?? "" })
        info.zeros("io_threads_active")
        info.field("worker_threads", server.workers.count)
        var listener = 0
        if settings.port != 0 {
            let addresses = settings.bind.map { ",bind=\($0)" }.joined()
            info.field("listener0", "name=tcp\(addresses),port=\(settings.port)")
            listener = 1
        }
        if !settings.unixSocket.isEmpty { info.field("listener\(listener)", "name=unix,bind=\(settings.unixSocket)") }
    }

    private static var operatingSystem: String {
        var name = utsname()
        uname(&name)
        return [text(of: name.sysname), text(of: name.release), text(of: name.machine)].joined(separator: " ")
    }

    /// The text of one of the fixed arrays of C's structures, up to its NUL.
    private static func text<T>(of field: T) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static var executable: String {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = path.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return readlink("/proc/self/exe", base.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return String(decoding: path[..<max(0, count)], as: UTF8.self)
    }

    mutating func writeClients() {
        let records = server.clients.all()
        info.section("Clients")
        info.field("connected_clients", server.clients.count)
        info.zeros("cluster_connections")
        info.field("maxclients", server.settings.maxClients)
        info.field("client_recent_max_input_buffer", records.map { $0.inputCapacity.current }.max() ?? 0)
        info.field("client_recent_max_output_buffer", records.map { $0.outputCapacity.current }.max() ?? 0)
        // Those whose next command waits, or is held by CLIENT PAUSE.
        let blocked = records.count { ClientRecord.Flags(rawValue: $0.flags.current).contains(.blocked) }
        info.field("blocked_clients", blocked)
        info.field("tracking_clients", server.tracking.clientCount)
        info.field("pubsub_clients", records.count { $0.isSubscriber })
        info.field("watching_clients", records.count { $0.watched.current > 0 })
        info.zeros("clients_in_timeout_table")
        info.field("total_watched_keys", watchedKeys)
        info.field("total_blocking_keys", awaitedKeys.all)
        info.field("total_blocking_keys_on_nokey", awaitedKeys.heedingAbsence)
    }

    mutating func writeProcessor() {
        var own = rusage()
        var children = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
        getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &children)
        let worker = server.metrics.workerTime
        info.section("CPU")
        info.field("used_cpu_sys", own.ru_stime.seconds, decimals: 6)
        info.field("used_cpu_user", own.ru_utime.seconds, decimals: 6)
        info.field("used_cpu_sys_children", children.ru_stime.seconds, decimals: 6)
        info.field("used_cpu_user_children", children.ru_utime.seconds, decimals: 6)
        info.field("used_cpu_sys_main_thread", worker.system, decimals: 6)
        info.field("used_cpu_user_main_thread", worker.user, decimals: 6)
    }
}
