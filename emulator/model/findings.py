"""The findings of a check as other programs take them: for each platform what was found, which of it counts, and what
each code means."""

from typing import Literal

from .diagnostic import Diagnostic, Severity
from .origin import Origin
from .record import Record

FailOn = Literal["error", "warning", "info", "never"]
"""From which severity on a finding fails the check."""

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Suppression(Record, frozen=True, kw_only=True):
    """Why a finding does not count. kind: "comment" at its line, "config" for emu.toml, "baseline" for a known one."""

    kind: Literal["comment", "config", "baseline"]
    reason: str | None = None


class Finding(Record, frozen=True, kw_only=True):
    """One finding of one platform.

    place: where programs show it, its file relative to git's top level: the diagnostic's own, else that of what it is
    about; None where there is nothing to point at. prefix: what leads from git's top level to the root. fingerprint:
    the same as long as its line says the same, wherever that stands.
    """

    diagnostic: Diagnostic
    fingerprint: str
    place: Origin | None
    prefix: str = ""
    suppression: Suppression | None = None

    @property
    def counts(self) -> bool:
        return self.suppression is None


class RuleText(Record, frozen=True, kw_only=True):
    """What a code means. help: Markdown."""

    code: str
    severity: Severity
    statement: str
    why: str = ""
    help: str = ""
    url: str | None = None


class PlatformFindings(Record, frozen=True, kw_only=True):
    """What was found on one platform. services: their names, in the plan's order."""

    platform: str
    title: str
    services: tuple[str, ...]
    findings: tuple[Finding, ...]


class FindingsReport(Record, frozen=True, kw_only=True):
    """A whole check. version: of emu, None where it is not installed. rules: of every code that was found, sorted.
    whole: a file that stands for the repository, relative to git's top level, where a program takes no finding without
    a place; None where there is no file at all."""

    version: str | None
    platforms: tuple[PlatformFindings, ...]
    rules: tuple[RuleText, ...] = ()
    fail_on: FailOn = "error"
    whole: str | None = None

    def fails(self, finding: Finding) -> bool:
        """Whether this finding makes the check fail."""
        return finding.counts and fails_at(finding.diagnostic.severity, self.fail_on)


def fails_at(severity: Severity, fail_on: FailOn) -> bool:
    """Whether findings of a severity fail a check that fails from `fail_on` on."""
    return fail_on != "never" and _RANK[severity] <= _RANK[Severity(fail_on)]


def worst_first(findings: tuple[Finding, ...]) -> list[Finding]:
    """As programs that show only the first few should get them; in the files' order within a severity."""
    return sorted(findings, key=lambda one: _RANK[one.diagnostic.severity])
