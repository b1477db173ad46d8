"""Where a Node script itself listens: the one call of `listen` in the file that the command runs.

Warnings: a script may be told otherwise in ways that its text does not show. nodejs.org, net, `server.listen(port,
host)`: without a host it is every address; fastify.dev, "listen": without one it is localhost.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.origin import Origin

from .image_view import view_of
from .listening import LOOPBACK_BIND, PORT_HARD_CODED, how_it_looks, wanted_port
from .servers import is_loopback
from .subject import Subject

RULES = ()
"""Those that it reports are of `listening`."""

_CALL = re.compile(r"(?<![\w$.])(?P<who>[\w$]+)\.listen\(\s*(?P<what>[^\n]*)")
_VALUE = r"(?:'[^'\n]*'|\"[^\"\n]*\"|\d+|[A-Za-z_$][\w$]*)"
_PLAIN = re.compile(rf"(?P<port>[^,(){{}}\n]+?)\s*(?:,\s*(?P<host>{_VALUE})\s*)?(?:,|\)|$)")
_FIELDS = re.compile(r"\{(?P<inside>[^{}\n]*)\}")


class _Listening(NamedTuple):
    """call: as people write it; host, port: None where not known. is_default: whether the host is the library's own."""

    call: str
    line: int
    host: str | None
    port: int | None
    is_default: bool = False


def own_node_server(subject: Subject) -> Iterator[Diagnostic]:
    """The address and the port of that call."""
    view, run = view_of(subject), subject.started
    if view is None or run is None or not subject.is_looked_for or run.script is None or view.directory is None:
        return
    found = view.worked.look(posixpath.join(view.directory, run.script))
    text = view.files.read(found.path) if found.kind == "file" else None
    if text is None or found.made is None or found.made.by != "context" or not run.closed:
        return
    call = listening(text)
    if call is None:
        return
    place = Origin(file=found.made.path, line=call.line)
    if call.host is not None and is_loopback(call.host):
        told = " unless it is given a host" if call.is_default else ""
        yield subject.finding(
            LOOPBACK_BIND.code, Severity.WARNING, origin=place, facts=tuple(how_it_looks(subject)),
            message=f"{call.call} listens on {call.host} alone{told}, which nobody outside the container reaches",
            help="let it listen on every address: '0.0.0.0'",
        )  # fmt: skip
        return
    wanted = wanted_port(subject)
    if wanted is not None and call.port is not None and call.port not in (wanted, 0):
        yield subject.finding(
            PORT_HARD_CODED.code, Severity.WARNING, origin=place,
            message=f"{call.call} listens on port {call.port}; the platform asks port {wanted} and no other",
            help="take the port from the platform: process.env.PORT",
        )  # fmt: skip


def listening(text: str) -> _Listening | None:
    """The one call of `listen` in a script; None when there is none, more than one, or it is not understood."""
    code = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", lambda gone: re.sub(r"[^\n]", " ", gone[0]), text, flags=re.DOTALL)
    calls = list(_CALL.finditer(code))
    if len(calls) != 1 or code.count(".listen(") != 1:
        return None
    call, line = calls[0], code.count("\n", 0, calls[0].start()) + 1
    fields = _FIELDS.match(call["what"])
    said = _fields(fields["inside"]) if fields is not None else _PLAIN.match(call["what"])
    if said is None:
        return None
    name = f"{call['who']}.listen"
    host = _text(code, said["host"]) if said["host"] else None
    port = _number(code, said["port"]) if said["port"] else None
    is_fastify = fields is not None and not said["host"] and re.search(r"['\"]fastify['\"]", code) is not None
    return _Listening(name, line, "localhost" if is_fastify else host, port, is_fastify)


def _fields(inside: str) -> dict[str, str] | None:
    """Of `{ port: 3000, host }`; None where there is more than can be told."""
    if "..." in inside:
        return None
    found = {"port": "", "host": ""}
    for part in inside.split(","):
        name, colon, value = (one.strip() for one in part.partition(":"))
        if name in found:
            found[name] = value if colon else name
    return found


def _number(code: str, word: str) -> int | None:
    value = _literal(code, word)
    return int(value) if value.isdigit() and "env.PORT" not in code and "env['PORT']" not in code else None


def _text(code: str, word: str) -> str | None:
    value = _literal(code, word)
    return value[1:-1] if value[:1] in ("'", '"') else None


def _literal(code: str, word: str) -> str:
    """The literal that a word is, or that the one assignment of its name gives; "" where it is none."""
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", word):
        return word if re.fullmatch(_VALUE, word) else ""
    name = re.escape(word)
    given = re.findall(rf"(?<![\w$.]){name}\s*=(?!=)\s*([^;\n]*)", code)
    return given[0].strip() if len(given) == 1 and re.fullmatch(_VALUE, given[0].strip()) else ""
