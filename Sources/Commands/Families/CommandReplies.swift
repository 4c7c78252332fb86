import RESP

/// How records are shown: the replies of COMMAND INFO and COMMAND DOCS.
extension ReplyWriter {
    // MARK: INFO

    /// The ten elements of COMMAND INFO. Tips are about clusters and have none.
    func information(_ entry: CommandEntry) {
        let command = entry.command
        let range = command.keyRange
        array(10)
        bulk(entry.fullName)
        integer(command.arity)
        set(of: command.flags.names)
        integer(range.first)
        integer(range.last)
        integer(range.step)
        let categories = command.allCategories.names
        set(categories.count)
        for name in categories { simple("@" + name) }
        set(0)
        set(command.keys.count)
        for specification in command.keys { keySpecification(specification) }
        let subcommands = entry.subcommandEntries
        set(subcommands.count)
        for subcommand in subcommands { information(subcommand) }
    }

    private func keySpecification(_ specification: KeySpecification) {
        map(3)
        bulk("flags")
        set(of: specification.flags.names)
        switch specification.shape {
        case .range(let first, let last, let step):
            search(from: first)
            // Counted from the first key, where not from the end.
            find("range", [("lastkey", last >= 0 ? last - first : last), ("keystep", step), ("limit", 0)])
        case .counted(let index):
            search(from: index)
            find("keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)])
        case .halves(let word, let start):
            search(for: word, from: start)
            find("range", [("lastkey", -1), ("keystep", 1), ("limit", 2)])
        case .keyword(let word, let start, _):
            search(for: word, from: start)
            find("keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)])
        case .option, .derived:
            bulk("begin_search")
            typed("unknown", [])
            find("unknown", [])
        case .countedPairs(let index):
            search(from: index)
            find("keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", 2)])
        case .behind(let word, let start):
            search(for: word, from: start)
            find("range", [("lastkey", 0), ("keystep", 1), ("limit", 0)])
        }
    }

    private func search(for word: StaticString, from index: Int) {
        bulk("begin_search")
        map(2)
        bulk("type")
        bulk("keyword")
        bulk("spec")
        map(2)
        bulk("keyword")
        bulk(word.description.uppercased())
        bulk("startfrom")
        integer(index)
    }

    private func search(from index: Int) {
        bulk("begin_search")
        typed("index", [("index", index)])
    }

    private func find(_ type: StaticString, _ numbers: [(StaticString, Int)]) {
        bulk("find_keys")
        typed(type, numbers)
    }

    private func typed(_ type: StaticString, _ numbers: [(StaticString, Int)]) {
        map(2)
        bulk("type")
        bulk(type)
        bulk("spec")
        map(numbers.count)
        for (name, number) in numbers {
            bulk(name)
            integer(number)
        }
    }

    /// A set of statuses.
    func set(of names: [StaticString]) {
        set(names.count)
        for name in names { simple(name) }
    }

    // MARK: DOCS

    /// The full name and the map of COMMAND DOCS: one pair of its outer map.
    func documentation(_ entry: CommandEntry) {
        let command = entry.command
        let arguments = command.arguments
        let subcommands = entry.subcommandEntries
        bulk(entry.fullName)
        map(4 + (arguments.isEmpty ? 0 : 1) + (subcommands.isEmpty ? 0 : 1))
        bulk("summary")
        bulk(command.summary)
        bulk("since")
        bulk(command.since)
        bulk("group")
        bulk(command.group.rawValue)
        bulk("complexity")
        bulk(command.complexity)
        if !arguments.isEmpty {
            bulk("arguments")
            list(arguments)
        }
        if !subcommands.isEmpty {
            bulk("subcommands")
            map(subcommands.count)
            for subcommand in subcommands { documentation(subcommand) }
        }
    }

    private func list(_ arguments: [Argument]) {
        array(arguments.count)
        for argument in arguments { self.argument(argument) }
    }

    private func argument(_ argument: Argument) {
        let isGroup = argument.kind == .oneOf || argument.kind == .block
        let flags = argument.flags
        // Name, type, and either the text to show or the nested arguments.
        var pairs = 3
        if argument.keySpecification != nil { pairs += 1 }
        if argument.token != nil { pairs += 1 }
        if !flags.isEmpty { pairs += 1 }
        map(pairs)
        bulk("name")
        bulk(argument.name)
        bulk("type")
        bulk(argument.kind.rawValue)
        if !isGroup {
            bulk("display_text")
            bulk(argument.display ?? argument.name)
        }
        if let index = argument.keySpecification {
            bulk("key_spec_index")
            integer(index)
        }
        if let token = argument.token {
            bulk("token")
            bulk(token)
        }
        if !flags.isEmpty {
            bulk("flags")
            set(of: flags)
        }
        if isGroup {
            bulk("arguments")
            list(argument.arguments)
        }
    }
}

extension Argument {
    fileprivate var flags: [StaticString] {
        var flags: [StaticString] = []
        if isOptional { flags.append("optional") }
        if isMultiple { flags.append("multiple") }
        if repeatsToken { flags.append("multiple_token") }
        return flags
    }
}
