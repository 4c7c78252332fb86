import Testing

/// Counters in strings.
extension StringTests {
    @Test(arguments: ServerKind.all)
    func countersStopAtTheLimitsOf64Bits(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > INCR n
            < 1
            > INCRBY n 41
            < 42
            > DECR n
            < 41
            > DECRBY n 1
            < 40
            > INCRBY n -50
            < -10
            > DECRBY n -10
            < 0
            > GET n
            < "0"
            > SET n 9223372036854775806
            < OK
            > INCR n
            < 9223372036854775807
            > INCR n
            < (error) ERR increment or decrement would overflow
            > INCRBY n 1
            < (error) ERR increment or decrement would overflow
            > GET n
            < "9223372036854775807"
            > SET n -9223372036854775807
            < OK
            > DECR n
            < -9223372036854775808
            > DECR n
            < (error) ERR increment or decrement would overflow
            > DECRBY n 1
            < (error) ERR increment or decrement would overflow
            > DECRBY n -9223372036854775808
            < (error) ERR decrement would overflow
            > GET n
            < "-9223372036854775808"
            > INCRBY n 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > INCRBY n abc
            < (error) ERR value is not an integer or out of range
            > INCRBY n 1.5
            < (error) ERR value is not an integer or out of range
            > INCRBY n ""
            < (error) ERR value is not an integer or out of range
            > INCRBY n +5
            < (error) ERR value is not an integer or out of range
            > DECRBY n x
            < (error) ERR value is not an integer or out of range
            > SET s abc
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s "12 "
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s " 12"
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 012
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s -0
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s ""
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 1e3
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 9223372036854775808
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > HSET h f v
            < 1
            > INCR h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > DECRBY h 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > INCRBY h abc
            < (error) ERR value is not an integer or out of range
            > INCR
            < (error) ERR wrong number of arguments for 'incr' command
            > INCRBY n
            < (error) ERR wrong number of arguments for 'incrby' command
            > EXPIRE n 100
            < 1
            > INCRBY n 1
            < -9223372036854775807
            > TTL n
            <.. 99 100
            """#)
    }

    @Test(arguments: ServerKind.all)
    func incrbyfloatAddsAndPrintsWithoutExponent(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 10.50
            < OK
            > INCRBYFLOAT k 0.1
            < "10.6"
            > INCRBYFLOAT k -5
            < "5.6"
            > GET k
            < "5.6"
            > SET k 5.0e3
            < OK
            > INCRBYFLOAT k 2.0e2
            < "5200"
            > INCRBYFLOAT new 3
            < "3"
            > INCRBYFLOAT new 1.5
            < "4.5"
            > INCRBYFLOAT new -4.5
            < "0"
            > SET k 3
            < OK
            > INCRBYFLOAT k 1.1
            < "4.1"
            > SET k 1
            < OK
            > INCRBYFLOAT k 1e17
            < "100000000000000001"
            > INCRBYFLOAT k 0.5
            < "100000000000000001.5"
            > SET k 0
            < OK
            > INCRBYFLOAT k 1e-10
            < "0.0000000001"
            > SET k abc
            < OK
            > INCRBYFLOAT k 1
            < (error) ERR value is not a valid float
            > SET k " 1"
            < OK
            > INCRBYFLOAT k 1
            < (error) ERR value is not a valid float
            > SET k 1
            < OK
            > INCRBYFLOAT k abc
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k nan
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k inf
            < (error) ERR increment would produce NaN or Infinity
            > INCRBYFLOAT k -inf
            < (error) ERR increment would produce NaN or Infinity
            > INCRBYFLOAT k ""
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k " 1"
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k 1e5000
            < (error) ERR value is not a valid float
            > GET k
            < "1"
            > HSET h f v
            < 1
            > INCRBYFLOAT h 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > INCRBYFLOAT k
            < (error) ERR wrong number of arguments for 'incrbyfloat' command
            > EXPIRE k 100
            < 1
            > INCRBYFLOAT k 1
            < "2"
            > TTL k
            <.. 99 100
            """#)
    }
}
