"""One `emu up` under waves of requests: how many are lost while instances come and go, whether any has more than its
concurrency, and how soon a first request after none is answered.
"""

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.bench.engine import connected
from tests.places import Place, Running, answer, tidied
from tests.test_up_revisions import APP, KNATIVE

AT_ONCE, CLIENTS, IDLE_S = 4, 16, 3


class Scaled(NamedTuple):
    """lost: answers other than 200. most: requests that an instance had at a time. cold_s: of each first request."""

    asked: int
    lost: list[str]
    most: int
    started: int
    cold_s: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waves", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
        found = scaled(place, given.waves)
    print(f"{found.asked} requests in {given.waves} waves, {found.started} instances; lost: {len(found.lost)}")
    for problem in found.lost[:20]:
        print(f"  {problem}")
    print(f"at most {found.most} at a time in an instance that may have {AT_ONCE}")
    print(f"seconds a first request: median {statistics.median(found.cold_s):.2f}, most {max(found.cold_s):.2f}")
    sys.exit(bool(found.lost) or found.most > AT_ONCE)


def scaled(place: Place, waves: int) -> Scaled:
    """Waves of requests, each after a sleep."""
    knative = KNATIVE.format(most=3, at_once=AT_ONCE, traffic="")
    place.write(f"VERSION = 1\n{APP}", service_yaml=knative)
    lost: list[str] = []
    cold: list[float] = []
    asked, most = 0, 0
    with Running(place, "--time-scale", "0.02", "--scale-to-zero-after", f"{IDLE_S}s") as up:
        url = up.until("live")["url"]
        for _ in range(waves):
            up.until("sleep", lambda event: event["asleep"])
            began = time.perf_counter()
            answers = [answer(f"{url}/0")]
            cold.append(time.perf_counter() - began)
            with ThreadPoolExecutor(CLIENTS) as threads:
                answers += threads.map(lambda _: answer(f"{url}/0.1"), range(10 * CLIENTS))
            asked += len(answers)
            lost += [f"{status} {body[:80]}" for status, body in answers if status != 200]
            most = max([most, *(int(body.split()[1]) for status, body in answers if status == 200)])
        up.interrupt()
        started = sum(event["event"] == "container.started" for event in up.events)
    return Scaled(asked, lost, most, started, cold)


if __name__ == "__main__":
    main()
