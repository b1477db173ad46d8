"""`emu up --once` beside the same done by hand: build, run, first answer, stop, remove.

By hand is `docker buildx build`, `docker run` with the same variables and memory limit, asking the
container until it answers, `docker rm -f`. Every run changes one file, so that one layer is built anew.
"""

import argparse
import itertools
import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench.timing import emu, in_turn, report

APP = """import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
TAG = "emu-bench-by-hand"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    changes = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        (repository / "app.py").write_text(APP)
        (repository / "Dockerfile").write_text(DOCKERFILE)
        subprocess.run(["git", "-C", folder, "init", "-q"], check=True)

        def by_emu() -> None:
            (repository / "change.txt").write_text(f"emu {next(changes)}")
            subprocess.run([emu(), "up", "--once", "--quiet"], cwd=folder, stdout=subprocess.DEVNULL, check=True)

        def by_hand() -> None:
            (repository / "change.txt").write_text(f"hand {next(changes)}")
            docker("buildx", "build", "--platform", "linux/amd64", "--load", "-q", "-t", TAG, folder)
            id = docker("run", "-d", "-e", "PORT=10000", "-m", "512m", "-p", "127.0.0.1:0:10000", TAG)
            port = json.loads(docker("inspect", id))[0]["NetworkSettings"]["Ports"]["10000/tcp"][0]["HostPort"]
            until_answered(f"http://127.0.0.1:{port}/")
            docker("stop", id)
            docker("rm", "-f", id)

        try:
            report(in_turn({"emu up --once": by_emu, "by hand": by_hand}, runs), base="emu up --once")
        finally:
            docker("rmi", "-f", TAG)
            subprocess.run([emu(), "down", "--images"], cwd=folder, stdout=subprocess.DEVNULL, check=False)


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def until_answered(url: str) -> None:
    """Ask until it answers 200, for at most 30 seconds."""
    for _ in range(3000):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
