import Testing

/// Commands on keys of any type: existence, renaming, copying, databases, introspection.
@Suite struct KeyTests {
    @Test(arguments: ServerKind.all)
    func existenceTypeAndDeletion(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a 1 b 2 c 3
            < OK
            > HSET h f v
            < 1
            > ZADD z 1 m
            < 1
            > TYPE a
            < string
            > TYPE h
            < hash
            > TYPE z
            < zset
            > TYPE missing
            < none
            > EXISTS a b missing a
            < 3
            > TOUCH a b missing a
            < 3
            > DBSIZE
            < 5
            > DEL a missing a
            < 1
            > UNLINK b h missing
            < 2
            > EXISTS a b h
            < 0
            > KEYS *
            <~ ["c", "z"]
            > DEL missing
            < 0
            > UNLINK missing
            < 0
            > DEL
            < (error) ERR wrong number of arguments for 'del' command
            > UNLINK
            < (error) ERR wrong number of arguments for 'unlink' command
            > EXISTS
            < (error) ERR wrong number of arguments for 'exists' command
            > TOUCH
            < (error) ERR wrong number of arguments for 'touch' command
            > TYPE
            < (error) ERR wrong number of arguments for 'type' command
            > TYPE a b
            < (error) ERR wrong number of arguments for 'type' command
            > DBSIZE x
            < (error) ERR wrong number of arguments for 'dbsize' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func rename(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a 1 EX 100
            < OK
            > RENAME a b
            < OK
            > EXISTS a
            < 0
            > GET b
            < "1"
            > TTL b
            <.. 99 100
            > HSET h f v
            < 1
            > RENAME h b
            < OK
            > TYPE b
            < hash
            > TTL b
            < -1
            > RENAME b b
            < OK
            > EXISTS b
            < 1
            > RENAME missing x
            < (error) ERR no such key
            > RENAME missing missing
            < (error) ERR no such key
            > RENAMENX missing x
            < (error) ERR no such key
            > SET c 1
            < OK
            > RENAMENX c b
            < 0
            > RENAMENX c c
            < 0
            > RENAMENX c d
            < 1
            > EXISTS c
            < 0
            > GET d
            < "1"
            > RENAME a
            < (error) ERR wrong number of arguments for 'rename' command
            > RENAMENX a
            < (error) ERR wrong number of arguments for 'renamenx' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func copy(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a 1 EX 100
            < OK
            > COPY a b
            < 1
            > GET b
            < "1"
            > TTL b
            <.. 99 100
            > COPY a b
            < 0
            > SET a 2
            < OK
            > COPY a b REPLACE
            < 1
            > GET b
            < "2"
            > TTL b
            < -1
            > HSET h f v
            < 1
            > ZADD z 1 m
            < 1
            > COPY h h2
            < 1
            > HSET h f changed
            < 0
            > HGETALL h2
            < ["f", "v"]
            > COPY z z2
            < 1
            > ZADD z 9 m
            < 0
            > ZRANGE z2 0 -1 WITHSCORES
            < ["m", "1"]
            > COPY a a
            < (error) ERR source and destination objects are the same
            > COPY a a REPLACE
            < (error) ERR source and destination objects are the same
            > COPY missing x
            < 0
            > COPY missing a REPLACE
            < 0
            > COPY a c DB 1
            < 1
            > EXISTS c
            < 0
            > COPY a a DB 1
            < 1
            > SELECT 1
            < OK
            > MGET a c
            < ["2", "2"]
            > SELECT 0
            < OK
            > COPY a c DB 1 REPLACE
            < 1
            > COPY a c DB 16
            < (error) ERR DB index is out of range
            > COPY a c DB -1
            < (error) ERR DB index is out of range
            > COPY a c DB x
            < (error) ERR value is not an integer or out of range
            > COPY a c DB
            < (error) ERR syntax error
            > COPY a c FOO
            < (error) ERR syntax error
            > COPY a
            < (error) ERR wrong number of arguments for 'copy' command
            > COPY a a DB 0
            < (error) ERR source and destination objects are the same
            """#)
    }

    @Test(arguments: ServerKind.all)
    func databases(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k zero
            < OK
            > SELECT 1
            < OK
            > GET k
            < (nil)
            > SET k one
            < OK
            > SET l one
            < OK
            > SELECT 15
            < OK
            > DBSIZE
            < 0
            > SELECT 16
            < (error) ERR DB index is out of range
            > SELECT -1
            < (error) ERR DB index is out of range
            > SELECT x
            < (error) ERR value is not an integer or out of range
            > SELECT 99999999999999999999
            < (error) ERR value is not an integer or out of range
            > SELECT
            < (error) ERR wrong number of arguments for 'select' command
            > SELECT 1 2
            < (error) ERR wrong number of arguments for 'select' command
            > SELECT 0
            < OK
            > MOVE k 1
            < 0
            > MOVE missing 1
            < 0
            > EXPIRE k 100
            < 1
            > MOVE k 2
            < 1
            > EXISTS k
            < 0
            > SELECT 2
            < OK
            > TTL k
            <.. 99 100
            > MOVE k 2
            < (error) ERR source and destination objects are the same
            > MOVE k 16
            < (error) ERR DB index is out of range
            > MOVE k -1
            < (error) ERR DB index is out of range
            > MOVE k x
            < (error) ERR value is not an integer or out of range
            > MOVE k
            < (error) ERR wrong number of arguments for 'move' command
            > SWAPDB 1 2
            < OK
            > GET k
            < "one"
            > DBSIZE
            < 2
            > SELECT 1
            < OK
            > GET k
            < "zero"
            > SWAPDB 1 1
            < OK
            > SWAPDB 0 16
            < (error) ERR DB index is out of range
            > SWAPDB x 1
            < (error) ERR invalid first DB index
            > SWAPDB 1 x
            < (error) ERR invalid second DB index
            > SWAPDB 1
            < (error) ERR wrong number of arguments for 'swapdb' command
            > FLUSHDB
            < OK
            > DBSIZE
            < 0
            > SELECT 2
            < OK
            > DBSIZE
            < 2
            > FLUSHDB ASYNC
            < OK
            > DBSIZE
            < 0
            > SET k v
            < OK
            > FLUSHDB SYNC
            < OK
            > FLUSHDB FOO
            < (error) ERR syntax error
            > FLUSHDB SYNC ASYNC
            < (error) ERR syntax error
            > SET k v
            < OK
            > FLUSHALL ASYNC
            < OK
            > FLUSHALL FOO
            < (error) ERR syntax error
            > DBSIZE
            < 0
            > SELECT 1
            < OK
            > DBSIZE
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func randomKeyFindsWhatThereIs(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RANDOMKEY
            < (nil)
            > SET only 1
            < OK
            > RANDOMKEY
            < "only"
            > SET only 1 PX 1
            < OK
            until> RANDOMKEY
            < (nil)
            > RANDOMKEY x
            < (error) ERR wrong number of arguments for 'randomkey' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func object(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > OBJECT REFCOUNT k
            < 1
            > OBJECT IDLETIME k
            <.. 0 1
            > OBJECT FREQ k
            < (error) ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
            > OBJECT ENCODING missing
            < (nil)
            > OBJECT REFCOUNT missing
            < (nil)
            > OBJECT IDLETIME missing
            < (nil)
            > OBJECT FREQ missing
            < (nil)
            > OBJECT FOO k
            < (error) ERR unknown subcommand 'FOO'. Try OBJECT HELP.
            > OBJECT ENCODING
            < (error) ERR wrong number of arguments for 'object|encoding' command
            > OBJECT ENCODING a b
            < (error) ERR wrong number of arguments for 'object|encoding' command
            > OBJECT
            < (error) ERR wrong number of arguments for 'object' command
            > OBJECT HELP
            <* [OBJECT *ENCODING*FREQ*IDLETIME*REFCOUNT*HELP*]
            """#)
    }
}
