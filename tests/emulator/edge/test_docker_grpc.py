"""Health checks by gRPC of a real server in a real container: straight, and through a helper container."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.world.asking import GrpcAnswer
from emulator.world.building import BuildRequest
from emulator.world.containers import ContainerSpec
from tests.emulator.edge.grpc_asking import told

pytestmark = pytest.mark.docker

RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}

DOCKERFILE = """\
FROM python:3.11-slim
RUN pip install --no-cache-dir grpcio grpcio-health-checking
COPY app.py .
CMD ["python3", "app.py"]
"""

APP = """\
import os
import threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
status = health_pb2.HealthCheckResponse.ServingStatus.Value
checks = health.HealthServicer()
checks.set("shop.Cart", status("NOT_SERVING"))
server = grpc.server(ThreadPoolExecutor(4))
health_pb2_grpc.add_HealthServicer_to_server(checks, server)
server.add_insecure_port(os.environ["BIND"] + ":8080")
server.start()
server.wait_for_termination()
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "app.py").write_text(APP)
    engine = open_docker(os.environ)
    request = BuildRequest(context=str(folder), dockerfile=str(folder / "Dockerfile"), labels=LABELS)
    outcome = engine.build(request, lambda progress: None, cancel=threading.Event())
    assert outcome.image_id, outcome.error
    yield outcome.image_id
    engine.remove_image(outcome.image_id)
    engine.close()


@pytest.fixture(scope="module", params=["auto", "helper"])
def engine(request) -> Iterator[Engine]:
    found = open_docker(os.environ, look=request.param)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    found.close()


def started(engine: Engine, image: str, bind: str) -> tuple[str, str]:
    """A container whose server listens; its id and address."""
    name = f"{RUN}-{uuid.uuid4().hex[:6]}"
    id = engine.create(ContainerSpec(image=image, name=name, env={"BIND": bind}, labels=LABELS))
    assert engine.start(id) is None
    end = time.monotonic() + 30
    while not engine.listeners(id):
        assert time.monotonic() < end
        time.sleep(0.05)
    facts = engine.inspect(id)
    assert facts is not None
    assert facts.address is not None
    return id, facts.address


def test_a_real_servers_health(engine, image):
    """The server and each of its services are found to be what they say they are; many may ask at once."""
    id, address = started(engine, image, "0.0.0.0")

    def ask(service: str, port: int = 8080) -> GrpcAnswer:
        return engine.http(id).grpc_health(address, port, service, timeout_s=5)

    assert told(ask("")) == ("SERVING", None, None)
    assert told(ask("shop.Cart")) == ("NOT_SERVING", None, None)
    assert told(ask("shop.Nobody")) == (None, "NOT_FOUND", None)
    assert told(ask("", port=8081)) == (None, None, "refused")
    with ThreadPoolExecutor(8) as pool:
        assert {told(answer) for answer in pool.map(ask, [""] * 40)} == {("SERVING", None, None)}
    engine.remove(id)
    assert ask("").error is not None


def test_server_on_loopback_only(engine, image):
    """One that listens on 127.0.0.1 alone is refused at the container's own address, as by a platform's prober."""
    id, address = started(engine, image, "127.0.0.1")
    answer = engine.http(id).grpc_health(address, 8080, "", timeout_s=5)
    assert told(answer) == (None, None, "refused")
    assert answer.seconds < 1
    engine.remove(id)
