"""Findings as GitHub's workflow commands: annotations at the lines of a pull request.

docs.github.com/actions/reference/workflow-commands-for-github-actions; what is escaped is what its toolkit escapes:
%, CR and LF in a message, and : and , as well in a property.
"""

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.findings import Finding, FindingsReport, worst_first

from .style import printable

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github_commands(report: FindingsReport) -> str:
    """One command a line, worst first, since a step shows ten of a kind; what is found on several platforms once. What
    does not count is left out."""
    found = worst_first(tuple(finding for one in report.platforms for finding in one.findings if finding.counts))
    alike: dict[Diagnostic, Finding] = {}
    for finding in found:
        alike.setdefault(finding.diagnostic, finding)
    lines = [_command(one, _titles(one.diagnostic, report)) for one in alike.values()]
    return "".join(f"{line}\n" for line in lines)


def _titles(diagnostic: Diagnostic, report: FindingsReport) -> str | None:
    """On which of several platforms it is found."""
    on = [one.title for one in report.platforms if any(other.diagnostic == diagnostic for other in one.findings)]
    return " and ".join(on) if len(report.platforms) > 1 else None


def _command(finding: Finding, platform: str | None) -> str:
    diagnostic, place = finding.diagnostic, finding.place
    properties: dict[str, str] = {}
    if place is not None:
        end = place.end_line or place.line
        properties = {"file": place.file, "line": str(place.line), "endLine": str(end)}
        if end == place.line:  # columns of several lines are not shown
            properties |= {"col": str(place.column), "endColumn": str(place.end_column or place.column)}
    about = ", ".join(part for part in (diagnostic.service, platform) if part)
    properties["title"] = f"{diagnostic.code}{f' ({about})' if about else ''}"
    told = [diagnostic.message, *diagnostic.facts, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    message = "\n".join(printable(line) for line in told)
    shown = ",".join(f"{name}={_property(printable(value))}" for name, value in properties.items())
    return f"::{_KINDS[diagnostic.severity]} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
