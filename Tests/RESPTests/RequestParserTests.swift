import Primitives
import RESP
import Testing

/// Bytes that arrive in pieces, and the parser that is shown all of them that are not done with.
private struct Stream: ~Copyable {
    var parser = RequestParser()
    var partial = PartialRequest()
    var limits = RequestParser.Limits()
    var buffer: [UInt8] = []
    /// What came of it: commands as texts, and the error that ended it.
    var outcomes: [ReferenceParser.Outcome] = []
    var hasFailed = false

    /// Takes a piece and parses all commands that are complete; each time from a copy, at another address.
    mutating func receive(_ piece: some Collection<UInt8>) {
        guard !hasFailed else { return }
        buffer += piece
        while true {
            parser.removeAll()
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: buffer.count + 1)
            defer { copy.deallocate() }
            copy.initialize(from: buffer, count: buffer.count)
            switch parser.next(ByteView(copy, count: buffer.count), partial: &partial, limits: limits) {
            case .incomplete: return
            case .failure(let error):
                hasFailed = true
                return outcomes.append(.failure(String(error.message.dropFirst("ERR Protocol error: ".count))))
            case .command(let count, let consumed):
                outcomes.append(.command((0..<count).map { parser.arguments[$0].array }, consumed: consumed))
                buffer.removeFirst(consumed)
            }
        }
    }
}

/// What the reference makes of bytes that arrive in the same pieces.
private func reference(
    _ pieces: [ArraySlice<UInt8>], _ parser: ReferenceParser = ReferenceParser()
) -> [ReferenceParser.Outcome] {
    var outcomes: [ReferenceParser.Outcome] = []
    var buffer: [UInt8] = []
    for piece in pieces {
        buffer += piece
        parsing: while true {
            switch parser.next(buffer) {
            case .incomplete: break parsing
            case .failure(let message): return outcomes + [.failure(message)]
            case .command(let arguments, let consumed):
                outcomes.append(.command(arguments, consumed: consumed))
                buffer.removeFirst(consumed)
            }
        }
    }
    return outcomes
}

@Suite struct RequestParserTests {
    @Test func commandsAreTheSameWhereverTheyAreSplit() {
        let pipeline = Array(
            """
            *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\nPING\r\n*0\r\n*-1\r\n\r\n*1\r\n$0\r\n\r\n\
            echo "a\\x00 b" 'it\\'s'\n*2\r\n$12\r\nhello, world\r\n$1\r\nx\r\n
            """.utf8)
        let whole = reference([pipeline[...]])
        #expect(whole.count == 8)
        for first in 0...pipeline.count {
            for second in first...pipeline.count {
                var stream = Stream()
                stream.receive(pipeline[..<first])
                stream.receive(pipeline[first..<second])
                stream.receive(pipeline[second...])
                #expect(stream.outcomes == whole, "split at \(first) and \(second)")
            }
        }
        var stream = Stream()
        for byte in pipeline { stream.receive([byte]) }
        #expect(stream.outcomes == whole)
    }

    @Test(arguments: 0..<40)
    func randomBytesInRandomPiecesAreUnderstoodAsByTheReference(_ seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for round in 0..<250 {
            let bytes = Self.randomBytes(&random)
            var pieces: [ArraySlice<UInt8>] = []
            var position = 0
            while position < bytes.count {
                let end = min(bytes.count, position + Int.random(in: 1...(round % 3 == 0 ? 3 : 40), using: &random))
                pieces.append(bytes[position..<end])
                position = end
            }
            var expected = ReferenceParser()
            expected.isUnauthenticated = round % 5 == 0
            expected.maximumBulk = round % 7 == 0 ? Int.max : 1 << 20
            var stream = Stream()
            stream.limits.isUnauthenticated = expected.isUnauthenticated
            stream.limits.maximumBulk = expected.maximumBulk
            for piece in pieces { stream.receive(piece) }
            #expect(
                stream.outcomes == reference(pieces, expected),
                "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    /// Valid commands, broken ones and noise, so that every branch is met often.
    private static func randomBytes(_ random: inout RandomGenerator) -> [UInt8] {
        let fragments = [
            "*", "$", "\r\n", "\r", "\n", "1", "3", "-1", "0", "01", "+1", "11", "16385", "SET", " ", "\"", "'", "\\x4",
            "\\", "\\n", "\0", "\u{0B}", "*3\r\n$3\r\nSET\r\n", "$1\r\nk\r\n", "PING\r\n", "99999999999", "2147483648",
            "9223372036854775807", "9223372036854775808", "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", "*1\r\n$4\r\nPING\r\n",
            "*1\r\n$10\r\n0123456789\r\n", "$0\r\n\r\n", "*0\r\n", "*11\r\n", "GET k\n", "a\"b c\"", "'a'b",
        ]
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            if Int.random(in: 0..<8, using: &random) == 0 {
                bytes.append(UInt8.random(in: 0...255, using: &random))
            } else {
                bytes += Array((fragments.randomElement(using: &random) ?? "").utf8)
            }
        }
        return bytes
    }

    @Test(arguments: [
        ("*2147483648\r\n", "invalid multibulk length"), ("*x\r\n", "invalid multibulk length"),
        ("*\r\n", "invalid multibulk length"), ("*01\r\n", "invalid multibulk length"),
        ("*1\r\n$-1\r\n", "invalid bulk length"), ("*1\r\n$536870913\r\n", "invalid bulk length"),
        ("*1\r\n$18446744073709551615\r\n", "invalid bulk length"), ("*1\r\n:4\r\n", "expected '$', got ':'"),
        ("PING \"abc\r\n", "unbalanced quotes in request"), ("PING 'a'b\r\n", "unbalanced quotes in request"),
    ])
    func brokenFramingIsNamed(_ sent: String, _ message: String) {
        var stream = Stream()
        stream.receive(Array(sent.utf8))
        #expect(stream.outcomes == [.failure(message)])
    }

    @Test func linesEndAt64KB() {
        let limit = RequestParser.maximumLine
        for (start, fill, message) in [
            ("", "a", "too big inline request"), ("*", "1", "too big mbulk count string"),
            ("*1\r\n$", "1", "too big bulk count string"),
        ] {
            var stream = Stream()
            let line = Array((start + String(repeating: fill, count: limit + 2)).utf8)
            stream.receive(line.prefix(limit))
            #expect(stream.outcomes.isEmpty)
            stream.receive(line.dropFirst(limit))
            #expect(stream.outcomes == [.failure(message)])
        }
    }

    @Test func beforeAuthenticationTenArgumentsOf16KBAreAccepted() {
        func outcome(_ sent: String) -> ReferenceParser.Outcome? {
            var stream = Stream()
            stream.limits.isUnauthenticated = true
            stream.receive(Array(sent.utf8))
            return stream.outcomes.first
        }
        #expect(outcome("*10\r\n") == nil)
        #expect(outcome("*11\r\n") == .failure("unauthenticated multibulk length"))
        #expect(outcome("*2147483648\r\n") == .failure("invalid multibulk length"))
        #expect(outcome("*1\r\n$16384\r\n") == nil)
        #expect(outcome("*1\r\n$16385\r\n") == .failure("unauthenticated bulk length"))
        #expect(outcome("*1\r\n$536870913\r\n") == .failure("invalid bulk length"))
    }

    @Test func anyLengthThatIsAllowedIsHandledWithoutOverflow() {
        var stream = Stream()
        stream.limits.maximumBulk = Int.max
        stream.receive(Array("*2\r\n$1\r\na\r\n$\(Int.max)\r\nabc".utf8))
        #expect(stream.outcomes.isEmpty)
        #expect(stream.partial.expectedBytes > Int.max / 2)
        stream.receive([1, 2, 3])
        #expect(stream.outcomes.isEmpty)
    }

    @Test func manyArgumentsInSmallPiecesTakeTimeInProportion() {
        let count = 20_000
        let bytes =
            Array("*\(count)\r\n".utf8) + [UInt8](repeatElement(Array("$1\r\na\r\n".utf8), count: count).joined())
        var parser = RequestParser()
        var partial = PartialRequest()
        bytes.withView { view in
            for end in stride(from: 5, to: view.count, by: 5) {
                guard case .incomplete = parser.next(view[0..<end], partial: &partial, limits: .init()) else {
                    Issue.record("ended at \(end)")
                    return
                }
                #expect(parser.argumentCount == 0)
            }
            guard case .command(count, view.count) = parser.next(view, partial: &partial, limits: .init()) else {
                Issue.record("did not end")
                return
            }
        }
        #expect(partial.isEmpty)
    }
}
