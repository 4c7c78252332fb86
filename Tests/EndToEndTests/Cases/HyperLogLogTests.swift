import TestSupport
import Testing

/// HyperLogLogs, whose bytes are Redis's.
@Suite struct HyperLogLogTests {
    @Test(arguments: ServerKind.all)
    func elementsAreCounted(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > PFADD h a b c d e f g
            < 1
            > PFADD h a b
            < 0
            > PFCOUNT h
            < 7
            > PFADD other g h i
            < 1
            > PFCOUNT h other missing
            < 9
            > PFMERGE union h other
            < OK
            > PFCOUNT union
            < 9
            > PFADD empty
            < 1
            > PFADD empty
            < 0
            > PFCOUNT empty
            < 0
            > PFCOUNT missing
            < 0
            > PFMERGE new
            < OK
            > PFCOUNT new
            < 0
            > EXPIRE h 100
            < 1
            > PFADD h z
            < 1
            > TTL h
            <.. 99 100
            > TYPE h
            < string
            > OBJECT ENCODING h
            < "raw"
            > PFDEBUG ENCODING h
            < sparse
            > PFDEBUG DECODE empty
            < "Z:16384"
            > PFDEBUG TODENSE h
            < 1
            > PFDEBUG TODENSE h
            < 0
            > STRLEN h
            < 12304
            > PFCOUNT h
            < 8
            > PFDEBUG DECODE h
            < (error) ERR HLL encoding is not sparse
            > PFDEBUG ENCODING missing
            < (error) ERR The specified key does not exist
            > PFSELFTEST
            < OK
            """#)
    }

    /// CVE-2022-35977 and CVE-2025-32023: sketches that somebody wrote with SET.
    @Test(arguments: ServerKind.all)
    func forgedSketchesAreErrors(_ kind: ServerKind) throws {
        let head = #""HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"#
        try Script.run(
            kind,
            #"""
            > SET text hello
            < OK
            > PFADD text a
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > PFCOUNT text
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > SET number 12
            < OK
            > PFCOUNT number
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > HSET hash f v
            < 1
            > PFADD hash a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SET dense "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80abc"
            < OK
            > PFCOUNT dense
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > SET encoding "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
            < OK
            > PFCOUNT encoding
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            # Runs that end too early, too late, and within a run.
            > SET none \#(head)"
            < OK
            > PFCOUNT none
            < (error) INVALIDOBJ Corrupted HLL object detected
            > PFADD none a
            < (error) INVALIDOBJ Corrupted HLL object detected
            > SET early \#(head)\x7f\xfe"
            < OK
            > PFCOUNT early
            < (error) INVALIDOBJ Corrupted HLL object detected
            > PFMERGE d early
            < (error) INVALIDOBJ Corrupted HLL object detected
            > PFCOUNT early early
            < (error) INVALIDOBJ Corrupted HLL object detected
            > SET late \#(head)\x7f\xff\x7f\xff\x7f\xff\x7f\xff\x83"
            < OK
            > PFMERGE d late
            < (error) INVALIDOBJ Corrupted HLL object detected
            > PFDEBUG TODENSE late
            < (error) INVALIDOBJ Corrupted HLL object detected
            > PFCOUNT text late
            < (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > EXISTS d
            < 0
            > PING
            < PONG
            """#)
    }

    /// Any bytes behind a right header: an answer or an error, and a server that goes on.
    @Test(arguments: ServerKind.onlyFreshet)
    func anyBytesAreAnswered(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            var random = SeededGenerator(Seed.current)
            for _ in 0..<600 {
                var bytes = Array("HYLL".utf8) + [random.oneIn(4) ? 0 : 1] + [UInt8](repeating: 0, count: 10) + [0x80]
                let count = bytes[4] == 0 && !random.oneIn(4) ? 12288 : random.below(60)
                // Mostly runs that nearly cover all registers.
                if random.oneIn(2), bytes[4] == 1 { bytes += [0x7F, UInt8(0xF0 + random.below(16))] }
                for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
                try client.send([Array("SET".utf8), Array("f".utf8), bytes])
                let commands = [
                    "PFCOUNT f", "PFADD f a b c d e", "PFMERGE g f", "PFCOUNT f g", "PFDEBUG DECODE f", "PFMERGE f g",
                    "PFDEBUG TODENSE f", "PFADD f x",
                ]
                _ = try client.run(random.pick(commands))
                _ = try client.run(random.pick(commands))
            }
            #expect(try client.run("PING") == .status("PONG"))
        }
    }

    /// The same elements make the same bytes and the same counts, from sparse to dense and merged.
    @Test(.enabled(if: DifferentialTests.hasBoth, "needs both servers"), arguments: [0, 100, 3000, 10_000])
    func bytesAreThoseOfRedis(_ sparseLimit: Int) throws {
        let arguments = ["--hll-sparse-max-bytes", "\(sparseLimit)"]
        let servers = (try ServerProcess(.redis, arguments), try ServerProcess(.freshet, arguments))
        let (judge, candidate) = (try servers.0.client(), try servers.1.client())
        var random = SeededGenerator(Seed.current)
        for round in 0..<60 {
            let key = "h\(random.below(3))"
            let count = 1 + random.below(random.oneIn(3) ? 400 : 12)
            let command = ["PFADD", key] + (0..<count).map { _ in "element-\(random.below(40_000))" }
            #expect(try judge.send(command.map { Array($0.utf8) }) == candidate.send(command.map { Array($0.utf8) }))
            let others = [
                "PFCOUNT \(key)", "GET \(key)", "PFMERGE h3 h0 \(key)", "GET h3", "PFCOUNT h0 h1 h2", "GET h0",
            ]
            for other in others where !random.oneIn(3) {
                let (expected, received) = (try judge.run(other), try candidate.run(other))
                guard expected == received else {
                    Issue.record("FRESHET_SEED=\(Seed.current), round \(round), \(other): bytes or count differ")
                    return
                }
            }
        }
    }
}
