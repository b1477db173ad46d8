"""Loads an index of 1 GiB, then answers every path on $PORT."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX_MIB = 1024
BLOCK_MIB = 64


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


def load_index():
    """The index, in blocks that are really written to, so that they take up memory."""
    blocks = []
    while len(blocks) < INDEX_MIB // BLOCK_MIB:
        blocks.append(bytearray(b"\1") * (BLOCK_MIB * 1024 * 1024))
        print(f"index: {len(blocks) * BLOCK_MIB} of {INDEX_MIB} MiB loaded", flush=True)
    return blocks


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    index = load_index()
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
