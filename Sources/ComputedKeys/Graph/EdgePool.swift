/// All edges, in runs: those to what one node depends on are consecutive, so that they need no links among themselves.
///
/// A freed run is used again for runs of its length; long ones are rounded up to one of eight lengths between two powers of
/// two, so that a key that is derived from more and more others uses what it has freed.
struct EdgePool: ~Copyable {
    /// The most edges that a run can have: what one key may depend on.
    static let maximumRun = 1 << 20
    /// Lengths up to here have a list of free runs each, linked through `next` of their first edge.
    private static let shortRun = 64

    private var pool = Pool<Edge>(chunkBits: 20)
    private var short = [UInt32](repeating: 0, count: shortRun + 1)
    private var long: [Int: [UInt32]] = [:]
    /// Edges that are used.
    private(set) var count = 0

    var memoryUsage: Int { pool.memoryUsage }

    @inline(__always)
    func pointer(_ edge: UInt32) -> UnsafeMutablePointer<Edge> { pool.pointer(edge) }

    /// A run of `length` edges whose contents are arbitrary; nil where no numbers are left.
    mutating func allocate(_ length: Int) -> UInt32? {
        let room = Self.room(length)
        guard let run = takeFree(room) ?? takeNew(room) else { return nil }
        count += length
        return run
    }

    /// How many edges a run of `length` takes.
    private static func room(_ length: Int) -> Int {
        let step = step(length)
        return (length + step - 1) & ~(step - 1)
    }

    /// By how much the lengths of runs around `length` differ.
    private static func step(_ length: Int) -> Int {
        length > shortRun ? 1 << (Int.bitWidth - 4 - length.leadingZeroBitCount) : 1
    }

    private mutating func takeNew(_ length: Int) -> UInt32? {
        var rest: (run: UInt32, length: Int)?
        let run = pool.take(length) { rest = ($0, $1) }
        if let rest, run != nil { keep(rest.run, rest.length) }
        return run
    }

    private mutating func takeFree(_ length: Int) -> UInt32? {
        if length > Self.shortRun { return long[length]?.popLast() }
        let run = short[length]
        guard run != 0 else { return nil }
        short[length] = pool[run].next
        return run
    }

    mutating func free(_ run: UInt32, _ length: Int) {
        count -= length
        keep(run, Self.room(length))
    }

    private mutating func keep(_ run: UInt32, _ room: Int) {
        guard room > 0 else { return }
        // The end of a chunk may be of any length.
        let length = room & ~(Self.step(room) - 1)
        guard length <= Self.shortRun else { return long[length, default: []].append(run) }
        pool.pointer(run).pointee.next = short[length]
        short[length] = run
    }
}
