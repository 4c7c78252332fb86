import Glibc

/// The text of `value` with exactly so many decimals, as C's `%.*f` writes it. For replies that are written once in a while.
public func fixedText(_ value: Double, decimals: Int) -> String {
    // 309 digits before the point at most.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let base = buffer.baseAddress else { return "" }
        _ = withVaList([Int32(clamping: min(decimals, 100)), value]) { vsnprintf(base, 512, "%.*f", $0) }
        return String(cString: base)
    }
}
