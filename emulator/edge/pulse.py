"""Whether an engine that takes connections also answers: one that hangs breaks none, and would be waited for."""

import re
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from .host import Endpoint

OnChange = Callable[[bool, float], None]
"""Whether it is silent now, and for how many seconds it has been, or was."""

_EVERY_S = 3.0
_WITHIN_S = 2.0
_TRIES = 2
"""How often in a row it must not answer: of a process that was stopped meanwhile the time for one is over at once."""
_ASK = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
_PORTS = {False: 2375, True: 2376}
"""Where an engine listens that says nothing else, without TLS and with it."""
_VERSION = re.compile(rb"\r\n[Aa]pi-[Vv]ersion:[ \t]*([0-9.]+)\r\n")


def can_ask(endpoint: Endpoint) -> bool:
    """Whether it can be asked without a program in between."""
    return endpoint.socket is not None or urlsplit(endpoint.url).scheme == "tcp"


def answer(endpoint: Endpoint, within_s: float) -> bytes:
    """What an engine first says to being asked whether it is there; b"" where it hangs up. Raises OSError where it
    takes no connection, TimeoutError where it says nothing in time."""
    end = time.monotonic() + within_s
    with _opened(endpoint, within_s) as line:
        line.sendall(_ASK)
        line.settimeout(max(0.01, end - time.monotonic()))
        return line.recv(4096)


def api_version(told: bytes) -> str | None:
    """The newest version of the API that it names."""
    found = _VERSION.search(told)
    return found[1].decode() if found is not None else None


def _opened(endpoint: Endpoint, within_s: float) -> socket.socket:
    if endpoint.socket is None:
        place = urlsplit(endpoint.url)
        line = socket.create_connection((place.hostname, place.port or _PORTS[endpoint.tls]), timeout=within_s)
        return _secured(line, endpoint, place.hostname) if endpoint.tls else line
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(within_s)
        line.connect(endpoint.socket)
    except OSError:
        line.close()
        raise
    return line


def _secured(line: socket.socket, endpoint: Endpoint, host: str | None) -> socket.socket:
    import ssl  # 20 ms, which who has a socket need not wait for

    try:
        context = ssl.create_default_context(cafile=endpoint.ca)
        if not endpoint.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if endpoint.cert and endpoint.key:
            context.load_cert_chain(endpoint.cert, endpoint.key)
        return context.wrap_socket(line, server_hostname=host)
    except OSError:
        line.close()
        raise


class Pulse:
    """Asks an engine every few seconds, in a thread of its own, until it is closed. One that breaks connections, or
    takes none, is not silent: whoever asks it for something learns of that."""

    def __init__(
        self, endpoint: Endpoint, on_change: OnChange, *, every_s: float = _EVERY_S, within_s: float = _WITHIN_S
    ) -> None:
        self._endpoint = endpoint
        self._on_change = on_change
        self._every_s = every_s
        self._within_s = within_s
        self._end = threading.Event()
        self.is_silent = False
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nothing is told any more."""
        self._end.set()
        self._thread.join(_TRIES * self._within_s + 1.0)

    def _run(self) -> None:
        heard = time.monotonic()
        unheard = 0
        while not self._end.is_set():
            if self._answers():
                if self.is_silent:
                    self._change(False, time.monotonic() - heard)
                heard, unheard = time.monotonic(), 0
                self._end.wait(self._every_s)
                continue
            unheard += 1
            if unheard == _TRIES and not self.is_silent:
                self._change(True, time.monotonic() - heard)

    def _answers(self) -> bool:
        try:
            answer(self._endpoint, self._within_s)
        except TimeoutError:
            return False
        except BlockingIOError:  # too many of our questions wait already
            self._end.wait(self._within_s)
            return False
        except OSError:
            return True
        return True

    def _change(self, is_silent: bool, seconds: float) -> None:  # noqa: FBT001 - as it is told
        self.is_silent = is_silent
        if not self._end.is_set():
            self._on_change(is_silent, seconds)
