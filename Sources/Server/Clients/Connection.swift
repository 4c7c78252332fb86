import Commands
import Glibc
import Primitives
import RESP

/// A client's connection as its worker sees it. Lives in allocated memory, from being adopted to the end of the loop's turn
/// in which it was closed, and is touched by its worker only.
struct Connection: ~Copyable {
    let descriptor: CInt
    var session: Session
    /// What CLIENT LIST and other threads may see of it.
    let record: ClientRecord
    /// Received and not yet parsed: a part of a command, or what waits while the connection is paused.
    var input = ByteBuffer()
    /// What is known of the command of which `input` holds a part.
    var partial = PartialRequest()
    /// Replies that the kernel did not take yet, and messages that wait for the end of the turn.
    var pending = ByteBuffer()
    /// Whether the worker writes `pending` at the end of the turn.
    var awaitsFlush = false
    /// Whether the connection is to be closed at the end of the turn, since so much waits for it.
    var isOverLimit = false
    /// What is sent behind `pending`.
    var transfer: FileTransfer?
    /// Whether `pending` waits for the log to be written, or to be on the disk.
    var awaitsLog = false
    /// Whether nothing is read from it for that reason.
    var restsForLog = false
    var subscriptions = Subscriptions()
    /// Whether the kernel reports when it takes more.
    var awaitsWritability = false
    var isClosed = false
    /// Whether no command is executed until a pause ends.
    var isPaused = false
    /// Whether its next command waits.
    var isWaiting = false
    /// Whether that, or the rest of it, waits for memory: for a moment.
    var awaitsRoom = false
    /// Whether nothing is read from it for one reason or the other.
    var isHeld: Bool { isPaused || isWaiting || restsForLog }
    /// Bytes that were last counted for it, and for what it is about to store.
    var accountedBytes = 0
    var bookedBytes = 0
    /// When `pending` went over the soft limit, in seconds of the wall clock.
    var overSoftLimitSince: Int64?

    init(descriptor: CInt, session: consuming Session, record: ClientRecord) {
        self.descriptor = descriptor
        self.session = session
        self.record = record
    }

    /// Whether it is not given messages anymore.
    @inline(__always)
    var refusesPushes: Bool { isClosed || isOverLimit || session.closesAfterReply }

    /// Bytes of a connection beside its buffers, its descriptor's share in the kernel not included.
    private static let fixedBytes = MemoryLayout<Connection>.size + 768

    /// Bytes that it takes.
    var memoryUsage: Int {
        Self.fixedBytes + input.capacity + pending.capacity + session.queuedBytes + record.subscriptionBytes.current
    }

    /// A command of so many bytes is long: it is received in many parts, and room is made for it meanwhile.
    static let longCommand = 1 << 20

    /// What has come of the command that is being received, if that is long: about what it will store. What it says of its
    /// length books nothing.
    var bytesToStore: Int { partial.expectedBytes > Self.longCommand ? input.count : 0 }

    /// Shows other threads what waits for the client.
    func publishOutput() {
        record.outputBytes.set(pending.count)
        record.outputCapacity.set(pending.capacity)
        if pending.count > record.outputPeak.current { record.outputPeak.set(pending.count) }
    }

    /// What the poll gives back with events of this connection.
    static func token(_ connection: UnsafeMutablePointer<Connection>) -> UInt64 {
        UInt64(UInt(bitPattern: connection))
    }
}
