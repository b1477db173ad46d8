"""Looking into containers on the real engine: through /proc, and through a helper container."""

import os
import time
import uuid
from collections.abc import Iterator

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.world.containers import ContainerSpec, Listener
from emulator.world.docker import HELPER_LABEL

pytestmark = pytest.mark.docker

RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}

SERVER = """\
import http.server, socket, sys
class V6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
V6((sys.argv[1], 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture(scope="module", params=["proc", "helper"])
def engine(request) -> Iterator[Engine]:
    found = open_docker(os.environ, look=request.param)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    found.close()


def start(engine: Engine, *argv: str, **more) -> str:
    name = f"{RUN}-{uuid.uuid4().hex[:6]}"
    id = engine.create(ContainerSpec(image="python:3.11-slim", name=name, argv=argv, labels=LABELS, **more))
    assert engine.start(id) is None
    return id


def listeners(engine: Engine, id: str) -> tuple[Listener, ...]:
    deadline = time.monotonic() + 20
    while not (found := engine.listeners(id)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize(
    ("address", "loopback"), [("0.0.0.0", False), ("127.0.0.1", True), ("::", False), ("::1", True)]
)
def test_who_listens_where(engine, address, loopback):
    """A server on loopback only is told apart from one that can be reached."""
    id = start(engine, "python3", "-c", SERVER, address)
    assert listeners(engine, id) == (Listener(address=address, port=8000, v6=":" in address, loopback=loopback),)
    engine.remove(id)


def test_engines_own_dns_is_no_listener(engine):
    """In a network of its own a container has the engine's DNS on 127.0.0.11; it is not the app's."""
    network = engine.ensure_network(f"{RUN}-{engine._look}", LABELS)
    try:
        id = start(engine, "sleep", "60", network=f"{RUN}-{engine._look}")
        time.sleep(0.3)
        assert engine.listeners(id) == ()
        engine.remove(id)
    finally:
        engine.remove_network(network)


def test_container_that_does_not_run_has_no_listeners(engine):
    """Nothing to see is an answer, not an error; also with the number of a process that is gone."""
    id = start(engine, "true")
    pid = 4_000_000
    time.sleep(0.5)
    assert engine.listeners(id) == ()
    assert engine.listeners(id, pid) == ()
    assert engine.cpu_seconds(id) is None
    engine.remove(id)


def test_a_strangers_process_is_not_taken_for_the_container(engine):
    """A process number that belongs to somebody else does not show that one's sockets."""
    id = start(engine, "sleep", "60")
    assert engine.listeners(id, os.getpid()) == ()
    engine.remove(id)


def test_processor_time(engine):
    """A busy process shows in the time used."""
    script = "x = 0\nwhile True: x += 1"
    id = start(engine, "python3", "-c", script)
    time.sleep(0.5)
    facts = engine.inspect(id)
    assert facts is not None
    before = engine.cpu_seconds(id, facts.pid)
    time.sleep(1)
    after = engine.cpu_seconds(id, facts.pid)
    assert before is not None
    assert after is not None
    assert after - before > 0.1
    engine.remove(id)


def test_http_reaches_what_can_be_reached(engine):
    """The way to HTTP answers for a server on all addresses and is refused by one on loopback only."""
    open_id, closed_id = (start(engine, "python3", "-c", SERVER, one) for one in ("0.0.0.0", "127.0.0.1"))
    for id in (open_id, closed_id):
        assert listeners(engine, id)
    facts, closed = engine.inspect(open_id), engine.inspect(closed_id)
    assert facts is not None
    assert closed is not None
    answer = engine.http(open_id).request("GET", facts.address, 8000, "/etc/hostname", timeout_s=5)
    assert (answer.status, answer.error, answer.body.decode().strip()) == (200, None, facts.id[:12])
    assert engine.http(open_id).request("GET", facts.address, 8000, "/nope").status == 404
    assert engine.http(closed_id).request("GET", closed.address, 8000, "/").error == "refused"
    assert engine.http(closed_id).connects(closed.address, 8000) == "refused"
    assert engine.http(open_id).connects(facts.address, 8000) is None
    for id in (open_id, closed_id):
        engine.remove(id)


def test_helper_that_was_killed_is_replaced():
    """Whatever ended the helper, whoever asks next is answered by another one."""
    engine = open_docker(os.environ, look="helper")
    id = start(engine, "python3", "-c", SERVER, "0.0.0.0")
    try:
        assert listeners(engine, id)
        facts = engine.inspect(id)
        assert facts is not None
        door = engine.http(id)
        for _ in range(2):
            assert door.request("GET", facts.address, 8000, "/").status == 200
            assert door.grpc_health(facts.address, 8000, "", timeout_s=2).error == "not-http"
            (helper,) = engine.containers({**LABELS, HELPER_LABEL: ""})
            engine.kill(helper.id)
            end = time.monotonic() + 10
            while engine.inspect(helper.id) is not None and time.monotonic() < end:
                time.sleep(0.05)
        assert door.request("GET", facts.address, 8000, "/").status == 200
    finally:
        engine.remove(id)
        engine.close()


def test_helpers_end_with_what_they_look_into():
    """Removing a container, or closing the doorway, leaves no helper behind."""
    engine = open_docker(os.environ, look="helper")
    kept, removed = start(engine, "sleep", "60"), start(engine, "sleep", "60")
    for id in (kept, removed):
        engine.listeners(id)
    assert len([one for one in engine.containers({**LABELS, HELPER_LABEL: ""}) if one.running]) == 2
    engine.remove(removed)
    engine.close()
    again = open_docker(os.environ)
    deadline = time.monotonic() + 10
    while again.containers({**LABELS, HELPER_LABEL: ""}) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert again.containers({**LABELS, HELPER_LABEL: ""}) == ()
    again.remove(kept)
    again.close()
