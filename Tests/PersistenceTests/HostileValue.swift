import Glibc
import Keyspace
import Persistence
import Primitives
import Testing

/// Bytes that say that they are a value.
enum HostileValue {
    /// Decodes `body` and then does with the value what the server may do with it; false where it is refused.
    @discardableResult
    static func use(_ type: UInt8, _ body: [UInt8]) -> Bool {
        guard let type = RDBType(rawValue: type) else { return false }
        // A block that ends where the body does: sanitizers find a read too far.
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, body.count), alignment: 1)
        defer { block.deallocate() }
        block.copyBytes(from: body)
        guard let base = block.baseAddress else { return false }
        let bytes = ByteView(UnsafeRawPointer(base), count: body.count)
        var decoder = RDBDecoder()
        return Array("k".utf8).withView { key in
            var skipping = RDBReader(bytes)
            try? skipping.skipValue(type)
            guard let entry = try? decoder.decode(type, bytes, key: key, expiry: nil) else { return false }
            defer { entry.destroyLoaded() }
            var encoder = RDBEncoder()
            var again = ByteBuffer()
            encoder.appendValue(entry, to: &again)
            let copy = try? decoder.decode(RDBType(entry), again.view, key: key, expiry: nil)
            defer { copy?.destroyLoaded() }
            #expect(copy.map { Contents($0) } == Contents(entry), "\(type) \(body)")
            return true
        }
    }
}
