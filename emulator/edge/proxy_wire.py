"""One TCP connection of the proxy, on an event loop of asyncio.

Not a transport of asyncio's: that one gives up reading when a write fails, and with it the answer of a server that
refuses an upload early; and it costs a fifth of what the proxy may add to a request.
"""

import contextlib
import socket
import struct

from .proxy_poller import Poller

READ = 64 * 1024


class Wire:
    """Reads when asked to, writes at once, and keeps what the other side does not take yet.

    A subclass says what happens with what comes (`received`, `ended`) and when all is written (`drained`).
    """

    __slots__ = (
        "_pending", "_poller", "_reading", "_recv", "_send", "_sock", "broken", "closed", "fd", "heard_all"
    )  # fmt: skip

    def __init__(self, poller: Poller, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poller = poller
        self._sock = sock
        self.fd = sock.fileno()
        self._recv = sock.recv
        self._send = sock.send
        self._pending = bytearray()
        self._reading = False
        self.heard_all = False
        """The other side sends no more."""
        self.broken = False
        """Nothing more can be written: the other side is gone."""
        self.closed = False

    @property
    def congested(self) -> bool:
        """Whether the other side has not taken all that was written: who writes waits for `drained`."""
        return bool(self._pending)

    def received(self, data: bytes) -> None:
        raise NotImplementedError

    def ended(self, problem: OSError | None) -> None:
        """The other side sends no more, or the connection broke."""
        raise NotImplementedError

    def drained(self) -> None:
        """What was kept is written, or never will be."""
        raise NotImplementedError

    def resume(self) -> None:
        """Read, from the start or again."""
        if not (self._reading or self.closed or self.heard_all):
            self._reading = True
            self._watch()

    def pause(self) -> None:
        if self._reading:
            self._reading = False
            self._watch()

    def write(self, data: bytes) -> bool:
        """Write, now or when the other side takes it. Whether it can be written at all."""
        if self.broken:
            return False
        if self._pending:
            self._pending += data
            return True
        try:
            sent = self._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.broken = True
            return False
        if sent != len(data):
            self._pending += memoryview(data)[sent:]
            self._watch()
        return True

    def shut(self) -> None:
        """Say that no more comes; all must be written, as it is when the one who writes waits for `drained`."""
        if not self.closed:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Now, whatever is still to be written. With `reset` the other side sees that it was cut off."""
        if self.closed:
            return
        self.closed = self.broken = True
        self._reading = False
        self._pending.clear()
        self._watch()
        if reset:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def fail(self) -> None:
        """End after a fault of ours, as if the connection had broken."""
        try:
            if not self.closed:
                self.ended(ConnectionAbortedError())
        finally:
            self.close(reset=True)

    def _watch(self) -> None:
        self._poller.watch(self, reading=self._reading, writing=bool(self._pending))

    def readable(self) -> None:
        try:
            data = self._recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as problem:
            self.pause()
            self.heard_all = self.broken = True
            self.ended(problem)
            return
        if data:
            self.received(data)
            return
        self.pause()
        self.heard_all = True
        self.ended(None)

    def writable(self) -> None:
        try:
            sent = self._send(self._pending)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.broken = True
            sent = len(self._pending)
        del self._pending[:sent]
        if not self._pending:
            self._watch()
            self.drained()
