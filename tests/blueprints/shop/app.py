"""Takes orders: asks a private service for the price, and leaves the order in a queue for the worker."""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import redis

queue = redis.Redis.from_url(os.environ["REDIS_URL"])


def price(item: str) -> int:
    with urllib.request.urlopen(f"http://{os.environ['PRICES']}/{item}", timeout=5) as answer:
        return int(answer.read())


def packed() -> list[str]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        return [item for (item,) in database.execute("SELECT item FROM orders ORDER BY id")]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/order/"):
            item = self.path.removeprefix("/order/")
            cents = price(item)
            queue.rpush("orders", json.dumps({"item": item, "cents": cents}))
            self.say({"item": item, "cents": cents})
        elif self.path == "/packed":
            self.say({"packed": packed(), "orders": queue.incr("asked")})
        else:
            self.say({"ok": queue.ping()})

    def say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
