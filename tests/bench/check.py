"""`emu plan`, `emu check` and `emu context` side by side: on a small repository, and on a monorepo of 100,000 files and
50 services and on a quarter of it, with the memory of each at its highest.

With --trees it is `emu plan` and `emu check` on each of a folder's checkouts instead.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.bench.corpus import checkouts
from tests.bench.plan import FILES

COMMANDS = {"emu plan": ["plan"], "emu check": ["check"], "emu context": ["context"]}
SECONDS, MEBIBYTES, TIMES_PLAN = 2.0, 200, 1.5
"""What `emu check` may take: on the whole monorepo, and compared with `emu plan` on the small repository."""


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    processor: float
    mebibytes: float


def monorepo(files: int, services: int) -> dict[str, str]:
    """A Render Blueprint of Docker services, each with its folder: half of them built in it, half at the root."""
    found = {".gitignore": "node_modules/\n*.pyc\n__pycache__/\n.env\ndist/\n", ".dockerignore": "**/docs\n**/*.md\n"}
    blueprint = ["services:"]
    for index in range(services):
        home = f"services/svc{index:02}"
        place = "" if index % 2 else f"{home}/"
        where = f"rootDir: {home}" if index % 4 == 0 else f"dockerContext: ./{home if index % 2 == 0 else ''}"
        dockerfile = "./Dockerfile" if index % 4 == 0 else f"./{home}/Dockerfile"
        blueprint += [f"  - type: web\n    name: svc{index:02}\n    runtime: docker\n    plan: starter"]
        blueprint += [f"    {where}\n    dockerfilePath: {dockerfile}\n    healthCheckPath: /health"]
        source = home if not place else "."
        found[f"{home}/Dockerfile"] = (
            "FROM python:3.13-slim AS build\nWORKDIR /app\n"
            f"COPY {source}/requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\n"
            f"COPY {source}/ ./\nRUN pip install . && python -m compileall -q app\n"
            "FROM python:3.13-slim\nWORKDIR /app\nCOPY --from=build /usr/local /usr/local\n"
            f"COPY {source}/app ./app\nADD {source}/static ./static\n"
            "RUN useradd -m web && chown -R web /app\nUSER web\nCMD gunicorn --bind 0.0.0.0:$PORT app.main:app\n"
        )
        found[f"{home}/.dockerignore"] = "**/docs\n**/*.md\n!README.md\n.git\n*.log\n"
        found[f"{home}/requirements.txt"] = "gunicorn\nflask>=3\n"
        found[f"{home}/pyproject.toml"] = (
            f'[project]\nname = "svc{index:02}"\nversion = "1"\n[tool.setuptools]\npackages = ["app"]\n'
        )
        found[f"{home}/app/__init__.py"] = ""
        found[f"{home}/app/main.py"] = "import os\n\nfrom app import part_0\n\napp = os, part_0\n"
        each = files // services - 6
        for number in range(each):
            kind = ("app/part_{}.py", "static/{}/f.js", "docs/{}.md", "app/sub{}/m.py")[number % 4]
            folder = number // 4 if kind != "static/{}/f.js" else f"{number % 50}/{number}"
            found[f"{home}/{kind.format(folder)}"] = f"# {number}\n"
    return {**found, "render.yaml": "\n".join(blueprint) + "\n"}


def write(repository: Path, files: dict[str, str]) -> None:
    """The files, in a commit."""
    for folder in {(repository / name).parent for name in files}:
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (repository / name).write_text(text)
    who = ["-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0"]
    for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(repository), *arguments], check=True)


def cost(arguments: list[str], cwd: Path) -> Cost:
    """One process of `emu` run to its end, with git's where it is waited for."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "emulator", *arguments]
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode not in (0, 1):
        raise SystemExit(f"emu {' '.join(arguments)} ended with {process.returncode}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(cwd: Path, runs: int, commands: Mapping[str, list[str]] = COMMANDS) -> dict[str, list[Cost]]:
    """Each command `runs` times in turn, after one warm-up."""
    for arguments in commands.values():
        cost(arguments, cwd)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, arguments in commands.items():
            found[name].append(cost(arguments, cwd))
    return found


def on_trees(folder: Path, runs: int) -> bool:
    """Prints how often the time and the processor of a plan a check takes in each checkout, the highest last; whether
    their median is within the limit."""
    rows = []
    for tree in checkouts([folder]):
        found = measured(tree, runs, {name: COMMANDS[name] for name in ("emu plan", "emu check")})
        plan, check = ([statistics.median(part) for part in zip(*costs, strict=True)] for costs in found.values())
        rows.append((check[0] / plan[0], check[1] / plan[1], plan[0], check[0], tree.name))
    if not rows:
        raise SystemExit(f"no checkout found in {folder}")
    print(f"{'check / plan: time':>20}{'processor':>11}{'plan':>8}{'check':>8}")
    for time_ratio, processor_ratio, plan_seconds, check_seconds, name in sorted(rows):
        print(
            f"{time_ratio:20.2f}{processor_ratio:11.2f}"
            f"{plan_seconds * 1000:6.0f}ms{check_seconds * 1000:6.0f}ms  {name}"
        )
    for title, ratios in zip(("time", "processor"), list(zip(*rows, strict=True))[:2], strict=True):
        tenth = sorted(ratios)[len(ratios) * 9 // 10]
        print(f"{title}: check is {statistics.median(ratios):.2f} x plan by the median, {tenth:.2f} for one in ten")
    return statistics.median(row[0] for row in rows) <= TIMES_PLAN


def report(title: str, found: dict[str, list[Cost]]) -> dict[str, float]:
    """Prints the medians; returns how often the time of `emu plan` each takes, run by run."""
    print(f"\n{title:28}{'median':>10}{'least':>10}{'processor':>11}{'memory':>10}{'  this / plan':>13}")
    ratios = {}
    for name, costs in found.items():
        pairs = zip(costs, found["emu plan"], strict=True)
        ratios[name] = statistics.median(this.seconds / plan.seconds for this, plan in pairs)
        times = [one.seconds for one in costs]
        print(
            f"{name:28}{statistics.median(times) * 1000:8.0f}ms{min(times) * 1000:8.0f}ms"
            f"{statistics.median(one.processor for one in costs) * 1000:9.0f}ms"
            f"{max(one.mebibytes for one in costs):7.0f}MiB{ratios[name]:13.2f}"
        )
    return ratios


def main() -> int:
    """0 when every limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="on the small repository; a third of it on the others")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--services", type=int, default=50)
    parser.add_argument("--trees", type=Path, metavar="DIR", help="a folder of checkouts to measure instead")
    given = parser.parse_args()
    if given.trees is not None:
        return 0 if on_trees(given.trees, given.runs) else 1
    few = max(1, given.runs // 3)
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for title, files in {
            "small repository": FILES,
            "a quarter": monorepo(given.files // 4, given.services),
            "monorepo": monorepo(given.files, given.services),
        }.items():
            repository = Path(folder, title.replace(" ", "-"))
            write(repository, files)
            found[title] = measured(repository, given.runs if title == "small repository" else few)
            ratios = report(f"{title}, {len(files)} files", found[title])
            if title == "small repository":
                small = ratios["emu check"]
    whole = found["monorepo"]["emu check"]
    limits = {
        f"small repository: check at most {TIMES_PLAN} x plan": small <= TIMES_PLAN,
        f"monorepo: check within {SECONDS} s": statistics.median(one.seconds for one in whole) <= SECONDS,
        f"monorepo: check below {MEBIBYTES} MiB": max(one.mebibytes for one in whole) < MEBIBYTES,
    }
    print()
    for limit, holds in limits.items():
        print(f"{'holds' if holds else 'EXCEEDED'}: {limit}")
    return 0 if all(limits.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
