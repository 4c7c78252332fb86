import Primitives

/// The annotation that tells when the commands behind it were executed (`aof-timestamp-enabled`):
///
///     #TS:1700000000
enum LogTimestamp {
    /// Adds the line; `seconds` are since 1970.
    static func append(seconds: Int64, to buffer: inout ByteBuffer) {
        Array("#TS:\(seconds)\r\n".utf8).withView { buffer.append($0) }
    }
}
