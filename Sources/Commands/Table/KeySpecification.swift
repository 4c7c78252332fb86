import Primitives

/// Where a command's arguments hold keys, and what it does to them.
public struct KeySpecification: Sendable {
    /// What is done to the keys, with the names of `COMMAND INFO`.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let readOnly = Flags(rawValue: 1 << 0)
        public static let readWrite = Flags(rawValue: 1 << 1)
        public static let overwrite = Flags(rawValue: 1 << 2)
        public static let removes = Flags(rawValue: 1 << 3)
        public static let access = Flags(rawValue: 1 << 4)
        public static let update = Flags(rawValue: 1 << 5)
        public static let insert = Flags(rawValue: 1 << 6)
        public static let delete = Flags(rawValue: 1 << 7)
        /// What is done depends on the other arguments.
        public static let variable = Flags(rawValue: 1 << 8)
        /// Names something else than a key, by which a cluster would choose the node too.
        public static let notKey = Flags(rawValue: 1 << 9)
    }

    public enum Shape: Sendable {
        /// Keys at every `step`-th argument from `first` to `last`; a negative `last` counts from the end (-1 is the
        /// last argument).
        case range(first: Int, last: Int, step: Int)
        /// The argument at `count` says how many keys follow it.
        case counted(count: Int)
        /// The first argument from `from` on that is `word` (lower case) is followed by the number of keys, and that by the
        /// keys. What stands behind the word `skipping` and its number is not looked at.
        case keyword(StaticString, from: Int, skipping: StaticString)
        /// One key: the argument behind the last one from `from` on that is `word` (lower case) and no value of one of the
        /// options `others`, which have so many values each.
        case option(StaticString, from: Int, others: [(word: StaticString, values: Int)])
        /// Keys that no argument names: their names are made of values, and of patterns behind the words BY and GET in
        /// which a star stands for a value.
        case derived
        /// The first half of the arguments behind the option `word` (lower case), of which the second half belongs to them,
        /// as in XREAD. `from` is where clients look for the word.
        case halves(StaticString, from: Int)
        /// The argument at `count` says how many pairs of a key and a value follow it.
        case countedPairs(count: Int)
        /// Each argument from `from` on that is `word` (lower case) is followed by a key. A command means only one of
        /// them, but which one its other arguments tell.
        case behind(StaticString, from: Int)
    }

    public let shape: Shape
    public let flags: Flags

    /// One key, the argument at `index`.
    public static func one(_ index: Int, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .range(first: index, last: index, step: 1), flags: flags)
    }

    /// Keys at every `step`-th argument from `first` to `last`.
    public static func range(_ first: Int, _ last: Int, step: Int = 1, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .range(first: first, last: last, step: step), flags: flags)
    }

    /// As many keys as the argument at `index` says, behind it.
    public static func counted(_ index: Int, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .counted(count: index), flags: flags)
    }

    /// As many keys, each with a value behind it, as the argument at `index` says, behind it.
    public static func countedPairs(_ index: Int, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .countedPairs(count: index), flags: flags)
    }

    /// The key behind `word`, which is looked for from the argument `index` on.
    public static func behind(_ word: StaticString, from index: Int, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .behind(word, from: index), flags: flags)
    }

    /// The keys behind `word`, which is looked for from the argument `index` on, but not among what is counted behind
    /// `other`.
    public static func keyword(
        _ word: StaticString, from index: Int, skipping other: StaticString, _ flags: Flags
    ) -> KeySpecification {
        KeySpecification(shape: .keyword(word, from: index, skipping: other), flags: flags)
    }

    /// The key behind the last `word` from the argument `index` on, the values of `others` not looked at.
    public static func option(
        _ word: StaticString, from index: Int, others: [(word: StaticString, values: Int)], _ flags: Flags
    ) -> KeySpecification {
        KeySpecification(shape: .option(word, from: index, others: others), flags: flags)
    }

    /// Whether a call may touch keys that none of its arguments names.
    func derivesKeys(in arguments: UnsafeBufferPointer<ByteView>) -> Bool {
        guard case .derived = shape else { return false }
        return arguments.indices.dropFirst().contains { index in
            (arguments[index - 1].equalsIgnoringCase("by") || arguments[index - 1].equalsIgnoringCase("get"))
                && arguments[index].buffer.contains(UInt8(ascii: "*"))
        }
    }

    /// The first half of what stands behind `word`.
    public static func halves(_ word: StaticString, from index: Int, _ flags: Flags) -> KeySpecification {
        KeySpecification(shape: .halves(word, from: index), flags: flags)
    }

    /// Where the keys are whose arguments are the other half; nil where there are none. Options in front are passed over with
    /// their values: what looks like the word may be one of those.
    private func firstHalf(_ word: StaticString, in arguments: UnsafeBufferPointer<ByteView>) -> Range<Int>? {
        var index = 1
        while index + 1 < arguments.count {
            let option = arguments[index]
            if option.equalsIgnoringCase(word) {
                return index + 1..<index + 1 + (arguments.count - index - 1) / 2
            }
            if option.equalsIgnoringCase("count") || option.equalsIgnoringCase("block") {
                index += 2
            } else if option.equalsIgnoringCase("group") {
                index += 3
            } else if option.equalsIgnoringCase("noack") {
                index += 1
            } else {
                return nil
            }
        }
        return nil
    }

    /// The index of the argument that says how many keys follow it; nil where keys are not counted or there is none.
    func countIndex(in arguments: UnsafeBufferPointer<ByteView>) -> Int? {
        switch shape {
        case .range, .option, .derived, .halves, .behind: return nil
        case .counted(let index), .countedPairs(let index): return index
        case .keyword(let word, var index, let other):
            while index < arguments.count {
                if arguments[index].equalsIgnoringCase(word) { return index + 1 }
                if arguments[index].equalsIgnoringCase(other), index + 1 < arguments.count,
                    let count = parseInteger(arguments[index + 1]), count > 0, count < arguments.count
                {
                    index += Int(count) + 1
                }
                index += 1
            }
            return nil
        }
    }

    /// Whether `arguments`, which fit the command's arity, hold the keys. Not where a count is wrong.
    func fits(_ arguments: UnsafeBufferPointer<ByteView>) -> Bool {
        let step: Int
        switch shape {
        case .counted: step = 1
        case .countedPairs: step = 2
        case .halves(let word, _): return firstHalf(word, in: arguments) != nil
        case .range, .keyword, .option, .derived, .behind: return true
        }
        guard let index = countIndex(in: arguments), index < arguments.count,
            let count = parseInteger(arguments[index])
        else { return false }
        return count > 0 && count <= (arguments.count - index - 1) / step
    }

    /// Calls `body` with the index of each key among `arguments`; nothing where the arguments do not fit.
    @inline(__always)
    func forEachKey(in arguments: UnsafeBufferPointer<ByteView>, _ body: (Int) -> Void) {
        guard case .range(let first, let last, let step) = shape else { return forEachSoughtKey(in: arguments, body) }
        let end = last >= 0 ? last : arguments.count + last
        for index in stride(from: first, through: min(end, arguments.count - 1), by: step) { body(index) }
    }

    /// The same where the arguments say where the keys are.
    private func forEachSoughtKey(in arguments: UnsafeBufferPointer<ByteView>, _ body: (Int) -> Void) {
        switch shape {
        case .range, .derived: break
        case .option(let word, var index, let others):
            var key: Int?
            while index < arguments.count {
                if arguments[index].equalsIgnoringCase(word), index + 1 < arguments.count {
                    key = index + 1
                    index += 1
                } else if let other = others.first(where: { arguments[index].equalsIgnoringCase($0.word) }) {
                    index += other.values
                }
                index += 1
            }
            if let key { body(key) }
        case .halves(let word, _): firstHalf(word, in: arguments)?.forEach(body)
        case .counted, .keyword:
            guard let index = countIndex(in: arguments), index < arguments.count,
                let count = parseInteger(arguments[index]), count > 0,
                count <= arguments.count - index - 1
            else { return }
            for key in index + 1...index + Int(count) { body(key) }
        case .countedPairs(let index):
            guard fits(arguments), let count = parseInteger(arguments[index]) else { return }
            for pair in 0..<Int(count) { body(index + 1 + 2 * pair) }
        case .behind(let word, let start):
            for index in start..<max(start, arguments.count - 1) where arguments[index].equalsIgnoringCase(word) {
                body(index + 1)
            }
        }
    }
}
