"""What differs between two snapshots of a repository, and what that does to a plan: `emu diff` and `emu what-if`."""

from typing import Literal

from .choice import Decision
from .diagnostic import Diagnostic
from .difference import Difference
from .origin import Origin
from .plan import Plan
from .record import Record

FileFate = Literal["added", "changed", "removed"]

ServiceFate = Literal["added", "changed", "same", "removed"]


class FileChange(Record, frozen=True, kw_only=True):
    """A path of the repository that the later snapshot has otherwise than the earlier one."""

    path: str
    fate: FileFate


class Aspect(Record, frozen=True, kw_only=True):
    """One thing that is said of a service ("runs", "port"), before and after, each with its place; None: nothing."""

    name: str
    before: str | None
    after: str | None
    before_origin: Origin | None = None
    after_origin: Origin | None = None


class Turn(Record, frozen=True, kw_only=True):
    """A question that the platform's rules answer otherwise now. before, after: None where it was or is not asked."""

    before: Decision | None
    after: Decision | None


class ChangedService(Record, frozen=True, kw_only=True):
    """One service, before and after.

    fate: "same" when its plan is. deploys: whether the platform would deploy it for this change; because: why, or why
    not. aspects: the facts that changed, as they are read; differences: the keys of the plan that did, all of them.
    """

    name: str
    type: str
    fate: ServiceFate
    deploys: bool
    because: str
    aspects: tuple[Aspect, ...] = ()
    differences: tuple[Difference, ...] = ()
    decisions: tuple[Turn, ...] = ()


class PlanChange(Record, frozen=True, kw_only=True):
    """The whole answer.

    before, after: the two documents as `emu check` prints them. decisions: those about no service. added, fixed: the
    findings that only the later, and only the earlier one has.
    """

    schema: str = "emu.diff/1"
    root: str = "."
    files: tuple[FileChange, ...]
    services: tuple[ChangedService, ...]
    decisions: tuple[Turn, ...] = ()
    added: tuple[Diagnostic, ...] = ()
    fixed: tuple[Diagnostic, ...] = ()
    before: Plan
    after: Plan
