"""Has a worker process build an index of 1 GiB, and answers every path on $PORT when it is done."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX_MIB = 1024
BLOCK_MIB = 64
WORKER_FAILED = 3


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


def build_index():
    """The index, in blocks that are really written to, so that they take up memory."""
    blocks = []
    while len(blocks) < INDEX_MIB // BLOCK_MIB:
        blocks.append(bytearray(b"\1") * (BLOCK_MIB * 1024 * 1024))
        print(f"index: {len(blocks) * BLOCK_MIB} of {INDEX_MIB} MiB built", flush=True)


def in_a_worker(work):
    """Do `work` in a process of its own, and wait for it. How it ended: an exit status, or minus a signal."""
    worker = os.fork()
    if worker == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ended = in_a_worker(build_index)
    if ended != 0:
        print(f"the worker failed: {ended}", flush=True)
        sys.exit(WORKER_FAILED)
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
