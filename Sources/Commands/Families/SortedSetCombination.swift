import Keyspace
import Primitives

/// A union, intersection or difference of sorted sets, and of sets, whose members all count 1, computed in steps.
///
/// Scores are combined in the order of the operands' sizes, the smallest first, which is the order that tells when rounding
/// does.
final class SortedSetCombination: SlicedWork, @unchecked Sendable {
    private struct Operand {
        let value: ScoredMembers
        let weight: Double

        /// Infinity times nothing is 0.
        @inline(__always)
        func weighted(_ score: Double) -> Double {
            let product = weight * score
            return product.isNaN ? 0 : product
        }

        /// What looking for members ahead needs.
        var sorted: SortedSetValue? {
            if case .sorted(let value) = value { return value }
            return nil
        }
    }

    /// One way through an operand.
    private enum Pass {
        /// Its members are those of the result, in order.
        case copy(Operand)
        /// Its members come to those of the result.
        case merge(Operand)
        /// Those of its members that all others have.
        case intersect(Operand, with: [Operand])
        /// Those of its members that no other has, in order where it is.
        case subtract(Operand, others: [Operand])

        var operand: Operand {
            switch self {
            case .copy(let operand), .merge(let operand), .intersect(let operand, _), .subtract(let operand, _): operand
            }
        }
    }

    let plan: SortedSetAlgebra
    let effort: Int
    /// Members found, where they are only counted.
    private(set) var count = 0
    /// What is left to do, the next pass last.
    private var passes: [Pass] = []
    private var position: UInt64 = 0
    /// Members gone through.
    private var seen = 0
    private var batch = MemberBatch()
    private var members: SortedSetValue?

    static func accepts(_ type: ValueType) -> Bool { type == .sortedSet || type == .set }

    init(_ plan: SortedSetAlgebra, _ entries: [Entry?]) {
        self.plan = plan
        let operands: [Operand?] = entries.indices.map { index in
            entries[index].map {
                Operand(value: ScoredMembers($0), weight: plan.weights.isEmpty ? 1 : plan.weights[index])
            }
        }
        let ordered = operands.compactMap { $0 }.sorted { $0.value.count < $1.value.count }
        let total = ordered.reduce(0) { $0 + $1.value.count }
        switch plan.operation {
        case .union:
            effort = total
            // Where the order does not matter, the largest comes first: it may be in order already.
            let isCommutative = ordered.count == 2 || plan.aggregate != .sum
            passes = (isCommutative ? ordered : ordered.reversed()).map { .merge($0) }
            // Unless a weight turns it around or rounds scores to equal ones.
            if let first = passes.last?.operand, first.weight == 1, first.sorted != nil {
                passes[passes.count - 1] = .copy(first)
            }
        case .intersection:
            if operands.allSatisfy({ $0 != nil }), let smallest = ordered.first {
                effort = smallest.value.count * ordered.count
                passes = [.intersect(smallest, with: Array(ordered[1...]))]
            } else {
                effort = 0
            }
        case .difference:
            if let first = operands[0] {
                effort = first.value.count * operands.count
                passes = [.subtract(first, others: operands[1...].compactMap { $0 })]
            } else {
                effort = 0
            }
        }
    }

    deinit {
        batch.destroy()
        members?.destroy()
    }

    func advance() -> Bool {
        guard let pass = passes.last else { return false }
        position = batch.fill(from: pass.operand.value, at: position)
        seen += batch.count
        switch pass {
        case .copy: append()
        case .merge(let operand): merge(operand)
        case .intersect(let operand, let others):
            intersect(operand, others)
            insert()
        case .subtract(let operand, let others):
            subtract(others)
            if operand.sorted != nil { append() } else { insert() }
        }
        if position == 0 { passes.removeLast() }
        return !passes.isEmpty && count < plan.limit
    }

    /// The finished set, which is the caller's.
    func take() -> SortedSetValue { members.take() ?? .make() }

    /// The finished set, as long as the work is there.
    var result: SortedSetValue? { members }

    private func intersect(_ operand: Operand, _ others: [Operand]) {
        let aggregate = plan.aggregate
        batch.keep(lookingIn: nil) { item in
            item.score = operand.weighted(item.score)
            return true
        }
        for other in others {
            batch.keep(lookingIn: other.sorted) { item in
                guard let score = other.value.score(of: item.member) else { return false }
                item.score = aggregate(item.score, other.weighted(score))
                return true
            }
        }
    }

    private func subtract(_ others: [Operand]) {
        for other in others {
            batch.keep(lookingIn: other.sorted) { other.value.score(of: $0.member) == nil }
        }
    }

    private func merge(_ operand: Operand) {
        let (aggregate, limits) = (plan.aggregate, limits(expecting: effort))
        var set = members ?? .make()
        batch.forEach(lookingIn: set) { item in
            let score = operand.weighted(item.score)
            set.update(item.member, limits: limits) { $0.map { aggregate($0, score) } ?? score }
        }
        members = set
    }

    /// Puts what is new where its score belongs.
    private func insert() {
        guard plan.form != .count else {
            count += batch.count
            return
        }
        // What has been found so far tells how much there will be.
        var set = members ?? .make()
        let share = Double(set.count + batch.count) / Double(max(1, seen))
        let limits = limits(expecting: Int(share * Double(passes.last?.operand.value.count ?? 0)))
        batch.forEach(lookingIn: set) { item in set.insert(item.member, item.score, limits: limits) }
        members = set
    }

    private func limits(expecting count: Int) -> SortedSetLimits {
        var limits = plan.limits
        limits.expected = count
        return limits
    }

    /// Puts what is new behind all that is there.
    private func append() {
        var builder = SortedSetBuilder(continuing: members.take() ?? .make(), limits: plan.limits)
        batch.forEach(lookingIn: nil) { item in builder.append(item.member, item.score) }
        members = builder.finish()
    }
}
