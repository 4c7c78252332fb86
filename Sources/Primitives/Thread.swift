import CLinux
import Glibc

/// A thread of the operating system that runs one function.
public struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    /// Starts a thread; nil where the system refuses. `name` is cut to the kernel's 15 bytes. Signals stay with the
    /// thread that started the process.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Thread? {
        let box = Unmanaged.passRetained(Box(name: String(name.utf8.prefix(15)) ?? "", body: body))
        var handle = pthread_t()
        let result = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                clinux_set_thread_name(box.name)
                var signals = sigset_t()
                sigfillset(&signals)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                box.body()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            return nil
        }
        return Thread(handle: handle)
    }

    /// Waits until the thread's function has returned.
    public func join() { pthread_join(handle, nil) }

    private final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
