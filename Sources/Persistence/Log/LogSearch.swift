import Primitives

/// Looks at what follows a place at which reading an append-only file came to an end, to tell an end from damage.
struct LogSearch {
    private let file: File
    private let size: Int64
    private static let blockSize = 16 * 1024
    /// Most places at which reading is tried.
    private static let maximumTries = 256

    init(_ file: File, size: Int64) {
        self.file = file
        self.size = size
    }

    /// Whether all bytes from `offset` on, of which there are some, are zero.
    func isZero(from offset: Int64) throws(PersistenceError) -> Bool {
        guard offset < size else { return false }
        return try firstMatch(from: offset, overlap: 0) { block in block.buffer.contains { $0 != 0 } ? 0 : nil } == nil
    }

    /// Offset of the first whole command behind `offset` from which on the file can be read up to its end.
    ///
    /// Every array header at the start of a line is tried. A try that fails is taken up again behind its last whole
    /// command, so that the file is read only a few times. Where nothing is found after many tries there is nothing: a
    /// value that is full of what looks like commands is no reason to search for hours.
    func commands(behind offset: Int64) throws(PersistenceError) -> Int64? {
        var place = offset + 1
        for _ in 0..<Self.maximumTries {
            guard let candidate = try header(from: place) else { return nil }
            var scanner = LogScanner(
                file, from: candidate, size: size, blockSize: Self.blockSize, isSearch: true)
            var hasCommands = false
            scan: while true {
                switch try scanner.next() {
                case .commands: hasCommands = true
                case .annotation: break
                case .end, .cut:
                    if hasCommands { return candidate }
                    break scan
                case .damage: break scan
                }
            }
            place = max(scanner.offset, candidate + 1)
        }
        return nil
    }

    /// Offset of the next `*` and digit behind CR LF, which may stand before `offset`.
    private func header(from offset: Int64) throws(PersistenceError) -> Int64? {
        try firstMatch(from: max(0, offset - 2), overlap: 3) { block in
            var position = 0
            while position + 4 <= block.count {
                if block.start[position] == 13, block.start[position + 1] == 10,
                    block.start[position + 2] == UInt8(ascii: "*"), block.start[position + 3] &- 48 < 10
                {
                    return position
                }
                position += 1
            }
            return nil
        }.map { $0 + 2 }
    }

    /// Reads block by block, each of which starts with the last `overlap` bytes of the one before, until one matches.
    private func firstMatch(
        from offset: Int64, overlap: Int, _ match: (ByteView) -> Int?
    ) throws(PersistenceError) -> Int64? {
        var buffer = ByteBuffer()
        var place = offset
        while place + Int64(buffer.count) < size {
            let read = try file.read(
                into: buffer.reserve(Self.blockSize), count: Self.blockSize, at: place + Int64(buffer.count))
            if read == 0 { return nil }
            buffer.commit(read)
            if let position = match(buffer.view) { return place + Int64(position) }
            let done = max(0, buffer.count - overlap)
            buffer.consume(done)
            place += Int64(done)
        }
        return nil
    }
}
