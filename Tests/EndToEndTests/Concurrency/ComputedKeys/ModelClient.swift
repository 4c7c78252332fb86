import Foundation
import TestSupport

/// One of the many clients of the model checker: sends batches of random commands and judges every answer.
///
/// A batch begins when it is sent: what was certain then is what its reads are held to, and what its own earlier answers
/// say, since a connection's commands are executed in their order.
final class ModelClient {
    struct Violation: Error, CustomStringConvertible { let description: String }

    private struct Frame {
        let token: String
        var origins = Origins()
    }

    /// A computation without a lease, of a key of database 0.
    private struct Manual {
        let revision: String
        var origins = Origins()
        var keys: Set<String> = []
        var tags: Set<String> = []
    }

    private typealias Handler = (Reply) -> Void

    private let server: ServerProcess
    private let world: SourceWorld
    private var random: SeededGenerator
    private var connection: RedisClient
    private var database = 0
    private var frames: [Frame] = []
    private var manual: Manual?

    private var encoded: [UInt8] = []
    private var handlers: [Handler] = []
    private var owned: [Int] = []
    /// What must not be older, by source.
    private var certain: [Int] = []
    private var commandsOfBatch: [String] = []
    private var transaction: [Handler]?

    private(set) var commands = 0
    private(set) var served = 0
    private(set) var stored = 0
    private(set) var superseded = 0
    private(set) var violation: Violation?

    static let computed = 12
    private static let computedInFirst = 8

    init(_ server: ServerProcess, _ world: SourceWorld, seed: UInt64) throws {
        self.server = server
        self.world = world
        random = SeededGenerator(seed)
        connection = try server.client()
    }

    // MARK: Batches

    /// Sends a batch and judges the answers; false once something was wrong.
    func turn() throws -> Bool {
        if random.oneIn(300) {
            connection = try server.client()
            database = 0
            frames = []
            manual = nil
        }
        for _ in 0..<Int.random(in: 4...14, using: &random) { addAny() }
        if !frames.isEmpty, !random.oneIn(3) { addEnd() }
        try flush()
        return violation == nil
    }

    private func flush() throws {
        defer {
            for source in owned { world.unlock(source) }
            owned = []
            encoded.removeAll(keepingCapacity: true)
            handlers.removeAll(keepingCapacity: true)
            commandsOfBatch.removeAll(keepingCapacity: true)
        }
        certain = world.certain()
        connection.append(encoded: encoded)
        for handler in handlers { handler(try connection.receive()) }
        commands += handlers.count
    }

    private func add(_ arguments: [String], _ handler: @escaping Handler = { _ in }) {
        encoded += Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { encoded += Array("$\(argument.utf8.count)\r\n\(argument)\r\n".utf8) }
        commandsOfBatch.append(arguments.joined(separator: " "))
        if transaction == nil {
            handlers.append(handler)
        } else {
            transaction?.append(handler)
            handlers.append { _ in }
        }
    }

    private func select(_ number: Int) {
        guard database != number else { return }
        add(["SELECT", String(number)])
        database = number
    }

    private func addAny() {
        switch Int.random(in: 0..<1000, using: &random) {
        case 0..<420: addReadOfComputed()
        case 420..<690: addReadOfSource()
        case 690..<730: addWrite()
        case 730..<736: addTransaction()
        case 736..<746: addInvalidation()
        case 746..<900: addBegin()
        case 900..<930: addDependency()
        case 930..<950: addEnd()
        case 950..<953: addFail()
        case 953..<990: addManual()
        case 990..<996: addChangeOfComputed()
        case 996 where random.oneIn(4): addFlush()
        case 997 where random.oneIn(4): addSwap()
        default: break
        }
    }

    /// Commands of several kinds as one.
    private func addTransaction() {
        guard transaction == nil else { return }
        select(0)
        add(["MULTI"])
        transaction = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            addWrite()
            if random.oneIn(2) { addReadOfComputed(inFirst: true) }
        }
        let inner = transaction ?? []
        transaction = nil
        add(["EXEC"]) { [self] reply in
            guard let elements = reply.elements, elements.count == inner.count else {
                return violate("EXEC answered \(reply)")
            }
            for (handler, element) in zip(inner, elements) { handler(element) }
        }
    }

    private func violate(_ text: String) {
        if violation == nil {
            violation = Violation(description: "\(text) in\n\(commandsOfBatch.joined(separator: "\n"))")
        }
    }

    // MARK: Reads

    private func name(computed index: Int) -> String { "c\(index)" }
    private func name(source index: Int) -> String { "s\(index)" }

    /// A computed key, with its database selected.
    private func pickComputed(inFirst: Bool = false) -> String {
        let index = Int.random(in: 0..<(inFirst ? Self.computedInFirst : Self.computed), using: &random)
        if !inFirst { select(index < Self.computedInFirst ? 0 : 1) }
        return name(computed: index)
    }

    /// Judges what was served of a computed key, and adds it to what the innermost computation is derived from.
    ///
    /// - Parameter database: where the key was read.
    private func judge(_ key: String, _ reply: Reply, in database: Int = 0) {
        guard let bytes = reply.bytes, let origins = Origins(bytes) else { return }
        served += 1
        for source in origins.versions.indices where origins.versions[source] < certain[source] {
            violate("\(key) is \(origins.text), but version \(certain[source]) of source \(source) was certain,")
        }
        use(origins, of: key, in: database)
    }

    private func use(_ origins: Origins, of key: String, in database: Int = 0) {
        if let last = frames.indices.last { frames[last].origins.add(origins) }
        // COMPUTE.SET names dependencies of its own database only.
        if manual != nil, database == 0 {
            manual?.origins.add(origins)
            manual?.keys.insert(key)
        }
    }

    private func addReadOfComputed(inFirst: Bool = false) {
        let key = pickComputed(inFirst: inFirst)
        let database = database
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            let other = name(computed: Int.random(in: 0..<Self.computedInFirst, using: &random))
            guard database == 0 else { return addReadOfComputed(inFirst: inFirst) }
            add(["MGET", key, other]) { [self] reply in
                judge(key, reply[0])
                judge(other, reply[1])
            }
        case 1:
            guard database == 0 else { return addReadOfComputed(inFirst: inFirst) }
            let source = Int.random(in: 0..<4, using: &random)
            let names = random.oneIn(2) ? [key, name(source: source)] : [name(source: source), key]
            // One step: who sees the source's new value in it sees nothing that was derived from the old one.
            add(["MGET"] + names) { [self] reply in
                observe(source, reply[names[0] == key ? 1 : 0])
                judge(key, reply[names[0] == key ? 0 : 1])
            }
        case 2: add(["GETRANGE", key, "0", "-1"]) { [self] in judge(key, $0, in: database) }
        case 3: add(["GETEX", key]) { [self] in judge(key, $0, in: database) }
        case 4 where transaction == nil:
            add(["COMPUTE.READ", "KEYS", "1", key, "SINCE", "0"]) { [self] in judge(key, $0[0][2], in: database) }
        default: add(["GET", key]) { [self] in judge(key, $0, in: database) }
        }
    }

    /// What was found in a source is certain from now on.
    private func observe(_ source: Int, _ reply: Reply) {
        guard let text = reply.text, !reply.isError, let version = Int(text.split(separator: "#").last ?? "") else {
            if reply == .null { found(source, world.absence(source)) }
            return
        }
        certain[source] = max(certain[source], version)
        world.raise(source, to: version)
        found(source, version)
    }

    private func found(_ source: Int, _ version: Int) {
        var origins = Origins()
        origins.add(source, version)
        use(origins, of: name(source: source))
    }

    private func addReadOfSource() {
        select(0)
        let source = Int.random(in: 0..<SourceWorld.keys, using: &random)
        let key = name(source: source)
        switch source {
        case 0..<4: add([random.oneIn(8) ? "GETEX" : "GET", key]) { [self] in observe(source, $0) }
        case 4, 5:
            if random.oneIn(2) {
                add(["HGET", key, "v"]) { [self] in observe(source, $0) }
            } else {
                add(["HGETALL", key]) { [self] in observe(source, $0[1]) }
            }
        default:
            if random.oneIn(2) {
                add(["ZSCORE", key, "m"]) { [self] in observe(source, $0) }
            } else {
                add(["ZRANGE", key, "0", "-1", "WITHSCORES"]) { [self] in observe(source, $0[1]) }
            }
        }
    }

    // MARK: Writes

    private func own(_ source: Int) -> Bool {
        guard !owned.contains(source), world.tryLock(source) else { return false }
        owned.append(source)
        return true
    }

    /// A write was answered.
    private func wrote(_ source: Int, _ version: Int) {
        certain[source] = max(certain[source], version)
        world.raise(source, to: version)
    }

    /// A command that replaces what a source holds.
    private func addReplacement(_ source: Int, _ arguments: [String], _ version: Int) {
        world.writers[source].held = version
        world.writers[source].mayExpire = false
        add(arguments) { [self] reply in
            if reply.isError { violate("\(arguments) answered \(reply)") }
            wrote(source, version)
        }
    }

    /// A command that may leave nothing; `removed` tells whether it has taken something away.
    private func addRemoval(_ source: Int, _ arguments: [String], _ removed: @escaping (Reply) -> Bool) {
        let version = world.newAbsence(source)
        world.writers[source].held = nil
        world.writers[source].mayExpire = false
        add(arguments) { [self] in if removed($0) { wrote(source, version) } }
    }

    /// Lets a source expire, unless it may do so already: when that would be put off is not known exactly.
    private func addExpiry(_ source: Int, _ arguments: [String], _ time: Int, _ isSet: @escaping (Reply) -> Bool) {
        guard !world.writers[source].mayExpire else { return }
        world.writers[source].mayExpire = true
        let version = world.newAbsence(source)
        world.writers[source].held = nil
        add(arguments) { [self] in if isSet($0) { world.expires(source, after: time, version: version) } }
    }

    private func addWrite() {
        let source = Int.random(in: 0..<SourceWorld.keys, using: &random)
        guard own(source) else { return }
        select(0)
        let key = name(source: source)
        let time = Int.random(in: 1...6, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0: addRemoval(source, [random.oneIn(2) ? "DEL" : "UNLINK", key]) { $0 == .integer(1) }
        case 1:
            addRemoval(source, ["RENAME", key, "trash"]) { !$0.isError }
        case 2 where transaction == nil:
            add(["SELECT", "3"])
            add(["DEL", key])
            add(["SELECT", "0"])
            addRemoval(source, ["MOVE", key, "3"]) { $0 == .integer(1) }
        case 3, 4: addExpiry(source, ["PEXPIRE", key, String(time)], time) { $0 == .integer(1) }
        case 5, 6:
            let version = world.newVersion(source)
            addSet(source, "tmp\(source)", version)
            addReplacement(source, ["RENAME", "tmp\(source)", key], version)
        case 7:
            let version = world.newVersion(source)
            addSet(source, "tmp\(source)", version)
            addReplacement(source, ["COPY", "tmp\(source)", key, "REPLACE"], version)
            add(["DEL", "tmp\(source)"])
        case 8 where transaction == nil:
            // What is in the way of MOVE goes first.
            addRemoval(source, ["DEL", key]) { $0 == .integer(1) }
            let version = world.newVersion(source)
            select(1)
            addSet(source, key, version)
            addReplacement(source, ["MOVE", key, "0"], version)
            select(0)
        default: addWrite(of: source, key, time)
        }
    }

    /// Puts a version under a key that is not the source's own.
    private func addSet(_ source: Int, _ key: String, _ version: Int) {
        switch source {
        case 0..<4: add(["SET", key, String(version)])
        case 4, 5:
            add(["DEL", key])
            add(["HSET", key, "v", String(version)])
        default:
            add(["DEL", key])
            add(["ZADD", key, String(version), "m"])
        }
    }

    private func addWrite(of source: Int, _ key: String, _ time: Int) {
        let held = world.writers[source].held
        if source < 2, let held, held == world.writers[source].version, random.oneIn(2) {
            return addReplacement(source, ["INCR", key], world.newVersion(source))
        }
        if source < 4, random.oneIn(8) {
            return addRemoval(source, ["GETDEL", key]) { $0 != .null }
        }
        // What keeps the time to live would end with it.
        if source > 3, world.writers[source].mayExpire { addRemoval(source, ["DEL", key]) { $0 == .integer(1) } }
        let version = world.newVersion(source)
        switch source {
        case 0, 1: addReplacement(source, ["SET", key, String(version)], version)
        case 2, 3:
            if held != nil, random.oneIn(2) {
                addReplacement(source, ["APPEND", key, "#\(version)"], version)
            } else {
                addReplacement(source, ["SET", key, String(version)], version)
            }
        case 4, 5:
            if random.oneIn(6) { return addRemoval(source, ["HDEL", key, "v"]) { $0 == .integer(1) } }
            addReplacement(source, ["HSET", key, "v", String(version)], version)
        default:
            if random.oneIn(6) { return addRemoval(source, ["ZREM", key, "m"]) { $0 == .integer(1) } }
            addReplacement(source, ["ZADD", key, String(version), "m"], version)
        }
        guard random.oneIn(8) else { return }
        if source < 2 {
            let version = world.newVersion(source)
            addReplacement(source, ["SET", key, String(version), "PX", String(time)], version)
            let end = world.newAbsence(source)
            world.writers[source].held = nil
            world.writers[source].mayExpire = true
            add(["PTTL", key]) { [self] _ in world.expires(source, after: time, version: end) }
        } else if source == 4 || source == 5 {
            addExpiry(source, ["HPEXPIRE", key, String(time), "FIELDS", "1", "v"], time) { $0[0] == .integer(1) }
        } else {
            addExpiry(source, ["PEXPIRE", key, String(time)], time) { $0 == .integer(1) }
        }
    }

    private func addInvalidation() {
        if random.oneIn(3) {
            let key = pickComputed()
            return add(["COMPUTE.INVALIDATE", "KEYS", "1", key])
        }
        let source = SourceWorld.keys + Int.random(in: 0..<SourceWorld.tags, using: &random)
        guard own(source) else { return }
        let version = world.newExternal(source)
        add(["COMPUTE.INVALIDATE", "TAGS", "1", "t\(source)"]) { [self] _ in wrote(source, version) }
    }

    /// Makes a computed key an ordinary one, lets it expire, or removes it.
    private func addChangeOfComputed() {
        let key = pickComputed()
        switch Int.random(in: 0..<4, using: &random) {
        case 0: add(["SET", key, "ordinary"])
        case 1: add(["PEXPIRE", key, "2"])
        default: add(["DEL", key])
        }
    }

    private func ownAll() -> Bool {
        for source in 0..<SourceWorld.keys where !owned.contains(source) {
            guard own(source) else { return false }
        }
        return true
    }

    private func addFlush() {
        guard transaction == nil, owned.isEmpty, ownAll() else { return }
        select(0)
        var present = [Bool](repeating: false, count: SourceWorld.keys)
        for source in 0..<SourceWorld.keys {
            add(["EXISTS", name(source: source)]) { present[source] = $0 == .integer(1) }
        }
        let versions = (0..<SourceWorld.keys).map { source in
            world.writers[source].held = nil
            return world.newAbsence(source)
        }
        add(["FLUSHDB"]) { [self] _ in
            for source in 0..<SourceWorld.keys where present[source] { wrote(source, versions[source]) }
        }
    }

    /// New values for all sources in another database, which then takes the place of the first.
    private func addSwap() {
        guard transaction == nil, owned.isEmpty, ownAll() else { return }
        select(2)
        add(["FLUSHDB"])
        let versions = (0..<SourceWorld.keys).map { source in
            let version = world.newVersion(source)
            world.writers[source].held = version
            addSet(source, name(source: source), version)
            return version
        }
        select(0)
        add(["SWAPDB", "0", "2"]) { [self] _ in
            for source in 0..<SourceWorld.keys { wrote(source, versions[source]) }
        }
    }

    // MARK: Computations

    private func addBegin() {
        guard frames.count < 4 else { return }
        let key = pickComputed()
        let database = database
        var arguments = ["COMPUTE.BEGIN", key]
        if random.oneIn(6) { arguments += ["LEASE", "5"] }
        add(arguments) { [self] reply in
            switch reply[0].text {
            case "fresh":
                if reply[1].bytes == nil { violate("\(key) is fresh and nothing") }
                judge(key, reply[1], in: database)
            case "lease": frames.append(Frame(token: reply[1].text ?? ""))
            default: break
            }
        }
    }

    /// What a tag stands for is read once the dependency on it is known.
    private func addDependency() {
        let source = SourceWorld.keys + Int.random(in: 0..<SourceWorld.tags, using: &random)
        if manual != nil {
            manual?.tags.insert("t\(source)")
            manual?.origins.add(source, world.externalValue(source))
        }
        guard let token = frames.last?.token else { return }
        add(["COMPUTE.DEPEND", token, "TAGS", "1", "t\(source)"]) { [self] reply in
            guard reply == .ok, let index = frames.lastIndex(where: { $0.token == token }) else { return }
            frames[index].origins.add(source, world.externalValue(source))
        }
    }

    /// Ends the innermost computation with what was read before this batch.
    private func addEnd() {
        guard let frame = frames.last, transaction == nil else { return }
        var arguments = ["COMPUTE.END", frame.token, frame.origins.text]
        if random.oneIn(10) { arguments += ["PX", String(Int.random(in: 1...10, using: &random))] }
        add(arguments) { [self] reply in
            guard let index = frames.lastIndex(where: { $0.token == frame.token }) else { return }
            let ended = frames.remove(at: index)
            if reply[0].text == "stored" { stored += 1 } else if !reply.isError { superseded += 1 }
            if index > 0 { frames[index - 1].origins.add(ended.origins) }
        }
    }

    private func addFail() {
        guard let frame = frames.last, transaction == nil else { return }
        add(["COMPUTE.FAIL", frame.token]) { [self] _ in
            guard let index = frames.lastIndex(where: { $0.token == frame.token }) else { return }
            let ended = frames.remove(at: index)
            if index > 0 { frames[index - 1].origins.add(ended.origins) }
        }
    }

    private func addManual() {
        guard transaction == nil else { return }
        guard let manual, manual.keys.count > 0 else {
            add(["COMPUTE.REV"]) { [self] in self.manual = Manual(revision: $0.text ?? "0") }
            return
        }
        self.manual = nil
        select(0)
        let key = pickComputed(inFirst: true)
        var arguments = ["COMPUTE.SET", key, manual.origins.text, "REV", manual.revision]
        arguments += ["DEPS", String(manual.keys.count)] + manual.keys
        if !manual.tags.isEmpty { arguments += ["TAGS", String(manual.tags.count)] + manual.tags }
        add(arguments) { [self] in if $0[0].text == "stored" { stored += 1 } }
    }
}
