"""What the builtins of a shell do to its state (Shell Command Language, XCU 2.14)."""

import posixpath
from collections.abc import Sequence

from emulator.model.record import replace

from .records import Failure, Word
from .state import State


def after_command(words: Sequence[Word], state: State, *, failure: Failure, on_exit: Failure) -> State:
    """The state after a command that may be a builtin. failure, on_exit: what becomes of the step if the command
    fails, and if its shell ends with another status than 0."""
    name = words[0].text
    arguments = [word.text for word in words[1:]]
    match name:
        case None | "eval" | "getopts" | "mapfile" | "readarray":
            return state.anything()
        case "cd" | "pushd":
            return _moved(arguments, state, surely=failure == "fails")
        case "popd":
            return state.moved(None, surely=True)
        case "exit":
            return replace(state, ended=_ending(arguments, on_exit))
        case "." | "source":
            return _sourced(arguments, state)
        case "set":
            return _options(arguments, state)
        case "export" | "readonly" | "declare" | "typeset" | "local" | "read" | "unset":
            return _declared(name, words[1:], state)
    return state


def _moved(arguments: list[str | None], state: State, *, surely: bool) -> State:
    arguments = [argument for argument in arguments if argument not in ("--", "-L")]
    target = arguments[0] if len(arguments) == 1 else None
    if target == "-":
        return state.moved(state.before, surely=surely)
    if not arguments:
        return state.moved(state.value("HOME")[1], surely=surely)
    cdpath = state.value("CDPATH") if target is not None and not target.startswith(("/", ".")) else (True, None)
    if target is None or target.startswith("-") or cdpath[1]:
        return state.moved(None, surely=surely)
    if state.cwd is None and not target.startswith("/"):
        return state.moved(None, surely=surely)
    if target == "":
        return state.moved(state.cwd, surely=True)
    return state.moved(posixpath.normpath(posixpath.join(state.cwd or "/", target)), surely=surely)


def _ending(arguments: list[str | None], on_exit: Failure) -> str:
    """Whether the step can still succeed after an exit."""
    code = arguments[0] if arguments else None
    failed = code is not None and code.isdecimal() and int(code[:9]) % 256 != 0
    return "failed" if failed and on_exit == "fails" else "left"


ONLY_VARIABLES = {"/etc/os-release", "/usr/lib/os-release", "/etc/lsb-release"}


def sets_variables_alone(file: str | None) -> bool:
    """Whether a sourced file is known to do no more: an activated venv, what a secret holds, a release file."""
    return file is not None and (
        file in ONLY_VARIABLES or file.startswith("/run/secrets/") or file.endswith("/bin/activate")
    )


def _sourced(arguments: list[str | None], state: State) -> State:
    """After `. FILE`. An activated venv sets VIRTUAL_ENV and PATH (Lib/venv/scripts/common/activate)."""
    file = arguments[0] if arguments else None
    if file is not None and file.endswith("/bin/activate") and state.cwd is not None:
        venv = posixpath.normpath(posixpath.join(state.cwd, file.removesuffix("/bin/activate")))
        return state.assigned("VIRTUAL_ENV", venv, exported=True).assigned("PATH", None, exported=True)
    if sets_variables_alone(file):
        return replace(state, changed={}, wild=True)
    return state.anything()


def _options(arguments: list[str | None], state: State) -> State:
    following = False
    sign = ""
    for argument in arguments:
        if argument is None:
            return replace(state, errexit=None, pipefail=None)
        if following:
            state = _option(argument, state, on=sign == "-")
            following = False
            continue
        sign = argument[:1]
        if argument in ("--", "-", "+") or sign not in ("-", "+"):
            break
        if "e" in argument:
            state = replace(state, errexit=sign == "-")
        following = argument.endswith("o")
    return state


def _option(name: str, state: State, *, on: bool) -> State:
    if name == "errexit":
        return replace(state, errexit=on)
    return replace(state, pipefail=on) if name == "pipefail" else state


def _declared(name: str, words: Sequence[Word], state: State) -> State:
    exported = name == "export" or (name in ("declare", "typeset") and any(word.text == "-x" for word in words))
    for word in words:
        target, equals, given = (word.text or word.source).partition("=")
        if not target.replace("_", "a").isalnum():
            if word.text is None:
                return replace(state, changed={}, wild=True)
            continue
        if equals:
            state = state.assigned(target, None if word.text is None else given, exported=exported)
        elif exported:
            state = state.assigned(target, state.value(target)[1], exported=True)
        else:
            state = state.assigned(target, None)
    return state
