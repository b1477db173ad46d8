"""Asks its sidecar for the rates once, at its start, and answers with them on $PORT."""

import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the rates answered {rates}\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with urllib.request.urlopen("http://rates:9000/", timeout=5) as answer:
        rates = answer.status
    print(f"the rates answered {rates}", flush=True)
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
