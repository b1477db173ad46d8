"""What a newcomer is told of a broken example, and after how long: `emu check` beside the first commands of others.

The commands are those that each tool's own page names. `docker compose` is given a compose file of the same build and
port. What would serve on is told to end after `--wait` seconds. A peer that is not there is left out, and said.
"""

import argparse
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench.timing import available, emu, plain_environment
from tests.example_files import EXAMPLES, copy_example


class Broken(NamedTuple):
    """An example. cause: what an answer that names its cause says, in anybody's words. context: of its build."""

    name: str
    cause: str
    context: str = "."


BROKEN = (
    Broken("render-dockerfile-outlived-its-module", r"src\.api\.service|No module named 'src'", "backend"),
    Broken("render-gitignored-artefact", r"target/app\.txt"),
    Broken("render-builder-without-its-package", r"directory 'backend'"),
    Broken("render-node-start-script-missing", r"'start'|Missing script: \"start\""),
    Broken("cloud-run-loopback-only", r"127\.0\.0\.1|loopback"),
)


_FINDING = r"(?i)error|warning|failed|missing|not found|DL\d|SC\d|valid"
_OF_THE_TOOL = ("›", "(node:", "(Use `node")
"""How lines begin in which a tool speaks of itself, wherever it runs."""


class Peer(NamedTuple):
    """command: with what it is begun. reads: the file that it cannot do without; None for the whole folder. arguments:
    made of that. serves: whether it goes on where nothing stops it. after: what is run then, to leave nothing."""

    name: str
    command: list[str]
    reads: str | None
    arguments: Callable[[Path], list[str]]
    serves: bool = False
    after: tuple[str, ...] = ()


class Given(NamedTuple):
    """How often each is run, and how long what serves may."""

    runs: int
    wait: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--wait", type=float, default=20, help="seconds for what would serve on")
    parser.add_argument("--compose", default="docker compose", help="a compose that is no plugin")
    arguments = parser.parse_args()
    given = Given(arguments.runs, arguments.wait)
    everybody = _peers(shlex.split(arguments.compose))
    there = [peer for peer in everybody if available(peer.command)]
    for peer in everybody:
        if peer not in there:
            print(f"left out, not on this machine: {peer.name}")
    for broken in BROKEN:
        with TemporaryDirectory(prefix="emu-peers-") as folder:
            root = copy_example(EXAMPLES / broken.name, Path(folder), git=True)
            dockerfile = next(root.rglob("*Dockerfile"), None)
            files = {None: root, "Dockerfile": dockerfile, "Procfile": next(root.rglob("Procfile"), None)}
            if dockerfile is not None:
                files["compose.yaml"] = _compose_file(Path(folder), root / broken.context, dockerfile)
            print(f"{broken.name} (load {os.getloadavg()[0]:.1f})")
            for peer in there:
                read = files.get(peer.reads)
                told = _told(peer, read, broken.cause, given) if read is not None else f"no {peer.reads} to read"
                print(f"  {peer.name:16}{told}", flush=True)


def _peers(compose: list[str]) -> list[Peer]:
    return [
        Peer("emu check", [emu(), "check"], None, lambda _: []),
        Peer("hadolint", ["hadolint"], "Dockerfile", lambda file: [str(file)]),
        Peer("honcho check", ["honcho", "check"], "Procfile", lambda _: []),
        Peer("heroku local", ["heroku", "local"], "Procfile", lambda file: ["--procfile", str(file)], serves=True),
        Peer("compose config", compose, "compose.yaml", lambda file: ["-f", str(file), "config"]),
        Peer(
            "compose up", compose, "compose.yaml", lambda file: ["-f", str(file), "up", "--build"], serves=True,
            after=("down", "--rmi", "local", "--timeout", "2"),
        ),
    ]  # fmt: skip


def _compose_file(folder: Path, context: Path, dockerfile: Path) -> Path:
    build = {"context": str(context), "dockerfile": str(dockerfile)}
    service = {"build": build, "environment": {"PORT": "10000"}, "ports": ["127.0.0.1::10000"]}
    file = folder / "compose.yaml"
    file.write_text(json.dumps({"name": folder.name.lower(), "services": {"web": service}}))
    return file


def _told(peer: Peer, read: Path, cause: str, given: Given) -> str:
    """How long it took by the median, whether it names the cause, and its first line that is a finding."""
    where = read if read.is_dir() else read.parent
    seconds = []
    for _ in range(1 if peer.serves else given.runs):
        begun = time.perf_counter()
        text, is_over = _run([*peer.command, *peer.arguments(read)], where, given.wait if peer.serves else None)
        seconds.append(time.perf_counter() - begun)
    if peer.after:
        _run([*peer.command, "-f", str(read), *peer.after], where, None)
    lines = [line.strip() for line in text.replace(f"{where}/", "").splitlines()]
    lines = [line for line in lines if re.search(_FINDING, line) and not line.startswith(_OF_THE_TOOL)]
    names = "names the cause" if re.search(cause, "\n".join(lines)) else "does not name it"
    shown = next((line for line in lines if re.search(cause, line)), lines[0] if lines else "no finding")
    over = "" if is_over else ", and serves on"
    return f"{statistics.median(seconds):.2f} s{over}  {names}: {shown[:100]}"


def _run(command: list[str], where: Path, wait_s: float | None) -> tuple[str, bool]:
    """What it says, and whether it ended by itself."""
    process = subprocess.Popen(
        command, cwd=where, env=plain_environment() | {"NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        try:
            text, is_over = process.communicate(timeout=wait_s)[0], True
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
            text, is_over = process.communicate()[0], False
    return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text), is_over


if __name__ == "__main__":
    main()
