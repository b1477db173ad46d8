"""Asking a server of this machine for its health, by both ways there are."""

import contextlib
from collections.abc import Iterator

from emulator.edge.docker_look import HelperHttp
from emulator.edge.sockets import SocketHttp
from emulator.world.asking import GrpcAnswer
from tests.emulator.edge.near_helper import near_helper


class Asker:
    """Asks the port of a server on this machine through a door."""

    def __init__(self, door: SocketHttp | HelperHttp) -> None:
        self.door = door

    def __call__(self, port: int, service: str = "", *, timeout_s: float = 5.0, host: str = "127.0.0.1") -> GrpcAnswer:
        return self.door.grpc_health(host, port, service, timeout_s=timeout_s)


@contextlib.contextmanager
def asker(way: str) -> Iterator[Asker]:
    """way: "socket" or "helper"."""
    if way == "socket":
        yield Asker(SocketHttp())
        return
    with near_helper() as helper:
        yield Asker(HelperHttp(lambda: helper))


def told(answer: GrpcAnswer) -> tuple[str | None, str | None, str | None]:
    """What the answer says: status, code, error."""
    return answer.status, answer.code, answer.error
