"""Answers every path on $PORT at once, and says by gRPC on port 8081 whether it has loaded: after 20 seconds (LOADING_S
says otherwise)."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

LOADING_S = int(os.environ.get("LOADING_S", "20"))
HEALTH_PORT = 8081
EVERYTHING = ""
"""The name of no service in particular."""

loaded = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if loaded.is_set() else 503)
        self.end_headers()
        self.wfile.write(b"loaded\n" if loaded.is_set() else b"loading\n")


def health_server(states):
    """A gRPC server with the health service alone. It ends when nobody holds it any more."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    health_pb2_grpc.add_HealthServicer_to_server(states, server)
    server.add_insecure_port(f"0.0.0.0:{HEALTH_PORT}")
    server.start()
    return server


def load(states):
    print("loaded", flush=True)
    loaded.set()
    states.set(EVERYTHING, health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    states = health.HealthServicer()
    states.set(EVERYTHING, health_pb2.HealthCheckResponse.NOT_SERVING)
    asked = health_server(states)
    print(f"loading for {LOADING_S} s", flush=True)
    loading = threading.Timer(LOADING_S, load, [states])
    loading.daemon = True
    loading.start()
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
