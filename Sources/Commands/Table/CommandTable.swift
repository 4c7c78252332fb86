import Primitives

/// A command as calls use it: the record with what is decided once instead of at every call.
public final class CommandEntry: @unchecked Sendable {
    public let command: Command
    /// Full name, `client|kill` for a subcommand.
    public let fullName: String
    /// Whether it is one of a container's.
    let isSubcommand: Bool
    /// Position in statistics that are kept by command.
    public let identifier: Int
    public let subcommands: [String: CommandEntry]
    let arity: Int
    let flags: CommandFlags
    /// Whether it may change keys that are among its arguments, and leaves it to the executor to mark what depends on them.
    let isWrite: Bool
    /// Whether it is logged as it came, if it has changed something and does not say what. Commands that walk or mark
    /// hand over what they have done before they end.
    let isLogged: Bool
    /// Whether it is refused when memory is short.
    let needsMemory: Bool
    /// As `Command.element`.
    let element: Int
    /// Whether it is executed without looking at subcommands or at what stands behind it.
    let isPlain: Bool
    /// Whether what stands behind it is the command.
    let isDurabilityPrefix: Bool
    let locks: LockPlan
    let handler: Command.Handler

    init(_ command: Command, parent: String?, nextIdentifier: inout Int) {
        self.command = command
        isSubcommand = parent != nil
        fullName = parent.map { $0 + "|" + command.name } ?? command.name
        identifier = nextIdentifier
        nextIdentifier += 1
        arity = command.arity
        flags = command.flags
        isWrite = command.flags.contains(.write) && !command.flags.contains(.marks) && !command.keys.isEmpty
        isLogged =
            !command.flags.isDisjoint(with: [.write, .mayReplicate])
            && command.flags.isDisjoint(with: [.marks, .walks])
        needsMemory = command.flags.contains(.denyoom)
        element = command.element
        isDurabilityPrefix = parent == nil && command.name == "fsync"
        isPlain = command.subcommands.isEmpty && !isDurabilityPrefix
        locks = LockPlan(command)
        handler = command.handler
        var subcommands: [String: CommandEntry] = [:]
        for subcommand in command.subcommands {
            subcommands[subcommand.name] = CommandEntry(
                subcommand, parent: fullName, nextIdentifier: &nextIdentifier)
        }
        self.subcommands = subcommands
    }

    /// The subcommands in the order of their declaration.
    public var subcommandEntries: [CommandEntry] { command.subcommands.compactMap { subcommands[$0.name] } }

    /// Whether a call may have `count` arguments, its name included.
    @inline(__always)
    func accepts(_ count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }

    /// Calls `body` with each key among the arguments of a call.
    public func forEachKey(in arguments: UnsafeBufferPointer<ByteView>, _ body: (ByteView) -> Void) {
        for specification in command.keys where !specification.flags.contains(.notKey) {
            specification.forEachKey(in: arguments) { body(arguments[$0]) }
        }
    }

    /// Whether a call may change keys; EXEC does where a queued command does.
    public func mayWrite(_ queuedWrites: @autoclosure () -> Bool) -> Bool {
        flags.mayReplicate || fullName == "exec" && queuedWrites()
    }

    /// The first argument that is a key, 0 where there is none: what is worth fetching ahead of the call.
    @inline(__always)
    public var firstKey: Int { locks.firstKey }
}

/// Which shards a call locks before its handler runs.
struct LockPlan: Sendable {
    enum Kind {
        case none, single, several, exclusive
    }

    /// Keys at every `step`-th argument; a negative `last` counts from the end.
    struct KeyRange {
        let first: Int
        let last: Int
        let step: Int
    }

    let kind: Kind
    let firstKey: Int
    /// Where all keys are, if one range says so.
    let range: KeyRange?

    init(_ command: Command) {
        let keys = command.keys.filter { !$0.flags.contains(.notKey) }
        var first = 0
        if case .range(let index, _, _)? = keys.first?.shape { first = index }
        firstKey = first
        if keys.count == 1, case .range(let first, let last, let step) = keys[0].shape {
            range = KeyRange(first: first, last: last, step: step)
        } else {
            range = nil
        }
        if command.flags.contains(.exclusive) {
            kind = .exclusive
        } else if keys.isEmpty {
            kind = .none
        } else if keys.count == 1, case .range(let index, let last, _) = keys[0].shape, index == last {
            kind = .single
        } else {
            kind = .several
        }
    }
}

/// All commands, found by name without regard to case.
///
/// A name is looked up as two words: its first and its last eight bytes, lowered and zero-padded, which together with its
/// length tell all names of up to 16 bytes apart.
public final class CommandTable: Sendable {
    private struct Slot {
        var first: UInt64 = 0
        var last: UInt64 = 0
        var length = 0
        var entry: Unmanaged<CommandEntry>?
    }

    private static let slotCount = 2048
    nonisolated(unsafe) private let slots: UnsafeMutablePointer<Slot>
    /// Top-level commands in the order of their declaration.
    public let entries: [CommandEntry]
    /// Number of identifiers, subcommands included.
    public let identifierCount: Int
    /// Stands for whatever does not exist; its identifier is -1.
    let unknown: CommandEntry
    /// Full names by identifier.
    private let names: [String]

    /// - Parameter families: the records of all command families. Names must be unique.
    public init(_ families: [[Command]]) {
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
        var next = 0
        entries = families.joined().map { CommandEntry($0, parent: nil, nextIdentifier: &next) }
        identifierCount = next
        names = entries.flatMap { [$0] + $0.subcommands.values }.sorted { $0.identifier < $1.identifier }.map(
            \.fullName)
        var none = -1
        unknown = CommandEntry(
            Command("", arity: 0, group: .server, since: "", summary: "") { _ in }, parent: nil, nextIdentifier: &none)
        for entry in entries { insert(entry) }
    }

    deinit {
        slots.deallocate()
    }

    private func insert(_ entry: CommandEntry) {
        Array(entry.command.name.utf8).withView { name in
            let (first, last) = Self.words(name)
            var index = Self.index(first, last)
            while slots[index].entry != nil { index = (index + 1) % Self.slotCount }
            slots[index] = Slot(first: first, last: last, length: name.count, entry: .passUnretained(entry))
        }
    }

    /// The full name of the command with an identifier; nil for those of no command.
    public func name(of identifier: Int) -> String? { names.indices.contains(identifier) ? names[identifier] : nil }

    /// The command called `name`. O(1).
    @inline(__always)
    public func find(_ name: ByteView) -> Unmanaged<CommandEntry>? {
        let (first, last) = Self.words(name)
        var index = Self.index(first, last)
        while let entry = slots[index].entry {
            if slots[index].first == first, slots[index].last == last, slots[index].length == name.count {
                if name.count <= 16 || Self.equals(entry, name) { return entry }
            }
            index = (index &+ 1) & (Self.slotCount &- 1)
        }
        return nil
    }

    /// The command or subcommand with a full name such as `client|kill`.
    public func find(fullName: ByteView) -> CommandEntry? {
        let parts = fullName.buffer.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard let base = parts[0].base.baseAddress, parts.count <= 2 else { return nil }
        let container = find(ByteView(base, count: parts[0].count))?.takeUnretainedValue()
        guard parts.count == 2 else { return container }
        return container?.subcommands[String(decoding: parts[1].lazy.map(asciiLowercased), as: UTF8.self)]
    }

    /// The command or subcommand that a call with these arguments means, whatever their number; nil where there is none.
    public func find(call arguments: UnsafeBufferPointer<ByteView>) -> CommandEntry? {
        guard let name = arguments.first, let entry = find(name)?.takeUnretainedValue() else { return nil }
        guard !entry.subcommands.isEmpty, arguments.count > 1 else { return entry }
        return entry.subcommands[arguments[1].lowercasedString]
    }

    private static func equals(_ entry: Unmanaged<CommandEntry>, _ name: ByteView) -> Bool {
        entry.takeUnretainedValue().command.name.utf8.elementsEqual(name.buffer.lazy.map(asciiLowercased))
    }

    @inline(__always)
    private static func index(_ first: UInt64, _ last: UInt64) -> Int {
        Int(truncatingIfNeeded: ((first ^ last << 7 ^ last >> 33) &* 0x9E37_79B9_7F4A_7C15) >> 53)
    }

    @inline(__always)
    private static func words(_ name: ByteView) -> (UInt64, UInt64) {
        let base = UnsafeRawPointer(name.start)
        if name.count >= 8 {
            return (
                lowered(base.loadUnaligned(as: UInt64.self)),
                lowered(base.loadUnaligned(fromByteOffset: name.count &- 8, as: UInt64.self))
            )
        }
        if name.count >= 4 {
            let low = UInt64(base.loadUnaligned(as: UInt32.self))
            let high = UInt64(base.loadUnaligned(fromByteOffset: name.count &- 4, as: UInt32.self))
            return (lowered(low | high << 32), 0)
        }
        var word: UInt64 = 0
        for index in 0..<name.count { word |= UInt64(name.start[index]) << UInt64(index &* 8) }
        return (lowered(word), 0)
    }

    /// Eight bytes with 'A'...'Z' turned to 'a'...'z' at once (Mycroft's byte-range test).
    @inline(__always)
    private static func lowered(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let low = word & (0x7F &* ones)
        let beyondZ = low &+ (0x7F &- 0x5A) &* ones
        let fromA = low &+ (0x80 &- 0x41) &* ones
        let upper = ~word & (0x80 &* ones) & (fromA ^ beyondZ)
        return word | upper >> 2
    }
}
