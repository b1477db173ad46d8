"""What a rule about builds is asked of: each Dockerfile of the user's own whose build goes to its end."""

from collections.abc import Callable, Iterator

from emulator.image.findings import Builds
from emulator.image.working import Worked
from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.record import replace


def first_of_each(
    builds: Builds, services: tuple[Service, ...], find: Callable[[Worked], Iterator[Diagnostic]]
) -> Iterator[Diagnostic]:
    """The first thing found in each build of these services; each place once, with the service it is found for."""
    found: dict[Origin | None, Diagnostic] = {}
    for service in services:
        for build in dict.fromkeys((service.build, *(container.build for container in service.containers))):
            worked = builds.of(build) if build.generated_dockerfile is None else None
            told = next(find(worked), None) if worked is not None and not worked.failures else None
            if told is not None:
                found.setdefault(told.origin, replace(told, service=service.name))
    yield from found.values()
