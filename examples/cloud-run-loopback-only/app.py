"""Answers every path on $PORT."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = ("127.0.0.1", int(os.environ["PORT"]))
    print("listening on {}:{}".format(*address), flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()
