"""A helper that looks on our behalf, its prober in a process of this machine: many may ask it at once."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from docker.errors import APIError, NotFound

from emulator.edge.docker_look import Helper, HelperHttp, helper_image
from emulator.edge.sockets import SocketHttp
from emulator.model.diagnostic import Fault, HostError, error
from tests.emulator.edge.near_helper import NearEngine, near_helper
from tests.emulator.edge.origins import Connection, echo, eventually, origin, says


def mute(connection: Connection) -> None:
    """Hears everything, says nothing."""
    while connection.sock.recv(65536):
        pass


@pytest.fixture
def engine() -> NearEngine:
    return NearEngine()


@pytest.fixture
def helper(engine) -> Iterator[Helper]:
    with near_helper(engine) as found:
        yield found


def test_http_is_the_same_either_way(helper):
    """What is asked and answered through a helper is what it is from here."""
    with origin() as server:
        host, port = server.address
        headers = {"X-A": "ä b", "Host": "app.example"}
        there = HelperHttp(lambda: helper).request("GET", host, port, "/ü?x=1", headers=headers)
        here = SocketHttp().request("GET", host, port, "/ü?x=1", headers=headers)
    assert (there.status, there.headers, there.body) == (here.status, here.headers, here.body)
    assert there.status == 200


def test_tables_are_this_networks(helper):
    """The listening sockets that a helper sees are those of the network it is in."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tcp, _ = helper.tables()
        assert f"0100007F:{listener.getsockname()[1]:04X} 00000000:0000 0A" in tcp


def test_one_that_waits_holds_up_no_other(helper):
    """While servers are waited for that never answer, others are asked, and answer, at once."""
    door = HelperHttp(lambda: helper)
    with origin(mute) as silent, origin(echo) as quick, ThreadPoolExecutor(8) as pool:
        waiting = [
            *(pool.submit(door.request, "GET", *silent.address, "/", timeout_s=1.5) for _ in range(3)),
            *(pool.submit(door.grpc_health, *silent.address, "", timeout_s=1.5) for _ in range(3)),
        ]
        assert eventually(lambda: silent.connections == 6)
        began = time.monotonic()
        assert door.request("GET", *quick.address, "/").status == 200
        assert door.connects(*quick.address) is None
        assert door.grpc_health(*quick.address, "", timeout_s=1).error == "not-http"
        assert helper.tables()[0]
        assert time.monotonic() - began < 0.5
        answers = [one.result() for one in waiting]
    assert {answer.error for answer in answers} == {"timeout"}
    assert all(1.4 < answer.seconds < 2 for answer in answers)


def test_many_at_once_get_their_own_answers(helper):
    """Each who asks gets the answer to what they asked."""
    door = HelperHttp(lambda: helper)
    with origin(echo) as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: door.request("GET", *server.address, f"/{n}").body, range(100)))
    assert [body.split()[1] for body in answers] == [f"/{n}".encode() for n in range(100)]


def test_answer_that_comes_too_late_is_nobodys(helper):
    """Who has stopped waiting does not leave their answer to the next."""
    with origin(mute) as silent:
        with pytest.raises(TimeoutError):
            helper.ask("ask", "GET", *silent.address, "/", {}, 0.4, timeout_s=0.1)
        time.sleep(0.5)
        assert helper.ask("connects", *silent.address, 1) is None


def test_helper_that_dies(engine, helper):
    """Everybody who waits learns at once that nothing can be asked any more, and so does who comes later."""
    door = HelperHttp(lambda: helper)
    with origin(mute) as silent, ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(door.request, "GET", *silent.address, "/", timeout_s=30),
            pool.submit(door.grpc_health, *silent.address, "", timeout_s=30),
            pool.submit(door.connects, "127.0.0.1", 1, 30),
        ]
        assert eventually(lambda: silent.connections == 2)
        assert not helper.ended
        began = time.monotonic()
        engine.process.kill()
        http, grpc, _ = (one.result() for one in waiting)
        later = door.grpc_health(*silent.address, "", timeout_s=30)
        assert time.monotonic() - began < 2
    assert (http.error, grpc.error, later.error) == ("unreachable", "unreachable", "unreachable")
    assert "the helper container" in http.detail
    assert "the helper container" in grpc.detail
    assert helper.ended


def test_helper_that_has_said_its_last(engine, helper):
    """A helper that can still be written to, but says no more, is not waited for."""
    engine.theirs.shutdown(socket.SHUT_WR)
    assert eventually(lambda: helper.ended)
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        helper.ask("connects", "127.0.0.1", 1, 1, timeout_s=30)
    assert time.monotonic() - began < 1


def test_no_helper_to_be_had():
    """Where no helper can be started, nothing is reached, and the reason is told."""

    def none() -> None:
        raise HostError(error("host/no-helper-image", "no image at hand", fault=Fault.HOST))

    answer = HelperHttp(none).grpc_health("10.0.0.1", 80, "", timeout_s=1)
    assert (answer.status, answer.code, answer.error) == (None, None, "unreachable")
    assert "no image at hand" in answer.detail


def test_closing_ends_everything():
    """Closing ends the helper's process, whoever waits for it, and the thread that listens to it."""
    before = threading.active_count()
    engine = NearEngine()
    with near_helper(engine) as helper, origin(mute) as silent, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(HelperHttp(lambda: helper).grpc_health, *silent.address, "", timeout_s=30)
        assert eventually(lambda: silent.connections == 1)
        helper.close()
        assert waiting.result(2).error == "unreachable"
        assert eventually(lambda: engine.process.poll() is not None)
        helper.close()
    assert eventually(lambda: threading.active_count() <= before)


def test_helper_that_cannot_be_started():
    """When the engine refuses, nothing of ours is left open."""
    before = threading.active_count()
    engine = NearEngine(refuses=True)
    with pytest.raises(RuntimeError, match="no"), near_helper(engine):
        pass
    assert eventually(lambda: threading.active_count() <= before)
    assert engine.ours.fileno() == -1


def test_connection_through_a_helper_is_closed_with_the_check(helper):
    """Nothing stays open in the helper when a check is over."""
    with origin(says(b"HTTP/1.1 400 no\r\n\r\n")) as server:
        assert HelperHttp(lambda: helper).grpc_health(*server.address, "", timeout_s=1).error == "not-http"
    for number in range(1, 5):
        told = helper.ask("receive", number, 0.1)
        assert (told["error"], told["detail"]) == ("reset", "the connection is closed")


class Registry:
    """An engine without any image, and a registry that has one or none."""

    def __init__(self, *, gives: bool) -> None:
        self.gives = gives
        self.there: set[str] = set()
        self.made = False

    def inspect_image(self, ref: str) -> None:
        if ref not in self.there:
            raise NotFound("no such image")

    def pull(self, name: str, tag: str) -> None:
        if not self.gives:
            raise APIError("no registry answers")
        self.there.add(f"{name}:{tag}")

    def create_container_from_config(self, config: dict[str, object]) -> dict[str, str]:
        assert config["Image"] in self.there
        return {"Id": "made"}

    def commit(self, *_: object, **__: object) -> None:
        self.made = True

    def remove_container(self, id: str) -> None:
        assert id == "made"


def test_a_helper_is_made_of_what_a_registry_gives():
    """Where no image is at hand one is pulled; where none can be, the one thing to do is told."""
    there = Registry(gives=True)
    assert helper_image(there).startswith("emu-helper:")
    assert there.made
    with pytest.raises(HostError) as raised:
        helper_image(Registry(gives=False))
    assert raised.value.diagnostic.code == "host/no-helper-image"
