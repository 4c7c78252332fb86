#!/usr/bin/env python3
"""A shop on computed keys: products, carts, totals and recommendations that know what they were computed from.

    pip install redis
    Config/examples/shop.py [--host HOST] [--port PORT]

Needs a running Freshet. All its keys begin with "example:"; it removes them at the end. What is worth copying is
`computed`, right below: it makes a function's result a computed key. The rest is the shop, and a walk through it.
"""

import argparse
import contextlib
import functools
import json
import threading

import redis


def computed(key, wait=10_000):
    """Keeps what a function returns under `key`, until something changes that the function has read.

    The function's first argument is the client to read through; the others fill the braces of `key`. Whatever it reads
    through that client becomes a dependency, other computed functions included, so it must not read elsewhere (for a
    database's rows see COMPUTE.DEPEND ... TAGS). Of all who ask at the same time one computes; the others wait for at most
    `wait` milliseconds. The client must have been made with decode_responses=True.
    """

    def decorate(function):
        @functools.wraps(function)
        def read(client, *arguments):
            if client.connection is None:  # The server follows what one connection reads: hold it for all of this.
                with client.client() as held:
                    return read(held, *arguments)
            state, *reply = client.execute_command("COMPUTE.BEGIN", key.format(*arguments), "WAIT", wait)
            if state == "fresh":
                return json.loads(reply[0])
            if state == "busy":  # Somebody else has been computing for too long: do without the cache.
                return function(client, *arguments)
            token = reply[0]
            try:
                value = function(client, *arguments)
            except BaseException as error:  # Those who wait are told.
                with contextlib.suppress(redis.RedisError):
                    client.execute_command("COMPUTE.FAIL", token, repr(error))
                raise
            try:
                # "stored", or "superseded" where what was read has changed meanwhile: then the value is not kept. Equal
                # values must be equal bytes, since what depends on one that stays the same is not computed again.
                client.execute_command("COMPUTE.END", token, json.dumps(value, sort_keys=True))
            except redis.ResponseError as error:
                if not str(error).startswith("LEASELOST"):  # It took too long, and is not kept either.
                    raise
            return value

        return read

    return decorate


# The shop. Sources are ordinary keys, which ordinary commands write:
#   example:product:SKU         hash: name, price in cents, category, stock
#   example:category:NAME       sorted set: SKUs, best sellers first
#   example:cart:USER:items     hash: quantity by SKU

computations = []


def note(name):
    computations.append(name)


@computed("example:cart:{}")
def cart(client, user):
    note("cart")
    lines = []
    for sku, quantity in sorted(client.hgetall(f"example:cart:{user}:items").items()):
        name, price = client.hmget(f"example:product:{sku}", "name", "price")
        lines.append({"sku": sku, "name": name, "quantity": int(quantity), "price": int(price)})
    return lines


@computed("example:cart:{}:total")
def total(client, user):
    note("total")
    return sum(line["price"] * line["quantity"] for line in cart(client, user))


@computed("example:cart:{}:recommendations")
def recommendations(client, user):
    """What else there is in the categories of what is in the cart, with its price."""
    note("recommendations")
    chosen = [line["sku"] for line in cart(client, user)]
    found = {}
    for category in sorted({client.hget(f"example:product:{sku}", "category") for sku in chosen}):
        for sku in client.zrange(f"example:category:{category}", 0, -1):
            if sku not in chosen:
                found[sku] = int(client.hget(f"example:product:{sku}", "price"))
    return found


PRODUCTS = {
    "tea": {"name": "Green tea", "price": 450, "category": "kitchen", "stock": 12},
    "mug": {"name": "Mug", "price": 1290, "category": "kitchen", "stock": 3},
    "pot": {"name": "Tea pot", "price": 2900, "category": "kitchen", "stock": 5},
}


def fill(client, prefix="example"):
    for rank, (sku, product) in enumerate(PRODUCTS.items()):
        client.hset(f"{prefix}:product:{sku}", mapping=product)
        client.zadd(f"{prefix}:category:kitchen", {sku: rank})
    client.hset(f"{prefix}:cart:ann:items", mapping={"tea": 1, "mug": 1})


def clean(client):
    for prefix in ("example", "example:redis"):
        client.delete(
            *(f"{prefix}:product:{sku}" for sku in PRODUCTS), f"{prefix}:category:kitchen",
            *(f"{prefix}:cart:ann{name}" for name in ("", ":items", ":total", ":recommendations")))


# The same for a server that does not know what was computed from what. Whoever writes must know all that was.

class PlainShop:
    def __init__(self, client):
        self.client = client

    def cached(self, key, compute):
        value = self.client.get(key)
        if value is None:
            value = json.dumps(compute())
            self.client.set(key, value)
        return json.loads(value)

    def total(self, user):
        def compute():
            items = self.client.hgetall(f"example:redis:cart:{user}:items")
            return sum(int(self.client.hget(f"example:redis:product:{sku}", "price")) * int(quantity)
                       for sku, quantity in items.items())
        return self.cached(f"example:redis:cart:{user}:total", compute)

    def recommendations(self, user):
        def compute():
            chosen = self.client.hkeys(f"example:redis:cart:{user}:items")
            return {sku: int(self.client.hget(f"example:redis:product:{sku}", "price"))
                    for sku in self.client.zrange("example:redis:category:kitchen", 0, -1) if sku not in chosen}
        return self.cached(f"example:redis:cart:{user}:recommendations", compute)

    def set_price(self, sku, price):
        self.client.hset(f"example:redis:product:{sku}", "price", price)
        # In whose carts is it? On which pages? Here somebody knew of the totals; recommendations came later.
        self.client.delete("example:redis:cart:ann:total")


# The walk.

def say(*words):
    """Prints, and what was computed since the last time."""
    done = f"   (computed: {', '.join(computations)})" if computations else ""
    computations.clear()
    print(*words, done, sep="")


def fields(reply):
    """A reply that is a map in RESP3, and names and values in turn in RESP2."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2]))


def states(client):
    names = ("cart:ann", "cart:ann:total", "cart:ann:recommendations")
    for name in names:
        state = fields(client.execute_command("COMPUTE.INFO", f"example:{name}"))["state"]
        print(f"  {name:<24} {state:<12} GET -> {client.get('example:' + name)}")


def pushed(watcher, expected):
    """The values that come on a channel up to the expected one."""
    values = []
    while expected not in values:
        message = watcher.get_message(ignore_subscribe_messages=True, timeout=10)
        if message is not None:
            values.append(message["data"])
    return values


def walk(client, other, watcher):
    print("1. Computed once, served until something changes")
    say("total of Ann's cart: ", total(client, "ann"))
    say("asked again: ", total(client, "ann"))
    say("recommended to Ann: ", recommendations(client, "ann"))
    say("a plain GET, from any client: ", other.get("example:cart:ann:total"))

    print("\n2. Somebody watches the total: SUBSCRIBE __value@0__:example:cart:ann:total")
    watcher.subscribe("__value@0__:example:cart:ann:total")
    say("first message, the value that there is: ", *pushed(watcher, "1740"))

    print("\n3. A price changes: HSET example:product:tea price 500, by a client that knows of no carts")
    other.hset("example:product:tea", "price", 500)
    states(other)
    why = other.execute_command("COMPUTE.WHY", "example:cart:ann:total")
    why = fields(why)
    say("COMPUTE.WHY: ", " <- ".join(why["chain"]), ": ", why["event"])

    print("\n4. The next who asks computes, and who watches is told")
    say("total: ", total(client, "ann"))
    say("pushed to the watcher: ", *pushed(watcher, "1790"))
    say("recommended: ", recommendations(client, "ann"))

    print("\n5. A change that makes no difference: HSET example:product:tea stock 11")
    other.hset("example:product:tea", "stock", 11)
    states(other)
    cart(client, "ann")
    say("the cart comes out as before, and so the total is fresh again without being computed:")
    states(other)

    print("\n6. Twenty clients ask for a stale value at the same moment: one computes")
    other.hset("example:product:pot", "price", 2500)
    stampede(client)

    print("\n7. What changes while it is computed is not kept")
    other.hset("example:product:mug", "price", 1190)

    @computed("example:cart:{}:total")
    def slow_total(client, user):
        value = total.__wrapped__(client, user)
        other.hset("example:product:mug", "price", 1000)
        return value

    say("computed while the mug's price fell from 1190 to 1000: ", slow_total(client, "ann"))
    say("GET: ", other.get("example:cart:ann:total"))
    say("computed again: ", total(client, "ann"))
    say("pushed to the watcher: ", pushed(watcher, "1500")[-1])

    print("\n8. The graph: COMPUTE.GRAPH example:cart:ann MERMAID")
    recommendations(client, "ann")
    computations.clear()
    print(other.execute_command("COMPUTE.GRAPH", "example:cart:ann", "MERMAID").rstrip())


def stampede(client):
    start = threading.Barrier(20)
    found = []

    def ask():
        start.wait()
        found.append(recommendations(client, "ann"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(f"{len(found)} answers: ", *set(map(json.dumps, found)))


def walk_without(client, other):
    print("\n9. The same with keys that the application deletes itself, as with Redis")
    shop = PlainShop(client)
    fill(client, "example:redis")
    say("total: ", shop.total("ann"), ", recommended: ", shop.recommendations("ann"))
    PlainShop(other).set_price("pot", 1900)
    PlainShop(other).set_price("tea", 500)
    say("total: ", shop.total("ann"), ", recommended: ", shop.recommendations("ann"))
    say("the pot costs ", client.hget("example:redis:product:pot", "price"), ": somebody forgot a DEL")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6379)
    options = parser.parse_args()
    clients = [redis.Redis(options.host, options.port, decode_responses=True) for _ in range(3)]
    client, other, third = clients
    watcher = third.pubsub()
    clean(client)
    try:
        fill(client)
        walk(client, other, watcher)
        walk_without(client, other)
    finally:
        watcher.close()
        clean(client)
        for each in clients:
            each.close()


if __name__ == "__main__":
    main()
