import Primitives

/// One part of a `ReaderTable`: open addressing with linear probing over words of 8 bytes, each the address of a block and
/// 16 bits of its key's hash. What is taken out leaves no mark: those behind it move up.
struct KeyReadersTable: ~Copyable {
    /// The words of a table: a power of two of them, none where nothing was ever added.
    struct Storage {
        var words: UnsafeMutablePointer<UInt64>?
        var capacity = 0

        /// Frees all of it.
        func destroy() {
            guard let words else { return }
            for index in 0..<capacity where words[index] != 0 { KeyReadersTable.readers(words[index]).free() }
            Allocation.free(words)
        }
    }

    private static let minimumCapacity = 8
    private static let addressMask: UInt64 = 1 << 48 - 1
    private var storage = Storage()
    private var count = 0
    private var items = 0
    /// Where `takeAny` goes on.
    private var hand = 0

    func destroy() { storage.destroy() }

    fileprivate static func readers(_ word: UInt64) -> KeyReaders {
        // Words that are not 0 were made of a block's address.
        KeyReaders(UnsafeMutableRawPointer(bitPattern: UInt(word & addressMask)).unsafelyUnwrapped)
    }

    private static func word(_ readers: KeyReaders) -> UInt64 {
        UInt64(UInt(bitPattern: readers.block)) | tag(readers.hash)
    }

    /// The bits of a hash behind those that have chosen the part.
    private static func tag(_ hash: UInt64) -> UInt64 { (hash >> 8) << 48 }

    /// Where the search for a word's key begins. Most tables are so small that its bits of the hash say it.
    private func home(_ word: UInt64) -> Int {
        let bits = storage.capacity <= 1 << 16 ? word >> 48 : Self.readers(word).hash >> 8
        return Int(truncatingIfNeeded: bits) & (storage.capacity - 1)
    }

    // MARK: Looking up

    /// The index of a key's word.
    func find(_ key: Key, database: Int) -> Int? {
        guard let words = storage.words else { return nil }
        let mask = storage.capacity - 1
        let tag = Self.tag(key.hash)
        var index = Int(truncatingIfNeeded: key.hash >> 8) & mask
        while words[index] != 0 {
            if words[index] & ~Self.addressMask == tag, Self.readers(words[index]).isOf(key, database: database) {
                return index
            }
            index = (index + 1) & mask
        }
        return nil
    }

    // MARK: Changing

    mutating func add(_ reader: UInt32, to key: Key, database: Int) -> (isNewKey: Bool, isNewReader: Bool) {
        if let words = storage.words, let index = find(key, database: database) {
            guard let readers = Self.readers(words[index]).adding(reader) else { return (false, false) }
            words[index] = Self.word(readers)
            items += 1
            return (false, true)
        }
        if count >= storage.capacity / 4 * 3 { resize(max(Self.minimumCapacity, storage.capacity * 2)) }
        insert(Self.word(KeyReaders(key, database: database, reader: reader)))
        count += 1
        items += 1
        return (true, true)
    }

    private func insert(_ word: UInt64) {
        guard let words = storage.words else { return }
        var index = home(word)
        while words[index] != 0 { index = (index + 1) & (storage.capacity - 1) }
        words[index] = word
    }

    private mutating func resize(_ capacity: Int) {
        let old = storage
        let bytes = capacity * MemoryLayout<UInt64>.stride
        storage = Storage(
            words: Allocation.allocateZeroed(bytes).bindMemory(to: UInt64.self, capacity: capacity), capacity: capacity)
        guard let words = old.words else { return }
        for index in 0..<old.capacity where words[index] != 0 { insert(words[index]) }
        Allocation.free(words)
    }

    mutating func take(_ key: Key, database: Int) -> KeyReaders? {
        find(key, database: database).flatMap { take(at: $0) }
    }

    /// Takes the first key from where the last one was taken on.
    mutating func takeAny() -> KeyReaders? {
        guard let words = storage.words, count > 0 else { return nil }
        var index = hand & (storage.capacity - 1)
        while words[index] == 0 { index = (index + 1) & (storage.capacity - 1) }
        hand = index
        return take(at: index)
    }

    private mutating func take(at position: Int) -> KeyReaders? {
        guard let words = storage.words else { return nil }
        let taken = Self.readers(words[position])
        let mask = storage.capacity - 1
        var (gap, index) = (position, position)
        while true {
            index = (index + 1) & mask
            guard words[index] != 0 else { break }
            // It may move up unless its search begins behind the gap.
            if (index - home(words[index])) & mask >= (index - gap) & mask {
                words[gap] = words[index]
                gap = index
            }
        }
        words[gap] = 0
        count -= 1
        items -= taken.count
        if storage.capacity > Self.minimumCapacity, count < storage.capacity / 8 { resize(storage.capacity / 2) }
        return taken
    }

    /// Forgets all keys; returns what has held them, and how many keys and readers of keys that were.
    mutating func removeAll() -> (storage: Storage, keys: Int, items: Int) {
        defer {
            storage = Storage()
            count = 0
            items = 0
        }
        return (storage, count, items)
    }
}
