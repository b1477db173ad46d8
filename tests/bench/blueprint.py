"""A Blueprint of ten services up and healthy from nothing beside the same images by `docker compose up --wait`.

Three web and three private services, two workers, a Postgres and a Key Value, and a cron job beside them. `emu up`
plans, builds (from its cache) and starts in the order of the references; compose starts what is built already, in the
order of `depends_on`, and asks as often as one would in haste. Before each run no container, volume
or network is there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from emulator.engine.stand_ins import STAND_INS
from tests.bench.timing import Runs, ratios, report

APP = """import http.server, os, signal, socket, sys, time, urllib.parse
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
for name, value in sorted(os.environ.items()):
    if name.startswith("NEEDS_"):
        address = urllib.parse.urlsplit(value if "://" in value else "tcp://" + value)
        socket.create_connection((address.hostname, address.port or 5432), timeout=5).close()
if sys.argv[1:] == ["worker"]:
    while True:
        time.sleep(1)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", 10000), Handler).serve_forever()
"""
DOCKERFILE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY app.py .\nCMD python app.py\n"
PROBE = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:10000/healthz', timeout=2)"
PROJECT = "emu-bench-compose"
IMAGE = f"{PROJECT}-app"
OFTEN = {"interval": "500ms", "timeout": "2s", "retries": 120}


class App(NamedTuple):
    """A service, and what it needs: datastores and private services."""

    kind: str
    needs: tuple[str, ...]


APPS = {
    "accounts": App("pserv", ("db",)),
    "catalogue": App("pserv", ("db", "cache")),
    "search": App("pserv", ("cache",)),
    "shop": App("web", ("accounts", "catalogue", "db")),
    "admin": App("web", ("accounts", "db")),
    "api": App("web", ("catalogue", "search", "cache")),
    "mailer": App("worker", ("cache",)),
    "indexer": App("worker", ("db", "cache")),
}
PORTS = {"db": 5432, "cache": 6379}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--compose", default="docker compose", help="the command that is docker compose here")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--limit", type=float, default=1.3, help="how much longer emu may take")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emu-bench-") as folder:
        repository = Path(folder)
        write(repository)
        compose = Compose(repository, options.compose.split())
        ours = Emu(repository)
        try:
            compose.build()
            seconds = beside({"emu up": ours, "compose up --wait": compose}, options.runs)
        finally:
            ours.clear("--images")
            compose.clear()
            subprocess.run(["docker", "rmi", "-f", IMAGE], capture_output=True, check=False)
    ratio = ratios(seconds, base="emu up")["compose up --wait"]
    if options.format == "json":
        print(json.dumps({"seconds": seconds, "ratio": round(ratio, 3), "limit": options.limit}))
    else:
        report(seconds, base="emu up")
    sys.exit(ratio > options.limit)


class Emu:
    """Up from nothing until the verdict, by this checkout's own `emu`."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.environ = {**os.environ, "XDG_STATE_HOME": str(repository / ".git" / "state")}
        self.command = [sys.executable, "-m", "emulator"]

    def up(self) -> Callable[[], None]:
        arguments = [*self.command, "up", str(self.repository), "--format", "json", "--created-from", "blueprint"]
        process = subprocess.Popen(
            arguments, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        verdict = next((e for e in map(json.loads, process.stdout) if e["event"] == "verdict"), None)
        if verdict is None or verdict["verdict"] != "live":
            raise SystemExit(f"emu up: {verdict}")

        def end() -> None:
            process.terminate()
            process.communicate()

        return end

    def clear(self, *more: str) -> None:
        arguments = [*self.command, "down", str(self.repository), "--data", *more]
        subprocess.run(arguments, env=self.environ, stdout=subprocess.DEVNULL, check=True)


class Compose:
    """The same images and variables."""

    def __init__(self, repository: Path, command: list[str]) -> None:
        self.command = [*command, "-p", PROJECT, "-f", str(repository / "compose.json")]
        self.repository = repository

    def build(self) -> None:
        subprocess.run(["docker", "build", "-q", "-t", IMAGE, self.repository], stdout=subprocess.DEVNULL, check=True)

    def up(self) -> Callable[[], None]:
        subprocess.run([*self.command, "up", "--wait", "--quiet-pull"], stderr=subprocess.DEVNULL, check=True)
        return lambda: None

    def clear(self) -> None:
        subprocess.run([*self.command, "down", "-v", "-t", "1"], stderr=subprocess.DEVNULL, check=True)


def beside(peers: "dict[str, Emu | Compose]", runs: int) -> Runs:
    """Seconds until each is up, in turn after one warm-up; what ends and clears it is not counted."""
    seconds: Runs = {name: [] for name in peers}
    for number in range(runs + 1):
        for name, peer in peers.items():
            peer.clear()
            begun = perf_counter()
            end = peer.up()
            if number:
                seconds[name].append(perf_counter() - begun)
            end()
            peer.clear()
    return seconds


def write(folder: Path) -> None:
    """A repository with both files. JSON is YAML."""
    (folder / "app.py").write_text(APP)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "render.yaml").write_text(json.dumps(blueprint()))
    (folder / "compose.json").write_text(json.dumps(composed()))
    subprocess.run(["git", "-C", folder, "init", "-q"], check=True)


def blueprint() -> dict[str, Any]:
    services: list[dict[str, Any]] = [
        {
            "type": app.kind,
            "name": name,
            "runtime": "docker",
            "plan": "starter",
            **({"dockerCommand": "python app.py worker"} if app.kind == "worker" else {}),
            **({"healthCheckPath": "/healthz"} if app.kind == "web" else {}),
            "envVars": [{"key": f"NEEDS_{need.upper()}", **_reference(need)} for need in app.needs],
        }
        for name, app in APPS.items()
    ]
    services += [
        {"type": "keyvalue", "name": "cache", "plan": "starter", "ipAllowList": []},
        {"type": "cron", "name": "nightly", "runtime": "docker", "plan": "starter", "schedule": "0 3 * * *"},
    ]
    databases = [{"name": "db", "plan": "basic-256mb", "postgresMajorVersion": "17"}]
    return {"services": services, "databases": databases}


def _reference(need: str) -> dict[str, Any]:
    if need == "db":
        return {"fromDatabase": {"name": need, "property": "connectionString"}}
    if need == "cache":
        return {"fromService": {"type": "keyvalue", "name": need, "property": "connectionString"}}
    return {"fromService": {"type": "pserv", "name": need, "property": "hostport"}}


def composed() -> dict[str, Any]:
    services: dict[str, Any] = {}
    for name, app in APPS.items():
        services[name] = {
            "image": IMAGE,
            "mem_limit": "512m",
            "environment": {f"NEEDS_{need.upper()}": f"{need}:{PORTS.get(need, 10000)}" for need in app.needs},
            "depends_on": {need: {"condition": "service_healthy"} for need in app.needs},
        }
        if app.kind == "worker":
            services[name]["command"] = ["python", "app.py", "worker"]
        else:
            services[name]["healthcheck"] = {"test": ["CMD", "python", "-c", PROBE], **OFTEN}
        if app.kind == "web":
            services[name]["ports"] = ["127.0.0.1:0:10000"]
    # Where a registry answers, `emu` takes the real images instead: name those here then.
    tags = {engine: choices[0].tag for engine, choices in STAND_INS.items()}
    data = "/var/lib/postgresql"
    variables = {"PGDATA": f"{data}/emu/17", "POSTGRES_USER": "u", "POSTGRES_DB": "d", "POSTGRES_PASSWORD": "p"}
    services["db"] = {
        "image": tags["postgres"], "environment": variables, "volumes": [f"db:{data}"], "mem_limit": "256m",
        "healthcheck": {"test": ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "u", "-d", "d"], **OFTEN},
    }  # fmt: skip
    services["cache"] = {
        "image": tags["valkey"], "volumes": ["cache:/data"],
        "command": ["valkey-server", "--protected-mode", "no", "--appendonly", "yes"],
        "healthcheck": {"test": ["CMD", "valkey-cli", "ping"], **OFTEN},
    }  # fmt: skip
    return {"services": services, "volumes": {"db": {}, "cache": {}}}


if __name__ == "__main__":
    main()
