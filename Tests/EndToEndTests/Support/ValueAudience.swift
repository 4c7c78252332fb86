import Foundation
import Glibc

/// Very many watchers of values: connections that each watch the same keys, read by one thread without making anything of
/// the messages but the last value of each key.
///
/// Keys are `w0000`, `w0001` and so on, values numbers of eight digits, so that all messages have the same length.
/// Use one from one thread at a time.
final class ValueAudience: @unchecked Sendable {
    enum Failure: Error { case connect(Int32), closed, timedOut, malformed(String) }

    let connections: Int
    let keys: Int
    private var descriptors: [pollfd] = []
    private var rests: [[UInt8]]
    /// By connection and key.
    private var latest: [Int]
    /// How many messages were read.
    private(set) var messages = 0

    static func key(_ index: Int) -> String { "w" + padded(index, 4) }
    static func value(_ number: Int) -> String { padded(number, 8) }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static let head = Array("*3\r\n$7\r\nmessage\r\n$17\r\n__value@0__:w".utf8)
    /// The channel's number and a value of eight bytes follow the head.
    private static let length = head.count + 4 + 2 + 4 + 8 + 2

    /// Connects and subscribes; every key must have a value.
    init(port: Int, connections: Int, keys: Int) throws {
        self.connections = connections
        self.keys = keys
        rests = Array(repeating: [], count: connections)
        latest = Array(repeating: -1, count: connections * keys)
        for _ in 0..<connections { try connect(port) }
    }

    deinit { for entry in descriptors { Glibc.close(entry.fd) } }

    private func connect(_ port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafeBytes(of: &address) {
            Glibc.connect(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard result == 0 else { throw Failure.connect(errno) }
        var text = "*\(keys + 1)\r\n$9\r\nSUBSCRIBE\r\n"
        for key in 0..<keys { text += "$17\r\n__value@0__:\(Self.key(key))\r\n" }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure.closed }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Reads what is there now, waiting for at most so many milliseconds for the first of it; false where nothing came.
    func read(milliseconds: Int32) throws -> Bool {
        guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else { return false }
        for index in descriptors.indices where descriptors[index].revents != 0 { try receive(index) }
        return true
    }

    private func receive(_ index: Int) throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            let count = recv(descriptors[index].fd, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { rests[index].append(contentsOf: buffer.prefix(count)) }
            return count
        }
        guard count > 0 else { throw Failure.closed }
        try take(index)
    }

    private func take(_ index: Int) throws {
        let used = try rests[index].withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count {
                let rest = UnsafeBufferPointer(rebasing: bytes[start...])
                if rest.count < 13 { break }
                // The confirmation of a subscription, which a number ends: `*3\r\n$9\r\nsubscribe\r\n$17\r\n...\r\n:1\r\n`.
                if rest[5] == UInt8(ascii: "9") {
                    guard let colon = rest.dropFirst(42).firstIndex(of: UInt8(ascii: ":")),
                        let end = rest[colon...].firstIndex(of: 10)
                    else { break }
                    start += end + 1
                    continue
                }
                guard rest.count >= Self.length else { break }
                let base = Self.head.count
                guard let key = Self.number(rest[base..<base + 4]), key < keys,
                    let value = Self.number(rest[base + 10..<base + 18])
                else { throw Failure.malformed(String(decoding: rest.prefix(Self.length), as: UTF8.self)) }
                latest[index * keys + key] = value
                messages += 1
                start += Self.length
            }
            return start
        }
        rests[index].removeFirst(used)
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var number = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            number = number * 10 + Int(digit - 48)
        }
        return number
    }

    /// Reads until every watcher has the value of each key.
    func read(until values: [Int], seconds: Double) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while missing(values) > 0 {
            guard Date() < deadline else { throw Failure.timedOut }
            _ = try read(milliseconds: 100)
        }
    }

    /// How many watchers lack the latest value of a key.
    func missing(_ values: [Int]) -> Int {
        var count = 0
        for connection in 0..<connections {
            for key in 0..<keys where latest[connection * keys + key] != values[key] { count += 1 }
        }
        return count
    }
}
