/// LATENCY GRAPH: the spikes of an event as columns of characters, with their age below.
enum LatencyGraph {
    private static let rows = 4
    private static let columns = 80

    /// - Parameter now: seconds since 1970.
    static func text(_ name: String, _ event: LatencyMonitor.Event, now: Int64) -> String {
        let times = event.samples.map(\.milliseconds)
        let high = times.max() ?? 0
        let low = times.min() ?? 0
        var text = "\(name) - high \(high) ms, low \(low) ms (all time high \(event.worst) ms)\n"
        text += String(repeating: "-", count: columns) + "\n"
        for start in stride(from: 0, to: event.samples.count, by: columns) {
            let part = event.samples[start..<min(start + columns, event.samples.count)]
            text += rowsText(part, low: low, high: high)
            text += labels(part.map { age(now - $0.time) }) + "\n"
        }
        return text
    }

    /// Each column is as high as its sample: `_` for the lowest, else `|` up to its top, which is `#` or `o`.
    private static func rowsText(_ samples: ArraySlice<LatencyMonitor.Sample>, low: Int64, high: Int64) -> String {
        let levels = samples.map { sample in
            high > low ? Double(sample.milliseconds - low) / Double(high - low) * Double(rows) : 0
        }
        var text = ""
        for row in (0..<rows).reversed() {
            for level in levels {
                let top = min(rows - 1, Int(level))
                if row > top {
                    text += " "
                } else if row < top {
                    text += "|"
                } else {
                    text += level - Double(top) >= 0.5 ? "#" : row == 0 ? "_" : "o"
                }
            }
            text += "\n"
        }
        return text
    }

    /// The texts from top to bottom, one in a column.
    private static func labels(_ texts: [String]) -> String {
        let height = texts.map(\.utf8.count).max() ?? 0
        var text = ""
        for row in 0..<height {
            text += "\n"
            for label in texts {
                text.unicodeScalars.append(Array(label.unicodeScalars).dropFirst(row).first ?? " ")
            }
        }
        return text
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86400: "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }
}
