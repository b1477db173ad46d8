"""Answers on $PORT with what Terraform set; an HTTP probe asks it at /up."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        answer = {"port": os.environ["PORT"], "tier": os.environ["TIER"]}
        self.wfile.write(json.dumps(answer).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on {os.environ['PORT']}", flush=True)
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
