import Commands
import Testing

@Suite("The notation of arguments")
struct ArgumentSyntaxTests {
    private func parsed(_ text: String) throws -> [Argument] { try ArgumentSyntax.parse(text) }

    private func token(_ token: String, _ name: String? = nil) -> Argument {
        Argument(name ?? token.lowercased(), .pureToken, token: token)
    }

    @Test func valuesHaveNamesAndTypes() throws {
        #expect(
            try parsed("key:key cursor:integer at:unix-time")
                == [Argument("key", .key), Argument("cursor", .integer), Argument("at", .unixTime)])
        #expect(try parsed("") == [])
    }

    @Test func theTypeStandsBehindTheLastColon() throws {
        #expect(try parsed("ip:port:string") == [Argument("ip:port", .string)])
    }

    @Test func dotsRepeatWhatIsInFrontOfThem() throws {
        var keys = Argument("key", .key)
        keys.isMultiple = true
        #expect(try parsed("key:key...") == [keys])

        var pairs = Argument("data", .block)
        pairs.arguments = [Argument("field", .string), Argument("value", .string)]
        pairs.isMultiple = true
        #expect(try parsed("data=(field:string value:string)...") == [pairs])
    }

    @Test func aTokenTakesTheValueBehindIt() throws {
        var count = Argument("count", .integer, token: "COUNT")
        count.isOptional = true
        #expect(try parsed("[COUNT count:integer]") == [count])
        #expect(try parsed("DB index:integer") == [Argument("index", .integer, token: "DB")])
    }

    @Test func aTokenBehindWhichThereIsNoValueStandsForItself() throws {
        var get = token("GET")
        get.isOptional = true
        #expect(try parsed("[GET] key:key") == [get, Argument("key", .key)])
        #expect(try parsed("ON OFF") == [token("ON"), token("OFF")])
    }

    @Test func barsSeparateChoices() throws {
        var condition = Argument("condition", .oneOf)
        condition.arguments = [token("NX"), Argument("seconds", .integer, token: "EX")]
        #expect(try parsed("condition=(NX|EX seconds:integer)") == [condition])
        condition.isOptional = true
        #expect(try parsed("condition=[NX | EX seconds:integer]") == [condition])
    }

    @Test func aTokenBelongsToTheGroupBehindIt() throws {
        var aggregate = Argument("aggregate", .oneOf, token: "AGGREGATE")
        aggregate.arguments = [token("SUM"), token("MIN")]
        aggregate.isOptional = true
        #expect(try parsed("[AGGREGATE (SUM|MIN)]") == [aggregate])

        var limit = Argument("limit", .block, token: "LIMIT")
        limit.arguments = [Argument("offset", .integer), Argument("count", .integer)]
        #expect(try parsed("LIMIT (offset:integer count:integer)") == [limit])
        limit.isOptional = true
        #expect(try parsed("[LIMIT offset:integer count:integer]") == [limit])
    }

    @Test func aTokenInsideOfRepeatedBracketsIsRepeatedToo() throws {
        var get = Argument("pattern", .pattern, token: "GET")
        get.isOptional = true
        get.isMultiple = true
        #expect(try parsed("[GET pattern:pattern...]") == [get])
        get.repeatsToken = true
        #expect(try parsed("[GET pattern:pattern]...") == [get])
    }

    @Test func namesStandInFrontOfAnEqualsSign() throws {
        var change = token("CH", "change")
        change.isOptional = true
        #expect(try parsed("[change=CH]") == [change])
        var address = Argument("addr", .string, token: "ADDR")
        address.display = "ip:port"
        #expect(try parsed("ADDR addr=ip:port:string") == [address])
        var type = Argument("client-type", .oneOf, token: "TYPE")
        type.arguments = [token("NORMAL"), token("PUBSUB")]
        #expect(try parsed("TYPE client-type=(NORMAL|PUBSUB)") == [type])
    }

    @Test(arguments: ["name", "key:nothing", "[a:string", "a:string]", "()", "[A|]", "key:block", "a:string =b:string"])
    func wrongNotationIsRefused(_ text: String) {
        #expect(throws: ArgumentSyntax.Failure.self) { try ArgumentSyntax.parse(text) }
    }

    @Test(arguments: [
        ("key:key value:string", "<key> <value>"),
        ("key:key...", "<key> [<key> ...]"),
        ("[key:key...]", "[<key> [<key> ...]]"),
        ("data=(field:string value:string)...", "<field> <value> [<field> <value> ...]"),
        ("[NX|XX] [COUNT count:integer]", "[NX|XX] [COUNT <count>]"),
        ("(MIN|MAX)", "(MIN|MAX)"),
        ("[MIN|MAX]...", "[MIN|MAX ...]"),
        ("FROM where=ip:port:string", "FROM <ip:port>"),
        ("[GET pattern:pattern]...", "[GET <pattern> [GET <pattern> ...]]"),
        ("[LIMIT offset:integer count:integer]", "[LIMIT <offset> <count>]"),
        ("count:integer [WITHVALUES]", "<count> [WITHVALUES]"),
    ])
    func argumentsReadAsPeopleWriteThem(_ syntax: String, _ text: String) throws {
        #expect(try parsed(syntax).map(\.text).joined(separator: " ") == text)
    }

    /// The arguments of every command that there is.
    @Test func everyRecordParses() throws {
        func check(_ command: Command, _ path: String) {
            #expect(throws: Never.self, "\(path)") { try ArgumentSyntax.parse(command.syntax) }
            for subcommand in command.subcommands { check(subcommand, "\(path) \(subcommand.name)") }
        }
        for entry in CommandTable(DataFamilies.all).entries { check(entry.command, entry.command.name) }
    }
}
