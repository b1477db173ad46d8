"""Every rule finds its wrong example, at its line, and nothing in its right one."""

from importlib import import_module

import pytest

from emulator.check import CheckRule, rules
from emulator.check.registry import FINDERS, LACKING, MODULES, REPLACING, rules_of
from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

WITH_EXAMPLES = [rule for rule in rules() if rule.wrong is not None]


_MILDER = {"env/referenced-not-set": Severity.INFO, "start/wrong-interface": Severity.WARNING}
"""What an example without any platform's file comes to, where that is not the worst: no health check asks."""


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_wrong_example_is_found_at_its_line(rule: CheckRule) -> None:
    """The wrong example gives the rule's code once, at the line that is marked, at its worst severity."""
    assert rule.wrong is not None
    found = [d for d in check_files(rule.wrong.files, ignored=rule.wrong.ignored).diagnostics if d.code == rule.code]
    assert [(d.origin.file, d.origin.line) for d in found if d.origin] == [(rule.wrong.file, rule.wrong.line)]
    assert {d.severity for d in found} == {_MILDER.get(rule.code, rule.severity)}
    assert all(d.help for d in found)


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_right_example_gives_nothing(rule: CheckRule) -> None:
    """The right example has nothing wrong with it at all."""
    assert rule.right is not None
    assert [d.code for d in check_files(rule.right.files).diagnostics] == []


def test_only_what_needs_a_platforms_file_lacks_an_example() -> None:
    """Every other rule is shown by a wrong and a right repository."""
    assert all(rule.needs_platform_file == (rule.wrong is None) == (rule.right is None) for rule in rules())


def test_codes_are_unique() -> None:
    """No two rules share a code."""
    assert len({rule.code for rule in rules()}) == len(rules())


def test_each_row_names_a_function_and_replacing_rules_are_known() -> None:
    """The table's names are right, and a rule that replaces a platform's diagnostic is in a module that says so."""
    for finder in (*LACKING, *FINDERS):
        assert callable(getattr(import_module(f"emulator.check.{finder.module}"), finder.function))
    replacing = {module for module in MODULES if any(rule.replaces for rule in rules_of(module))}
    assert replacing == set(REPLACING)
