import Glibc
import Primitives

/// Directives whose value is more than one word.
extension Directive.Kind {
    /// At most 16 addresses; `""` for none.
    static let bind = words(
        get: { $0.bind.isEmpty ? [[""]] : [$0.bind] },
        set: { settings, words in
            let addresses = separated(words)
            if addresses.count > 16 { return "Too many bind addresses specified." }
            if addresses.contains(where: { $0.utf8.contains(0) }) { return "Invalid bind address" }
            settings.bind = addresses
            return nil
        }, getText: { $0.bind.joined(separator: " ") })

    /// Made absolute when it is set, so that it keeps its meaning whatever the process does later.
    static let directory = words(
        get: { [[$0.directory]] },
        set: { settings, words in
            guard words.count == 1, !words[0].utf8.contains(0) else { return "wrong number of arguments" }
            guard let path = realpath(words[0], nil) else { return String(cString: strerror(errno)) }
            defer { free(path) }
            var status = stat()
            guard stat(path, &status) == 0 else { return String(cString: strerror(errno)) }
            guard status.st_mode & S_IFMT == S_IFDIR else { return String(cString: strerror(ENOTDIR)) }
            settings.directory = String(cString: path)
            return nil
        }, getText: { $0.directory })

    static let keyspaceEvents = words(
        get: { [[$0.keyspaceEvents.text]] },
        set: { settings, words in
            guard words.count <= 1 else { return "wrong number of arguments" }
            guard let events = KeyspaceEvents(text: words.first ?? "") else {
                return "Invalid event class character. Use 'Ag$lshzxeKEtmdnc'."
            }
            settings.keyspaceEvents = events
            return nil
        }, getText: { $0.keyspaceEvents.text })

    /// Pairs of seconds and changes. The first line of a file replaces the default, further ones add to it.
    static let saveRules = words(
        get: { settings in
            settings.saveRules.isEmpty ? [[""]] : settings.saveRules.map { ["\($0.seconds)", "\($0.changes)"] }
        },
        set: { settings, words in
            let words = separated(words)
            guard words.count % 2 == 0 else { return "Invalid save parameters" }
            var rules: [Settings.SaveRule] = []
            for start in stride(from: 0, to: words.count, by: 2) {
                guard let seconds = Int32(words[start]), seconds >= 1, let changes = Int32(words[start + 1]),
                    changes >= 0
                else { return "Invalid save parameters" }
                rules.append(Settings.SaveRule(seconds: Int(seconds), changes: Int(changes)))
            }
            if settings.hasDefaultSaveRules || rules.isEmpty { settings.saveRules = [] }
            settings.hasDefaultSaveRules = false
            settings.saveRules += rules
            return nil
        }, getText: { $0.saveRules.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ") })

    /// The name of a file or a folder, without a path.
    static func fileName(_ path: Directive.Field<String>, _ name: String) -> Self {
        words(
            get: { [[$0[keyPath: path]]] },
            set: { settings, words in
                guard words.count == 1 else { return "wrong number of arguments" }
                guard !words[0].isEmpty else { return "\(name) can't be empty" }
                guard !words[0].utf8.contains(UInt8(ascii: "/")), !words[0].utf8.contains(0), words[0] != "..",
                    words[0] != "."
                else { return "\(name) can't be a path, just a filename" }
                settings[keyPath: path] = words[0]
                return nil
            }, getText: { $0[keyPath: path] })
    }

    /// A size, or a part of `maxmemory` in percent.
    static let clientMemory = words(
        get: { settings in
            guard case .bytes(let bytes) = settings.maxMemoryClients else {
                return [[clientMemoryText(settings.maxMemoryClients)]]
            }
            return [[MemorySize.format(bytes)]]
        },
        set: { settings, words in
            guard words.count == 1 else { return "wrong number of arguments" }
            let word = Array(words[0].utf8)
            if word.last == UInt8(ascii: "%") {
                guard let percent = word.dropLast().withContiguousStorageIfAvailable({ parsePercent($0) }) ?? nil else {
                    return "argument must be a memory or percent value"
                }
                guard percent <= 100 else { return "percentage argument must be less or equal to 100" }
                settings.maxMemoryClients = percent == 0 ? .bytes(0) : .percent(percent)
                return nil
            }
            guard let bytes = MemorySize.parse(word) else { return "argument must be a memory or percent value" }
            guard bytes <= UInt64(Int.max) else { return "argument must be between -100 and \(Int.max) inclusive" }
            settings.maxMemoryClients = .bytes(Int(bytes))
            return nil
        }, getText: { clientMemoryText($0.maxMemoryClients) })

    static let percentiles = words(
        get: { settings in
            let texts = settings.latencyTrackingPercentiles.map(percentileText)
            return [texts.isEmpty ? [""] : texts]
        },
        set: { settings, words in
            let name = "latency-tracking-info-percentiles"
            var percentiles: [Double] = []
            for word in separated(words) {
                guard let value = Array(word.utf8).withView({ parseDouble($0) }) else {
                    return "Invalid \(name) parameters"
                }
                guard value >= 0, value <= 100 else { return "\(name) parameters should sit between [0.0,100.0]" }
                percentiles.append(value)
            }
            settings.latencyTrackingPercentiles = percentiles
            return nil
        }, getText: { $0.latencyTrackingPercentiles.map(percentileText).joined(separator: " ") })

    /// Groups of four words; a line may have several, and classes that it does not name stay as they are.
    static let outputLimits = words(
        get: { settings in
            limitClasses.map { _, name, path in
                let limit = settings[keyPath: path]
                return [
                    name, MemorySize.format(limit.hard), MemorySize.format(limit.soft), String(limit.softSeconds),
                ]
            }
        },
        set: { settings, words in
            let words = separated(words)
            guard !words.isEmpty, words.count % 4 == 0 else {
                return "Wrong number of arguments in buffer limit configuration."
            }
            var changed = settings
            for start in stride(from: 0, to: words.count, by: 4) {
                let name = words[start].lowercased()
                guard let path = limitClasses.first(where: { $0.0 == name || $0.1 == name })?.2 else {
                    return "Invalid client class specified in buffer limit configuration."
                }
                guard let hard = MemorySize.parse(Array(words[start + 1].utf8)), hard <= Int.max,
                    let soft = MemorySize.parse(Array(words[start + 2].utf8)), soft <= Int.max,
                    let seconds = Int32(words[start + 3]), seconds >= 0
                else { return "Error in hard, soft or soft_seconds setting in buffer limit configuration." }
                changed[keyPath: path] = Settings.OutputLimit(
                    hard: Int(hard), soft: Int(soft), softSeconds: Int(seconds))
            }
            settings = changed
            return nil
        },
        getText: { settings in
            limitClasses.map { name, _, path in
                let limit = settings[keyPath: path]
                return "\(name) \(limit.hard) \(limit.soft) \(limit.softSeconds)"
            }.joined(separator: " ")
        })

    /// The name that CONFIG GET answers, the one that is written to a file, and the field.
    private static let limitClasses: [(String, String, Directive.Field<Settings.OutputLimit>)] = [
        ("normal", "normal", \.outputLimitNormal), ("slave", "replica", \.outputLimitReplica),
        ("pubsub", "pubsub", \.outputLimitPubSub),
    ]
}

/// The words of a directive that may have several: one argument may hold all of them, as on the command line.
private func separated(_ words: [String]) -> [String] {
    words.flatMap { $0.split(separator: " ").map(String.init) }
}

private func clientMemoryText(_ limit: Settings.ClientMemory) -> String {
    switch limit {
    case .bytes(let bytes): String(bytes)
    case .percent(let percent): "\(percent)%"
    }
}

/// Digits only: nil for anything else.
private func parsePercent(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
    guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
}

private func percentileText(_ value: Double) -> String { String(decoding: doubleText(value), as: UTF8.self) }
