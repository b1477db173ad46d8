"""Lessons on this disk: the examples that come with emu or a team's own folder, copies to work in, and progress."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from emulator.model.diagnostic import UsageError
from emulator.model.lesson import Lesson, LessonFile, Score

_TABLE = "example.toml"
_SHIPPED = ("examples", "../examples")
"""Where the examples lie beside this package: installed with it, or in a checkout."""


class Lessons:
    """The lessons of one folder: those that come with emu where none is named."""

    def __init__(self, folder: str | None, environ: Mapping[str, str]) -> None:
        self._folder = Path(folder) if folder is not None else _shipped()
        state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        self._home = Path(state) / "emu-lessons"
        self.problems: dict[str, UsageError] = {}
        """After `all`: why a folder's lesson cannot be held, by the folder's name."""

    def all(self) -> tuple[Lesson, ...]:
        """Those that can be held, in their order; those without a number last. Raises UsageError for a folder that
        cannot be read, or that has no lesson, or none that can be held."""
        try:
            folders = sorted(path for path in self._folder.iterdir() if (path / _TABLE).is_file())
        except OSError as problem:
            raise UsageError(
                f"the lessons' folder {self._folder} cannot be read: {problem.strerror}",
                help="--from names a folder of folders, each with an example.toml",
            ) from None
        if not folders:
            is_one = (self._folder / _TABLE).is_file()
            raise UsageError(
                f"there is no lesson in {self._folder}",
                help=f"it is a lesson itself: --from names the folder above it, {self._folder.parent}" if is_one
                else "a lesson is a folder with an example.toml in it",
            )  # fmt: skip
        found = []
        for path in folders:
            try:
                found.append(_lesson(path))
            except UsageError as problem:
                self.problems[path.name] = problem
        if not found:
            raise next(iter(self.problems.values()))
        return tuple(sorted(found, key=lambda one: (one.number is None, one.number or 0, one.name)))

    def lay(self, lesson: Lesson) -> str:
        """A fresh copy of the lesson's repository, with a git of its own where a rule of git matters. Its path.
        Raises UsageError."""
        copy = self._home / lesson.name
        try:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(lesson.folder, copy, ignore=_kept_back(Path(lesson.folder)), symlinks=True)
            _make_repository(copy)
            for path, text in lesson.file.create.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_text(text)
        except (OSError, shutil.Error, subprocess.SubprocessError) as problem:
            raise UsageError(
                f"the lesson cannot be laid out in {copy}: {problem}", help="make room there, or set XDG_STATE_HOME"
            ) from None
        return str(copy)

    def scores(self) -> dict[str, Score]:
        """How each lesson went the last time, by name; {} where nothing readable is kept."""
        try:
            return msgspec.json.decode((self._home / "progress.json").read_bytes(), type=dict[str, Score])
        except (OSError, msgspec.DecodeError):
            return {}

    def keep(self, scores: Mapping[str, Score]) -> None:
        """Remember how the lessons went. What cannot be written is not remembered, and the lesson goes on."""
        place = self._home / "progress.json"
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            half = place.with_suffix(".new")
            half.write_text(json.dumps(msgspec.to_builtins(dict(scores)), indent=1))
            half.replace(place)
        except OSError:
            return


def _shipped() -> Path:
    here = Path(__file__).parent.parent
    return next((path for name in _SHIPPED if (path := (here / name).resolve()).is_dir()), here / _SHIPPED[0])


def _lesson(folder: Path) -> Lesson:
    try:
        file = msgspec.toml.decode((folder / _TABLE).read_bytes(), type=LessonFile)
    except (OSError, msgspec.DecodeError) as problem:
        raise UsageError(
            f"{folder / _TABLE}: {problem}", help="correct it: title, incident, [[case]] and [lesson] are read"
        ) from None
    for question in file.lesson.question if file.lesson is not None else ():
        if not 0 <= question.answer < len(question.choices):
            raise UsageError(
                f"{folder / _TABLE}: {question.ask!r} has {len(question.choices)} choices, and its answer is number "
                f"{question.answer}", help="choices are counted from 0",
            )  # fmt: skip
    if not file.case:
        raise UsageError(f"{folder / _TABLE}: there is no [[case]]", help="say with what it ends: expect.verdict")
    return Lesson(
        name=folder.name, folder=str(folder), number=file.lesson.number if file.lesson is not None else None, file=file
    )


def _kept_back(folder: Path) -> Callable[[str, list[str]], list[str]]:
    """What a learner does not get: the table, and a README that gives it all away, unless a build reads that."""
    projects = [*folder.rglob("pyproject.toml"), *folder.rglob("setup.*")]
    is_read = any("README" in project.read_text(errors="replace") for project in projects)
    names = (_TABLE,) if is_read else (_TABLE, "README.md")
    return lambda directory, _: list(names) if Path(directory) == folder else []


def _make_repository(copy: Path) -> None:
    """A commit of all files, as a push would have it. A machine without git takes the folder whole."""
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=emu", "-c", "user.email=emu@localhost")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-q", "-m", "A lesson")):
        try:
            subprocess.run(["git", *words], cwd=copy, env=alone, check=True, capture_output=True, timeout=60)
        except FileNotFoundError:
            return
