"""A platform rule as a row: what the platform does, who says so, since when, and how well we do it."""

from enum import StrEnum

from .record import Record


class Evidence(StrEnum):
    """How we know a rule."""

    DOCUMENTED = "documented"
    SCHEMA = "schema"
    LOG = "log"
    COMMUNITY = "community"
    INFERRED = "inferred"


class Fidelity(StrEnum):
    """How faithfully this emulator follows a rule, or treats a key of a user's file."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    NOT_IMITATED = "not-imitated"
    UNKNOWN = "unknown"


class Rule(Record, frozen=True, kw_only=True):
    """One fact about a platform.

    id: "<platform>/<kebab-case>", cited by decisions and diagnostics.
    statement: one sentence, true of the platform.
    source: where it is written down: a URL, or a phrase naming the log or thread.
    checked: ISO date on which the source was read.
    note: what of it we do not imitate, or what contradicts it; "" when there is nothing to add.
    """

    id: str
    statement: str
    source: str
    checked: str
    evidence: Evidence
    fidelity: Fidelity
    note: str = ""

    @property
    def url(self) -> str | None:
        """The source when it is a web address."""
        return self.source if self.source.startswith("https://") else None
