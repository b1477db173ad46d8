"""Health checks by gRPC from here and through a helper: what a real server of gRPC's own library is found to be."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.emulator.edge.grpc_asking import told

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@contextlib.contextmanager
def serving(*servicers, host: str = "127.0.0.1") -> Iterator[int]:
    """A real gRPC server with these health servicers; its port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    for servicer in servicers:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port(f"[{host}]:0" if ":" in host else f"{host}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


class Servicer(health_pb2_grpc.HealthServicer):
    """Answers as a test says, and keeps what it was asked."""

    def __init__(self, check: Callable) -> None:
        self.check = check
        self.heard: list = []

    def Check(self, request, context):  # noqa: N802 - the name in the protocol
        self.heard.append((request.service, dict(context.invocation_metadata()), context.time_remaining()))
        return self.check(request, context)


def test_server_that_serves(ask):
    """The overall health of a real gRPC server with its standard health service is SERVING at once."""
    with serving(health.HealthServicer()) as port:
        answer = ask(port)
    assert told(answer) == ("SERVING", None, None)
    assert 0 < answer.seconds < 2


def test_each_service_has_its_own_status(ask):
    """A named service is asked for by its name; a name that is not known is the call's failure NOT_FOUND."""
    servicer = health.HealthServicer()
    servicer.set("shop.Cart", SERVING)
    servicer.set("shop.Müller", NOT_SERVING)
    with serving(servicer) as port:
        answers = [told(ask(port, name)) for name in ("shop.Cart", "shop.Müller", "shop.Nobody")]
    assert answers == [("SERVING", None, None), ("NOT_SERVING", None, None), (None, "NOT_FOUND", None)]


@pytest.mark.parametrize("status", [0, 1, 2, 3, 7, 1000, -3])
def test_every_status_comes_by_its_name(ask, status):
    """All four statuses have names; a number that has none stays a number."""
    answers = Servicer(lambda request, context: health_pb2.HealthCheckResponse(status=status))
    with serving(answers) as port:
        answer = ask(port)
    names = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
    assert told(answer) == (names.get(status, str(status)), None, None)


def test_server_without_the_health_service(ask):
    """A gRPC server that knows no health service says UNIMPLEMENTED."""
    with serving() as port:
        answer = ask(port)
    assert told(answer) == (None, "UNIMPLEMENTED", None)
    assert answer.detail


@pytest.mark.parametrize("code", [one for one in grpc.StatusCode if one is not grpc.StatusCode.OK])
def test_every_failure_comes_by_its_name(ask, code):
    """Each status code of gRPC's arrives under its own name, with the server's words on one line."""
    refuses = Servicer(lambda request, context: context.abort(code, "no:\n 100 % ‹ä›"))
    with serving(refuses) as port:
        answer = ask(port)
    assert (*told(answer), answer.detail) == (None, code.name, None, "no: 100 % ‹ä›")


def test_request_as_a_real_server_reads_it(ask):
    """The server sees the service, our name, and how long we wait."""
    servicer = Servicer(lambda request, context: health_pb2.HealthCheckResponse(status=SERVING))
    with serving(servicer) as port:
        ask(port, "shop.Cart", timeout_s=7)
    service, metadata, left = servicer.heard[0]
    assert (service, metadata["user-agent"]) == ("shop.Cart", "emu")
    assert 6 < left <= 7


def test_server_that_thinks_too_long(ask):
    """The call's own deadline and ours are one: whoever notices first, it is a time-out."""
    over = threading.Event()
    slow = Servicer(lambda request, context: over.wait(3) and None)
    with serving(slow) as port:
        for _ in range(5):
            answer = ask(port, timeout_s=0.3)
            assert told(answer) == (None, None, "timeout")
            assert 0.25 < answer.seconds < 0.6
        over.set()


def test_ipv6(ask):
    """A server on ::1 is asked as well."""
    with serving(health.HealthServicer(), host="::1") as port:
        assert told(ask(port, host="::1")) == ("SERVING", None, None)
