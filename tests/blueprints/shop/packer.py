"""Takes orders from the queue and writes them down."""

import json
import os

import psycopg
import redis

queue = redis.Redis(host=os.environ["REDIS_HOST"])
print("waiting for orders", flush=True)
while True:
    _, text = queue.blpop("orders")
    order = json.loads(text)
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        database.execute("INSERT INTO orders (item, cents) VALUES (%s, %s)", (order["item"], order["cents"]))
    print(f"packed {order['item']}", flush=True)
