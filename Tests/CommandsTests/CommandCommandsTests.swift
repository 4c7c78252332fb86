import Commands
import Testing

@Suite("COMMAND")
struct CommandCommandsTests {
    private let server = Harness([CommandCommands.commands, StringCommands.commands, ObjectCommands.commands])

    @Test func countsCommandsWithoutTheirSubcommands() {
        let all = server.run("COMMAND")
        let count = server.run("COMMAND", "COUNT").dropFirst()
        #expect(all.hasPrefix("*\(count)"))
        #expect(all == server.run("COMMAND", "INFO"))
    }

    @Test func informationHasTenElements() {
        #expect(
            server.run("COMMAND", "INFO", "GET", "nosuch")
                == lines(
                    "*2", "*10", "$3", "get", ":2", "*2", "+readonly", "+fast", ":1", ":1", ":1", "*3", "+@read",
                    "+@string", "+@fast", "*0", "*1", "*6", "$5", "flags", "*2", "+RO", "+access", "$12",
                    "begin_search", "*4", "$4", "type", "$5", "index", "$4", "spec", "*2", "$5", "index", ":1", "$9",
                    "find_keys", "*4", "$4", "type", "$5", "range", "$4", "spec", "*6", "$7", "lastkey", ":0", "$7",
                    "keystep", ":1", "$5", "limit", ":0", "*0", "$-1"))
    }

    @Test func informationHasSetsAndMapsInRESP3() {
        server.version = 3
        let reply = server.run("COMMAND", "INFO", "get", "nosuch")
        #expect(reply.hasPrefix(lines("*2", "*10", "$3", "get", ":2", "~2", "+readonly")))
        #expect(reply.contains(lines("~1", "%3", "$5", "flags", "~2", "+RO")))
        #expect(reply.hasSuffix(lines("~0", "_")))
    }

    @Test func subcommandsAreNamedWithTheirContainer() {
        let reply = server.run("COMMAND", "INFO", "object|freq")
        #expect(reply.hasPrefix(lines("*1", "*10", "$11", "object|freq", ":3")))
        #expect(server.run("COMMAND", "INFO", "OBJECT|FREQ") == reply)
        for name in ["object|", "|", "", "object|freq|", "get|x"] {
            #expect(server.run("COMMAND", "INFO", name) == lines("*1", "$-1"), "\(name)")
        }
    }

    @Test func documentationLeavesOutWhatDoesNotExist() {
        #expect(server.run("COMMAND", "DOCS", "nosuch") == lines("*0"))
        server.version = 3
        #expect(
            server.run("COMMAND", "DOCS", "nosuch", "get").hasPrefix(lines("%1", "$3", "get", "%5", "$7", "summary")))
    }

    @Test func argumentsOfKeysSayWhichSpecificationFindsThem() {
        let reply = server.run("COMMAND", "DOCS", "mset")
        #expect(reply.contains(lines("$14", "key_spec_index", ":0")))
        #expect(reply.contains(lines("$5", "flags", "*1", "+multiple")))
    }

    @Test func listsNamesThatAFilterLetsThrough() {
        #expect(server.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "OBJECT|*q") == lines("*1", "$11", "object|freq"))
        #expect(
            server.run("COMMAND", "LIST", "filterby", "aclcat", "TRANSACTION")
                == lines("*5", "$5", "multi", "$4", "exec", "$7", "discard", "$5", "watch", "$7", "unwatch"))
        #expect(server.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch") == lines("*0"))
        #expect(server.run("COMMAND", "LIST", "FILTERBY", "MODULE", "m") == lines("*0"))
        #expect(server.run("COMMAND", "LIST").contains(lines("$14", "object|refcount")) == false)
        #expect(server.run("COMMAND", "LIST").contains(lines("$15", "object|refcount")))
    }

    @Test(arguments: [["FILTERBY"], ["FILTERBY", "X", "y"], ["FILTERBY", "PATTERN"], ["X", "PATTERN", "y"]])
    func wrongFiltersAreErrors(_ filter: [String]) {
        #expect(server.run(["COMMAND", "LIST"] + filter) == lines("-ERR syntax error"))
    }

    @Test func findsTheKeysOfACall() {
        #expect(server.run("COMMAND", "GETKEYS", "mset", "a", "1", "b", "2") == lines("*2", "$1", "a", "$1", "b"))
        #expect(server.run("COMMAND", "GETKEYS", "object", "freq", "k") == lines("*1", "$1", "k"))
    }

    @Test func whatSetDoesDependsOnItsOptions() {
        #expect(
            server.run("COMMAND", "GETKEYSANDFLAGS", "set", "k", "get")
                == lines("*1", "*2", "$1", "k", "*2", "+OW", "+update"))
        #expect(
            server.run("COMMAND", "GETKEYSANDFLAGS", "set", "k", "v", "EX", "1", "get")
                == lines("*1", "*2", "$1", "k", "*3", "+RW", "+access", "+update"))
    }

    @Test(arguments: [
        ("nosuch k", "Invalid command specified"),
        ("object nosuch k", "Invalid command specified"),
        ("object", "The command has no key arguments"),
        ("multi", "The command has no key arguments"),
        ("get", "Invalid number of arguments specified for command"),
    ])
    func callsWithoutKeysAreErrors(_ call: String, _ error: String) {
        #expect(
            server.run(["COMMAND", "GETKEYS"] + call.split(separator: " ").map(String.init)) == lines("-ERR " + error))
    }

    @Test(arguments: ["0 a", "2 a", "x a", "-1 a", "9223372036854775807 a"])
    func aWrongCountOfKeysIsAnError(_ arguments: String) {
        let server = Harness([CommandCommands.commands, SortedSetAlgebraCommands.commands])
        #expect(
            server.run(["COMMAND", "GETKEYS", "zunion"] + arguments.split(separator: " ").map(String.init))
                == lines("-ERR Invalid arguments specified for command"))
    }

    @Test func categoriesFollowFromFlagsAndGroup() {
        func names(_ flags: CommandFlags, _ group: CommandGroup) -> [String] {
            Command("c", arity: 1, flags: flags, group: group, since: "", summary: "") { _ in }.allCategories.names
        }
        #expect(names(.write, .hash) == ["write", "hash", "slow"])
        #expect(names([.readonly, .fast], .sortedSet) == ["read", "sortedset", "fast"])
        #expect(names(.admin, .server) == ["admin", "slow", "dangerous"])
        #expect(names([.pubsub, .blocking], .generic) == ["keyspace", "pubsub", "slow", "blocking"])
    }

    private func lines(_ lines: String...) -> String { lines.joined(separator: "\r\n") + "\r\n" }
}
