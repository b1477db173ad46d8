"""`emu explain` knows every code that a diagnostic can carry."""

import ast
import json
import posixpath
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.check import rule_of, rules
from emulator.check.samples import call_of, read_samples
from emulator.cli import run
from emulator.commands.schema import documents
from emulator.commands.shown import of_sample
from emulator.edge.samples import sample_texts
from emulator.explained import EXPLANATIONS
from emulator.model.diagnostic import UsageError
from emulator.model.schema import schema_of
from platforms import PLATFORMS
from tests.diagnostic_codes import AREAS, codes
from tests.running_emu import published, run_emu
from tests.sources import SOURCES, nodes
from tests.test_examples_plan import Page

TEXTS = sample_texts(PLATFORMS.values())
SAMPLES = {code: sample for text in TEXTS for code, sample in read_samples(text).items()}
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
    for node in (node for path in SOURCES for node in nodes(path)):
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
        ("shutdown", "verify/shutdown  finding"),
        ("SIGKILL", "render/shutdown  rule"),
        ("procfile web line", "render/procfile-web  rule"),
        ("healthcheck", "start/health-check  finding"),
        ("why is my env var empty", "env/secret-unset  finding"),
        ("oom", "start/out-of-memory  finding"),
        ("exit code 127", "build/program-not-found  finding"),
        ("localhost", "start/loopback-bind  finding"),
        ("service.healthCheckPath", "service.healthCheckPath  field in render.yaml"),
        ("Container called exit(1).", "start/exits  finding"),
        ("secret not found", "build/secret-id  finding"),
        ("how long may a request take", "cloud-run/request-timeout  rule"),
        ("ModuleNotFoundError: No module named 'flask'", "start/module-not-found  finding"),
        ("==> Port scan timeout reached, no open ports detected.", "render/port-scan  rule"),
        ("Memory limit of 512 MiB exceeded with 520 MiB used.", "start/out-of-memory  finding"),
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
    published("topics").validate(found)
    assert found["left"] > 0
    of_rules = [one for one in found["topics"] if one["kind"] == "rule"]
    assert all(one["source"] and one["checked"] and one["certainty"] for one in of_rules)


def test_nothing_speaks_of_it() -> None:
    """What was probably meant is named; a code that nobody has is not looked for as words."""
    for wrong, meant in (
        ("helthCheckPath", "healthCheckPath"),
        ("memroy", "memory"),
        ("start/port-litteral", "start/port-literal"),
    ):
        with pytest.raises(UsageError) as found:
            explain(wrong)
        assert found.value.diagnostic.help == f"did you mean {meant}?"
    with pytest.raises(UsageError):
        explain("no such words anywhere")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages, by path."""
    folder = tmp_path_factory.mktemp("pages") / "docs/emu"
    explain("--pages", str(folder))
    return {str(page.relative_to(folder)): page.read_text() for page in folder.rglob("*.md")}


def links(written: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each link inside the pages: the page it stands on, and the page or heading it names."""
    for page, text in written.items():
        prose = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not target.startswith("http"):
                path, _, heading = target.partition("#")
                at = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
                yield page, f"{at}#{heading}" if heading else at


@pytest.mark.thorough
def test_every_page_is_linked_and_every_link_leads_somewhere(written: dict[str, str]) -> None:
    headings = {
        f"{page}#{heading.lower().replace(' ', '-')}"
        for page, text in written.items()
        for heading in re.findall(r"^#+ (\w[\w -]*)$", text, re.MULTILINE)
    }
    assert {(page, to) for page, to in links(written) if to not in written and to not in headings} == set()
    others = {to for page, to in links(written) if page == "README.md" and not to.startswith("README.md#")}
    assert others == written.keys() - {"README.md"}


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platforms_page_has_every_rule_and_every_finding_of_its_own(written: dict[str, str], name: str) -> None:
    page = written[f"platforms/{name}.md"]
    for rule in PLATFORMS[name].RULES:
        part = page.partition(f"### `{rule.id}`")[2].partition("\n### ")[0]
        assert all(str(fact) in part for fact in (rule.fidelity, rule.evidence, rule.checked, rule.source))
    assert {code for code in PLATFORMS[name].explanations() if f"(../findings/{code}.md)" not in page} == set()


def test_a_findings_page_shows_what_is_printed(written: dict[str, str]) -> None:
    """Of its wrong example the finding itself, of its right one that there is none; and what examples have of it."""
    for rule in rules():
        page = written[f"findings/{rule.code}.md"]
        assert rule.why.replace("<", "&lt;") in page
        if rule.wrong is not None and rule.right is not None:
            wrong, _, right = page.partition("## Right\n")
            for part, sample in ((wrong, rule.wrong), (right, rule.right)):
                texts = [text.rstrip("\n").replace("\r", "␍") for text in sample.files.values()]
                assert all(text in part for text in texts if "\n" in text), rule.code
            assert f"[{rule.code}]: " in wrong, rule.code
            assert "`emu check` finds none." in right, rule.code
    assert "`emu learn render-dockerfile-outlived-its-module`" in written["findings/start/module-not-found.md"]
    assert "error[render/" in written["findings/render/invalid-value.md"]


@pytest.mark.parametrize("code", SAMPLES)
def test_a_sample_is_what_it_says(code: str) -> None:
    """Its code is found in the wrong one and not in the right one; the call that is shown is the one that finds it, and
    it is written once."""
    sample, right = SAMPLES[code]
    assert f"[{code}]:" in of_sample(code, sample, PLATFORMS)
    assert right is None or right != sample
    assert right is None or of_sample(code, right, PLATFORMS) == ""
    call = shlex.split(call_of(sample))[2:]
    assert call == [] or f"`{call_of(sample)}`\n" in "".join(TEXTS)
    rule = rule_of(code)
    assert rule is None or rule.wrong is None
    assert sum(f"\n## `{code}`\n" in text for text in TEXTS) == 1


def test_every_code_that_files_can_show_has_its_sample() -> None:
    """The others take a file beside the repository, or one too long to read here."""
    beside = re.compile(r"/(record-\w|service-record|secret-files-size|too-many|more-findings|upload-unknown)")
    lacking = {code for code in OF_PLATFORMS if code not in SAMPLES and not beside.search(code)}
    assert lacking == {
        "render/no-start-command", "render/other-repository", "render/python-version", "cloud-run/buildpack-version",
    }  # fmt: skip


@pytest.mark.thorough
def test_explain_shows_it(written: dict[str, str]) -> None:
    """In the terminal, in the page and in the document: the files, the call, and what is printed."""
    told = explain("cloud-run/traffic")
    for shown in (told, written["findings/cloud-run/traffic.md"]):
        assert "service.yaml" in shown
        assert "emu check" in shown
        assert "error[cloud-run/traffic]: " in shown
    document = json.loads(explain("cloud-run/traffic", "--format", "json"))
    assert "percent: 100" in told.partition("\nright\n")[2]
    assert "percent: 100" in document["right"]["files"]["service.yaml"]
    assert list(document["wrong"]["files"]) == list(SAMPLES["cloud-run/traffic"].wrong.files)


def test_the_interfaces_page_has_every_document_and_key(written: dict[str, str]) -> None:
    """And a kind of object is the same wherever it stands."""
    page, kinds = written["interface.md"], {}
    for name, printed in documents().items():
        assert f"| `{name}` | " in page
        for kind, one in schema_of(name, printed)["$defs"].items():
            assert kinds.setdefault(kind, one) == one, kind
    for kind, one in kinds.items():
        part = page.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
        assert all(f"| `{key}` | " in part for key in one.get("properties", {})), kind


@pytest.mark.thorough
def test_pages_are_the_same_a_second_time(written: dict[str, str], tmp_path: Path) -> None:
    again = tmp_path / "again"
    explain("--pages", str(again))
    assert {str(page.relative_to(again)): page.read_text() for page in again.rglob("*.md")} == written
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--pages"):
        explain("--pages", str(tmp_path / "file"))
