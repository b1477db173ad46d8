"""A mistyped name is answered with the one that was probably meant, wherever a person types or writes one."""

import shlex
from pathlib import Path

import pytest

from tests.running_emu import emu_here

BLUEPRINT = """\
services:
  - type: web
    name: shop
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: gunicorn app:app
    envVars:
      - key: DB
        fromDatabase: {name: DATABASE, property: connectionString}
databases:
  - name: main-db
"""
DATABASE = "main-db"

TYPED = {
    "--versoin": "did you mean `--version`?",
    "chekc": "did you mean `emu check`?",
    "plan {root} --platform rendr": "did you mean render? known are render, cloud-run",
    "plan {root} --platform 'Cloud Run'": "did you mean cloud-run? known are render, cloud-run",
    "plan {root} --service shpo": "did you mean shop? known are shop, main-db",
    "plan {root} --blueprint rendr.yaml": "did you mean render.yaml?",
    "plan {root}/requirement.txt": "did you mean {root}/requirements.txt?",
    "logs shop": "a service is named with --service shop",
    "check {root} --fail-on warn": "did you mean warning? it takes error, warning, info, never",
    "context shpo --root {root}": "did you mean shop? known are shop, main-db",
    "fix {root} --code render/missing-targt": "nothing is found here at all",
    "what-if {root} --set services.shpo.plan=free": "did you mean shop?",
    "what-if {root} --without requirement.txt": "did you mean requirements.txt?",
    "hooks install --platform rendr": "did you mean render? known are render, cloud-run",
    "explain start/module-notfound": "did you mean start/module-not-found?",
    "explain healthchekpath": "did you mean healthCheckPath?",
    "learn render-dockerfil-outlived": "did you mean render-dockerfile-outlived-its-module?",
    "learn other-port": "did you mean render-other-port?",
    "learn 99": "they are numbered from 1 to 38; `emu learn` lists them",
    "schema pln": "did you mean plan? known are plan,",
    "completion zhs": "did you mean zsh? it takes bash, zsh, fish",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "render.yaml").write_text(BLUEPRINT.replace("DATABASE", DATABASE))
    (tmp_path / "requirements.txt").write_text("gunicorn\n")
    (tmp_path / "app.py").write_text("app = print\n")
    return tmp_path


@pytest.mark.parametrize(("line", "told"), TYPED.items(), ids=TYPED)
def test_what_is_typed(line: str, told: str, repository: Path) -> None:
    """Commands, options, their values, services, files, codes, lessons."""
    ran = emu_here(*shlex.split(line.format(root=repository)))
    assert ran.code in (1, 2), ran.out
    assert told.format(root=repository) in " ".join((ran.out + ran.err).split())


WRITTEN = {
    ("render.yaml", "startCommand", "startComand"): "did you mean `startCommand`?",
    ("render.yaml", "type: web", "type: wbe"): "did you mean `web`?",
    ("render.yaml", "runtime: python", "runtime: pyhton"): "did you mean `python`?",
    ("render.yaml", "DATABASE", "maindb"): "did you mean `main-db`?",
    ("emu.toml", "", "[chek]\n"): "did you mean [check]?",
    ("emu.toml", "", "[check]\nignor = []\n"): "did you mean ignore?",
    ("emu.toml", "", '[check]\nignore = [{code = "a/b", resaon = "c"}]\n'): "did you mean reason?",
    ("emu.toml", "", '[check]\nignore = [{code = "a/b", reason = "c"}]\n'): "correct its code and place",
}


@pytest.mark.parametrize(("change", "told"), WRITTEN.items(), ids=str)
def test_what_is_written(change: tuple[str, str, str], told: str, repository: Path) -> None:
    """Fields and values of the user's files, and names that one of them has of another."""
    file, old, new = change
    text = BLUEPRINT if file == "render.yaml" else ""
    assert old in text
    (repository / file).write_text(text.replace(old, new).replace("DATABASE", DATABASE))
    ran = emu_here("check", str(repository))
    assert told in ran.out + ran.err


def test_a_silencing_of_a_mistyped_code(repository: Path) -> None:
    """The finding that was meant is one that is there."""
    (repository / "render.yaml").write_text(BLUEPRINT.replace("DATABASE", "elsewhere"))
    (repository / "emu.toml").write_text('[check]\nignore = [{code = "render/missing-targt", reason = "there"}]\n')
    assert "did you mean render/missing-target?" in emu_here("check", str(repository)).out
