"""Asking git which files it leaves out."""

import os
import posixpath

from .git import Git, git

MOST_AT_ONCE = 16_384
"""Bytes of one question; a pipe holds 65,536, and a path has at most 4,096."""


class Ignores:
    """Which files of one repository git leaves out. Paths are relative to the repository's top level."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._rules: Git | None = None
        self._tracked: dict[str, tuple[str, ...]] = {}
        self._submodules: frozenset[str] | None = None
        self._known: dict[str, str] = {}

    def begin(self) -> Git:
        """Start the process that answers `rule`, so that it is ready when the first question comes."""
        if self._rules is None:
            command = ["check-ignore", "--no-index", "--stdin", "-z", "--verbose", "--non-matching"]
            self._rules = Git(self._top, command, talk=True)
        return self._rules

    def rule(self, path: str) -> str:
        """The rule that ignores `path`, as file:line:pattern; "" when none does. Raises GitFailed.

        The index is not read (a tracked file may match a rule), so this costs the same in a
        repository of any size.
        """
        if path not in self._known:
            self.ask_ahead([path])
        return self._known[path]

    def ask_ahead(self, paths: list[str]) -> None:
        """Ask about many paths in a few writes, so that `rule` answers from memory. Raises GitFailed."""
        rules = self.begin()
        waiting: list[str] = []
        question = b""
        unknown = [path for path in paths if path not in self._known]
        for path in unknown:
            waiting.append(path)
            # "./" keeps a name that begins with ":" from being read as pathspec magic.
            question += b"./" + os.fsencode(path) + b"\0"
            # What fits into the pipe is written whole, even while git waits for us to read.
            if len(question) > MOST_AT_ONCE or path is unknown[-1]:
                rules.ask(question)
                fields = rules.fields(4 * len(waiting))
                self._known.update((asked, _answer(*fields[4 * n : 4 * n + 3])) for n, asked in enumerate(waiting))
                waiting, question = [], b""

    def tracked(self, path: str) -> tuple[str, ...]:
        """The files at or below `path` that are in the index. Raises GitFailed."""
        if path not in self._tracked:
            listed = git(self._top, "ls-files", "-z", "--", path, env={"GIT_LITERAL_PATHSPECS": "1"})
            self._tracked[path] = tuple(os.fsdecode(name) for name in listed.split(b"\0") if name)
        return self._tracked[path]

    def is_submodule(self, path: str) -> bool:
        """Whether .gitmodules names `path`. Without that, a nested repository is a bare pointer in
        the commit, which no clone can follow."""
        if self._submodules is None:
            self._submodules = frozenset()
            if os.path.isfile(os.path.join(self._top, ".gitmodules")):
                command = ["config", "--null", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$"]
                _, listed, _ = Git(self._top, command).finish()
                items = (os.fsdecode(item).partition("\n")[2] for item in listed.split(b"\0"))
                self._submodules = frozenset(posixpath.normpath(item) for item in items if item)
        return path in self._submodules


def _answer(file: bytes, line: bytes, pattern: bytes) -> str:
    """One answer, as file:line:pattern; "" when nothing ignores the path."""
    if not pattern or pattern.startswith(b"!"):
        return ""
    return ":".join(map(os.fsdecode, (file, line, pattern)))
