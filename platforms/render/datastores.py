"""Key Value stores and Postgres databases as services of the plan."""

from emulator.model.choice import ABSENT, Candidate, Trace, choose
from emulator.model.lifecycle import Lifecycle, Probes, Shutdown
from emulator.model.origin import Origin
from emulator.model.plan import (
    Build,
    BuildKind,
    Container,
    Datastore,
    Port,
    Resources,
    Service,
    ServiceType,
)
from emulator.snapshot import Repository

from . import rules
from .declarations import Database, ServiceSpec, Value
from .identifiers import slug
from .linking import key_value_host, postgres_host
from .plans import (
    DATABASE_DEFAULT,
    DATABASE_PLANS,
    DEFAULT,
    KEY_VALUE_CONNECTIONS,
    KEY_VALUE_PLANS,
    canonical,
    canonical_database,
    most_connections,
)

POSTGRES_PORT = 5432
KEY_VALUE_PORT = 6379
POSTGRES_VERSION = "18"
"""What a database without postgresMajorVersion gets: the newest (source: blueprint-spec)."""
KEY_VALUE_VERSION = "8"
"""Valkey's (source: key-value)."""

_PERSISTENCE = {
    "journal-snapshot": {"appendonly": "yes"},
    "snapshot": {"appendonly": "no"},
    "off": {"appendonly": "no", "save": ""},
}
"""persistenceMode as the server's own settings; snapshots at the server's own times (source: blueprint-spec)."""


def key_value(spec: ServiceSpec, repository: Repository) -> Service:
    """A Key Value store, which keeps as much as its plan has memory (rule render/key-value-limits)."""
    trace = Trace()
    plan = _plan(trace, spec.name, spec.get("plan"), DEFAULT)
    # A paid one keeps what it holds unless it is told not to (source: blueprint-spec).
    memory = KEY_VALUE_PLANS.get(canonical(plan))
    most = KEY_VALUE_CONNECTIONS.get(canonical(plan))
    mode = spec.text("persistenceMode") or ("off" if canonical(plan) == "free" else "journal-snapshot")
    store = Datastore(
        engine="valkey", version=KEY_VALUE_VERSION, host=key_value_host(spec.name, repository),
        connection_string="redis://{host}:{port}",
        settings={
            **({"maxmemory": f"{memory}mb"} if memory else {}),
            **({"maxclients": str(most)} if most else {}),
            "maxmemory-policy": spec.text("maxmemoryPolicy") or "allkeys-lru",
            **_PERSISTENCE.get(mode, {}),
        },
        persistent=mode != "off",
    )  # fmt: skip
    return _datastore(spec.name, spec.origin, store, KEY_VALUE_PORT, resources=Resources(plan=plan), trace=trace)


def postgres(database: Database, called: str, repository: Repository) -> Service:
    """A Postgres database, `called` so in the plan. Its own names are made of its name where the file gives none;
    Render may add to them."""
    trace = Trace()
    plan = _plan(trace, called, database.texts.get("plan"), DATABASE_DEFAULT)
    memory = DATABASE_PLANS.get(canonical_database(plan))
    own = slug(database.name).replace("-", "_")
    name = _text(database, "databaseName") or own
    store = Datastore(
        engine="postgres", version=_text(database, "postgresMajorVersion") or POSTGRES_VERSION,
        host=postgres_host(database.name, repository), user=_text(database, "user") or f"{own}_user", database=name,
        connection_string="postgresql://{user}:{password}@{host}:{port}/{database}",
        settings={"max_connections": str(most_connections(memory))},
    )  # fmt: skip
    resources = Resources(plan=plan, memory_mib=memory)
    return _datastore(called, database.origin, store, POSTGRES_PORT, resources=resources, trace=trace)


def _text(database: Database, field: str) -> str:
    written = database.texts.get(field)
    return written.text.strip() if written else ""


def _plan(trace: Trace, name: str, written: Value | None, default: str) -> str:
    setting = choose(
        trace, f"{name}.plan", "Which plan?",
        Candidate(written.text if written else ABSENT, source="render.yaml", because="plan is set",
                  origin=written.origin if written else None, absent="no plan is set"),
        Candidate(default, source="default", because="a datastore without a plan gets it", rule=rules.DEFAULT_PLAN),
    )  # fmt: skip
    assert setting is not None
    return str(setting.value)


def _datastore(
    name: str, origin: Origin, store: Datastore, port: int, *, resources: Resources, trace: Trace
) -> Service:
    build = Build(kind=BuildKind.IMAGE, runtime=store.engine)
    listens = Port(number=port, source="default")
    container = Container(
        name=name, ingress=False, build=build, command=None, port=listens, env=(), probes=Probes(), resources=resources
    )
    return Service(
        name=name, type=ServiceType.DATASTORE, origin=origin, build=build, command=None, port=listens, env=(),
        probes=Probes(), containers=(container,), lifecycle=Lifecycle(), resources=resources, shutdown=Shutdown(),
        datastore=store, network_names=(store.host,), decisions=trace.decisions,
    )  # fmt: skip
