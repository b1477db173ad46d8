"""A site's files on this machine: the archive that the engine gives, and a server that answers with pieces of it.

The archive is a file without a name: it goes with the process, however that ends. What a client asks for is looked up
among the archive's entries, never on this machine's disk.
"""

import hashlib
import os
import tarfile
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast

from emulator.engine.site import Answer, Ask, Site
from emulator.engine.site_files import Member, SiteFile, SiteFiles
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.static import Static
from emulator.world.docker import Docker

from .site_forward import Elsewhere, forward

_PIECE = 1 << 18
_MOST_UNREAD = 1 << 20
"""Of a body that nobody wants: beyond that the connection is closed instead."""


def publish(docker: Docker, image: str, path: str, labels: Mapping[str, str]) -> "Published | None":
    """The folder of an image, ready to be served; None where it has no such folder. Raises HostError."""
    try:
        archive = tempfile.TemporaryFile(prefix="emu-site-")  # noqa: SIM115 - kept as long as it is served
    except OSError as problem:
        raise _no_room(problem) from problem
    try:
        if docker.copy_folder(image, path, archive, labels):
            archive.flush()
            return Published(archive)
    except OSError as problem:
        archive.close()
        raise _no_room(problem) from problem
    except BaseException:
        archive.close()
        raise
    archive.close()
    return None


def _no_room(problem: OSError) -> HostError:
    message = f"the published files cannot be kept in {tempfile.gettempdir()}: {problem.strerror}"
    help_ = "make room there, or set TMPDIR to a directory that can be written"
    return HostError(error("host/no-room", message, fault=Fault.HOST, help=help_))


class Published:
    """See `emulator.world.front.PublishedSite`. The archive is closed when nobody has this any more."""

    def __init__(self, archive: IO[bytes]) -> None:
        weakref.finalize(self, archive.close)
        self._archive = archive
        self._files = SiteFiles(_members(archive))
        self._compressed: dict[str, bytes] = {}

    def read(self, at: int, length: int) -> bytes:
        """A piece of the archive, from any thread."""
        return os.pread(self._archive.fileno(), length, at)

    def compressed(self, file: SiteFile) -> bytes:
        """All of a file by gzip, worked out once; from any thread."""
        import gzip

        found = self._compressed.get(file.digest)
        if found is None:
            found = gzip.compress(self.read(file.offset, file.size), compresslevel=6, mtime=0)
            self._compressed[file.digest] = found
        return found

    @property
    def files(self) -> int:
        return len(self._files)

    @property
    def size(self) -> int:
        return self._files.size

    def serve(self, static: Static, url_of: Callable[[str], str | None]) -> "Server":
        return Server(Site(self._files, static), self, Elsewhere(static.neighbours, url_of))


def _members(archive: IO[bytes]) -> Iterator[Member]:
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode="r:") as tar:
        for entry in tar:
            if entry.isreg():
                yield Member(entry.name, file=_file(entry, archive))
            elif entry.issym() or entry.islnk():
                yield Member(entry.name, link_to=entry.linkname, is_hard=entry.islnk())


def _file(entry: tarfile.TarInfo, archive: IO[bytes]) -> SiteFile:
    digest = hashlib.blake2b(digest_size=12)
    at, end = entry.offset_data, entry.offset_data + entry.size
    while at < end:
        piece = os.pread(archive.fileno(), min(_PIECE, end - at), at)
        digest.update(piece)
        at += len(piece) or end
    return SiteFile(entry.name, entry.offset_data, entry.size, int(entry.mtime), digest.hexdigest())


class Server:
    """See `emulator.world.front.ServedSite`."""

    def __init__(self, site: Site, published: Published, elsewhere: Elsewhere) -> None:
        try:
            self._server = _Server(("127.0.0.1", 0), _Handler)
        except OSError as problem:
            message = f"no address on 127.0.0.1 can be had: {problem.strerror}"
            raise HostError(error("host/no-port", message, fault=Fault.HOST, help="free some ports")) from problem
        self._server.site = site
        self._server.published = published
        self._server.elsewhere = elsewhere
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_address[1])
        serving = {"poll_interval": 0.05}
        threading.Thread(
            target=self._server.serve_forever, kwargs=serving, name=f"site-{self.address[1]}", daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    site: Site
    published: Published
    elsewhere: Elsewhere

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One connection. The router before it has checked the form of what comes in."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _respond(self) -> None:
        server = cast(_Server, self.server)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = server.site.answer(Ask(self.command, self._target(), headers))
        if answer.forward_to is not None:
            forward(self, answer, server.elsewhere)
            return
        self._read_body(headers)
        self._send(answer, server.published)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = _respond  # noqa: N815

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Methods that nobody has heard of are answered like the others."""
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def _target(self) -> str:
        """As it was sent: bytes that are no ASCII are UTF-8, or nothing's name."""
        return self.path.encode("latin-1").decode("utf-8", "surrogateescape")

    def _read_body(self, headers: Mapping[str, str]) -> None:
        """Past the body, to the next request; or no next one."""
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > _MOST_UNREAD:
            self.close_connection = True
        elif int(length):
            self.rfile.read(int(length))

    def _send(self, answer: Answer, published: Published) -> None:
        body = published.compressed(answer.file) if answer.gzip and answer.file is not None else answer.body
        length = answer.length if answer.file is not None and not answer.gzip else len(body)
        self.send_head(answer.status, answer.headers, length if answer.status != HTTPStatus.NOT_MODIFIED else None)
        if self.command == "HEAD" or answer.status == HTTPStatus.NOT_MODIFIED:
            return
        if answer.file is None or answer.gzip:
            self.wfile.write(body)
            return
        at, end = answer.file.offset + answer.start, answer.file.offset + answer.start + answer.length
        while at < end:
            piece = published.read(at, min(_PIECE, end - at))
            if not piece:
                self.close_connection = True
                return
            self.wfile.write(piece)
            at += len(piece)

    def send_head(self, status: int, headers: tuple[tuple[str, str], ...], length: int | None) -> None:
        """A head with these headers, the time, and a length where there is one."""
        known = {code.value: code.phrase for code in HTTPStatus}
        own = [("Date", formatdate(usegmt=True))]
        own += [("Content-Length", str(length))] if length is not None else []
        own += [("Connection", "close")] if self.close_connection else []
        lines = [f"HTTP/1.1 {status} {known.get(status, '')}", *(f"{n}: {v}" for n, v in (*headers, *own)), "", ""]
        self.wfile.write("\r\n".join(lines).encode("utf-8", "surrogateescape"))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not told."""
