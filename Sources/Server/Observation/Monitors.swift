import Commands
import Keyspace
import Primitives
import Synchronization

/// The connections that see every command that is executed (MONITOR), and how they get to see it.
///
/// While there are any, workers report all calls instead of the slow ones only (`Call.reportThreshold`): one comparison
/// serves both, so that nobody pays for monitors that are not there. A line is encoded once, by the worker that has
/// executed the command, and travels like any other push: what one connection sends is seen in its order, what several
/// send on different workers in about the order of execution, and a monitor that does not read is closed at
/// `client-output-buffer-limit normal`.
final class Monitors: Sendable {
    /// Numbers of the connections, by worker.
    private let groups = Mutex<[Int: [Int]]>([:])
    private let count = Atomic<Int>(0)

    /// Whether there are any. One load.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    func add(_ record: ClientRecord) {
        groups.withLock { $0[record.worker, default: []].append(record.identifier) }
        count.wrappingAdd(1, ordering: .relaxed)
    }

    func remove(_ record: ClientRecord) {
        let isRemoved = groups.withLock { groups in
            guard let place = groups[record.worker]?.firstIndex(of: record.identifier) else { return false }
            groups[record.worker]?.remove(at: place)
            if groups[record.worker]?.isEmpty == true { groups[record.worker] = nil }
            return true
        }
        if isRemoved { count.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// Shows a call that was executed, unless administrators' calls are none of their business.
    func show(_ call: borrowing Call) {
        guard call.entry.command.flags.isDisjoint(with: [.admin, .skipMonitor]) else { return }
        let groups = groups.withLock { $0 }
        guard !groups.isEmpty else { return }
        let worker: Worker = call.worker
        var line = ByteBuffer()
        line.appendMonitorLine(call, from: worker.current?.pointee.record)
        let push = Push(encoded: line.view)
        for (index, identifiers) in groups {
            guard index == worker.index, let current = worker.current,
                identifiers.contains(current.pointee.record.identifier)
            else {
                worker.server.push(push, to: identifiers, of: index, from: worker.index)
                continue
            }
            // What it has executed itself comes behind the reply at once.
            worker.deliver(push, to: current)
            let others = identifiers.filter { $0 != current.pointee.record.identifier }
            worker.server.push(push, to: others, of: index, from: worker.index)
        }
    }
}

extension ByteBuffer {
    /// Adds a status reply: the time, the database, the address of who has sent the call, and its arguments in quotes.
    fileprivate mutating func appendMonitorLine(_ call: borrowing Call, from record: ClientRecord?) {
        let now = Clock.wallMicroseconds()
        let fraction = String(now % 1_000_000 + 1_000_000).dropFirst()
        append("+\(now / 1_000_000).\(fraction) [\(call.access.database) \(record?.monitorAddress ?? "")]")
        for index in 0..<call.count {
            append(" ")
            if Redaction.hides(index, call.arguments, of: call.entry.fullName) {
                Redaction.mark.withView { appendQuoted($0) }
            } else {
                appendQuoted(call[index])
            }
        }
        append("\r\n")
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            if let base = buffer.baseAddress { append(ByteView(base, count: buffer.count)) }
        }
    }

    /// Adds bytes between double quotes; what is not printable ASCII is escaped.
    private mutating func appendQuoted(_ bytes: ByteView) {
        let backslash = UInt8(ascii: "\\")
        append(UInt8(ascii: "\""))
        for byte in bytes.buffer {
            switch byte {
            case UInt8(ascii: "\""), backslash:
                append(backslash)
                append(byte)
            case 7...10, 13:
                append(backslash)
                append(Self.controlLetter(byte))
            case 0x20...0x7E: append(byte)
            default:
                append("\\x" as StaticString)
                append(Self.hexadecimal(byte >> 4))
                append(Self.hexadecimal(byte & 15))
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// The letter that stands for one of the control characters 7...10 and 13.
    private static func controlLetter(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 7: UInt8(ascii: "a")
        case 8: UInt8(ascii: "b")
        case 9: UInt8(ascii: "t")
        case 10: UInt8(ascii: "n")
        default: UInt8(ascii: "r")
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}

extension ClientRecord {
    /// The address as monitors see it.
    fileprivate var monitorAddress: String { isUnixSocket ? "unix:" + address.dropLast(2) : address }
}

extension Server {
    /// Lets a connection see every command from now on.
    func startMonitoring(_ record: ClientRecord) {
        observations.monitors.add(record)
        refreshReporting()
    }

    func stopMonitoring(_ record: ClientRecord) {
        observations.monitors.remove(record)
        refreshReporting()
    }

    /// Lets workers find out, before their next commands, which calls they have to report.
    func refreshReporting() { settingsGeneration.wrappingAdd(1, ordering: .releasing) }
}
