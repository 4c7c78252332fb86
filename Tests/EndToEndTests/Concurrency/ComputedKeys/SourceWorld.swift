import Foundation
import Synchronization

/// The sources that the clients of the model checker write and compute from, and what is certain of them.
///
/// What a source holds carries its version, a number that only grows; that it holds nothing is a version too. One client at
/// a time writes a source, so that its versions are in the order of the writes. A version is certain once its write was
/// answered or somebody has read it: from then on nothing may be served that was derived from an earlier one.
final class SourceWorld: @unchecked Sendable {
    static let keys = 8
    static let tags = 3
    static let count = keys + tags

    /// Written only by the client that holds the source's lock.
    struct Writer {
        var version = 0
        /// The version that the key holds, where that is certain and it does not expire.
        var held: Int?
        /// Whether it may hold something that expires.
        var mayExpire = false
    }

    let start = SourceWorld.milliseconds()
    var writers = [Writer](repeating: Writer(), count: count)
    private let locks = (0..<count).map { _ in NSLock() }
    private let floors: UnsafeMutablePointer<Atomic<Int>>
    /// The version by which a source holds nothing because it has expired, in the low bits, and the time, in milliseconds
    /// since the start, from which on it has.
    private let expiries: UnsafeMutablePointer<Atomic<Int>>
    /// The last version by which a source holds nothing that may have come about.
    private let absences: UnsafeMutablePointer<Atomic<Int>>
    /// What tags stand for: something outside of the server.
    private let external: UnsafeMutablePointer<Atomic<Int>>
    private static let versionBits = 24

    init() {
        func make() -> UnsafeMutablePointer<Atomic<Int>> {
            let pointer = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: SourceWorld.count)
            for index in 0..<SourceWorld.count { (pointer + index).initialize(to: Atomic(0)) }
            return pointer
        }
        floors = make()
        expiries = make()
        absences = make()
        external = make()
    }

    deinit {
        for pointer in [floors, expiries, absences, external] {
            pointer.deinitialize(count: Self.count)
            pointer.deallocate()
        }
    }

    static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    // MARK: Writers

    func tryLock(_ source: Int) -> Bool { locks[source].try() }
    func unlock(_ source: Int) { locks[source].unlock() }

    /// The version of a write that is about to be sent.
    func newVersion(_ source: Int) -> Int {
        writers[source].version += 1
        return writers[source].version
    }

    /// The same for one that leaves nothing.
    func newAbsence(_ source: Int) -> Int {
        let version = newVersion(source)
        absences[source].store(version, ordering: .sequentiallyConsistent)
        return version
    }

    func newExternal(_ source: Int) -> Int {
        let version = newVersion(source)
        external[source].store(version, ordering: .sequentiallyConsistent)
        return version
    }

    // MARK: What is certain

    /// A version was answered, or read.
    func raise(_ source: Int, to version: Int) {
        floors[source].max(version, ordering: .sequentiallyConsistent)
    }

    /// The answer to a write has come that lets a source expire after `duration` milliseconds at most.
    func expires(_ source: Int, after duration: Int, version: Int) {
        let time = Self.milliseconds() - start + duration + 2
        expiries[source].store(time << Self.versionBits | version, ordering: .sequentiallyConsistent)
    }

    /// For each source a version that is certain: nothing earlier may be found by who begins to read now.
    func certain() -> [Int] {
        let now = Self.milliseconds() - start
        return (0..<Self.count).map { source in
            let expiry = expiries[source].load(ordering: .sequentiallyConsistent)
            let floor = floors[source].load(ordering: .sequentiallyConsistent)
            guard expiry != 0, expiry >> Self.versionBits <= now else { return floor }
            return max(floor, expiry & (1 << Self.versionBits - 1))
        }
    }

    /// A version that is not before that of a source in which nothing was just found.
    func absence(_ source: Int) -> Int { absences[source].load(ordering: .sequentiallyConsistent) }

    func externalValue(_ source: Int) -> Int { external[source].load(ordering: .sequentiallyConsistent) }
}

/// What a value was derived from: for each source the earliest version, `Int.max` for one that it was not derived from.
struct Origins {
    var versions = [Int](repeating: .max, count: SourceWorld.count)

    mutating func add(_ source: Int, _ version: Int) { versions[source] = min(versions[source], version) }

    mutating func add(_ other: Origins) {
        for source in versions.indices { add(source, other.versions[source]) }
    }

    /// The value of a computed key that was derived from them.
    var text: String {
        var text = "="
        for (source, version) in versions.enumerated() where version != .max { text += "\(source):\(version) " }
        return text
    }

    init() {}

    /// What the value of a computed key says; nil for another value.
    init?(_ bytes: [UInt8]) {
        guard bytes.first == UInt8(ascii: "=") else { return nil }
        var number = 0
        var source = 0
        for byte in bytes.dropFirst() {
            switch byte {
            case UInt8(ascii: ":"):
                source = number
                number = 0
            case UInt8(ascii: " "):
                versions[source] = number
                number = 0
            default: number = number * 10 + Int(byte) - 48
            }
        }
    }
}
