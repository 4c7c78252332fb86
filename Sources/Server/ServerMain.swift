import CLinux
import Configuration
import Glibc
import Keyspace
import Logging
import Primitives

/// The life of the process: configuration, start, waiting for a signal, an orderly end.
public enum ServerMain {
    /// Runs a server as `arguments` (without the program's name) say, and returns the exit status when it has ended.
    public static func run(_ arguments: [String]) -> CInt {
        do throws(ConfigurationError) {
            return serve(try Configuration(arguments: arguments))
        } catch {
            report(error.description)
            return 1
        }
    }

    private static func serve(_ configuration: Configuration) -> CInt {
        let signals = blockSignals()
        Allocation.configure()
        let settings = configuration.settings
        do throws(StartError) {
            guard chdir(settings.directory) == 0 else {
                throw StartError("Can't chdir to '\(settings.directory)': \(String(cString: strerror(errno)))")
            }
            let handler = try ServerLogHandler(level: settings.logLevel, path: settings.logFile)
            let log = Logger(label: "freshet") { _ in handler }
            let supervisor = Supervisor(settings.supervised, log)
            let isDaemon = settings.daemonize && supervisor.kind == .no
            // Before the first thread is started: only the calling thread lives on.
            if isDaemon, daemon(1, 0) != 0 {
                throw StartError("Can't run in the background: \(String(cString: strerror(errno)))")
            }
            announce(configuration, log)
            do throws(StartError) {
                try serve(configuration, supervisor, isDaemon: isDaemon, handler, log, signals)
            } catch {
                // A process in the background has no standard error.
                if isDaemon || !settings.logFile.isEmpty { log.critical("\(error)") }
                throw error
            }
            return 0
        } catch {
            report(error.description)
            return 1
        }
    }

    private static func serve(
        _ configuration: Configuration, _ supervisor: Supervisor, isDaemon: Bool, _ handler: ServerLogHandler,
        _ log: Logger, _ signals: sigset_t
    ) throws(StartError) {
        let settings = configuration.settings
        if !DescriptorLimit.raise(for: settings.maxClients) {
            log.warning("maxclients is \(settings.maxClients), but open files allow \(DescriptorLimit.clients)")
        }
        let server = Server(configuration: configuration, supervision: supervisor.kind, log: log)
        server.logLevelChanged = { handler.use($0) }
        try server.loadUsers()
        handler.isStarted = true
        log.notice("monotonic clock: POSIX clock_gettime")
        log.notice("Running mode=standalone, port=\(settings.port).")
        try server.listen()
        let pidFile = PidFile(settings, isDaemon: isDaemon, log)
        defer { pidFile.remove(log) }
        log.notice("Server initialized")
        try server.start {
            if settings.port != 0 { log.notice("Ready to accept connections tcp") }
            if !settings.unixSocket.isEmpty { log.notice("Ready to accept connections unix") }
            ProgramMemory.release()
            supervisor.ready()
        }
        try watch(signals, server, log)
        server.awaitEnd()
        supervisor.stopping()
        server.stop()
        log.warning("Freshet is now ready to exit, bye bye...")
    }

    /// The first lines of the log: that the server starts, as what, and what of its configuration has no effect.
    private static func announce(_ configuration: Configuration, _ log: Logger) {
        log.notice("oO0OoO0OoO0Oo Freshet is starting oO0OoO0OoO0Oo")
        log.notice(
            "Freshet version=\(Server.version), redis=\(Server.redisVersion), bits=\(Int.bitWidth), pid=\(getpid()), just started"
        )
        if configuration.path == nil {
            log.warning("Warning: no config file specified, using the default config and the command line")
        } else {
            log.notice("Configuration loaded")
        }
        for warning in configuration.warnings { log.warning("\(warning)") }
    }

    private static func report(_ message: String) {
        var line = message + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    // MARK: Signals

    /// Blocks the signals that end the server, so that a thread can wait for them; ignores those of broken pipes.
    private static func blockSignals() -> sigset_t {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return signals
    }

    /// Starts a thread that waits for SIGTERM and SIGINT: the first asks for the end, a second one while that is being tried
    /// ends the process at once.
    private static func watch(_ signals: sigset_t, _ server: Server, _ log: Logger) throws(StartError) {
        let thread = Thread.start(name: "signals") {
            var signals = signals
            while true {
                var received: CInt = 0
                guard sigwait(&signals, &received) == 0 else { continue }
                log.warning("Received \(received == SIGINT ? "SIGINT" : "SIGTERM") scheduling shutdown...")
                if server.shutdown.askBySignal() { continue }
                pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                raise(received)
            }
        }
        guard thread != nil else { throw StartError("Could not start a thread: \(String(cString: strerror(errno)))") }
    }
}
