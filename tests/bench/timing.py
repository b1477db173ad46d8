"""Timing commands side by side."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Runs = dict[str, list[float]]


def emu() -> str:
    """The `emu` of the environment that runs the benchmark."""
    return str(Path(sys.executable).with_name("emu"))


def available(command: Sequence[str]) -> bool:
    """Whether a peer can be run at all."""
    if shutil.which(command[0]) is None:
        return False
    probe = [*command[:2], "version"] if command[:2] == ["docker", "compose"] else None
    return probe is None or subprocess.run(probe, capture_output=True, check=False).returncode == 0


def in_turn(actions: Mapping[str, Callable[[], None]], runs: int) -> Runs:
    """Seconds of each action, `runs` times in turn after one warm-up."""
    for action in actions.values():
        action()
    seconds: Runs = {name: [] for name in actions}
    for _ in range(runs):
        for name, action in actions.items():
            begun = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def process(command: Sequence[str], cwd: Path) -> Callable[[], None]:
    """An action that runs `command` to its end and throws its output away."""
    env = plain_environment()

    def run() -> None:
        subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    return run


def plain_environment() -> dict[str, str]:
    """This one, with Python's modules kept compiled, as users have them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def ratios(seconds: Runs, *, base: str) -> dict[str, float]:
    """The median ratio of `base` to each, run by run."""
    return {
        name: statistics.median(a / b for a, b in zip(seconds[base], times, strict=True))
        for name, times in seconds.items()
    }


def report(seconds: Runs, *, base: str) -> None:
    """Median and least of each, and the ratio of `base` to it."""
    print(f"{'':24}{'median':>9}{'least':>9}{'  ' + base + ' / this':>18}")
    for name, ratio in ratios(seconds, base=base).items():
        times = seconds[name]
        print(f"{name:24}{statistics.median(times) * 1000:7.1f}ms{min(times) * 1000:7.1f}ms{ratio:18.2f}")
