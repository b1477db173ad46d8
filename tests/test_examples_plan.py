"""What `emu plan` says of every example, word for word; and that it is what the example says of itself.

The expected texts lie in tests/golden. `pytest --update-goldens` rewrites them; the diff is then read.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulator.cli import run
from emulator.model.plan import Plan
from emulator.model.record import to_json
from tests.example_files import Case, copy_example, example_folders, file_options, load_example
from tests.running_emu import published

GOLDEN = Path(__file__).parent / "golden"


class Page:
    """A terminal that keeps what is printed: 100 columns, no colour, nobody to ask."""

    width = 100
    out_is_tty = err_is_tty = colour = False

    def __init__(self) -> None:
        self.text = ""

    def out(self, text: str) -> None:
        self.text += text

    def err(self, text: str) -> None:
        raise AssertionError(f"a plan has nothing to say beside its answer: {text}")

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        raise AssertionError(f"a plan asks nothing: {question}")


def given(case: Case, root: Path) -> list[str]:
    """What the case puts on the command line, for a copy of the example at `root`."""
    options = [word for name, value in case.options.items() for word in (f"--{name}", value) if word]
    options += file_options(case, root)
    return options + [word for name, value in case.env.items() for word in ("--env", f"{name}={value}")]


def _golden(folder: Path, case: Case) -> Path:
    """tests/golden/EXAMPLE/plan-OPTIONS-AND-VARIABLES.txt"""
    options = [value.replace("/", "-") or name for name, value in case.options.items()]
    return GOLDEN / folder.name / ("-".join(["plan", *options, *case.files, *case.env]) + ".txt")


def _plan(folder: Path, case: Case, tmp_path: Path, *options: str) -> tuple[str, int]:
    """What `emu plan` prints for a copy that is no git repository, and so is the same everywhere; its exit code."""
    root = copy_example(folder, tmp_path, git=False)
    page = Page()
    code = run(["plan", "--root", str(root), *given(case, root), *options], page)
    return page.text, code


@pytest.fixture
def update_goldens(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--update-goldens"))


every_case = pytest.mark.parametrize(
    ("folder", "case"),
    [
        pytest.param(folder, case, id=f"{folder.name}: {case.name}")
        for folder in example_folders()
        for case in load_example(folder).case
    ],
)


@every_case
def test_text_is_the_golden_one(folder: Path, case: Case, tmp_path: Path, update_goldens: bool) -> None:
    """What a person reads is the text in tests/golden."""
    printed, _ = _plan(folder, case, tmp_path)
    _is_golden(printed, _golden(folder, case), update=update_goldens)


@pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)
def test_document_is_the_golden_one(folder: Path, tmp_path: Path, update_goldens: bool) -> None:
    """What a program reads of an example's first case is the document in tests/golden."""
    printed, _ = _plan(folder, load_example(folder).case[0], tmp_path, "--format", "json")
    readable = json.dumps(json.loads(printed), indent=1, ensure_ascii=False) + "\n"
    _is_golden(readable, GOLDEN / folder.name / "plan.json", update=update_goldens)


def _is_golden(printed: str, golden: Path, *, update: bool) -> None:
    if update:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(printed, encoding="utf-8")
    assert golden.is_file(), "there is no golden yet: pytest --update-goldens makes it"
    assert printed == golden.read_text(encoding="utf-8")


@every_case
def test_plan_is_what_the_example_says(folder: Path, case: Case, tmp_path: Path) -> None:
    """Command, source and losers are the case's; the document is as published and loads back unchanged."""
    printed, code = _plan(folder, case, tmp_path, "--format", "json")
    document: Any = json.loads(printed)
    published("plan").validate(document)
    plan = msgspec.json.decode(printed, type=Plan, strict=True)
    assert json.loads(to_json(plan)) == document
    assert code == (1 if plan.with_errors() else 0)
    [service] = plan.services
    if service.command is None:
        assert (case.expect.argv, case.expect.verdict) == ((), "refused")
        return
    assert (service.command.argv or ()) == case.expect.argv
    assert service.command.source == case.expect.source
    if case.expect.shadowed is not None:
        assert tuple(lost.source for lost in service.command.shadowed) == case.expect.shadowed


def test_no_golden_is_left_over() -> None:
    """Every file under tests/golden belongs to an example, and to a case of it."""
    texts = {_golden(folder, case) for folder in example_folders() for case in load_example(folder).case}
    documents = {GOLDEN / folder.name / "plan.json" for folder in example_folders()}
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} == texts | documents
