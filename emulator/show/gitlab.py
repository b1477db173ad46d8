"""Findings as a report of GitLab's Code Quality.

docs.gitlab.com/ci/testing/code_quality, "Code Quality report format": a list of objects with description, check_name,
fingerprint (unique), severity (info, minor, major, critical, blocker), location.path (relative, no leading ./) and
location.lines.begin.
"""

from typing import Any

from emulator.model.diagnostic import Severity
from emulator.model.findings import Finding, FindingsReport, worst_first
from emulator.model.record import to_json

from .style import printable

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def gitlab_report(report: FindingsReport) -> str:
    """The list, worst first. What does not count is left out; so is nothing else: a finding without a place stands at
    the repository itself."""
    several = len(report.platforms) > 1
    found = [
        _issue(finding, f"{one.title}: " if several else "")
        for one in report.platforms
        for finding in worst_first(one.findings)
        if finding.counts
    ]
    return to_json(found).decode() + "\n"


def _issue(finding: Finding, before: str) -> dict[str, Any]:
    diagnostic, place = finding.diagnostic, finding.place
    said = [diagnostic.message, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    lines = {"begin": place.line if place is not None else 1}
    if place is not None and place.end_line is not None:
        lines["end"] = place.end_line
    return {
        "description": before + (printable("; ".join(said)) or diagnostic.code),
        "check_name": diagnostic.code,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": printable(place.file) if place is not None else ".", "lines": lines},
    }
