"""An engine that takes connections and answers nothing is noticed, and so is that it answers again."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.edge import docker_connection
from emulator.edge.docker import Engine
from emulator.edge.host import Endpoint
from emulator.edge.pulse import Pulse, answer, api_version, can_ask
from emulator.model.diagnostic import HostError
from emulator.world import is_lost
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
    """Nothing is known of what lies behind TLS or another machine's shell."""
    assert can_ask(Endpoint(url="tcp://127.0.0.1:2375"))
    assert not can_ask(Endpoint(url="tcp://127.0.0.1:2376", tls=True))
    assert not can_ask(Endpoint(url="ssh://somewhere"))


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
