import Primitives
import Testing

@testable import Commands

/// What a user's rules permit, and that the executor lets nothing else happen.
@Suite struct PermissionTests {
    /// Whether a user made by `rules` may make the call, as text: empty where it may, else what it lacks.
    private static func denial(_ rules: String, _ call: String) throws -> String {
        let user = try AccountRuleTests.user(rules)
        let arguments = AccountRuleTests.words(call)
        return arguments.withViews { views in
            guard let entry = AccountRuleTests.table.find(call: views) else { return "no such command" }
            switch user.denial(entry, views) {
            case nil: return ""
            case .command: return "command"
            case .key(let index): return "key \(index)"
            case .channel(let index): return "channel \(index)"
            }
        }
    }

    @Test(arguments: [
        ("+get ~a*", "GET a1", ""), ("+get ~a*", "GET b", "key 1"), ("+get ~a*", "SET a 1", "command"),
        ("+@all -@write ~*", "SET a 1", "command"), ("+@all -@write ~*", "GET a", ""),
        ("+object|freq ~*", "OBJECT FREQ a", ""), ("+object|freq ~*", "OBJECT IDLETIME a", "command"),
        ("+@all %R~r* %W~w*", "GET r", ""), ("+@all %R~r* %W~w*", "GET w", "key 1"),
        ("+@all %R~r* %W~w*", "SET w 1", ""), ("+@all %R~r* %W~w*", "SET r 1", "key 1"),
        ("+@all %R~r* %W~w*", "SET w 1 GET", "key 1"), ("+@all %R~r* %W~w*", "COPY r w", ""),
        ("+@all %R~r* %W~w*", "COPY w r", "key 1"), ("+@all %R~r* %W~w*", "RENAME r w", "key 1"),
        ("+@all %R~r* %W~w*", "MGET r r1 w", "key 3"), ("+@all %R~r* %W~w*", "ZUNIONSTORE w 2 r r1", ""),
        ("+@all %R~r* %W~w*", "ZUNIONSTORE w 2 r w", "key 4"), ("+@all %R~r* %W~w*", "DEL w", ""),
        ("+@all %R~r* %W~w*", "TYPE w", ""), ("+@all %R~r* %W~w*", "TYPE x", "key 1"),
        ("+@all %RW~x %R~x", "INCR x", ""), ("+@all %R~x %W~x", "INCR x", ""),
        ("+@all %R~* %W~w", "GETDEL w", "key 1"),
        ("+select|0 ~*", "SELECT 0", ""), ("+select|0 ~*", "SELECT 1", "command"),
        ("(+get ~a) (+set ~b)", "GET a", ""), ("(+get ~a) (+set ~b)", "SET a 1", "key 1"),
        ("(+get ~a) (+set ~b)", "GET b", "key 1"), ("(+get ~a) (+set ~b)", "DEL a", "command"),
        ("+mget ~a (+mget ~a ~b)", "MGET a b c", "key 3"), ("+mget ~a (+mget ~b)", "MGET a b", "key 2"),
        ("+@all ~s* %R~d*", "COMPUTE.SET s1 v DEPS 2 d1 s2 TAGS 1 t", ""),
        ("+@all ~s* %W~d*", "COMPUTE.SET s1 v DEPS 2 d1 s2 TAGS 1 t", "key 5"),
        ("+@all %R~d*", "COMPUTE.SET d1 v", "key 1"), ("+@all %R~d*", "COMPUTE.DEPEND token KEYS 1 x", "key 4"),
        ("+@all %R~d*", "COMPUTE.DEPEND token KEYS 1 d", ""), ("+@all %R~d*", "COMPUTE.BEGIN d", "key 1"),
        ("+@all %R~d*", "COMPUTE.INVALIDATE KEYS 1 d", "key 3"), ("-@all +@compute ~*", "COMPUTE.REV", ""),
        ("+@all -@compute ~*", "COMPUTE.READ KEYS 1 a SINCE 0", "command"),
    ])
    func callsAreChecked(_ rules: String, _ call: String, _ expected: String) throws {
        #expect(try Self.denial(rules, call) == expected)
    }

    @Test(arguments: [
        ("&a*", "abc", ChannelSpecification.Use.subscribe, true), ("&a*", "b", .publish, false),
        ("&a*", "ab*", .pattern, false), ("&a*", "a*", .pattern, true), ("&*", "a*", .pattern, true),
        ("&__value@0__:k", "__value@0__:k", .subscribe, false), ("&__value* %R~k", "__value@0__:k", .subscribe, true),
        ("&__value* %W~k", "__value@0__:k", .subscribe, false), ("&* %R~k", "__value@99__:x", .subscribe, false),
        ("&* ~*", "__value@0__:k", .subscribe, true), ("&__value*", "__value@x__:k", .subscribe, true),
    ])
    func channelsAreChecked(
        _ rules: String, _ channel: String, _ use: ChannelSpecification.Use, _ expected: Bool
    ) throws {
        let user = try AccountRuleTests.user(rules)
        #expect(Array(channel.utf8).withView { user.permits(channel: $0, use) } == expected)
    }

    @Test func onlyWhoMayDoEverythingIsNotChecked() throws {
        for (rules, isUnrestricted) in [
            ("+@all ~* &*", true), ("+@all -get ~* &*", false), ("+@all -get +get ~* &*", true), ("+@all ~*", false),
            ("+@all &* %RW~*", true), ("+@all &* %R~*", false), ("+get (~* &* +@all)", true),
        ] {
            let account = Account(try AccountRuleTests.user(rules), replacing: nil, AccountRuleTests.table)
            #expect(account.isUnrestricted == isUnrestricted, "\(rules)")
        }
    }

    /// A record that says nothing of what is done to a key would let everyone do it who has any right on the key.
    @Test func recordsSayWhatWritingCommandsDoToKeys() {
        for entry in AccountRuleTests.table.entries.flatMap({ [$0] + $0.subcommandEntries }) {
            for specification in entry.command.keys where !specification.flags.contains(.notKey) {
                let use = KeyPattern.Use(specification.flags)
                if entry.command.flags.contains(.readonly) {
                    #expect(!use.contains(.write), "\(entry.fullName)")
                } else if specification.flags.isDisjoint(with: .readOnly), entry.fullName != "pfdebug" {
                    // What PFDEBUG changes of a value is how it is kept.
                    #expect(use.contains(.write), "\(entry.fullName)")
                }
            }
        }
    }

    private func harness(_ rules: String) throws -> Harness {
        let harness = Harness([StringCommands.commands, KeyCommands.commands])
        // The table is another one: identifiers differ.
        let context = User.RuleContext(harness.executor.table, allowsAllChannels: false)
        var user = User(name: Array("u".utf8), context)
        try user.apply(AccountRuleTests.words(rules), context)
        harness.session.pointee.act(for: Account(user, replacing: nil, harness.executor.table))
        return harness
    }

    @Test func whatIsNotPermittedTouchesNothing() throws {
        let harness = try harness("+get +set +multi +exec ~a*")
        let log = harness.observe()
        #expect(harness.run("SET", "a", "1") == "+OK\r\n")
        let lookups = harness.lookups
        #expect(harness.run("SET", "b", "1") == "-NOPERM No permissions to access a key\r\n")
        #expect(harness.run("GET", "b") == "-NOPERM No permissions to access a key\r\n")
        #expect(harness.run("DEL", "a") == "-NOPERM User u has no permissions to run the 'del' command\r\n")
        #expect(harness.lookups == lookups)
        #expect(log.take() == ["new a", "set a"])
        #expect(harness.run("GET", "a") == "$1\r\n1\r\n")
    }

    @Test func aTransactionIsCheckedWhenItIsQueuedAndWhenItRuns() throws {
        let harness = try harness("+get +set +multi +exec ~a*")
        harness.run("MULTI")
        #expect(harness.run("GET", "b") == "-NOPERM No permissions to access a key\r\n")
        #expect(harness.run("EXEC") == "-EXECABORT Transaction discarded because of previous errors.\r\n")
        harness.run("MULTI")
        harness.run("SET", "a", "1")
        harness.run("GET", "a")
        let context = User.RuleContext(harness.executor.table, allowsAllChannels: false)
        var user = User(name: Array("u".utf8), context)
        try user.apply(AccountRuleTests.words("+get +exec ~a*"), context)
        harness.session.pointee.act(for: Account(user, replacing: nil, harness.executor.table))
        let reply = harness.run("EXEC")
        #expect(reply.hasPrefix("*2\r\n-NOPERM ACLs rules changed between"))
        #expect(reply.hasSuffix("no permission to execute the command or subcommand\r\n$-1\r\n"))
    }
}

extension [[UInt8]] {
    /// Calls `body` with views of the elements.
    fileprivate func withViews<R>(_ body: (UnsafeBufferPointer<ByteView>) -> R) -> R {
        Array<UInt8>(joined() + [0]).withView { all in
            var start = 0
            let views = map { element in
                defer { start += element.count }
                return all[start..<start + element.count]
            }
            return views.withUnsafeBufferPointer(body)
        }
    }
}
