/// Lines of INFO: sections with a heading, fields below it.
struct InfoText {
    private(set) var text = ""

    mutating func section(_ name: String) {
        if !text.isEmpty { text += "\r\n" }
        text += "# \(name)\r\n"
    }

    mutating func field(_ name: String, _ value: String) { text += "\(name):\(value)\r\n" }
    mutating func field(_ name: String, _ value: Int) { field(name, String(value)) }
    mutating func field(_ name: String, _ value: Int64) { field(name, String(value)) }
    mutating func field(_ name: String, _ value: Double, decimals: Int = 2) {
        field(name, decimal(value, decimals))
    }

    /// Fields that are 0 in this server.
    mutating func zeros(_ names: String...) {
        for name in names { field(name, "0") }
    }

    /// A number of bytes, and once more with a unit.
    mutating func bytes(_ name: String, _ value: Int) {
        field(name, value)
        field(name + "_human", humanBytes(value))
    }
}

/// `value` with so many digits (at most 9) behind the point.
func decimal(_ value: Double, _ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    guard value.isFinite, value.magnitude < 1e9 * 1e9 / scale else { return value.isNaN ? "nan" : "inf" }
    let scaled = Int64((value.magnitude * scale).rounded())
    let unit = Int64(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % unit)
    let zeros = String(repeating: "0", count: decimals - fraction.utf8.count)
    return "\(sign)\(scaled / unit).\(zeros)\(fraction)"
}

/// A number of bytes with one of Redis's units, `1.50K`.
func humanBytes(_ bytes: Int) -> String {
    guard bytes >= 1024 else { return "\(bytes)B" }
    var value = Double(bytes) / 1024
    for unit in ["K", "M", "G", "T"] {
        if value < 1024 { return decimal(value, 2) + unit }
        value /= 1024
    }
    return decimal(value, 2) + "P"
}
