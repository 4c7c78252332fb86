import CLinux
import Configuration
import Glibc
import Logging

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
        let settings = configuration.settings
        do throws(StartError) {
            guard chdir(settings.directory) == 0 else {
                throw StartError("Can't chdir to '\(settings.directory)': \(String(cString: strerror(errno)))")
            }
            let handler = try ServerLogHandler(level: settings.logLevel, path: settings.logFile)
            let log = Logger(label: "freshet") { _ in handler }
            for warning in configuration.warnings { log.warning("\(warning)") }
            raiseDescriptorLimit(settings.maxClients, log)
            let server = Server(configuration: configuration, log: log)
            try server.start()
            log.notice("Freshet \(Server.version) ready to accept connections, pid \(getpid()), port \(settings.port)")
            waitForEnd(signals, log)
            server.stop()
            log.notice("Freshet is now ready to exit, bye bye...")
            return 0
        } catch {
            report(error.description)
            return 1
        }
    }

    private static func report(_ message: String) {
        var line = message + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    // MARK: Signals

    /// Blocks the signals that end the server, so that the main thread can wait for them; ignores those of broken pipes.
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

    /// Waits for SIGTERM or SIGINT; from then on a second one ends the process at once.
    private static func waitForEnd(_ signals: sigset_t, _ log: Logger) {
        var signals = signals
        var received: CInt = 0
        while sigwait(&signals, &received) != 0 {}
        log.warning("Received \(received == SIGINT ? "SIGINT" : "SIGTERM") scheduling shutdown...")
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Lets the process have a descriptor for every client and some for itself.
    private static func raiseDescriptorLimit(_ clients: Int, _ log: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = rlim_t(clients + 64)
        guard limit.rlim_cur < wanted else { return }
        var raised = rlimit(rlim_cur: wanted, rlim_max: max(limit.rlim_max, wanted))
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { return }
        raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
        log.warning("maxclients is \(clients), but the system allows this process \(raised.rlim_cur) open files")
    }
}
