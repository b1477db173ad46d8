"""`emu` alone, in whatever folder one stands: what would run, what is wrong, what next."""

import json
import re
from pathlib import Path

import pytest

from emulator.cli import run
from emulator.model.diagnostic import UsageError
from emulator.show.style import columns
from tests.test_examples_plan import Page

DOCKERFILE = 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n'


def _printed(folder: Path, monkeypatch: pytest.MonkeyPatch, *, width: int = 100) -> tuple[str, int]:
    monkeypatch.chdir(folder)
    page = Page()
    page.width = width
    code = run([], page)
    return page.text, code


def test_where_something_would_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service on a line with its command, its place and its port; then how to run it."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.py").write_text("print()\n")
    printed, code = _printed(tmp_path, monkeypatch)
    assert code == 0
    assert "  web  python app.py  [Dockerfile:3]  port 10000\n" in printed
    assert "nothing wrong found\n\nnext  emu up " in printed


def test_where_the_deploy_would_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check's finding on a line with its place; the sum; what shows it in full. Ends as the plan does."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    printed, code = _printed(tmp_path, monkeypatch)
    assert code == 1
    assert "  error: Dockerfile:3: python runs app.py: the image has no /app.py\n" in printed
    assert "would not go live" in printed
    assert "next  emu check" in printed
    assert "emu up" not in printed


def test_where_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked for, and two lines that are something: an answer, not a failure."""
    printed, code = _printed(tmp_path, monkeypatch)
    assert code == 0
    assert "nothing to run" in printed
    lines = [line.strip() for line in printed.partition("begin:\n")[2].splitlines()]
    (tmp_path / "Dockerfile").write_text("\n".join(lines[:2]) + "\n")
    after, code = _printed(tmp_path, monkeypatch)
    assert code == 0
    assert "python -m http.server $PORT" in after


def test_where_there_is_an_app_that_nothing_deploys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to put another program in its place."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text(DOCKERFILE)
    printed, code = _printed(tmp_path, monkeypatch)
    assert code == 0
    assert "there is api/Dockerfile: plan that folder with --root api" in printed
    assert "enough to begin" not in printed
    assert "next  emu compare" in printed


def test_a_port_is_not_broken_from_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a command takes all of the line."""
    (tmp_path / "Dockerfile").write_text("FROM python:3-slim\nCMD exec python -m http.server --bind 0.0.0.0 8080000\n")
    for width in range(40, 100):
        page = Page()
        page.width = width
        run(["--root", str(tmp_path)], page)
        assert re.search(r"port\s*\n", page.text) is None


def test_files_that_declare_nothing_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform's file is there, so a deploy is meant."""
    (tmp_path / "render.yaml").write_text("services: []\n")
    printed, code = _printed(tmp_path, monkeypatch)
    assert code == 1
    assert "error: render.yaml:1: render.yaml declares no service" in printed


def test_options_without_a_command_are_those_of_a_plan(tmp_path: Path) -> None:
    """`emu --root DIR`; for programs the document of the check, and what is no option is told."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    page = Page()
    assert run(["--root", str(tmp_path), "--format", "json"], page) == 1
    assert json.loads(page.text)["schema"] == "emu.plan/1"
    with pytest.raises(UsageError) as refused:
        run(["--rot", str(tmp_path)], Page())
    assert refused.value.diagnostic.help == "did you mean `--root`?"


def test_the_same_finding_at_many_places_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how often it is there; of many services the first are listed."""
    services = "".join(f"  - {{name: s{n}, type: web, runtime: docker, plna: x}}\n" for n in range(20))
    (tmp_path / "render.yaml").write_text(f"services:\n{services}")
    printed, _ = _printed(tmp_path, monkeypatch)
    assert printed.count("'plna'") == 1
    assert "error: render.yaml:2: a service has no field 'plna' (20 times)" in printed
    assert "and 8 more\n" in printed


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_nothing_is_wider_than_the_screen(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On narrow ones commands and explanations stand below each other."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE + "# " + "宽" * 90 + "\n")
    for folder in (tmp_path, tmp_path / "sub"):
        printed, _ = _printed(folder, monkeypatch, width=width)
        assert max(map(columns, printed.splitlines())) <= width
