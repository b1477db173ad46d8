"""Listens at once, and loads its index for 30 seconds behind that."""

import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOADING_S = 30
loaded = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if loaded.is_set() else 503)
        self.end_headers()
        self.wfile.write(b"found\n" if loaded.is_set() else b"the index is not there yet\n")


def load():
    time.sleep(LOADING_S)
    loaded.set()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=load, daemon=True).start()
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
