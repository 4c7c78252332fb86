import Configuration
import Primitives

/// LATENCY DOCTOR: what the spikes look like, and what can be done about each kind.
enum LatencyReport {
    /// - Parameter now: seconds since 1970.
    static func text(_ events: [(name: String, event: LatencyMonitor.Event)], _ settings: Settings, now: Int64)
        -> String
    {
        let threshold = settings.latencyMonitorThreshold
        guard threshold > 0 else {
            return
                "Latency is not monitored. To do so, set the milliseconds from which an event counts with CONFIG SET "
                + "latency-monitor-threshold.\n"
        }
        guard !events.isEmpty else { return "No event took \(threshold) ms or longer since the last reset.\n" }
        var text = "Spikes of latency were observed.\n\n"
        for (index, (name, event)) in events.enumerated() {
            let (average, deviation) = event.spread
            text +=
                "\(index + 1). \(name): \(event.samples.count) latency spikes (average \(Int(average))ms, mean deviation "
            text += "\(Int(deviation))ms, period \(decimal(event.period(now: now), 2)) sec). "
            text += "Worst all time event \(event.worst)ms.\n"
        }
        let advice = advice(Set(events.map(\.name)), settings)
        if !advice.isEmpty { text += "\nWhat may help:\n\n" + advice.map { "- \($0)\n" }.joined() }
        return text
    }

    private static func advice(_ names: Set<String>, _ settings: Settings) -> [String] {
        var advice: [String] = []
        if !names.isDisjoint(with: ["command", "fast-command"]) {
            let threshold = settings.latencyMonitorThreshold.multiplied(checked: 1000) ?? .max
            if settings.slowlogLogSlowerThan < 0 || settings.slowlogLogSlowerThan > threshold {
                advice.append(
                    "The slow log does not show these commands: CONFIG SET slowlog-log-slower-than \(threshold) would.")
            }
            advice.append("SLOWLOG GET tells which commands, with which arguments, took so long.")
        }
        if names.contains("fast-command") {
            advice.append(
                "Commands that never take long were held up: by other processes, or by work on the same keys.")
        }
        if names.contains("expire-cycle") {
            advice.append(
                "Many keys expire at the same time: spread their deadlines, or lower active-expire-effort.")
        }
        if !names.isDisjoint(with: ["eviction-cycle", "eviction-del"]) {
            advice.append("Keys are evicted faster than new ones should come: raise maxmemory, or split large values.")
        }
        return advice
    }
}
