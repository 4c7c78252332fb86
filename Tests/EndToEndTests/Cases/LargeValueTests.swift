import Foundation
import TestSupport
import Testing

/// Values of many megabytes go in and out whole. `FRESHET_HUGE=1` tries the largest that the protocol allows.
@Suite(.serialized) struct LargeValueTests {
    @Test(arguments: ServerKind.all)
    func sixtyFourMegabytesInAndOut(_ kind: ServerKind) throws {
        try roundTrip(kind, size: 64 << 20)
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["FRESHET_HUGE"] == "1"), arguments: ServerKind.all)
    func halfAGigabyteInAndOut(_ kind: ServerKind) throws {
        try roundTrip(kind, size: 512 << 20)
    }

    private func roundTrip(_ kind: ServerKind, size: Int) throws {
        let server = try ServerProcess(kind)
        let client = try server.client(timeout: 120)
        var value = [UInt8](repeating: 0, count: size)
        var random = SeededGenerator(7)
        value.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 0, to: size, by: 8) {
                bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
            }
        }
        let key = Array("k".utf8)
        #expect(try client.send([Array("SET".utf8), key, value]) == .ok)
        #expect(try client.run("STRLEN k") == .integer(Int64(size)))
        #expect(try client.send([Array("GET".utf8), key]).bytes == value)
        #expect(try client.run("GETRANGE k \(size - 8) -1").bytes == Array(value.suffix(8)))
        #expect(try client.run("HSET h f v") == .integer(1))
        #expect(try client.run("COPY k l") == .integer(1))
        #expect(try client.run("DEL k l") == .integer(2))
        #expect(try client.run("PING") == .status("PONG"))
    }

    @Test(arguments: ServerKind.all)
    func largeFieldsAndMembers(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let big = [UInt8](repeating: 97, count: 5 << 20)
            #expect(try client.send([Array("HSET".utf8), Array("h".utf8), big, big]) == .integer(1))
            #expect(try client.send([Array("HGET".utf8), Array("h".utf8), big]).bytes == big)
            #expect(try client.send([Array("ZADD".utf8), Array("z".utf8), Array("1".utf8), big]) == .integer(1))
            #expect(try client.run("ZRANGE z 0 -1")[0].bytes == big)
            #expect(try client.send([Array("SET".utf8), big, Array("v".utf8)]) == .ok)
            #expect(try client.send([Array("GET".utf8), big]) == .bulk("v"))
        }
    }

    @Test(arguments: ServerKind.all)
    func repliesOfManyElements(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 50_000
            for start in stride(from: 0, to: count, by: 1000) {
                let pairs = (start..<(start + 1000)).map { "\($0) member:\($0)" }.joined(separator: " ")
                try client.run("ZADD z \(pairs)")
            }
            let reply = try client.run("ZRANGE z 0 -1")
            #expect(reply.elements?.count == count)
            #expect(reply[count - 1] == .bulk("member:\(count - 1)"))
        }
    }
}
