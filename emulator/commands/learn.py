"""`emu learn`: short lessons: here is a repository; which command runs, does it boot, and what does the platform do?"""

import argparse
import difflib
from collections.abc import Iterable, Iterator

from emulator import options
from emulator.commands import check, up
from emulator.commands.check import checked_plan
from emulator.commands.lessons import answered, questions
from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned, plan_for_platforms
from emulator.model.diagnostic import HostError, UsageError
from emulator.model.event import VerdictKind
from emulator.model.lesson import (
    Answered,
    Lesson,
    LessonDocument,
    LessonList,
    LessonRow,
    Question,
    Score,
)
from emulator.model.record import to_json
from emulator.model.spelling import nearest
from emulator.request import LessonStore, Request, World
from emulator.show import learn_text
from emulator.show.style import Style, printable, wrap
from emulator.snapshot import Snapshot, Unreadable
from emulator.usage import Parser

_NEXT = "next"
_LEAVE = ("q", "quit", "exit")
_MOST_LINES_OF_ONE = 40
_MOST_LINES_BESIDE = 90
"""Lines of files that are shown though no decision is about them: of one, and of all."""


EXAMPLES = (
    ("emu learn", "the lessons, and how they went"),
    ("emu learn next", "the next one: a repository, a question, the answer"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("name", nargs="?", metavar="LESSON", help="a lesson, or `next`; without it, they are listed")
    parser.add_argument("--from", dest="source", metavar="DIR", help="a folder of lessons of your own")
    parser.add_argument("--answers", metavar="N,N…", help="the answers, for a run that nobody watches")
    parser.add_argument("--boot", action="store_true", help="boot it at the end without being asked")
    parser.add_argument("--no-boot", action="store_true", help="never boot it")
    parser.add_argument("--reset", action="store_true", help="forget how the lessons went")
    options.add_flags(parser, [options.FORMAT])


def run(request: Request, world: World) -> int:
    """List the lessons, or hold one. 0, whatever is answered. Raises UsageError."""
    store = world.lessons(request.source)
    if request.reset:
        store.keep({})
    lessons = store.all()
    if request.name in store.problems:
        raise store.problems[request.name]
    for problem in store.problems.values():
        told = wrap(f"left out: {printable(problem.diagnostic.message)}", world.terminal.width)
        world.terminal.err("\n  ".join(told) + "\n")
    if request.name is None:
        listed = _listed(lessons, store.scores())
        as_json = request.format == "json"
        text = to_json(listed).decode() + "\n" if as_json else learn_text.lessons(listed, request.source, _style(world))
        world.terminal.out(text)
        return 0
    lesson = _named(lessons, store.scores(), request.name)
    root = store.lay(lesson)
    planned = _planned(lesson_request("check", lesson, root, world), world)
    asked = questions(lesson, planned.resolution.plan)
    given = _given(request.answers, asked)
    if request.format == "json":
        document = _document(lesson, root, asked, given)
        if document.score is not None:
            store.keep({**store.scores(), lesson.name: document.score})
        world.terminal.out(to_json(document).decode() + "\n")
        return 0
    _hold(_Held(lesson, root, planned, asked), given, request, world, store)
    return 0


def _planned(request: Request, world: World) -> Planned:
    return checked_plan(plan_for_platforms(request, world)[0])


class _Held:
    """A lesson that is being held."""

    def __init__(self, lesson: Lesson, root: str, planned: Planned, asked: tuple[Question, ...]) -> None:
        self.lesson = lesson
        self.root = root
        self.planned = planned
        self.asked = asked


def _hold(held: _Held, given: list[int] | None, request: Request, world: World, store: LessonStore) -> None:
    """Show, ask, boot, explain."""
    terminal, style = world.terminal, _style(world)
    plan = held.planned.resolution.plan
    shown = _texts(held)
    files = tuple(_files(held.planned.repo, "."))
    shown |= _small_texts(held, [file for file in files if file not in shown])
    texts = {**shown, **{file: shown.get(file) for file in files}}
    terminal.out(learn_text.opening(held.lesson, held.root, plan, texts, style))
    answers: list[Answered] = []
    for number, question in enumerate(held.asked):
        terminal.out(learn_text.question(number, question, style))
        choice = given[number] if given is not None else _asked(question, world)
        if choice is None:
            terminal.out(learn_text.unanswered(held.lesson, request.source, len(held.asked), style))
            return
        answers.append(answered(question, choice))
        terminal.out(learn_text.answer(answers[-1], style))
    score = Score(right=sum(bool(one.right) for one in answers), asked=len(answers))
    store.keep({**store.scores(), held.lesson.name: score})
    if _is_to_boot(request, world):
        _boot(held, world)
    how = learn_text.How(score=score, source=request.source, words=_words_needed(held, world))
    terminal.out(learn_text.closing(held.lesson, held.root, plan, how, style))


def _words_needed(held: _Held, world: World) -> tuple[str, ...]:
    """The options with which other commands see in the repository what the lesson saw; () where they do without."""
    words = _words(held.lesson, held.root)
    if not words:
        return ()
    alone = _planned(_parsed("check", world, "--root", held.root), world)
    return () if alone.resolution.plan == held.planned.resolution.plan else words


def _is_to_boot(request: Request, world: World) -> bool:
    if request.boot or request.no_boot:
        return bool(request.boot)
    said = world.terminal.ask("\nBoot it and see? [Y/n] ")
    return said is not None and said.strip().lower() in ("", "y", "yes")


def _boot(held: _Held, world: World) -> None:
    """A real deploy of the lesson, with its whole output. A machine without an engine does not end the lesson."""
    anyway = () if held.lesson.outcome() is VerdictKind.REFUSED else ("--build-anyway",)
    request = lesson_request("up", held.lesson, held.root, world, "--once", *anyway)
    request.asks_nothing = True  # what the lesson gives is all there is: a value typed here would be another story
    try:
        up.run(request, world)
    except HostError as problem:
        world.terminal.out(learn_text.not_booted(problem.diagnostic, _style(world)))


def lesson_request(verb: str, lesson: Lesson, root: str, world: World, *words: str) -> Request:
    """A command's request for the lesson's first case, as if it had been typed."""
    case = lesson.file.case[0]
    scale = ("--time-scale", str(case.time_scale)) if verb == "up" and case.time_scale != 1 else ()
    try:
        return _parsed(verb, world, "--root", root, *_words(lesson, root), *scale, *words)
    except UsageError as problem:
        found = problem.diagnostic
        raise UsageError(f"the first case of lesson {lesson.name}: {found.message}", help=found.help) from None


def _parsed(verb: str, world: World, *typed: str) -> Request:
    parser = Parser(prog=f"emu {verb}", description="")
    (up if verb == "up" else check).configure(parser, world)
    return parser.parse_args(typed)


def _words(lesson: Lesson, root: str) -> tuple[str, ...]:
    """The options of the lesson's first case, as they are typed."""
    case = lesson.file.case[0]
    typed = [word for name, value in case.options.items() for word in (f"--{name}", value) if word]
    typed += [word for name, value in case.env.items() for word in ("--env", f"{name}={value}")]
    typed += [word for name, files in case.files.items() for file in files for word in (f"--{name}", f"{root}/{file}")]
    return tuple(typed)


def _files(repo: Snapshot, folder: str) -> Iterator[str]:
    """Every file that the platform would get."""
    for name in repo.entries(folder):
        path = name if folder == "." else f"{folder}/{name}"
        if repo.node(path).kind == "directory":
            yield from _files(repo, path)
        else:
            yield path


def _texts(held: _Held) -> dict[str, str]:
    """The files that the decision is about, each with its text: those that the plan names."""
    plan, repo = held.planned.resolution.plan, held.planned.repo
    read_line = line_reader(held.planned)
    places = [service.origin for service in plan.services]
    for service in plan.services:
        command = service.command
        places += [command.origin] if command is not None else []
        places += [loser.origin for loser in command.shadowed] if command is not None else []
    built = [service.build.dockerfile for service in plan.services]
    files = dict.fromkeys([*(p.file for p in places if p is not None), *(path for path in built if path)])
    hidden = {p.file for p in places if p is not None and read_line(p) is None}  # given beside it: it may hold secrets
    return {file: repo.text(file) for file in files if file not in hidden and repo.is_file(file)}


def _small_texts(held: _Held, files: Iterable[str]) -> dict[str, str]:
    """Of the other files those that one reads at a glance: how it ends often stands in the app alone. What another
    case than the lesson's is about, and what begins with a dot, is only named."""
    elsewhere = {name for case in held.lesson.file.case[1:] for name in case.named()}
    found: dict[str, str] = {}
    left = _MOST_LINES_BESIDE
    for file in files:
        text = _text(held.planned.repo, file) if file not in elsewhere and not file.startswith(".") else ""
        lines = text.count("\n")
        if 0 < lines <= min(left, _MOST_LINES_OF_ONE):
            found[file] = text
            left -= lines
    return found


def _text(repo: Snapshot, file: str) -> str:
    """What the file says; "" where that is no text."""
    try:
        return repo.text(file)
    except Unreadable:
        return ""


def _asked(question: Question, world: World) -> int | None:
    """The number of the choice, from 0; None where nobody answers."""
    while True:
        said = world.terminal.ask(f"Your answer, 1 to {len(question.choices)} (q leaves): ")
        if said is None or said.strip().lower() in _LEAVE:
            return None
        if said.strip().isdecimal() and 0 < int(said) <= len(question.choices):
            return int(said) - 1
        if said.strip():
            world.terminal.err(f"{printable(said.strip())} is no answer. ")


def _given(text: str | None, asked: tuple[Question, ...]) -> list[int] | None:
    """--answers as numbers from 0. Raises UsageError."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    pairs = zip(words, asked, strict=False)
    if len(words) != len(asked) or not all(w.isdecimal() and 0 < int(w) <= len(q.choices) for w, q in pairs):
        counts = ", ".join(f"1 to {len(question.choices)}" for question in asked)
        raise UsageError(
            f"--answers {text} does not answer the {len(asked)} questions", help=f"give a number for each: {counts}"
        )
    return [int(word) - 1 for word in words]


def _named(lessons: tuple[Lesson, ...], scores: dict[str, Score], name: str) -> Lesson:
    if name == _NEXT:
        return next((one for one in lessons if one.name not in scores), lessons[0])
    by_number = {str(one.number): one for one in lessons if one.number is not None}
    found = next((one for one in lessons if one.name == name), by_number.get(name))
    if found is None:
        raise UsageError(f"there is no lesson {name!r}", help=_meant(name, lessons, by_number))
    return found


def _meant(name: str, lessons: tuple[Lesson, ...], numbers: Iterable[str]) -> str:
    """The lesson that was probably meant: called almost so, else those that speak of the word."""
    if name.isdecimal() and (last := max(map(int, numbers), default=0)):
        return f"they are numbered from 1 to {last}; `emu learn` lists them"
    near = difflib.get_close_matches(name, [one.name for one in lessons], n=1, cutoff=0.6)
    about = [one.name for one in lessons if name.lower() in f"{one.name} {one.file.title}".lower()]
    word = nearest(name, sorted({word for one in lessons for word in one.name.split("-")}), cutoff=0.75)
    meant = near or about or [one.name for one in lessons if word in one.name.split("-")]
    return f"did you mean {' or '.join(meant[:3])}?" if meant else "`emu learn` lists them"


def _listed(lessons: tuple[Lesson, ...], scores: dict[str, Score]) -> LessonList:
    rows = tuple(
        LessonRow(name=one.name, title=one.file.title, number=one.number, score=scores.get(one.name)) for one in lessons
    )
    return LessonList(lessons=rows, next=next((row.name for row in rows if row.score is None), None))


def _document(lesson: Lesson, root: str, asked: tuple[Question, ...], given: list[int] | None) -> LessonDocument:
    answers = tuple(answered(question, given[n] if given is not None else None) for n, question in enumerate(asked))
    score = Score(right=sum(bool(one.right) for one in answers), asked=len(answers)) if given is not None else None
    return LessonDocument(
        name=lesson.name, title=lesson.file.title, folder=root, questions=answers, score=score,
        incident=lesson.file.incident.strip() if score is not None else None,
    )  # fmt: skip


def _style(world: World) -> Style:
    return Style(width=world.terminal.width, colour=world.terminal.colour)
