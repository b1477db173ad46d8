"""Every example is complete, and says of itself only what can be checked."""

import re
from pathlib import Path

import msgspec
import pytest

from emulator.model.event import VerdictKind
from tests.example_files import EXAMPLES, Example, example_folders, file_options, load_example

README = "README.md"
COMMAND_FILES = {
    "dockerfile": "*Dockerfile",
    "render.yaml": "render.yaml",
    "procfile": "Procfile",
    "image": "render.yaml",  # names the image
    "record": "service.json",
    "buildpack": "main.py",  # is what they start
}

every_example = pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)


@every_example
def test_example_toml_has_only_known_keys(folder: Path) -> None:
    """An example.toml parses strictly and holds a title, an incident and at least one case, each with its own name."""
    example = load_example(folder)
    names = [case.name for case in example.case]
    assert example.title
    assert len(example.incident.split()) > 20, "the incident is a paragraph"
    assert names
    assert len(set(names)) == len(names)


@every_example
def test_readme_is_a_title_three_sentences_and_the_command(folder: Path) -> None:
    """A README opens with the example's title, says three sentences and ends with the command that runs it."""
    title, text, command = _paragraphs(folder)
    example = load_example(folder)
    assert title == f"# {example.title}"
    assert len(re.findall(r"\.(?=\s|$)", text)) == 3
    assert text.count("\n") == 2, "one sentence a line"
    words = (*example.case[0].command, *(["--build-anyway"] if example.case[0].build_anyway else []))
    named = "".join(f" {word}" for word in file_options(example.case[0], Path("examples") / folder.name))
    options = [option for option in example.case[0].options.items() if option[0] != "created-from"]
    chosen = "".join(f" --{name} {value}".rstrip() for name, value in options)
    assert command == f"emu {' '.join(words)} --root examples/{folder.name}{chosen}{named}"


@every_example
def test_the_files_that_give_a_command_are_there(folder: Path) -> None:
    """Each source that a case names, as winner or as shadowed, is a file of the example."""
    for case in load_example(folder).case:
        for source in (case.expect.source, *(case.expect.shadowed or ())):
            assert list(folder.rglob(COMMAND_FILES[source])), f"{case.name}: no file for {source}"


@every_example
def test_only_live_cases_are_asked_and_each_says_what_to_see(folder: Path) -> None:
    """A live case makes an HTTP check, a refused one names what is found, another one a text of the app or of the
    platform; a check looks at the answer's body."""
    for case in load_example(folder).case:
        if case.expect.verdict is VerdictKind.LIVE:
            assert case.http, case.name
        elif case.expect.verdict is VerdictKind.REFUSED:
            assert case.expect.diagnostics, case.name
        else:
            assert case.expect.log or case.expect.platform_log, case.name
        assert case.expect.verdict is VerdictKind.LIVE or not case.http, case.name
        assert all((check.json is None) != (check.contains is None) for check in case.http), case.name


@every_example
def test_requirements_are_pinned(folder: Path) -> None:
    """What an example installs has exact versions, so that it is the same app next year."""
    for requirements in folder.rglob("requirements.txt"):
        for line in requirements.read_text().splitlines():
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9.]+", line), f"{requirements}: {line}"


@every_example
def test_base_images_have_stand_ins(folder: Path) -> None:
    """Every FROM names an image for which a machine without a registry has a stand-in, or an earlier stage."""
    for dockerfile in folder.rglob("*Dockerfile"):
        for image in re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE):
            assert image in {"python:3.11-slim", "python:3.13-slim"}, f"{dockerfile}: {image}"


@every_example
def test_created_files_are_those_git_ignores(folder: Path) -> None:
    """A file that a case creates is under a pattern of the example's .gitignore and does not lie in the repository."""
    create = load_example(folder).create
    ignored = (folder / ".gitignore").read_text().split() if create else []
    for path in create:
        assert any(path.startswith(pattern) for pattern in ignored), path


def test_the_index_lists_every_example_with_its_first_verdict() -> None:
    """examples/README.md has one row for each folder, and the verdict there is the first case's."""
    rows = re.findall(r"^\| \[(\S+)\]\(\1\) \|.*\| ([a-z ]+) \|$", (EXAMPLES / README).read_text(), re.MULTILINE)
    verdicts = {folder.name: load_example(folder).case[0].expect.verdict.replace("_", " ") for folder in _folders()}
    assert dict(rows) == verdicts
    assert len(rows) == len(verdicts)


WELL_FORMED = """
title = "t"
incident = "i"
rules = []
[[case]]
name = "a"
expect = { verdict = "live", argv = ["a"], source = "dockerfile" }
http = [{ path = "/", status = 200 }]
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("rules = []", "rules = []\nrule = []"),
        ('name = "a"', 'name = "a"\nenvs = {}'),
        ('"live"', '"dead"'),
        ('"dockerfile"', '"Dockerfile"'),
        ("status", "code"),
    ],
)
def test_an_unknown_key_or_value_is_refused(right: str, wrong: str) -> None:
    """A misspelt key, or a verdict or source that does not exist, fails instead of being passed over."""
    assert msgspec.toml.decode(WELL_FORMED, type=Example)
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(WELL_FORMED.replace(right, wrong), type=Example)


def _folders() -> tuple[Path, ...]:
    folders = example_folders()
    assert folders, "there are examples"
    return folders


def _paragraphs(folder: Path) -> list[str]:
    return [part.strip() for part in (folder / README).read_text().split("\n\n")]
