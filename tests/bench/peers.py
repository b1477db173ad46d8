"""What a newcomer is told of a broken example, and after how long: `emu check` beside `hadolint` and `honcho check`.

The commands are the first that each tool's own page names. A peer that is not there is left out, and said.
"""

import argparse
import re
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.timing import available, emu, plain_environment
from tests.example_files import EXAMPLES, copy_example

BROKEN = {
    "render-dockerfile-outlived-its-module": r"src\.api\.service",
    "render-gitignored-artefact": r"target/app\.txt",
    "render-builder-without-its-package": r"directory 'backend'",
    "render-node-start-script-missing": r"'start'",
    "cloud-run-loopback-only": r"127\.0\.0\.1|loopback",
}
"""Example → what an answer that names its cause says."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    peers = {"emu check": [emu(), "check"], "hadolint": ["hadolint"], "honcho check": ["honcho", "check"]}
    for name, command in peers.items():
        if not available(command):
            print(f"left out, not on this machine: {name}")
    with TemporaryDirectory() as folder:
        for example, cause in BROKEN.items():
            root = copy_example(EXAMPLES / example, Path(folder), git=True)
            print(example)
            for name, command in peers.items():
                if available(command):
                    print(f"  {name:14}{_told(name, command, root, cause, runs)}")


def _told(name: str, command: list[str], root: Path, cause: str, runs: int) -> str:
    """How long it took by the median, whether it names the cause, and its first line that is a finding."""
    wanted = {"hadolint": "*Dockerfile", "honcho check": "Procfile"}.get(name)
    found = sorted(root.rglob(wanted)) if wanted else [root]
    if not found:
        return f"has nothing to read: no {wanted}"
    where = found[0].parent if wanted == "Procfile" else root
    arguments = [*command, str(found[0])] if name == "hadolint" else command
    seconds, env = [], plain_environment() | {"NO_COLOR": "1"}
    for _ in range(runs):
        begun = time.perf_counter()
        ran = subprocess.run(arguments, cwd=where, env=env, capture_output=True, text=True, check=False)
        seconds.append(time.perf_counter() - begun)
    text = re.sub(r"\x1b\[[\d;]*m", "", ran.stdout + ran.stderr).replace(f"{root}/", "")
    lines = [line for line in text.splitlines() if re.search(r"error|warning|DL\d|SC\d|INFO", line)]
    names = "names the cause" if re.search(cause, "\n".join(lines)) else "does not name it"
    return f"{statistics.median(seconds):.2f} s  {names}: {lines[0][:90] if lines else 'no finding'}"


if __name__ == "__main__":
    main()
