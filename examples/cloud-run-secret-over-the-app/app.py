"""Answers every path on $PORT with the names of its tools, which the file beside this one lists."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOOLS = "/app/tools.yaml"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(TOOLS) as file:
            names = [line.removeprefix("- ").strip() for line in file]
        self.send_response(200)
        self.end_headers()
        self.wfile.write((" ".join(names) + "\n").encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
