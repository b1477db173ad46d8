"""The proxy between clients and servers that people use: websockets, httpx, aiohttp, gRPC."""

import asyncio
import contextlib
import hashlib
import itertools
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import grpc
import httpx
import pytest
from aiohttp import web
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection

from emulator.edge.proxy import Proxy
from emulator.edge.sockets import SocketHttp
from emulator.model.router import Router
from tests.emulator.edge.load import Load
from tests.emulator.edge.origins import eventually, proxy
from tests.emulator.edge.real_servers import Address, HttpServer, grpc_server, http_server, websocket_server
from tests.running_emu import CHECKOUT

MIB = 1024 * 1024


# WebSockets


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@contextlib.contextmanager
def socket_to(front: Proxy, **options) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{front.port}/chat", max_size=8 * MIB, **options) as client:
        yield client


@pytest.mark.parametrize(
    "message",
    ["", "hällo", b"", bytes(range(256)), "x" * 125, "x" * 126, b"y" * 65_536, "ä" * (MIB // 2), b"z" * MIB],
    ids=["empty", "text", "empty-binary", "binary", "125", "126", "64-kib", "text-1-mib", "binary-1-mib"],
)
def test_messages_come_back_as_they_were(message):
    """Text stays text and bytes stay bytes, of any size, compressed or not."""
    with websocket_server(echo, max_size=8 * MIB) as address, proxy(address) as front:
        for compression in ("deflate", None):
            with socket_to(front, compression=compression) as client:
                client.send(message)
                assert client.recv(timeout=5) == message


def test_fragments_and_pings():
    """A message in fragments arrives whole; a ping in the middle of them is answered by the other side."""
    with websocket_server(echo) as address, proxy(address) as front, socket_to(front) as client:
        assert client.ping(b"one").wait(2)

        def pieces() -> Iterator[str]:
            yield "a"
            assert client.ping(b"two").wait(2)
            yield "b"

        client.send(pieces())
        assert client.recv(timeout=5) == "ab"


def test_server_pings_the_client():
    """A ping of the server's goes through, and the pong back."""
    answered = threading.Event()

    def handler(connection: ServerConnection) -> None:
        if connection.ping(b"there?").wait(2):
            answered.set()
        connection.recv()

    with websocket_server(handler) as address, proxy(address) as front, socket_to(front) as client:
        with contextlib.suppress(TimeoutError):
            client.recv(timeout=0.2)
        assert answered.wait(2)
        client.send("over")


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (3000, "ä" * 60), (4999, "own")])
def test_client_closes_first(code, reason):
    """The server gets the client's code and reason, the client its own echoed, and the tunnel is gone."""
    got: list[ConnectionClosed] = []

    def handler(connection: ServerConnection) -> None:
        try:
            connection.recv()
        except ConnectionClosed as closed:
            got.append(closed)

    with websocket_server(handler) as address, proxy(address) as front:
        with socket_to(front) as client:
            client.close(code, reason)
            assert (client.close_code, client.close_reason) == (code, reason)
        assert eventually(lambda: got)
        assert got[0].rcvd is not None
        assert (got[0].rcvd.code, got[0].rcvd.reason) == (code, reason)
        assert eventually(lambda: front.counters().in_flight == 0)


@pytest.mark.parametrize(("code", "expected"), [(1000, ConnectionClosedOK), (1011, ConnectionClosedError)])
def test_server_closes_first(code, expected):
    """The client gets what the server said last, and then its code and reason."""

    def handler(connection: ServerConnection) -> None:
        connection.send("last words")
        connection.close(code, "enough")

    with websocket_server(handler) as address, proxy(address) as front:
        with socket_to(front) as client:
            assert client.recv(timeout=2) == "last words"
            with pytest.raises(expected) as closed:
                client.recv(timeout=2)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "enough")
        assert eventually(lambda: front.counters().in_flight == 0)


def test_server_that_vanishes():
    """A server that ends without a word is an abnormal end for the client, at once."""

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.socket.shutdown(socket.SHUT_RDWR)

    with websocket_server(handler) as address, proxy(address) as front, socket_to(front) as client:
        client.send("go")
        began = time.monotonic()
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=5)
        assert closed.value.rcvd is None
        assert time.monotonic() - began < 0.5
        assert eventually(lambda: front.counters().in_flight == 0)


@pytest.mark.parametrize("how", ["ends", "resets"])
def test_client_that_vanishes(how):
    """A client that ends without a word is an abnormal end for the server, at once."""
    got: list[ConnectionClosed] = []

    def handler(connection: ServerConnection) -> None:
        try:
            connection.recv()
        except ConnectionClosed as closed:
            got.append(closed)

    with websocket_server(handler) as address, proxy(address) as front:
        with socket_to(front) as client:
            if how == "resets":
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.socket.close()
            else:
                client.socket.shutdown(socket.SHUT_RDWR)
            assert eventually(lambda: got, 1)
        assert got[0].rcvd is None
        assert eventually(lambda: front.counters().in_flight == 0)


def test_many_sockets_at_once():
    """100 sockets speak at the same time, each with its own answers."""

    async def talk(port: int, number: int) -> list[str]:
        async with connect_async(f"ws://127.0.0.1:{port}/") as client:
            heard = []
            for turn in range(10):
                await client.send(f"{number}-{turn}")
                heard.append(str(await client.recv()))
            return heard

    async def all_of_them(port: int) -> list[list[str]]:
        return await asyncio.gather(*(talk(port, number) for number in range(100)))

    with websocket_server(echo) as address, proxy(address) as front:
        heard = asyncio.run(all_of_them(front.port))
    assert heard == [[f"{number}-{turn}" for turn in range(10)] for number in range(100)]


def test_socket_that_the_server_refuses():
    """An answer that is no upgrade reaches the client as it is."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=403, text="members only")

    with http_server(refuse) as server, proxy(server.address) as front:
        with pytest.raises(Exception, match="403") as refused, socket_to(front):
            pass
        assert refused.value.response.body == b"members only"
        assert httpx.get(front.url).status_code == 403


# HTTP


async def answers(request: web.Request) -> web.StreamResponse:
    """/who: the connection's number; /stream/N: N bytes in pieces; /sum: what was uploaded; /echo: it, as it comes."""
    match request.path.split("/")[1:]:
        case ["who"]:
            peer = request.transport.get_extra_info("peername") if request.transport else None
            return web.json_response({"connection": peer[1] if peer else None, "host": request.host})
        case ["stream", size]:
            response = web.StreamResponse(headers={"content-type": "application/octet-stream"})
            await response.prepare(request)
            for left in range(int(size), 0, -65_536):
                await response.write(b"d" * min(65_536, left))
            return response
        case ["sum"]:
            digest, count = hashlib.sha256(), 0
            async for piece in request.content.iter_any():
                digest.update(piece)
                count += len(piece)
            framing = request.headers.get("transfer-encoding") or request.headers.get("content-length")
            return web.json_response({"count": count, "sha256": digest.hexdigest(), "framing": framing})
        case ["echo"]:
            response = web.StreamResponse()
            await response.prepare(request)
            async for piece in request.content.iter_any():
                await response.write(piece)
            return response
    return web.Response(status=404)


@pytest.fixture(scope="module")
def answering() -> Iterator[HttpServer]:
    with http_server(answers) as server:
        yield server


@pytest.fixture
def front(answering) -> Iterator[Proxy]:
    with proxy(answering.address) as found:
        yield found


def test_kept_connection(front):
    """A session of many requests needs one connection to the server, whatever they are."""
    with httpx.Client(base_url=front.url, timeout=5) as client:
        seen = set()
        for number in range(50):
            seen.add(client.get("/who").json()["connection"])
            assert client.post("/sum", content=b"x" * number).json()["count"] == number
            assert client.head("/who").content == b""
            assert client.get("/nothing").status_code == 404
        assert len(seen) == 1


def test_streaming_download(front):
    """A streamed answer comes chunk by chunk and whole; one that is not read to its end harms no later one."""
    with httpx.Client(base_url=front.url, timeout=5) as client:
        with client.stream("GET", "/stream/3000000") as response:
            assert response.headers["transfer-encoding"] == "chunked"
            assert sum(len(piece) for piece in response.iter_raw(10_000)) == 3_000_000
        with client.stream("GET", "/stream/50000000") as response:
            next(response.iter_raw(1000))
        assert client.get("/who").status_code == 200
    assert eventually(lambda: front.counters().in_flight == 0)


def test_upload_of_a_generator(front):
    """What a client sends in chunks of its own arrives whole, and in chunks."""
    pieces = [b"p" * size for size in (1, 10, 70_000, 3, 200_000)]
    with httpx.Client(base_url=front.url, timeout=5) as client:
        for _ in range(3):
            told = client.post("/sum", content=iter(pieces)).json()
            whole = b"".join(pieces)
            assert told == {"count": len(whole), "sha256": hashlib.sha256(whole).hexdigest(), "framing": "chunked"}


def test_upload_that_waits_for_its_permission(front):
    """A client that asks before it sends a body is told by the server itself, and then answered."""

    async def talk() -> list[int]:
        async with aiohttp.ClientSession(front.url) as session:
            seen = []
            for _ in range(5):
                async with session.post("/sum", data=b"x" * 100_000, expect100=True) as response:
                    seen.append((await response.json())["count"])
            return seen

    assert asyncio.run(talk()) == [100_000] * 5


def test_echo_while_uploading(front):
    """The answer comes while the request still goes: neither waits for the other."""
    heard = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        for number in range(5):
            yield b"%d" % number
            assert heard.acquire(timeout=2)

    async def talk() -> bytes:
        async def said():
            for piece in pieces():
                yield piece
                await asyncio.sleep(0.01)

        got = b""
        async with aiohttp.ClientSession() as session, session.post(f"{front.url}/echo", data=said()) as response:
            async for piece in response.content.iter_any():
                got += piece
                heard.release()
        return got

    heard.release()
    assert asyncio.run(talk()) == b"01234"


def test_events_arrive_one_by_one():
    """A server-sent event is with the client before the server sends the next."""
    go = threading.Semaphore(0)

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for number in range(20):
            await asyncio.to_thread(go.acquire, timeout=2)
            await response.write(f"data: {number}\n\n".encode())
        return response

    with http_server(events) as server, proxy(server.address) as front:
        waits = []
        with httpx.stream("GET", front.url, timeout=5) as response:
            lines = response.iter_lines()
            for number in range(20):
                began = time.monotonic()
                go.release()
                assert next(lines) == f"data: {number}"
                assert next(lines) == ""
                waits.append(time.monotonic() - began)
        assert sorted(waits)[10] < 0.02
        assert max(waits) < 0.5


# A proxy in a process of its own, whose memory is the proxy's alone

ALONE = """\
import re, sys
from emulator.edge.proxy import Proxy
front = Proxy(None)
front.set_instances([("127.0.0.1", int(sys.argv[1]))])
print(front.port, flush=True)
for line in sys.stdin:
    status = open("/proc/self/status").read()
    print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], flush=True)
"""


class Alone:
    """A proxy that can be asked how much memory it has ever needed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{int(self._say())}"
        self._start = self.memory_kib()

    def memory_kib(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._say())

    @property
    def grown_kib(self) -> int:
        """What it needed at most since it began, beyond what it began with."""
        return self.memory_kib() - self._start

    def _say(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def alone(answering) -> Iterator[Alone]:
    with proxy_alone(answering.address) as found:
        yield found


@contextlib.contextmanager
def proxy_alone(address: Address) -> Iterator[Alone]:
    command = [sys.executable, "-c", ALONE, str(address[1])]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Alone(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0


@pytest.mark.thorough
def test_64_mib_both_ways(alone):
    """64 MiB go up and come back at the same time, and up alone, and down alone, and the proxy holds a few of them."""
    piece = hashlib.sha256(b"emu").digest() * 2048
    count = 64 * MIB // len(piece)
    whole = hashlib.sha256()
    for _ in range(count):
        whole.update(piece)

    async def echoed() -> str:
        async def said():
            for _ in range(count):
                yield piece

        digest = hashlib.sha256()
        async with aiohttp.ClientSession() as session, session.post(f"{alone.url}/echo", data=said()) as response:
            async for got in response.content.iter_any():
                digest.update(got)
        return digest.hexdigest()

    assert asyncio.run(echoed()) == whole.hexdigest()
    with httpx.Client(base_url=alone.url, timeout=30) as client:
        told = client.post("/sum", content=itertools.repeat(piece, count)).json()
        assert (told["count"], told["sha256"]) == (64 * MIB, whole.hexdigest())
        told = client.post("/sum", content=piece * count).json()
        assert (told["sha256"], told["framing"]) == (whole.hexdigest(), str(64 * MIB))
        assert len(client.get(f"/stream/{64 * MIB}").content) == 64 * MIB
    assert alone.grown_kib < 4 * 1024


@pytest.mark.thorough
def test_slow_client(alone):
    """A client that reads slowly gets all of it, the server waits, and others are served at once meanwhile."""
    with httpx.stream("GET", f"{alone.url}/stream/{64 * MIB}", timeout=30) as slow:
        got, waits = 0, []
        for number, piece in enumerate(slow.iter_raw(MIB)):
            got += len(piece)
            if number % 8 == 0:
                time.sleep(0.05)
                began = time.monotonic()
                assert httpx.get(f"{alone.url}/who").status_code == 200
                waits.append(time.monotonic() - began)
    assert got == 64 * MIB
    assert sorted(waits)[len(waits) // 2] < 0.2
    assert alone.grown_kib < 4 * 1024


def test_socket_that_is_flooded():
    """A server that sends more over a WebSocket than its client reads is held back; all arrives in the end."""
    sent = 0

    def handler(connection: ServerConnection) -> None:
        nonlocal sent
        for _ in range(64):
            connection.send(b"f" * MIB)
            sent += 1

    with (
        websocket_server(handler, compression=None) as address,
        proxy_alone(address) as alone,
        connect(alone.url.replace("http", "ws"), compression=None, max_size=2 * MIB, max_queue=1) as client,
    ):
        time.sleep(0.5)
        assert sent < 32  # what the system's buffers and the client's hold
        assert sum(len(message) for message in client) == 64 * MIB
        assert alone.grown_kib < 4 * 1024


# gRPC


def identity(data: bytes) -> bytes:
    return data


@contextlib.contextmanager
def channel_to(front: Proxy) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{front.port}") as channel:
        yield channel


def test_grpc_calls():
    """Unary calls with small and large messages, failures with their words, streams message by message, and the
    client's cancelling."""
    go, ended = threading.Semaphore(0), threading.Event()

    def add(request: bytes, context: grpc.ServicerContext) -> bytes:
        if not request:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing to add")
        context.set_trailing_metadata((("items", "1"),))
        return request[::-1]

    def watch(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        for number in range(int(request)):
            assert go.acquire(timeout=2)
            yield b"%d" % number

    def wait(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        context.add_callback(ended.set)
        yield b"waits"
        ended.wait(5)

    streams = {"Watch": grpc.unary_stream_rpc_method_handler(watch), "Wait": grpc.unary_stream_rpc_method_handler(wait)}
    methods = {"Add": grpc.unary_unary_rpc_method_handler(add), **streams}
    with grpc_server(**methods) as address, proxy(address, router=Router(http2=True)) as front:
        with channel_to(front) as channel:
            call = channel.unary_unary("/shop.Cart/Add")
            for message in (b"one", b"x" * 1_000_000 + b"y"):
                answer, told = call.with_call(message, timeout=5)
                assert answer == message[::-1]
                assert dict(told.trailing_metadata())["items"] == "1"
            with pytest.raises(grpc.RpcError) as failed:
                call(b"", timeout=5)
            assert (failed.value.code(), failed.value.details()) == (
                grpc.StatusCode.INVALID_ARGUMENT, "nothing to add",
            )  # fmt: skip
            with ThreadPoolExecutor(8) as pool:
                heard = pool.map(lambda number: call(b"%03d" % number, timeout=5), range(200))
                assert list(heard) == [(b"%03d" % number)[::-1] for number in range(200)]
            endless = channel.unary_stream("/shop.Cart/Wait")(b"", timeout=5)
            assert next(endless) == b"waits"
            endless.cancel()
            assert ended.wait(2)
            watching = channel.unary_stream("/shop.Cart/Watch")(b"5", timeout=5)
            for number in range(5):
                go.release()
                assert next(watching) == b"%d" % number
            assert list(watching) == []
            assert front.counters().in_flight == 1  # the channel's one connection
        assert eventually(lambda: front.counters().in_flight == 0)
        assert SocketHttp().grpc_health("127.0.0.1", front.port, "", timeout_s=2).code == "UNIMPLEMENTED"


# Instances that change


class Instance:
    """A server that says its name: at once, over a WebSocket, and in an answer that ends when it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.go = threading.Semaphore(0)
        self.over = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/chat":
                return await self._chat(request)
            case "/long":
                return await self._long(request)
        await request.read()
        return web.Response(text=self.name)

    async def _chat(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"{self.name} {message.data}")
        return socket

    async def _long(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not self.over:
            if await asyncio.to_thread(self.go.acquire, timeout=0.2):
                await response.write(f"{self.name}\n".encode())
        return response


def test_what_runs_stays_with_its_instance():
    """A WebSocket and a long answer go on with the old instance while the service is switched to and fro; the old one
    is drained when exactly they are over, and then ends in peace at once."""
    first, second, third = Instance("first"), Instance("second"), Instance("third")
    with (
        http_server(first.handle) as old,
        http_server(second.handle) as new,
        http_server(third.handle) as newest,
        proxy(old.address) as front,
        httpx.Client(base_url=front.url, timeout=5) as client,
        httpx.stream("GET", f"{front.url}/long", timeout=5) as long,
        socket_to(front) as chat,
    ):
        lines = long.iter_lines()
        for number in range(20):
            front.set_instances([[old, new, newest][number % 3].address])
            chat.send(str(number))
            assert chat.recv(timeout=2) == f"first {number}"
            first.go.release()
            assert next(lines) == "first"
            assert client.get("/").text == ["first", "second", "third"][number % 3]
        assert front.in_flight(old.address) == 2
        assert not front.drain(old.address, 0.05)
        assert front.drain(newest.address, 1)
        first.over = True
        assert list(lines) == []
        assert not front.drain(old.address, 0.05)
        assert front.in_flight(old.address) == 1
        chat.send("still there")
        assert chat.recv(timeout=2) == "first still there"
        waiting = threading.Timer(0.2, chat.close)
        waiting.start()
        began = time.monotonic()
        assert front.drain(old.address, 5)
        assert 0.1 < time.monotonic() - began < 1
        waiting.join()
        old.close()
        assert time.monotonic() - began < 1.5
        assert client.get("/").text == "second"


def test_a_channel_stays_with_its_instance():
    """A gRPC channel is one connection: its calls go to the instance it began with until that one ends, and then, by
    the client's own doing, to the new one."""
    answers = [grpc.unary_unary_rpc_method_handler(lambda request, context, name=name: name) for name in (b"1", b"2")]
    with grpc_server(Name=answers[1]) as new, proxy(router=Router(http2=True)) as front, channel_to(front) as channel:
        call = channel.unary_unary("/shop.Cart/Name")
        with grpc_server(Name=answers[0]) as old:
            front.set_instances([old])
            assert call(b"", timeout=5) == b"1"
            front.set_instances([new])
            assert call(b"", timeout=5) == b"1"
            assert not front.drain(old, 0.05)
        assert front.drain(old, 2)
        assert call(b"", timeout=5, wait_for_ready=True) == b"2"


@pytest.mark.thorough
def test_no_request_is_lost_in_two_hundred_switches():
    """16 clients that keep their connections ask all the time while two servers take turns 200 times, each ended in
    peace when it is drained and begun anew at its address: every request is answered by a server of its time."""
    with proxy() as front:
        servers = [HttpServer(Instance(name).handle) for name in ("0", "1")]
        addresses = [server.address for server in servers]
        front.set_instances(addresses[:1])
        load = Load(front.port, 16)
        for number in range(1, 201):
            live, old = number % 2, 1 - number % 2
            front.set_instances([addresses[live]])
            assert front.drain(addresses[old], 5)
            servers[old].close()
            servers[old] = HttpServer(Instance(str(number + 1)).handle, addresses[old][1])
        told = load.end()
        for server in servers:
            server.close()
        assert told["lost"] == []
        assert told["connections"] == [1] * 16
        assert min(told["requests"]) > 50
        assert front.counters().requests == sum(told["requests"])
