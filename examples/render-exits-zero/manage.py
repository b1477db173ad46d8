"""Prepares or serves the inventory: `manage.py migrate`, `manage.py serve`."""

import os
import sqlite3
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


def migrate():
    database = sqlite3.connect("inventory.db")
    database.execute("CREATE TABLE IF NOT EXISTS item (name TEXT PRIMARY KEY, amount INTEGER)")
    database.close()
    print("1 migration applied", flush=True)


def serve():
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), SimpleHTTPRequestHandler).serve_forever()


if __name__ == "__main__":
    {"migrate": migrate, "serve": serve}[sys.argv[1]]()
