import Keyspace
import Primitives

/// Keys opened as the type that a command works on.
extension Call {
    // MARK: Reading

    /// The string at `key` for a command that only reads; nil where there is none.
    @inline(__always)
    public mutating func readString(_ key: Key) throws(CommandError) -> Entry? {
        guard let entry = access.read(key) else { return nil }
        guard entry.type == .string else { throw .wrongType }
        return entry
    }

    /// The aggregate at `key` for a command that only reads; nil where there is none.
    @inline(__always)
    public mutating func read<Value: AggregateValue>(
        _ key: Key, as _: Value.Type = Value.self
    ) throws(CommandError) -> Value? {
        guard let entry = access.read(key) else { return nil }
        guard entry.type == Value.type else { throw .wrongType }
        return entry.aggregate(Value.self)
    }

    // MARK: Writing

    /// The string at `key` for a command that is going to change it.
    @inline(__always)
    public mutating func findString(_ key: Key) throws(CommandError) -> Entry? {
        guard let entry = access.find(key) else { return nil }
        guard entry.type == .string else { throw .wrongType }
        return entry
    }

    /// Changes the aggregate at `key`, or does nothing where there is none.
    ///
    /// - Parameter body: changes the value and returns the event that names the change, nil when nothing changed. When it
    ///   throws nothing must have changed. A value that is vacant afterwards is removed with its key.
    /// - Returns: whether the key existed.
    @inline(__always)
    @discardableResult
    public mutating func update<Value: AggregateValue>(
        _ key: Key, as _: Value.Type = Value.self,
        _ body: (inout Value, inout Call) throws(CommandError) -> KeyEvent?
    ) throws(CommandError) -> Bool {
        guard let entry = access.find(key) else { return false }
        guard entry.type == Value.type else { throw .wrongType }
        try change(key, entry, body)
        return true
    }

    /// As `update`, for a command that reads the value as well: hits and misses are counted.
    @inline(__always)
    @discardableResult
    public mutating func readAndUpdate<Value: AggregateValue>(
        _ key: Key, as _: Value.Type = Value.self,
        _ body: (inout Value, inout Call) throws(CommandError) -> KeyEvent?
    ) throws(CommandError) -> Bool {
        guard let entry = access.read(key) else { return false }
        guard entry.type == Value.type else { throw .wrongType }
        // Whoever is concerned by the change is found by looking for what may be changed.
        if access.concernsOthers(entry) { _ = access.find(key) }
        try change(key, entry, body)
        return true
    }

    /// Changes the aggregate at `key`, which is created where there is none.
    ///
    /// - Parameter body: as in `update`. A new value that it leaves vacant is not stored.
    @inline(__always)
    public mutating func upsert<Value: AggregateValue>(
        _ key: Key, as _: Value.Type = Value.self,
        _ body: (inout Value, inout Call) throws(CommandError) -> KeyEvent?
    ) throws(CommandError) {
        if let entry = access.find(key) {
            guard entry.type == Value.type else { throw .wrongType }
            return try change(key, entry, body)
        }
        var value = Value.make()
        do throws(CommandError) {
            if let event = try body(&value, &self), !value.isVacant {
                access.store(key, value, event: event)
            } else {
                value.destroy()
            }
        } catch {
            value.destroy()
            throw error
        }
    }

    @inline(__always)
    private mutating func change<Value: AggregateValue>(
        _ key: Key, _ entry: Entry, _ body: (inout Value, inout Call) throws(CommandError) -> KeyEvent?
    ) throws(CommandError) {
        var value = entry.aggregate(Value.self)
        let before = (usage: value.memoryUsage, expiry: value.minimumExpiry)
        let event = try body(&value, &self)
        access.close(key, entry, value, before: before, event: event)
    }
}
