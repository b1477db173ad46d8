"""The socket of a running `up`: questions and answers by lines, whatever the other side does."""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.edge.control import ControlServer, Peer, ask_running
from emulator.edge.orphans import remove_orphans
from emulator.edge.state import ProjectState

PATIENT = 10.0


@pytest.fixture
def state(tmp_path: Path) -> ProjectState:
    """Of a project that is taken, in a folder that leaves room for a socket."""
    return _taken(tmp_path)


def _taken(home: Path) -> ProjectState:
    state = ProjectState("shop", {"XDG_STATE_HOME": str(home)})
    assert state.lock() is None
    return state


def echo(line: bytes, peer: Peer) -> None:
    peer.send(b"heard " + line)
    peer.send(b"that is all")


@pytest.fixture
def server(state: ProjectState) -> Iterator[ControlServer]:
    one = ControlServer("shop", state, echo)
    yield one
    one.close()


def asked(state: ProjectState, question: bytes) -> list[bytes] | None:
    answers = ask_running(state, question)
    return None if answers is None else list(answers)


def where(state: ProjectState) -> str:
    return str(state.read("control")["socket"])


def connected(state: ProjectState) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENT)
    connection.connect(where(state))
    return connection


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


# ---- asking -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
def test_a_question_is_answered_in_lines(state: ProjectState) -> None:
    """As many as there are, and then the end."""
    assert asked(state, b'{"verb": "status"}') == [b'heard {"verb": "status"}', b"that is all"]


@pytest.mark.usefixtures("server")
def test_a_question_and_an_answer_longer_than_any_buffer(state: ProjectState) -> None:
    """They arrive whole."""
    question = b"x" * 2_000_000
    assert asked(state, question) == [b"heard " + question, b"that is all"]


def test_nobody_listens_where_nothing_ran(state: ProjectState) -> None:
    """There is no answer at all, which is not an empty one."""
    assert asked(state, b"status") is None


def test_nobody_listens_after_the_end(state: ProjectState) -> None:
    """The socket is gone with the server."""
    server = ControlServer("shop", state, echo)
    path = Path(where(state))
    server.close()
    assert not path.exists()
    assert asked(state, b"status") is None


@pytest.mark.parametrize("written", [{}, {"socket": 7}, {"socket": "/no/such/socket"}, {"socket": "/" + "x" * 300}])
def test_a_remembered_socket_that_is_none(state: ProjectState, written: dict[str, object]) -> None:
    """Damaged, gone, or longer than an address may be: nobody listens."""
    state.write("control", written)
    assert asked(state, b"status") is None


@pytest.mark.usefixtures("server")
def test_the_socket_is_for_this_user_alone(state: ProjectState) -> None:
    """Its folder lets nobody else in."""
    assert Path(where(state)).parent.stat().st_mode & 0o077 == 0


# ---- where it lies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["s", "deep" * 30], ids=["no place", "long"])
def test_a_path_that_takes_no_socket_gets_a_folder_of_its_own(tmp_path: Path, folder: str) -> None:
    """It is found all the same, nobody else may go there, and it is gone afterwards."""
    state = _taken(tmp_path / folder)
    Path(state.folder, "control").mkdir()
    server = ControlServer("shop", state, echo)
    place = Path(where(state)).parent
    assert str(place) != state.folder
    assert len(where(state)) <= 104
    assert place.stat().st_mode & 0o077 == 0
    assert asked(state, b"hello") == [b"heard hello", b"that is all"]
    server.close()
    assert not place.exists()


def test_the_temporary_folder_may_have_a_long_path_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket's address has some hundred bytes, whatever TMPDIR says."""
    temporary = tmp_path / ("long" * 30)
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    state = _taken(tmp_path / ("deep" * 30))
    server = ControlServer("shop", state, echo)
    assert len(where(state)) <= 104
    assert asked(state, b"hello") == [b"heard hello", b"that is all"]
    place = Path(where(state)).parent
    server.close()
    assert not place.exists()


KILLED = """\
import os, sys
from emulator.edge.control import ControlServer
from emulator.edge.state import ProjectState
state = ProjectState("shop", {"XDG_STATE_HOME": sys.argv[1]})
assert state.lock() is None
ControlServer("shop", state, lambda line, peer: None)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("folder", ["s", "deep" * 30], ids=["short", "long"])
def test_the_socket_of_a_killed_run(tmp_path: Path, folder: str) -> None:
    """It answers nobody, and the next run listens as if it had not been; tidying up removes what it left."""
    home = tmp_path / folder
    subprocess.run([sys.executable, "-c", KILLED, str(home)], cwd=Path(__file__).parents[3], check=False)
    state = ProjectState("shop", {"XDG_STATE_HOME": str(home)})
    stale = Path(where(state))
    assert stale.exists()
    assert asked(state, b"hello") is None
    assert state.lock() is None
    remove_orphans("shop")
    server = ControlServer("shop", state, echo)
    assert asked(state, b"hello") == [b"heard hello", b"that is all"]
    server.close()
    assert not stale.exists()


# ---- whatever the other side does -------------------------------------------------------------------


def test_a_client_that_goes_away_is_noticed(state: ProjectState) -> None:
    """Whoever answers learns of it, and what is sent to nobody is no error."""
    peers: list[Peer] = []
    done = threading.Event()

    def answer(line: bytes, peer: Peer) -> None:
        peers.append(peer)
        assert peer.gone.wait(PATIENT)
        peer.send(b"too late")
        done.set()

    server = ControlServer("shop", state, answer)
    connection = connected(state)
    connection.sendall(b"deploy\n")
    wait_for(lambda: len(peers) == 1)
    assert not peers[0].gone.is_set()
    connection.close()
    assert done.wait(PATIENT)
    server.close()


def test_whoever_stops_listening_is_gone(state: ProjectState) -> None:
    """Closing the answers half way is seen on the other side."""
    gone = threading.Event()

    def answer(line: bytes, peer: Peer) -> None:
        peer.send(b"first")
        assert peer.gone.wait(PATIENT)
        gone.set()

    server = ControlServer("shop", state, answer)
    answers = ask_running(state, b"deploy")
    assert answers is not None
    assert next(answers) == b"first"
    answers.close()  # type: ignore[attr-defined]
    assert gone.wait(PATIENT)
    server.close()


@pytest.mark.parametrize("garbage", [b"\x00\xff\xfe\n", b"\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"{" * 99 + b"\n"])
@pytest.mark.usefixtures("server")
def test_garbage_is_handed_on_as_it_is(state: ProjectState, garbage: bytes) -> None:
    """What a line means is for others to say; only the first one is heard."""
    connection = connected(state)
    connection.sendall(garbage)
    with connection, connection.makefile("rb") as answers:
        assert answers.read() == b"heard " + garbage.partition(b"\n")[0] + b"\nthat is all\n"


@pytest.mark.usefixtures("server")
def test_a_line_without_an_end_is_not_heard(state: ProjectState) -> None:
    """Who asked it has no answer, and others are served meanwhile and afterwards."""
    connection = connected(state)
    connection.sendall(b"deploy")
    assert asked(state, b"hello") == [b"heard hello", b"that is all"]
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(100) == b""
    connection.close()


def test_a_line_that_does_not_come_is_not_waited_for(state: ProjectState) -> None:
    """Who connects and says nothing, or says it byte by byte, is sent away in time."""
    server = ControlServer("shop", state, echo, within_s=0.3)
    silent, slow = connected(state), connected(state)
    began = time.monotonic()
    dripping = threading.Thread(target=_drip, args=(slow,))
    dripping.start()
    assert silent.recv(100) == b""
    dripping.join()
    assert time.monotonic() - began < 3
    silent.close()
    slow.close()
    server.close()


def _drip(connection: socket.socket) -> None:
    """A byte at a time, for five seconds or until nobody takes them."""
    try:
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.usefixtures("server")
def test_a_line_longer_than_anybody_asks_is_not_heard(state: ProjectState) -> None:
    """It is not collected for ever."""
    connection = connected(state)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        connection.sendall(b"x" * 50_000_000)
    connection.close()


def test_two_are_answered_at_once(state: ProjectState) -> None:
    """One that waits for its answer does not keep the other from its own."""
    both = threading.Barrier(2, timeout=PATIENT)

    def answer(line: bytes, peer: Peer) -> None:
        both.wait()
        peer.send(line)

    server = ControlServer("shop", state, answer)
    first, second = ask_running(state, b"one"), ask_running(state, b"two")
    assert first is not None
    assert second is not None
    assert (list(second), list(first)) == ([b"two"], [b"one"])
    server.close()


def test_whoever_waits_at_the_end_sees_it(state: ProjectState) -> None:
    """The connection ends with what was said until then, and so does who answers."""
    answering = threading.Event()
    left = threading.Event()

    def answer(line: bytes, peer: Peer) -> None:
        peer.send(b"building")
        answering.set()
        assert peer.gone.wait(PATIENT)
        left.set()

    server = ControlServer("shop", state, answer)
    answers = ask_running(state, b"deploy")
    assert answers is not None
    assert answering.wait(PATIENT)
    server.close()
    assert list(answers) == [b"building"]
    assert left.wait(PATIENT)


def test_who_does_not_read_keeps_nobody_from_ending(state: ProjectState) -> None:
    """An answer that nobody takes is given up when the server closes."""
    left = threading.Event()
    begun = threading.Event()

    def answer(line: bytes, peer: Peer) -> None:
        begun.set()
        while not peer.gone.is_set():
            peer.send(b"x" * 1_000_000)
        left.set()

    server = ControlServer("shop", state, answer)
    connection = connected(state)
    connection.sendall(b"deploy\n")
    assert begun.wait(PATIENT)
    server.close()
    assert left.wait(PATIENT)
    connection.close()


def test_closing_twice_is_closing(state: ProjectState) -> None:
    """It happens where an end is interrupted."""
    server = ControlServer("shop", state, echo)
    server.close()
    server.close()
