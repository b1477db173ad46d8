"""A rewrite to another server's address: the request goes there, and its answer comes back as it is."""

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from emulator.engine.site import Answer

if TYPE_CHECKING:
    from .site import _Handler

_HOP = frozenset(
    (
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "host", "content-length", "date",
    )
)  # fmt: skip
"""Headers that are between two neighbours, or that are written anew."""
_TIMEOUT_S = 60.0
_PIECE = 1 << 16


class Elsewhere(NamedTuple):
    """neighbours: hosts of other services, and their names. url_of: where such a service is reached on this machine."""

    neighbours: Mapping[str, str]
    url_of: Callable[[str], str | None]

    def at(self, url: str) -> tuple[str | None, dict[str, str]]:
        """Where a URL leads from here, and what its request has to say besides; None: to a service that is not live."""
        try:
            parts = urlsplit(url)
            name = self.neighbours.get((parts.hostname or "").lower())
        except ValueError:
            return url, {}  # whoever asks there says what is wrong with it
        if name is None:
            return url, {}
        local = self.url_of(name)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        return (local + path if local is not None else None), {"Host": parts.netloc}


def forward(handler: "_Handler", answer: Answer, elsewhere: Elsewhere) -> None:
    """Ask the other server the same, and send what it says; what cannot be asked is a 502 that says why."""
    import urllib3

    assert answer.forward_to is not None
    body = _body(handler)
    if body is None:
        handler.close_connection = True
        handler.send_head(411, (), 0)
        return
    headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP}
    url, more = elsewhere.at(answer.forward_to)
    if url is None:
        _bad_gateway(handler, f"{answer.forward_to} leads to a service that is not live here")
        return
    pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_S)
    try:
        got = pool.request(
            handler.command, url, body=body, headers=headers | more, redirect=False, preload_content=False,
            decode_content=False,
        )  # fmt: skip
    except (urllib3.exceptions.HTTPError, ValueError) as problem:
        _bad_gateway(handler, f"{answer.forward_to} cannot be reached: {problem}")
        return
    with got:
        _send(handler, answer, got)
    pool.clear()


def _bad_gateway(handler: "_Handler", why: str) -> None:
    text = f"emu: {why}\n".encode()
    handler.send_head(502, (("Content-Type", "text/plain; charset=utf-8"),), len(text))
    handler.wfile.write(b"" if handler.command == "HEAD" else text)


def _body(handler: BaseHTTPRequestHandler) -> bytes | None:
    """The request's body; None where its length is not told."""
    if handler.headers.get("Transfer-Encoding"):
        return None
    length = handler.headers.get("Content-Length", "0")
    return handler.rfile.read(int(length)) if length.isdigit() else None


def _send(handler: "_Handler", answer: Answer, got: "urllib3.BaseHTTPResponse") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Its status and headers, with the site's own rules over them, and its body until it ends."""
    ours = {name.lower() for name, _ in answer.headers}
    kept = [(n, v) for n, v in got.headers.items() if n.lower() not in _HOP and n.lower() not in ours]
    length = got.headers.get("Content-Length")
    is_bodiless = handler.command == "HEAD" or got.status in (204, 304)
    if length is None and not is_bodiless:
        handler.close_connection = True  # its end is the body's
    handler.send_head(got.status, (*kept, *answer.headers), int(length) if length and length.isdigit() else None)
    if not is_bodiless:
        for piece in got.stream(_PIECE, decode_content=False):
            handler.wfile.write(piece)
