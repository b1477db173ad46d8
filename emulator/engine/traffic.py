"""Who gets a service's requests where its deploys live beside each other as revisions: names, shares, tags."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Fault, UsageError, error
from emulator.model.plan import EnvKind, EnvVar, Revisions, Service, Traffic
from emulator.model.record import replace

NEWEST = (Traffic(revision=None, percent=100),)
"""What goes for a service that says nothing of its traffic."""


class Target(NamedTuple):
    """What a deploy gets: its share of the requests, and those that ask for a tag."""

    deploy: int
    percent: int
    tags: tuple[str, ...] = ()


def named(service: Service, number: int) -> tuple[Service, str]:
    """The service as its deploy of that number has it, and that one's name; "" where deploys have none."""
    revisions = service.revisions
    if revisions is None:
        return service, ""
    name = revisions.pattern.format(number=number)

    def own(env: tuple[EnvVar, ...]) -> tuple[EnvVar, ...]:
        return tuple(
            replace(v, value=name) if v.name == revisions.variable and v.kind is EnvKind.PLATFORM else v for v in env
        )

    containers = tuple(replace(container, env=own(container.env)) for container in service.containers)
    return replace(service, env=own(service.env), containers=containers), name


def traffic_after(before: tuple[Traffic, ...], service: Service, name: str, former: str | None) -> tuple[Traffic, ...]:
    """What the traffic is to be once a deploy called `name` is live. before: what it was. former: the revision that was
    the newest one."""
    revisions = service.revisions or Revisions(variable="", pattern="")
    if revisions.mode == "set":
        return service.traffic
    kept = before or NEWEST
    if revisions.mode == "hold" and former is not None:
        kept = tuple(replace(one, revision=one.revision or former) for one in kept)
    tags = {one.tag for one in service.traffic}
    kept = tuple(replace(one, tag=None) if one.tag in tags and one.tag is not None else one for one in kept)
    kept = tuple(one for one in kept if one.percent or one.tag)
    return (*kept, *(replace(one, revision=name) for one in service.traffic if one.tag is not None))


def changed(
    before: tuple[Traffic, ...], shares: Mapping[str, int] | None, tags: Mapping[str, str] | None
) -> tuple[Traffic, ...]:
    """The traffic with other shares, or other tags, by revisions; LATEST is the newest one. Raises UsageError."""
    kept = before or NEWEST
    if shares is None:
        by_share = tuple(replace(one, tag=None) for one in kept if one.percent)
    elif sum(shares.values()) != 100 or any(not 0 <= share <= 100 for share in shares.values()):
        raise UsageError("the shares are percentages that add up to 100", help="for example LATEST=100")
    else:
        by_share = tuple(Traffic(revision=_revision(name), percent=share) for name, share in shares.items())
    by_tag = tuple(replace(one, percent=0) for one in kept if one.tag is not None)
    if tags is not None:
        by_tag = tuple(Traffic(revision=_revision(name), percent=0, tag=tag) for tag, name in tags.items())
    return (*by_share, *by_tag)


def _revision(name: str) -> str | None:
    return None if name == "LATEST" else name


def targets(traffic: tuple[Traffic, ...], newest: int, revisions: Mapping[str, int]) -> tuple[Target, ...]:
    """By deploys, the newest one among them. revisions: name → deploy."""
    found: dict[int, Target] = {newest: Target(newest, 0)}
    for one in traffic or NEWEST:
        deploy = newest if one.revision is None else revisions[one.revision]
        before = found.get(deploy, Target(deploy, 0))
        tags = (*before.tags, one.tag) if one.tag is not None else before.tags
        found[deploy] = Target(deploy, before.percent + one.percent, tags)
    return tuple(found[deploy] for deploy in sorted(found))


def beside(found: Iterable[Target], newest: int) -> frozenset[int]:
    """The deploys that have instances beside the newest one."""
    return frozenset(one.deploy for one in found if one.deploy != newest)


def unknown_revision(service: str, names: Iterable[str], known: Iterable[str]) -> Diagnostic:
    """Traffic for revisions that are not there."""
    what = ", ".join(names)
    those = ", ".join(known)
    return error(
        "up/no-such-revision", f"the traffic names {what}, and this run of {service} has no such revision",
        fault=Fault.APP, service=service,
        facts=(f"it has {those}" if those else "none is live yet: this deploy would be the first one",),
        help="deploy the revisions one after the other while one `emu up` runs, then name them",
    )  # fmt: skip


def same_name(service: str, name: str) -> Diagnostic:
    """A name that another deploy has."""
    return error(
        "up/revision-exists", f"there is a revision {name} of {service} already", fault=Fault.APP, service=service,
        help="choose another name, or leave it out",
    )  # fmt: skip


def held_back(service: Service, words: str) -> Diagnostic:
    """The first deploy of a service, which is to get no requests."""
    return error(
        "up/first-deploy-held-back", words, fault=Fault.APP, service=service.name, origin=service.origin,
        facts=("no revision is live here that could go on serving",),
        help="deploy once without it while `emu up` runs; then this one beside it",
    )  # fmt: skip
