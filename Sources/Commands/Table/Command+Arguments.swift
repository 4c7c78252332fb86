extension Command {
    /// The arguments behind the name as a tree, each key with the specification that finds it. O(length of `syntax`).
    public var arguments: [Argument] {
        var arguments: [Argument] = []
        do throws(ArgumentSyntax.Failure) {
            arguments = try ArgumentSyntax.parse(syntax)
        } catch {
            assertionFailure("\(name): \(error)")
        }
        var next = 0
        assignKeys(&arguments, &next)
        return arguments
    }

    /// Keys are written in the order of their specifications; of several for one specification it is the last.
    private func assignKeys(_ arguments: inout [Argument], _ next: inout Int) {
        for index in arguments.indices {
            if arguments[index].kind == .key, !keys.isEmpty {
                arguments[index].keySpecification = min(next, keys.count - 1)
                next += 1
            }
            assignKeys(&arguments[index].arguments, &next)
        }
    }

    /// First key, last key and the step between keys, as clients of before Redis 7 expect them: what of the
    /// specifications is one row of arguments. All zero where nothing is.
    var keyRange: (first: Int, last: Int, step: Int) {
        if keys.count == 1, case .range(let first, let last, let step) = keys[0].shape { return (first, last, step) }
        var range = (first: 0, last: 0, step: 0)
        for case .range(let first, let last, let step) in keys.map(\.shape) {
            guard step == 1, range.last == 0 || range.last == first - 1 else { return (0, 0, 0) }
            range = (range.step == 0 ? first : range.first, last, 1)
        }
        return range
    }
}
