"""Constant load on an address: keep-alive clients, a slow answer and a tunnel, each request of which is counted.

A request is lost when anything but a whole answer with status 200 comes of it.
"""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Self

APP = """\
import http.server, os, signal, socketserver, time

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # whoever still waits for an answer does not get it
TEXT = os.environ.get("TEXT", "ok").encode()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            self.slow()
        elif self.headers.get("Upgrade"):
            self.tunnel()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(TEXT)))
            self.end_headers()
            self.wfile.write(TEXT)

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

    def log_message(self, *_):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
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
        await asyncio.gather(*plain, self._repeat("slow", self._slow), self._repeat("tunnel", self._tunnel))

    async def _repeat(self, kind: str, work: Callable[["Line"], Awaitable[None]]) -> None:
        """Over one connection for as long as it holds."""
        line = Line(self._address)
        while not self._over.is_set():
            try:
                await asyncio.wait_for(work(line), _PATIENCE_S)
                self.answered[kind] += 1
            except (OSError, EOFError, ValueError, TimeoutError) as problem:
                self.lost.append(f"{kind}: {problem!r}")
                line.close()
            await asyncio.sleep(self._pause_s)
        line.close()

    async def _plain(self, line: "Line") -> None:
        status, body = await line.ask("/")
        self.texts[body] += 1
        if status != 200:
            raise ValueError(f"answered {status} {body[:80]!r}")

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


class Line:
    """A connection that is opened when it is needed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._open = False

    async def ask(self, path: str) -> tuple[int, str]:
        """A whole answer: its status and body. Raises EOFError when it is cut off."""
        await self.send(path)
        status, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, body.decode()

    async def send(self, path: str, headers: str = "") -> None:
        if not self._open:
            self.reader, self.writer = await asyncio.open_connection(*self._address)
            self._open = True
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: load\r\n{headers}\r\n".encode())
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}

    def close(self) -> None:
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                self.writer.close()
