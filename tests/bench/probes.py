"""How punctual `emu up` asks, and how soon it tells what an answer decides, against the app's own watch.

The app notes by its wall clock when each request of a probe arrives, when it has sent the answer that makes it live,
or when its port is open; `emu` runs on the same machine, by the same clock. An attempt is due at the start of the
process, as the engine noted it, and as many seconds on as the event `probe` says. An attempt of a TCP probe that waits
for the port does not reach the app: of those the events themselves tell when they began. Live is late from the
deciding moment until the line of the event `live` is read from the pipe.
"""

import argparse
import json
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.engine import connected
from tests.places import Place, Running, tidied

MOST_LATE_MS = 20.0
MOST_TO_LIVE_MS = 15.0

APP = """\
import json, os, signal, socket, sys, threading, time

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
REFUSED = b"HTTP/1.1 503 Service Unavailable\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
TAKEN = b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
listens_after, refuses = float(os.environ["LISTENS_AFTER"]), int(os.environ["REFUSES"])
arrived, decided = [], None

def tell():
    time.sleep(0.5)  # long after what is measured
    print(json.dumps({"arrived": arrived, "decided": decided}), flush=True)

time.sleep(listens_after)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("0.0.0.0", int(os.environ["PORT"])))
listener.listen(64)
opened = time.time()
if refuses < 0:
    decided = opened
    threading.Thread(target=tell).start()
while True:
    connection, _ = listener.accept()
    at = time.time()
    with connection:
        path = connection.recv(65536).split(b" ")[1:2]
        if path != [b"/health"]:
            if path:
                connection.sendall(TAKEN)
            continue
        arrived.append(at)
        if len(arrived) <= refuses:
            connection.sendall(REFUSED)
            continue
        connection.sendall(TAKEN)
        if decided is None:
            decided = time.time()
            threading.Thread(target=tell).start()
"""
DOCKERFILE = """\
FROM python:3.11-slim
ENV LISTENS_AFTER={listens_after} REFUSES={refuses}
COPY app.py .
CMD ["python", "-u", "app.py"]
"""
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
          startupProbe:
            {probe}
            periodSeconds: {period}
            timeoutSeconds: 1
            failureThreshold: 100
"""
RENDER = """\
services:
  - type: web
    name: shop
    runtime: docker
    plan: starter
    {check}
"""
_HEALTH = "httpGet: {path: /health}"
_CLOUD_RUN = {"platform": "cloud-run", "name": "service.yaml"}
_ON_RENDER = {"platform": "render", "name": "render.yaml"}


class Case(NamedTuple):
    """What is asked: on which platform, by which manifest; how the app fares."""

    title: str
    platform: str
    name: str
    manifest: str
    listens_after: float = 0.0
    refuses: int = -1
    """How many attempts are refused before one is answered; -1: the open port alone decides."""


def cases(attempts: int) -> list[Case]:
    http = SERVICE.format(probe=_HEALTH, period=1)
    tcp = SERVICE.format(probe="tcpSocket: {port: 8080}", period=1)
    return [
        Case("startup probe, HTTP", **_CLOUD_RUN, manifest=http, refuses=attempts),
        Case("startup probe, TCP", **_CLOUD_RUN, manifest=tcp, listens_after=attempts / 2 + 0.37),
        Case("port scan", **_ON_RENDER, manifest=RENDER.format(check=""), listens_after=1.3),
        Case("health check", **_ON_RENDER, manifest=RENDER.format(check="healthCheckPath: /health"), refuses=2),
    ]


class Measured(NamedTuple):
    """Of one `up`: by how many ms each attempt was late, and the live event after what decided it."""

    late_ms: list[float]
    to_live_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--attempts", type=int, default=20)
    given = parser.parse_args()
    exceeded = False
    print(f"{'':22}{'attempts':>9}{'late: median':>14}{'most':>9}{'to live: median':>17}{'most':>9}")
    for case in cases(given.attempts):
        runs = [measured(case) for _ in range(given.runs)]
        late = [ms for run in runs for ms in run.late_ms]
        to_live = [run.to_live_ms for run in runs]
        shown = f"{statistics.median(late):11.1f} ms{max(late):6.1f} ms" if late else f"{'-':>14}{'-':>9}"
        print(
            f"{case.title:22}{len(late):9}{shown}{statistics.median(to_live):14.1f} ms{max(to_live):6.1f} ms",
            flush=True,
        )
        exceeded |= bool(late) and statistics.median(late) > MOST_LATE_MS
        exceeded |= statistics.median(to_live) > MOST_TO_LIVE_MS
    print(f"at most {MOST_LATE_MS:.0f} ms late, and {MOST_TO_LIVE_MS:.0f} ms to live, by the median")
    sys.exit(exceeded)


def measured(case: Case) -> Measured:
    """One `emu up` of the case, from its build to its end."""
    with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
        prepare(place, case)
        with Running(place, "--platform", case.platform) as up:
            live = up.until("live")
            read_at = up.read_at[-1]
            told = json.loads(up.until("log", lambda event: event["line"].startswith('{"arrived"'))["line"])
            started = up.events[[e["event"] for e in up.events].index("container.started")]
            began = moment(engine.api.inspect_container(started["id"])["State"]["StartedAt"])
            up.interrupt()
        assert live["deploy"] == 1
        return Measured(late_ms(up.events, told["arrived"], began), (read_at - told["decided"]) * 1000)


def prepare(place: Place, case: Case) -> None:
    (place.root / "app.py").write_text(APP)
    values = {"listens_after": case.listens_after, "refuses": case.refuses}
    (place.root / "Dockerfile").write_text(DOCKERFILE.format(**values))
    (place.root / case.name).write_text(case.manifest)


def late_ms(events: list[Any], arrived: list[float], began: float) -> list[float]:
    """Each attempt beside the due time that the event of it says."""
    probes = [e for e in events if e["event"] == "probe"]
    answered = [probe for probe in probes if probe["detail"].startswith("answers")]
    if answered:
        return [(at - began - probe["due"]) * 1000 for at, probe in zip(arrived, answered, strict=False)]
    live = next(e for e in events if e["event"] == "live")
    start = live["at"] - live["seconds"]
    return [(probe["at"] - probe["seconds"] - start - probe["due"]) * 1000 for probe in probes]


def moment(text: str) -> float:
    """A time as the engine writes it, as time.time() has it."""
    whole, _, part = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{part or 0}")


if __name__ == "__main__":
    main()
