"""Answers /health on $PORT, and 404 for the rest."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/health"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"status": "ok"} if found else {"error": "not found"}).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = ("0.0.0.0", int(os.environ.get("PORT", "8000")))
    print("listening on {}:{}".format(*address), flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()
