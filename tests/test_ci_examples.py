"""The workflow and the job that README.md shows: valid for those who read them, and the commands in them are ours."""

import importlib.resources
import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.running_emu import CHECKOUT, emu_here


def _shown(name: str) -> Any:
    """The YAML behind the marker in README.md. YAML 1.2, as both read it: `on` is a word."""
    found = re.search(rf"<!-- ci: {name} -->\n```yaml\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    document = yaml.safe_load(found[1])
    return {"on" if key is True else key: value for key, value in document.items()}


@pytest.mark.parametrize(("name", "schema"), [("github", "github-workflows"), ("gitlab", "gitlab-ci")])
def test_what_readme_shows_is_valid(name: str, schema: str) -> None:
    """By the schemas that editors and linters use."""
    file = importlib.resources.files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{schema}.json")
    jsonschema.validate(_shown(name), json.loads(file.read_text()))


def _commands() -> list[str]:
    steps = [step["run"] for step in _shown("github")["jobs"]["emu"]["steps"] if "run" in step]
    return [line for line in [*steps, *_shown("gitlab")["emu"]["script"]] if line.startswith("emu ")]


@pytest.mark.parametrize("line", [line for line in _commands() if " check " in line])
def test_its_commands_answer(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a repository with an error: 1 where the gate is, 0 where it only reports."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim\nCOPY nothing .\nCMD true\n")
    monkeypatch.chdir(tmp_path)
    ran = emu_here(*shlex.split(line.partition(">")[0])[1:])
    assert ran.code == (0 if "never" in line else 1)
    assert "nothing" in ran.out


def test_the_other_commands_are_known() -> None:
    """`up` is not run here."""
    assert [line for line in _commands() if " check " not in line] == ["emu up --once"]
