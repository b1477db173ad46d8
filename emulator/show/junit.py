"""Findings as a JUnit report, for what shows tests and nothing else.

A suite is a platform. A finding is a test, named by its code and what it says, not by its line: a report of the next
commit is compared with it by names. One at which the check fails is a failed test, one that the user has answered for
or that is known a skipped one, any other a passed one. A service of which nothing counts is a passed test.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from emulator.model.findings import Finding, FindingsReport, PlatformFindings, worst_first

from .style import printable


def junit_report(report: FindingsReport) -> str:
    """The XML document."""
    root = Element("testsuites", name="emu check")
    suites = [_suite(root, one, report) for one in report.platforms]
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, one: PlatformFindings, report: FindingsReport) -> Element:
    suite = SubElement(root, "testsuite", name=f"emu check: {one.platform}")
    names: dict[tuple[str, str], int] = {}
    for finding in worst_first(one.findings):
        owner, name = finding.diagnostic.service or "repository", _name(finding)
        names[owner, name] = names.get((owner, name), 0) + 1
        count = names[owner, name]
        case = _case(suite, one.platform, owner, name if count == 1 else f"{name} ({count})")
        _result(case, finding, fails=report.fails(finding))
    for service in _clean(one):
        _case(suite, one.platform, service, "nothing found that counts")
    cases = list(suite)
    failed = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    for key, value in (("tests", len(cases)), ("failures", failed), ("errors", 0), ("skipped", skipped)):
        suite.set(key, str(value))
    return suite


def _clean(one: PlatformFindings) -> Iterator[str]:
    """Services of which nothing counts; the repository, where there is neither a service nor a finding."""
    told = {finding.diagnostic.service for finding in one.findings if finding.counts}
    yield from (service for service in one.services if service not in told)
    if not one.services and not one.findings:
        yield "repository"


def _case(suite: Element, platform: str, owner: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=printable(f"{platform}.{owner}"), name=printable(name), time="0")


def _name(finding: Finding) -> str:
    return f"{finding.diagnostic.code}: {finding.diagnostic.message}"


def _result(case: Element, finding: Finding, *, fails: bool) -> None:
    diagnostic = finding.diagnostic
    if finding.suppression is not None:
        reason = finding.suppression.reason or "silenced by a comment at its line"
        SubElement(case, "skipped", message=printable(reason))
    elif fails:
        failure = SubElement(case, "failure", type=str(diagnostic.severity), message=printable(diagnostic.message))
        failure.text = _text(finding)
    else:
        SubElement(case, "system-out").text = f"{diagnostic.severity}: {_text(finding)}"


def _text(finding: Finding) -> str:
    """What a person reads who opens the test."""
    diagnostic, place = finding.diagnostic, finding.place
    lines = [diagnostic.message]
    if place is not None:
        lines.append(f"--> {place}")
    lines += [f"--> {related.origin}  {related.message}" for related in diagnostic.related]
    lines += [f"= {fact}" for fact in diagnostic.facts]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    return "\n".join(printable(line) for line in lines)
