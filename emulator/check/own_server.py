"""Where an app that starts a server itself listens: read from the script that the command runs.

Warnings: a script may be told otherwise in ways that its text does not show.
"""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin

from .image_view import view_of
from .listening import LOOPBACK_BIND, PORT_HARD_CODED, how_it_looks, wanted_port
from .servers import is_loopback
from .subject import Subject

if TYPE_CHECKING:
    from .python_binds import Listening, Span


LIBRARIES = ("flask", "quart", "bottle", "uvicorn", "waitress", "aiohttp", "wsgiref", "http", "socketserver")
"""Whose calls `python_binds` reads: a script that names none of them is not parsed."""

RULES = ()
"""Those that it reports are of `listening`."""


def own_server(subject: Subject) -> Iterator[Diagnostic]:
    """The address and the port of the one call that listens."""
    view, run = view_of(subject), subject.started
    if view is None or run is None or not subject.is_looked_for or run.program != "python" or view.directory is None:
        return
    if run.script is None or not run.closed:
        return
    found = view.worked.look(posixpath.join(view.directory, run.script))
    text = view.files.read(found.path) if found.kind == "file" else None
    if text is None or found.made is None or found.made.by != "context":
        return
    if not any(name in text for name in LIBRARIES):
        return
    from .python_binds import listening  # takes long to load

    call = listening(text, view.environ, complete=subject.has_known_base)
    if call is None:
        return
    yield from _loopback(subject, call, found.made.path)
    yield from _hard_coded(subject, call, found.made.path)


def _places(file: str, call: "Listening", said: "Span | None", words: str) -> tuple[Origin, tuple[Related, ...]]:
    """Where it listens, at the literal if that is in the line; else the literal as a second place."""
    whole = Origin(file=file, line=call.line)
    if said is None:
        return whole, ()
    literal = Origin(
        file=file, line=said.line, column=said.column, end_line=said.line, end_column=said.end_column
    )
    return (literal, ()) if said.line == call.line else (whole, (Related(origin=literal, message=words),))


def _loopback(subject: Subject, call: "Listening", file: str) -> Iterator[Diagnostic]:
    if call.host is None or not is_loopback(call.host):
        return
    told = "" if call.host_given else " unless it is given a host"
    place, related = _places(file, call, call.host_at, "the address is set here")
    yield subject.finding(
        LOOPBACK_BIND.code, Severity.WARNING, origin=place, related=related, facts=tuple(how_it_looks(subject)),
        message=f"{call.call} listens on {call.host} alone{told}, which nobody outside the container reaches",
        help='let it listen on every address: host="0.0.0.0"',
    )  # fmt: skip


def _hard_coded(subject: Subject, call: "Listening", file: str) -> Iterator[Diagnostic]:
    wanted = wanted_port(subject)
    if wanted is None or call.port is None or call.port in (wanted, 0):
        return
    if call.host is not None and is_loopback(call.host):
        return
    place, related = _places(file, call, call.port_at, "the port is set here")
    yield subject.finding(
        PORT_HARD_CODED.code, Severity.WARNING, origin=place, related=related,
        message=f"{call.call} listens on port {call.port}; the platform asks port {wanted} and no other",
        help='take the port from the platform: int(os.environ["PORT"])',
    )  # fmt: skip
