"""Plans of one repository for several platforms → their services side by side. Pure."""

from collections.abc import Callable, Iterator, Sequence

from emulator.model.comparison import Cell, ComparedService, Row, ServiceName
from emulator.model.origin import Origin
from emulator.model.plan import Plan, Service
from emulator.show.words import argv_words, at, build_words, command_words, probe_words, probes_of, tasks_words

Fact = tuple[str, Origin | None]
"""A few words, and where the file says so."""


def compared(plans: Sequence[Plan]) -> tuple[ComparedService, ...]:
    """Every service of the plans once, with its counterparts on the other platforms."""
    return tuple(
        ComparedService(
            names=tuple(
                ServiceName(platform=plan.platform, name=service.name if service else None)
                for plan, service in zip(plans, group, strict=True)
            ),
            because=because,
            rows=tuple(_rows(plans, group)),
        )
        for group, because in _groups(plans)
    )


# ---- which services belong together -------------------------------------------------------------------

_Group = list[Service | None]


def _groups(plans: Sequence[Plan]) -> list[tuple[_Group, str]]:
    """Services of the same name first, then the first that are left of a type, then, where each platform has one left,
    those."""
    left = [list(plan.services) for plan in plans]
    found: list[tuple[_Group, str]] = []
    for service in [service for services in left for service in services]:
        group = _take(left, lambda other, name=service.name: other.name == name)  # type: ignore[misc]
        if group is not None:
            found.append((group, "they have the same name"))
    for service in [service for services in left for service in services]:
        group = _take(left, lambda other, type_=service.type: other.type is type_)  # type: ignore[misc]
        if group is not None:
            found.append((group, f"each is the first {service.type.value} service that is left there"))
    if all(services for services in left) and all(len(services) == 1 for services in left):
        found.append(([services.pop() for services in left], "each is the only one that is left there"))
    for number, services in enumerate(left):
        for service in services:
            alone: _Group = [service if n == number else None for n in range(len(left))]
            found.append((alone, "no other platform has its like"))
    order = [service for plan in plans for service in plan.services]
    found.sort(key=lambda pair: next(n for n, service in enumerate(order) if service in pair[0]))
    return found


def _take(left: list[list[Service]], fits: Callable[[Service], bool]) -> _Group | None:
    """The first that fits of each platform, taken out; None where not every platform has one."""
    group = [next((service for service in services if fits(service)), None) for services in left]
    if any(service is None for service in group):
        return None
    for services, service in zip(left, group, strict=True):
        if service is not None:
            services.remove(service)
    return group


# ---- what is said of each -----------------------------------------------------------------------------


def _rows(plans: Sequence[Plan], group: _Group) -> Iterator[Row]:
    """The aspects that any of them has something to say of."""
    facts = [facts_of(service) if service is not None else {} for service in group]
    aspects = sorted({aspect for one in facts for aspect in one}, key=ORDER.index)
    for aspect in aspects:
        said = [one.get(aspect) for one in facts]
        texts = {fact[0] if fact else None for fact in said}
        yield Row(
            aspect=aspect,
            same=len(texts) == 1,
            cells=tuple(
                Cell(platform=plan.platform, text=fact[0] if fact else None, origin=fact[1] if fact else None)
                for plan, fact in zip(plans, said, strict=True)
            ),
        )


ORDER = (
    "type", "builds", "runs", "says", "argv", "not used", "before", "port", "health", "startup", "liveness",
    "readiness", "requests", "instances", "schedule", "tasks", "env", "sets", "memory", "disk", "grace",
)  # fmt: skip


def facts_of(service: Service) -> dict[str, Fact]:
    """What there is to say of a service, by aspect."""
    command = service.command
    facts: dict[str, Fact | None] = {
        "type": (service.type.value, service.origin),
        "builds": (build_words(service.build), None),
        "before": (service.pre_deploy_command.strip(), service.pre_deploy_origin)
        if service.pre_deploy_command
        else None,
        "port": (f"{service.port.number} ({service.port.source})", None) if service.port else None,
        "requests": _requests(service),
        "instances": _instances(service),
        "schedule": (f"{service.schedule} (UTC)", None) if service.schedule else None,
        "tasks": (tasks_words(service.tasks), None) if service.tasks else None,
        "env": _names(service, platform=False),
        "sets": _names(service, platform=True),
        "memory": _memory(service),
        "disk": (f"{service.disk.name} at {service.disk.mount_path}", None) if service.disk else None,
        "grace": (f"{service.shutdown.signal}, then {service.shutdown.grace_seconds:g} s", None),
    }
    if command is None:
        facts["runs"] = ("nothing", None)
    elif command.form == "none":
        facts["runs"] = ("no process: files are served", None)
    else:
        facts["runs"] = (command_words(command), command.origin)
        facts["says"] = (at(command.origin) or command.source, command.origin)
        facts["argv"] = (argv_words(command.argv), None) if command.argv is not None else None
        losers = [at(loser.origin) or loser.source for loser in command.shadowed]
        facts["not used"] = (", ".join(losers), None) if losers else None
    facts |= {name: (probe_words(probe), probe.origin) for name, probe in probes_of(service.probes)}
    return {aspect: fact for aspect, fact in facts.items() if fact is not None}


def _requests(service: Service) -> Fact | None:
    parts = []
    if service.request_timeout_s:
        parts.append(f"{service.request_timeout_s:g} s at most")
    if service.concurrency:
        parts.append(f"{service.concurrency} at once in an instance")
    return (", ".join(parts), None) if parts else None


def _instances(service: Service) -> Fact | None:
    if service.instances is None:
        return None
    least, most = service.instances.min, service.instances.max
    return (f"{least}" if least == most else f"{least} to {most}", None)


def _names(service: Service, *, platform: bool) -> Fact | None:
    names = [variable.name for variable in service.env if (variable.kind == "platform") == platform]
    return (", ".join(names), None) if names else None


def _memory(service: Service) -> Fact | None:
    memory, plan = service.resources.memory_mib, service.resources.plan
    cpu = f", {service.resources.cpu:g} CPU" if service.resources.cpu else ""
    return (f"{memory} MiB{cpu}" + (f" ({plan})" if plan else ""), None) if memory else None
