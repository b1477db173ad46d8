"""A Blueprint of ten services up and healthy from nothing beside the same images by `docker compose up --wait`.

Three web and three private services, two workers, a Postgres and a Key Value, and a cron job beside them. `emu up`
plans, builds (from its cache) and starts in the order of the references; compose starts what is built already, in the
order of `depends_on`, and asks as often as one would in haste. Before each run no container, volume
or network is there.

With --services N it is N services instead, half of them web services that each need a private one, and no datastore;
and compose once more without health checks, which waits for nothing but the processes: less than `emu` does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from emulator.engine.stand_ins import STAND_INS
from tests.bench.timing import Runs, plain_environment, ratios, report

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
PROBE = "exec 3<>/dev/tcp/127.0.0.1/10000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"
PROJECT = "emu-bench-compose"
IMAGE = f"{PROJECT}-app"
OFTEN = {"interval": "60s", "timeout": "5s", "retries": 120, "start_period": "60s", "start_interval": "500ms"}
"""Until it is healthy: fifty checks every half a second would be most of what there is to measure."""


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
    parser.add_argument("--services", type=int, metavar="N", help="so many services without a datastore")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emu-bench-") as folder:
        repository = Path(folder)
        apps = APPS if options.services is None else pairs(options.services)
        write(repository, apps, with_stores=options.services is None)
        compose = Compose(repository, options.compose.split())
        ours = Emu(repository)
        peers: dict[str, Emu | Compose] = {"emu up": ours, "compose up --wait": compose}
        if options.services is not None:
            peers["compose, no checks"] = Compose(repository, options.compose.split(), file="unchecked.json")
        try:
            compose.build()
            seconds = beside(peers, options.runs)
        finally:
            ours.clear("--images")
            compose.clear()
            subprocess.run(["docker", "rmi", "-f", IMAGE], capture_output=True, check=False)
    ratio = ratios(seconds, base="emu up")["compose up --wait"]
    figures = json.dumps({"seconds": seconds, "ratio": round(ratio, 3), "limit": options.limit, "services": len(apps)})
    if options.json:
        Path(options.json).write_text(figures)
    if options.format == "json":
        print(figures)
    else:
        report(seconds, base="emu up")
    sys.exit(ratio > options.limit)


class Emu:
    """Up from nothing until the verdict, by this checkout's own `emu`."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.environ = {**plain_environment(), "XDG_STATE_HOME": str(repository / ".git" / "state")}
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

    def __init__(self, repository: Path, command: list[str], *, file: str = "compose.json") -> None:
        self.command = [*command, "-p", PROJECT, "-f", str(repository / file)]
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


def pairs(count: int) -> dict[str, App]:
    """So many services: a private one for each web service."""
    private = {f"store{number:02}": App("pserv", ()) for number in range(count // 2)}
    web = {f"shop{number:02}": App("web", (name,)) for number, name in enumerate(private)}
    rest = {"shop": App("web", ())} if count % 2 else {}
    return {**private, **web, **rest}


def write(folder: Path, apps: dict[str, App], *, with_stores: bool) -> None:
    """A repository with both files. JSON is YAML."""
    (folder / "app.py").write_text(APP)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text("*.json\n")
    (folder / "render.yaml").write_text(json.dumps(blueprint(apps, with_stores=with_stores)))
    (folder / "compose.json").write_text(json.dumps(composed(apps, with_stores=with_stores)))
    unchecked = composed(apps, with_stores=with_stores, with_checks=False)
    (folder / "unchecked.json").write_text(json.dumps(unchecked))
    subprocess.run(["git", "-C", folder, "init", "-q"], check=True)


def blueprint(apps: dict[str, App], *, with_stores: bool) -> dict[str, Any]:
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
        for name, app in apps.items()
    ]
    if not with_stores:
        return {"services": services}
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


def composed(apps: dict[str, App], *, with_stores: bool, with_checks: bool = True) -> dict[str, Any]:
    condition = "service_healthy" if with_checks else "service_started"
    services: dict[str, Any] = {}
    for name, app in apps.items():
        services[name] = {
            "image": IMAGE,
            "mem_limit": "512m",
            "environment": {f"NEEDS_{need.upper()}": f"{need}:{PORTS.get(need, 10000)}" for need in app.needs},
            "depends_on": {need: {"condition": condition} for need in app.needs},
        }
        if app.kind == "worker":
            services[name]["command"] = ["python", "app.py", "worker"]
        elif with_checks:
            services[name]["healthcheck"] = {"test": ["CMD", "bash", "-c", PROBE], **OFTEN}
        if app.kind == "web":
            services[name]["ports"] = ["127.0.0.1:0:10000"]
    if not with_stores:
        return {"services": services}
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
