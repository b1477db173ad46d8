"""Unpacks a data set of 2 GiB into /tmp at start, then answers every path on $PORT."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATA_SET_MIB = 2048
PART_MIB = 64
SECONDS_A_PART = 0.15
BLOCK = b"\1" * (1024 * 1024)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


def unpack(folder):
    """The data set, part by part: no more than a block of it is ever in the process's own memory."""
    for part in range(DATA_SET_MIB // PART_MIB):
        with open(os.path.join(folder, f"part-{part}"), "wb") as file:
            for _ in range(PART_MIB):
                file.write(BLOCK)
        time.sleep(SECONDS_A_PART)
        print(f"data set: {(part + 1) * PART_MIB} of {DATA_SET_MIB} MiB unpacked", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    unpack("/tmp")
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
