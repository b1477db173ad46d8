"""What `emu up --watch` costs while nothing is saved, on a repository of 100,000 files: processor and memory of the
process and of its children, and how often they wake.

Before it is measured a save is deployed, so that what only a deploy loads is there. The processor's time comes from
/proc in ticks of 10 ms: over 30 seconds a third of a thousandth.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.bench.check import write
from tests.bench.engine import connected
from tests.places import Place, Running, tidied

MOST_PROCESSOR, MOST_MIB = 0.005, 90.0
RENDER = "services:\n  - {type: web, name: shop, runtime: docker, plan: starter, healthCheckPath: /}\n"
APP = """import http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = 'FROM python:3.13-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n'
IGNORED = "node_modules/\n"
_SETTLED_S = 5.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """processor: the share of one. wakes: how often a thread of it began to run, a second."""

    processor: float
    wakes: float
    mebibytes: float
    processes: int
    threads: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emu-bench-") as folder, connected() as engine:
        place_of = Path(folder)
        with tidied(place_of, engine) as place:
            write(place.root, files(given.files))
            with serving(place) as up:
                time.sleep(_SETTLED_S)
                found = cost(up.process.pid, given.seconds)
                up.interrupt()
    print(f"{given.files} files, {given.seconds:.0f} s without a save")
    print(f"processor  {found.processor:8.2%}   (at most {MOST_PROCESSOR:.1%}); {found.wakes:.1f} wake-ups a second")
    whose = f"resident, of {found.processes} processes with {found.threads} threads"
    print(f"memory     {found.mebibytes:5.1f} MiB   (at most {MOST_MIB:.0f}), {whose}")
    if given.json:
        limits = {"processor": MOST_PROCESSOR, "mebibytes": MOST_MIB}
        Path(given.json).write_text(json.dumps({**found._asdict(), "files": given.files, "limits": limits}, indent=1))
    sys.exit(found.processor > MOST_PROCESSOR or found.mebibytes > MOST_MIB)


def files(count: int) -> dict[str, str]:
    """A repository of so many: a tenth of its folders, with twenty files each, is deep."""
    found = {"app.py": APP, "Dockerfile": DOCKERFILE, "render.yaml": RENDER, ".gitignore": IGNORED}
    found[".dockerignore"] = "*\n!app.py\n"
    for number in range(count - len(found)):
        folder = number // 20
        deep = f"part{folder % 50}/a/b/c/" if folder % 10 == 0 else ""
        found[f"src/{deep}module{folder}/file{number}.py"] = f"# {number}\n"
    return found


@contextlib.contextmanager
def serving(place: Place) -> Iterator[Running]:
    """`emu up --watch` after its first save was deployed."""
    with Running(place, "--watch") as up:
        up.until("verdict")
        time.sleep(1)
        (place.root / "app.py").write_text(APP + "# saved\n")
        up.until("verdict", lambda event: event["verdict"] == "live")
        yield up


def cost(pid: int, seconds: float) -> Cost:
    """What a process and its children use while it is left alone."""
    before, begun = used(pid), time.monotonic()
    time.sleep(seconds)
    after, passed = used(pid), time.monotonic() - begun
    pids = family(pid)
    return Cost(
        processor=(after[0] - before[0]) / passed,
        wakes=(after[1] - before[1]) / passed,
        mebibytes=sum(resident_mib(one) for one in pids),
        processes=len(pids),
        threads=sum(len(tasks(one)) for one in pids),
    )


def used(pid: int) -> tuple[float, int]:
    """Seconds of processor of it and its children, those that ended too, and their voluntary context switches."""
    seconds, switches = 0.0, 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        seconds += sum(int(field) for field in fields[11:15]) / _TICKS
        for task in tasks(one):
            with contextlib.suppress(OSError):
                switches += _number(task / "status", "voluntary_ctxt_switches")
    return seconds, switches


def family(pid: int) -> list[int]:
    """It and all that came of it."""
    found = [pid]
    for task in tasks(pid):
        with contextlib.suppress(OSError):
            children = (task / "children").read_text().split()
            found += [one for child in children for one in family(int(child))]
    return found


def tasks(pid: int) -> list[Path]:
    """Its threads."""
    return list(Path(f"/proc/{pid}/task").iterdir())


def resident_mib(pid: int) -> float:
    return _number(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def _number(status: Path, name: str) -> int:
    lines = status.read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


if __name__ == "__main__":
    main()
