"""One `emu up` whose deploy is replaced again and again under constant load: how many requests are lost, how long a
replacement takes, and what it costs in memory.

Most replacements are `emu restart`; every tenth is an `emu up` of a changed app, with its build.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.engine import connected
from tests.bench.load import APP, Load
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
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
        found = replaced(place, given.platform, given.deploys, given.clients)
    load, memory = found.load, found.memory_mib
    asked = ", ".join(f"{count} {kind}" for kind, count in sorted(load.answered.items()))
    print(f"{len(found.seconds)} replacements on {given.platform}; answered: {asked}; lost: {len(load.lost)}")
    for problem in load.lost[:20]:
        print(f"  {problem}")
    print(f"seconds a replacement: median {statistics.median(found.seconds):.2f}, most {max(found.seconds):.2f}")
    print(f"memory of the running emu: {memory[min(9, len(memory) - 1)]:.0f} MiB after 10, {memory[-1]:.0f} at the end")
    sys.exit(bool(load.lost))


def replaced(place: Place, platform: str, deploys: int, clients: int) -> Replaced:
    """One `emu up`, and `deploys` replacements. Fails when one does not succeed."""
    name, manifest = MANIFESTS[platform]
    place.write(APP)
    (place.root / name).write_text(manifest)
    seconds: list[float] = []
    memory: list[float] = []
    with Running(place, "--platform", platform) as up:
        url = up.until("live")["url"]
        with Load(url, clients=clients) as load:
            for number in range(1, deploys + 1):
                began = time.perf_counter()
                replace_once(place, platform, number)
                seconds.append(time.perf_counter() - began)
                memory.append(memory_mib(up.process.pid))
        up.interrupt()
    return Replaced(load, seconds, memory)


def replace_once(place: Place, platform: str, number: int) -> None:
    if number % EACH_BUILT == 0:
        (place.root / "app.py").write_text(f"{APP}# {number}\n")
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
