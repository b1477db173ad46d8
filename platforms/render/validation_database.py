"""What Render's validator says of a Postgres database beyond its schema.

Messages seen in Render's own output stand word for word (rules say where); the others are ours.
"""

from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin
from emulator.model.rule import Rule

from . import rules
from .declarations import Database, Value
from .plans import DATABASE_DEFAULT, DATABASE_LEGACY, DATABASE_PLANS, canonical_database, sized
from .reading import near

_VERSIONS = range(10, 19)
"""Major versions the published schema knows."""

_OFFERED = 13
"""The oldest that a new database can have (source: blueprint-spec)."""


def database_problems(database: Database) -> list[Diagnostic]:
    """Everything wrong with one Postgres database."""
    found: list[Diagnostic] = []
    for field in ("plan", "previewPlan"):
        if (written := database.texts.get(field)) is not None:
            found += _plan(database, field, written)
    for field in ("diskSizeGB", "previewDiskSizeGB"):
        if (written := database.texts.get(field)) is not None:
            found += _size(database, field, written)
    return [*found, *_version(database), *_availability(database)]


def free_databases(databases: tuple[Database, ...]) -> list[Diagnostic]:
    """More than one on the free plan: the sync creates the first and fails at the second."""
    free = [d for d in databases if (plan := d.texts.get("plan")) and canonical_database(plan.text) == "free"]
    return [
        _said(
            "free-database", "cannot have more than one active free tier database", rules.FREE_DATABASE,
            database.texts["plan"].origin, f"take another plan: {DATABASE_DEFAULT}",
            related=(Related(origin=free[0].texts["plan"].origin, message="the first one"),),
        )
        for database in free[1:]
    ]  # fmt: skip


def _plan(database: Database, field: str, written: Value) -> list[Diagnostic]:
    name = canonical_database(written.text)
    path = f"databases[{database.number}]"
    if name in DATABASE_LEGACY:
        quoted = f"Legacy Postgres plans, including {written.text!r}, are no longer supported for new databases"
        return [
            _said(
                "database-plan", f"{path} Legacy Postgres plans not supported", rules.DATABASE_PLAN, written.origin,
                f"take a plan of today: {DATABASE_DEFAULT}", facts=(f"Render says: {quoted}",),
            )
        ]  # fmt: skip
    if name not in DATABASE_PLANS:
        words = f"{path}.{field} {written.text} not a valid plan"
        help_ = near(name, tuple(DATABASE_PLANS))
        return [_said("database-plan", words, rules.DATABASE_WORDS, written.origin, help_)]
    if "_" not in written.text:
        return []
    message = f"plan {written.text!r} is written {name!r} in the documentation"
    return [
        warning(
            "render/plan-spelling", message, origin=written.origin, rule=rules.DATABASE_PLAN.id,
            help=f"write `{field}: {name}`; Render's own examples have both",
        )
    ]  # fmt: skip


def _size(database: Database, field: str, written: Value) -> list[Diagnostic]:
    gigabytes = written.whole()
    if not written.is_number or gigabytes == 1 or (gigabytes and gigabytes % 5 == 0):
        return []
    words = f"databases[{database.number}].{field} database disk size must be a multiple of 5GB"
    return [_said("database-disk", words, rules.DATABASE_WORDS, written.origin, "write 1, 5, 10, 15 or so")]


def _version(database: Database) -> list[Diagnostic]:
    written = database.texts.get("postgresMajorVersion")
    if written is None:
        return []
    number = written.whole()
    if number is None:
        words = f"databases[{database.number}] postgresMajorVersion cannot be {written.text!r}"
        help_ = 'write the major version alone, as text: `postgresMajorVersion: "17"`'
        return [_said("invalid-value", words, rules.DATABASES, written.origin, help_)]
    if number in _VERSIONS and number >= _OFFERED:
        return []
    why = "not offered for new databases" if number in _VERSIONS else "none that the published schema knows"
    return [
        warning(
            "render/postgres-version", f"Postgres {number} is {why}", origin=written.origin, rule=rules.DATABASES.id,
            url=rules.DATABASES.url, help=f"take one from {_OFFERED} to {_VERSIONS[-1]}",
        )
    ]  # fmt: skip


def _availability(database: Database) -> list[Diagnostic]:
    """High availability takes a plan of one CPU or more; what a plan of the older names has is not published."""
    origin = database.keys.get("highAvailability")
    written = database.texts.get("plan")
    name = canonical_database(written.text) if written else ""  # one that is there already keeps its own
    bought = sized(name)
    is_small = name in ("free", "basic-256mb") or (bought is not None and bought.cpu < 1)
    if origin is None or not database.is_available or not is_small:
        return []
    message = f"a database of plan {name} cannot be highly available: that takes one CPU or more"
    return [
        warning(
            "render/high-availability", message, origin=origin, rule=rules.DATABASES.id, url=rules.DATABASES.url,
            help="take a larger plan, or remove `highAvailability`",
        )
    ]  # fmt: skip


def _said(
    code: str, words: str, rule: Rule, origin: Origin, help_: str, *,
    facts: tuple[str, ...] = (), related: tuple[Related, ...] = (),
) -> Diagnostic:  # fmt: skip
    return error(
        f"render/{code}", words, origin=origin, rule=rule.id, url=rule.url, help=help_, facts=facts, related=related
    )
