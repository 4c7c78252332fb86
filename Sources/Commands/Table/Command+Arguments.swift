import Primitives

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

    /// What a call does to the keys that a specification finds, where that varies with the options: SET reads only with GET or
    /// under a condition, BITFIELD writes only with other operations than GET, DELEX reads only under a condition.
    func keyFlags(
        _ specification: KeySpecification, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> KeySpecification.Flags {
        guard specification.flags.contains(.variable) else { return specification.flags }
        switch name {
        case "bitfield":
            let writes = arguments.dropFirst(2).contains {
                $0.equalsIgnoringCase("set") || $0.equalsIgnoringCase("incrby")
            }
            return writes ? [.readWrite, .access, .update] : [.readOnly, .access]
        case "delex": return arguments.count > 2 ? [.readWrite, .access, .delete] : [.removes, .delete]
        case "set":
            let reading: [StaticString] = ["get", "ifeq", "ifne", "ifdeq", "ifdne"]
            let reads = arguments.dropFirst(3).contains { argument in
                reading.contains { argument.equalsIgnoringCase($0) }
            }
            return reads ? [.readWrite, .access, .update] : [.overwrite, .update]
        default: return specification.flags
        }
    }
}
