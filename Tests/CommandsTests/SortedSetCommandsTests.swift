import Commands
import Keyspace
import RESP
import Testing

/// A server with the sorted set commands alone.
private func server() -> Harness {
    Harness([
        SortedSetCommands.commands, SortedSetRangeCommands.commands, SortedSetAlgebraCommands.commands,
        SortedSetPopCommands.commands, [stringForTypeErrors],
    ])
}

/// `put key value`, which makes a string: something of another type.
private let stringForTypeErrors = Command(
    "put", arity: 3, flags: .write, keys: [.one(1, .overwrite)], group: .string, since: "1.0.0",
    summary: "Sets a string."
) { (call) throws(CommandError) in
    call.access.setString(call.key(1), call[2], expiry: .clear)
    call.reply.ok()
}

/// The reply with its line ends as spaces.
private func flat(_ reply: String) -> String { reply.split(separator: "\r\n").joined(separator: " ") }

extension Harness {
    fileprivate func ask(_ words: String) -> String { flat(run(words.split(separator: " ").map(String.init))) }
}

private let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"

@Suite("ZADD and its relatives")
struct SortedSetCommandsTests {
    @Test("ZADD counts what it adds, with CH also what it changes")
    func adding() {
        let server = server()
        #expect(server.ask("ZADD z 1 a 2 b") == ":2")
        #expect(server.ask("ZADD z 1 a 3 b 4 c") == ":1")
        #expect(server.ask("ZADD z CH 1 a 5 b 6 d") == ":2")
        #expect(server.ask("ZRANGE z 0 -1 WITHSCORES") == "*8 $1 a $1 1 $1 c $1 4 $1 b $1 5 $1 d $1 6")
        #expect(server.ask("ZCARD z") == ":4")
    }

    @Test("Conditions of ZADD decide by what is there")
    func conditions() {
        let server = server()
        _ = server.ask("ZADD z 5 a")
        #expect(server.ask("ZADD z NX 9 a 1 new") == ":1")
        #expect(server.ask("ZADD z XX 6 a 1 other") == ":0")
        #expect(server.ask("ZADD z GT CH 5 a 2 greater") == ":1")
        #expect(server.ask("ZADD z LT CH 5 a 2 less") == ":2")
        #expect(server.ask("ZMSCORE z a new other greater less") == "*5 $1 5 $1 1 $-1 $1 2 $1 2")
        #expect(server.ask("ZADD absent XX 1 a") == ":0")
        #expect(server.ask("ZCARD absent") == ":0")
    }

    @Test("INCR adds and answers the score, or nothing where a condition stood against it")
    func incrementing() {
        let server = server()
        #expect(server.ask("ZADD z INCR 1.5 a") == "$3 1.5")
        #expect(server.ask("ZINCRBY z 2 a") == "$3 3.5")
        #expect(server.ask("ZADD z INCR NX 1 a") == "$-1")
        #expect(server.ask("ZADD z INCR GT -1 a") == "$-1")
        #expect(server.ask("ZADD z INCR XX 1 b") == "$-1")
        #expect(server.ask("ZINCRBY z inf a") == "$3 inf")
        #expect(server.ask("ZINCRBY z -inf a") == "-ERR resulting score is not a number (NaN)")
        #expect(server.ask("ZSCORE z a") == "$3 inf")
        server.version = 3
        #expect(server.ask("ZINCRBY z 1 b") == ",1")
        #expect(server.ask("ZADD z NX INCR 1 b") == "_")
    }

    @Test(
        "ZADD refuses what does not fit together and changes nothing",
        arguments: [
            ("ZADD z 1 a 2", "-ERR syntax error"),
            ("ZADD z NX CH", "-ERR syntax error"),
            ("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"),
            ("ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
            ("ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
            ("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"),
            ("ZADD z 1 a x b", "-ERR value is not a valid float"),
            ("ZADD z nan a", "-ERR value is not a valid float"),
            ("ZADD s 1 a", wrongType), ("ZADD s XX 1 a", wrongType), ("ZINCRBY s 1 a", wrongType),
            ("ZREM s a", wrongType), ("ZCARD s", wrongType), ("ZSCORE s a", wrongType), ("ZMSCORE s a", wrongType),
            ("ZRANK s a", wrongType), ("ZRANK z a WITHSCORES", "-ERR syntax error"),
            ("ZRANK z a WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command"),
        ])
    func refusing(command: String, error: String) {
        let server = server()
        server.run("PUT", "s", "text")
        #expect(server.ask(command) == error)
        #expect(server.ask("ZCARD z") == ":0")
    }

    @Test("ZRANK counts from either end and adds the score where asked")
    func ranking() {
        let server = server()
        _ = server.ask("ZADD z 1 a 2 b 3 c")
        #expect(server.ask("ZRANK z a") == ":0")
        #expect(server.ask("ZREVRANK z a") == ":2")
        #expect(server.ask("ZRANK z b withscore") == "*2 :1 $1 2")
        #expect(server.ask("ZRANK z x") == "$-1")
        #expect(server.ask("ZRANK z x WITHSCORE") == "*-1")
        server.version = 3
        #expect(server.ask("ZREVRANK z c WITHSCORE") == "*2 :0 ,3")
        #expect(server.ask("ZRANK none x WITHSCORE") == "_")
    }

    @Test("Each change is announced once, and the end of a set as well")
    func events() {
        let server = server()
        let log = server.observe()
        _ = server.ask("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f")
        #expect(log.take() == ["new z", "zadd z"])
        _ = server.ask("ZADD z 1 a")
        _ = server.ask("ZADD z NX 2 a")
        _ = server.ask("ZREM z x")
        _ = server.ask("ZREMRANGEBYSCORE z 50 60")
        #expect(log.take().isEmpty)
        _ = server.ask("ZINCRBY z 1 a")
        _ = server.ask("ZREM z a x b")
        _ = server.ask("ZREMRANGEBYRANK z 0 0")
        _ = server.ask("ZPOPMIN z")
        #expect(log.take() == ["zincr z", "zrem z", "zremrangebyrank z", "zpopmin z"])
        _ = server.ask("ZRANGESTORE y z 0 -1")
        _ = server.ask("ZUNIONSTORE x 2 y z")
        #expect(log.take() == ["new y", "zrangestore y", "new x", "zunionstore x"])
        _ = server.ask("ZMPOP 2 none z MAX COUNT 9")
        #expect(log.take() == ["zpopmax z", "del z"])
        _ = server.ask("ZINTERSTORE x 2 x none")
        _ = server.ask("ZDIFFSTORE x 1 none")
        #expect(log.take() == ["del x"])
    }

    @Test("A set grows from a listpack to a tree and holds the same")
    func growing() {
        let server = server()
        for index in 0..<500 { server.run("ZADD", "z", "\(index * 7 % 500)", "m\(index)") }
        #expect(server.ask("ZCARD z") == ":500")
        #expect(server.ask("ZRANGE z 0 1 WITHSCORES") == "*4 $2 m0 $1 0 $4 m143 $1 1")
        #expect(server.ask("ZRANGEBYSCORE z 21 +inf LIMIT 0 1") == "*1 $2 m3")
        #expect(server.ask("ZREVRANK z m0") == ":499")
        #expect(server.ask("ZREMRANGEBYRANK z 1 -2") == ":498")
        #expect(server.ask("ZPOPMAX z 5 ") == "*4 $4 m357 $3 499 $2 m0 $1 0")
        #expect(server.ask("ZCARD z") == ":0")
    }
}

@Suite("Ranges of sorted sets")
struct SortedSetRangeCommandsTests {
    private func numbers() -> Harness {
        let server = server()
        _ = server.ask("ZADD z 1 a 2 b 3 c 4 d 5 e")
        return server
    }

    @Test("Ranks count from both ends and may lie outside")
    func byRank() {
        let server = numbers()
        #expect(server.ask("ZRANGE z 1 2") == "*2 $1 b $1 c")
        #expect(server.ask("ZRANGE z -2 100") == "*2 $1 d $1 e")
        #expect(server.ask("ZRANGE z 3 1") == "*0")
        #expect(server.ask("ZRANGE z 5 9") == "*0")
        #expect(server.ask("ZRANGE z -9223372036854775808 9223372036854775807 REV") == "*5 $1 e $1 d $1 c $1 b $1 a")
        #expect(server.ask("ZREVRANGE z 0 1 WITHSCORES") == "*4 $1 e $1 5 $1 d $1 4")
        #expect(server.ask("ZRANGE none 0 -1") == "*0")
    }

    @Test("Scores have open and closed ends, a window and a direction")
    func byScore() {
        let server = numbers()
        #expect(server.ask("ZRANGEBYSCORE z (1 3") == "*2 $1 b $1 c")
        #expect(server.ask("ZRANGEBYSCORE z -inf +inf LIMIT 1 2") == "*2 $1 b $1 c")
        #expect(server.ask("ZRANGEBYSCORE z -inf +inf LIMIT 3 -1") == "*2 $1 d $1 e")
        #expect(server.ask("ZRANGEBYSCORE z -inf +inf LIMIT -1 2") == "*0")
        #expect(server.ask("ZRANGEBYSCORE z -inf +inf LIMIT 9223372036854775807 9223372036854775807") == "*0")
        #expect(server.ask("ZREVRANGEBYSCORE z 4 (1 LIMIT 1 5") == "*2 $1 c $1 b")
        #expect(server.ask("ZRANGE z 4 1 BYSCORE REV LIMIT 0 1 WITHSCORES") == "*2 $1 d $1 4")
        #expect(server.ask("ZCOUNT z (1 (5") == ":3")
        #expect(server.ask("ZCOUNT z 1e999 inf") == ":0")
    }

    @Test("Byte order has its own ends")
    func byMember() {
        let server = server()
        _ = server.ask("ZADD z 0 a 0 b 0 c 0 d")
        #expect(server.ask("ZRANGEBYLEX z - [b") == "*2 $1 a $1 b")
        #expect(server.ask("ZREVRANGEBYLEX z + (b") == "*2 $1 d $1 c")
        #expect(server.ask("ZRANGE z (d - BYLEX REV LIMIT 1 1") == "*1 $1 b")
        #expect(server.ask("ZLEXCOUNT z (a +") == ":3")
        #expect(server.ask("ZREMRANGEBYLEX z [b (d") == ":2")
        #expect(server.ask("ZRANGE z 0 -1") == "*2 $1 a $1 d")
    }

    @Test("RESP3 pairs members with scores that are doubles")
    func pairs() {
        let server = numbers()
        server.version = 3
        #expect(server.ask("ZRANGE z 0 1 WITHSCORES") == "*2 *2 $1 a ,1 *2 $1 b ,2")
        #expect(server.ask("ZPOPMIN z") == "*2 $1 a ,1")
        #expect(server.ask("ZPOPMIN z 1") == "*1 *2 $1 b ,2")
        #expect(server.ask("ZMPOP 1 z MAX") == "*2 $1 z *1 *2 $1 e ,5")
        #expect(server.ask("ZUNION 1 z WITHSCORES") == "*2 *2 $1 c ,3 *2 $1 d ,4")
        #expect(server.ask("ZRANDMEMBER z 5 WITHSCORES") == "*2 *2 $1 c ,3 *2 $1 d ,4")
        #expect(server.ask("ZSCAN z 0") == "*2 $1 0 *4 $1 c $1 3 $1 d $1 4")
    }

    @Test("ZRANGESTORE replaces what is under its key, or removes it")
    func storing() {
        let server = numbers()
        server.run("PUT", "y", "text")
        #expect(server.ask("ZRANGESTORE y z 2 4 BYSCORE LIMIT 1 1") == ":1")
        #expect(server.ask("ZRANGE y 0 -1 WITHSCORES") == "*2 $1 c $1 3")
        #expect(server.ask("ZRANGESTORE z z 0 1 REV") == ":2")
        #expect(server.ask("ZRANGE z 0 -1") == "*2 $1 d $1 e")
        #expect(server.ask("ZRANGESTORE y none 0 -1") == ":0")
        #expect(server.ask("ZCARD y") == ":0")
    }

    @Test(
        "Ranges that cannot be read are refused",
        arguments: [
            ("ZRANGE z x 1", "-ERR value is not an integer or out of range"),
            (
                "ZRANGE z 0 1 LIMIT 0 1",
                """
                -ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
                """
            ),
            (
                "ZRANGE z - + BYLEX WITHSCORES",
                """
                -ERR syntax error, WITHSCORES not supported in combination with BYLEX
                """
            ),
            ("ZRANGE z 0 1 BYSCORE BYLEX", "-ERR syntax error"), ("ZREVRANGE z 0 1 REV", "-ERR syntax error"),
            ("ZRANGESTORE y z 0 1 WITHSCORES", "-ERR syntax error"),
            ("ZRANGEBYSCORE z ((1 2", "-ERR min or max is not a float"),
            ("ZCOUNT z nan 2", "-ERR min or max is not a float"),
            ("ZRANGEBYLEX z a +", "-ERR min or max not valid string range item"),
            ("ZLEXCOUNT z - +x", "-ERR min or max not valid string range item"),
            ("ZRANGEBYSCORE z 0 1 LIMIT 0", "-ERR syntax error"),
            ("ZRANGEBYSCORE z 0 1 LIMIT 0 x", "-ERR value is not an integer or out of range"),
            ("ZREMRANGEBYRANK z 0 x", "-ERR value is not an integer or out of range"),
            ("ZRANGE s 0 -1", wrongType), ("ZCOUNT s 0 1", wrongType), ("ZREMRANGEBYRANK s 0 1", wrongType),
        ])
    func refusing(command: String, error: String) {
        let server = numbers()
        server.run("PUT", "s", "text")
        #expect(server.ask(command) == error)
    }
}
