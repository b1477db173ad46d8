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


def datastore_fact(entry: EnvEntry, blueprint: Blueprint) -> Reference | None:
    """The fact of a datastore of the file that a variable asks for; None where it asks for something else."""
    wanted = entry.reference
    fact = _FACTS.get(wanted.what) if wanted is not None else None
    if wanted is None or fact is None or not wanted.is_property:
        return None
    if entry.form == "database":
        database = _database(blueprint, wanted.name)
        return Reference(service=blueprint.name_of(database), fact=fact) if database else None
    target = next((spec for spec in blueprint.services if spec.name == wanted.name), None)
    return Reference(service=target.name, fact=fact) if target is not None and target.kind == "V" else None


def _database(blueprint: Blueprint, name: str) -> Database | None:
    return next((d for d in blueprint.databases if name in (d.name, *d.replicas)), None)
