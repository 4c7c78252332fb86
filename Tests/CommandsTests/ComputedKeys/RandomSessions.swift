import Commands
import ComputedKeys
import Primitives
import TestSupport

@testable import Keyspace

/// Several clients that write, read and compute in random turns on one thread, each command judged by `ReferenceModel`.
/// The same seed gives the same commands and replies but for the tokens of leases.
final class RandomSessions: CustomStringConvertible {
    struct Options {
        /// Whether computed values are texts that come again, so that publishing one may change nothing.
        var repeatsValues = true
        /// Whether the server remembers dependencies too late, which is the bug that must be found.
        var forgetsReads = false
    }

    struct Frame {
        let place: Int
        let token: String
        var seen: [ReferenceModel.Seen]
    }

    /// A computation without a lease: COMPUTE.REV, reads, COMPUTE.SET.
    struct Manual {
        let revision: String
        let database: Int
        var seen: [ReferenceModel.Seen] = []
    }

    final class Client {
        var number: Int
        var frames: [Frame] = []
        var manual: Manual?
        init(_ number: Int) { self.number = number }
    }

    /// A command and what its reply means for the model.
    struct Operation {
        let arguments: [String]
        let apply: (TextReply) -> Void
    }

    static let names = 20
    static let databases = 2
    static let tags = 3
    /// Where computed keys begin; below are strings, hashes and sorted sets.
    static let firstComputed = 10
    private static let firstTag = names * databases
    private static let probe = 1_000_000

    private let options: Options
    let server: Harness
    let graph: DependencyGraph
    var model = ReferenceModel(places: RandomSessions.firstTag + RandomSessions.tags)
    private var random: SeededGenerator
    private var clients = (1...4).map { Client($0) }
    private var nextClient = 5
    private var history: [String] = []
    private var time: Int64 = 0
    private var text = 0

    /// What is against the rules; the run ends with the first.
    private(set) var violations: [String] = []
    private(set) var commands = 0
    /// Fresh values that were served, and those that were predicted to be fresh and were not served.
    private(set) var served = 0
    private(set) var needlesslyStale = 0
    /// Values that were served and right although they were predicted to be stale.
    private(set) var unexpectedlyFresh = 0
    private(set) var stored = 0
    private(set) var superseded = 0
    private(set) var needlesslySuperseded = 0

    var description: String {
        """
        \(commands) commands, \(served) values served, \(needlesslyStale) needlessly stale, \(unexpectedlyFresh) \
        unexpectedly fresh, \(stored) stored, \(superseded) superseded, \(needlesslySuperseded) of them needlessly
        """
    }

    init(seed: UInt64, _ options: Options = Options()) {
        self.options = options
        random = SeededGenerator(seed)
        server = Harness(DataFamilies.all, databases: Self.databases)
        graph = DependencyGraph(keyspace: server.keyspace, epoch: "e")
        #if DEBUG
            graph.setForgetsReads(options.forgetsReads)
        #endif
    }

    /// Executes about so many commands, or up to the first violation.
    func run(commands limit: Int) {
        while commands < limit, violations.isEmpty { step() }
    }

    // MARK: Turns

    private func step() {
        if random.below(20) == 0 {
            server.now += Int64(random.below(4))
            note("time \(server.now % 1_000_000)")
        }
        model.expire(now: server.now)
        let client = clients[random.below(clients.count)]
        server.client = client.number
        server.session.pointee.database = random.below(4) == 0 ? 1 : 0
        switch random.below(1000) {
        case 0..<4: abandon(client)
        case 4..<10: evict()
        case 10..<12: server.expireActively()
        case 12..<15: run(random.below(2) == 0 ? flush() : swap())
        case 15..<50: runTransaction(client)
        case 50..<60: probeDeletion(client)
        default: run(operation(client))
        }
    }

    private var database: Int { server.session.pointee.database }

    private func run(_ operation: Operation) {
        operation.apply(send(operation.arguments))
        model.settle()
    }

    private func send(_ arguments: [String]) -> TextReply {
        commands += 1
        note("client \(server.client) db \(database): \(arguments.joined(separator: " "))")
        let reply = TextReply(server.run(bytes: arguments.map { Array($0.utf8) }))
        note("    \(reply)")
        return reply
    }

    private func note(_ line: @autoclosure () -> String) {
        if history.count >= 600 { history.removeFirst(300) }
        history.append(line())
    }

    private func violate(_ text: String) {
        guard violations.isEmpty else { return }
        violations.append("\(text) after\n\(history.suffix(60).joined(separator: "\n"))")
    }

    private func runTransaction(_ client: Client) {
        let operations = (0..<1 + random.below(4)).map { _ in operation(client) }
        _ = send(["MULTI"])
        for operation in operations { _ = send(operation.arguments) }
        let replies = send(["EXEC"])
        for (index, operation) in operations.enumerated() {
            operation.apply(replies[index])
            model.settle()
        }
    }

    private func operation(_ client: Client) -> Operation {
        switch random.below(100) {
        case 0..<35: read(client)
        case 35..<60: write(client)
        case 60..<74: begin(client)
        case 74..<88: client.frames.isEmpty ? begin(client) : end(client)
        case 88..<90: client.frames.isEmpty ? read(client) : fail(client)
        case 90..<92: depend()
        case 92..<94: invalidate()
        case 94..<97: manual(client)
        default: set()
        }
    }

    // MARK: Names

    private func place(_ name: Int, _ database: Int) -> Int { database * Self.names + name }
    private func key(_ name: Int) -> String { "k\(name)" }
    private func anyName() -> Int { random.below(Self.names) }
    private func computedName() -> Int { Self.firstComputed + random.below(Self.names - Self.firstComputed) }

    private func milliseconds() -> Int64 { Int64(1 + random.below(12)) }

    /// A text for a computed value, and its version.
    private func newText() -> (text: String, version: Int?) {
        if options.repeatsValues, random.below(3) > 0 {
            let choice = random.below(4) == 0 ? 1 : 0
            return ("same\(choice)", -1 - choice)
        }
        text += 1
        return ("unique\(text)", nil)
    }

    // MARK: Reads

    /// Compares what a client has seen of a key with what is right.
    @discardableResult
    private func observe(_ place: Int, present: Bool, text: String? = nil) -> ReferenceModel.Seen {
        let slot = model.slots[place]
        switch slot.content {
        case .nothing: if present { violate("there is a value at \(place), which must be empty") }
        case .ordinary: if !present, !slot.mayBeEmpty { violate("the value at \(place) is lost") }
        case .computed(let value): observe(place, value, present: present, text: text)
        }
        return ReferenceModel.Seen(place: place, version: slot.version, isNil: !present)
    }

    private func observe(_ place: Int, _ value: ReferenceModel.Value, present: Bool, text: String?) {
        guard present else {
            guard value.state == .fresh else { return }
            needlesslyStale += 1
            model.agree(place, .stale)
            return model.settle()
        }
        if !model.isRight(place) { violate("the value at \(place) was served, which is stale: \(value)") }
        if let text, text != value.text { violate("the value at \(place) is \(text), not \(value.text)") }
        served += 1
        if value.state != .fresh {
            unexpectedlyFresh += 1
            model.agree(place, .fresh)
        }
        model.serve(place)
        model.settle()
    }

    private func read(_ client: Client) -> Operation {
        let database = database
        let name = random.below(3) == 0 ? random.below(Self.firstComputed) : anyName()
        let key = key(name)
        let note: ([ReferenceModel.Seen]) -> Void = { seen in
            if let last = client.frames.indices.last { client.frames[last].seen += seen }
            if client.manual?.database == database { client.manual?.seen += seen }
        }
        let isText = name < 6 || name >= Self.firstComputed
        if isText, random.below(2) == 0 {
            return Operation(arguments: ["GET", key]) { [self] reply in
                note([observe(place(name, database), present: reply.isPresent, text: reply.isError ? nil : reply.text)])
            }
        }
        if random.below(6) == 0 {
            let others = [name, anyName(), anyName()]
            return Operation(arguments: ["EXISTS"] + others.map { self.key($0) }) { [self] reply in
                // Which of them there are is told only where all of them are alike.
                switch reply.integer {
                case 0: note(others.map { observe(place($0, database), present: false) })
                case 3: note(others.map { observe(place($0, database), present: true) })
                default: note(others.map { model.name(place($0, database)) })
                }
            }
        }
        if isText, random.below(4) == 0 {
            let others = [name, computedName(), anyName()]
            return Operation(arguments: ["MGET"] + others.map { self.key($0) }) { [self] reply in
                note(
                    others.enumerated().map { index, other in
                        let isOther = reply[index] == .null && !isString(place(other, database))
                        return isOther
                            ? model.name(place(other, database))
                            : observe(place(other, database), present: reply[index] != .null, text: reply[index].text)
                    })
            }
        }
        let commands: [[String]] = [
            ["STRLEN", key], ["TYPE", key], ["PTTL", key], ["GETRANGE", key, "0", "-1"], ["HLEN", key],
            ["HGETALL", key],
            ["ZCARD", key], ["ZRANGE", key, "0", "-1"], ["EXISTS", key], ["GETEX", key], ["OBJECT", "ENCODING", key],
        ]
        let arguments = commands[random.below(commands.count)]
        return Operation(arguments: arguments) { [self] reply in
            // A key has no time left in its last millisecond.
            let present = arguments[0] == "PTTL" ? reply != .integer(-2) : reply.isPresent
            note([observe(place(name, database), present: present)])
        }
    }

    /// Whether a place may hold a string, as far as the model knows.
    private func isString(_ place: Int) -> Bool {
        if case .ordinary = model.slots[place].content { return false }
        return true
    }

    // MARK: Writes

    /// A command that writes and answers something of what was there before, which a computation then depends on.
    private func reading(_ places: [Int], _ client: Client, _ operation: Operation) -> Operation {
        Operation(arguments: operation.arguments) { [self] reply in
            noteReads(places, client)
            operation.apply(reply)
        }
    }

    private func noteReads(_ places: [Int], _ client: Client) {
        guard let last = client.frames.indices.last else { return }
        client.frames[last].seen += places.map { model.name($0) }
    }

    private func write(_ client: Client) -> Operation {
        let database = database
        let name = random.below(4) == 0 ? anyName() : random.below(Self.firstComputed)
        let place = place(name, database)
        let key = key(name)
        text += 1
        switch random.below(24) {
        case 0..<4: return overwriting(["SET", key, "v\(text)"], place)
        case 4: return overwriting(["SET", key, String(text)], place)
        case 5, 6:
            let time = milliseconds()
            return Operation(arguments: ["SET", key, "t\(text)", "PX", String(time)]) { [self] reply in
                model.open(place)
                model.change(place, to: .ordinary)
                model.setDeadline(place, server.now + time)
            }
        case 7: return reading([place], client, changing(["INCR", key], place))
        case 8: return reading([place], client, changing(["APPEND", key, "a"], place))
        case 9:
            let operation = Operation(arguments: ["GETDEL", key]) { [self] reply in
                guard !reply.isError else { return }
                observe(place, present: reply != .null, text: reply.text)
                model.open(place)
                if reply != .null { model.change(place, to: .nothing) }
            }
            return reading([place], client, operation)
        case 10:
            let operation = Operation(arguments: ["GETSET", key, "g\(text)"]) { [self] reply in
                guard !reply.isError else { return }
                observe(place, present: reply != .null, text: reply.text)
                model.open(place)
                model.change(place, to: .ordinary)
            }
            return reading([place], client, operation)
        case 11, 12: return reading([place], client, delete(name, place))
        case 13:
            let operation = changing(["HSET", key, "f\(random.below(2))", "h\(text)"], place)
            return reading([place], client, operation)
        case 14:
            let operation = changing(["ZADD", key, String(text), "m\(random.below(2))"], place)
            return reading([place], client, operation)
        case 15, 16: return reading([place], client, expire(key, place))
        case 17:
            let operation = Operation(arguments: ["PERSIST", key]) { [self] reply in
                model.open(place)
                if reply == .integer(1) { model.setDeadline(place, nil) }
            }
            return reading([place], client, operation)
        case 18: return reading([place], client, expireField(key, place))
        case 19: return reading([place], client, rename(name, database))
        case 20: return reading([place], client, copy(name, database))
        case 21: return reading([place], client, move(name, database))
        case 22:
            let other = anyName()
            guard other != name else { return overwriting(["SET", key, "v\(text)"], place) }
            return Operation(arguments: ["MSET", key, "x\(text)", self.key(other), "y\(text)"]) { [self] _ in
                for place in [place, self.place(other, database)] {
                    model.open(place)
                    model.change(place, to: .ordinary)
                }
            }
        default:
            let operation = Operation(arguments: ["SETNX", key, "n\(text)"]) { [self] reply in
                observe(place, present: reply == .integer(0))
                model.open(place)
                if reply == .integer(1) { model.change(place, to: .ordinary) }
            }
            return reading([place], client, operation)
        }
    }

    private func overwriting(_ arguments: [String], _ place: Int) -> Operation {
        Operation(arguments: arguments) { [self] reply in
            guard !reply.isError else { return violate("\(arguments) answered \(reply)") }
            model.open(place)
            model.change(place, to: .ordinary)
        }
    }

    /// A command that changes what is there, or makes it, and leaves the time to live.
    private func changing(_ arguments: [String], _ place: Int) -> Operation {
        Operation(arguments: arguments) { [self] reply in
            // Of these only APPEND goes with the text of a computed value that is served.
            if model.value(place) != nil, !reply.isError {
                observe(place, present: arguments[0] == "APPEND" && reply != .integer(1))
            }
            model.open(place)
            guard !reply.isError else { return }
            model.change(place, to: .ordinary, keepsDeadline: true)
            if arguments[0] == "HSET" { model.setDeadline(place, field: arguments[2], nil) }
        }
    }

    private func delete(_ name: Int, _ place: Int) -> Operation {
        Operation(arguments: [random.below(2) == 0 ? "DEL" : "UNLINK", key(name)]) { [self] reply in
            observe(place, present: reply == .integer(1))
            model.open(place)
            if reply == .integer(1) { model.change(place, to: .nothing) }
        }
    }

    private func expire(_ key: String, _ place: Int) -> Operation {
        let time = milliseconds()
        return Operation(arguments: ["PEXPIRE", key, String(time)]) { [self] reply in
            observe(place, present: reply == .integer(1))
            model.open(place)
            if reply == .integer(1) { model.setDeadline(place, server.now + time) }
        }
    }

    private func expireField(_ key: String, _ place: Int) -> Operation {
        let time = milliseconds()
        let field = "f\(random.below(2))"
        return Operation(arguments: ["HPEXPIRE", key, String(time), "FIELDS", "1", field]) { [self] reply in
            model.open(place)
            if reply[0] == .integer(1) { model.setDeadline(place, field: field, server.now + time) }
        }
    }

    private func rename(_ name: Int, _ database: Int) -> Operation {
        let other = anyName()
        return Operation(arguments: ["RENAME", key(name), key(other)]) { [self] reply in
            let (from, to) = (place(name, database), place(other, database))
            observe(from, present: !reply.isError)
            model.open(from)
            guard !reply.isError, from != to else { return }
            model.open(to)
            model.move(from, to: to)
        }
    }

    private func copy(_ name: Int, _ database: Int) -> Operation {
        let other = anyName()
        let target = random.below(3) == 0 ? 1 - database : database
        guard other != name || target != database else { return rename(name, database) }
        return Operation(arguments: ["COPY", key(name), key(other), "DB", String(target), "REPLACE"]) { [self] reply in
            let (from, to) = (place(name, database), place(other, target))
            observe(from, present: reply == .integer(1))
            guard reply == .integer(1) else { return }
            model.open(to)
            model.copy(from, to: to)
        }
    }

    private func move(_ name: Int, _ database: Int) -> Operation {
        Operation(arguments: ["MOVE", key(name), String(1 - database)]) { [self] reply in
            let (from, to) = (place(name, database), place(name, 1 - database))
            model.open(from)
            guard reply == .integer(1) else { return }
            model.open(to)
            model.move(from, to: to)
        }
    }

    /// Removes a field or a member, and looks whether the key has gone with it.
    private func probeDeletion(_ client: Client) {
        let name = anyName()
        let place = place(name, database)
        let arguments =
            random.below(2) == 0
            ? ["HDEL", key(name), "f\(random.below(2))"] : ["ZREM", key(name), "m\(random.below(2))"]
        let reply = send(arguments)
        noteReads([place], client)
        model.open(place)
        if reply == .integer(1) {
            let selected = database
            server.client = Self.probe
            server.session.pointee.database = selected
            let isLeft = TextReply(server.run(bytes: [Array("EXISTS".utf8), Array(key(name).utf8)])) == .integer(1)
            model.change(place, to: isLeft ? .ordinary : .nothing, keepsDeadline: isLeft)
            if isLeft, arguments[0] == "HDEL" { model.setDeadline(place, field: arguments[2], nil) }
        }
        model.settle()
    }

    /// Takes a key away as eviction does.
    private func evict() {
        let name = anyName()
        let place = place(name, database)
        note("evict \(name) of \(database)")
        server.executor.select(server.session, now: server.now)
        let wasThere = Array(key(name).utf8).withView { bytes in
            let key = Key(bytes)
            return server.executor.call.access.withLock(of: key.hash, commits: true) { access in
                guard access.remove(key) else { return false }
                if access.isLogging { access.logRemoval(key) }
                return true
            }
        }
        observe(place, present: wasThere)
        model.open(place)
        if wasThere { model.change(place, to: .nothing) }
        model.settle()
    }

    private func flush() -> Operation {
        let database = database
        return Operation(arguments: ["FLUSHDB"]) { [self] _ in
            for name in 0..<Self.names { model.change(place(name, database), to: .nothing) }
        }
    }

    private func swap() -> Operation {
        Operation(arguments: ["SWAPDB", "0", "1"]) { [self] _ in
            model.swap(0..<Self.names, Self.names..<2 * Self.names)
        }
    }

    private func invalidate() -> Operation {
        let (name, tag, database) = (anyName(), random.below(Self.tags), database)
        let arguments = ["COMPUTE.INVALIDATE"]
        if random.below(2) == 0 {
            return Operation(arguments: arguments + ["TAGS", "1", "t\(tag)"]) { [self] _ in
                model.touch(Self.firstTag + tag)
            }
        }
        return Operation(arguments: arguments + ["KEYS", "1", key(name)]) { [self] _ in
            model.invalidate(place(name, database))
        }
    }

    // MARK: Computations

    private func begin(_ client: Client) -> Operation {
        let (name, database) = (random.below(12) == 0 ? anyName() : computedName(), database)
        let place = place(name, database)
        var arguments = ["COMPUTE.BEGIN", key(name)]
        var named: [Int] = []
        if random.below(4) == 0 { arguments += ["LEASE", String(milliseconds())] }
        if random.below(6) == 0 {
            let tag = random.below(Self.tags)
            arguments += ["TAGS", "1", "t\(tag)"]
            named.append(Self.firstTag + tag)
        }
        if random.below(6) == 0 {
            let other = anyName()
            arguments += ["DEPS", "1", key(other)]
            named.append(self.place(other, database))
        }
        if random.below(4) == 0 { arguments.append("STALEOK") }
        return Operation(arguments: arguments) { [self] reply in
            let outer = client.frames.indices.last
            switch reply[0].text {
            case "fresh":
                if model.value(place) == nil { violate("what is not computed was called fresh") }
                let seen = observe(place, present: true, text: reply[1].text ?? "")
                if let outer { client.frames[outer].seen.append(seen) }
            case "stale":
                let seen = ReferenceModel.Seen(place: place, version: model.slots[place].version, isNil: false)
                if let outer { client.frames[outer].seen.append(seen) }
            case "lease":
                if model.value(place) != nil { observe(place, present: false) }
                let seen = named.map { model.name($0) }
                client.frames.append(Frame(place: place, token: reply[1].text ?? "", seen: seen))
            default: break
            }
        }
    }

    private func end(_ client: Client) -> Operation {
        guard let frame = client.frames.last else { return read(client) }
        let (text, version) = newText()
        var arguments = ["COMPUTE.END", frame.token, text]
        let time = random.below(6) == 0 ? milliseconds() : nil
        if let time { arguments += ["PX", String(time)] }
        return Operation(arguments: arguments) { [self] reply in
            guard let index = client.frames.lastIndex(where: { $0.token == frame.token }) else { return }
            let frame = client.frames.remove(at: index)
            let outer = index - 1
            guard reply[0].text == "stored" else {
                if reply[0].text == "superseded" {
                    superseded += 1
                    if frame.seen.allSatisfy({ model.isStillSo($0) }) {
                        needlesslySuperseded += 1
                    }
                }
                if outer >= 0 { client.frames[outer].seen += frame.seen }
                return
            }
            let old = model.slots[frame.place].version
            publish(frame.place, text, version, frame.seen, time)
            guard outer >= 0 else { return }
            // Who found no value and then computed it knows that one.
            client.frames[outer].seen.removeAll { $0.place == frame.place && $0.isNil && $0.version == old }
            client.frames[outer].seen.append(model.look(frame.place))
        }
    }

    /// A value was stored: what it was derived from must still be so.
    private func publish(
        _ place: Int, _ text: String, _ version: Int?, _ seen: [ReferenceModel.Seen], _ time: Int64?
    ) {
        stored += 1
        if let changed = seen.first(where: { !model.isStillSo($0) }) {
            violate("the value at \(place) was stored although \(changed) has changed")
        }
        if model.value(place) == nil { model.forget(place) }
        model.change(place, to: .computed(ReferenceModel.Value(text: text, seen: seen)), version: version)
        model.setDeadline(place, time.map { server.now + $0 })
        model.serve(place)
    }

    private func fail(_ client: Client) -> Operation {
        let token = client.frames.last?.token ?? ""
        let arguments = ["COMPUTE.FAIL", token] + (random.below(2) == 0 ? ["no", "RETRY", "2"] : [])
        return Operation(arguments: arguments) { _ in
            guard let index = client.frames.lastIndex(where: { $0.token == token }) else { return }
            let frame = client.frames.remove(at: index)
            if index > 0 { client.frames[index - 1].seen += frame.seen }
        }
    }

    /// Anybody who knows a token may add dependencies.
    private func depend() -> Operation {
        let owner = clients[random.below(clients.count)]
        guard let frame = owner.frames.last else { return invalidate() }
        let (name, tag, database) = (anyName(), random.below(Self.tags), database)
        let arguments = ["COMPUTE.DEPEND", frame.token, "KEYS", "1", key(name), "TAGS", "1", "t\(tag)"]
        return Operation(arguments: arguments) { [self] reply in
            guard !reply.isError, let index = owner.frames.lastIndex(where: { $0.token == frame.token }) else { return }
            owner.frames[index].seen += [model.name(place(name, database)), model.name(Self.firstTag + tag)]
        }
    }

    private func manual(_ client: Client) -> Operation {
        guard let manual = client.manual, manual.database == database, manual.seen.count > 1 else {
            let database = database
            return Operation(arguments: ["COMPUTE.REV"]) { reply in
                client.manual = Manual(revision: reply.text ?? "0", database: database)
            }
        }
        client.manual = nil
        let name = computedName()
        let place = place(name, database)
        let names = Set(manual.seen.map(\.place)).sorted().map { key($0 - manual.database * Self.names) }
        let (text, version) = newText()
        let arguments = ["COMPUTE.SET", key(name), text, "REV", manual.revision, "DEPS", String(names.count)] + names
        return Operation(arguments: arguments) { [self] reply in
            if reply[0].text == "stored" { publish(place, text, version, manual.seen, nil) }
        }
    }

    /// COMPUTE.SET of what is there now.
    private func set() -> Operation {
        let (name, database) = (computedName(), database)
        let (text, version) = newText()
        let others = Set((0..<1 + random.below(3)).map { _ in anyName() }).sorted()
        let tag = random.below(Self.tags)
        let time = random.below(6) == 0 ? milliseconds() : nil
        var arguments = ["COMPUTE.SET", key(name), text, "DEPS", String(others.count)] + others.map { key($0) }
        arguments += ["TAGS", "1", "t\(tag)"]
        if let time { arguments += ["PX", String(time)] }
        return Operation(arguments: arguments) { [self] reply in
            guard reply[0].text == "stored" else { return }
            let seen = others.map { model.name(place($0, database)) } + [model.name(Self.firstTag + tag)]
            publish(place(name, database), text, version, seen, time)
        }
    }

    /// A connection goes, with all that it was computing.
    private func abandon(_ client: Client) {
        note("client \(client.number) goes")
        graph.sessionEnded(client.number)
        client.frames = []
        client.manual = nil
        client.number = nextClient
        nextClient += 1
    }
}
