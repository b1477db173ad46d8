"""What a render.yaml declares, in Render's own words, each thing with its place."""

from typing import Literal, NamedTuple

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin

TRUE_WORDS, FALSE_WORDS = ("y", "Y", "yes", "on"), ("n", "N", "no", "off")
"""What go-yaml takes where a boolean is wanted, beside true and false (source: decode.go of go-yaml v3); elsewhere the
words are text."""


class Value(NamedTuple):
    """A text and where it was written."""

    text: str
    origin: Origin

    @property
    def is_true(self) -> bool:
        """Whether it switches a boolean field on."""
        return self.text in ("true", *TRUE_WORDS)

    @property
    def is_number(self) -> bool:
        """Whether it can be a whole number, also one that is out of any range."""
        return self.text.removeprefix("-").isdigit()

    def whole(self) -> int | None:
        """The text as a whole number of plain digits, None when it is none."""
        return int(self.text) if self.text.isascii() and self.text.isdigit() and len(self.text) < 10 else None


class Reference(NamedTuple):
    """fromDatabase or fromService: `name` of what; `what` is the property it takes, or the variable."""

    to: str
    name: str
    type: str
    what: str
    origin: Origin
    is_property: bool = True


class EnvEntry(NamedTuple):
    """One item of envVars. form: literal, generated, prompted, database, service, group, empty; in a preview withheld.
    group: the group it links, or, for a variable of a group, the group it stands in."""

    key: str
    form: str
    value: str | None
    origin: Origin
    group: str = ""
    reference: Reference | None = None
    preview: Value | None = None
    """previewValue."""


class Identity(NamedTuple):
    """What Render itself calls a service that exists; "" where it is not known."""

    id: str = ""
    slug: str = ""
    host: str = ""


class ServiceSpec(NamedTuple):
    """One service as render.yaml declares it. kind: a letter of `fields`; `texts` holds the scalar fields;
    `keys` every field that is written. A service nobody declared (no render.yaml) has no keys. One that exists
    has its settings from its record, in render.yaml's words, and Render's names for it."""

    number: int
    name: str
    kind: str
    runtime: Value | None
    origin: Origin
    texts: dict[str, Value] = {}
    image: Value | None = None
    env: tuple[EnvEntry, ...] = ()
    domains: tuple[str, ...] = ()
    disk: dict[str, Value] | None = None
    scaling: dict[str, Value] | None = None
    maintenance: dict[str, Value] | None = None
    routes: tuple[dict[str, Value], ...] = ()
    headers: tuple[dict[str, Value], ...] = ()
    previews: dict[str, Value] = {}
    filter_paths: tuple[Value, ...] = ()
    filter_ignored: tuple[Value, ...] = ()
    """The patterns of buildFilter."""
    keys: dict[str, Origin] = {}
    source: Literal["render.yaml", "record"] = "render.yaml"
    identity: Identity | None = None

    @property
    def is_recorded(self) -> bool:
        return self.source == "record"

    @property
    def image_reference(self) -> str | None:
        """The URL of its image, without a scheme; the defaults that Render documents are those of an engine:
        docker.io, library, latest."""
        return self.image.text.strip().removeprefix("https://").removeprefix("docker://") if self.image else None

    @property
    def is_declared(self) -> bool:
        return bool(self.keys)

    def get(self, field: str) -> Value | None:
        return self.texts.get(field)

    def text(self, *fields: str) -> str | None:
        """The first of these fields that is set."""
        return next((self.texts[field].text for field in fields if field in self.texts), None)

    def filled(self, field: str) -> Value | None:
        """The field's value unless it is missing or blank."""
        value = self.texts.get(field)
        return value if value and value.text.strip() else None


class Database(NamedTuple):
    """A Postgres database. replicas: names under which it can be referred to as well."""

    number: int
    name: str
    origin: Origin
    texts: dict[str, Value]
    replicas: tuple[str, ...]
    keys: dict[str, Origin]
    is_available: bool = False
    """Whether highAvailability is enabled."""


class Blueprint(NamedTuple):
    """A whole render.yaml. `groups` maps an env group's name to its variables; `keys` are its outermost fields."""

    file: str
    services: tuple[ServiceSpec, ...] = ()
    databases: tuple[Database, ...] = ()
    groups: dict[str, tuple[EnvEntry, ...]] = {}
    diagnostics: tuple[Diagnostic, ...] = ()
    keys: dict[str, Origin] = {}
    previews: dict[str, Value] = {}
    """The fields of `previews`, and the deprecated ones at the root."""

    def name_of(self, database: Database) -> str:
        """The database's name in the plan, where no two may have one: its own, unless a service has it too."""
        taken = any(spec.name == database.name for spec in self.services)
        return f"{database.name}-postgres" if taken else database.name
