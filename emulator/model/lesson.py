"""Lessons: an example, what is asked about it, and how far a learner has come."""

from typing import Any

import msgspec

from .event import VerdictKind
from .record import Record


class Question(Record, frozen=True, kw_only=True):
    """One question with its choices. answer: the number of the right one, from 0; because: why; rule: the id of the
    platform's rule behind it."""

    ask: str
    choices: tuple[str, ...]
    answer: int
    because: str
    rule: str | None = None


class LessonPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table [lesson] of an `example.toml`. number: its place among the lessons, None where it has none.

    because and rule: why the deploy ends as it does, where no finding of the check says it. ends: how it does on the
    platform, where the case shows that `up` refuses it before that.
    """

    number: int | None = None
    because: str | None = None
    rule: str | None = None
    ends: VerdictKind | None = None
    question: tuple[Question, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson needs of a case's `expect`; the other keys are the tests'."""

    verdict: VerdictKind


class LessonCase(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson needs of a [[case]]: the first one is what is planned and booted."""

    expect: Outcome
    options: dict[str, str] = {}
    env: dict[str, str] = {}
    files: dict[str, tuple[str, ...]] = {}
    time_scale: float = 1.0

    def named(self) -> tuple[str, ...]:
        """What the options are given: names of files among it."""
        return (*self.options.values(), *(file for files in self.files.values() for file in files))


class LessonFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson needs of an `example.toml`."""

    title: str
    incident: str
    case: tuple[LessonCase, ...]
    create: dict[str, str] = {}
    lesson: LessonPart | None = None


class Lesson(Record, frozen=True, kw_only=True):
    """A lesson's folder, read. number: None where it is an example that nobody put in order. file: a LessonFile."""

    name: str
    folder: str
    number: int | None
    file: Any

    def outcome(self) -> VerdictKind:
        """How the deploy ends on the platform."""
        part: LessonPart | None = self.file.lesson
        verdict: VerdictKind = self.file.case[0].expect.verdict
        return part.ends if part is not None and part.ends is not None else verdict


class Answered(Record, frozen=True, kw_only=True):
    """A question and what was answered: the number of a choice, from 0; None: nothing yet. Then no answer is given."""

    ask: str
    choices: tuple[str, ...]
    given: int | None = None
    right: bool | None = None
    answer: int | None = None
    because: str | None = None
    rule: str | None = None


class Score(Record, frozen=True, kw_only=True):
    """How a lesson went the last time: questions answered right, and how many there were."""

    right: int
    asked: int


class LessonRow(Record, frozen=True, kw_only=True):
    """A lesson as a list has it. score: None where it was not tried."""

    name: str
    title: str
    number: int | None
    score: Score | None


class LessonList(Record, frozen=True, kw_only=True):
    """What `emu learn --format json` prints. next: the first that was not tried; None where all were."""

    schema: str = "emu.lessons/1"
    lessons: tuple[LessonRow, ...]
    next: str | None


class LessonDocument(Record, frozen=True, kw_only=True):
    """What `emu learn NAME --format json` prints. folder: where the lesson's repository lies, to look at and to repair.
    incident: what happened, once every question is answered."""

    schema: str = "emu.lesson/1"
    name: str
    title: str
    folder: str
    questions: tuple[Answered, ...]
    score: Score | None
    incident: str | None
