import Glibc
import Primitives

/// A line on a terminal that tells how much is done of what takes a while. It is not shown for what is over at once, nor
/// where nobody sees it, and it goes away when all is done.
struct Progress {
    private let total: Int64
    private let isShown: Bool
    private let began = Clock.monotonicMicroseconds()
    /// Bytes of the files before this one.
    private var before: Int64 = 0
    private var name = ""
    private var nextUpdate: Int64
    private var isVisible = false

    private static let width = 30
    private static let interval: Int64 = 100_000
    /// How long something takes before it is worth a line.
    private static let patience: Int64 = 500_000

    /// - Parameters:
    ///   - total: bytes of all files.
    ///   - isForced: shown at once, also where there is no terminal.
    init(total: Int64, isForced: Bool) {
        self.total = max(1, total)
        isShown = isForced || isatty(STDERR_FILENO) == 1
        nextUpdate = began + (isForced ? 0 : Self.patience)
    }

    /// Goes on with a file.
    mutating func begin(_ name: String) {
        self.name = name
        update(0)
    }

    /// Tells how many bytes of the file are done.
    mutating func update(_ done: Int64) {
        guard isShown else { return }
        let now = Clock.monotonicMicroseconds()
        guard now >= nextUpdate else { return }
        nextUpdate = now + Self.interval
        isVisible = true
        let share = Double(before + done) / Double(total)
        let bars = Int(share * Double(Self.width))
        var line = "\r[" + String(repeating: "#", count: bars) + String(repeating: ".", count: Self.width - bars)
        line += "] \(Int(share * 100)) % of \((total + (1 << 20) - 1) >> 20) MB"
        if share > 0.01 {
            let left = Double(now - began) / 1_000_000 * (1 - share) / share
            line += ", \(Int(left) + 1) s left"
        }
        printError(line + ", \(name)\u{1B}[K")
    }

    /// Ends a file of `size` bytes, and takes the line away for what is printed then.
    mutating func end(_ size: Int64) {
        before += size
        guard isVisible else { return }
        printError("\r\u{1B}[K")
        isVisible = false
    }
}
