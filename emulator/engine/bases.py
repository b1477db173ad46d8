"""Which base images a build stands on: what the user asked for, and what is at hand where no registry answers."""

from collections.abc import Iterable
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.plan import Build, Coverage, Service
from emulator.model.rule import Fidelity
from emulator.world.docker import Docker, ImageFacts

from .labels import STAND_IN
from .language_stand_ins import language_stand_ins
from .stand_ins import DIFFERS, WHAT, StandIn, ToMake, base_for, to_make


class Bases(NamedTuple):
    """replaced: what stands in a base image's place, by what the build names. to_make: those of it that are to be made
    first. missing: why there is none."""

    replaced: dict[str, str] = {}
    to_make: tuple[ToMake, ...] = ()
    missing: Diagnostic | None = None


def needs_a_look(build: Build) -> bool:
    """Whether anything but the builder itself may have to find a base image of this build."""
    return bool(build.base_fallbacks) or any(language_stand_ins(base) for base in build.base_images)


def choose_bases(service: Service, docker: Docker, asked: dict[str, str]) -> Bases:
    """What replaces each base image: what the user asked for, and, for one that cannot be had, the nearest that is at
    hand (where we chose the base ourselves) or one made of packages."""
    build = service.build
    replaced = {base: to for base, to in asked.items() if base in build.base_images}
    makings: list[ToMake] = []
    if not needs_a_look(build):
        return Bases(replaced)
    ours = build.is_platforms_own
    for base in build.base_images:
        choices = language_stand_ins(base)
        if base in replaced or (not choices and not build.base_fallbacks) or docker.image(base) is not None:
            continue
        found = _stand_in(service, docker, base, choices) if choices else _fallback(service, docker, base)
        if found is None and ours:
            return Bases(missing=_no_base(service, base))
        if isinstance(found, ToMake):
            makings.append(found)
        if found is not None and (to := found if isinstance(found, str) else found.tag) != base:
            replaced[base] = to
    return Bases(replaced, tuple(makings))


def told_bases(service: Service, docker: Docker, replaced: dict[str, str]) -> tuple[Coverage, ...]:
    """Every base image that is not what the platform would use: replaced, or a stand-in."""
    coverage: list[Coverage] = []
    for base in service.build.base_images:
        used = replaced.get(base, base)
        image = docker.image(used) if base != "scratch" else None
        notes = _notes(base, used, image)
        if notes:
            note = "; ".join(notes)
            coverage.append(Coverage(key=f"FROM {base}", origin=None, fidelity=Fidelity.APPROXIMATE, note=note))
    return tuple(coverage)


def _notes(base: str, used: str, image: ImageFacts | None) -> Iterable[str]:
    labels = image.labels if image is not None else {}
    # What is built on a stand-in has its labels as well, and may be a user's own.
    if WHAT in labels and used.startswith("emu-stand-in/"):
        notes = [f"{labels[WHAT]} stands in, made from packages on this machine"]
        return [*notes, labels[DIFFERS]] if DIFFERS in labels else notes
    notes = [f"built on {used} instead"] if used != base else []
    if STAND_IN in labels:
        notes.append(f"{used} is a stand-in made from a distribution's packages on this machine")
    return notes


def _fallback(service: Service, docker: Docker, base: str) -> str | None:
    """The image itself when a registry has it, else the best of the fallbacks that is at hand."""
    if _pulled(service, docker, base):
        return base
    return next((one for one in service.build.base_fallbacks if docker.image(one) is not None), None)


def _stand_in(service: Service, docker: Docker, base: str, choices: tuple[StandIn, ...]) -> ToMake | str | None:
    """One that was made before; the image itself where a registry gives it; one to be made. Where nothing is at hand to
    make it of, a registry is expected to answer, and the builder itself asks it for what a user's file names."""
    made = next((one.tag for one in choices if docker.image(one.tag) is not None), None)
    if made is not None:
        return made
    at_hand = docker.images({STAND_IN: ""})
    possible = ((one, on) for one in choices if (on := base_for(one, at_hand)) is not None)
    chosen = next(possible, None)
    is_ours = service.build.is_platforms_own
    if (chosen is not None or is_ours) and _pulled(service, docker, base):
        return base
    return to_make(*chosen, base) if chosen is not None else None


def _pulled(service: Service, docker: Docker, base: str) -> bool:
    try:
        docker.pull(base, service.build.platform)
    except HostError:
        return False
    return True


def _no_base(service: Service, base: str) -> Diagnostic:
    return error(
        "build/base-image-missing",
        f"the base image {base} cannot be had",
        fault=Fault.HOST,
        service=service.name,
        facts=("no registry gave it, and nothing on this machine can stand in for it",),
        help=f"`emu doctor --fix` makes stand-ins where no registry answers; or --base-image {base}=IMAGE takes one "
        "you have",
    )
