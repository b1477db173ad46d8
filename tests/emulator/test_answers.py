"""What `emu up` asks a person: each value once, ever; and what it does where nobody can be asked."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.commands.answers import answered, with_kept_answers
from emulator.commands.planning import Planned
from emulator.contract import Inputs
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.remembered import Remembered
from emulator.snapshot import MappingSource, Snapshot
from platforms import render
from tests.platforms.render.planning import DETECTED, DOCKERFILE, REPOSITORY, web

BLUEPRINT = web("runtime: docker\nenvVars:\n  - {key: A, sync: false}\n  - {key: B, sync: false}\n")


class _World:
    """Answers: what the person types, None where nobody is there. busy: whether an `up` has the project."""

    def __init__(self, *answers: str | None, kept: Remembered | None = None, busy: bool = False) -> None:
        self.kept = kept or Remembered()
        self.questions: list[str] = []
        self._answers = list(answers)
        self._busy = busy
        self.terminal = SimpleNamespace(ask=self._ask, err=lambda _: None, err_is_tty=True)

    def _ask(self, question: str, *, hidden: bool) -> str | None:
        assert hidden
        self.questions.append(question)
        return self._answers.pop(0)

    def remembered(self, _project: str) -> Remembered:
        return self.kept

    @contextmanager
    def project(self, _project: str) -> Iterator[Any]:
        if self._busy:
            raise HostError(error("up/already-running", "it runs", fault=Fault.HOST), exit_code=2)
        yield SimpleNamespace(keep_answers=self._keep)

    def _keep(self, answers: dict[str, dict[str, str]]) -> None:
        self.kept = self.kept.with_answers(answers)


def _planned() -> Planned:
    files = {"render.yaml": BLUEPRINT, "Dockerfile": DOCKERFILE}
    repo = Snapshot(MappingSource(files, repository=REPOSITORY))
    return Planned(repo, render, Inputs(), render.resolve(repo, Inputs(), DETECTED))  # type: ignore[arg-type]


def _answered(world: _World, format: str = "text") -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The secrets of the plan, and what was answered just now."""
    planned, now = answered(Namespace(format=format), world, _planned())  # type: ignore[arg-type]
    return planned.resolution.secrets.of("web"), now


def test_each_is_asked_once_ever() -> None:
    """The second time nobody is asked, and the values are there."""
    world = _World("one", "two")
    assert _answered(world) == ({"A": "one", "B": "two"}, {"web": {"A": "one", "B": "two"}})
    assert world.questions == [f"web needs {name} (empty leaves it unset): " for name in "AB"]
    assert _answered(world) == ({"A": "one", "B": "two"}, {})


def test_one_that_is_left_unset_is_not_asked_again() -> None:
    """An empty answer is an answer: the variable stays unset."""
    world = _World("", "two")
    assert _answered(world)[0] == {"B": "two"}
    assert _answered(world) == ({"B": "two"}, {})


@pytest.mark.parametrize("format", ["text", "json"])
def test_without_a_person_what_is_kept_is_used(format: str) -> None:
    """The rest stays unset, with the plan's warning; for a program nobody is asked."""
    world = _World(None, kept=Remembered(answers={"web": {"A": "one"}}))
    assert _answered(world, format) == ({"A": "one"}, {})
    assert len(world.questions) == (1 if format == "text" else 0)


def test_only_what_the_plan_asks_for_is_used() -> None:
    """A value that is kept does not replace one that the file has by now."""
    text = web("runtime: docker\nenvVars:\n  - {key: A, value: x}\n  - {key: B, sync: false}\n")
    repo = Snapshot(MappingSource({"render.yaml": text, "Dockerfile": DOCKERFILE}, repository=REPOSITORY))
    planned = Planned(repo, render, Inputs(), render.resolve(repo, Inputs(), DETECTED))  # type: ignore[arg-type]
    world = _World(kept=Remembered(answers={"web": {"A": "one", "B": "two"}, "other": {"B": "no"}}))
    found = with_kept_answers(world, planned).resolution  # type: ignore[arg-type]
    assert found.secrets.of("web") == {"B": "two"}


def test_where_an_up_runs_that_one_keeps_them() -> None:
    """They are handed on to it."""
    world = _World("one", "two", busy=True)
    assert _answered(world) == ({"A": "one", "B": "two"}, {"web": {"A": "one", "B": "two"}})
    assert world.kept == Remembered()
