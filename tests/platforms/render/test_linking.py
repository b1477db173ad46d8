"""What variables that refer to others come to, and the names inside."""

import pytest

from emulator.model.plan import Reference
from tests.platforms.render.planning import plan as planned

BLUEPRINT = """\
services:
  - type: web
    name: Shop Front
    runtime: docker
    plan: starter
    envVars:
      - {{key: IT, {entry}}}
  - type: pserv
    name: prices
    runtime: docker
    plan: starter
    envVars:
      - {{key: PORT, value: 4000}}
  - {{type: web, name: free, runtime: docker, plan: free}}
  - {{type: worker, name: packer, runtime: docker, plan: starter}}
  - {{type: keyvalue, name: cache, plan: free, ipAllowList: []}}
databases:
  - name: orders-db
    postgresMajorVersion: "16"
    readReplicas: [{{name: copy}}]
"""


@pytest.mark.parametrize(
    ("entry", "value", "reference"),
    [
        ("fromDatabase: {name: orders-db, property: connectionString}", None, ("orders-db", "connection-string")),
        ("fromDatabase: {name: copy, property: host}", None, ("orders-db", "host")),
        ("fromService: {name: cache, type: keyvalue, property: hostport}", None, ("cache", "host-port")),
        ("fromService: {name: prices, type: pserv, property: hostport}", "prices:4000", None),
        ("fromService: {name: Shop Front, type: web, property: host}", "shop-front", None),
        ("fromService: {name: free, type: web, property: port}", "10000", None),
        ("fromService: {name: elsewhere, type: web, property: host}", None, None),
    ],
)
def test_a_reference_is_a_value_or_says_whose_fact_it_is(
    entry: str, value: str | None, reference: tuple[str, str] | None
) -> None:
    """What is known without running anything stands in the plan."""
    found_plan = planned({"render.yaml": BLUEPRINT.format(entry=entry)})
    [found] = [v for v in found_plan.services[0].env if v.name == "IT"]
    assert found.value == value
    assert found.reference == (Reference(service=reference[0], fact=reference[1]) if reference else None)  # type: ignore[arg-type]


def test_what_takes_private_traffic_has_a_name() -> None:
    """Free web services and workers do not; datastores have Render's kind of host."""
    found_plan = planned({"render.yaml": BLUEPRINT.format(entry="value: x")})
    names = {service.name: service.network_names for service in found_plan.services}
    assert names["Shop Front"] == ("shop-front", "shop-front-discovery")
    assert names["prices"] == ("prices", "prices-discovery")
    assert (names["free"], names["packer"]) == ((), ())
    assert names["cache"][0].startswith("red-")
    assert names["orders-db"][0].startswith("dpg-")
    assert names["orders-db"][0].endswith("-a")


def test_a_datastore_says_which_server_it_is() -> None:
    """A free Key Value keeps nothing; names of a database are made of its own."""
    found_plan = planned({"render.yaml": BLUEPRINT.format(entry="value: x")})
    stores = {service.name: service.datastore for service in found_plan.services if service.datastore is not None}
    assert not stores["cache"].persistent
    assert stores["cache"].settings["maxmemory-policy"] == "allkeys-lru"
    found = stores["orders-db"]
    assert (found.engine, found.version, found.database, found.user) == (
        "postgres", "16", "orders_db", "orders_db_user",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "database", "user"),
    [
        ("", "orders_db", "orders_db_user"),
        ("databaseName: shop", "shop", "orders_db_user"),
        ("user: ada", "orders_db", "ada"),
        ("databaseName: shop, user: ada", "shop", "ada"),
    ],
)
def test_a_databases_names_are_its_files_or_made_of_its_own(written: str, database: str, user: str) -> None:
    """Each by itself; the connection string has them, the port and Render's kind of host."""
    web = "services: [{type: web, name: a, runtime: docker}]"
    blueprint = f"{web}\ndatabases:\n  - {{name: orders-db, {written}}}\n"
    store = next(s.datastore for s in planned({"render.yaml": blueprint}).services if s.datastore is not None)
    assert (store.database, store.user) == (database, user)
    assert store.connection_string == "postgresql://{user}:{password}@{host}:{port}/{database}"


@pytest.mark.parametrize(
    ("plan", "most"),
    [("free", "100"), ("basic-4gb", "100"), ("pro-8gb", "200"), ("accelerated-16gb", "400"), ("pro_512gb", "500")],
)
def test_a_database_takes_as_many_connections_as_its_memory_allows(plan: str, most: str) -> None:
    """From 8, 16 and 32 GB on more of them."""
    blueprint = f"databases:\n  - {{name: orders, plan: {plan}}}\n"
    [store] = [s.datastore for s in planned({"render.yaml": blueprint}).services if s.datastore is not None]
    assert store.settings == {"max_connections": most}


@pytest.mark.parametrize(
    ("written", "settings", "persistent"),
    [
        ("plan: free", {"maxmemory": "25mb", "maxclients": "50", "maxmemory-policy": "allkeys-lru", "appendonly": "no",
         "save": ""}, False),
        ("plan: standard", {"maxmemory": "1024mb", "maxmemory-policy": "allkeys-lru", "appendonly": "yes"}, True),
        ("plan: starter, persistenceMode: snapshot",
         {"maxmemory": "256mb", "maxclients": "250", "maxmemory-policy": "allkeys-lru", "appendonly": "no"}, True),
        ("plan: Pro_Plus, persistenceMode: 'off', maxmemoryPolicy: noeviction",
         {"maxmemory": "10240mb", "maxmemory-policy": "noeviction", "appendonly": "no", "save": ""}, False),
    ],
)  # fmt: skip
def test_a_key_value_keeps_and_evicts_what_its_fields_say(
    written: str, settings: dict[str, str], persistent: bool
) -> None:
    """A paid one keeps what it holds by default, a free one nothing."""
    blueprint = f"services:\n  - {{type: keyvalue, name: cache, ipAllowList: [], {written}}}\n"
    store = next(s.datastore for s in planned({"render.yaml": blueprint}).services if s.datastore is not None)
    assert (store.settings, store.persistent) == (settings, persistent)
    assert store.connection_string == "redis://{host}:{port}"


def test_a_database_with_a_services_name_has_one_of_its_own_in_the_plan() -> None:
    """Else one would hide the other; references lead to the right one."""
    entry = "fromDatabase: {name: prices, property: host}"
    found_plan = planned({"render.yaml": BLUEPRINT.format(entry=entry).replace("orders-db", "prices")})
    names = [service.name for service in found_plan.services]
    assert len(names) == len(set(names))
    [edge] = found_plan.edges
    assert (edge.from_, edge.to) == ("Shop Front", "prices-postgres")
    [found] = [v for v in found_plan.services[0].env if v.name == "IT"]
    assert found.reference == Reference(service="prices-postgres", fact="host")
