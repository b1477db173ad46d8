"""`emu explain` knows every code that a diagnostic can carry."""

import ast

import pytest

from emulator.check import rules
from emulator.explained import EXPLANATIONS
from platforms import PLATFORMS
from tests.diagnostic_codes import AREAS, codes
from tests.running_emu import CHECKOUT, run_emu

OF_PLATFORMS = {code: text for one in PLATFORMS.values() for code, text in one.explanations().items()}


def test_every_code_of_the_source_is_explained() -> None:
    """By a rule of the check, or in a sentence of its own."""
    known = {rule.code for rule in rules()} | EXPLANATIONS.keys() | OF_PLATFORMS.keys()
    assert {code: file for code, file in codes().items() if code not in known} == {}


def test_nothing_is_explained_that_nobody_prints() -> None:
    assert sorted((EXPLANATIONS.keys() | OF_PLATFORMS.keys()) - codes().keys()) == []


def test_an_explanation_says_more_than_its_code() -> None:
    """Sentences, each with an end; a platform's own are its own."""
    for code, text in {**EXPLANATIONS, **OF_PLATFORMS}.items():
        assert text.endswith("."), code
        assert " " in text, code
    for name, platform in PLATFORMS.items():
        assert {code.partition("/")[0] for code in platform.explanations()} == {name}


def test_no_area_is_overlooked() -> None:
    """What makes a diagnostic with a code written out makes it in a known area."""
    made = ("error", "warning", "info", "Diagnostic")
    found = set()
    for room in ("emulator", "platforms"):
        for path in (CHECKOUT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in made and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and "/" in str(first.value):
                        found.add(str(first.value).partition("/")[0])
    assert found <= AREAS


@pytest.mark.parametrize("code", ["cloud-run/limits", "render/no-language", "start/user-unknown", "usage/invalid"])
def test_it_is_printed(code: str) -> None:
    told = run_emu("explain", code)
    assert told.code == 0
    assert told.out.startswith(code)
    document = run_emu("explain", code, "--format", "json").document()
    assert document["meaning"].split()[0] in told.out
