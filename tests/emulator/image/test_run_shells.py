"""RUN steps worked out against what the same script leaves in a container, hundreds of scripts in one.

EMU_BUILDS=10000 runs so many generated ones instead of the few of a usual run, each time others.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from tests.emulator.image.real_builds import Project, compared, work
from tests.emulator.image.scripts import EXECUTABLE, FILES, LINKS, scripts
from tests.emulator.image.shell_runs import ShellRuns

pytestmark = pytest.mark.docker

MORE = int(os.environ.get("EMU_BUILDS", "0"))
GENERATED = settings(
    max_examples=MORE or 300,
    derandomize=not MORE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
RUN = ("FROM python:3.11-slim AS s0", "WORKDIR /w", "COPY . .", "RUN <<'SCRIPT'")
CARRIED = ("SCRIPT", "FROM scratch", "COPY --from=s0 /w /w")

KEPT = {
    "a pattern that climbs": "mkdir e && rm -rf ../w/c* ../w/e/*",
    "perhaps moved, perhaps not": "mv -n l a; mv -n m new; touch k",
    "no name of a directory itself is removed": "touch k; rm -rf a/.. ./* ; touch in",
    "modes of install": "install -d -m 700 a q/r && install -d a && install -m 600 c e && install -d -m u=rwx,go= b",
    "a mode of the last directory alone": "mkdir -pm 711 a/k/j q/r && mkdir -p -m 700 a b/s",
    "into itself": "mv -f c b/a b/a; mv a a/in; cp -r b b/in; touch k",
    "a mode that is perhaps set": "test -d l/x.py || chmod 700 a; test -d l || chmod 700 b",
}
"""What generated scripts found."""


@pytest.fixture(scope="module")
def runs() -> Iterator[ShellRuns]:
    with ShellRuns() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripts")


def against(script: str, runs: ShellRuns, folder: Path) -> tuple[list[str], int]:
    """What differs after the script, and how many paths were compared; one that fails says nothing unless we do."""
    project = Project(
        dockerfile="\n".join([*RUN, script.rstrip("\n"), *CARRIED]) + "\n", files=FILES, executable=EXECUTABLE,
        links={} if (folder / "l").is_symlink() else LINKS, dockerignore="Dockerfile\n.dockerignore\n",
    )  # fmt: skip
    files = {path: (text, 0o755 if path in EXECUTABLE else 0o644) for path, text in FILES.items()}
    built = runs.run(script.rstrip("\n") + "\n", files, LINKS, line=len(RUN))
    found, count = compared(work(project.write(folder)), built)
    return [one for one in found if "the build fails and we do not say so" not in one], count


@pytest.mark.parametrize("script", KEPT.values(), ids=KEPT)
def test_kept_scripts(script: str, runs: ShellRuns, folder: Path):
    found, count = against(script, runs, folder)
    assert found == []
    assert count >= 2 or script == KEPT["a pattern that climbs"]


def test_generated_scripts(runs: ShellRuns, folder: Path):
    """What is claimed of each path is so, and nothing is there that was said not to be."""
    counts: list[int] = []

    @given(script=scripts())
    @GENERATED
    def holds(script: str) -> None:
        found, count = against(script, runs, folder)
        counts.append(count)
        note(f"{count} paths compared")
        assert found == [], script

    holds()
    assert sum(counts) > 2 * len(counts)
