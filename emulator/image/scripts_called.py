"""A script of the repository's own that a RUN calls: its commands, and why the system refuses to execute it."""

import posixpath
import re
from collections.abc import Mapping

from emulator.model.record import Record, replace
from emulator.snapshot import Snapshot, Unreadable

from .project_files import join
from .shell import Command, read_script
from .shell import State as ShellState
from .tree import File, Folder, Refused, Unsure, resolve
from .tree_files import TreeFiles

_SHELLS = {"sh": False, "bash": True, "/bin/sh": False, "/bin/bash": True}
"""Program → whether it reads bash."""
_OPTIONS = {"-e", "-x", "-u", "-ex", "-xe", "-eu", "-eux", "-exu", "-eo", "-o", "pipefail"}
_LARGEST = 50_000


class Called(Record, frozen=True, kw_only=True):
    """file: the script, in the repository. commands: what it runs, as certain as the call itself."""

    file: str
    commands: tuple[Command, ...]


def script_called(
    command: Command, files: TreeFiles, environ: Mapping[str, str | None], *, complete: bool
) -> Called | None:
    """The script that a command is; None where it is none, or is not read to its end. environ: what it begins with."""
    found = _script(command)
    if found is None or command.cwd is None or command.assumed or command.redirections:
        return None
    name, bash, options = found
    path = join(command.cwd, name)
    node = _node(files.tree, path)
    text = files.read(path) if node is not None and node.made.by == "context" else None
    if node is None or text is None or len(text) > _LARGEST or "\r" in text:
        return None
    if bash is None:
        first = text.partition("\n")[0].removeprefix("#!").split()
        words = first[1:] if first and posixpath.basename(first[0]) == "env" else first
        if not text.startswith("#!") or not words or posixpath.basename(words[0]) not in ("sh", "bash"):
            return None
        bash, options = posixpath.basename(words[0]) == "bash", tuple(words[1:])
    if not {*options} <= _OPTIONS:
        return None
    state = ShellState(
        cwd=command.cwd, environ={**environ, **dict(command.exported), **dict(command.environment)}, complete=complete,
        errexit=any("e" in one for one in options if one != "pipefail"), pipefail="pipefail" in options,
    )  # fmt: skip
    script = read_script(text, state, bash=bash)
    if script.opaque is not None:
        return None
    return Called(file=node.made.path, commands=tuple(_within(command, one) for one in script.commands))


def _within(call: Command, inner: Command) -> Command:
    """A command of the script, as certain as the call: what ends the script ends the call."""
    return replace(
        inner, certainty=inner.certainty if call.certainty == "always" else "maybe",
        failure=call.failure if inner.failure == "fails" else inner.failure,
        exported=(*call.exported, *call.environment, *inner.exported), concurrent=call.concurrent or inner.concurrent,
    )  # fmt: skip


def _script(command: Command) -> tuple[str, bool | None, tuple[str, ...]] | None:
    """The file, whether a shell was named that reads bash (None: its first line says), and that shell's options."""
    texts = [word.text for word in command.words]
    if not texts or any(text is None or word.many for text, word in zip(texts, command.words, strict=True)):
        return None
    program, *rest = [text or "" for text in texts]
    if program in _SHELLS:
        options = [one for one in rest if one in _OPTIONS]
        others = [one for one in rest if one not in _OPTIONS]
        is_plain = len(others) == 1 and not others[0].startswith(("-", "/dev/", "/proc/"))
        return (others[0], _SHELLS[program], tuple(options)) if is_plain else None
    return (program, None, ()) if "/" in program and not rest else None


def refusal(command: Command, files: TreeFiles) -> tuple[str, str] | None:
    """Why the system surely does not execute a program by its path: its path, and "mode" or "line-ends"."""
    program = command.words[0].text if command.words else None
    if program is None or "/" not in program or command.cwd is None or command.assumed:
        return None
    path = join(command.cwd, program)
    node = _node(files.tree, path)
    if node is None or node.made.by != "context":
        return None
    if node.mode is not None and not node.mode & 0o111:
        return path, "mode"
    text = files.read(path)
    first = (text or "").partition("\n")[0]
    if first.startswith("#!") and first.endswith("\r") and not git_may_change_line_ends(files.repo):
        return path, "line-ends"
    return None


def git_may_change_line_ends(repo: Snapshot) -> bool:
    """Whether git may give files out with other line ends than it has them with (git-scm.com: gitattributes)."""
    try:
        text = repo.text(".gitattributes") if repo.is_file(".gitattributes") else ""
    except Unreadable:
        return True
    return re.search(r"(?m)^[^#\n]*\s(?:text|eol)\b|\[attr\]", text) is not None


def _node(tree: Folder, path: str) -> File | None:
    try:
        _, node = resolve(tree, path)
    except (Unsure, Refused):
        return None
    return node if isinstance(node, File) else None
