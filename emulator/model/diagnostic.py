"""What is wrong, where, whose fault it is, and the one thing to do."""

from enum import StrEnum

from .origin import Origin
from .record import Record


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Fault(StrEnum):
    """Whose fault: the question an emulator must answer.

    APP would fail there too; GAP may work there, we do not imitate it; HOST is this machine;
    BUG is ours.
    """

    APP = "app"
    GAP = "gap"
    HOST = "host"
    BUG = "bug"


class Related(Record, frozen=True, kw_only=True):
    """A second place that belongs to a diagnostic: "overridden there"."""

    origin: Origin
    message: str


class Edit(Record, frozen=True, kw_only=True):
    """One place of a file of the repository, and the text that stands there instead.

    Lines and columns count from 1, columns by characters; the end is exclusive, so that an empty place only puts
    something in. executable: the file gets its executable mark, and its text stays.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    text: str = ""
    executable: bool = False


class Fix(Record, frozen=True, kw_only=True):
    """The one right answer to a finding, where it has one: small, and nothing that works now works otherwise after it.
    message: what is done, as an order."""

    message: str
    edits: tuple[Edit, ...]


class Diagnostic(Record, frozen=True, kw_only=True):
    """One finding. `message` is one fact in one breath and stands alone; `facts` are what was seen,
    with numbers; `help` is one thing to do now."""

    code: str
    severity: Severity
    fault: Fault
    message: str
    facts: tuple[str, ...] = ()
    rule: str | None = None
    service: str | None = None
    origin: Origin | None = None
    related: tuple[Related, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    url: str | None = None
    suppressed: bool = False

    def __post_init__(self) -> None:
        area, slash, name = self.code.partition("/")
        if not (slash and area and name and self.code == self.code.lower()):
            raise ValueError(f"a diagnostic's code is <area>/<kebab-case>, not {self.code!r}")


def error(code: str, message: str, *, fault: Fault = Fault.APP, **more: object) -> Diagnostic:
    """A diagnostic that makes the deploy fail."""
    return Diagnostic(code=code, severity=Severity.ERROR, fault=fault, message=message, **more)  # type: ignore[arg-type]


def warning(code: str, message: str, *, fault: Fault = Fault.APP, **more: object) -> Diagnostic:
    """A diagnostic the deploy survives."""
    return Diagnostic(code=code, severity=Severity.WARNING, fault=fault, message=message, **more)  # type: ignore[arg-type]


def info(code: str, message: str, *, fault: Fault = Fault.APP, **more: object) -> Diagnostic:
    """Something worth knowing that needs no action. fault: GAP where the run here differs from the platform's."""
    return Diagnostic(code=code, severity=Severity.INFO, fault=fault, message=message, **more)  # type: ignore[arg-type]


class HostError(Exception):
    """This machine cannot do what was asked (no engine, no disk space, …). Carries the diagnostic
    and the exit code the command ends with."""

    def __init__(self, diagnostic: Diagnostic, *, exit_code: int = 3) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.exit_code = exit_code


class UsageError(HostError):
    """The command line cannot be obeyed: exit code 2."""

    def __init__(self, message: str, *, help: str | None = None, code: str = "usage/invalid") -> None:
        super().__init__(error(code, message, fault=Fault.HOST, help=help), exit_code=2)
