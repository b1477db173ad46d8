"""Servers that applications are made of, run in this process, for tests of what stands before them."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from aiohttp import web
from websockets.sync.server import ServerConnection, serve

Address = tuple[str, int]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpServer:
    """aiohttp's server in a thread of its own: any method, any path, one handler."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self.address: Address = ("127.0.0.1", port)
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,))
        self._thread.start()
        assert ready.wait(5)

    def close(self) -> None:
        """In peace: it accepts nothing more, lets what runs come to its end, and closes what is idle."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self, ready: threading.Event) -> None:
        try:
            self._loop.run_until_complete(self._run(ready))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _run(self, ready: threading.Event) -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
        await runner.setup()
        site = web.TCPSite(runner, *self.address, backlog=600)
        await site.start()
        self.address = runner.addresses[0]
        ready.set()
        await self._over.wait()
        await runner.cleanup()


@contextlib.contextmanager
def http_server(handler: Handler) -> Iterator[HttpServer]:
    server = HttpServer(handler)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def websocket_server(handler: Callable[[ServerConnection], None], **options) -> Iterator[Address]:
    """The server of `websockets`, a thread for each connection; its address."""
    with serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()
        finally:
            server.shutdown()
            thread.join(10)


@contextlib.contextmanager
def grpc_server(**methods: grpc.RpcMethodHandler) -> Iterator[Address]:
    """gRPC's own server with a service `shop.Cart` of these methods, whose messages are plain bytes; its address."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Cart", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield "127.0.0.1", port
    finally:
        server.stop(None).wait()
