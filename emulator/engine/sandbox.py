"""The sandbox of an instance: a small container that owns its network, which the app's containers join. Pure.

It does what the pause container of a Kubernetes pod does. An instance has one where something must be in its network
besides a single container; any other instance is a container with a network of its own.
"""

from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.world import HELPER_LABEL, ContainerSpec

from .labels import CONTAINER

IDLE = ("sleep", "infinity")
MEMORY_MIB = 64
HERE = "127.0.0.1"


def needs_sandbox(service: Service) -> bool:
    """Whether an instance of the service has a network that several share."""
    return len(service.containers) > 1


def sandbox_spec(spec: ContainerSpec, service: Service, *, image: str) -> ContainerSpec:
    """The container that owns the network of an instance: everything of `spec` that belongs to a network, which its
    containers then have by `joined`. Where there are several, each finds the others by name at its own address.

    image: our helpers' own. What runs in it beside the app is decided here, by the plan; else it only sleeps.
    """
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
