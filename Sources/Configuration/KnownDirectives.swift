/// Names that Redis knows and this server does not act on.
enum KnownDirectives {
    /// Names of Redis 7.4 that have no effect here: starting with one is a warning, setting one is an error.
    static let ineffective: Set<String> = [
        "active-defrag-cycle-max", "active-defrag-cycle-min",
        "active-defrag-ignore-bytes", "active-defrag-max-scan-fields", "active-defrag-threshold-lower",
        "active-defrag-threshold-upper", "activedefrag", "always-show-logo", "aof-disable-auto-gc",
        "aof_rewrite_cpulist",
        "bgsave_cpulist", "bind-source-addr", "bio_cpulist", "busy-reply-threshold",
        "cluster-allow-pubsubshard-when-down", "cluster-allow-reads-when-down", "cluster-allow-replica-migration",
        "cluster-announce-bus-port", "cluster-announce-hostname", "cluster-announce-human-nodename",
        "cluster-announce-ip", "cluster-announce-port", "cluster-announce-tls-port", "cluster-config-file",
        "cluster-link-sendbuf-limit", "cluster-migration-barrier", "cluster-node-timeout", "cluster-port",
        "cluster-preferred-endpoint-type", "cluster-replica-no-failover", "cluster-replica-validity-factor",
        "cluster-require-full-coverage", "cluster-slave-no-failover", "cluster-slave-validity-factor",
        "crash-log-enabled", "crash-memcheck-enabled", "disable-thp", "dynamic-hz",
        "enable-module-command", "hide-user-data-from-log", "ignore-warnings", "io-threads", "io-threads-do-reads",
        "jemalloc-bg-thread", "key-load-delay", "list-max-ziplist-entries",
        "list-max-ziplist-value", "loading-process-events-interval-bytes", "loadmodule",
        "lua-enable-deprecated-api", "lua-replicate-commands", "lua-time-limit", "masterauth", "masteruser",
        "max-new-connections-per-cycle", "max-new-tls-connections-per-cycle", "min-replicas-max-lag",
        "min-replicas-to-write", "min-slaves-max-lag",
        "min-slaves-to-write", "oom-score-adj-values", "proc-title-template",
        "propagation-error-behavior", "rdb-del-sync-files", "rdb-key-save-delay",
        "repl-backlog-size", "repl-backlog-ttl", "repl-disable-tcp-nodelay",
        "repl-diskless-load", "repl-diskless-sync", "repl-diskless-sync-delay", "repl-diskless-sync-max-replicas",
        "repl-ping-replica-period", "repl-ping-slave-period", "repl-timeout", "replica-announce-ip",
        "replica-announce-port", "replica-announced", "replica-ignore-disk-write-errors", "replica-ignore-maxmemory",
        "replica-lazy-flush", "replica-priority", "replica-read-only", "replica-serve-stale-data", "replicaof",
        "sanitize-dump-payload", "server_cpulist", "set-proc-title", "shutdown-on-sigint", "shutdown-on-sigterm",
        "shutdown-timeout",
        "slave-announce-ip", "slave-announce-port", "slave-ignore-maxmemory", "slave-lazy-flush", "slave-priority",
        "slave-read-only", "slave-serve-stale-data", "slaveof", "socket-mark-id",
        "syslog-facility", "syslog-ident", "tls-auth-clients",
        "tls-ca-cert-dir", "tls-ca-cert-file", "tls-cert-file", "tls-ciphers", "tls-ciphersuites",
        "tls-client-cert-file", "tls-client-key-file", "tls-client-key-file-pass", "tls-cluster",
        "tls-dh-params-file", "tls-key-file", "tls-key-file-pass", "tls-prefer-server-ciphers", "tls-protocols",
        "tls-replication", "tls-session-cache-size", "tls-session-cache-timeout", "tls-session-caching",
        "use-exit-on-panic", "watchdog-period",
    ]

    /// Names that protect something: to start as if they were not there would leave open what they close.
    static let refused: Set<String> = ["rename-command", "tls-port", "sentinel"]
}
