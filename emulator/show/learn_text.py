"""Lessons as text: the list, the repository, the questions, and what happened."""

from dataclasses import dataclass
from shlex import quote

from emulator.model.diagnostic import Diagnostic
from emulator.model.lesson import Answered, Lesson, LessonList, Question, Score
from emulator.model.plan import Plan

from .excerpt import fitted
from .style import Style, columns, fit, hanging, printable, wrap
from .text import diagnostic_text

_LEAST_TITLE = 36
"""Where a title has fewer columns than this beside the names, the names stand below the titles."""
_MOST_FILES = 30
_MOST_LINES = 60


@dataclass(frozen=True, kw_only=True)
class How:
    """How a lesson went and was called: the folder it is from, the options that its repository needs everywhere."""

    score: Score
    source: str | None = None
    words: tuple[str, ...] = ()


def lessons(found: LessonList, source: str | None, style: Style) -> str:
    """The list: those in order first, each with how it went."""
    lines: list[str] = []
    width = min(50, max(columns(row.name) for row in found.lessons)) + 7
    for row in found.lessons:
        score = row.score
        mark = " " if score is None else style.green("✓") if score.right == score.asked else style.yellow("~")
        number = f"{row.number:>2}" if row.number is not None else "  "
        told = row.title + (f" ({score.right} of {score.asked})" if score is not None else "")
        if style.width < width + _LEAST_TITLE:
            first, *rest = wrap(told, style.width - 5)
            lines += [f"{mark} {style.dim(number)} {first}", *(f"     {row}" for row in rest)]
            lines.append(f"     {style.dim(row.name)}")
            continue
        rows = wrap(told, style.width - width - 2)
        lines.append(f"{mark} {style.dim(number)} {row.name}{' ' * max(2, width - 3 - columns(row.name))}{rows[0]}")
        lines += [" " * (width + 2) + rest for rest in rows[1:]]
    done = sum(row.score is not None for row in found.lessons)
    after = f"`{_call(found.next, source)}` is next" if found.next else "`emu learn --reset` forgets it"
    return "\n".join([*lines, "", f"{done} of {len(found.lessons)} done · {after}"]) + "\n"


def opening(lesson: Lesson, root: str, plan: Plan, texts: dict[str, str | None], style: Style) -> str:
    """What there is to look at, and no word of how it ends. texts: every file, with its text where it is shown."""
    files = sorted(texts)
    came = f", set up from the {plan.created_from}" if plan.created_from in ("repository", "blueprint") else ""
    where = wrap(f"It is deployed to {plan.platform}{came}. The repository is in", style.width)
    lines = [*(style.bold(line) for line in wrap(lesson.file.title, style.width)), "", *where, root]
    more = f" and {len(files) - _MOST_FILES} more" if len(files) > _MOST_FILES else ""
    lines += ["", *hanging("files", ", ".join(files[:_MOST_FILES]) + more, style)]
    for file, text in ((file, text) for file, text in texts.items() if text is not None):
        lines += ["", f"  {style.cyan(printable(file))}"]
        rows = text.removesuffix("\n").split("\n")
        for number, row in enumerate(rows[:_MOST_LINES], 1):
            gutter, blank = style.dim(f"{number:>3} |"), style.dim("    |")
            first, *rest = wrap_code(row.replace("\r", "␍"), style.width - 8)
            lines += [f"  {gutter} {first}", *(f"  {blank} {part}" for part in rest)]
        if len(rows) > _MOST_LINES:
            lines.append(style.dim(f"      and {len(rows) - _MOST_LINES} lines more"))
    return "\n".join(lines) + "\n"


def wrap_code(line: str, width: int, most: int = 3) -> list[str]:
    """A line of a file with its blanks as they are, cut where the screen ends; of a very long one the beginning."""
    shown = printable(line)
    rows: list[str] = []
    while shown and len(rows) < most:
        end = max(1, fit(shown, width))
        rows.append(shown[:end])
        shown = shown[end:]
    if shown:
        rows[-1] = fitted(rows[-1] + shown, width)
    return rows or [""]


def question(number: int, asked: Question, style: Style) -> str:
    lines = ["", *wrap(f"{number + 1}. {asked.ask}", style.width)]
    lines[1] = style.bold(lines[1])
    for count, choice in enumerate(asked.choices, 1):
        lines += hanging(f"{count}", choice, style, indent=3, gap=4)
    return "\n".join(lines) + "\n"


def answer(given: Answered, style: Style) -> str:
    """Right or wrong, and why: the reason goes on after a colon, for it may begin with the name of a file."""
    head = style.green("Right:") if given.right else style.red(f"No, it is {(given.answer or 0) + 1}:")
    lines = ["", f"   {head}", *hanging("", f"{given.because}.", style, indent=3, gap=0)]
    if given.rule:
        lines.append(style.dim(f"   emu explain {given.rule}"))
    return "\n".join(lines) + "\n"


def _call(name: str, source: str | None) -> str:
    return f"emu learn {name}" + (f" --from {quote(source)}" if source is not None else "")


def unanswered(lesson: Lesson, source: str | None, count: int, style: Style) -> str:
    """For somebody who goes, and for a run that nobody watches."""
    told = f"left without an answer: `{_call(lesson.name, source)}` begins it again"
    told += f"; where nobody can type, `--answers N,N…` answers its {count} questions"
    return "\n".join(["", *wrap(told, style.width)]) + "\n"


def not_booted(found: Diagnostic, style: Style) -> str:
    return "\nIt cannot be booted on this machine:\n" + diagnostic_text(found, style) + "\n"


def closing(lesson: Lesson, root: str, plan: Plan, how: How, style: Style) -> str:
    """What happened to somebody, and what to do with it now."""
    lines = ["", style.bold("What happened"), *hanging("", " ".join(lesson.file.incident.split()), style, gap=0)]
    codes = list(dict.fromkeys(d.code for d in plan.diagnostics if d.severity != "info"))
    given = "".join(f" {quote(word)}" for word in how.words)
    further = [f"cd {quote(root)}", f"emu check{given}", *(f"emu explain {c}" for c in codes[:3])]
    if any(d.fix is not None for d in plan.diagnostics):
        further.append(f"emu fix{given}")
    good = lesson.file.case[0].expect.verdict.good
    further.append(f"emu up{given}" if good else f"emu up{given}        after you have repaired it")
    lines += ["", style.bold("Go on"), *(f"  {line}" for line in further)]
    lines += ["", f"{how.score.right} of {how.score.asked} right · `{_call('next', how.source)}` goes on"]
    return "\n".join(lines) + "\n"
