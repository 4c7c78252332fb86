import Testing

/// The tools of the tests themselves: a script that did not notice a wrong reply would prove nothing.
@Suite struct ScriptTests {
    @Test(
        arguments: [
            ("> PING", "< PANG"), ("> PING", "< \"PONG\""), ("> PING", "<* P*X"), ("> DBSIZE", "<.. 1 2"),
            ("> MGET a b", "<~ [(nil)]"), ("> MGET a b", "<% [\"a\", (nil)]"), ("> GET a", "< (nil)x"),
            ("> NOSUCH", "< OK"),
        ])
    func aWrongReplyIsNoticed(_ command: String, _ expectation: String) throws {
        guard let kind = ServerKind.all.last else { return }
        withKnownIssue { try Script.run(kind, "\(command)\n\(expectation)\n") }
    }

    @Test(arguments: ["> PING", "< PONG", "PING\n< PONG", "> PING\n<! PONG"])
    func aMalformedScriptIsAnError(_ text: String) throws {
        guard let kind = ServerKind.all.last else { return }
        #expect(throws: (any Error).self) { try Script.run(kind, text) }
    }

    @Test(arguments: [
        ("a b", ["a", "b"]), ("  a\t'b c' ", ["a", "b c"]), ("\"\\x41\\n\\\"\"", ["A\n\""]), ("'it\\'s'", ["it's"]),
        ("\"\"", [""]),
        ("a\"b\"", ["ab"]), ("", []),
    ])
    func argumentsAreSplitAsRedisCLIDoes(_ line: String, _ expected: [String]) {
        #expect(splitArguments(line) == expected.map { Array($0.utf8) })
    }

    @Test(arguments: ["\"a", "'a", "\"a\"b", "'a'b"])
    func unbalancedQuotesAreRefused(_ line: String) {
        #expect(splitArguments(line) == nil)
    }
}
