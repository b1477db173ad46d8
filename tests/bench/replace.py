"""One `emu up` whose deploy is replaced again and again under constant load: how many requests are lost, how long a
replacement takes, and what it costs in memory. Once with an app that leaves at SIGTERM without a look at who waits for
an answer, once with one that hears no SIGTERM.

Most replacements are `emu restart`; every tenth is an `emu up` of a changed app, with its build.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.engine import connected
from tests.bench.load import APP, DEAF, Load
from tests.places import Place, Running, tidied

RENDER = "services:\n  - type: web\n    name: shop\n    runtime: docker\n    plan: starter\n"
SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - image: europe-west1-docker.pkg.dev/shop/app/api:latest
"""
MANIFESTS = {"render": ("render.yaml", RENDER), "cloud-run": ("service.yaml", SERVICE)}
APPS = {"leaves at SIGTERM": APP, "hears no SIGTERM": DEAF}
EACH_BUILT = 10


class Replaced(NamedTuple):
    """load: what was asked meanwhile. seconds: of each replacement, from the command to its end. memory_mib: of the
    running `emu`, after each."""

    load: Load
    seconds: list[float]
    memory_mib: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deploys", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--platform", choices=MANIFESTS, default="render")
    parser.add_argument("--app", choices=APPS, help="with this one alone")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    for title, app in APPS.items():
        if given.app in (None, title):
            with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
                found = replaced(place, given.platform, given.deploys, given.clients, app=app)
            print(f"\nan app that {title}, on {given.platform}")
            figures[title] = report(found)
    if given.json:
        Path(given.json).write_text(json.dumps({"platform": given.platform, **figures}, indent=1))
    sys.exit(any(one["lost"] for one in figures.values()))


def report(found: Replaced) -> dict[str, Any]:
    """Prints it; the figures."""
    load, memory = found.load, found.memory_mib
    asked = ", ".join(f"{count} {kind}" for kind, count in sorted(load.answered.items()))
    total = load.answered.total() + len(load.lost)
    print(f"requests lost over {len(found.seconds)} deploys: {len(load.lost)} of {total} ({asked})")
    for problem in load.lost[:20]:
        print(f"  {problem}")
    print(f"seconds a deploy: median {statistics.median(found.seconds):.2f}, most {max(found.seconds):.2f}")
    after_10 = memory[min(9, len(memory) - 1)]
    print(f"memory of the running emu: {after_10:.1f} MiB after 10 deploys, {memory[-1]:.1f} at the end")
    return {
        "deploys": len(found.seconds), "lost": load.lost, "answered": load.answered, "seconds": found.seconds,
        "memory_mib": memory,
    }  # fmt: skip


def replaced(place: Place, platform: str, deploys: int, clients: int, *, app: str = APP) -> Replaced:
    """One `emu up`, and `deploys` replacements. Fails when one does not succeed."""
    name, manifest = MANIFESTS[platform]
    place.write(app)
    (place.root / name).write_text(manifest)
    seconds: list[float] = []
    memory: list[float] = []
    with Running(place, "--platform", platform) as up:
        url = up.until("live")["url"]
        with Load(url, clients=clients) as load:
            for number in range(1, deploys + 1):
                began = time.perf_counter()
                replace_once(place, platform, number, app)
                seconds.append(time.perf_counter() - began)
                memory.append(memory_mib(up.process.pid))
        up.interrupt()
    return Replaced(load, seconds, memory)


def replace_once(place: Place, platform: str, number: int, app: str) -> None:
    if number % EACH_BUILT == 0:
        (place.root / "app.py").write_text(f"{app}# {number}\n")
        ran = place.emu("up", "--platform", platform, "--format", "json")
    else:
        ran = place.emu("restart", "--format", "json")
    assert ran.code == 0, (number, ran.out[-2000:], ran.err)
    assert ran.lines()[-1]["verdict"] == "live"


def memory_mib(pid: int) -> float:
    """What a process has in memory; 0 where there is no /proc."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


if __name__ == "__main__":
    main()
