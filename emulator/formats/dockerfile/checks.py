"""What Docker refuses about the arguments of one instruction (instructions/parse.go)."""

from collections.abc import Callable, Iterator

from emulator.model.diagnostic import Diagnostic, error

from .health import interval_problem, retries_problem
from .records import Instruction
from .splitting import heredoc_head

_STAGE_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")

_EXAMPLES = {
    "ARG": "ARG VERSION=1",
    "ENV": "ENV NAME=value",
    "LABEL": "LABEL name=value",
    "EXPOSE": "EXPOSE 8000",
    "VOLUME": "VOLUME /data",
    "USER": "USER app",
    "WORKDIR": "WORKDIR /app",
    "STOPSIGNAL": "STOPSIGNAL SIGTERM",
    "MAINTAINER": 'LABEL org.opencontainers.image.authors="name"',
    "ONBUILD": "ONBUILD RUN command",
    "HEALTHCHECK": "HEALTHCHECK CMD command, or HEALTHCHECK NONE",
    "SHELL": 'SHELL ["/bin/bash", "-c"]',
}


def argument_problems(instruction: Instruction) -> Iterator[Diagnostic]:
    """What is missing from or wrong with the arguments; values that need variables are not looked at."""
    check = _CHECKS.get(instruction.keyword)
    if check is not None:
        yield from check(instruction)


def _needs_one(instruction: Instruction) -> Iterator[Diagnostic]:
    if not instruction.text or (instruction.keyword == "VOLUME" and instruction.json == ()):
        keyword = instruction.keyword
        yield error(
            "dockerfile/missing-argument",
            f"{keyword} has no argument",
            origin=instruction.origin,
            help=f"write for example: {_EXAMPLES[keyword]}",
        )


def _named(instruction: Instruction) -> Iterator[Diagnostic]:
    yield from _needs_one(instruction)
    for pair in instruction.pairs:
        if not pair.key:
            yield error(
                "dockerfile/blank-name",
                f"{instruction.keyword} sets a value with no name before the =",
                origin=pair.origin,
                help=f"write for example: {_EXAMPLES[instruction.keyword]}",
            )


def _volume(instruction: Instruction) -> Iterator[Diagnostic]:
    yield from _needs_one(instruction)
    for word in instruction.words:
        if not word.text.strip():
            yield error(
                "dockerfile/missing-argument",
                "VOLUME names an empty path",
                origin=word.origin,
                help="write for example: VOLUME /data",
            )


def _shell(instruction: Instruction) -> Iterator[Diagnostic]:
    if instruction.text and instruction.json is None:
        yield error(
            "dockerfile/shell-not-json",
            "SHELL takes a JSON array",
            origin=instruction.origin,
            help='write for example: SHELL ["/bin/bash", "-c"]',
        )
    elif not instruction.json:
        yield error(
            "dockerfile/missing-argument",
            "SHELL has no argument",
            origin=instruction.origin,
            help='write for example: SHELL ["/bin/bash", "-c"]',
        )


def _copy(instruction: Instruction) -> Iterator[Diagnostic]:
    keyword, words = instruction.keyword, instruction.words
    if len(words) < 2:
        missing = "destination" if words else "source and no destination"
        yield error(
            "dockerfile/missing-argument",
            f"{keyword} has no {missing}",
            origin=instruction.origin,
            help=f"write {keyword} SOURCE DESTINATION, for example: {keyword} . /app",
        )
    elif heredoc_head(words[-1].text) is not None:
        yield error(
            "dockerfile/bad-heredoc",
            f"the destination of {keyword} is a here-document",
            origin=words[-1].origin,
            help=f"write the destination last: {keyword} <<NAME /path",
        )


def _from(instruction: Instruction) -> Iterator[Diagnostic]:
    words = instruction.words
    if len(words) == 3 and words[1].text.upper() == "AS":
        name = words[2].text.lower()
        if not ("a" <= name[0] <= "z" and _STAGE_NAME.issuperset(name)):
            yield error(
                "dockerfile/bad-stage-name",
                f"{words[2].text} cannot be the name of a stage",
                origin=words[2].origin,
                help="begin with a letter and use letters, digits, - _ and . only",
            )
    elif len(words) != 1:
        yield error(
            "dockerfile/bad-from",
            f"FROM has {len(words)} arguments" if words else "FROM names no image",
            origin=instruction.origin,
            help="write FROM IMAGE, or FROM IMAGE AS NAME",
        )


def _health(instruction: Instruction) -> Iterator[Diagnostic]:
    words = instruction.words
    kind = words[0].text.upper() if words else ""
    help = f"write {_EXAMPLES['HEALTHCHECK']}"
    code = "dockerfile/bad-healthcheck"
    if not words:
        yield error("dockerfile/missing-argument", "HEALTHCHECK has no argument", origin=instruction.origin, help=help)
    elif kind == "NONE" and len(words) > 1:
        help = "remove what follows NONE"
        yield error(code, "HEALTHCHECK NONE takes no arguments", origin=words[1].origin, help=help)
    elif kind not in ("NONE", "CMD"):
        yield error(code, f"HEALTHCHECK has no kind {words[0].text}", origin=words[0].origin, help=help)
    elif kind == "CMD" and (len(words) == 1 or instruction.json == ()):
        yield error(code, "HEALTHCHECK CMD has no command", origin=instruction.origin, help=help)
    if kind != "CMD":
        return
    for flag in instruction.flags:
        problem = (retries_problem if flag.name == "retries" else interval_problem)(flag.value or "")
        if problem:
            help = "write for example: --interval=30s --retries=3"
            yield error(code, f"--{flag.name}: {problem}", origin=flag.origin, help=help)


_CHECKS: dict[str, Callable[[Instruction], Iterator[Diagnostic]]] = {
    "ADD": _copy,
    "ARG": _named,
    "COPY": _copy,
    "ENV": _named,
    "EXPOSE": _needs_one,
    "FROM": _from,
    "HEALTHCHECK": _health,
    "LABEL": _named,
    "MAINTAINER": _needs_one,
    "ONBUILD": _needs_one,
    "SHELL": _shell,
    "STOPSIGNAL": _needs_one,
    "USER": _needs_one,
    "VOLUME": _volume,
    "WORKDIR": _needs_one,
}
