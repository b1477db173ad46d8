"""An engine that takes connections and answers nothing is noticed, and so is that it answers again."""

import contextlib
import ipaddress
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emulator.edge import docker_connection
from emulator.edge.docker import Engine
from emulator.edge.host import Endpoint
from emulator.edge.pulse import Pulse, answer, api_version, can_ask
from emulator.model.diagnostic import HostError
from emulator.model.record import replace
from emulator.world.docker import is_lost
from tests.places import wait_for

GREETING = b"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\nOK"


class Hanging:
    """A socket that answers while it is let."""

    def __init__(self, path: Path) -> None:
        self.answers = threading.Event()
        self.answers.set()
        self.endpoint = Endpoint(url=f"unix://{path}")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.recv(4096)
            self.answers.wait(30)
            line.sendall(GREETING)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.answers.set()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Hanging]:
    found = Hanging(tmp_path / "s")
    yield found
    found.close()


def test_a_silence_is_told_once_and_so_is_its_end(engine: Hanging) -> None:
    told: list[tuple[bool, float]] = []
    pulse = Pulse(engine.endpoint, lambda silent, s: told.append((silent, s)), every_s=0.02, within_s=0.1)
    engine.answers.clear()
    wait_for(lambda: pulse.is_silent, 5)
    engine.answers.set()
    wait_for(lambda: not pulse.is_silent, 5)
    pulse.close()
    assert [silent for silent, _ in told] == [True, False]
    assert 0.1 < told[0][1] < told[1][1] < 5


def test_one_that_is_gone_is_not_silent(engine: Hanging) -> None:
    """Whoever asks it is told that nobody is there."""
    told: list[bool] = []
    engine.close()
    pulse = Pulse(engine.endpoint, lambda silent, _s: told.append(silent), every_s=0.01, within_s=0.05)
    threading.Event().wait(0.3)
    pulse.close()
    assert told == []


def test_what_it_says_first(engine: Hanging) -> None:
    assert api_version(answer(engine.endpoint, 5)) == "1.47"
    assert api_version(b"HTTP/1.1 200 OK\r\n\r\n") is None


def test_who_is_asked_by_a_socket_alone() -> None:
    """Nothing is known of what lies behind another machine's shell."""
    assert can_ask(Endpoint(url="tcp://127.0.0.1:2375"))
    assert can_ask(Endpoint(url="tcp://127.0.0.1:2376", tls=True))
    assert not can_ask(Endpoint(url="ssh://somewhere"))


SERVER = """
import http.server, socketserver, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self):
        return "here"

server = type("Server", (socketserver.ThreadingMixIn, socketserver.UnixStreamServer), {"request_queue_size": 2})
server(sys.argv[1], Answer).serve_forever()
"""


def test_a_process_that_is_stopped_is_silent_until_it_goes_on(tmp_path: Path) -> None:
    """The system takes connections for it, until too many wait."""
    path = tmp_path / "s"
    told: list[bool] = []
    with subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(path.exists)
            process.send_signal(signal.SIGSTOP)
            where = Endpoint(url=f"unix://{path}")
            pulse = Pulse(where, lambda silent, _s: told.append(silent), every_s=0.02, within_s=0.1)
            wait_for(lambda: pulse.is_silent, 5)
            threading.Event().wait(1)  # nine questions more
            process.send_signal(signal.SIGCONT)
            wait_for(lambda: not pulse.is_silent, 5)
            pulse.close()
        finally:
            process.kill()
    assert told == [True, False]


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Endpoint, threading.Event]]:
    """An engine behind TLS that knows its users by their certificate; it answers while the event is set."""
    for name in ("server", "user"):
        certify(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    context.load_verify_locations(tmp_path / "user.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    answers = threading.Event()
    answers.set()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = server.accept()
                answers.wait(30)
                with contextlib.suppress(OSError), context.wrap_socket(line, server_side=True) as safe:
                    safe.recv(4096)
                    safe.sendall(GREETING)

    threading.Thread(target=serve, daemon=True).start()
    files = {"ca": "server.pem", "cert": "user.pem", "key": "user.key"}
    told = {key: str(tmp_path / name) for key, name in files.items()}
    yield Endpoint(url=f"tcp://127.0.0.1:{server.getsockname()[1]}", tls=True, **told), answers
    answers.set()
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()


def certify(folder: Path, name: str) -> None:
    """A certificate for this machine's own address, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now, address = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    number, end = x509.random_serial_number(), now + timedelta(days=1)
    made = x509.CertificateBuilder(who, who, key.public_key(), number, now, end)
    made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    (folder / f"{name}.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(secret)


def test_one_behind_tls_is_asked_as_well(secured: tuple[Endpoint, threading.Event]) -> None:
    """With the certificates that everything else is asked with; one that they do not fit is not called silent."""
    endpoint, answers = secured
    assert api_version(answer(endpoint, 5)) == "1.47"
    assert api_version(answer(replace(endpoint, ca=None, verify=False), 5)) == "1.47"
    with pytest.raises(ssl.SSLError):
        answer(replace(endpoint, ca=None), 5)
    told: list[bool] = []
    pulse = Pulse(endpoint, lambda silent, _s: told.append(silent), every_s=0.02, within_s=0.2)
    answers.clear()
    wait_for(lambda: pulse.is_silent, 5)
    answers.set()
    wait_for(lambda: not pulse.is_silent, 5)
    pulse.close()
    assert told == [True, False]


def test_a_command_that_meets_a_silent_engine_says_so(engine: Hanging, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for as long as a slow answer may take."""
    monkeypatch.setattr(docker_connection, "ANSWERS_WITHIN_S", 0.1)
    engine.answers.clear()
    found = Engine(engine.endpoint, {})
    with pytest.raises(HostError, match="does not answer") as raised:
        found.ping()
    found.close()
    assert (raised.value.diagnostic.code, raised.value.exit_code) == ("host/engine-silent", 3)
    assert is_lost(raised.value)
