"""Answers those who ask for a host that it knows."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "shop.example.org,localhost").split(",")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers.get("Host", "").partition(":")[0]
        allowed = host in ALLOWED_HOSTS
        self.send_response(200 if allowed else 400)
        self.end_headers()
        self.wfile.write(b"well\n" if allowed else b"the host is not allowed\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
