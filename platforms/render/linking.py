"""Where services and datastores of a Blueprint find each other: host names, connection strings, references to them."""

from emulator.model.plan import DatastoreFact, Reference
from emulator.snapshot import Repository

from .declarations import Blueprint, Database, EnvEntry, ServiceSpec
from .identifiers import letters, slug
from .plans import DEFAULT, canonical

DEFAULT_PORT = "10000"

_FACTS: dict[str, DatastoreFact] = {
    "connectionString": "connection-string",
    "connectionPoolString": "pool-connection-string",
    "host": "host",
    "port": "port",
    "hostport": "host-port",
    "user": "user",
    "password": "password",
    "database": "database",
}


def network_names(spec: ServiceSpec) -> tuple[str, ...]:
    """The names by which others reach it: only web services, unless free, and private services take private traffic
    (rule render/private-network)."""
    if spec.kind not in "WP" or (spec.kind == "W" and canonical(spec.text("plan") or DEFAULT) == "free"):
        return ()
    return (private_name(spec), f"{private_name(spec)}-discovery")


def private_name(spec: ServiceSpec) -> str:
    """The service's name in the private network."""
    return spec.identity.slug if spec.identity and spec.identity.slug else slug(spec.name)


def key_value_host(name: str, repository: Repository) -> str:
    return "red-" + letters(f"{repository.name}/{name}", 20)


def postgres_host(name: str, repository: Repository) -> str:
    return f"dpg-{letters(f'{repository.name}/{name}', 20)}-a"


def referred(entry: EnvEntry, blueprint: Blueprint | None) -> tuple[Reference | None, str | None]:
    """What a variable that refers to something of the file gets: a fact of a datastore, or a value that is known
    already. Both None where the file does not say."""
    wanted = entry.reference
    if wanted is None or blueprint is None:
        return None, None
    if entry.form == "database":
        database = _database(blueprint, wanted.name)
        fact = _FACTS.get(wanted.what)
        return (Reference(service=blueprint.name_of(database), fact=fact), None) if database and fact else (None, None)
    target = next((spec for spec in blueprint.services if spec.name == wanted.name), None)
    if target is None:
        return None, None
    if target.kind == "V":
        fact = _FACTS.get(wanted.what)
        return (Reference(service=target.name, fact=fact), None) if fact else (None, None)
    return None, _of_service(target, wanted.what)


def _of_service(target: ServiceSpec, what: str) -> str | None:
    """A web or private service's host and port in the private network: the port is PORT's, 10000 by default."""
    if target.kind not in "WP" or what not in ("host", "port", "hostport"):
        return None
    port = next((e.value for e in target.env if e.key == "PORT" and e.form == "literal" and e.value), DEFAULT_PORT)
    return {"host": slug(target.name), "port": port, "hostport": f"{slug(target.name)}:{port}"}.get(what)


def _database(blueprint: Blueprint, name: str) -> Database | None:
    return next((d for d in blueprint.databases if name in (d.name, *d.replicas)), None)
