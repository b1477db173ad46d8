"""Where services and datastores of a Blueprint find each other: host names, connection strings, references to them."""

from emulator.model.plan import DatastoreFact
from emulator.snapshot import Repository

from .declarations import ServiceSpec
from .identifiers import letters, slug
from .plans import is_free

DEFAULT_PORT = "10000"

DATASTORE_FACTS: dict[str, DatastoreFact] = {
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
    if spec.kind not in "WP" or (spec.kind == "W" and is_free(spec)):
        return ()
    return (private_name(spec), f"{private_name(spec)}-discovery")


def private_name(spec: ServiceSpec) -> str:
    """The service's name in the private network."""
    return spec.identity.slug if spec.identity and spec.identity.slug else slug(spec.name)


def key_value_host(name: str, repository: Repository) -> str:
    return "red-" + letters(f"{repository.name}/{name}", 20)


def postgres_host(name: str, repository: Repository) -> str:
    return f"dpg-{letters(f'{repository.name}/{name}', 20)}-a"
