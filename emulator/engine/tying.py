"""A failure that was seen and what the check had found before → one diagnostic: what happened, and the line behind it.

Pure. The failure's own words stay; the finding adds its place, what it knows, and the thing to do.
"""

from collections.abc import Sequence

from emulator.model.diagnostic import Diagnostic, Related
from emulator.model.origin import Origin
from emulator.model.record import replace

_NOT_INSTALLED = (
    "image/package-left-in-builder", "build/package-not-copied", "build/pip-project-missing", "build/failure-swallowed",
)  # fmt: skip
_NOT_REACHED = ("start/loopback-bind", "start/port-hard-coded", "start/port-literal")
_EXPLAINED_BY: dict[str, tuple[str, ...]] = {
    "start/module-not-found": _NOT_INSTALLED,
    "start/program-not-found": ("start/script-not-found", "start/shell-missing", *_NOT_INSTALLED),
    "start/file-not-found": ("start/script-not-found", "start/script-line-ends", "start/shell-missing"),
    "start/exec-format": ("start/script-without-shebang",),
    "start/permission-denied": ("start/script-not-executable",),
    "start/uncaught-exception": ("start/module-not-found", "start/attribute-not-found", "env/referenced-not-set"),
    "start/variable-missing": ("env/referenced-not-set",),
    "start/not-listening": _NOT_REACHED,
    "start/other-port": _NOT_REACHED,
    "start/startup-probe": _NOT_REACHED,
    "start/timed-out": _NOT_REACHED,
    "start/exited": ("start/port-literal",),
}
"""What was seen → the findings that may lie behind it, besides one of the same code."""
_SAYS_LITTLE = ("start/exited", "start/exits")
"""What was seen of a command, and not why: what a platform's own finding says of that very command explains it."""


def tied(cause: Diagnostic, findings: Sequence[Diagnostic]) -> Diagnostic:
    """The cause of a failure with the finding that explains it; as it was where none does. findings: of the whole
    plan."""
    ours = [one for one in findings if one.service in (None, cause.service) and not one.suppressed]
    found = next((one for one in ours if _explains(one, cause)), None)
    if found is None:
        return cause
    place = found.origin
    apart = place is not None and _is_elsewhere(place, cause.origin)
    there = [Related(origin=place, message=found.message)] if place is not None and apart else []
    news = (found.message,) if found.code != cause.code and not there else ()
    said = [fact for fact in (*news, *found.facts) if fact not in cause.facts]
    return replace(
        cause,
        facts=(*cause.facts, *said, f"`emu check` had found it: {found.code}"),
        related=(*cause.related, *there, *(one for one in found.related if one not in cause.related)),
        help=found.help or cause.help,
    )


def _explains(finding: Diagnostic, cause: Diagnostic) -> bool:
    """Whether a finding is what the failure came of: the same thing, or for a build one at its very line."""
    if cause.code.startswith("build/"):
        return finding.code.startswith("build/") and not _is_elsewhere(finding.origin, cause.origin)
    if finding.code == cause.code or finding.code in _EXPLAINED_BY.get(cause.code, ()):
        return True
    is_there = finding.origin is not None and not _is_elsewhere(finding.origin, cause.origin)
    return cause.code in _SAYS_LITTLE and is_there and _is_of_platform(finding)


def _is_of_platform(finding: Diagnostic) -> bool:
    """Whether it is named like the platform's rule that it rests on, not like a check's."""
    return finding.rule is not None and finding.rule.partition("/")[0] == finding.code.partition("/")[0]


def _is_elsewhere(place: Origin | None, other: Origin | None) -> bool:
    """Whether two places are not the same lines of one file; one that is not known is nowhere else."""
    if place is None:
        return False
    if other is None or place.file != other.file:
        return True
    return not (other.line <= (place.end_line or place.line) and place.line <= (other.end_line or other.line))
