"""`emu explain` knows every code that a diagnostic can carry."""

import ast
import json
import re
from pathlib import Path

import jsonschema
import pytest

from emulator.check import rules
from emulator.cli import run
from emulator.explained import EXPLANATIONS
from emulator.model.diagnostic import UsageError
from emulator.model.schema import schema_of
from emulator.model.topic import TopicList
from platforms import PLATFORMS
from tests.diagnostic_codes import AREAS, codes
from tests.running_emu import CHECKOUT, run_emu
from tests.test_examples_plan import Page

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


# ---- looking for words, and pages ---------------------------------------------------------------------


def explain(*words: str) -> str:
    page = Page()
    assert run(["explain", *words], page) == 0
    return page.text


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("healthCheckPath", "service.healthCheckPath  field in render.yaml"),
        ("port literal", "start/port-literal"),
        ("shell_swallows_signals", "start/shell-swallows-signals"),
        ("shutdown", "render/shutdown  rule"),
        ("procfile web line", "render/procfile-web  rule"),
    ],
)
def test_words_find_what_speaks_of_them(words: str, first: str) -> None:
    """A field, a finding by its name, a rule by its sentence: the nearest comes first, and fits the screen."""
    text = explain(*words.split())
    assert text.startswith(first)
    assert max(map(len, text.splitlines())) <= Page.width


def test_what_is_found_is_a_document_too() -> None:
    """With the rest counted; every rule has its source, day and certainty."""
    found = json.loads(explain("port", "--format", "json"))
    jsonschema.Draft202012Validator(schema_of("topics", TopicList)).validate(found)
    assert found["left"] > 0
    of_rules = [one for one in found["topics"] if one["kind"] == "rule"]
    assert all(one["source"] and one["checked"] and one["certainty"] for one in of_rules)


def test_nothing_speaks_of_it() -> None:
    """What was probably meant is named; a code that nobody has is not looked for as words."""
    for wrong, meant in (("helthCheckPath", "healthCheckPath"), ("start/port-litteral", "start/port-literal")):
        with pytest.raises(UsageError) as found:
            explain(wrong)
        assert found.value.diagnostic.help == f"did you mean {meant}?"
    with pytest.raises(UsageError):
        explain("no such words anywhere")


def test_all_of_it_as_pages(tmp_path: Path) -> None:
    """Each platform with every rule and its source, each code with its meaning or its examples; every link of the index
    leads somewhere, and a second time the pages are the same."""
    explain("--pages", str(tmp_path / "docs/emu"))
    written = {str(p.relative_to(tmp_path / "docs/emu")): p.read_text() for p in tmp_path.rglob("*.md")}
    links = re.findall(r"\]\(((?:platforms|findings)/[^)]+)\)", written["README.md"])
    assert sorted(links) == sorted(written.keys() - {"README.md"})
    for name, platform in PLATFORMS.items():
        page = written[f"platforms/{name}.md"]
        assert all(f"## `{rule.id}`" in page and rule.checked in page for rule in platform.RULES)
    for rule in rules():
        page = written[f"findings/{rule.code}.md"]
        for sample in (rule.wrong, rule.right):
            if sample is not None and "Dockerfile" in sample.files:
                assert sample.files["Dockerfile"].rstrip("\n") in page
    again = tmp_path / "again"
    explain("--pages", str(again))
    assert {str(page.relative_to(again)): page.read_text() for page in again.rglob("*.md")} == written
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--pages"):
        explain("--pages", str(tmp_path / "file"))
