"""One stable address on 127.0.0.1 in front of whichever container serves at the moment."""

import asyncio
import contextlib
import threading

from emulator.model.diagnostic import Fault, HostError, error

_CHUNK = 64 * 1024
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
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2)

    def _serve(self, wanted: int) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(self._listen(wanted))
        except OSError as problem:
            self._problem = problem
            self._ready.set()
            return
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

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
        try:
            there = await self._open()
            if there is None:
                writer.write(_BAD_GATEWAY)
                await writer.drain()
                return
            await asyncio.gather(self._pipe(reader, there[1]), self._pipe(there[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        if self.target is None:
            return None
        try:
            return await asyncio.open_connection(*self.target)
        except OSError:
            return None

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                if writer.can_write_eof():
                    writer.write_eof()
