"""`emu check` over folders of checkouts: what it finds in each, and how long it takes.

A repository that is known to build and boot must have no error. Nothing of the checkouts is written or kept.

    python -m tests.bench.corpus FOLDER… [--platform NAME]… [--severity error|warning] [--limit N]
"""

import argparse
import json
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.timing import emu

SEVERITIES = ("error", "warning")


class Run(NamedTuple):
    """One check of one repository. code: its exit code; findings: what it printed, the silenced ones left out."""

    repository: Path
    platform: str
    code: int
    seconds: float
    findings: tuple[dict, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a checkout, or a folder of checkouts")
    parser.add_argument("--platform", action="append", help="repeatable (default: told by the files)")
    parser.add_argument("--severity", choices=SEVERITIES, default="error", help="the least that is printed")
    parser.add_argument("--limit", type=int, default=None, help="so many repositories at most")
    given = parser.parse_args()
    repositories = list(checkouts(given.folders))[: given.limit]
    runs = [checked(one, name) for one in repositories for name in given.platform or [""]]
    for run in runs:
        for line in lines(run, SEVERITIES[: SEVERITIES.index(given.severity) + 1]):
            print(line)
    print(summary(runs))


def checkouts(folders: Sequence[Path]) -> Iterator[Path]:
    """Each folder that is a checkout itself, else the checkouts right in it, by name."""
    for folder in folders:
        if (folder / ".git").exists():
            yield folder
        else:
            yield from sorted(inner for inner in folder.iterdir() if (inner / ".git").exists())


def checked(repository: Path, platform: str) -> Run:
    command = [emu(), "check", "--format", "json", "--root", str(repository)]
    command += ["--platform", platform] if platform else []
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = time.perf_counter() - begun
    try:
        found = json.loads(done.stdout)["diagnostics"]
    except (ValueError, KeyError):
        found = [{"severity": "error", "code": "no answer", "message": done.stderr.decode(errors="replace")[-200:]}]
    kept = tuple(one for one in found if not one.get("suppressed"))
    return Run(repository, platform, done.returncode, seconds, kept)


def lines(run: Run, severities: Sequence[str]) -> Iterator[str]:
    """The run's findings, a line each, and a fault of our own."""
    name = f"{run.repository.name} {run.platform}".rstrip()
    if run.code not in (0, 1):
        yield f"{name}: exit code {run.code}"
    for one in run.findings:
        if one["severity"] in severities:
            origin = one.get("origin") or {}
            place = f" {origin['file']}:{origin['line']}" if origin else ""
            yield f"{name}:{place} {one['severity']} {one['code']}: {one['message']}"


def summary(runs: Sequence[Run]) -> str:
    """How many have what, and the times."""
    if not runs:
        return "no checkout found"
    codes = Counter((one["severity"], one["code"]) for run in runs for one in run.findings)
    table = [f"  {count:5} {severity:8} {code}" for (severity, code), count in sorted(codes.items())]
    wrong = sum(any(one["severity"] == "error" for one in run.findings) for run in runs)
    times = sorted(run.seconds for run in runs)
    slowest = max(runs, key=lambda run: run.seconds)
    return "\n".join(
        [
            f"{len(runs)} checks, {wrong} with errors, {sum(run.code not in (0, 1) for run in runs)} without an answer",
            *table,
            (f"median {statistics.median(times) * 1000:.0f} ms, slowest {slowest.seconds * 1000:.0f} ms "
            f"({slowest.repository.name})"),
        ]
    )


if __name__ == "__main__":
    main()
