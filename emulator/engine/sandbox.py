"""The sandbox of an instance: a small container that owns its network, which the app's containers join. Pure.

It does what the pause container of a Kubernetes pod does. An instance has one where something must be in its network
besides a single container; any other instance is a container with a network of its own.
"""

from typing import NamedTuple

from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec
from emulator.world.docker import HELPER_LABEL
from emulator.world.hidden import Hidden

from .labels import CONTAINER
from .metadata import TABLE_VARIABLE

IDLE = ("sleep", "infinity")
MEMORY_MIB = 64
HERE = "127.0.0.1"


SERVER_CAPABILITIES = ("NET_ADMIN", "SETGID", "SETUID")
"""What the metadata server needs to give the network its address; then it gives them up."""


def needs_sandbox(service: Service) -> bool:
    """Whether an instance of the service has a network that several share."""
    return len(service.containers) > 1 or service.metadata is not None


class Server(NamedTuple):
    """The metadata server that runs in a sandbox: its program, and its table as text, which may hold secrets."""

    argv: tuple[str, ...]
    table: str


def sandbox_spec(spec: ContainerSpec, service: Service, *, image: str, server: Server | None = None) -> ContainerSpec:
    """The container that owns the network of an instance: everything of `spec` that belongs to a network, which its
    containers then have by `joined`. Where there are several, each finds the others by name at its own address.

    image: our helpers' own. What runs in it beside the app is the plan's metadata server; without one it only sleeps.
    """
    made = _sandbox_spec(spec, service, image=image)
    if server is None or service.metadata is None:
        return made
    return replace(
        made,
        argv=server.argv,
        env=Hidden({TABLE_VARIABLE: server.table}),
        hosts={**made.hosts, **dict.fromkeys(service.metadata.names, service.metadata.address)},
        user="0:0",
        capabilities=SERVER_CAPABILITIES,
    )


def _sandbox_spec(spec: ContainerSpec, service: Service, *, image: str) -> ContainerSpec:
    names = [one.name for one in service.containers] if len(service.containers) > 1 else []
    labels = {name: value for name, value in spec.labels.items() if name != CONTAINER}
    return ContainerSpec(
        image=image,
        name=f"{spec.name}-sandbox",
        argv=IDLE,
        memory_mib=MEMORY_MIB,
        labels={**labels, HELPER_LABEL: "sandbox"},
        network=spec.network,
        aliases=spec.aliases,
        publish=spec.publish,
        hosts={**dict.fromkeys(names, HERE), **spec.hosts},
        hostname=spec.hostname,
        capabilities=(),
        read_only=True,
        platform=None,
    )


def joined(spec: ContainerSpec, sandbox: str) -> ContainerSpec:
    """The same container in the network of the sandbox with this id, which has all that belongs to a network."""
    return replace(spec, network_of=sandbox, network=None, aliases=(), publish={}, hosts={}, hostname=None)
