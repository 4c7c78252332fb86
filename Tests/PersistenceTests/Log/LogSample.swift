import Persistence
import Primitives
import TestSupport

/// The text of a command.
func command(_ words: String...) -> String {
    words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
}

/// What a scan of a file came to.
struct ScanResult: Equatable {
    enum Ending: Equatable {
        case end
        case cut(Int64, LogScanner.Cut.Ending)
        case damage(Int64, intact: Int64)
    }

    /// The commands, as they stand in the file.
    var commands: [UInt8] = []
    /// Offset behind the last command.
    var commandsEnd: Int64 = 0
    var annotations: [String] = []
    var ending = Ending.end

    var isDamage: Bool {
        if case .damage = ending { true } else { false }
    }
}

/// Reads a log to its end, block by block.
func scan(_ path: String, from offset: Int64 = 0, blockSize: Int = LogScanner.blockSize) throws -> ScanResult {
    var scanner = try LogScanner(FileSystem().open(path, .reading), from: offset, blockSize: blockSize)
    var result = ScanResult()
    while true {
        switch try scanner.next() {
        case .commands(let view, let place):
            result.commands += view.array
            result.commandsEnd = place + Int64(view.count)
        case .annotation(let line, _): result.annotations.append(line.string)
        case .end: return result
        case .cut(let cut):
            result.ending = .cut(cut.offset, cut.ending)
            return result
        case .damage(let damage):
            result.ending = .damage(damage.offset, intact: damage.intact)
            return result
        }
    }
}
