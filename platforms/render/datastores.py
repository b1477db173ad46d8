"""Key Value stores and Postgres databases as services of the plan. They are named, not run."""

from emulator.model.choice import ABSENT, Candidate, Trace, choose
from emulator.model.origin import Origin
from emulator.model.plan import (
    Build,
    BuildKind,
    Container,
    Lifecycle,
    Port,
    Probes,
    Resources,
    Service,
    ServiceType,
    Shutdown,
)  # fmt: skip

from . import rules
from .declarations import Database, ServiceSpec, Value
from .plans import DATABASE_DEFAULT, DATABASE_PLANS, DEFAULT, canonical_database

POSTGRES_PORT = 5432
KEY_VALUE_PORT = 6379


def key_value(spec: ServiceSpec) -> Service:
    """A Key Value store; what memory its plan has is not published."""
    trace = Trace()
    plan = _plan(trace, spec.name, spec.get("plan"), DEFAULT)
    return _datastore(spec.name, spec.origin, "valkey", KEY_VALUE_PORT, resources=Resources(plan=plan), trace=trace)


def postgres(database: Database) -> Service:
    trace = Trace()
    plan = _plan(trace, database.name, database.texts.get("plan"), DATABASE_DEFAULT)
    resources = Resources(plan=plan, memory_mib=DATABASE_PLANS.get(canonical_database(plan)))
    return _datastore(database.name, database.origin, "postgres", POSTGRES_PORT, resources=resources, trace=trace)


def _plan(trace: Trace, name: str, written: Value | None, default: str) -> str:
    setting = choose(
        trace, f"{name}.plan", "Which plan?",
        Candidate(written.text if written else ABSENT, source="render.yaml", because="plan is set",
                  origin=written.origin if written else None, absent="no plan is set"),
        Candidate(default, source="default", because="a datastore without a plan gets it", rule=rules.DEFAULT_PLAN),
    )  # fmt: skip
    assert setting is not None
    return str(setting.value)


def _datastore(name: str, origin: Origin, runtime: str, port: int, *, resources: Resources, trace: Trace) -> Service:
    build = Build(kind=BuildKind.IMAGE, runtime=runtime)
    listens = Port(number=port, source="default")
    container = Container(
        name=name, ingress=False, build=build, command=None, port=listens, env=(), probes=Probes(), resources=resources
    )
    return Service(
        name=name, type=ServiceType.DATASTORE, origin=origin, build=build, command=None, port=listens, env=(),
        probes=Probes(), containers=(container,), lifecycle=Lifecycle(), resources=resources, shutdown=Shutdown(),
        decisions=trace.decisions,
    )  # fmt: skip
