"""Loads a model of 1.5 GiB, then answers /health on $PORT."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL_MIB = 1536
BLOCK_MIB = 64


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/health"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"status": "ok"} if found else {"error": "not found"}).encode())


def load_model():
    """The model, in blocks that are really written to, so that they take up memory."""
    blocks = []
    while len(blocks) < MODEL_MIB // BLOCK_MIB:
        blocks.append(bytearray(b"\1") * (BLOCK_MIB * 1024 * 1024))
        print(f"model: {len(blocks) * BLOCK_MIB} of {MODEL_MIB} MiB loaded", flush=True)
    return blocks


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    model = load_model()
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
