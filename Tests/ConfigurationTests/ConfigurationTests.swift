import Primitives
import Testing

@testable import Configuration

/// Calls that take strings, for tests.
extension Configuration {
    static func reading(_ text: String) throws -> Configuration {
        var configuration = Configuration()
        try configuration.load(Array(text.utf8), source: "test")
        return configuration
    }

    func value(_ name: String) -> String? { get([name]).first?.value }

    func get(_ patterns: [String]) -> [(name: String, value: String)] {
        patterns.flatMap { pattern in
            Array(pattern.utf8).withView { view in
                get([view]).map {
                    (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
                }
            }
        }
    }

    mutating func set(_ pairs: (String, String)...) throws -> [String] {
        let bytes = pairs.map { (Array($0.0.utf8) + [0], Array($0.1.utf8) + [0]) }
        var views: [(name: ByteView, value: ByteView)] = []
        var copies: [UnsafeMutablePointer<UInt8>] = []
        defer { copies.forEach { $0.deallocate() } }
        func view(_ bytes: [UInt8]) -> ByteView {
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
            copy.initialize(from: bytes, count: bytes.count)
            copies.append(copy)
            return ByteView(UnsafePointer<UInt8>(copy), count: bytes.count - 1)
        }
        for (name, value) in bytes { views.append((view(name), view(value))) }
        return try set(views)
    }

    mutating func failure(_ pairs: (String, String)...) -> String? {
        do {
            switch pairs.count {
            case 1: _ = try set(pairs[0])
            default: _ = try set(pairs[0], pairs[1])
            }
            return nil
        } catch { return "\(error)" }
    }
}

@Suite struct ConfigurationGetTests {
    @Test func namesAndPatternsFindDirectives() {
        let configuration = Configuration()
        #expect(configuration.value("port") == "6379")
        #expect(configuration.get(["PORT"]).first?.name == "PORT")
        #expect(
            configuration.value("save") == "3600 1 300 100 60 10000" && configuration.value("appendonly") == "no")
        #expect(configuration.value("bind") == "* -::*")
        #expect(
            configuration.value("client-output-buffer-limit")
                == "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60")
        #expect(configuration.value("latency-tracking-info-percentiles") == "50 99 99.9")
        #expect(configuration.value("hash-max-ziplist-entries") == "512")
        #expect(configuration.get(["nothing", "x*"]).isEmpty)
        #expect(configuration.get(["MAXMEM*"]).count == 5)
        #expect(configuration.get(["*"]).count == Directive.all.reduce(0) { $0 + 1 + $1.aliases.count })
        let twice = Array("h*".utf8).withView { configuration.get([$0, $0]) }
        #expect(twice.count == Set(twice.map(\.name)).count)
    }
}

@Suite struct ConfigurationSetTests {
    @Test func severalAreSetAtOnceOrNone() throws {
        var configuration = Configuration()
        #expect(try configuration.set(("hz", "20"), ("TIMEOUT", "5")) == ["hz", "timeout"])
        #expect(configuration.settings.hz == 20 && configuration.settings.timeout == 5)
        #expect(try configuration.set(("hz", "20")) == [])
        #expect(configuration.failure(("hz", "30"), ("timeout", "x")) != nil)
        #expect(configuration.settings.hz == 20)
        #expect(try configuration.set(("hz", "1000")) == ["hz"])
        #expect(configuration.settings.hz == 500)
    }

    @Test func errorsSayWhatRedisSays() {
        var configuration = Configuration()
        func failed(_ name: String, _ reason: String) -> String {
            "CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
        }
        let cases = [
            ("hz", "10x", "argument couldn't be parsed into an integer"),
            ("hz", "-1", "argument must be between 0 and 2147483647 inclusive"),
            ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
            ("maxclients", "99999999999999999999", "argument couldn't be parsed into an integer"),
            ("proto-max-bulk-len", "1", "argument must be between 1048576 and 4294967295 inclusive"),
            ("proto-max-bulk-len", "4gb", "argument must be between 1048576 and 4294967295 inclusive"),
            ("client-query-buffer-limit", "1", "argument must be between 1048576 and 9223372036854775807 inclusive"),
            ("proto-max-bulk-len", "1x", "argument must be a memory value"),
            ("proto-max-bulk-len", "-1", "argument must be a memory value"),
            ("proto-max-bulk-len", "99999999999999gb", "argument must be a memory value"),
            (
                "client-query-buffer-limit", "18446744073709551615",
                "argument must be between 1048576 and 9223372036854775807 inclusive"
            ),
            ("activerehashing", "maybe", "argument must be 'yes' or 'no'"),
            ("loglevel", "foo", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"),
            ("port", "1", "can't set immutable config"),
            ("dir", "/tmp", "can't set protected config"),
            ("appendonly", "maybe", "argument must be 'yes' or 'no'"),
            ("save", "60 1000 5", "Invalid save parameters"),
            ("save", "0 1000", "Invalid save parameters"),
            ("dbfilename", "a", "can't set protected config"),
            ("rdb-save-incremental-fsync", "no", "not supported by this server"),
            ("io-threads", "4", "not supported by this server"),
            ("maxmemory", "10%", "argument must be a memory value"),
            ("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
            ("maxmemory-clients", "-5%", "argument must be a memory or percent value"),
            (
                "maxmemory-policy", "lru",
                "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, "
                    + "allkeys-lru, allkeys-lfu, allkeys-random, noeviction, volatile-tinylfu, allkeys-tinylfu"
            ),
            ("activerehashing", "no", "not supported by this server"),
            ("lazyfree-lazy-user-del", "no", "not supported by this server"),
            ("notify-keyspace-events", "q", "Invalid event class character. Use 'Ag$lshzxeKEtmdnc'."),
            ("client-output-buffer-limit", "normal 1 2", "Wrong number of arguments in buffer limit configuration."),
            (
                "client-output-buffer-limit", "foo 1 2 3",
                "Invalid client class specified in buffer limit configuration."
            ),
            (
                "client-output-buffer-limit", "normal 1x 2 3",
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            ),
            (
                "latency-tracking-info-percentiles", "50 101",
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
            ),
            ("latency-tracking-info-percentiles", "a", "Invalid latency-tracking-info-percentiles parameters"),
        ]
        for (name, value, reason) in cases { #expect(configuration.failure((name, value)) == failed(name, reason)) }
        #expect(configuration.failure(("hz", "1"), ("HZ", "2")) == failed("HZ", "duplicate parameter"))
        let unknown = "Unknown option or number of arguments for CONFIG SET - "
        #expect(configuration.failure(("nope", "1")) == unknown + "'nope'")
        #expect(configuration.failure(("a\r\nb", "1")) == unknown + "'a  b'")
        #expect(configuration.failure(("timeout", "1"), ("nope", "1")) == unknown + "'nope'")
        #expect(configuration.settings.timeout == 0)
    }

    @Test func valuesTakeTheirCanonicalText() throws {
        var configuration = Configuration()
        let cases = [
            ("notify-keyspace-events", "", ""), ("notify-keyspace-events", "KEA", "AKE"),
            ("notify-keyspace-events", "cmnKgg", "gncKm"), ("notify-keyspace-events", "cxAE", "AcE"),
            ("activerehashing", "YES", "yes"),
            ("lazyfree-lazy-expire", "yes", "yes"), ("client-query-buffer-limit", "2MB", "2097152"),
            ("hash-max-listpack-value", "1k", "1000"), ("latency-tracking-info-percentiles", "50.5 99.90", "50.5 99.9"),
            ("latency-tracking-info-percentiles", "", ""), ("loglevel", "WARNING", "warning"),
            (
                "client-output-buffer-limit", "replica 1mb 2 3",
                "normal 0 0 0 slave 1048576 2 3 pubsub 33554432 8388608 60"
            ),
            ("maxmemory", "1mb", "1048576"), ("maxmemory-clients", "5%", "5%"),
            ("maxmemory-clients", "0%", "0"), ("maxmemory-clients", "1gb", "1073741824"),
            ("save", "", ""), ("requirepass", "a \"b\"", "a \"b\""),
        ]
        for (name, value, text) in cases {
            _ = try configuration.set((name, value))
            #expect(configuration.value(name) == text)
        }
        _ = try configuration.set(("hash-max-ziplist-entries", "7"))
        #expect(configuration.settings.hashMaxListpackEntries == 7)
    }

    @Test func eventClassesHaveOneOrder() {
        for (text, canonical) in [
            ("KEA", "AKE"), ("KEng", "gnKE"), ("g$lshzxetdKE", "AKE"), ("", ""), ("AKEn", "AnKE"),
        ] {
            #expect(KeyspaceEvents(text: text)?.text == canonical)
        }
        #expect(KeyspaceEvents(text: "q") == nil)
    }

    @Test func everyDirectiveTakesItsOwnText() throws {
        for directive in Directive.all {
            var settings = Settings()
            for words in directive.lines(in: settings) { try directive.set(words, in: &settings) }
            #expect(directive.text(in: settings) == directive.text(in: Settings()), "\(directive.name)")
            #expect(!KnownDirectives.ineffective.contains(directive.name))
            #expect(!directive.summary.isEmpty)
        }
    }

    @Test func passwordsAreSensitive() {
        #expect(Configuration.isSensitive(ByteView("RequirePass")))
        #expect(Configuration.isSensitive(ByteView("masterauth")))
        #expect(!Configuration.isSensitive(ByteView("port")))
    }
}
