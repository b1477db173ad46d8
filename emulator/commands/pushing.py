"""What a pre-push hook is told and says, and the script that it is. Pure.

git-scm.com/docs/githooks#_pre_push: a line for each ref, "<local ref> <local name> <remote ref> <remote name>"; a name
of zeros where there is none, as the local one of a ref that is deleted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from shlex import quote

from emulator.model.record import Record

MARK = "# Put here by `emu hooks install`"
NAME, BEFORE = "pre-push", "pre-push.before-emu"

_SHORT, _REFS = 8, 3
"""Digits of a commit's name, and refs, that a person is shown."""

_NOT_DEPLOYED = ("refs/tags/", "refs/notes/", "refs/replace/")


class Push(Record, frozen=True, kw_only=True):
    """A commit that is pushed. commit: its name, or one of its refs. refs: where to, as a person names them, each
    "main → main"."""

    commit: str
    refs: tuple[str, ...]

    def __str__(self) -> str:
        commit = self.commit[:_SHORT] if re.fullmatch("[0-9a-f]{40,64}", self.commit) else _short(self.commit)
        named = [*self.refs[:_REFS], *([f"and {len(self.refs) - _REFS} more"] if len(self.refs) > _REFS else [])]
        return f"{commit} ({', '.join(named)})" if named else commit


def pushes(lines: str) -> tuple[Push, ...]:
    """The commits that a push brings, each once. Refs that are deleted bring none; tags and notes are not deployed."""
    found: dict[str, list[str]] = {}
    for line in lines.splitlines():
        parts = line.split(" ")
        if len(parts) != 4:
            continue
        local, commit, remote, _ = parts
        if not commit.strip("0") or remote.startswith(_NOT_DEPLOYED):
            continue
        found.setdefault(commit, []).append(f"{_short(local)} → {_short(remote)}")
    return tuple(Push(commit=commit, refs=tuple(refs)) for commit, refs in found.items())


def told_by_pre_commit(environ: Mapping[str, str]) -> tuple[Push, ...] | None:
    """The one commit that pre-commit has its hooks see of a push, by its variables (pre_commit/commands/hook_impl.py);
    None where it does not run us. Of a push that brings the first commit of all it names the refs alone."""
    local, remote = environ.get("PRE_COMMIT_LOCAL_BRANCH"), environ.get("PRE_COMMIT_REMOTE_BRANCH")
    commit = environ.get("PRE_COMMIT_TO_REF") or local
    if not commit:
        return None
    if remote and remote.startswith(_NOT_DEPLOYED):
        return ()
    refs = (f"{_short(local)} → {_short(remote)}",) if local and remote else ()
    return (Push(commit=commit, refs=refs),)


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def script(command: Sequence[str], options: Sequence[str]) -> str:
    """The hook: the one that was there before runs first, with the same input. command: what starts emu here."""
    start = " ".join(map(quote, command))
    given = "".join(f" {quote(option)}" for option in options)
    program = quote(command[0])
    return f"""\
#!/bin/sh
{MARK}, removed by `emu hooks uninstall`.
# It checks the commits that are pushed. `git push --no-verify` goes past it.
pushed=$(cat)
before=$(dirname -- "$0")/{BEFORE}
if [ -x "$before" ]; then
    printf '%s\\n' "$pushed" | "$before" "$@" || exit
fi
[ -n "$pushed" ] || exit 0
if [ ! -x {program} ]; then
    echo "emu is not at "{program}" any more, so nothing is checked; \\`emu hooks install\\` puts that right." >&2
    echo "To push all the same: git push --no-verify" >&2
    exit 1
fi
printf '%s\\n' "$pushed" | {start} hooks {NAME} "$@"{given}
"""


def is_ours(text: str | None) -> bool:
    """Whether a hook is the script."""
    return text is not None and MARK in text


def options_of(text: str) -> str:
    """The options with which a script of ours was put there."""
    last = text.rstrip("\n").rpartition("\n")[2]
    return last.partition(f' hooks {NAME} "$@"')[2].strip()


class Manager(Record, frozen=True, kw_only=True):
    """A program that has the repository's hooks in its hand. file: what tells so; add: what to put where."""

    name: str
    file: str
    where: str
    add: str


_LEFTHOOK = ("lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml", "lefthook.toml", "lefthook.json")


def manager(has: Callable[[str], bool], options: Sequence[str]) -> Manager | None:
    """The one whose files are in the repository. has: whether there is something of that name at its top."""
    words = "".join(f" {quote(option)}" for option in options)
    run = f"emu hooks {NAME}{words}"
    if has(".husky"):
        return Manager(name="husky", file=".husky", where=".husky/pre-push", add=f'emu hooks {NAME} "$@"{words}\n')
    if (file := next(filter(has, _LEFTHOOK), None)) is not None:
        add = f"pre-push:\n  commands:\n    emu:\n      run: {run}\n      use_stdin: true\n"
        return Manager(name="lefthook", file=file, where=file, add=add)
    if has(".pre-commit-config.yaml"):
        add = (
            "  - repo: local\n    hooks:\n      - id: emu\n        name: emu\n"
            f"        entry: {run}\n        language: system\n        stages: [pre-push]\n"
            "        pass_filenames: false\n        always_run: true\n"
        )
        where = ".pre-commit-config.yaml, and run `pre-commit install --hook-type pre-push`"
        return Manager(name="pre-commit", file=".pre-commit-config.yaml", where=where, add=add)
    return None
