import Keyspace
import Primitives

/// A pipeline with all that it needs and no connection: for commands that come from elsewhere than a client.
///
/// One thread uses it. It does not enter the reclaimer: whoever lets other threads change the keyspace meanwhile does that
/// around each batch.
public final class DetachedPipeline {
    public let pipeline = UnsafeMutablePointer<Pipeline>.allocate(capacity: 1)
    /// Where replies go; cleared by whoever has seen them.
    public let output = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)
    /// Whose commands are executed.
    public let session = UnsafeMutablePointer<Session>.allocate(capacity: 1)
    private let statistics = UnsafeMutablePointer<AccessStatistics>.allocate(capacity: 1)
    /// The executor does not retain it.
    private let observer: any ExecutionObserver

    /// - Parameters:
    ///   - families: the commands that are known; they may not ask for a host.
    ///   - observer: hears of errors.
    public init(_ families: [[Command]], _ keyspace: Keyspace, observer: any ExecutionObserver) {
        self.observer = observer
        output.initialize(to: ByteBuffer())
        session.initialize(to: Session(identifier: 0))
        statistics.initialize(to: AccessStatistics())
        let executor = Executor(
            table: CommandTable(families), keyspace: keyspace, output: output, accessStatistics: statistics,
            session: session, host: observer, worker: 0, observer: observer)
        pipeline.initialize(to: Pipeline(executor: executor, pause: ClientPause()))
    }

    deinit {
        pipeline.deinitialize(count: 1)
        pipeline.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
        session.deinitialize(count: 1)
        session.deallocate()
        statistics.deinitialize(count: 1)
        statistics.deallocate()
    }
}
