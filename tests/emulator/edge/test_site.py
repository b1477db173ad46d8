"""A site over real sockets: what comes of an archive, what a client gets of it, and what a hostile one does not."""

import gzip
import http.client
import io
import os
import socket
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from emulator.edge.proxy import Proxy
from emulator.edge.site import Published, Server, publish
from emulator.model.diagnostic import HostError
from emulator.model.static import HeaderRule, Route, Static

BIG = os.urandom(700_000)
STYLE = b"body { color: red }\n" * 500
FILES = {"./index.html": b"home", "./a.css": STYLE, "./big.bin": BIG, "./docs/index.html": b"docs"}
STATIC = Static(
    routes=(
        Route(type="rewrite", source="/app/*", destination="/index.html", pattern="/app/.*", target="/index.html"),
    ),
    headers=(HeaderRule(path="/*", name="X-Accent", value="é", pattern="(?s)/.*"),),
    not_found_file=None,
    compressed=("text/css",),
)


def nowhere(name: str) -> str | None:
    """No other service is live."""


def archive(files: dict[str, bytes]) -> Any:
    """A tar archive as an engine gives it, with a folder, a link and a device among the files."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever serves it closes it
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, kind in (("./", tarfile.DIRTYPE), ("./null", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            tar.addfile(entry)
        link = tarfile.TarInfo("./passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1_700_000_000
            tar.addfile(entry, io.BytesIO(content))
    file.flush()
    return file


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    server = Published(archive(FILES)).serve(STATIC, nowhere)
    yield server
    server.close()


@pytest.fixture(scope="module")
def address(served: Server) -> Iterator[tuple[str, int]]:
    """Behind the router that every request comes through."""
    proxy = Proxy(None)
    proxy.target = served.address
    yield "127.0.0.1", proxy.port
    proxy.close()


def asked(address: tuple[str, int], method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request(method, path, body=body, headers={n.replace("_", "-"): v for n, v in headers.items()})
    response = connection.getresponse()
    response.content = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def test_files_come_whole_and_in_pieces(address: tuple[str, int]) -> None:
    """Byte for byte, with a length, a time and the site's headers; a range is those bytes."""
    whole = asked(address, "GET", "/big.bin")
    assert (whole.status, whole.content == BIG, whole.headers["Content-Length"]) == (200, True, str(len(BIG)))
    assert whole.headers["X-Accent"].encode("latin-1") == "é".encode()
    assert whole.headers["Date"]
    part = asked(address, "GET", "/big.bin", range="bytes=300000-699999")
    assert (part.status, part.content == BIG[300_000:]) == (206, True)


def test_a_text_goes_compressed_to_who_takes_it(address: tuple[str, int]) -> None:
    """Through the proxy, with its own length, for HEAD as well; another client gets it as it is."""
    got = asked(address, "GET", "/a.css", accept_encoding="gzip, br")
    assert (gzip.decompress(got.content), got.headers["Content-Encoding"]) == (STYLE, "gzip")
    assert int(got.headers["Content-Length"]) == len(got.content) < len(STYLE)
    head = asked(address, "HEAD", "/a.css", accept_encoding="gzip")
    assert (head.content, head.headers["Content-Length"]) == (b"", got.headers["Content-Length"])
    plain = asked(address, "GET", "/a.css", accept_encoding="identity")
    assert (plain.content, plain.headers["Content-Encoding"], plain.headers["Vary"]) == (STYLE, None, "Accept-Encoding")


def test_head_has_the_length_and_no_body(address: tuple[str, int]) -> None:
    """And the connection goes on: the next answer is whole."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    for method, content in (("HEAD", b""), ("GET", b"home"), ("HEAD", b""), ("GET", b"home")):
        connection.request(method, "/")
        response = connection.getresponse()
        assert (response.status, response.headers["Content-Length"], response.read()) == (200, "4", content)
    connection.close()


def test_unchanged_file_is_not_sent_again(address: tuple[str, int]) -> None:
    """304, without a body and without its length."""
    tag = asked(address, "GET", "/").headers["ETag"]
    again = asked(address, "GET", "/", if_none_match=tag)
    assert (again.status, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_same_content_has_the_same_tag_in_every_deploy() -> None:
    """And another content another."""
    tags = []
    for content in (b"home", b"home", b"changed"):
        server = Published(archive({"./index.html": content})).serve(STATIC, nowhere)
        tags.append(asked(server.address, "GET", "/").headers["ETag"])
        server.close()
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.parametrize("body", [None, b"x" * 5_000_000])
def test_other_methods_are_refused_and_their_bodies_passed_over(address: tuple[str, int], body: bytes | None) -> None:
    """Small or large; a method that nobody has heard of is no other."""
    for method in ("POST", "BREW"):
        assert asked(address, method, "/", body=body).status == 405
    assert asked(address, "GET", "/").content == b"home"


def test_body_that_nobody_wants_is_no_next_request(served: Server) -> None:
    """On one connection: after it the next answer is whole."""
    connection = http.client.HTTPConnection(*served.address, timeout=10)
    for method, body, status in (("POST", b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("GET", None, 200)):
        connection.request(method, "/", body=body)
        response = connection.getresponse()
        assert (response.status, b"docs" in response.read()) == (status, False)
    connection.close()


@pytest.mark.parametrize(
    "path",
    ["/passwd", "/null", "/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd", "/docs/..%5c..", "/%00"],
)
def test_nothing_but_its_files_is_served(address: tuple[str, int], path: str) -> None:
    """Links out of it, devices, and every way to climb."""
    assert (asked(address, "GET", path).status, asked(address, "GET", path).content) == (404, b"Not Found\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 60_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a/" * 12_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /a\x00b HTTP/1.1\r\nHost: a\r\n\r\n", b"400"), (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(150)) + b"\r\n", b"431"),
    ],
)  # fmt: skip
def test_hostile_request_is_answered_and_harms_nobody(address: tuple[str, int], request_: bytes, status: bytes) -> None:
    """Huge heads, long paths, bytes that are no request; the next client is served."""
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(request_)
        assert client.recv(4096).split(b" ")[1] == status
    assert asked(address, "GET", "/").content == b"home"


def test_closed_site_answers_nobody() -> None:
    """And its port is free again."""
    server = Published(archive(FILES)).serve(STATIC, nowhere)
    server.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.address, timeout=2)


class _Other(BaseHTTPRequestHandler):
    """Another server, which says what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"{self.command} {self.path} {self.headers['X-Mine']} {body.decode()}".encode()
        self.send_response(201)
        self.send_header("X-Theirs", "kept")
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("X-Accent", "theirs")
        self.end_headers()  # without a length: its end is that of the connection
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_HEAD = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def other() -> Iterator[str]:
    """Another server's address."""
    server = HTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def forwarding(other: str) -> Iterator[tuple[str, int]]:
    """A site that rewrites /api/* to another server, and /gone to one that is not there."""
    target = f"{other}/v1/\\g<1>"
    routes = (
        Route(type="rewrite", source="", destination="", pattern="/api/(.*)", target=target),
        Route(type="rewrite", source="", destination="", pattern="/gone", target="http://127.0.0.1:1/"),
    )
    server = Published(archive(FILES)).serve(Static(routes=routes, headers=STATIC.headers), nowhere)
    yield server.address
    server.close()


def test_rewrite_to_another_server_passes_on_both_ways(forwarding: tuple[str, int]) -> None:
    """Method, path, query, headers and body there; status, headers and body back, the site's own headers over them."""
    got = asked(forwarding, "POST", "/api/a%20b?c=d", body=b"body", X_Mine="mine")
    assert (got.status, got.content) == (201, b"POST /v1/a%20b?c=d mine body")
    assert (got.headers["X-Theirs"], got.headers.get_all("X-Accent")) == ("kept", ["Ã©"])
    assert asked(forwarding, "HEAD", "/api/x").content == b""


def test_rewrite_to_another_service_stays_on_this_machine(other: str) -> None:
    """Its host, by name or port, is reached where that service is; it hears the host that was meant. While it is not
    live, nobody else is asked."""
    route = Route(type="rewrite", source="", destination="", pattern="/(.*)", target="https://API.test/\\g<1>")
    for url, status, said in (
        (other, 201, b"GET /x?y None "),
        (None, 502, b"emu: https://API.test/x?y leads to a service that is not live here\n"),
    ):
        static = Static(routes=(route,), neighbours={"api.test": "api"})
        server = Published(archive({})).serve(static, lambda name, url=url: url if name == "api" else None)
        got = asked(server.address, "GET", "/x?y")
        server.close()
        assert (got.status, got.content) == (status, said)
        assert got.headers["X-Host"] == ("API.test" if status == 201 else None)


def test_server_that_is_not_there_is_a_bad_gateway(forwarding: tuple[str, int]) -> None:
    """With the reason."""
    got = asked(forwarding, "GET", "/gone")
    assert (got.status, b"127.0.0.1:1/ cannot be reached" in got.content) == (502, True)


def test_disk_without_room_is_this_machines_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said as such, with what to do; it is no fault of the site."""

    class Full:
        def copy_folder(self, image: str, path: str, into: Any, labels: Any) -> bool:
            raise OSError(28, "No space left on device")

    with pytest.raises(HostError) as problem:
        publish(Full(), "image", "/site", {})  # type: ignore[arg-type]
    assert problem.value.diagnostic.code == "host/no-room"
