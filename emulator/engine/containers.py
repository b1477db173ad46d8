"""A service of several containers as several services of one container each. Pure."""

from collections.abc import Mapping

from emulator.model.plan import Container, Service
from emulator.model.record import replace


def ingress_container(service: Service) -> Container | None:
    """The container whose facts the service carries at its top; None where it has none of its own."""
    return next((one for one in service.containers if one.ingress), next(iter(service.containers), None))


def container_name(service: Service) -> str:
    """The name of the container whose facts the service carries at its top, by which events speak of it."""
    own = ingress_container(service)
    return own.name if own is not None and len(service.containers) > 1 else service.name


def of_container(service: Service, container: Container) -> Service:
    """The service as this container alone has it: whatever is decided for a service then holds for the container."""
    return replace(
        service,
        build=container.build,
        command=container.command,
        port=container.port,
        env=container.env,
        probes=container.probes,
        resources=container.resources,
        containers=(container,),
    )


def hidden_of(service: Service, hidden: Mapping[str, str]) -> dict[str, str]:
    """Those of the hidden values that this container has: another one may have a variable of the same name."""
    return {v.name: hidden[v.name] for v in service.env if v.name in hidden and v.value is None}
