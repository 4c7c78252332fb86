#!/usr/bin/env python3
"""Orders that are shipped at least once, whatever crashes: a stream, a group of workers, retries and dead letters.

    pip install redis
    Config/examples/orders.py [--host HOST] [--port PORT]

Runs on Freshet as on Redis. All its keys begin with "example:"; it removes them at the end. What is worth copying is the
class `Worker`; the rest is a walk through what can go wrong.
"""

import argparse
import time

import redis


class Worker:
    """A consumer of a group that handles the entries of a stream, each at least once.

    An entry is acknowledged when it was handled. One that was not, because its worker has crashed or `handle` has failed,
    is delivered again when `patience` milliseconds have passed, to whoever asks first. What has failed `attempts` times
    goes to the stream of dead letters for somebody to look at. An entry may be handled twice, when a worker crashes
    between handling and acknowledging it: `handle` must not mind.
    """

    def __init__(self, client, stream, group, name, handle, patience=60_000, attempts=5):
        self.client, self.stream, self.group, self.name = client, stream, group, name
        self.handle, self.patience, self.attempts = handle, patience, attempts
        try:
            client.xgroup_create(stream, group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # Another worker was first.
                raise

    def run(self, wait=1000):
        """One round: what is overdue, then what is new, for which it waits; to be called for ever."""
        self.retry()
        self.take_new(wait)

    def take_new(self, wait=None, count=10):
        """Handles entries that nobody was given yet."""
        for _, entries in self.client.xreadgroup(self.group, self.name, {self.stream: ">"}, count=count, block=wait):
            for identifier, fields in entries:
                self.attempt(identifier, fields, delivery=1)

    def retry(self):
        """Takes over what has been pending for too long, this worker's own entries included."""
        start = "0-0"
        while True:
            start, entries, *_ = self.client.xautoclaim(
                self.stream, self.group, self.name, min_idle_time=self.patience, start_id=start, count=100)
            for identifier, fields in entries:
                pending = self.client.xpending_range(self.stream, self.group, identifier, identifier, 1)
                self.attempt(identifier, fields, pending[0]["times_delivered"])
            if start == "0-0":
                return

    def attempt(self, identifier, fields, delivery):
        try:
            self.handle(self.name, fields, delivery)
        except Exception as error:
            if delivery < self.attempts:
                return  # It stays pending.
            with self.client.pipeline(transaction=True) as transaction:  # Never lost, never in both places.
                transaction.xadd(f"{self.stream}:dead", {**fields, "id": identifier, "error": str(error)})
                transaction.xack(self.stream, self.group, identifier)
                transaction.execute()
        else:
            self.client.xack(self.stream, self.group, identifier)


STREAM, GROUP, SHIPPED = "example:orders", "shipping", "example:orders:shipped"
PATIENCE = 100


class Crash(BaseException):
    """Stands for the end of a process."""


def ship(client, name, order, delivery):
    """Ships an order, once: that it was shipped before is found by its number."""
    times = "" if delivery == 1 else f"   (delivery {delivery})"
    if order["street"] == "nowhere":
        print(f"{name} cannot ship order {order['number']}: no such street{times}")
        raise ValueError("no such street")
    if client.hsetnx(SHIPPED, order["number"], name):
        print(f"{name} ships order {order['number']}{times}")
    else:
        print(f"{name} finds order {order['number']} shipped by {client.hget(SHIPPED, order['number'])}{times}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6379)
    options = parser.parse_args()
    client = redis.Redis(options.host, options.port, decode_responses=True)
    keys = (STREAM, f"{STREAM}:dead", SHIPPED)
    client.delete(*keys)

    def handle(name, order, delivery):
        ship(client, name, order, delivery)

    def handle_and_crash(name, order, delivery):
        ship(client, name, order, delivery)
        raise Crash

    def pending():
        summary = client.xpending(STREAM, GROUP)
        owners = {consumer["name"]: consumer["pending"] for consumer in summary["consumers"]}
        print(f"pending: {owners if owners else 'nothing'}")

    try:
        print("1. Five orders come in")
        for number, street in enumerate(("elm", "oak", "ash", "nowhere", "fir"), start=1):
            client.xadd(STREAM, {"number": number, "street": street}, id=f"{number}-0")
        ann = Worker(client, STREAM, GROUP, "ann", handle_and_crash, PATIENCE, attempts=3)
        bob = Worker(client, STREAM, GROUP, "bob", handle, PATIENCE, attempts=3)

        print("\n2. Ann takes two, ships the first, and crashes before she can say so")
        try:
            ann.take_new(count=2)
        except Crash:
            pass
        pending()

        print("\n3. Bob takes what is new, of which one cannot be shipped")
        bob.take_new()
        pending()

        print(f"\n4. What has been pending for {PATIENCE} ms is delivered again, to Bob")
        while client.xpending(STREAM, GROUP)["pending"] > 0:
            time.sleep(PATIENCE / 1000 * 1.2)
            bob.retry()
        pending()

        print("\n5. What failed three times is kept for somebody to look at")
        for _, letter in client.xrange(f"{STREAM}:dead"):
            print(f"order {letter['number']}, entry {letter['id']}: {letter['error']}")
        group = client.xinfo_groups(STREAM)[0]
        print(f"pending {group['pending']}, lag {group['lag']}, shipped {client.hlen(SHIPPED)} of 5")
    finally:
        client.delete(*keys)


if __name__ == "__main__":
    main()
