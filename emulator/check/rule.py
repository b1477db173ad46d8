"""A rule of the check as data: what it says, why it matters, a wrong and a right example."""

from emulator.model.diagnostic import Severity
from emulator.model.record import Record


class Sample(Record, frozen=True, kw_only=True):
    """A repository small enough to read: path → text. ignored: paths that git ignores. file and line: where the rule
    finds it, in a wrong one. platform: the one it is planned for, None where its files tell; options: that platform's
    own, by `Option.name`."""

    files: dict[str, str]
    ignored: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    platform: str | None = None
    options: dict[str, str] = {}


class CheckRule(Record, frozen=True, kw_only=True):
    """One rule.

    code: of its diagnostics. statement: one sentence, true of every finding. why: what happens, and where. severity:
    the worst it reports. replaces: names of platforms' own diagnostics (behind the slash) of which a finding of this
    rule, at the same service, says the same more fully. told_by_plan: resolving finds it already, and nothing is added.
    needs_platform_file: it cannot be shown without a platform's own file, so that it has no examples here.
    """

    code: str
    severity: Severity
    statement: str
    why: str
    wrong: Sample | None = None
    right: Sample | None = None
    replaces: tuple[str, ...] = ()
    told_by_plan: bool = False
    needs_platform_file: bool = False
