"""Where a repository holds the commands that deploy it: build files, workflows, scripts."""

import re
from collections.abc import Iterator

from emulator.snapshot import Snapshot, Unreadable

from .gcloud_words import BUILD_FILES, WORKFLOWS, Call, calls_in, typed

_PLACE = re.compile(r"(?P<file>[^\s:]+)(?::(?P<line>\d+))?")
_WORTH_READING = re.compile(r"run\s+deploy|run\s+jobs|deploy-cloudrun|-\s*[\"']?deploy|,\s*[\"']?deploy")
_NAMES_IT = ("gcloud", "deploy-cloudrun")
"""One of these is in every file that deploys: the program's name, or the action's."""
MOST_CHARACTERS = 1_000_000
MOST_WORKFLOWS = 100
"""How many workflows are looked through for a command that nobody named, the first by name: every plan does it."""


class Unusable(Exception):
    """There is no such command. help: one thing to do."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def find_call(repo: Snapshot, command: str) -> Call:
    """The command itself, or the one at FILE or FILE:LINE (at or after the line). Raises Unusable."""
    place = _PLACE.fullmatch(command.strip())
    if place is None or (place["line"] is None and not repo.is_file(place["file"])):
        try:
            return typed(command)
        except ValueError:
            raise Unusable("a quote of --gcloud is not closed", "quote the whole command once more") from None
    path, line = place["file"], int(place["line"] or 1)
    if not repo.is_file(path):
        raise Unusable(f"there is no file {path}", "name a file of the repository, or give the command itself")
    found = _calls(repo, path)
    call = next((call for call in found if call.origin.line >= line), None)
    if call is None:
        where = f" at or after line {line}" if line > 1 and found else ""
        raise Unusable(
            f"{path} holds no gcloud run deploy{where}",
            'give the command itself: --gcloud "run deploy NAME --source ."',
        )
    return call


def calls_of(repo: Snapshot) -> Iterator[Call]:
    """The commands of build files, then of workflows."""
    paths = [path for path in BUILD_FILES if repo.is_file(path)]
    if repo.look(WORKFLOWS).is_directory:
        names = [name for name in repo.entries(WORKFLOWS) if name.endswith((".yml", ".yaml"))]
        paths += [f"{WORKFLOWS}/{name}" for name in names[:MOST_WORKFLOWS]]
    for path in paths:
        yield from _calls(repo, path)


def _calls(repo: Snapshot, path: str) -> tuple[Call, ...]:
    try:
        text = repo.text(path)
    except Unreadable:
        return ()
    if len(text) > MOST_CHARACTERS or not any(name in text for name in _NAMES_IT) or not _WORTH_READING.search(text):
        return ()
    return calls_in(text, path)
