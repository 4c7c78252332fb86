import Primitives
import TestSupport
import Testing

@testable import Commands

/// The grammar of users' rules.
@Suite struct AccountRuleTests {
    static let table = CommandTable(DataFamilies.all)
    static let context = User.RuleContext(table, allowsAllChannels: false)

    /// A user made by rules that are given as a line.
    static func user(_ line: String) throws(RefusedRule) -> User {
        var user = User(name: Array("u".utf8), context)
        try user.apply(words(line), context)
        return user
    }

    static func words(_ line: String) -> [[UInt8]] { line.split(separator: " ").map { Array($0.utf8) } }

    /// The rules that describe a user made by rules.
    static func description(_ line: String) throws(RefusedRule) -> String {
        String(decoding: try user(line).line.dropFirst("user u ".utf8.count), as: UTF8.self)
    }

    @Test(arguments: [
        ("", "off sanitize-payload resetchannels -@all"),
        ("ON NOPASS ALLKEYS ALLCHANNELS ALLCOMMANDS", "on nopass sanitize-payload ~* &* +@all"),
        ("on off nopass resetpass skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"),
        ("~* resetkeys ~a ~b ~a", "off sanitize-payload ~a ~b resetchannels -@all"),
        ("%R~a %W~b %rw~c %R~d %W~d %WR~*", "off sanitize-payload ~* resetchannels -@all"),
        ("%R~a %W~b %rw~c %R~d %W~d", "off sanitize-payload %R~a %W~b ~c ~d resetchannels -@all"),
        ("%R ~", "off sanitize-payload ~ resetchannels -@all"),
        ("&a &b &a", "off sanitize-payload resetchannels &a &b -@all"),
        ("&* resetchannels &c", "off sanitize-payload resetchannels &c -@all"),
        ("+GET +Client|NoSuch", "unknown"),
        ("+GET +set -get +get", "off sanitize-payload resetchannels -@all +set +get"),
        ("+@all -@Dangerous +flushall", "off sanitize-payload resetchannels +@all -@dangerous +flushall"),
        ("+get +@all", "off sanitize-payload resetchannels +@all"),
        ("+@read -@all", "off sanitize-payload resetchannels -@all"),
        ("+object|freq +object|idletime -object", "off sanitize-payload resetchannels -@all -object"),
        ("+object -object|freq", "off sanitize-payload resetchannels -@all +object -object|freq"),
        ("+select|0 +select|1 +SELECT|0", "off sanitize-payload resetchannels -@all +select|1 +select|0"),
        ("+select|0 -select", "off sanitize-payload resetchannels -@all -select"),
        (
            "(+get ~a) (%R~b &c +@read) +set",
            "off sanitize-payload resetchannels -@all +set (~a resetchannels -@all +get) "
                + "(%R~b resetchannels &c -@all +@read)"
        ),
        ("(+get) clearselectors", "off sanitize-payload resetchannels -@all"),
        ("()", "off sanitize-payload resetchannels -@all (resetchannels -@all)"),
        ("on nopass ~* &* +@all (+get) reset", "off sanitize-payload resetchannels -@all"),
    ])
    func rulesAreDescribed(_ rules: String, _ expected: String) throws {
        guard expected != "unknown" else {
            #expect(throws: RefusedRule.self) { try Self.description(rules) }
            return
        }
        #expect(try Self.description(rules) == expected)
    }

    @Test func passwordsAreKeptAsHashes() throws {
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
        #expect(try Self.description(">secret") == "off sanitize-payload #\(hash) resetchannels -@all")
        #expect(try Self.description("nopass #\(hash) >secret") == "off sanitize-payload #\(hash) resetchannels -@all")
        #expect(try Self.description(">secret <secret") == "off sanitize-payload resetchannels -@all")
        #expect(try Self.description(">secret !\(hash)") == "off sanitize-payload resetchannels -@all")
        let user = try Self.user("on >secret >other")
        for (password, isRight) in [("secret", true), ("other", true), ("", false), ("Secret", false)] {
            #expect(Array(password.utf8).withView { user.accepts($0) } == isRight)
        }
        #expect(try Array("x".utf8).withView { try Self.user("nopass").accepts($0) } == false, "off")
        #expect(try Array("x".utf8).withView { try Self.user("on nopass").accepts($0) })
    }

    @Test(arguments: [
        ("nosuch", AccountRuleError.syntax), ("on,off", .syntax), ("%~a", .syntax), ("%RR~a", .syntax),
        ("%X~a", .syntax), ("%", .syntax), ("+", .unknownCommand), ("-", .unknownCommand), ("+nosuch", .unknownCommand),
        ("-nosuch", .unknownCommand), ("+@nosuch", .unknownCommand), ("+@", .unknownCommand), ("+get|", .syntax),
        ("-select|0", .unknownCommand), ("+nosuch|0", .unknownCommand), ("+object|nosuch", .unknownCommand),
        ("+object|freq|x", .firstArgumentOfSubcommand), ("+a|b|c", .unknownCommand), ("#abc", .invalidHash),
        ("!abc", .invalidHash), ("<nosuch", .noSuchPassword), (")", .syntax), ("(+nosuch)", .unknownCommand),
        ("(on)", .syntax), ("(>p)", .syntax), ("((+get))", .syntax), ("(~*\u{0}x)", .syntax),
        ("(\"+get)", .syntax), ("(reset)", .syntax),
    ])
    func wrongRulesAreRefused(_ rule: String, _ expected: AccountRuleError) {
        var user = User(name: [], Self.context)
        #expect(throws: expected) { try user.apply(Array(rule.utf8), Self.context) }
    }

    @Test func patternsBehindAllAreRefused() {
        for (rules, expected) in [
            ("~* ~a", AccountRuleError.afterAllKeys), ("allkeys %R~a", .afterAllKeys), ("&* &a", .afterAllChannels),
        ] {
            #expect {
                try Self.user(rules)
            } throws: {
                guard case .rule(_, let error) = $0 as? RefusedRule else { return false }
                return error == expected
            }
        }
    }

    /// CVE-2024-31227: a selector whose end is hidden, or that has none, once brought the server down.
    @Test(arguments: [
        "(", "(+get", "(+get \u{0})", "(\u{0}", "(%~ +get", "( ~\u{0}) +get", "(+get (~x", "(~a)b", "(a) (b",
    ])
    func malformedSelectorsAreRefused(_ rules: String) {
        #expect(throws: RefusedRule.self) { try Self.user(rules) }
    }

    @Test func nothingChangesWhereARuleIsRefused() throws {
        var user = try Self.user("on +get ~a")
        let old = user
        #expect(throws: RefusedRule.self) { try user.apply(Self.words("off -get ~b nosuch"), Self.context) }
        #expect(user == old)
    }

    /// Any rules that are taken are described in a way that makes the same user; any others change nothing.
    @Test func generatedRulesReadBackAsTheyWere() throws {
        var generator = SeededGenerator(31227)
        for _ in 0..<1000 {
            var user = User(name: Array("u".utf8), Self.context)
            for _ in 0..<generator.below(8) {
                let old = user
                do throws(RefusedRule) {
                    try user.apply([Self.rule(&generator)], Self.context)
                } catch {
                    #expect(user == old)
                }
            }
            var copy = User(name: user.name, Self.context)
            try copy.apply(user.rules, Self.context)
            #expect(copy == user, "\(String(decoding: user.line, as: UTF8.self))")
            // As an ACL file is read: apart at every space.
            var split = User(name: user.name, Self.context)
            try split.apply(
                user.line.split(separator: 32, omittingEmptySubsequences: false).dropFirst(2).map(Array.init),
                Self.context)
            #expect(split == user, "\(String(decoding: user.line, as: UTF8.self))")
        }
    }

    private static let pieces = [
        "on", "off", "nopass", "resetpass", ">p", "<p", "~*", "~a*", "%R~", "%W~b", "%RW~*", "%", "allkeys",
        "resetkeys",
        "&", "&*", "&c", "resetchannels", "+get", "-get", "+@read", "-@write", "+@all", "-@all", "+object|freq",
        "-object",
        "+select|0", "+select|", "(", ")", "reset", "clearselectors", "|", "\"", "'", "\\", " ", "\u{0}", "@", "+", "-",
        "skip-sanitize-payload", "~\"", "é",
    ]

    /// Something that looks like a rule, or does not.
    private static func rule(_ generator: inout SeededGenerator) -> [UInt8] {
        if generator.oneIn(3) {
            let parts = (0..<generator.below(4)).map { _ in generator.pick(pieces) }
            return Array("(\(parts.joined(separator: " ")))".utf8)
        }
        var rule = (0...generator.below(2)).flatMap { _ in Array(generator.pick(pieces).utf8) }
        if generator.oneIn(8), !rule.isEmpty { rule[generator.below(rule.count)] = UInt8(generator.below(256)) }
        return rule
    }
}
