"""What an `emu up --watch` holds after many saves beside what it held after ten: memory, threads, open files, children.

Each save changes one line of the app and is waited for: planned, built, booted, switched to, and the old one removed.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.engine import connected
from tests.bench.idle import APP, DOCKERFILE, family, resident_mib, tasks
from tests.bench.replace import MANIFESTS
from tests.places import Place, Running, tidied

MOST_GROWTH = 0.05
AFTER = 10
_NEAR = 5
"""So many samples make the figure: one alone may be taken in the middle of something."""


class Held(NamedTuple):
    """After a deploy. mebibytes: resident, of the process and its children."""

    mebibytes: float
    threads: int
    files: int
    processes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deploys", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="100 deploys")
    parser.add_argument("--platform", choices=MANIFESTS, default="render")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    given = parser.parse_args()
    deploys = 100 if given.quick else given.deploys
    with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
        begun = time.perf_counter()
        found = held_after(place, given.platform, deploys)
        seconds = time.perf_counter() - begun
    first, last = typical(found[AFTER - 1 : AFTER - 1 + _NEAR]), typical(found[-_NEAR:])
    growth = last.mebibytes / first.mebibytes - 1
    print(f"{deploys} saves, each deployed; {seconds / deploys:.2f} s each")
    print(f"{'':18}{'memory':>12}{'threads':>9}{'files':>7}{'processes':>11}")
    for title, one in {f"after {AFTER}": first, f"after {deploys}": last}.items():
        print(f"{title:18}{one.mebibytes:8.1f} MiB{one.threads:9}{one.files:7}{one.processes:11}")
    print(f"growth {growth:+.1%} (at most {MOST_GROWTH:.0%})")
    if given.json:
        samples = [one._asdict() for one in found]
        Path(given.json).write_text(json.dumps({"deploys": deploys, "growth": growth, "samples": samples}))
    sys.exit(growth > MOST_GROWTH)


def held_after(place: Place, platform: str, deploys: int) -> list[Held]:
    """What is held after each of so many saves."""
    manifest, said = MANIFESTS[platform]
    for name, text in {"Dockerfile": DOCKERFILE, manifest: said, "app.py": APP}.items():
        (place.root / name).write_text(text)
    found = []
    with Running(place, "--watch", "--platform", platform) as up:
        up.until("verdict")
        time.sleep(1)
        for number in range(1, deploys + 1):
            (place.root / "app.py").write_text(f"{APP}# {number}\n")
            verdict = up.until("verdict", lambda event, n=number: event["deploy"] == n + 1)
            assert verdict["verdict"] == "live"
            up.until("stopped")  # what was before
            found.append(held(up.process.pid))
            up.events.clear()
            up.read_at.clear()
        up.interrupt()
    return found


def held(pid: int) -> Held:
    whole = family(pid)
    return Held(
        mebibytes=sum(resident_mib(one) for one in whole),
        threads=len(tasks(pid)),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        processes=len(whole),
    )


def typical(samples: list[Held]) -> Held:
    """The median of each."""
    memory, *counts = zip(*samples, strict=True)
    return Held(statistics.median(memory), *(int(statistics.median(one)) for one in counts))


if __name__ == "__main__":
    main()
