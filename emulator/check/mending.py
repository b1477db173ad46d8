"""Fixes of a command where it is written: one for each finding that has one right answer."""

import json
import re
from shlex import quote

from emulator.formats.editing import instead_of
from emulator.model.diagnostic import Fix
from emulator.model.origin import Origin

from .command import Started
from .servers import HOST_OPTIONS, Binding
from .subject import Subject

_INSTRUCTION = r"(?s)\s*(CMD|ENTRYPOINT)\s+(.*?)\s*"


def open_address(subject: Subject, run: Started, found: Binding) -> Fix | None:
    """Listen on every address: in place of the one that is given, or as an option of its own."""
    if found.host_given:
        host = found.host or ""
        return subject.replaced(host, "0.0.0.0") if host and ":" not in host else None  # noqa: S104
    option = HOST_OPTIONS[run.program]
    if option.with_port:
        return None
    behind = option.behind or run.program
    if _as_list(subject.written) is not None:
        return subject.replaced(f'"{behind}"', f'"{behind}", "{option.name}", "0.0.0.0"')
    return subject.replaced(behind, f"{behind} {option.every_address('')}")


def through_a_shell(subject: Subject, run: Started) -> Fix | None:
    """An instruction in exec form as a line that a shell gives way to, so that its variables are replaced."""
    words, origin = _as_list(subject.written), subject.origin
    command = subject.container.command
    if words is None or origin is None or origin.end_line is None or command is None:
        return None
    if command.argv is None or list(command.argv) != words or not run.program:
        return None
    line = " ".join(word if re.fullmatch(r"[\w./:@%+=,-]*\$(?:PORT|\{PORT\})", word) else quote(word) for word in words)
    keyword = subject.written.split(None, 1)[0]
    return instead_of(origin, f"{keyword} exec {line}", message="let a shell replace $PORT, and give way to the server")


def port_from_variable(subject: Subject, port: int) -> Fix | None:
    """The platform's port in place of a number, where a shell reads the command; without a platform it stays."""
    if "PORT" not in subject.environ or _as_list(subject.written) is not None:
        return None
    run = subject.started
    if run is None or run.shell is None:
        return None
    return subject.replaced(str(port), f"${{PORT:-{port}}}")


def gives_way(subject: Subject) -> Fix | None:
    """`exec` before the last command of a line that has no quotes to mislead."""
    text, origin = subject.written, subject.origin
    match = re.fullmatch(_INSTRUCTION, text)
    if origin is None or match is None:
        return None
    message = "let the shell give way to the app: exec"
    words = _as_list(text)
    if words is not None:
        if len(words) != 3 or words[1] != "-c" or _several(words[2]):
            return None
        old, new = (json.dumps(word, ensure_ascii=False) for word in (words[2], f"exec {words[2]}"))
        return subject.replaced(old, new)
    line = match[2]
    if _several(line):
        return None
    start = _before(origin, text[: match.start(2)])
    return instead_of(start, "exec ", message=message)


def _several(line: str) -> bool:
    """Whether the line is more than one plain command, or nothing that begins with its program."""
    return bool(re.search(r"[;&|<>()`'\"\n]", line)) or re.match(r"\w+=", line) is not None


def _before(origin: Origin, head: str) -> Origin:
    """The empty place behind `head`, which begins at a place and stays on its line."""
    column = origin.column + len(head)
    return Origin(file=origin.file, line=origin.line, column=column, end_line=origin.line, end_column=column - 1)


def _as_list(text: str) -> list[str] | None:
    """The words of an instruction in exec form; None for any other text."""
    match = re.fullmatch(_INSTRUCTION, text)
    body = match[2] if match else text.strip()
    try:
        words = json.loads(body) if body.startswith("[") else None
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None
