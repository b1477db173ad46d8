"""Health checks by gRPC of servers that are wrong in every way, from here and through a helper."""

import contextlib
import http.server
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event, PingAckReceived, SettingsAcknowledged, StreamEnded
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.edge import grpc_health
from emulator.engine.grpc_messages import MAX_MESSAGE
from tests.emulator.edge.grpc_asking import told
from tests.emulator.edge.origins import Connection, Handler, origin

HEAD = [(":status", "200"), ("content-type", "application/grpc+proto")]
GOOD = [("grpc-status", "0")]
SERVING = b"\0\0\0\0\2\x08\1"

Act = Callable[[H2Connection], None]


def head(*more: tuple[str, str], end: bool = False) -> Act:
    """The answer's headers; a later one takes the place of one before."""
    return lambda h2: h2.send_headers(1, list(dict([*HEAD, *more]).items()), end_stream=end)


def trailers(*more: tuple[str, str]) -> Act:
    return lambda h2: h2.send_headers(1, [*(more or GOOD)], end_stream=True)


def data(*pieces: bytes, end: bool = False, pad: int | None = None) -> Act:
    def act(h2: H2Connection) -> None:
        for number, piece in enumerate(pieces, 1):
            h2.send_data(1, piece, end_stream=end and number == len(pieces), pad_length=pad)

    return act


def reset(code: int) -> Act:
    return lambda h2: h2.reset_stream(1, code)


def go_away(last: int, code: int = 0) -> Act:
    """Written by hand: the library says nothing more after one."""
    frame = struct.pack(">3sBBLLL", b"\0\0\x08", 7, 0, 0, last, code)
    return lambda h2: h2._data_to_send.extend(frame)


def raw(frame: bytes) -> Act:
    return lambda h2: h2._data_to_send.extend(frame)


def speaks(*acts: Act, stay: bool = True, throw: bool = False, heard: list[Event] | None = None) -> Handler:
    """Takes a call by HTTP/2, does these one after the other, then waits until the client is gone, or leaves, in peace
    or by throwing the connection away."""

    def handler(connection: Connection) -> None:
        # or the system keeps back the second of two small pieces, and drops it when the connection is thrown away
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        h2 = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
        h2.initiate_connection()
        events: list[Event] = [] if heard is None else heard
        while not any(isinstance(event, StreamEnded) for event in events):
            connection.say(h2.data_to_send())
            events += h2.receive_data(connection.sock.recv(65536))
        for act in acts:
            act(h2)
            connection.say(h2.data_to_send())
        while stay and (more := connection.sock.recv(65536)):
            events += h2.receive_data(more)
        if throw:
            throw_away(connection)

    return handler


def throw_away(connection: Connection) -> None:
    """When it is closed, as it is next, the other side sees a reset."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(*pieces: bytes, pause_s: float = 0.0, stay: bool = False) -> Handler:
    """Hears the client's first words, says these bytes, then leaves."""

    def handler(connection: Connection) -> None:
        connection.sock.recv(65536)
        for piece in pieces:
            connection.say(piece)
            time.sleep(pause_s)
        while stay and connection.sock.recv(65536):
            pass

    return handler


SETTINGS = b"\0\0\0\4\0\0\0\0\0"


@pytest.mark.parametrize(
    "acts",
    [
        (head(), data(SERVING), trailers()),
        (head(), data(*[SERVING[at : at + 1] for at in range(len(SERVING))]), trailers()),
        (head(), data(SERVING[:6], b"", SERVING[6:]), trailers()),
        (head(), data(SERVING, pad=200), trailers()),
        (head(("content-type", "application/grpc;charset=utf-8")), data(SERVING), trailers()),
        (lambda h2: h2.send_headers(1, [(":status", "103"), ("link", "</a>")]), head(), data(SERVING), trailers()),
        (go_away(2**31 - 1), head(), data(SERVING), trailers()),
        (go_away(2**31 - 1), go_away(1), head(), data(SERVING), trailers()),
        (head(), go_away(1), data(SERVING), trailers()),
        (head(), data(SERVING), trailers(), raw(b"\0\0\4\3\0\0\0\0\1\0\0\0\0")),
        (raw(b"\0\0\2\xfa\0\0\0\0\0??"), head(), data(SERVING), trailers()),
        (head(*GOOD), data(SERVING, end=True)),
    ],
    ids=[
        "plain", "bytewise", "empty-frame", "padded", "charset", "early-hints", "leaves-later", "leaves-in-two-steps",
        "leaves-meanwhile", "resets-after-the-end", "unknown-frame", "status-with-the-head",
    ],
)  # fmt: skip
def test_unusual_but_right(ask, acts):
    """However HTTP/2 lets a server put it, a healthy one is found healthy; one that leaves finishes what it took on."""
    with origin(speaks(*acts)) as server:
        assert told(ask(server.address[1], timeout_s=3)) == ("SERVING", None, None)


@pytest.mark.parametrize(
    ("acts", "code", "words"),
    [
        ((head(("grpc-status", "14"), ("grpc-message", "not%20yet"), end=True),), "UNAVAILABLE", "not yet"),
        ((head(("grpc-status", "99"), end=True),), "UNKNOWN", ""),
        ((head(("grpc-status", "no"), end=True),), "UNKNOWN", ""),
        ((head(), data(SERVING), trailers(("grpc-status", "13"))), "INTERNAL", ""),
        ((head(), data(SERVING, end=True)), "UNKNOWN", "HTTP status 200 without a gRPC status"),
        ((head((":status", "503"), end=True),), "UNAVAILABLE", "HTTP status 503 without a gRPC status"),
        ((head((":status", "500"), *GOOD), data(SERVING), trailers(("x", "y"))), None, ""),
        ((head(), trailers()), "INTERNAL", "the answer has no message"),
        ((head(), data(SERVING[:-1]), trailers()), "INTERNAL", "the answer's message is cut"),
        ((head(), data(SERVING, SERVING), trailers()), "INTERNAL", "there is more than one answer"),
        ((head(), data(b"\1" + SERVING[1:]), trailers()), "INTERNAL", "the answer is compressed unasked"),
        ((head(), data(b"<html>")), "INTERNAL", "the answer is broken"),
        ((head(), data(b"\0\0\0\0\2\x08\xff"), trailers()), "INTERNAL", "the answer is broken"),
        ((head(), data(b"\0\xff\xff\xff\xff")), "RESOURCE_EXHAUSTED", "the answer wants to be 4294967295 bytes long"),
        ((go_away(0),), "UNAVAILABLE", "the server left: NO_ERROR"),
        ((go_away(0, 11),), "UNAVAILABLE", "the server left: ENHANCE_YOUR_CALM"),
    ],
)
def test_calls_that_fail(ask, acts, code, words):
    """A call that is answered by anything but OK and one good message has failed, under the name gRPC has for it."""
    with origin(speaks(*acts)) as server:
        answer = ask(server.address[1], timeout_s=3)
    assert (*told(answer), answer.detail) == (None if code else "SERVING", code, None, words)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (ErrorCodes.NO_ERROR, "INTERNAL"),
        (ErrorCodes.PROTOCOL_ERROR, "INTERNAL"),
        (ErrorCodes.REFUSED_STREAM, "UNAVAILABLE"),
        (ErrorCodes.CANCEL, "CANCELLED"),
        (ErrorCodes.ENHANCE_YOUR_CALM, "RESOURCE_EXHAUSTED"),
        (ErrorCodes.INADEQUATE_SECURITY, "PERMISSION_DENIED"),
        (ErrorCodes.HTTP_1_1_REQUIRED, "INTERNAL"),
        (4711, "INTERNAL"),
    ],
)
def test_call_that_is_broken_off(ask, reason, code):
    """A reset of the stream has the name that gRPC gives its reason, before and after the answer began."""
    name = reason.name if isinstance(reason, ErrorCodes) else f"error {reason}"
    for begun in ((), (head(), data(SERVING))):
        with origin(speaks(*begun, reset(reason))) as server:
            answer = ask(server.address[1], timeout_s=3)
        assert (*told(answer), answer.detail) == (None, code, None, f"the server broke off the call: {name}")


@pytest.mark.parametrize(
    ("acts", "error", "code"),
    [
        ((), "reset", None),
        ((head(),), "reset", None),
        ((head(), data(SERVING)), "reset", None),
        ((raw(b"\0\0\x05"),), "reset", None),
        ((go_away(1),), None, "UNAVAILABLE"),
        ((head(), go_away(1, 2)), None, "UNAVAILABLE"),
    ],
    ids=["before", "after-the-head", "after-the-message", "in-a-frame", "after-leaving", "after-failing"],
)
def test_connection_that_ends(ask, acts, error, code):
    """A connection that ends before the call does, in peace or not, is a reset; one whose server said that it leaves,
    UNAVAILABLE."""
    for thrown in (False, True):
        with origin(speaks(*acts, lambda h2: time.sleep(0.01), stay=False, throw=thrown)) as server:
            answer = ask(server.address[1], timeout_s=3)
        assert told(answer) == (None, code, error)
        assert answer.detail


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "it began with 'HTTP/1.1 400 Bad Request'"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "it began with TLS"),
        (b"SSH-2.0-OpenSSH_9\r\n", "it began with 'SSH-2.0-OpenSSH_9'"),
        (b"H", "it began with 'H'"),
        (b"\xff\xfe\xfd", "it began with ff fe fd"),
        (b"\0\0\4\0\0\0\0\0\1ping", "it began with 00 00 04 00 00 00 00 00"),
        (SETTINGS + b"HTTP/1.1 200 OK\r\n", "a frame of 4740180 bytes, more than was allowed"),
        (SETTINGS + b"\0\0\1\7\0\0\0\0\0x", "a GOAWAY that is too short"),
        (SETTINGS + b"\0\0\1\6\0\0\0\0\0x", ""),
        (SETTINGS + b"\0\0\3\1\5\0\0\0\1\xff\xff\xff", ""),
        (SETTINGS + b"\0\0\1\0\0\0\0\0\x01x", ""),
        (b"\0\0\6\4\0\0\0\0\0\0\4\xff\xff\xff\xff", ""),
    ],
    ids=[
        "http1", "tls", "ssh", "one-byte", "binary", "no-settings", "http1-later", "goaway", "ping", "hpack", "data",
        "settings",
    ],
)  # fmt: skip
def test_what_is_not_http2(ask, said, words):
    """Anything else than HTTP/2 is told apart at its first bytes, and shown."""
    for handler in (says(said), says(said, stay=True)):
        with origin(handler) as server:
            answer = ask(server.address[1], timeout_s=3)
        assert told(answer) == (None, None, "not-http")
        assert answer.detail.startswith("the answer is not HTTP/2: ")
        assert words in answer.detail


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([("content-type", "text/html")], "status 200 of type text/html"),
        ([(":status", "404"), ("content-type", "text/plain; charset=utf-8")], "status 404 of type text/plain; charset"),
        ([(":status", "415"), ("content-type", "")], "status 415"),
    ],
)
def test_http2_without_grpc(ask, more, words):
    """A web server that speaks HTTP/2 is no gRPC server, whatever its status."""
    with origin(speaks(head(*more), data(b"<html>", end=True))) as server:
        answer = ask(server.address[1])
    assert told(answer) == (None, None, "not-http")
    assert answer.detail.startswith("the answer is HTTP/2 but not gRPC: ")
    assert words in answer.detail


def test_web_server_of_the_standard_library(ask):
    """Python's own HTTP/1 server, which refuses what it does not understand in its own way, is not HTTP/2."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        answer = ask(server.server_address[1])
        server.shutdown()
        thread.join()
    assert told(answer) == (None, None, "not-http")


def test_server_that_wants_tls(ask):
    """A real TLS server leaves without a word when it hears clear text."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ADH:@SECLEVEL=0")  # without a certificate
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def handler(connection: Connection) -> None:
        with contextlib.suppress(ssl.SSLError):
            context.wrap_socket(connection.sock, server_side=True)

    with origin(handler) as server:
        answer = ask(server.address[1])
    assert told(answer) == (None, None, "reset")


def test_server_that_closes_at_once(ask):
    """Whether it closes in peace or throws the connection away, it is a reset."""

    for handler in (lambda connection: None, throw_away):
        with origin(handler) as server:
            for _ in range(20):
                assert told(ask(server.address[1])) == (None, None, "reset")


def test_nothing_listens(ask):
    """A closed port refuses at once, however long there would be time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        answer = ask(free.getsockname()[1], timeout_s=60)
    assert (*told(answer), answer.detail) == (None, None, "refused", "Connection refused")
    assert answer.seconds < 1


@pytest.mark.parametrize("host", ["nowhere.invalid", "a\0b", "ä" * 99])
def test_address_that_leads_nowhere(ask, host):
    """An address that does not resolve, or can be none, is unreachable."""
    assert told(ask(80, host=host)) == (None, None, "unreachable")


@pytest.mark.parametrize(
    "handler",
    [
        says(stay=True),
        says(b"\0\0", stay=True),
        says(SETTINGS, stay=True),
        says(*[bytes([byte]) for byte in SETTINGS * 10], pause_s=0.1),
        says(SETTINGS, *[b"\0\0\x08\6\0\0\0\0\0pingpong"] * 100, pause_s=0.1),
        speaks(head()),
        speaks(head(), data(SERVING)),
        speaks(head(), data(*[b""] * 100)),
        speaks(go_away(1)),
    ],
    ids=["mute", "half-a-frame", "settings", "drips", "pings", "head", "no-end", "empty-frames", "leaving"],
)
def test_server_that_comes_to_no_end(ask, handler):
    """The time bounds the whole exchange, whatever the server says meanwhile."""
    with origin(handler) as server:
        began = time.monotonic()
        answer = ask(server.address[1], timeout_s=0.25)
        took = time.monotonic() - began
    assert told(answer) == (None, None, "timeout")
    assert 0.2 < answer.seconds <= took + 0.001 < 0.6


def test_server_that_notices_the_end_first(ask):
    """A server that ends the call since our time is over, a moment before we do, has not refused it."""
    for end in ((reset(ErrorCodes.CANCEL),), (head(("grpc-status", "4"), end=True),)):
        with origin(speaks(lambda h2: time.sleep(0.235), *end)) as server:
            assert told(ask(server.address[1], timeout_s=0.25)) == (None, None, "timeout")
            assert told(ask(server.address[1], timeout_s=5)) != (None, None, "timeout")


def test_port_that_does_not_accept(ask):
    """A server too busy to accept a connection is a time-out, in time."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # fill what the system accepts on its behalf
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        time.sleep(0.05)
        answer = ask(listener.getsockname()[1], timeout_s=0.25)
    assert told(answer) == (None, None, "timeout")
    assert 0.2 < answer.seconds < 0.6


def test_what_a_server_may_ask_back_is_answered(ask):
    """PING and SETTINGS are acknowledged in the middle of a call."""
    heard: list[Event] = []
    pings: tuple[Act, ...] = tuple(lambda h2: h2.ping(b"12345678") for _ in range(50))
    asks = (*pings, lambda h2: h2.update_settings({1: 0, 4: 1_000_000}), head(), data(SERVING), trailers())
    with origin(speaks(*asks, heard=heard)) as server:
        assert told(ask(server.address[1])) == ("SERVING", None, None)
    assert sum(isinstance(event, PingAckReceived) for event in heard) == 50
    assert sum(isinstance(event, SettingsAcknowledged) for event in heard) == 2


def test_big_answer_is_not_kept(ask):
    """An answer as long as allowed is read whole, through the windows that HTTP/2 grants; a longer one is refused."""
    padding = b"\x12" + b"\xfa\xff\x03" + b"x" * (MAX_MESSAGE - 6)
    whole = b"\0" + (2 + len(padding)).to_bytes(4, "big") + b"\x08\1" + padding
    assert len(whole) == 5 + MAX_MESSAGE
    pieces = [whole[at : at + 10_000] for at in range(0, len(whole), 10_000)]

    def handler(connection: Connection) -> None:
        h2 = H2Connection(H2Configuration(client_side=False))
        h2.initiate_connection()
        events: list[Event] = []
        while not any(isinstance(event, StreamEnded) for event in events):
            connection.say(h2.data_to_send())
            events += h2.receive_data(connection.sock.recv(65536))
        head()(h2)
        for piece in pieces:
            while h2.local_flow_control_window(1) < len(piece):
                connection.say(h2.data_to_send())
                h2.receive_data(connection.sock.recv(65536))
            data(piece)(h2)
        trailers()(h2)
        connection.say(h2.data_to_send())
        connection.sock.recv(65536)

    with origin(handler) as server:
        assert told(ask(server.address[1])) == ("SERVING", None, None)


class Spoken(grpc_health.Line):
    """A server of a few bytes."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def send(self, data: bytes, timeout_s: float) -> None: ...

    def receive(self, timeout_s: float) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None: ...


FRAME = st.builds(
    lambda payload, kind, flags, stream: (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    ),
    st.one_of(st.binary(max_size=30), st.just(SERVING), st.just(b"\x88\x40\x0bgrpc-status\x010")),
    st.integers(0, 12),
    st.integers(0, 255),
    st.sampled_from([0, 1, 1, 1, 2, 3, 2**31]),
)


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(FRAME, st.binary(min_size=1, max_size=12)), max_size=8), st.booleans())
def test_no_bytes_are_too_strange(pieces, greeted):
    """Whatever a server says, there is exactly one answer, and never an exception."""
    answer = grpc_health.check(lambda _: Spoken([SETTINGS, *pieces] if greeted else list(pieces)), "a:1", "", 5)
    assert sum(part is not None for part in told(answer)) == 1
    assert answer.error != "unreachable"
