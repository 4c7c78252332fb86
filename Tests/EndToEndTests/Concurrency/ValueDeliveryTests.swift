import Foundation
import Synchronization
import Testing

/// Values on their way to many watchers, and to slow ones. `FRESHET_TEST_WATCHERS` sets how many there are.
@Suite(.serialized) struct ValueDeliveryTests {
    private static let watchers =
        ProcessInfo.processInfo.environment["FRESHET_TEST_WATCHERS"].flatMap { Int($0) } ?? 10_000

    private func field(_ name: String, _ text: String?) -> Int? {
        guard let text, let range = text.range(of: name) else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }

    private func usedMemory(_ client: RedisClient) throws -> Int {
        try #require(field("used_memory:", client.run("INFO memory").text))
    }

    /// Who does not read holds back what was being written to it, however often the key is written, and has the latest
    /// value soon after it reads again.
    @Test(arguments: ServerKind.onlyFreshet)
    func aSlowWatcherGetsTheLatestValue(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "2"])
        let client = try server.client()
        let size = 1 << 20
        func value(_ index: Int) -> String { String(repeating: "x", count: size) + "\(index)" }
        let slow = try server.raw(receiveBuffer: 64 * 1024)
        for channel in ["k", "l"] { slow.send("SUBSCRIBE __value@0__:\(channel)\r\n") }
        let fast = try server.raw()
        _ = try fast.run("SUBSCRIBE __value@0__:k")
        _ = try fast.readReply()
        let memory = try usedMemory(client)
        for index in 0..<100 {
            try client.send("SET", "k", value(index))
            try client.send("SET", "l", value(index))
            if index % 20 == 0 { #expect(try usedMemory(client) < memory + 40 * size) }
        }
        let list = try client.run("CLIENT LIST TYPE pubsub").text ?? ""
        for line in list.split(separator: "\n") {
            #expect(field(" omem=", String(line)).map { $0 < 4 * size } == true, "\(line)")
        }
        var messages = 0
        var latest: [String: Int] = [:]
        while latest["__value@0__:k"] != 99 || latest["__value@0__:l"] != 99 {
            let reply = try slow.readReply()
            guard reply[0] == .bulk("message") else { continue }
            messages += 1
            latest[reply[1].text ?? ""] = reply[2].text.flatMap { Int($0.drop { $0 == "x" }) }
        }
        #expect(messages < 30, "\(messages) messages were kept")
        while try fast.readReply()[2].bytes?.count != value(99).utf8.count
            || client.run("STRLEN k") != .integer(Int64(value(99).utf8.count))
        {}
    }

    /// Many large values that change together are more than a subscriber may hold back, but nobody is too slow for them.
    @Test(arguments: ServerKind.onlyFreshet)
    func manyLargeValuesAtOnceAreNotTooMuch(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "2"])
        let client = try server.client()
        let count = 60
        let watcher = try server.raw()
        watcher.send("SUBSCRIBE \((0..<count).map { "__value@0__:k\($0)" }.joined(separator: " "))\r\n")
        for _ in 0..<2 * count { _ = try watcher.readReply() }
        let value = String(repeating: "x", count: 1 << 20)
        try client.send((["MSET"] + (0..<count).flatMap { ["k\($0)", value] }).map { Array($0.utf8) })
        var seen: Set<String> = []
        while seen.count < count {
            let reply = try watcher.readReply()
            #expect(reply[2].bytes?.count == value.utf8.count)
            seen.insert(reply[1].text ?? "")
        }
        // Nor for who comes when they are there.
        let late = try server.raw()
        late.send("SUBSCRIBE \((0..<count).map { "__value@0__:k\($0)" }.joined(separator: " "))\r\n")
        for _ in 0..<count { #expect(try late.readReply()[0] == .bulk("subscribe")) }
        seen = []
        while seen.count < count {
            let reply = try late.readReply()
            #expect(reply[2].bytes?.count == value.utf8.count)
            seen.insert(reply[1].text ?? "")
        }
    }

    /// A value gets to all at once, not some in each of the worker's turns with a wait between.
    @Test(arguments: ServerKind.onlyFreshet)
    func thousandsOfWatchersOfOneKeyAreToldSoon(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "1", "--hz", "1"])
        let client = try server.client()
        try client.send("SET", ValueAudience.key(0), ValueAudience.value(0))
        let audience = try ValueAudience(port: server.port, connections: 1500, keys: 1)
        try audience.read(until: [0], seconds: 60)
        let start = Date()
        for number in 1...10 {
            try client.send("SET", ValueAudience.key(0), ValueAudience.value(number))
            try audience.read(until: [number], seconds: 60)
        }
        // The worker's timer goes off once a second.
        #expect(Date().timeIntervalSince(start) < 5)
    }

    /// Nobody is passed over when others subscribe while a value is being handed out.
    @Test(arguments: ServerKind.onlyFreshet)
    func nobodyIsPassedOverWhenOthersCome(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "1"])
        let client = try server.client()
        let key = ValueAudience.key(0)
        try client.send("SET", key, ValueAudience.value(0))
        let audience = try ValueAudience(port: server.port, connections: 700, keys: 1)
        try audience.read(until: [0], seconds: 60)
        var others: [RawConnection] = []
        for number in stride(from: 3, to: 150, by: 3) {
            for offset in -2...0 {
                client.append(["SET", key, ValueAudience.value(number + offset)].map { Array($0.utf8) })
                _ = try client.receive()
                let other = try server.raw()
                other.send("SUBSCRIBE __value@0__:\(key)\r\n")
                others.append(other)
            }
            try audience.read(until: [number], seconds: 20)
        }
    }

    /// Values that change all the time, each with very many watchers: memory stays what it was, and all have the latest
    /// values in the end.
    @Test(arguments: ServerKind.onlyFreshet)
    func memoryIsBoundedWithManyWatchersAndWrites(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "2", "--maxclients", "10000"])
        let client = try server.client()
        let connections = min(1000, Self.watchers)
        let keys = max(1, Self.watchers / connections)
        for key in 0..<keys { try client.send("SET", ValueAudience.key(key), ValueAudience.value(0)) }
        let audience = try ValueAudience(port: server.port, connections: connections, keys: keys)
        try audience.read(until: Array(repeating: 0, count: keys), seconds: 300)
        let memory = try usedMemory(client)
        let told = audience.messages
        // The last value of each key.
        let values = (0..<keys).map { Self.watchers - (Self.watchers - $0) % keys }
        let highest = Mutex(0)
        let seconds = Mutex(0.0)
        try inParallel(2) { index in
            guard index == 0 else { return try audience.read(until: values, seconds: 300) }
            let writer = try server.client(timeout: 60)
            let start = Date()
            for first in stride(from: 1, through: Self.watchers, by: 100) {
                for number in first..<min(first + 100, Self.watchers + 1) {
                    writer.append(
                        ["SET", ValueAudience.key(number % keys), ValueAudience.value(number)].map { Array($0.utf8) })
                }
                for _ in first..<min(first + 100, Self.watchers + 1) { #expect(try writer.receive() == .ok) }
                guard first % 1000 == 1 else { continue }
                let used = try usedMemory(client)
                highest.withLock { $0 = max($0, used) }
            }
            seconds.withLock { $0 = Date().timeIntervalSince(start) }
        }
        let most = highest.withLock { $0 }
        let rate = Double(Self.watchers) / seconds.withLock { $0 }
        #expect(most < memory + 64 << 20)
        #expect(try client.run("CLIENT LIST TYPE pubsub").text?.split(separator: "\n").count == connections)
        if Self.watchers >= 100_000 { #expect(rate >= 10_000) }
        print(
            "\(connections * keys) watches, \(Int(rate)) writes per second, \(audience.messages - told) messages,",
            "memory \(memory >> 20) MB and at most \(most >> 20) MB")
    }
}
