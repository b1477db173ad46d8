"""The container that owns an instance's network: who needs one, what it has, and that it comes and goes with it."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.engine.docker_args import container_config
from emulator.engine.metadata import TABLE_VARIABLE
from emulator.engine.sandbox import IDLE, SERVER_CAPABILITIES, joined, needs_sandbox, sandbox_spec
from emulator.engine.sandbox_run import SandboxAhead, SandboxRun
from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.plan import Container, Service
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec, Listener
from emulator.world.docker import HELPER_LABEL
from tests.emulator.engine.fake_docker import FakeContainer, FakeDocker
from tests.emulator.engine.services import WEB, service
from tests.platforms.cloud_run.planning import of
from tests.platforms.cloud_run.planning import service as planned

SPEC = ContainerSpec(
    image="i", name="shop-1", argv=("serve",), network="net", aliases=("shop-abc",), publish={8080: 0},
    hosts={"db": "10.0.0.9"}, hostname="h", labels={"emu.service": "shop"}, memory_mib=512,
)  # fmt: skip


def container(name: str, **changes: object) -> Container:
    """A container of WEB's."""
    made = Container(
        name=name, ingress=name == "app", build=WEB.build, command=WEB.command, port=WEB.port, env=(),
        probes=WEB.probes, resources=WEB.resources,
    )  # fmt: skip
    return replace(made, **changes)


METADATA = planned(of()).metadata
TOLD = service(containers=(container("app"),), metadata=METADATA)
PAIR = service(containers=(container("app"), container("proxy", port=None)))


def test_a_single_container_has_a_network_of_its_own() -> None:
    """Nothing is started beside it, and it is created as it is."""
    docker = FakeDocker(lambda _: None)
    run = SandboxRun(service(containers=(container("app"),)), docker)  # type: ignore[arg-type]
    run.ready(SPEC)
    assert run.around(SPEC) == SPEC
    assert (docker.asked, run.id) == ([], None)


def test_the_sandbox_has_all_that_belongs_to_the_network() -> None:
    """The network, its names and ports go to the sandbox, with each container's name; the rest stays with the app."""
    assert needs_sandbox(PAIR)
    made = sandbox_spec(SPEC, PAIR, image="helper")
    assert (made.network, made.aliases, made.publish, made.hostname) == ("net", ("shop-abc",), {8080: 0}, "h")
    assert made.hosts == {"app": "127.0.0.1", "proxy": "127.0.0.1", "db": "10.0.0.9"}
    assert made.labels == {"emu.service": "shop", HELPER_LABEL: "sandbox"}
    config = container_config(made)["HostConfig"]
    assert (config["CapDrop"], config["CapAdd"], config["ReadonlyRootfs"]) == (["ALL"], [], True)
    config = container_config(joined(SPEC, "id7"))
    assert config["HostConfig"]["NetworkMode"] == "container:id7"
    assert not {"Hostname", "NetworkingConfig"} & config.keys()
    assert not {"DnsSearch", "ExtraHosts"} & config["HostConfig"].keys()
    assert (config["ExposedPorts"], config["HostConfig"]["PortBindings"]) == ({}, {})
    assert config["HostConfig"]["Memory"] == 512 * 1024 * 1024


def test_one_that_somebody_removed_is_started_anew() -> None:
    """A restart of the app finds a network again."""
    docker = FakeDocker(lambda _: None)
    run = SandboxRun(PAIR, docker)  # type: ignore[arg-type]
    for _ in range(2):
        run.ready(SPEC)
        assert run.around(SPEC).network_of == "id1"
    docker.started[0].end(137)
    run.ready(SPEC)
    assert run.around(SPEC).network_of == "id2"
    run.remove()
    assert docker.left == []


def test_the_sandbox_is_the_metadata_server() -> None:
    """Where the plan has one, a single container has a sandbox as well; the app is not started before it is ready."""
    docker = FakeDocker(lambda container: container.write("ready"))
    run = SandboxRun(TOLD, docker)  # type: ignore[arg-type]
    run.ready(SPEC)
    made = docker.started[0].spec
    assert made.argv == ("metadata",)
    assert made.hosts["metadata.google.internal"] == made.hosts["metadata"] == "169.254.169.254"
    assert (made.user, made.capabilities, made.read_only) == ("0:0", SERVER_CAPABILITIES, True)
    assert json.loads(made.env[TABLE_VARIABLE])["address"] == "169.254.169.254"
    assert run.around(SPEC).network_of == "id1"


def test_an_engine_without_the_server_runs_the_app_all_the_same() -> None:
    """The server ends at once, with what the kernel said last: that is told once, and nothing of it stays."""

    def ends(container: FakeContainer) -> None:
        container.write("OSError: [Errno 93] Protocol not supported")
        container.end(1)

    docker, found = FakeDocker(ends), list[Diagnostic]()
    run = SandboxRun(TOLD, docker, tell=found.append)  # type: ignore[arg-type]
    for _ in range(2):
        run.ready(SPEC)
    assert run.around(SPEC) == SPEC
    assert docker.left == []
    [told] = found
    assert told.code == "host/no-metadata-server"
    assert told.severity == "warning"
    assert "Protocol not supported" in told.message


def test_an_engine_without_the_server_still_has_the_network_of_several() -> None:
    docker = FakeDocker(lambda container: container.end(1) if container.spec.argv != IDLE else None)
    run = SandboxRun(replace(TOLD, containers=PAIR.containers), docker)  # type: ignore[arg-type]
    run.ready(SPEC)
    assert run.around(SPEC).network_of == "id2"
    assert docker.left == ["id2"]


def test_without_a_base_image_the_app_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """No image at hand can be the server: it is told, and the app starts."""
    docker, found = FakeDocker(lambda _: None), list[Diagnostic]()

    def none() -> str:
        raise HostError(error("host/no-helper-image", "no image at hand can look into a container", fault=Fault.HOST))

    monkeypatch.setattr(docker, "helper_image", none)
    run = SandboxRun(TOLD, docker, tell=found.append)  # type: ignore[arg-type]
    run.ready(SPEC)
    assert (run.around(SPEC), [one.code for one in found]) == (SPEC, ["host/no-metadata-server"])


def test_one_that_was_begun_ahead_is_waited_for() -> None:
    """It starts in a thread of its own, once the engine is ready; whoever takes it finds it there, and nobody twice."""
    docker, gate = FakeDocker(lambda container: container.write("ready")), threading.Event()
    run = SandboxRun(TOLD, docker)  # type: ignore[arg-type]
    run.begin(lambda: SPEC if gate.wait(10) else None)  # type: ignore[arg-type, return-value]
    ahead = SandboxAhead(run)
    assert docker.asked == []
    gate.set()
    assert ahead.take() is run
    assert ahead.take() is None
    ahead.drop()
    run.ready(SPEC)
    assert run.around(SPEC).network_of == "id1"
    assert docker.asked == ["create id1", "start id1"]


def test_one_that_nobody_took_is_removed() -> None:
    docker = FakeDocker(lambda container: container.write("ready"))
    run = SandboxRun(TOLD, docker)  # type: ignore[arg-type]
    run.begin(lambda: SPEC)
    SandboxAhead(run).drop()
    assert docker.left == []


# ---- on the engine ----------------------------------------------------------------------------------

LABELS = {"emu.test-run": f"emu-test-{uuid.uuid4().hex[:8]}"}
SERVER = """\
import http.server, sys
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
ASK = """\
import socket, sys, time
for _ in range(200):
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 1); break
    except OSError:
        time.sleep(0.02)
else:
    sys.exit("not reached")
print(socket.gethostbyname(sys.argv[1]))
"""


@pytest.fixture(scope="module", params=["auto", "helper"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    found = open_docker(os.environ, look=request.param)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    found.close()


def start(engine: Engine, run: SandboxRun, *argv: str) -> str:
    name = f"emu-test-{uuid.uuid4().hex[:8]}"
    spec = ContainerSpec(image="python:3.11-slim", name=name, argv=("python3", "-c", *argv), labels=LABELS)
    run.ready(spec)
    id = engine.create(run.around(spec))
    assert engine.start(id) is None
    return id


def two_containers() -> Service:
    return service(containers=(container("app"), container("proxy")))


@pytest.mark.docker
def test_containers_of_an_instance_share_a_network(engine: Engine) -> None:
    """One finds the other by its name at 127.0.0.1; the sockets of both are seen, and asked, at one address."""
    run = SandboxRun(two_containers(), engine)
    app, proxy = start(engine, run, SERVER, "0.0.0.0", "8080"), start(engine, run, SERVER, "127.0.0.1", "5432")
    lines: list[str] = []
    asks = start(engine, run, ASK, "proxy", "5432")
    engine.follow_logs(asks, lambda _, line: lines.append(line)).join(20)
    assert lines == ["127.0.0.1"]
    assert run.id is not None
    assert run.facts is not None
    assert run.facts.address is not None
    wanted = (
        Listener(address="127.0.0.1", port=5432, v6=False, loopback=True),
        Listener(address="0.0.0.0", port=8080, v6=False, loopback=False),
    )
    until = time.monotonic() + 10
    while engine.listeners(run.id, run.facts.pid) != wanted:
        assert time.monotonic() < until, engine.listeners(run.id, run.facts.pid)
        time.sleep(0.05)
    door = engine.http(run.id)
    assert door.connects(run.facts.address, 8080) is None
    assert door.connects(run.facts.address, 5432) == "refused"
    for id in (app, proxy, asks):
        engine.remove(id)
    run.remove()
    assert engine.containers(LABELS) == ()
