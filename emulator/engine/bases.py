"""Which base images a build stands on: what the user asked for, and what is at hand where no registry answers."""

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.plan import Coverage, Service
from emulator.model.rule import Fidelity
from emulator.world import Docker, ImageFacts

from .labels import STAND_IN


def choose_bases(service: Service, docker: Docker, asked: dict[str, str]) -> tuple[dict[str, str], Diagnostic | None]:
    """What replaces each base image: what the user asked for, and, for a base that we chose ourselves,
    the nearest one at hand when it cannot be had; else why there is none."""
    replaced = {base: to for base, to in asked.items() if base in service.build.base_images}
    for base in service.build.base_images if service.build.base_fallbacks else ():
        if base in replaced or docker.image(base) is not None:
            continue
        image, stands_for = _fallback(service, docker, base)
        if image is None:
            return {}, _no_base(service, base)
        if stands_for != base:
            replaced[base] = stands_for
    return replaced, None


def told_bases(service: Service, docker: Docker, replaced: dict[str, str]) -> tuple[Coverage, ...]:
    """Every base image that is not what the platform would use: replaced, or a stand-in."""
    coverage: list[Coverage] = []
    for base in service.build.base_images:
        used = replaced.get(base, base)
        image = docker.image(used) if base != "scratch" else None
        notes = [f"built on {used} instead"] if used != base else []
        if image is not None and STAND_IN in image.labels:
            notes.append(f"{used} is a stand-in made from a distribution's packages on this machine")
        if not notes:
            continue
        note = "; ".join(notes)
        coverage.append(Coverage(key=f"FROM {base}", origin=None, fidelity=Fidelity.APPROXIMATE, note=note))
    return tuple(coverage)


def _fallback(service: Service, docker: Docker, base: str) -> tuple[ImageFacts | None, str]:
    """The image itself when a registry has it, else the best of the fallbacks that is at hand."""
    try:
        return docker.pull(base, service.build.platform), base
    except HostError:
        pass
    for candidate in service.build.base_fallbacks:
        image = docker.image(candidate)
        if image is not None:
            return image, candidate
    return None, base


def _no_base(service: Service, base: str) -> Diagnostic:
    return error(
        "build/base-image-missing",
        f"the base image {base} cannot be had",
        fault=Fault.HOST,
        service=service.name,
        facts=("no registry gave it, and no other version is on this machine",),
        help="`emu doctor --fix` makes stand-ins where no registry answers",
    )
