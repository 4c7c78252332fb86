import CLinux
import Glibc
import Primitives
import Synchronization

/// Where a snapshot goes: bytes are checksummed as they come, and brought to the disk from time to time, so that neither
/// the kernel's memory nor the disk's queue is filled with them.
public final class SnapshotFile {
    private let file: File
    private let isChecked: Bool
    private var crc = CRC64()
    private let unsynced = Atomic<Int>(0)
    /// Bytes written so far.
    public private(set) var size = 0

    /// Bytes that are written between one sync and the next.
    private static let syncDistance = 4 << 20

    /// - Parameter isChecked: whether `checksum` is wanted.
    public init(_ file: File, isChecked: Bool) {
        self.file = file
        self.isChecked = isChecked
    }

    /// CRC-64 of all that was written.
    public var checksum: UInt64 { crc.value }

    func append(_ bytes: ByteView) throws(PersistenceError) {
        guard bytes.count > 0 else { return }
        if isChecked { crc.update(bytes) }
        try file.append(bytes)
        size += bytes.count
        unsynced.wrappingAdd(bytes.count, ordering: .relaxed)
    }

    /// Brings what was written to the disk where it has become much since the last time. Another thread may append meanwhile.
    func syncInSteps() throws(PersistenceError) {
        guard unsynced.load(ordering: .relaxed) >= Self.syncDistance else { return }
        unsynced.store(0, ordering: .relaxed)
        try file.syncData()
    }

    /// Waits until all of it is on the disk.
    public func sync() throws(PersistenceError) { try file.sync() }
}
