"""Talks to a server through redis-py, in both protocols: redis_py.py PORT. Ends with 0 if every reply is the expected one."""
import sys
import time

import redis
from redis.cache import CacheConfig


def check(actual, expected):
    if actual != expected:
        sys.exit(f"expected {expected!r}, received {actual!r}")


def converse(protocol):
    client = redis.Redis(port=int(sys.argv[1]), protocol=protocol, decode_responses=True)
    client.flushall()
    check(client.ping(), True)
    check(client.set("count", 1, ex=100, nx=True), True)
    check(client.incr("count", 41), 42)
    check(0 < client.ttl("count") <= 100, True)
    check(client.mget("count", "absent"), ["42", None])

    check(client.hset("hash", mapping={"a": "1", "b": "x\r\ny"}), 2)
    check(client.hgetall("hash"), {"a": "1", "b": "x\r\ny"})
    check(client.hincrbyfloat("hash", "a", 0.5), 1.5)

    check(client.zadd("scores", {"one": 1, "two": 2.5, "three": 3}), 3)
    pairs = client.zrange("scores", 0, 1, withscores=True)
    check([tuple(pair) for pair in pairs], [("one", 1.0), ("two", 2.5)])
    check(client.zscore("scores", "two"), 2.5)
    check(client.zcount("scores", "(1", "+inf"), 2)

    check(client.rpush("queue", "a", "b", 3), 3)
    check(client.lrange("queue", 0, -1), ["a", "b", "3"])
    check(client.lpos("queue", 3), 2)
    check(client.lmove("queue", "working", "LEFT", "RIGHT"), "a")
    check(tuple(client.blpop(["nothing", "queue"], timeout=1)), ("queue", "b"))
    check(client.lmpop(2, "nothing", "queue", direction="RIGHT", count=5), ["queue", ["3"]])
    check(client.blpop("queue", timeout=0.01), None)
    check(client.delete("working"), 1)

    with client.pipeline(transaction=True) as pipeline:
        pipeline.watch("count")
        pipeline.multi()
        pipeline.incr("count")
        pipeline.zincrby("scores", 1, "one")
        check(pipeline.execute(), [43, 2.0])
    with client.pipeline(transaction=True) as pipeline:
        pipeline.watch("count")
        client.set("count", 0)
        pipeline.multi()
        pipeline.incr("count")
        try:
            pipeline.execute()
            sys.exit("a changed key was not noticed")
        except redis.WatchError:
            pass

    check(sorted(client.scan_iter(match="*")), ["count", "hash", "scores"])
    check(client.type("scores"), "zset")
    try:
        client.incr("hash")
        sys.exit("a wrong type was not noticed")
    except redis.ResponseError as error:
        check(str(error).startswith("WRONGTYPE"), True)
    check(client.client_setname("tester"), True)
    check(client.client_getname(), "tester")
    check("redis_version" in client.info(), True)


def subscribe(protocol):
    client = redis.Redis(port=int(sys.argv[1]), protocol=protocol, decode_responses=True)
    heard = []
    with client.pubsub() as subscriber:
        subscriber.subscribe("news", handled=heard.append)
        subscriber.psubscribe("n?ws")
        kinds = [subscriber.get_message(timeout=20)["type"] for _ in range(3)]
        check(kinds, ["subscribe", "subscribe", "psubscribe"])
        check(client.publish("news", "one"), 2)
        check(client.publish("handled", "two"), 1)
        messages = [subscriber.get_message(timeout=20) for _ in range(3)]
        check([message and (message["type"], message["pattern"], message["channel"], message["data"])
               for message in messages],
              [("message", None, "news", "one"), ("pmessage", "n?ws", "news", "one"), None])
        check([message["data"] for message in heard], ["two"])
        check(client.pubsub_numsub("news", "handled"), [("news", 1), ("handled", 1)])
        check(sorted(client.pubsub_channels()), ["handled", "news"])
        subscriber.unsubscribe()
        subscriber.punsubscribe()
        kinds = [subscriber.get_message(timeout=20)["type"] for _ in range(3)]
        check(kinds, ["unsubscribe", "unsubscribe", "punsubscribe"])
        check(client.publish("news", "three"), 0)


def reads(client, key, expected):
    """Reads until the value is the expected one: what a client is told is on its way when the writer is answered."""
    deadline = time.monotonic() + 10
    while client.get(key) != expected:
        if time.monotonic() > deadline:
            sys.exit(f"{key} is {client.get(key)!r} for good, expected {expected!r}")


def keep():
    """The client-side cache: what was read is kept until somebody else has changed it."""
    keeper = redis.Redis(port=int(sys.argv[1]), protocol=3, cache_config=CacheConfig(), decode_responses=True)
    other = redis.Redis(port=int(sys.argv[1]), protocol=3, decode_responses=True)
    for turn in range(50):
        other.set("kept", turn)
        reads(keeper, "kept", f"{turn}")
        calls = other.info("commandstats")["cmdstat_get"]["calls"]
        for _ in range(10):
            check(keeper.get("kept"), f"{turn}")
        check(other.info("commandstats")["cmdstat_get"]["calls"], calls)
    other.delete("kept")
    reads(keeper, "kept", None)
    # What was derived from it is forgotten with it.
    if "freshet_version" in other.info("server"):
        for price in range(50):
            other.set("price", price)
            reads(keeper, "total", None)
            other.execute_command("COMPUTE.SET", "total", f"total {price}", "DEPS", 1, "price")
            reads(keeper, "total", f"total {price}")


for version in (2, 3):
    converse(version)
    subscribe(version)
# The library refuses servers of older versions.
if [int(part) for part in redis.Redis(port=int(sys.argv[1])).info("server")["redis_version"].split(".")] >= [7, 4]:
    keep()
