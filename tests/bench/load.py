"""Constant load on an address: keep-alive clients and ones that connect anew, bodies, a slow answer, a tunnel and a
WebSocket, each request of which is counted.

A request is lost when anything but a whole answer with status 200 comes of it.
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Self

LEAVES = "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # whoever still waits for an answer does not get it"
APP = f"""\
import base64, hashlib, http.server, os, signal, socketserver, time

{LEAVES}
""" + """\
TEXT = os.environ.get("TEXT", "ok").encode()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            self.slow()
        elif self.headers.get("Upgrade") == "websocket":
            self.websocket()
        elif self.headers.get("Upgrade"):
            self.tunnel()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(TEXT)))
            self.end_headers()
            self.wfile.write(TEXT)

    def do_POST(self):
        digest = hashlib.sha256(self.rfile.read(int(self.headers["Content-Length"]))).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(digest)))
        self.end_headers()
        self.wfile.write(digest)

    def slow(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(10):
            self.wfile.write(b"2\\r\\n..\\r\\n")
            time.sleep(0.1)
        self.wfile.write(b"0\\r\\n\\r\\n")

    def tunnel(self):
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "echo")
        self.end_headers()
        while said := self.rfile.readline():
            self.wfile.write(said)
        self.close_connection = True

    def websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        while len(head := self.rfile.read(2)) == 2:  # short messages alone: two bytes, four of the mask, the text
            mask, text = self.rfile.read(4), self.rfile.read(head[1] & 127)
            said = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
            self.wfile.write(bytes([head[0], len(said)]) + said)
        self.close_connection = True

    def log_message(self, *_):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DEAF = APP.replace(f"{LEAVES}\n", "")
"""Hears no SIGTERM, being the first process of its container and without a handler."""
_BODY = 100_000
_PATIENCE_S = 10.0


class Load:
    """Asks as long as it is entered."""

    def __init__(self, url: str, *, clients: int = 8, pause_s: float = 0.01) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = host, int(port)
        self._clients = clients
        self._pause_s = pause_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.answered: Counter[str] = Counter()
        """By the kind of request."""
        self.lost: list[str] = []
        self.texts: Counter[str] = Counter()
        """What the plain requests were answered."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(2 * _PATIENCE_S)

    async def _run(self) -> None:
        plain = [self._repeat("plain", self._plain) for _ in range(self._clients)]
        others = {
            "new connection": self._anew, "body": self._body, "slow": self._slow, "tunnel": self._tunnel,
            "WebSocket": self._websocket,
        }  # fmt: skip
        await asyncio.gather(*plain, *(self._repeat(kind, work) for kind, work in others.items()))

    async def _repeat(self, kind: str, work: Callable[["Line"], Awaitable[None]]) -> None:
        """Over one connection for as long as it holds."""
        line, began = Line(self._address), time.monotonic()
        while not self._over.is_set():
            try:
                await asyncio.wait_for(work(line), _PATIENCE_S)
                self.answered[kind] += 1
            except (OSError, EOFError, ValueError, TimeoutError) as problem:
                self.lost.append(f"{kind}: {problem!r}, {line.came}, {time.monotonic() - began:.1f} s into the load")
                line.close()
            await asyncio.sleep(self._pause_s)
        line.close()

    async def _plain(self, line: "Line") -> None:
        status, body = await line.ask("/")
        self.texts[body] += 1
        if status != 200:
            raise ValueError(f"answered {status} {body[:80]!r}")

    async def _anew(self, line: "Line") -> None:
        line.close()
        await self._plain(line)

    async def _body(self, line: "Line") -> None:
        """A body that is sent in two pieces, with a moment between them."""
        body = os.urandom(_BODY)
        await line.send("/", f"Content-Length: {_BODY}\r\n", method="POST")
        line.writer.write(body[: _BODY // 2])
        await line.writer.drain()
        await asyncio.sleep(0.05)
        line.writer.write(body[_BODY // 2 :])
        status, digest = await line.answer()
        if (status, digest) != (200, hashlib.sha256(body).hexdigest()):
            raise ValueError(f"answered {status} {digest[:80]!r}")

    async def _slow(self, line: "Line") -> None:
        status, body = await line.ask("/slow")
        if (status, body) != (200, ".." * 10):
            raise ValueError(f"answered {status} {body[:80]!r}")

    async def _tunnel(self, line: "Line") -> None:
        """Something is said every 50 ms, and heard again, for a second."""
        await line.send("/", "Connection: Upgrade\r\nUpgrade: echo\r\n")
        status, _ = await line.head()
        if status != 101:
            raise ValueError(f"answered {status}")
        for number in range(20):
            said = f"{number}\n".encode()
            line.writer.write(said)
            if await line.reader.readexactly(len(said)) != said:
                raise ValueError("another echo")
            await asyncio.sleep(0.05)
        line.close()

    async def _websocket(self, line: "Line") -> None:
        """The handshake, and a short message every 50 ms for a second."""
        key = base64.b64encode(os.urandom(16)).decode()
        headers = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        await line.send("/", f"{headers}Sec-WebSocket-Key: {key}\r\n")
        status, answered = await line.head()
        accept = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        if (status, answered.get("sec-websocket-accept")) != (101, base64.b64encode(accept).decode()):
            raise ValueError(f"answered {status}")
        for number in range(20):
            text, mask = f"message {number}".encode(), os.urandom(4)
            masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
            line.writer.write(bytes([0x81, 0x80 | len(text)]) + mask + masked)
            if await line.reader.readexactly(2 + len(text)) != bytes([0x81, len(text)]) + text:
                raise ValueError("another message")
            await asyncio.sleep(0.05)
        line.close()


class Line:
    """A connection that is opened when it is needed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._open = False
        self.came = "nothing sent"
        """How far the last exchange has come, for who has to find out why it came no further."""

    async def ask(self, path: str) -> tuple[int, str]:
        """A whole answer: its status and body. Raises EOFError when it is cut off."""
        await self.send(path)
        return await self.answer()

    async def answer(self) -> tuple[int, str]:
        """To what was sent last."""
        status, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
                self.came = f"{len(body)} bytes of the answer's body"
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, body.decode()

    async def send(self, path: str, headers: str = "", *, method: str = "GET") -> None:
        if not self._open:
            self.reader, self.writer = await asyncio.open_connection(*self._address)
            self._open = True
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: load\r\n{headers}\r\n".encode())
        await self.writer.drain()
        self.came = f"nothing of an answer on the connection from {self.writer.get_extra_info('sockname')}"

    async def head(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        self.came = f"the head of an answer, {first!r}"
        pairs = (line.split(":", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}

    def close(self) -> None:
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                self.writer.close()
