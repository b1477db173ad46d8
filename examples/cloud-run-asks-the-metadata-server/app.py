"""Asks at its start in which project it runs and for a token, and answers with both on $PORT."""

import json
import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADERS = {"Metadata-Flavor": "Google"} if os.environ.get("SEND_HEADER", "yes") == "yes" else {}


def told(path):
    url = f"http://metadata.google.internal/computeMetadata/v1/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS), timeout=5) as answer:
        return answer.read().decode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"project": project, "token": token}).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    project = told("project/project-id")
    token = json.loads(told("instance/service-accounts/default/token"))["access_token"]
    print(f"runs in {project}", flush=True)
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
