"""Answers every path on --port; at SIGTERM it would say goodbye and end at once."""

import argparse
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


def goodbye(*_):
    print("goodbye", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    port = options.parse_args().port
    signal.signal(signal.SIGTERM, goodbye)
    print(f"listening on 0.0.0.0:{port}", flush=True)
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()
