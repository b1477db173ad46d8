"""The hooks of a git repository: where git looks for them, and putting one there."""

import os
import sys

from emulator.model.diagnostic import UsageError

from .disk import Place
from .files import put
from .git import Git, GitFailed, GitMissing, git


class GitHooks:
    """The folder in which git looks for the hooks of the repository around a path, worktrees and core.hooksPath
    regarded.

    top: the repository's top level. shared: where a setting for more than this repository has set the folder, so that
    it is everybody's. command: what starts this emu from anywhere. Raises UsageError where there is no repository.
    """

    def __init__(self, path: str) -> None:
        try:
            place = Place.find(os.path.realpath(path))
            if place is None:
                raise UsageError(f"{path} is in no git repository", help="`git init` makes it one")
            self.top = place.top
            folder = os.fsdecode(git(self.top, "rev-parse", "--git-path", "hooks")).rstrip("\n")
            self.folder = os.path.normpath(os.path.join(self.top, folder))
            asked = Git(self.top, ["config", "--show-scope", "--get", "core.hooksPath"]).output(accept=(0, 1))
        except GitMissing:
            raise UsageError("there is no git on this machine", help="install git") from None
        except GitFailed as problem:
            raise UsageError(f"git tells nothing of {path}: {problem.message}", help="run `git status` there") from None
        scope, is_set, value = os.fsdecode(asked).rstrip("\n").partition("\t")
        if is_set and (not value or (os.path.exists(self.folder) and not os.path.isdir(self.folder))):
            raise UsageError(
                f"core.hooksPath is {value or 'empty'}: git runs no hook here",
                help=f"have it run hooks again: git config --{scope} --unset core.hooksPath",
            )
        self.shared = scope in ("global", "system")
        self.command: tuple[str, ...] = (sys.executable, "-P", "-m", "emulator")

    def has(self, name: str) -> bool:
        """Whether there is something of that name at the top level."""
        return os.path.lexists(os.path.join(self.top, name))

    def place(self, name: str) -> str:
        """A hook's path, as short as it goes."""
        path = os.path.join(self.folder, name)
        return os.path.relpath(path, self.top) if path.startswith(self.top + "/") else path

    def read(self, name: str) -> str | None:
        """What a hook says; None where there is none."""
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise self._refused(name, problem) from None

    def write(self, name: str, text: str) -> None:
        """Have a hook say `text`, and run. Raises UsageError."""
        path = os.path.join(self.folder, name)
        try:
            os.makedirs(self.folder, exist_ok=True)
            put(path, text.encode(), mode=0o755)
        except OSError as problem:
            raise self._refused(name, problem) from None

    def rename(self, name: str, other: str) -> None:
        """Call a hook by another name. Raises UsageError."""
        try:
            os.rename(os.path.join(self.folder, name), os.path.join(self.folder, other))
        except OSError as problem:
            raise self._refused(name, problem) from None

    def remove(self, name: str) -> None:
        """Take a hook away. Raises UsageError."""
        try:
            os.remove(os.path.join(self.folder, name))
        except OSError as problem:
            raise self._refused(name, problem) from None

    def _refused(self, name: str, problem: OSError) -> UsageError:
        return UsageError(f"{self.place(name)}: {problem.strerror}", help="see to it that you may read and write it")


def read_input() -> str:
    """What another program says to us; "" where a person sits there."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
