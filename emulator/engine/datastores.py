"""A datastore of the plan → the server that stands for it, and what services are told of it. Pure."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from emulator.model.diagnostic import Diagnostic, Fault, UsageError, error
from emulator.model.lifecycle import Lifecycle, Probe, Probes, Replacement, Shutdown
from emulator.model.plan import Build, BuildKind, Command, Datastore, DatastoreFact, EnvKind, EnvPhase, EnvVar, Service
from emulator.model.record import Record, replace
from emulator.world.asking import Unreached
from emulator.world.containers import VolumeMount

from .labels import DEPLOY, of_service, resource_name
from .stand_ins import IMAGES

THIS_MACHINE = "host.docker.internal"
"""The name by which a container calls the machine it runs on."""
READY_WITHIN_S = 120.0
"""How long a server may take from its start until it takes clients: a first start makes its files."""
MARK = "emu.data-mark"
PASSWORD = "POSTGRES_PASSWORD"

_DATA = {"postgres": "/var/lib/postgresql", "valkey": "/data"}
_SCHEMES = {"postgres": ("postgres", "postgresql"), "valkey": ("redis", "rediss", "valkey", "valkeys")}
_PORTS = {"postgres": 5432, "valkey": 6379}
_SECRET: tuple[DatastoreFact, ...] = ("password", "connection-string", "pool-connection-string")
_LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")


class Access(Record, frozen=True, kw_only=True):
    """How services reach a datastore. Does not print its password."""

    host: str
    port: int
    url: str
    user: str | None = None
    password: str | None = None
    database: str | None = None
    on_this_machine: bool = False
    """Whether it is no container but listens on this machine."""

    def __repr__(self) -> str:
        return f"Access({self.host}:{self.port})"

    def fact(self, name: DatastoreFact) -> str:
        """What a service is told; "" for what it does not have."""
        match name:
            case "connection-string" | "pool-connection-string":
                return self.url
            case "host-port":
                return f"{self.host}:{self.port}"
            case "port":
                return str(self.port)
            case "host" | "user" | "password" | "database":
                return str(getattr(self, name) or "")


def access(service: Service, password: str | None) -> Access:
    """How the others reach the datastore `service` when we run it."""
    store = service.datastore
    assert store is not None
    port = service.port.number if service.port else _PORTS[store.engine]
    words = {
        "user": quote(store.user or "", safe=""),
        "password": quote(password or "", safe=""),
        "host": store.host,
        "port": port,
        "database": quote(store.database or "", safe=""),
    }
    return Access(
        host=store.host, port=port, url=store.connection_string.format(**words), user=store.user, password=password,
        database=store.database,
    )  # fmt: skip


def access_given(service: Service, url: str) -> Access:
    """The same for one that is there already, at `url`; an address of this machine as containers reach it. Raises
    UsageError, which does not repeat the URL: it may hold a password."""
    store = service.datastore
    assert store is not None
    wanted = " or ".join(f"{scheme}://" for scheme in _SCHEMES[store.engine][:2])
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[store.engine]
    except ValueError:
        raise UsageError(f"--datastore {service.name}: the URL cannot be read", help=f"write {wanted}…") from None
    if parts.scheme not in _SCHEMES[store.engine] or not parts.hostname:
        raise UsageError(
            f"--datastore {service.name} takes the URL of a {store.engine} server", help=f"it begins with {wanted}"
        )
    local = parts.hostname in _LOCAL
    host = THIS_MACHINE if local else parts.hostname
    if local:
        user, at, _ = parts.netloc.rpartition("@")
        parts = parts._replace(netloc=f"{user}{at}{host}" + (f":{parts.port}" if parts.port else ""))
    return Access(
        host=host, port=port, url=urlunsplit(parts), user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None, database=unquote(parts.path.lstrip("/")) or None,
        on_this_machine=local,
    )  # fmt: skip


class Linked(NamedTuple):
    """A service with what it is told of datastores, and what of that is secret, by variable."""

    service: Service
    hidden: dict[str, str]


def linked(service: Service, reached: Mapping[str, Access]) -> Linked:
    """`service` with the values of its references to the datastores `reached`. A secret is not in its plan, but hidden,
    and the password it holds as well, wherever that appears."""
    hidden: dict[str, str] = {}
    variables: list[EnvVar] = []
    for variable in service.env:
        reference = variable.reference
        found = reached.get(reference.service) if reference is not None else None
        if reference is None or found is None:
            variables.append(variable)
        elif found.password is not None and reference.fact in _SECRET:
            variables.append(variable)
            hidden[variable.name] = found.fact(reference.fact)
            hidden[f"{reference.service}.password"] = found.password
        else:
            variables.append(replace(variable, value=found.fact(reference.fact)))
    return Linked(replace(service, env=tuple(variables)), hidden)


def has_password(store: Datastore) -> bool:
    return "{password}" in store.connection_string


def as_server(service: Service) -> Service:
    """The datastore as a service that runs its server: image, command, variables, and how it is asked whether it is
    ready. Its password is the hidden value of `PASSWORD`."""
    store = service.datastore
    assert store is not None
    port = service.port.number if service.port else _PORTS[store.engine]
    ready = Probe(
        kind=store.engine, port=port, timeout_s=READY_WITHIN_S, period_s=READY_WITHIN_S, failure_threshold=1,
        waits_for_port=True, implicit=True,
    )  # fmt: skip
    return replace(
        service,
        build=Build(
            kind=BuildKind.IMAGE, runtime=store.engine, platform=service.build.platform,
            image=IMAGES[store.engine].format(store.version),
        ),
        command=_command(store, port),
        env=_variables(store),
        probes=Probes(startup=ready),
        lifecycle=Lifecycle(replacement=Replacement(stop_first=True)),
        shutdown=Shutdown(signal="SIGINT" if store.engine == "postgres" else "SIGTERM", grace_seconds=30),
    )  # fmt: skip


def _command(store: Datastore, port: int) -> Command:
    """What stands behind the image's entrypoint."""
    if store.engine == "postgres":
        words: tuple[str, ...] = ("postgres", "-p", str(port))
        words += tuple(word for name, value in store.settings.items() for word in ("-c", f"{name}={value}"))
    else:
        words = ("valkey-server", "--port", str(port), "--protected-mode", "no", "--dir", _DATA["valkey"])
        words += tuple(word for name, value in store.settings.items() for word in (f"--{name}", value))
    return Command(argv=words, form="exec", text=None, source="datastore", image_args=words)


def _variables(store: Datastore) -> tuple[EnvVar, ...]:
    if store.engine != "postgres":
        return ()
    values = {
        "PGDATA": f"{_DATA['postgres']}/emu/{store.version}",  # one folder a version: none can read another's
        "POSTGRES_DB": store.database or "",
        PASSWORD: None,
        "POSTGRES_USER": store.user or "",
    }
    return tuple(
        EnvVar(name=name, value=value, kind=EnvKind.PLATFORM if value is not None else EnvKind.GENERATED,
               phase=EnvPhase.RUN)
        for name, value in values.items()
    )  # fmt: skip


def volume_of(service: Service, root: str) -> VolumeMount | None:
    """Where what it holds is kept between runs; None when it keeps nothing."""
    store = service.datastore
    if store is None or not store.persistent:
        return None
    return VolumeMount(volume=resource_name(root, service.name, "data"), path=_DATA[store.engine])


def volume_labels(service: Service, root: str, platform: str, hidden: Mapping[str, str]) -> dict[str, str]:
    """What the volume of a datastore carries. A mark, which tells nothing of the password, says whether its data were
    made with this one."""
    labels = of_service(root, platform, service.name, 0)
    del labels[DEPLOY]
    if PASSWORD in hidden:
        labels[MARK] = hashlib.sha256(f"{root}/{service.name}/{hidden[PASSWORD]}".encode()).hexdigest()[:16]
    return labels


def foreign_data(service: Service) -> Diagnostic:
    """Its data know another password than the one that is remembered."""
    return error(
        "up/datastore-password-lost",
        f"the data of {service.name} were made with another password than the one emu remembers",
        fault=Fault.HOST,
        service=service.name,
        origin=service.origin,
        facts=("the state folder was removed, or another one was named, since they were made",),
        help="`emu down --data` removes the data, and the next `emu up` begins anew",
    )


_UNREACHED = {
    "name": "its name cannot be resolved",
    "refused": "nothing listens there",
    "timeout": "there is no answer in time",
    "unreachable": "there is no way to it",
    "loopback": "it listens on 127.0.0.1 alone, where containers do not reach it",
}


def unreachable(service: Service, at: Access, why: Unreached) -> Diagnostic:
    """A server that was said to be there cannot be reached. Its URL is not repeated: it may hold a password."""
    where = f"port {at.port} of this machine" if at.on_this_machine else f"{at.host}:{at.port}"
    if why == "loopback":
        help = "let it listen on 0.0.0.0, or on the address of the engine's bridge (`docker network inspect bridge`)"
    else:
        help = "start it, or correct the URL"
    return error(
        "up/datastore-unreachable",
        f"the datastore {service.name} cannot be reached at {where}: {_UNREACHED[why]}",
        fault=Fault.HOST,
        service=service.name,
        origin=service.origin,
        facts=(f"--datastore {service.name}=URL gave its address",),
        help=f"{help}; without --datastore, emu runs one",
    )


def failed(service: Service, cause: Diagnostic, last_lines: tuple[str, ...]) -> Diagnostic:
    """Why a datastore is not there: no mistake in the user's files, whatever its server's exit would mean in an app."""
    said = tuple(f"it said: {line.strip()}" for line in last_lines if line.strip())[-3:]
    return error(
        "up/datastore-failed",
        f"the datastore {service.name} does not come up: {cause.message}",
        fault=Fault.HOST,
        service=service.name,
        origin=service.origin,
        facts=said,
        help="`emu down --data` removes what it holds, if that is damaged; --datastore "
        f"{service.name}=URL takes another server",
    )
