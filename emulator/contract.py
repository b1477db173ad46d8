"""What an adapter promises: a platform is a module that carries these names.

The engine calls a platform only through this protocol and never learns its name; the plan it
returns is all the engine goes by.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .model.choice import Decision
from .model.diagnostic import Diagnostic, Severity
from .model.origin import Origin
from .model.plan import Plan, Service
from .model.record import Record
from .model.rule import Rule
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .model.event import Event  # only `up` has events; a plan starts without them


UNKNOWN_SERVICE = "usage/unknown-service"
"""The code of the UsageError that `resolve` raises for a name in `Inputs.services` that the platform has not."""


class Option(Record, frozen=True, kw_only=True):
    """A command-line option only this platform has; it reaches `resolve` in `Inputs.options`."""

    flag: str
    """As typed: "--created-from"."""
    help: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    metavar: str | None = None
    is_switch: bool = False
    is_files: bool = False
    """Whether it names files of this machine, once or several times: their texts reach `resolve` in `Inputs.files`."""

    @property
    def name(self) -> str:
        return self.flag.lstrip("-").replace("-", "_")


class GivenVar(Record, frozen=True, kw_only=True):
    """A variable the user gave: by --env ("flag"), an --env-file ("file") or at a prompt ("answer"), now or earlier.
    service: whom it is for, None for all."""

    name: str
    value: str
    source: Literal["flag", "file", "answer"]
    origin: Origin | None = None
    service: str | None = None

    def __repr__(self) -> str:
        return f"GivenVar({self.name}=…, {self.source})"


class GivenFile(Record, frozen=True, kw_only=True):
    """A file the user gave with --secret-file: what it is called on the platform, and what is in it."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"GivenFile({self.name}, {len(self.content)} bytes)"


class GivenText(Record, frozen=True, kw_only=True):
    """A file of this machine, inside the repository or not: its name as the user gave it, and what it says."""

    file: str
    text: str

    def __repr__(self) -> str:
        return f"GivenText({self.file})"


class Inputs(Record, frozen=True, kw_only=True):
    """Everything besides the repository that a plan depends on."""

    env: tuple[GivenVar, ...] = ()
    secret_files: tuple[GivenFile, ...] = ()
    services: tuple[str, ...] = ()
    """Names from --service; empty means all."""
    options: dict[str, str] = {}
    """The platform's own options, by `Option.name`."""
    options_chosen: tuple[str, ...] = ()
    """Names of those options that the user set, as opposed to defaults."""
    files: dict[str, tuple[GivenText, ...]] = {}
    """What the platform's own options name files for, by `Option.name`. They may hold secrets."""


class Secrets(Mapping[tuple[str, str], str]):
    """Values that are never printed, by (service, variable). Cannot print itself."""

    def __init__(self, values: Mapping[tuple[str, str], str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, key: tuple[str, str]) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} hidden)"

    def of(self, service: str) -> dict[str, str]:
        """The hidden values of one service, by variable name."""
        return {name: value for (owner, name), value in self._values.items() if owner == service}


class Prompt(Record, frozen=True, kw_only=True):
    """A value the platform would ask a person for when the service is created."""

    service: str
    name: str
    origin: Origin | None


class Claim(Record, frozen=True, kw_only=True):
    """Whether a repository looks made for this platform. A "no" states its reason as well."""

    claims: bool
    because: str
    origin: Origin | None = None


class Resolution(Record, frozen=True, kw_only=True):
    """What resolving returns: the plan (with its trace and diagnostics), and what it must not print."""

    plan: Plan
    secrets: Secrets = Secrets()
    prompts: tuple[Prompt, ...] = ()
    secret_files: dict[str, tuple[GivenFile, ...]] = {}
    """By service: those that an input of the platform's own holds. One that the user gives under the same name wins."""


class Platform(Protocol):
    """A module satisfies this."""

    NAME: str
    TITLE: str
    RULES: tuple[Rule, ...]
    OPTIONS: tuple[Option, ...]

    def claim(self, repo: Snapshot) -> Claim:
        """Whether the repository's files speak of this platform."""
        ...

    def resolve(self, repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
        """Work out the plan. Pure: the same snapshot and inputs give the same resolution. A mistake
        in the user's files becomes a diagnostic in the plan, never an exception; one in the command line, such as a
        service that is not there, is a UsageError."""
        ...

    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """JSON Schemas of the files it reads, by the file's usual name, for editors."""
        ...

    def narrate(self, service: Service, event: "Event") -> tuple[str, ...]:
        """The lines the platform itself would print at this event, word for word."""
        ...

    def explanations(self) -> Mapping[str, str]:
        """What each diagnostic of the platform's own means, and what to do, by its code."""
        ...

    def next_run(self, service: Service, after: float) -> float | None:
        """When the schedule of a service has its first run after a moment, both in seconds since 1970; None where it
        has none any more, or no schedule."""
        ...


class FieldsOfFiles(Protocol):
    """What an adapter may have besides, for `what-if --set`: how the file that describes its services is written.

    Without a DIALECT it is read as YAML 1.1. Without `field_path` a field lies where its path says, and there are those
    that the file's schema names; of a file without a schema those at its top.
    """

    DIALECT: str
    """One of formats/yaml_scalars.Dialect: "go-yaml" or "yaml-1.1"."""

    def field_path(self, file: str, text: str, field: tuple[str, ...]) -> tuple[str, ...]:
        """Where a field of a service lies in a file of this name and text. Raises formats.yaml_edit.CannotSet, with the
        nearest one, for a field that the platform does not know."""
        ...


def token(name: str) -> str:
    """What stands in an argv or a text where the secret value of `name` would stand."""
    return f"‹{name}›"


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    return any(d.severity is Severity.ERROR and not d.suppressed for d in diagnostics)
