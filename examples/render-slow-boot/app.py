"""Fills its tables for six minutes (SEEDING_S says otherwise), then answers on $PORT."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SEEDING_S = int(os.environ.get("SEEDING_S", "360"))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"seeded\n")


def seed():
    """Some work all the time, as a real one."""
    end = time.monotonic() + SEEDING_S
    while time.monotonic() < end:
        sum(range(200_000))
        time.sleep(0.05)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"seeding for {SEEDING_S} s", flush=True)
    seed()
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
