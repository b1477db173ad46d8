"""What differs between two plans of a repository, in what is built and run; places and reasons do not count."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from .plan import Plan, Service
from .record import Record

_TOLD_ELSEWHERE = frozenset(
    ("decisions", "shadowed", "alternative", "containers", "rejected", "generated_dockerfile", "upload_rules")
)
"""Reasons; and what the other keys say already, or nobody reads in one line."""


class Difference(Record, frozen=True, kw_only=True):
    """One key of a service. before, after: as they are printed; None where there was or is nothing."""

    service: str
    key: str
    before: str | None
    after: str | None


    def __str__(self) -> str:
        """ "web port.number: 80 → 8080" """
        name = f"{self.service} {self.key}" if self.key else self.service
        return f"{name}: {self.before or 'nothing'} → {self.after or 'nothing'}"


def differences(before: Plan, after: Plan) -> tuple[Difference, ...]:
    """By service and key, in the order of the later plan; a service that is new or gone has one of the key ""."""
    old = {service.name: service for service in before.services}
    new = {service.name: service for service in after.services}
    found: list[Difference] = []
    for name, service in new.items():
        if name in old:
            found += service_differences(old[name], service)
        else:
            found.append(Difference(service=name, key="", before=None, after=service.type.value))
    gone = (name for name in old if name not in new)
    return (*found, *(Difference(service=n, key="", before=old[n].type.value, after=None) for n in gone))


def service_differences(before: Service, after: Service) -> tuple[Difference, ...]:
    """The keys in which a service differs, sorted; () when it runs the same in the same way."""
    if before == after:
        return ()
    old, new = dict(_flat("", _plain(before))), dict(_flat("", _plain(after)))
    old |= dict(_of_containers(before, after))
    new |= dict(_of_containers(after, before))
    if _generated(before) != _generated(after):
        old["build.generated_dockerfile"], new["build.generated_dockerfile"] = "as before", "changed"
    return tuple(
        Difference(service=after.name, key=key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def told_once(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Without what another one says as well: a build argument that is the variable of that name, and the words of a
    command whose text is there."""
    those = tuple(found)
    known = {(one.service, one.key): one for one in those}

    def is_told(one: Difference) -> bool:
        if one.key.startswith("build.args."):
            twin = known.get((one.service, one.key.replace("build.args.", "env.", 1)))
            return twin is not None and (twin.before, twin.after) == (one.before, one.after)
        text = known.get((one.service, one.key.removesuffix("argv") + "text"))
        return one.key.endswith("command.argv") and text is not None and None not in (text.before, text.after)

    return tuple(one for one in those if not is_told(one))


def _plain(service: Service) -> Any:
    return msgspec.to_builtins(service)


def _of_containers(service: Service, other: Service) -> Iterator[tuple[str, str]]:
    """What the top does not say: all of the containers beside the one whose facts stand there, and of that one what a
    service has no key for. One that `other` does not have is told as one, by its image."""
    there = {one.name for one in other.containers}
    for one in service.containers:
        prefix = f"containers.{one.name}"
        if one.name not in there and not one.ingress:
            yield prefix, one.build.image or one.build.kind.value
            continue
        facts = {key: value for key, value in msgspec.to_builtins(one).items() if key not in ("name", "ingress")}
        if one.ingress or len(service.containers) == 1:
            facts = {key: value for key, value in facts.items() if not hasattr(service, key)}
        yield from _flat(prefix, facts)


def _generated(service: Service) -> Any:
    return service.build.generated_dockerfile, [rule.pattern for rule in service.build.upload_rules or ()]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """ "probes.startup.path" → "/up". What is null or empty is not there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _TOLD_ELSEWHERE and not key.endswith("origin"):
                yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    elif isinstance(value, list | tuple):
        if all(isinstance(item, dict) and "name" in item for item in value):
            for item in value:
                yield from _named(f"{prefix}.{item['name']}", item)
        elif value:
            yield prefix, msgspec.json.encode(value).decode()
    elif isinstance(value, float) and value.is_integer():
        yield prefix, str(int(value))  # as it was before it was written down and read again
    elif value is not None:
        yield prefix, str(value)


def _named(prefix: str, item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """An item of a list by its name: a variable is its value, where it has one to show."""
    if "phase" in item and "value" in item:
        yield prefix, item["value"] if item["value"] is not None else f"({item['kind']})"
    else:
        yield from _flat(prefix, {key: inner for key, inner in item.items() if key != "name"})
