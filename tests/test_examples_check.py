"""What `emu check` finds in every example, and that it is what `example.toml` says; no engine is asked."""

import json
from pathlib import Path

import pytest

from emulator.cli import run
from tests.example_files import Case, copy_example, example_folders, load_example
from tests.test_examples_plan import Page, every_case, given


def _codes(verb: str, root: Path, case: Case) -> tuple[list[str], int]:
    """The codes of what a command finds, in order; its exit code."""
    page = Page()
    code = run([verb, "--root", str(root), "--format", "json", *given(case, root)], page)
    return [d["code"] for d in json.loads(page.text)["diagnostics"]], code


@every_case
def test_check_finds_what_the_example_says(folder: Path, case: Case, tmp_path: Path) -> None:
    """Beside the plan's own findings there are the case's, no others; those that are errors stop `up`, and only where
    building in spite of them is what the case does."""
    root = copy_example(folder, tmp_path, git=True)
    planned, _ = _codes("plan", root, case)
    checked, code = _codes("check", root, case)
    assert sorted(checked) == sorted([*planned, *case.expect.check])
    assert code == (1 if case.build_anyway or case.expect.verdict == "refused" else 0)
    if case.build_anyway:
        page = Page()
        run(["up", "--once", "--root", str(root), "--format", "json", *given(case, root)], page)
        last = json.loads(page.text.splitlines()[-1])
        assert last["verdict"] == "refused"
        assert last["services"][0]["cause"]["code"] in (*case.expect.check, *case.expect.diagnostics)


def test_findings_of_an_example_are_silenced_with_a_reason(tmp_path: Path) -> None:
    """A comment above the line silences what an example shows; the text says how many were."""
    [folder] = [f for f in example_folders() if f.name.endswith("ignores-sigterm")]
    root = copy_example(folder, tmp_path, git=False)
    dockerfile = root / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("CMD", "# emu: ignore[start/shell-swallows-signals] nobody waits\nCMD")
    )
    page = Page()
    assert run(["check", "--root", str(root), *given(load_example(folder).case[0], root)], page) == 0
    assert "shell-swallows" not in page.text
    assert "· nothing wrong found (1 silenced)" in page.text


@pytest.mark.parametrize("verb", ["plan", "up"])
def test_only_check_and_up_look_further(tmp_path: Path, verb: str) -> None:
    """`plan` says what resolving finds; `up` has the findings of the check before it looks for an engine, and is
    refused by an error of it."""
    (tmp_path / "Dockerfile").write_text('FROM python:3-slim\nCMD ["uvicorn", "app:app"]\n')
    page = Page()
    options = ["--once"] if verb == "up" else []
    code = run([verb, "--root", str(tmp_path), "--format", "json", *options], page)
    assert ("start/loopback-bind" in page.text) == (verb == "up")
    assert code == (1 if verb == "up" else 0)
    if verb == "up":
        last = json.loads(page.text.splitlines()[-1])
        assert (last["verdict"], last["services"][0]["cause"]["code"]) == ("refused", "start/loopback-bind")
