"""Findings as SARIF 2.1.0, the form in which code scanning takes them. One run a platform.

docs.oasis-open.org/sarif/sarif/v2.1.0; columns count from 1, and an end column is the one behind the last (§3.30.8).
"""

from posixpath import normpath
from typing import Any
from urllib.parse import quote

from emulator.model.diagnostic import Edit, Fix, Severity
from emulator.model.findings import Finding, FindingsReport, PlatformFindings, RuleText
from emulator.model.origin import Origin
from emulator.model.record import replace, to_json

from .style import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "%SRCROOT%"


def sarif_log(report: FindingsReport) -> str:
    """The log, one line of JSON. What does not count is in it, with why."""
    runs = [_run(one, report) for one in report.platforms]
    return to_json({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}).decode() + "\n"


def _run(one: PlatformFindings, report: FindingsReport) -> dict[str, Any]:
    codes = {finding.diagnostic.code for finding in one.findings}
    rules = [rule for rule in report.rules if rule.code in codes]
    index = {rule.code: number for number, rule in enumerate(rules)}
    driver: dict[str, Any] = {"name": "emu", "rules": [_rule(rule, one) for rule in rules]}
    if report.version is not None:
        driver |= {"version": report.version, "semanticVersion": report.version}
    return {
        "tool": {"driver": driver},
        # What is before the last / is the category: results of one platform do not replace another's.
        "automationDetails": {"id": f"emu/{one.platform}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the top level of the repository"}}},
        "results": [_result(finding, index, report.whole) for finding in one.findings],
    }


def _rule(rule: RuleText, one: PlatformFindings) -> dict[str, Any]:
    help = "\n\n".join(part for part in (rule.why, rule.help) if part) or rule.statement
    made = {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.code.replace("/", "-").split("-")),
        "shortDescription": {"text": printable(rule.statement)},
        "fullDescription": {"text": printable(rule.why or rule.statement)},
        "help": {"text": help.replace("`", ""), "markdown": help},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": list(dict.fromkeys(("deploy", one.platform, rule.code.partition("/")[0])))},
    }
    return made | ({"helpUri": rule.url} if rule.url is not None else {})


def _result(finding: Finding, index: dict[str, int], whole: str | None) -> dict[str, Any]:
    diagnostic = finding.diagnostic
    told = [diagnostic.message, *diagnostic.facts, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    made: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index[diagnostic.code],
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(printable(line) for line in told)},
        "locations": _locations(finding, whole),
        "partialFingerprints": {"emu/v1": finding.fingerprint},
        "properties": {"service": diagnostic.service, "fault": str(diagnostic.fault)},
    }
    related = [
        {"id": number, "message": {"text": printable(one.message)}, **_physical(_below(one.origin, finding.prefix))}
        for number, one in enumerate(diagnostic.related)
        if one.origin.file not in ("", ".")
    ]
    if related:
        made["relatedLocations"] = related
    if diagnostic.fix is not None and (edits := [edit for edit in diagnostic.fix.edits if not edit.executable]):
        made["fixes"] = [_fix(diagnostic.fix, edits, finding.prefix)]
    if finding.suppression is not None:
        made["suppressions"] = [_suppression(finding)]
    return made


def _suppression(finding: Finding) -> dict[str, Any]:
    assert finding.suppression is not None
    kind = "inSource" if finding.suppression.kind == "comment" else "external"
    reason = finding.suppression.reason
    return {"kind": kind, "status": "accepted"} | ({"justification": printable(reason)} if reason else {})


def _fix(fix: Fix, edits: list[Edit], prefix: str) -> dict[str, Any]:
    """Both count columns by characters, with the end behind the last."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        region = {
            "startLine": edit.line, "startColumn": edit.column, "endLine": edit.end_line, "endColumn": edit.end_column
        }  # fmt: skip
        changes.setdefault(edit.file, []).append({"deletedRegion": region, "insertedContent": {"text": edit.text}})
    return {
        "description": {"text": printable(fix.message)},
        "artifactChanges": [
            {"artifactLocation": _artifact(_from_top(file, prefix)), "replacements": replacements}
            for file, replacements in changes.items()
        ],
    }


def _locations(finding: Finding, whole: str | None) -> list[dict[str, Any]]:
    """GitHub refuses a whole log for one result without a location, so a file stands for the repository there."""
    if finding.place is not None:
        return [_location(finding.place, finding)]
    if whole is None:
        return []
    said = {"message": {"text": "this is about the repository as a whole"}}
    return [_location(Origin(file=whole, line=1), finding) | said]


def _location(place: Origin, finding: Finding) -> dict[str, Any]:
    made = _physical(place)
    service = finding.diagnostic.service
    return made | ({"logicalLocations": [{"name": printable(service), "kind": "module"}]} if service else {})


def _physical(place: Origin) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column}
    if place.end_line is not None or place.end_column is not None:
        region["endLine"] = place.end_line or place.line
    if place.end_column is not None:
        region["endColumn"] = place.end_column + 1
    return {"physicalLocation": {"artifactLocation": _artifact(place.file), "region": region}}


def _artifact(file: str) -> dict[str, Any]:
    """A path below the repository's top level as a relative reference; a whole path as an address of its own."""
    uri = quote(file.encode("utf-8", "surrogateescape"))
    return {"uri": f"file://{uri}"} if file.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _below(place: Origin, prefix: str) -> Origin:
    return replace(place, file=_from_top(place.file, prefix))


def _from_top(file: str, prefix: str) -> str:
    return file if file.startswith("/") else normpath(prefix + file)
