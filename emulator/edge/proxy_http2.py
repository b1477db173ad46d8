"""Whether an instance speaks HTTP/2: asked before it gets the request of a client that does not.

A platform that speaks HTTP/2 to a service turns every request into it, so that an instance without HTTP/2 answers none.
"""

from .proxy_upstream import Upstream

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""The frame with which either side begins: length, type, flags, stream."""


class Http2Question(Upstream):
    """Belongs to a client like the connection that will carry its request, and counts as one that connects until it is
    answered."""

    __slots__ = ("_heard",)

    def send_first(self, _first: bytes) -> None:
        """Ask; the request is sent over the next connection."""
        self._heard = b""
        self.write(_PREFACE + _SETTINGS)
        self.resume()

    def received(self, data: bytes) -> None:
        self._heard += data
        if len(self._heard) < len(_SETTINGS):
            return
        client = self.client
        if self._heard[3:9] != _SETTINGS[3:]:
            self._fail("invalid")
        elif client is not None:
            self.backend.speaks_http2 = True
            self.abandon()
            client.failed("invalid", self.backend, untried=False, again=True)

    def ended(self, _problem: OSError | None) -> None:
        self._fail("invalid")
