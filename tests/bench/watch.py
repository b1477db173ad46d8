"""From a save to the first answer of the new version at the same address.

Beside each other: `emu up --watch`; `docker compose watch` with the action rebuild (`--compose` names one that is no
plugin); and the floor, the same by hand: `docker buildx build`, create and start, asked until it answers. Once with an
app that leaves at SIGTERM, once with one that hears of none, being the first process and without a handler. For `emu`
also where the time goes, how long it takes to say that a save deploys nothing, and how long from listening to live.
"""

import argparse
import contextlib
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.bench.timing import Runs, plain_environment, ratios, report

PORT = 10000
HANDLED = "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))"
APP = """import http.server, os, signal
VERSION = "{version}"
{handler}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(VERSION.encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 10000), Handler).serve_forever()
"""
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
BLUEPRINT = "services:\n  - {type: web, name: shop, runtime: docker, plan: starter, healthCheckPath: /}\n"
SERVICE = {"build": ".", "mem_limit": "512m", "develop": {"watch": [{"action": "rebuild", "path": "."}]}}
PROJECT = "emu-bench-watch"
PHASES = {
    "saved": "heard of, planned, checked, decided", "build.started": "handed to the builder",
    "build.finished": "built, the image there", "container.started": "created, started",
    "port.detected": "booted, seen to listen", "live": "asked, live", "answered": "the address answers",
}  # fmt: skip
"""What a save goes through, by the event at the end of each."""
MOST_TIMES_BY_HAND = 1.2
LEAST_TIMES_COMPOSE = {"leaves at SIGTERM": 3.0, "hears no SIGTERM": 15.0}
MOST_IGNORED_MS, MOST_TO_LIVE_MS = 30.0, 15.0
LONG_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--compose", default="docker compose", help="the command that is docker compose here")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for name, handler in {"leaves at SIGTERM": HANDLED, "hears no SIGTERM": ""}.items():
        with tempfile.TemporaryDirectory(prefix="emu-bench-") as folder, contextlib.ExitStack() as stack:
            peers: dict[str, Peer] = {}
            for kind in (Emu, ComposeWatch, ByHand):
                root = Path(folder) / kind.__name__
                root.mkdir()
                peer = kind(root, handler, options.compose.split())
                peer.begin()
                stack.callback(peer.end)
                peers[peer.title] = peer
            seconds = saved_in_turn(peers, options.runs)
            print(f"\nan app that {name}")
            report(seconds, base=Emu.title)
            figures[name] = {"seconds": seconds, "ratios": ratios(seconds, base=Emu.title)}
            ours = peers[Emu.title]
            assert isinstance(ours, Emu)
            figures[name]["ignored"] = ours.ignored(options.runs)
            figures[name]["listening_to_live"] = ours.lags()
            figures[name]["phases"] = ours.phases()
            print("where the time goes, medians: " + _phases(figures[name]["phases"]))
            print(f"a save that git ignores is told of after {_ms(figures[name]['ignored'])}")
            print(f"from listening to live: {_ms(figures[name]['listening_to_live'])}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    exceeded = [f"an app that {name}: {what}" for name, one in figures.items() for what in missed(name, one)]
    print("\n".join(["", *(f"EXCEEDED: {one}" for one in exceeded)] if exceeded else ["", "all aims hold"]))
    sys.exit(bool(exceeded))


def missed(name: str, found: dict[str, Any]) -> list[str]:
    """Which aims the figures of an app miss."""
    by_hand, compose = found["ratios"][ByHand.title], 1 / found["ratios"][ComposeWatch.title]
    ignored_ms, to_live_ms = (1e3 * statistics.median(found[one]) for one in ("ignored", "listening_to_live"))
    aims = {
        f"at most {MOST_TIMES_BY_HAND} x by hand": by_hand <= MOST_TIMES_BY_HAND,
        f"at least {LEAST_TIMES_COMPOSE[name]:.0f} x faster than compose watch": compose >= LEAST_TIMES_COMPOSE[name],
        f"an ignored save is told of within {MOST_IGNORED_MS:.0f} ms": ignored_ms <= MOST_IGNORED_MS,
        f"listening to live within {MOST_TO_LIVE_MS:.0f} ms": to_live_ms <= MOST_TO_LIVE_MS,
    }
    return [aim for aim, holds in aims.items() if not holds]


def _phases(phases: dict[str, list[float]]) -> str:
    return ", ".join(f"{PHASES[name]} {statistics.median(each) * 1e3:.0f} ms" for name, each in phases.items() if each)


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.1f} ms by the median, {max(seconds) * 1e3:.1f} ms at most"


def saved_in_turn(peers: "dict[str, Peer]", runs: int) -> Runs:
    """Seconds from each save to its first answer, in turn after one warm-up."""
    versions = itertools.count(1)
    seconds: Runs = {name: [] for name in peers}
    for number in range(runs + 1):
        for name, peer in peers.items():
            version = f"v{next(versions)}"
            peer.rest()
            begun = time.perf_counter()
            peer.save(version)
            peer.until(version)
            if number:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


class Peer:
    """Something that makes a save serve."""

    title = ""
    url = ""

    def __init__(self, root: Path, handler: str, compose: list[str]) -> None:
        self.root = root
        self.handler = handler
        self.compose = compose
        self.write("v0")
        (root / "Dockerfile").write_text(DOCKERFILE)
        (root / ".gitignore").write_text("*.log\n")
        subprocess.run(["git", "-C", root, "init", "-q"], check=True)

    def write(self, version: str) -> None:
        (self.root / "app.py").write_text(APP.format(version=version, handler=self.handler))

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def rest(self) -> None:
        """Let what the last save left to do be over: it is not what is timed."""

    def save(self, version: str) -> None:
        self.write(version)

    def until(self, version: str) -> None:
        """Until the address answers with it."""
        deadline = time.monotonic() + LONG_S
        while asked(self.url) != version:
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.title}: {version} never answered at {self.url}")
            time.sleep(0.002)


class Emu(Peer):
    title = "emu up --watch"

    def begin(self) -> None:
        (self.root / "render.yaml").write_text(BLUEPRINT)
        self.environ = {**plain_environment(), "XDG_STATE_HOME": str(self.root / ".git" / "state")}
        command = [sys.executable, "-m", "emulator", "up", str(self.root), "--watch", "--format", "json"]
        self.process = subprocess.Popen(
            command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.events: list[tuple[float, Any]] = []
        self.coming: SimpleQueue[tuple[float, Any]] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self.event("live")["url"]
        self.event("verdict")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.coming.put((time.perf_counter(), json.loads(line)))

    def event(self, kind: str) -> Any:
        while True:
            at, event = self.coming.get(timeout=LONG_S)
            self.events.append((at, event))
            if event["event"] == kind:
                return event

    def rest(self) -> None:
        if any(event["event"] == "save" for _, event in self.events):
            self.event("stopped")

    def save(self, version: str) -> None:
        self.events.append((time.perf_counter(), {"event": "save"}))
        super().save(version)

    def until(self, version: str) -> None:
        super().until(version)
        self.events.append((time.perf_counter(), {"event": "answered"}))

    def phases(self) -> dict[str, list[float]]:
        """Seconds of each phase of every save that was answered, the first one left out."""
        found: dict[str, list[float]] = {name: [] for name in PHASES}
        seen: dict[str, float] = {}
        for at, event in sorted(self.events, key=lambda one: one[0]):
            if event["event"] == "save":
                seen = {"save": at}
            elif seen:
                seen.setdefault(event["event"], at)
            if event["event"] == "answered" and set(PHASES) <= seen.keys():
                marks = [seen["save"], *(seen[name] for name in PHASES)]
                for name, before, after in zip(PHASES, marks, marks[1:], strict=False):
                    found[name].append(after - before)
                seen = {}
        return {name: each[1:] for name, each in found.items()}

    def ignored(self, runs: int) -> list[float]:
        """Seconds from the save of an ignored file to its event."""
        self.rest()
        found = []
        for number in range(runs):
            begun = time.perf_counter()
            (self.root / "debug.log").write_text(str(number))
            while self.event("saved")["paths"] != ["debug.log"]:
                pass
            found.append(self.events[-1][0] - begun)
            time.sleep(0.2)
        return found

    def lags(self) -> list[float]:
        """Seconds from each listening, as it was seen, to live."""
        found, since = [], 0.0
        for _, event in self.events:
            if event["event"] == "port.detected":
                since = event["at"]
            elif event["event"] == "live" and since:
                found.append(event["at"] - since)
        return found

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
        command = [sys.executable, "-m", "emulator", "down", str(self.root), "--images"]
        subprocess.run(command, env=self.environ, stdout=subprocess.DEVNULL, check=False)


class ComposeWatch(Peer):
    title = "compose watch"

    def begin(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        shop = {**SERVICE, "ports": [f"127.0.0.1:{port}:{PORT}"]}
        (self.root / "compose.json").write_text(json.dumps({"services": {"shop": shop}}))
        self.command = [*self.compose, "-p", PROJECT, "-f", str(self.root / "compose.json")]
        self._run("up", "-d", "--build")
        self.process = subprocess.Popen(
            [*self.command, "watch"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(2)
        self.until("v0")

    def rest(self) -> None:
        time.sleep(1)

    def _run(self, *words: str) -> None:
        subprocess.run([*self.command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
        self._run("down", "-t", "1", "--rmi", "local")


class ByHand(Peer):
    title = "by hand"
    tag = "emu-bench-by-hand"

    def begin(self) -> None:
        self.id = ""

    def save(self, version: str) -> None:
        super().save(version)
        docker("buildx", "build", "--platform", "linux/amd64", "--load", "-q", "-t", self.tag, str(self.root))
        self.id = docker("run", "-d", "-m", "512m", "-p", f"127.0.0.1:0:{PORT}", self.tag)
        port = json.loads(docker("inspect", self.id))[0]["NetworkSettings"]["Ports"][f"{PORT}/tcp"][0]["HostPort"]
        self.url = f"http://127.0.0.1:{port}/"

    def rest(self) -> None:
        if self.id:
            docker("rm", "-f", self.id)
            self.id = ""

    def end(self) -> None:
        self.rest()
        docker("rmi", "-f", self.tag)


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def asked(url: str) -> str | None:
    """What it answers, None where nothing does."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except (OSError, urllib.error.URLError, ValueError):
        return None


if __name__ == "__main__":
    main()
