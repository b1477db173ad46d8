"""What the names of commands mean to a shell: how a command surely ends, and shells in a shell."""

import posixpath
from collections.abc import Mapping
from typing import Literal

from emulator.model.record import Record

from .nodes import (
    AndOr,
    Group,
    Node,
    Simple,
)
from .records import Word

SHELLS = {"sh", "bash", "dash", "ash"}

TRANSPARENT = {"exec", "command", "builtin"}
"""They run the command that follows them."""

SUCCEED = {"true", ":", "echo", "printf"}

Outcome = Literal["exits", "leaves", "succeeds", "fails", "as-before"]
"""exits: the shell ends with another status than 0; leaves: with 0; as-before: with that of the last command."""


class NestedShell(Record, frozen=True):
    """`sh -c SCRIPT`."""

    script: str
    bash: bool
    errexit: bool
    pipefail: bool


def ends(node: Node) -> Outcome | None:
    """How a simple command surely ends, by its name."""
    if not isinstance(node, Simple) or not node.words or node.test:
        return None
    name = node.words[0].plain
    arguments = [word.plain for word in node.words[1:]]
    if name == "exit":
        if not arguments or arguments[0] is None:
            return "as-before"
        if not arguments[0].isdecimal():
            return None
        return "exits" if int(arguments[0][:9]) % 256 else "leaves"
    if name == "false":
        return "fails"
    return "succeeds" if name in SUCCEED and not node.redirections else None


def outcome_of(node: Node, functions: Mapping[str, object]) -> Outcome | None:
    """How a command surely ends; None where that is not certain."""
    match node:
        case Simple():
            name = node.words[0].plain if node.words else None
            outcome = None if name in functions else ends(node)
            return None if outcome == "as-before" else outcome
        case Group():
            outcome = _of_list(node, functions)
            if not node.subshell:
                return outcome
            return "fails" if outcome == "exits" else "succeeds" if outcome == "leaves" else outcome
        case AndOr():
            only_and = all(operator == "&&" for operator in node.operators)
            last = outcome_of(node.parts[-1], functions)
            return "fails" if only_and and last in ("exits", "fails") else None
    return None


def _of_list(node: Group, functions: Mapping[str, object]) -> Outcome | None:
    items = node.body.items
    if any(item.background for item in items) or node.redirections:
        return None
    for index, item in enumerate(items):
        last = index == len(items) - 1
        outcome = outcome_of(item.node, functions)
        if last or outcome in ("exits", "leaves"):
            return outcome
        if not isinstance(item.node, Simple) or (ends(item.node) is None and not _harmless(item.node, functions)):
            return None
    return None


def _harmless(node: Simple, functions: Mapping[str, object]) -> bool:
    """Whether it cannot end the shell with status 0."""
    name = node.words[0].plain if node.words else ""
    return name is not None and name not in functions and name not in ("exec", "eval", ".", "source", "return")


_NAMED_OPTIONS = ("errexit", "pipefail", "errtrace", "functrace", "nounset", "xtrace")
"""Names after -o that are understood. Only the first two change how a failure ends the script."""


def nested_shell(words: list[Word]) -> NestedShell | None:
    """The script of `sh -c SCRIPT`, with the options that are understood; None for anything else."""
    name = words[0].text
    if name is None or posixpath.basename(name) not in SHELLS or any(word.many for word in words):
        return None
    errexit = pipefail = False
    arguments = [word.text for word in words[1:]]
    while arguments and (option := arguments.pop(0)) is not None:
        if option == "-o":
            named = arguments.pop(0) if arguments else None
            if named not in _NAMED_OPTIONS:
                return None
            pipefail = pipefail or named == "pipefail"
            errexit = errexit or named == "errexit"
        elif option.startswith("-") and option.strip("-euxc") in ("", "o") and len(option) > 1:
            errexit = errexit or "e" in option
            if option.endswith("o"):
                arguments.insert(0, "-o")
            if "c" in option:
                return _with_script(arguments, name, errexit=errexit, pipefail=pipefail)
        else:
            return None
    return None


def _with_script(arguments: list[str | None], name: str, *, errexit: bool, pipefail: bool) -> NestedShell | None:
    while len(arguments) > 1 and arguments[0] == "-o":
        pipefail = pipefail or arguments[1] == "pipefail"
        errexit = errexit or arguments[1] == "errexit"
        arguments = arguments[2:]
    script = arguments[0] if arguments else None
    return None if script is None else NestedShell(script, posixpath.basename(name) == "bash", errexit, pipefail)
