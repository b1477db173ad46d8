"""Answers with its variables and what it can do with its secret file, as JSON; keeps nothing to itself."""

import json
import os
import stat
import subprocess
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECRET = Path("/etc/secrets/.env")


def read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError as problem:
        return type(problem).__name__


def write() -> str:
    try:
        SECRET.chmod(0o600)
        SECRET.write_text("x")
    except OSError as problem:
        return problem.strerror
    return "written"


def as_stranger() -> int:
    """Whether a user without group 1000 may read it: cat's exit code."""
    if os.getuid() != 0:
        return -1
    return subprocess.run(["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups", "cat", SECRET],
                          capture_output=True, check=False).returncode  # fmt: skip


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        facts = SECRET.stat() if SECRET.exists() else None
        told = {
            "env": dict(os.environ),
            "secret": read(SECRET),
            "beside": read(Path(".env")),
            "built": read(Path("built.txt")),
            "group": facts and facts.st_gid,
            "mode": facts and oct(stat.S_IMODE(facts.st_mode)),
            "writing": write(),
            "stranger": as_stranger(),
        }
        if self.path == "/back":
            with urllib.request.urlopen(f"http://{os.environ['BACK']}/") as other:
                told = json.load(other)
        body = json.dumps(told).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        print("asked for", os.environ.get("TOKEN"), os.environ.get("OWN_KEY"), flush=True)


ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Answer).serve_forever()
