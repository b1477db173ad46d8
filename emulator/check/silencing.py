"""Findings that the user has answered for: by a comment at the line, or in emu.toml, each with a reason.

    # emu: ignore[start/loopback-bind] nginx in the same container passes requests on
    CMD ["sh", "-c", "…"]

A comment silences findings of its code at its own line, or at the line below. One without a reason silences nothing.
"""

import re
from collections.abc import Iterable, Iterator

from emulator.config import FILE, Ignored
from emulator.model.diagnostic import Diagnostic, Fault, Severity, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Plan
from emulator.model.record import Record, replace
from emulator.model.spelling import nearest
from emulator.snapshot import Snapshot, Unreadable

from .rule import CheckRule, Sample

_FROM = "FROM python:3.13-slim\nCOPY app.py .\n"
_START = 'CMD ["python", "app.py"]\n'

WITHOUT_REASON = CheckRule(
    code="check/ignore-without-reason",
    severity=Severity.WARNING,
    statement="A comment that is to silence a finding gives no reason, and so silences nothing.",
    why="Whoever meets it in a year cannot tell whether it is still right to look away.",
    wrong=Sample(
        files={"app.py": "", "Dockerfile": f"{_FROM}# emu: ignore[start/shell-swallows-signals]\nCMD python app.py\n"},
        file="Dockerfile", line=3,
    ),
    right=Sample(files={"app.py": "", "Dockerfile": f"{_FROM}{_START}"}),
)  # fmt: skip

UNUSED = CheckRule(
    code="check/unused-ignore",
    severity=Severity.INFO,
    statement="A comment or a row of emu.toml silences a finding that is not there.",
    why="It was repaired, or the code or the place is wrong; left where it is, it would hide the next one.",
    wrong=Sample(
        files={"app.py": "", "Dockerfile": f"{_FROM}# emu: ignore[start/loopback-bind] behind a proxy\n{_START}"},
        file="Dockerfile", line=3,
    ),
    right=Sample(files={"app.py": "", "Dockerfile": f"{_FROM}{_START}"}),
)  # fmt: skip

STALE_BASELINE = CheckRule(
    code="check/stale-baseline",
    severity=Severity.INFO,
    statement="The file of --baseline knows a finding that is not there any more.",
    why="What is known is not counted: if it came back, nobody would be told. `--write-baseline` forgets it.",
    told_by_plan=True,
    needs_platform_file=True,
)

RULES = (WITHOUT_REASON, UNUSED, STALE_BASELINE)

_COMMENT = r"#[ \t]*emu:[ \t]*ignore\[([^\]\n]*)\][ \t]*([^\n\r]*)"


class _Comment(Record, frozen=True):
    """One code of one comment."""

    code: str
    reason: str
    origin: Origin


class Silencing:
    """What the user has answered for in one repository, and which of these answers were needed. One serves several
    plans of the same files: an answer that one platform needs is not unused."""

    def __init__(self, repo: Snapshot, ignored: tuple[Ignored, ...]) -> None:
        self._repo = repo
        self._ignored = ignored
        self._read: dict[str, tuple[_Comment, ...]] = {}
        self._used: set[_Comment | Ignored] = set()
        self._found: set[str] = set()

    def marked(self, plan: Plan, found: list[Diagnostic]) -> list[Diagnostic]:
        """The findings, those that are answered for marked."""
        comments = [one for file in _files(plan, found) for one in self._comments(file) if one.reason]
        marked = []
        self._found.update(diagnostic.code for diagnostic in found)
        for diagnostic in found:
            by: list[_Comment | Ignored] = [comment for comment in comments if _covers(comment, diagnostic)]
            by += [one for one in self._ignored if one.code == diagnostic.code]
            self._used.update(by)
            marked.append(replace(diagnostic, suppressed=True) if by else diagnostic)
        return marked

    def wrong(self, *, whole: bool = True) -> Iterator[Diagnostic]:
        """What is wrong with the answers themselves, once all findings were seen. whole: False: only a part of the
        services was looked at, so that an answer may belong to another one."""
        comments = [comment for file in sorted(self._read) for comment in self._read[file]]
        yield from (_without_reason(comment) for comment in comments if not comment.reason)
        if not whole:
            return
        for comment in comments:
            if comment.reason and comment not in self._used:
                yield self._unused(comment.code, comment.origin)
        for one in self._ignored:
            if one not in self._used:
                yield self._unused(one.code, _place_in_config(self._repo, one.code))

    def _unused(self, code: str, origin: Origin | None) -> Diagnostic:
        near = nearest(code, self._found - {code}) if code not in self._found else None
        return info(
            UNUSED.code, f"nothing is found here that ignoring {code or 'nothing'} would silence",
            fault=Fault.APP, origin=origin,
            help=f"did you mean {near}?" if near is not None else "remove it, or correct its code and place",
        )  # fmt: skip

    def _comments(self, file: str) -> tuple[_Comment, ...]:
        if file not in self._read:
            self._read[file] = tuple(_comments(self._repo, file))
        return self._read[file]


def _files(plan: Plan, found: Iterable[Diagnostic]) -> list[str]:
    """Files in which a finding may stand: those the plan was made of."""
    names = [d.origin.file for d in found if d.origin]
    for service in plan.services:
        builds = (service.build, *(container.build for container in service.containers))
        commands = (service.command, *(container.command for container in service.containers))
        names += [build.dockerfile for build in builds if build.dockerfile]
        names += [command.origin.file for command in commands if command and command.origin]
        names += [service.origin.file] if service.origin else []
    return sorted({name for name in names if name})


def _comments(repo: Snapshot, file: str) -> Iterator[_Comment]:
    if not repo.is_file(file):
        return
    try:
        text = repo.text(file)
    except Unreadable:
        return
    if "emu:" not in text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(_COMMENT, line)
        for code in match[1].split(",") if match else ():
            assert match is not None
            origin = Origin(file=file, line=number, column=match.start() + 1, end_line=number, end_column=match.end())
            yield _Comment(code.strip(), match[2].strip(), origin)


def _covers(comment: _Comment, diagnostic: Diagnostic) -> bool:
    origin = diagnostic.origin
    if origin is None or comment.code != diagnostic.code or origin.file != comment.origin.file:
        return False
    return origin.line - 1 <= comment.origin.line <= (origin.end_line or origin.line)


def _without_reason(comment: _Comment) -> Diagnostic:
    return warning(
        WITHOUT_REASON.code, f"this silences nothing: it gives no reason to ignore {comment.code}",
        origin=comment.origin, help=f"write why: # emu: ignore[{comment.code}] because …",
    )  # fmt: skip


def _place_in_config(repo: Snapshot, code: str) -> Origin:
    lines = repo.text(FILE).splitlines()
    return Origin(file=FILE, line=next((n for n, line in enumerate(lines, 1) if code in line), 1))
