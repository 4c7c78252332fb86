import Commands

extension Call {
    /// The worker that executes the call.
    var worker: Worker { unsafeDowncast(host, to: Worker.self) }

    /// The server that the worker belongs to.
    var server: Server { worker.server }
}
