import Glibc
import Keyspace
import Primitives
import RESP

/// Sets of which only the size is known, and that nearly: PFADD, PFCOUNT and PFMERGE.
public enum HyperLogLogCommands {
    public static let commands: [Command] = [
        Command(
            "pfadd", arity: -2, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .insert])],
            group: .hyperloglog, since: "2.8.9", complexity: "O(1) for each element.",
            summary: "Adds elements to a HyperLogLog, which is created where there is none.",
            syntax: "key:key [element:string...]", handler: add),
        Command(
            "pfcount", arity: -2, flags: [.readonly, .mayReplicate], keys: [.range(1, -1, [.readWrite, .access])],
            group: .hyperloglog, since: "2.8.9",
            complexity: "O(1) for one key that has not changed since; O(n), n being the number of keys, otherwise.",
            summary: "Estimates how many different elements were added to one or several HyperLogLogs.",
            syntax: "key:key...", handler: count),
        Command(
            "pfmerge", arity: -2, flags: [.write, .denyoom],
            keys: [.one(1, [.readWrite, .access, .insert]), .range(2, -1, [.readOnly, .access])],
            group: .hyperloglog, since: "2.8.9", complexity: "O(n), n being the number of keys.",
            summary: "Adds to a HyperLogLog what was added to others.", syntax: "destkey:key [sourcekey:key...]",
            handler: merge),
    ]

    // MARK: Adding

    private static func add(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let found = try call.findHyperLogLog(key)
        if let found, HyperLogLog.encoding(found) == .dense { return addToDense(&call, key) }
        var isChanged = found == nil
        var bytes = found ?? call.createHyperLogLog(key)
        for index in 2..<max(2, call.count) {
            let (register, value) = HyperLogLog.pattern(call[index])
            guard let place = try HyperLogLog.place(bytes, of: register, below: value) else { continue }
            // What has changed something cannot fail any more.
            if !isChanged, index + 1 < call.count { try HyperLogLog.forEachRun(bytes) { _, _, _ in } }
            guard
                let edit = SparseEdit(
                    bytes, place, raising: register, to: value, limit: call.limits.hyperLogLogSparse,
                    window: call.scratch)
            else { return try addAsDense(&call, key, bytes, from: index) }
            bytes = call.apply(edit, to: key, bytes, from: call.scratch)
            isChanged = true
        }
        if isChanged { call.access.changed(key, .pfadd) }
        call.reply.integer(isChanged)
    }

    /// Adds the elements from an argument on to a sparse sketch, which turns dense.
    private static func addAsDense(
        _ call: inout Call, _ key: Key, _ bytes: ByteView, from first: Int
    ) throws(CommandError) {
        var editor = HyperLogLogEditor(bytes, sparseLimit: call.limits.hyperLogLogSparse)
        try editor.makeDense()
        for index in first..<call.count {
            let (register, value) = HyperLogLog.pattern(call[index])
            _ = try editor.raise(register, to: value)
        }
        editor.invalidateCount()
        call.storeHyperLogLog(key, editor.bytes)
        call.reply.integer(true)
    }

    private static func addToDense(_ call: inout Call, _ key: Key) {
        let bytes = call.access.resizeString(key, to: HyperLogLog.denseSize, event: nil)
        let registers = HyperLogLog.DenseRegisters(bytes)
        var isChanged = false
        for index in 2..<max(2, call.count) {
            let (register, value) = HyperLogLog.pattern(call[index])
            if registers.raise(register, to: value) { isChanged = true }
        }
        if isChanged {
            HyperLogLog.invalidateCount(bytes)
            call.access.changed(key, .pfadd)
        }
        call.reply.integer(isChanged)
    }

    // MARK: Counting

    private static func count(_ call: inout Call) throws(CommandError) {
        guard call.count == 2 else { return try countUnion(&call) }
        let key = call.key(1)
        guard let entry = try call.readHyperLogLog(key) else { return call.reply.integer(0) }
        if let count = HyperLogLog.cachedCount(entry.bytes) { return call.reply.integer(Int64(count)) }
        let count = try HyperLogLog.count(entry.bytes)
        // A computed value stays what it is.
        if !entry.isComputed {
            let bytes = call.access.resizeString(key, to: entry.bytes.count, event: nil)
            HyperLogLog.setCachedCount(bytes, count)
            call.access.changed(key, .countedHyperLogLog)
        }
        call.reply.integer(Int64(count))
    }

    private static func countUnion(_ call: inout Call) throws(CommandError) {
        let registers = HyperLogLog.PlainRegisters()
        for index in 1..<call.count {
            guard let entry = try call.readHyperLogLog(call.key(index)) else { continue }
            try registers.merge(entry.bytes)
        }
        call.reply.integer(Int64(registers.count))
    }

    // MARK: Merging

    private static func merge(_ call: inout Call) throws(CommandError) {
        let registers = HyperLogLog.PlainRegisters()
        var hasDense = false
        for index in 1..<call.count {
            guard let entry = try call.readHyperLogLog(call.key(index)) else { continue }
            if HyperLogLog.encoding(entry.bytes) == .dense { hasDense = true }
            try registers.merge(entry.bytes)
        }
        let key = call.key(1)
        var editor = HyperLogLogEditor(
            try call.findHyperLogLog(key), sparseLimit: call.limits.hyperLogLogSparse)
        if hasDense { try editor.makeDense() }
        for index in 0..<HyperLogLog.registerCount where registers[index] > 0 {
            _ = try editor.raise(index, to: registers[index])
        }
        editor.invalidateCount()
        call.storeHyperLogLog(key, editor.bytes)
        call.reply.ok()
    }
}

extension Call {
    /// The sketch at `key` for a command that only reads; nil where there is none.
    mutating func readHyperLogLog(_ key: Key) throws(CommandError) -> Entry? {
        guard let entry = try readString(key) else { return nil }
        guard entry.encoding != .integer, HyperLogLog.encoding(entry.bytes) != nil else { throw .notHyperLogLog }
        return entry
    }

    /// The bytes of the sketch at `key` for a command that is going to change it.
    mutating func findHyperLogLog(_ key: Key) throws(CommandError) -> ByteView? {
        guard let entry = try findString(key) else { return nil }
        guard entry.encoding != .integer, HyperLogLog.encoding(entry.bytes) != nil else { throw .notHyperLogLog }
        return entry.bytes
    }

    /// Makes `key`, which does not exist, a sketch without elements. The caller tells of the change.
    mutating func createHyperLogLog(_ key: Key) -> ByteView {
        let bytes = access.resizeString(key, to: HyperLogLog.emptySize, event: nil)
        HyperLogLog.writeEmpty(to: bytes)
        HyperLogLog.invalidateCount(bytes)
        return ByteView(bytes, count: HyperLogLog.emptySize)
    }

    /// Changes the sparse sketch at `key`, whose bytes are `old`, and answers its new bytes. The caller tells of the change.
    mutating func apply(
        _ edit: SparseEdit, to key: Key, _ old: ByteView, from window: UnsafeMutablePointer<UInt8>
    ) -> ByteView {
        let count = old.count + edit.growth
        // What moves up needs the room first, what moves down is done with it.
        let bytes = access.resizeString(key, to: max(old.count, count), event: nil)
        edit.apply(to: bytes, count: old.count, from: window)
        HyperLogLog.invalidateCount(bytes)
        return ByteView(edit.growth < 0 ? access.resizeString(key, to: count, event: nil) : bytes, count: count)
    }

    /// Makes `key` the sketch `bytes`, which lie elsewhere, and keeps its time to live.
    mutating func storeHyperLogLog(_ key: Key, _ bytes: ByteView, event: KeyEvent = .pfadd) {
        memcpy(access.resizeString(key, to: bytes.count, event: event), bytes.start, bytes.count)
    }
}

extension KeyEvent {
    static let pfadd = KeyEvent(.string, "pfadd")
    /// The estimate was written down. Redis tells who watches the key, and nobody else.
    static let countedHyperLogLog = KeyEvent([], "pfcount", effect: .none)
}
