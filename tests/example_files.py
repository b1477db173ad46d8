"""The examples as values: `example.toml` read strictly, for every test that plans or boots them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import field

from emulator.model.event import VerdictKind
from emulator.model.lesson import LessonPart
from emulator.model.record import Record

EXAMPLES = Path(__file__).parent.parent / "examples"


class Expectation(Record, frozen=True, kw_only=True):
    """What a case ends with. `shadowed` and `graceful` are None where the case does not look at it.

    argv: empty where nothing is executed: files are served, or nothing is built. platform_log: texts of the
    platform's own lines.
    graceful: whether a live app, told to end, ends by itself. within_s: how long after its first start the verdict
    comes, at most. check: codes that `emu check` finds beside what the plan says.
    """

    verdict: VerdictKind
    argv: tuple[str, ...]
    source: Literal["dockerfile", "render.yaml", "procfile", "image", "record", "buildpack"]
    shadowed: tuple[str, ...] | None = None
    log: tuple[str, ...] = ()
    platform_log: tuple[str, ...] = ()
    graceful: bool | None = None
    within_s: float | None = None
    diagnostics: tuple[str, ...] = ()
    check: tuple[str, ...] = ()


class HttpCheck(Record, frozen=True, kw_only=True):
    """A request to the live service, and what its answer must be."""

    path: str
    status: int
    json: Any = None
    contains: str | None = None


class Case(Record, frozen=True, kw_only=True):
    """One run of an example: what is given and what must come of it.

    command: what runs it. files: files of the example that options name. build_anyway: the check finds errors, and what
    comes of building in spite of them shows that they are right. time_scale: what the platform's waits are multiplied
    by. once: why it is run a single time and not twice.
    """

    name: str
    expect: Expectation
    command: tuple[str, ...] = ("up", "--once")
    options: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    build_anyway: bool = False
    time_scale: float = 1.0
    once: str | None = None
    http: tuple[HttpCheck, ...] = ()
    needs: tuple[Literal["docker"], ...] = ()


class Example(Record, frozen=True, kw_only=True):
    """An `example.toml`. `create`: files that git ignores, path to text, written before the cases run."""

    title: str
    incident: str
    rules: tuple[str, ...]
    case: tuple[Case, ...]
    lesson: LessonPart | None = None
    create: dict[str, str] = field(default_factory=dict)


def file_options(case: Case, root: Path) -> list[str]:
    """The options of a case that name files of the example's copy at `root`."""
    return [word for name, files in case.files.items() for file in files for word in (f"--{name}", str(root / file))]


def example_folders() -> tuple[Path, ...]:
    """Every example's folder, sorted by name."""
    return tuple(sorted(path for path in EXAMPLES.iterdir() if path.is_dir()))


def load_example(folder: Path) -> Example:
    """The folder's `example.toml`. Raises OSError, or msgspec.DecodeError for an unknown key or a wrong type."""
    return msgspec.toml.decode((folder / "example.toml").read_bytes(), type=Example)


def copy_example(folder: Path, to: Path, *, git: bool) -> Path:
    """A copy of the example under `to`, in a repository of its own if `git`, with the files its cases need
    written after the commit: git ignores them. The copy's path."""
    copy = to / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("example.toml"))
    if git:
        # A user's own configuration (signing, hooks, templates) has no say in what is tested.
        alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ("-c", "user.name=Example", "-c", "user.email=example@example.org")
        for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-q", "-m", "an example")):
            subprocess.run(["git", *words], cwd=copy, env=alone, check=True)
    for path, text in load_example(folder).create.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text)
    return copy
