"""A client's connection to the proxy: one request after the other, each answered by an instance or by the proxy."""

import socket
from http import HTTPStatus
from typing import TYPE_CHECKING

from emulator.engine.http_body import UNTIL_CLOSE, BadBody, Body, TooLarge
from emulator.engine.http_head import BadHead, RequestHead, ResponseHead
from emulator.engine.http_stamp import Facts

from .proxy_absent import Absent
from .proxy_http2 import Http2Question
from .proxy_pool import Backend
from .proxy_upstream import Upstream
from .proxy_wire import READ, Wire

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from .proxy_core import Core, Rules

LINGER_S = 2.0
"""How long a client that still sends is listened to after its answer, so that it gets to read it."""

_AFFINITY_S = 30 * 24 * 3600
"""How long a client stays with an instance, at most."""

_IDEMPOTENT = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))
_HTTP2 = b"PRI * HTTP/2.0\r\n\r\n"
"""How a client begins that knows that HTTP/2 is spoken."""
_NO_REQUEST = RequestHead(method=b"", length=0, host=b"", start=b"", rest=b"")

_HEAD, _BODY, _WAIT, _TUNNEL, _OVER = range(5)


class Client(Wire):
    """Its state says what it sends: a request's head, its body, nothing more for now, another protocol, or nothing
    that matters any more."""

    __slots__ = (
        "_address",
        "_answered",
        "_block",
        "_body",
        "_buffer",
        "_close",
        "_core",
        "_facts",
        "_first",
        "_had",
        "_has",
        "_linger",
        "_request",
        "_response_block",
        "_rules",
        "_scanned",
        "_state",
        "_timer",
        "_tried",
        "_unframed",
        "group",
        "upstream",
    )  # fmt: skip

    def __init__(self, core: "Core", sock: socket.socket, address: str) -> None:
        super().__init__(core.poller, sock)
        self._core = core
        self._address = address.encode()
        self._state = _HEAD
        self._buffer = b""
        self._scanned = 0
        self._timer: TimerHandle | None = None
        self._linger = False
        self._request = _NO_REQUEST
        self._body = Body(0)
        self._first: bytes | None = None
        self._tried: set[Backend] = set()
        self._answered = self._close = self._unframed = False
        self.upstream: Upstream | None = None
        self._had: Backend | None = None
        """The instance that its cookie names."""
        self._has: Backend | None = None
        """The one that takes its request."""
        self.group = core.groups.sole
        """Whose instances take its request."""
        self._learn(core.rules)

    @property
    def said_all(self) -> bool:
        """Whether the request being answered came to its end."""
        return self._state == _WAIT

    @property
    def idempotent(self) -> bool:
        return self._request.method in _IDEMPOTENT

    @property
    def asked_head(self) -> bool:
        """Whether the answer has no body, whatever it says."""
        return self._request.method == b"HEAD"

    @property
    def unwrap(self) -> bool:
        """Whether it does not understand chunks."""
        return self._request.http10

    @property
    def may_upgrade(self) -> bool:
        return self._state == _WAIT and self._request.upgrade

    # What comes from the client

    def received(self, data: bytes) -> None:
        state = self._state
        if state == _HEAD:
            if self._pending:  # it sends, but does not read its answers
                self._keep_for_later(data)
            else:
                self._take_head(self._buffer + data if self._buffer else data)
        elif state == _BODY:
            self._take_body(data)
        elif state == _WAIT:
            self._keep_for_later(data)
        elif state == _TUNNEL:
            self._pass_on(data)

    def ended(self, problem: OSError | None) -> None:
        if self._state == _TUNNEL:
            self.tunnel_ended(problem)
        elif problem is not None or self._state == _BODY:
            self._leave()
        elif self._state == _HEAD:
            self._next_request()
        elif self._state == _OVER and not self.congested:
            self.close()

    def drained(self) -> None:
        if self.broken:
            self._leave()
        elif self._state == _OVER:
            self._end()
        elif self.upstream is not None:
            self.upstream.resume()
        elif self._state == _HEAD:
            self._next_request()

    def close(self, *, reset: bool = False) -> None:
        super().close(reset=reset)
        self._state = _OVER
        self._core.clients.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What comes of its request

    def connected(self) -> None:
        if self.upstream is not None and self._first is not None:
            if self._state == _TUNNEL:
                self.upstream.begin_tunnel(self._first)
            else:
                self.upstream.send_first(self._first)
            self.resume()
            if self.upstream.congested:
                self.pause()

    def failed(self, kind: str, backend: Backend, *, untried: bool, again: bool) -> None:
        """The instance gave no answer. `untried`: the connection to it could not be opened, so that the request may
        go to another one; `again`: it may go to any, over a new connection."""
        if self._first is not None and untried:
            self._tried.add(backend)
            self._send_on(kind)
        elif self._first is not None and again:
            self._send_on(kind, fresh=True)
        else:
            self.answer_page(kind)

    def read_response(self, head: bytes) -> ResponseHead:
        """Raises BadHead."""
        return self._rules.reader.response(head, self._request.http10)

    def interim(self, response: ResponseHead) -> None:
        """Pass on an answer that another one follows; HTTP/1.0 knows none."""
        if not self._request.http10:
            self.respond(response.start + response.rest)

    def begin_answer(self, response: ResponseHead, length: int, body: bytes) -> None:
        """Pass on the head of the answer and what is there of its body, which will have `length`."""
        self._answered = True
        request = self._request
        if length < 0 and (request.http10 or length == UNTIL_CLOSE):
            self._close = self._unframed = True
        block = self._response_block
        if block is None or response.was:
            block = self._rules.reader.responses.block(self._facts, response.was)
        if self.group.what.affinity is not None and self._has is not None and self._has is not self._had:
            name = self.group.what.affinity.encode()
            block += b"\r\nSet-Cookie: %s=%s; Max-Age=%d; Path=/; HttpOnly" % (name, self._has.token, _AFFINITY_S)
        if self._close:
            block += b"\r\nConnection: close"
        elif request.http10:
            block += b"\r\nConnection: keep-alive"
        if not self.write(b"".join((response.start, block, response.rest, body))):
            self._leave()

    def respond(self, data: bytes) -> None:
        if not self.write(data):
            self._leave()

    def answer_complete(self) -> None:
        if self._close or self._state != _WAIT:
            self._finish()
            return
        self._state = _HEAD
        if self._buffer or self.heard_all:
            self._core.soon(self._next_request)

    def cut_off(self) -> None:
        """The answer will not come to its end, and the client must see that."""
        self._core.end(self)
        if self._unframed:
            self.close(reset=True)
        else:
            self._finish()

    def begin_tunnel(self, response: ResponseHead) -> None:
        self._state = _TUNNEL
        self._core.begin_tunnel(self)
        timeout_s = self._rules.router.upgrade_timeout_s
        if timeout_s is not None:
            self._timer = self._core.later(timeout_s, self._leave)
        self.begin_answer(response, 0, b"")
        self.resume()
        early, self._buffer = self._buffer, b""
        if early:
            self.received(early)

    def tunnel_ended(self, problem: OSError | None) -> None:
        """One side of the tunnel sends no more: the instance's end is that of both, the client's is passed on."""
        upstream = self.upstream
        if upstream is None or problem is not None:
            self._leave(reset=True)
        elif upstream.heard_all:
            upstream.abandon()
            self._core.end(self)
            self._finish()
        else:
            upstream.shut()

    def expired(self) -> None:
        """The time for the request is over."""
        self._answer_at_once("timed_out")

    # Reading a request

    def _learn(self, rules: "Rules") -> None:
        """Headers that are the same for all its requests are made once."""
        self._rules = rules
        self._facts = Facts(client=self._address)
        requests, responses = rules.reader.requests, rules.reader.responses
        self._block = None if requests.varies else requests.block(self._facts, ())
        self._response_block = None if responses.varies else responses.block(self._facts, ())

    def _keep_for_later(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= READ:
            self.pause()

    def _next_request(self) -> None:
        if self._state != _HEAD or self.congested:
            return
        data, self._buffer = self._buffer, b""
        if data:
            self._take_head(data)
        if self.heard_all and self._state == _HEAD:
            self._finish()
        self.resume()

    def _take_head(self, data: bytes) -> None:
        while data.startswith(b"\r\n"):  # old clients send one too many behind a body
            data = data[2:]
        limit = self._rules.router.max_head_bytes
        end = data.find(b"\r\n\r\n", self._scanned) + 4
        self._buffer = b""
        self._scanned = 0
        if 4 <= end <= limit:
            self._begin_request(data, end)
        elif end >= 4 or len(data) > limit:
            self._refuse(431, "the request's head is too large")
        else:
            self._buffer = data
            self._scanned = max(0, len(data) - 3)

    def _begin_request(self, data: bytes, end: int) -> None:
        core = self._core
        if core.rules is not self._rules:
            self._learn(core.rules)
        if self._rules.router.http2 and data.startswith(_HTTP2):
            self._begin_http2(data)
            return
        try:
            head = data if end == len(data) else data[:end]
            request = self._rules.reader.request(head)
            page = request.page
            taken = self._begin_body(request.length, data[end:]) if request.length else 0
        except TooLarge:
            page, taken = "too_large", 0
        except (BadHead, BadBody) as bad:
            self._refuse(bad.status if isinstance(bad, BadHead) else 400, str(bad))
            return
        if not request.length:
            self._state = _WAIT
        self._request = request
        if self._rules.varies:
            self._facts = core.facts(self._address, request.host)
        block = self._block
        if block is None or request.was:
            block = self._rules.reader.requests.block(self._facts, request.was)
        self._first = b"".join((request.start, block, request.rest, data[end : end + taken]))
        if end + taken != len(data):
            self._keep_for_later(data[end + taken :])
        self._answered = self._unframed = False
        self._close = request.close
        if self._tried:
            self._tried = set()
        self.group = core.groups.of(request)
        self._had = None
        if core.groups.cookie is not None and (had := core.groups.known(request)) is not None:
            self._had, self.group = had, had.group
        core.begin(self)
        if page:
            self.answer_page(page)
        else:
            self._send_on("no_instance")

    def _begin_http2(self, data: bytes) -> None:
        """The connection is the instance's from its first byte on."""
        self._first = data
        self.group = self._core.groups.of(_NO_REQUEST)
        self._core.begin(self)
        self._state = _TUNNEL
        self._core.begin_tunnel(self)  # without a limit: it carries any number of requests, each with a time of its own
        self._send_on("no_instance", fresh=True)

    def _begin_body(self, length: int, data: bytes) -> int:
        self._body = Body(length, most=self._rules.most_in_chunks)
        self._state = _BODY
        taken = self._body.feed(data)
        if self._body.done:
            self._state = _WAIT
        return taken

    def _take_body(self, data: bytes) -> None:
        try:
            taken = self._body.feed(data)
        except TooLarge:
            self._answer_at_once("too_large")
            return
        except BadBody as bad:
            self._give_up(str(bad))
            return
        if self._body.done:
            self._state = _WAIT
            if taken != len(data):
                self._keep_for_later(data[taken:])
                data = data[:taken]
        self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        upstream = self.upstream
        is_early = self in self.group.waiting if upstream is None else upstream.connecting
        if is_early:
            self._first = (self._first or b"") + data
            self.pause()
            return
        if upstream is None:
            return
        self._first = None  # from here on it cannot be sent a second time
        upstream.write(data)
        if upstream.congested:
            self.pause()

    def _send_on(self, kind: str, *, fresh: bool = False, in_turn: bool = False) -> None:
        """To an instance; when there is none left to try, the client is told of the last problem. `in_turn`: whether
        it may go before those that wait."""
        core, group = self._core, self.group
        had = self._had
        if had is not None and had not in self._tried and group.has_room(had):
            backend: Backend | None = had
        else:
            backend = group.pick(self._tried) if in_turn or not group.waiting else None
        self._has = backend
        if backend is None or self._first is None:
            self._without_instance(kind)
            return
        upstream = None if fresh else backend.take_idle(core.poller.now)
        if upstream is not None and not self.idempotent and not upstream.still_quiet():
            upstream.close()  # this request could not be sent again
            upstream = None
        if upstream is not None:
            upstream.carry(self, self._first)
            if upstream.congested:
                self.pause()
            return
        asks = self._rules.router.http2 and self._state != _TUNNEL and not backend.speaks_http2
        try:
            upstream = Http2Question(core, backend) if asks else Upstream(core, backend)
        except OSError:  # no file is left to open
            self.answer_page("refused")
        else:
            upstream.connect(self)

    def _without_instance(self, kind: str) -> None:
        """Wait for one that sleeps, or for room, unless that is answered without it; else tell that there is none."""
        group = self.group
        if kind != "no_instance" or self._first is None or not group.what.holds:
            self.answer_page(kind)
        elif group.live or self._request.wakes or self._state == _TUNNEL:
            group.wait(self)
        else:
            self.answer_page("asleep")

    def go_on(self) -> None:
        """The instance that it waited for is awake, or will not be."""
        if self.upstream is None and self._state not in (_HEAD, _OVER):
            self._send_on("no_instance", in_turn=True)

    def change_group(self) -> None:
        """The instances that it waited for get no requests any more: it waits for others."""
        self.group = self._core.groups.of(self._request)
        self._send_on("no_instance")

    # Ending

    def answer_page(self, kind: str) -> None:
        """The proxy answers by itself, with the page for this case."""
        request = self._request
        if kind == "no_instance":
            kind = self.group.what.none_page
        if self._core.on_page is not None:
            self._core.on_page(kind, self._rules.pages[kind].status, request.method, request.start)
        if self._state == _TUNNEL:  # no page can be told in its protocol
            self._leave()
            return
        self._close = request.close or request.http10 or self._state != _WAIT
        page = self._rules.pages[kind].response(self._facts, close=self._close, bodiless=self.asked_head)
        self._core.end(self)
        self.respond(page)
        self.answer_complete()

    def _answer_at_once(self, kind: str) -> None:
        """The client gets no more of its answer, and the instance no more of the request."""
        self._abandon()
        if self._answered:
            self.cut_off()
        else:
            self.answer_page(kind)

    def _abandon(self) -> None:
        """The instance's answer is not wanted any more; where the platform does not tell it, it goes on."""
        upstream = self.upstream
        if upstream is None:
            return
        if self._rules.router.hides_leaving and self._state == _WAIT and upstream.answering:
            self.upstream = None
            Absent(self._core, upstream, self.group, self._rules, asked_head=self.asked_head)
        else:
            upstream.abandon()

    def _give_up(self, why: str) -> None:
        """The body it sends cannot be followed any more."""
        if self.upstream is not None:
            self.upstream.abandon()
        self._core.end(self)
        if self._answered:
            self.close(reset=True)
        else:
            self._refuse(400, why)

    def _refuse(self, status: int, why: str) -> None:
        """Answer what is no request, or none that is passed on. What it sends after that is not understood."""
        body = f"emu: {why}\n".encode()
        self.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (status, HTTPStatus(status).phrase.encode(), len(body), body)
        )
        self._state = _BODY
        self._finish()

    def _finish(self) -> None:
        """Close as soon as all is written; later, if it still sends, so that it comes to read its answer."""
        if self._state == _BODY or self._buffer:
            self._linger = True
        self._state = _OVER
        self._buffer = b""
        if not self.congested:
            self._end()

    def _end(self) -> None:
        if self.closed:
            return
        if not self._linger or self.broken or self.heard_all:
            self.close()
            return
        self.shut()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._core.later(LINGER_S, self.close)
        self.resume()

    def _leave(self, *, reset: bool = False) -> None:
        """It is gone, or has to go, in the middle of a request."""
        self._abandon()
        self._core.end(self)
        self.close(reset=reset)
