"""A port that an app listens on → the line of the repository that says so. Pure."""

import re
from collections.abc import Iterator
from itertools import islice

from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.snapshot import Snapshot, Unreadable

from .modules import folders

MAX_FILES = 300
MAX_BYTES = 200_000
_CODE = re.compile(
    r".+\.(?:py|[cm]?[jt]sx?|go|rb|php|java|kt|rs|cs|exs?|sh|properties)$|package\.json$|application\.ya?ml$"
)
_NOT_THE_APP = {"test", "tests", "__tests__", "spec", "e2e", "docs", "node_modules", "venv", "site-packages"}
_ABOUT_LISTENING = re.compile(r"listen|bind|serve|port\b|addr|0\.0\.0\.0|\bhost\b|\brun\b", re.IGNORECASE)
_SAYS = re.compile(
    r"^\s*(?:#|//|/\*|\*|--|;|\"\"\"|''')|\b(?:print\w*|log|logger|logging|console|echo|puts)\b", re.IGNORECASE
)
"""Comments and messages: what speaks of a port without opening it."""
_SETS_A_VARIABLE = re.compile(r"\s*(?:ENV|ARG)\s", re.IGNORECASE)
"""The lines of a Dockerfile that can tell an app its port; EXPOSE is a note that no program reads."""


def port_line(service: Service, repo: Snapshot, port: int) -> Origin | None:
    """Where the app is told to listen on `port`: its command, else the one line under the build context that names the
    port and speaks of listening. None where there is none, or more than one: a wrong place is worse than none."""
    number = re.compile(rf"(?<![\w.]){port}(?![\w.])")
    command = service.command
    words = " ".join((command.text or "", *(command.argv or ()))) if command else ""
    if command is not None and command.origin is not None and number.search(words):
        return command.origin
    found = list(islice(_lines(service, repo, number), 2))
    return found[0] if len(found) == 1 else None


def _lines(service: Service, repo: Snapshot, number: re.Pattern[str]) -> Iterator[Origin]:
    for path in islice(_files(service.build.context or ".", repo), MAX_FILES):
        yield from _in_file(path, repo, number, _ABOUT_LISTENING)
    if service.build.dockerfile is not None:
        yield from _in_file(service.build.dockerfile, repo, number, _SETS_A_VARIABLE)


def _files(context: str, repo: Snapshot) -> Iterator[str]:
    """The app's own code, near the root first."""
    for folder in folders(repo, context):
        if not _NOT_THE_APP.isdisjoint(folder.split("/")):
            continue
        for name in repo.entries(folder):
            if _CODE.match(name):
                yield name if folder == "." else f"{folder}/{name}"


def _in_file(path: str, repo: Snapshot, number: re.Pattern[str], about: re.Pattern[str]) -> Iterator[Origin]:
    if not repo.is_file(path) or (repo.look(path).size or 0) > MAX_BYTES:
        return
    try:
        lines = repo.text(path).splitlines()
    except Unreadable:
        return
    for count, line in enumerate(lines, 1):
        found = number.search(line)
        if found and about.search(line) and not _SAYS.search(line) and not _in_address(line, found.start()):
            yield Origin(file=path, line=count, column=found.start() + 1, end_line=count, end_column=found.end())


def _in_address(line: str, start: int) -> bool:
    """Whether the number at `start` is the port of a URL, which an app calls and does not listen on."""
    return re.search(r"\w://[^\s\"']*:$", line[:start]) is not None
