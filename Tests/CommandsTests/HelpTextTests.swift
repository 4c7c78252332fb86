import Commands
import Testing

@Suite("HELP")
struct HelpTextTests {
    private let server = Harness([
        [
            Command(
                "tool", arity: -2, group: .server, since: "1.0.0", summary: "Does things.",
                subcommands: [
                    Command(
                        "mend", arity: -3, group: .server, since: "1.0.0",
                        summary: "Mends what is named, or what is not but had been broken before it came here at all.",
                        syntax: "thing:string... [SLOWLY]", handler: HelpText.reply),
                    HelpText.command(group: .server, since: "1.0.0"),
                ],
                handler: HelpText.reply)
        ]
    ])

    @Test func isPutTogetherFromTheRecords() {
        #expect(
            server.run("tool", "help") == """
                *6\r
                +TOOL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r
                +MEND <thing> [<thing> ...] [SLOWLY]\r
                +    Mends what is named, or what is not but had been broken before it came here\r
                +    at all.\r
                +HELP\r
                +    Print this help.\r

                """)
    }
}
