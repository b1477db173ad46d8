"""The datastores of a plan in one run: which are run here, how services reach each, and what of that is secret."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from emulator.engine.datastores import (
    PASSWORD,
    THIS_MACHINE,
    Access,
    access,
    access_given,
    as_server,
    has_password,
    linked,
    unreachable,
    volume_of,
)
from emulator.engine.disks import disk_volume, folder_mounts
from emulator.engine.requests import Surroundings
from emulator.model.diagnostic import Diagnostic, UsageError
from emulator.model.plan import Coverage, Service
from emulator.model.rule import Fidelity
from emulator.model.spelling import did_you_mean
from emulator.request import Project
from emulator.world.asking import Unreached


class Cast(NamedTuple):
    """A service as it is to be run here: its values filled in, what of them is hidden, and what it finds around it."""

    service: Service
    hidden: dict[str, str]
    around: Surroundings


class Backing:
    """given: URLs of datastores that are there already, by name; those are not run. Raises UsageError for a name that
    no datastore has, or a URL that cannot be one. folders: those of this machine that stand for volumes, by name."""

    def __init__(
        self, services: Iterable[Service], given: dict[str, str], project: Project, folders: Mapping[str, str] = {}
    ) -> None:
        self._folders = folders
        services = tuple(services)
        stores = self._stores = {s.name: s for s in services if s.datastore is not None}
        unknown = next((name for name in given if name not in stores), None)
        if unknown is not None:
            raise UsageError(f"--datastore {unknown}: there is no such datastore", help=did_you_mean(unknown, stores))
        self._passwords = {
            name: project.password(name)
            for name, store in stores.items()
            if name not in given and store.datastore is not None and has_password(store.datastore)
        }
        self._reached: dict[str, Access] = {
            name: access_given(store, given[name]) if name in given else access(store, self._passwords.get(name))
            for name, store in stores.items()
        }
        self.given = tuple(given)

    @property
    def is_any(self) -> bool:
        """Whether any is run here."""
        return any(name not in self.given for name in self._reached)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._reached)

    def has(self, name: str) -> bool:
        """Whether `name` is a datastore."""
        return name in self._reached

    def unreached(
        self, wanted: Iterable[str], ask: Callable[[str | None, int], Unreached | None]
    ) -> dict[str, Diagnostic]:
        """Those of the given that are `wanted` and cannot be reached, and why. ask: by host, None for this machine,
        and port."""
        found: dict[str, Diagnostic] = {}
        for name in dict.fromkeys(one for one in wanted if one in self.given):
            at = self._reached[name]
            why = ask(None if at.on_this_machine else at.host, at.port)
            if why is not None:
                found[name] = unreachable(self._stores[name], at, why)
        return found

    def cast(self, service: Service, root: str, network: str | None) -> Cast:
        if service.datastore is None:
            told = linked(service, self._reached)
            local = any(reached.on_this_machine for reached in self._reached.values())
            hosts = {THIS_MACHINE: "host-gateway"} if local else {}
            disk = disk_volume(service, root)
            folders = folder_mounts(service, root, self._folders)
            volumes = (*((disk,) if disk is not None else ()), *folders)
            return Cast(told.service, told.hidden, Surroundings(network=network, hosts=hosts, volumes=volumes))
        password = self._passwords.get(service.name)
        volume = volume_of(service, root)
        return Cast(
            as_server(service),
            {} if password is None else {PASSWORD: password},
            Surroundings(network=network, volumes=(volume,) if volume is not None else ()),
        )

    def coverage(self) -> list[Coverage]:
        """What is said of datastores that are not run here."""
        return [
            Coverage(
                key=name, origin=None, fidelity=Fidelity.NOT_IMITATED,
                note=f"no server is run for it: services use the one at {at.host}:{at.port}",
            )
            for name, at in self._reached.items()
            if name in self.given
        ]  # fmt: skip
