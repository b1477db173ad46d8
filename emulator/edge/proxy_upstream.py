"""A connection of the proxy to an instance: it carries one request at a time and brings its answer back."""

import errno
import socket
from typing import TYPE_CHECKING

from emulator.engine.http_body import BadBody, Body
from emulator.engine.http_head import BadHead, ResponseHead

from .proxy_pool import Backend
from .proxy_wire import Wire

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from .proxy_absent import Absent
    from .proxy_client import Client
    from .proxy_core import Core

MAX_HEAD = 64 * 1024
"""Bytes of a response's head: more than any server sends, few enough to keep."""

_CONNECTING, _HEAD, _BODY, _TUNNEL = range(4)


class Upstream(Wire):
    """Belongs to `client` while it carries its request; is idle, in its backend's pool, when there is none."""

    __slots__ = (
        "_body", "_buffer", "_core", "_keep", "_state", "_timer", "backend", "client", "idle_from", "reused",
    )  # fmt: skip

    def __init__(self, core: "Core", backend: Backend) -> None:
        super().__init__(core.poller, socket.socket(backend.family, socket.SOCK_STREAM))
        self._core = core
        self.backend = backend
        self._state = _CONNECTING
        self._buffer = b""
        self._body: Body | None = None
        self._keep = False
        self._timer: TimerHandle | None = None
        self.client: Client | Absent | None = None
        self.idle_from = 0.0
        self.reused = False

    @property
    def answering(self) -> bool:
        """Whether it has the request, in HTTP/1.1."""
        return self._state in (_HEAD, _BODY)

    @property
    def connecting(self) -> bool:
        return self._state == _CONNECTING

    def connect(self, client: "Client") -> None:
        """Begin to connect for a request; `client.connected` or `client.failed` follows, perhaps at once."""
        self.client = client
        client.upstream = self
        self._core.pool.begin(self.backend)
        problem = self._sock.connect_ex(self.backend.address)
        if problem in (0, errno.EINPROGRESS):
            self._timer = self._core.later(self._core.rules.router.connect_timeout_s, self._connect_timed_out)
            self._core.loop.add_writer(self.fd, self._connected)
        else:
            self._fail("refused")

    def carry(self, client: "Client", first: bytes) -> None:
        """Send a request over this idle connection."""
        self.client = client
        client.upstream = self
        self._core.pool.begin(self.backend)
        self.reused = True
        if not self.write(first):
            self._fail("reset", unsent=True)

    def still_quiet(self) -> bool:
        """Whether nothing has come over this idle connection: its end may be here, though nobody was told yet."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            pass
        return False

    def send_first(self, first: bytes) -> None:
        """Send a request over this fresh connection. If it cannot be, reading tells why."""
        self._state = _HEAD
        self.write(first)
        self.resume()

    def begin_tunnel(self, first: bytes) -> None:
        """Pass on what is no HTTP/1.1, over this fresh connection."""
        self._state = _TUNNEL
        self.write(first)
        self.resume()

    def abandon(self) -> None:
        """The request is over before its answer is."""
        self.close()
        self._release()

    def close(self, *, reset: bool = False) -> None:
        if self._timer is not None:
            self._stop_connecting()
        super().close(reset=reset)

    def received(self, data: bytes) -> None:
        if self.client is None:  # nobody asked
            self._leave_pool()
        elif self._state == _HEAD:
            self._take_head(self._buffer + data if self._buffer else data, self.client)
        elif self._state == _BODY:
            self._take_body(data, self.client)
        else:
            self._hand_over(data, self.client)

    def ended(self, problem: OSError | None) -> None:
        client = self.client
        if client is None:
            self._leave_pool()
        elif self._state == _HEAD:
            self._fail("reset", unsent=False)
        elif self._state == _TUNNEL:
            client.tunnel_ended(problem)
        elif self._body is not None and self._body.until_close and problem is None:
            self._let_go(client)
            client.answer_complete()
        else:
            self.abandon()
            client.cut_off()

    def drained(self) -> None:
        if self.client is not None:
            self.client.resume()

    def _release(self) -> None:
        if self.client is not None:
            self.client.upstream = None
            self.client = None
            self._core.pool.done(self.backend)

    def _leave_pool(self) -> None:
        if self in self.backend.idle:
            self.backend.idle.remove(self)
        self.close()

    def _connected(self) -> None:
        self._stop_connecting()
        problem = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem or self.client is None:
            self._fail("refused")
        else:
            self.client.connected()

    def _connect_timed_out(self) -> None:
        self._fail("refused")

    def _stop_connecting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._core.loop.remove_writer(self.fd)

    def _fail(self, kind: str, *, unsent: bool = True) -> None:
        """No answer will come. `unsent`: the instance got nothing of the request."""
        client, untried = self.client, self.connecting
        self.abandon()
        if client is not None:
            again = self.reused and not self._buffer and (unsent or client.idempotent)
            client.failed(kind, self.backend, untried=untried, again=again)

    def _take_head(self, data: bytes, client: "Client | Absent") -> None:
        while True:
            end = data.find(b"\r\n\r\n") + 4
            if end < 4:
                self._buffer = data
                if len(data) > MAX_HEAD:
                    self._fail("invalid", unsent=False)
                return
            head = data if end == len(data) else data[:end]
            try:
                response = client.read_response(head)
            except BadHead:
                self._reject(data, "invalid")
                return
            if response.too_large and not client.asked_head:
                self._reject(data, "answer_too_large")
                return
            if response.status >= 200 or response.status == 101:
                break
            client.interim(response)
            self.reused = False  # it did answer: the request is not sent again
            data = data[end:]
            if not data or self.client is None:
                self._buffer = b""
                return
        self._buffer = b""
        rest = data[end:]
        self._keep = response.keep
        length = 0 if client.asked_head else response.length
        if response.status == 101:
            self._switch(response, rest, client)
        elif length == len(rest):  # all of it is here, as mostly
            self._let_go(client)
            client.begin_answer(response, length, rest)
            client.answer_complete()
        else:
            self._begin_body(response, length, rest, client)

    def _reject(self, data: bytes, kind: str) -> None:
        """What it answered is not passed on."""
        self._buffer = data
        self._fail(kind, unsent=False)

    def _begin_body(self, response: ResponseHead, length: int, rest: bytes, client: "Client | Absent") -> None:
        self._state = _BODY
        self._body = Body(length, unwrap=client.unwrap)
        client.begin_answer(response, length, b"")
        if self.client is client:
            self._take_body(rest, client)

    def _switch(self, response: ResponseHead, rest: bytes, client: "Client | Absent") -> None:
        if not client.may_upgrade:
            self._fail("invalid", unsent=False)
            return
        self._state = _TUNNEL
        client.begin_tunnel(response)
        if rest and self.client is client:
            self._hand_over(rest, client)

    def _take_body(self, data: bytes, client: "Client | Absent") -> None:
        body = self._body
        assert body is not None
        try:
            taken = body.feed(data)
        except BadBody:
            self.abandon()
            client.cut_off()
            return
        if taken != len(data):
            self._keep = False  # it said more than it announced
            data = data[:taken]
        data = body.contents(data)
        if not body.done:
            self._hand_over(data, client)
            return
        self._let_go(client)
        if data:
            client.respond(data)
        client.answer_complete()

    def _hand_over(self, data: bytes, client: "Client | Absent") -> None:
        if data:
            client.respond(data)
        if self.client is client and client.congested:
            self.pause()

    def _let_go(self, client: "Client | Absent") -> None:
        """The answer is whole: this connection is free for the next request, or closed. That comes before the client
        gets the end of its answer, so that what it does next finds it done."""
        core = self._core
        core.end(client)
        if self._keep and client.said_all and self.backend.live and not (self.broken or self.heard_all):
            self._state = _HEAD
            if not self._reading:
                self.resume()
            client.upstream = self.client = None
            core.pool.done(self.backend)
            core.keep_idle(self)
        else:
            self.abandon()
