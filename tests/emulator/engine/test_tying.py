"""A failure and the finding that explains it become one diagnostic."""

import pytest

from emulator.engine.tying import tied
from emulator.model.diagnostic import Diagnostic, Related, error
from emulator.model.origin import Origin
from emulator.model.record import replace

CMD = Origin(file="Dockerfile", line=9)
CRASH = error(
    "start/module-not-found", "no such module", origin=CMD, service="shop", facts=("exited with 1",), help="look"
)


def finding(code: str, line: int, service: str | None = "shop") -> Diagnostic:
    return error(
        code, f"says {code}", origin=Origin(file="Dockerfile", line=line), service=service, facts=("a fact",),
        help="do this", related=(Related(origin=Origin(file="x", line=1), message="there"),),
    )  # fmt: skip


def test_a_crash_is_told_with_the_line_behind_it():
    """Its own words and place stay; the finding's place, facts and help are added."""
    found = tied(CRASH, [finding("image/package-left-in-builder", 4)])
    assert (found.message, found.origin, found.help) == ("no such module", CMD, "do this")
    assert found.facts == ("exited with 1", "a fact", "`emu check` had found it: image/package-left-in-builder")
    assert [(one.origin.line, one.message) for one in found.related] == [
        (4, "says image/package-left-in-builder"), (1, "there"),
    ]  # fmt: skip


def test_a_finding_at_the_same_line_adds_no_second_place():
    """What is said at the crash's own line is not pointed at again."""
    found = tied(CRASH, [finding("start/module-not-found", 9)])
    assert [one.message for one in found.related] == ["there"]


@pytest.mark.parametrize(
    "other",
    [
        finding("start/module-not-found", 4, service="other"),
        finding("start/loopback-bind", 9),
        replace(finding("start/module-not-found", 4), suppressed=True),
    ],
)
def test_what_does_not_explain_it_is_left_out(other: Diagnostic):
    """Another service's, another matter, and what the user has answered for."""
    assert tied(CRASH, [other]) == CRASH


def test_a_build_is_explained_by_a_finding_at_its_very_line():
    """A RUN of several lines holds the line of its command; a finding elsewhere is another failure."""
    failed = error("build/step-failed", "pip failed", origin=Origin(file="Dockerfile", line=3, end_line=5))
    assert tied(failed, [finding("build/pip-project-missing", 4, None)]).help == "do this"
    assert tied(failed, [finding("build/pip-project-missing", 6, None)]) == failed
    assert tied(failed, [finding("start/module-not-found", 4, None)]) == failed


@pytest.mark.parametrize("code", ["start/exited", "start/exits"])
def test_an_exit_is_explained_by_what_the_platform_makes_of_that_command(code: str):
    """Its own finding at the very line of the command; not one elsewhere, and none of a check's that is about another
    matter."""
    exited = error(code, "it exited with status 127", origin=CMD, service="shop", help="read its lines")
    there = replace(finding("somewhere/command-quoted", 9), rule="somewhere/command-words")
    assert tied(exited, [there]).help == "do this"
    assert tied(exited, [there]).facts[:2] == ("says somewhere/command-quoted", "a fact")
    assert tied(exited, [replace(there, origin=Origin(file="Dockerfile", line=4))]) == exited
    assert tied(exited, [replace(there, code="start/shell-swallows-signals")]) == exited
    assert tied(CRASH, [there]) == CRASH
