"""`emu check` of eight services for one platform and for two in one call, and one call after the other.

Exits with 1 when two in one call take more than twice the time of one.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.check import cost, monorepo, write

SERVICES, TIMES = 8, 2.0
FIRST, SECOND = ["--platform", "render"], ["--platform", "cloud-run"]


def main() -> int:
    """0 when the limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--files", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        files = monorepo(given.files, SERVICES)
        first = files["services/svc00/Dockerfile"].replace("COPY ./", "COPY services/svc00/").replace(
            "COPY . ", "COPY services/svc00 "
        )
        write(repository, {**files, "Dockerfile": first})
        calls = {
            "one platform": [FIRST],
            "two in one call": [[*FIRST, *SECOND]],
            "two calls": [FIRST, SECOND],
        }
        took: dict[str, list[float]] = {name: [] for name in calls}
        for turn in range(given.runs + 1):
            for name, arguments in calls.items():
                begun = time.perf_counter()
                for options in arguments:
                    cost(["check", *options], repository)
                if turn:  # the first warms up
                    took[name].append(time.perf_counter() - begun)
    one = took["one platform"]
    for name, seconds in took.items():
        ratio = statistics.median(this / base for this, base in zip(seconds, one, strict=True))
        print(f"{name:18}{statistics.median(seconds) * 1000:7.0f} ms{ratio:8.2f} x one")
    both = statistics.median(this / base for this, base in zip(took["two in one call"], one, strict=True))
    print(f"{'holds' if both <= TIMES else 'EXCEEDED'}: two platforms in one call at most {TIMES:g} x one")
    return 0 if both <= TIMES else 1


if __name__ == "__main__":
    raise SystemExit(main())
