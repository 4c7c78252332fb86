import Keyspace
import Primitives
import RESP

/// Work whose keys all have sets.
protocol SetWork: SlicedWork {}

/// The members that a union, an intersection or a difference of sets answers, encoded.
final class SetAnswer: SetWork, @unchecked Sendable {
    private let algebra: SetAlgebra
    /// The encoded members, which are alike in all versions of the protocol.
    let draft = ReplyDraft()
    private(set) var count = 0

    init(_ operation: SetAlgebra.Operation, _ entries: [Entry?]) {
        algebra = SetAlgebra(operation, entries.sets)
    }

    var effort: Int { algebra.effort }

    func advance() -> Bool {
        let writer = draft.writer(version: 2)
        return algebra.advance { element in
            writer.bulk(element.value)
            count &+= 1
            return true
        }
    }
}

/// The size of an intersection of sets, up to a limit; 0 for none.
final class SetCount: SetWork, @unchecked Sendable {
    private let algebra: SetAlgebra
    private let limit: Int
    private(set) var count = 0

    init(_ limit: Int, _ entries: [Entry?]) {
        algebra = SetAlgebra(.intersection, entries.sets)
        self.limit = limit
    }

    var effort: Int { algebra.effort }

    func advance() -> Bool {
        algebra.advance { _ in
            count &+= 1
            return count != limit
        }
    }
}

/// The set that a union, an intersection or a difference of sets stores.
final class SetResult: SetWork, @unchecked Sendable {
    private let algebra: SetAlgebra
    private let operation: SetAlgebra.Operation
    private let limits: SetLimits
    private var set: SetValue?

    init(_ operation: SetAlgebra.Operation, _ entries: [Entry?], _ limits: SetLimits) {
        algebra = SetAlgebra(operation, entries.sets)
        self.operation = operation
        self.limits = limits
        // Kept as Redis's would be: an intersection like the smallest of its sets.
        set = operation == .intersection ? algebra.sourceEncoding.map { .make($0) } : nil
    }

    deinit { set?.destroy() }

    var effort: Int { algebra.effort }

    func advance() -> Bool {
        var set = set ?? .make()
        defer { self.set = set }
        return algebra.advance { element in
            set.addNew(element, limits: limits)
            return true
        }
    }

    /// The finished set, which is the caller's.
    func take() -> SetValue {
        var result = set.take() ?? .make()
        if operation == .intersection { result.convertToIntegers(limits: limits) }
        return result
    }
}

extension SetWork {
    static func accepts(_ type: ValueType) -> Bool { type == .set }
}

extension [Entry?] {
    /// The sets that the entries hold.
    fileprivate var sets: [SetValue?] { map { $0?.aggregate(SetValue.self) } }
}
