"""One stable address on 127.0.0.1 in front of whichever container serves at the moment."""

import asyncio
import contextlib
import threading

from emulator.model.diagnostic import Fault, HostError, error

_CHUNK = 64 * 1024
_HEAD_S = 1.0
"""How long to read what a client says before it is told that nothing is live: a connection closed with unread bytes
is reset, and the answer with it."""
_NOTHING_LIVE = b"emu: nothing is live here at the moment\n"
_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_NOTHING_LIVE), _NOTHING_LIVE)
)


class Forwarder:
    """Carries TCP connections from 127.0.0.1:`port` to `target`, which may change at any time."""

    def __init__(self, wanted: int | None) -> None:
        self.target: tuple[str, int] | None = None
        self.port = 0
        self._loop = asyncio.new_event_loop()
        # What breaks a connection is its two ends' matter; asyncio would print it between the app's lines.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._ready = threading.Event()
        self._problem: OSError | None = None
        self._thread = threading.Thread(target=self._serve, args=(wanted or 0,), daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._problem is not None:
            raise HostError(
                error(
                    "host/no-port",
                    f"no address on 127.0.0.1 can be had: {self._problem.strerror}",
                    fault=Fault.HOST,
                    help="free some ports",
                )
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End every connection and free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2)

    def _serve(self, wanted: int) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(self._listen(wanted))
        except OSError as problem:
            self._problem = problem
            self._loop.close()
            self._ready.set()
            return
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._end(server))
            self._loop.close()

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the loop's next turn

    async def _listen(self, wanted: int) -> asyncio.Server:
        """On the port it had before when that is free, else on any."""
        for port in dict.fromkeys((wanted, 0)):
            try:
                server = await asyncio.start_server(self._connection, "127.0.0.1", port)
            except OSError:
                if port == 0:
                    raise
                continue
            self.port = server.sockets[0].getsockname()[1]
            return server
        raise AssertionError

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = None
        try:
            there = await self._open()
            if there is None:
                with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_S)
                writer.write(_BAD_GATEWAY)
                await writer.drain()
                return
            async with asyncio.TaskGroup() as both:
                both.create_task(_pipe(reader, there[1]))
                both.create_task(_pipe(there[0], writer))
        except* OSError:
            pass  # one end went away: the other learns it by the connection's end
        finally:
            writer.close()
            if there is not None:
                there[1].close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        if self.target is None:
            return None
        try:
            return await asyncio.open_connection(*self.target)
        except OSError:
            return None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end, and the end with it: the other direction may go on."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
