"""A platform that another distribution brings: found by its entry point, it does all that our own do."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command_lines
from tests.running_emu import CHECKOUT, Ran, run_emu

ADAPTER = CHECKOUT / "tests" / "adapters" / "heroku_container"
APP = """\
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"here")
print("listening", flush=True)
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
"""
BROKEN = {
    "heroku-container = heroku_container:nothing": "does not load: AttributeError",
    "heroku-container = no_such_module": "does not load: ModuleNotFoundError",
    "heroku-container = json": "it has no NAME, TITLE",
    "other = heroku_container": "its NAME is 'heroku-container'",
}


def install(site: Path, line: str = "heroku-container = heroku_container") -> Path:
    """What pip leaves of the adapter's distribution."""
    shutil.copytree(ADAPTER, site / "heroku_container")
    info = site / "emu_heroku-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: emu-heroku\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[emu.platforms]\n{line}\n")
    return site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return install(tmp_path / "site")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    (root / "web").mkdir(parents=True)
    (root / "heroku.yml").write_text("build:\n  docker:\n    web: web/Dockerfile\nrun:\n  web: exec python -u app.py\n")
    (root / "web/Dockerfile").write_text('FROM python:3.11-slim\nCOPY app.py .\nCMD ["python", "old.py"]\n')
    (root / "web/app.py").write_text(APP)
    return root


def emu(site: Path, *words: str) -> Ran:
    return run_emu(*words, env={"PYTHONPATH": f"{site}:{CHECKOUT}"})


def document(site: Path, *words: str) -> Any:
    return json.loads(emu(site, *words, "--format", "json").out)


def test_it_is_told_by_its_files(site: Path, app: Path) -> None:
    """Without a word of the user's, and with every reason and rule."""
    plan = document(site, "check", "--root", str(app))
    assert plan["platform"] == "heroku-container"
    (web,) = plan["services"]
    assert web["command"]["argv"] == ["/bin/sh", "-c", "exec python -u app.py"]
    assert [lost["text"] for lost in web["command"]["shadowed"]] == ["python old.py"]
    assert [d["code"] for d in plan["diagnostics"]] == ["heroku-container/command-replaced"]
    assert web["build"]["context"] == "web"


def test_our_own_checks_hold_for_it(site: Path, app: Path) -> None:
    """What is worked out of an image is no platform's: a start command that names a file nobody has."""
    (app / "heroku.yml").write_text("build:\n  docker:\n    web: web/Dockerfile\n")
    plan = document(site, "check", "--root", str(app))
    assert "start/file-not-found" in {d["code"] for d in plan["diagnostics"]}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "no-manifest"), ("build: {}\n", "nothing-to-build"), ("a: [\n", ""),
        ("build: {docker: {web: nowhere}}\n", "dockerfile-missing"),
    ],
)  # fmt: skip
def test_its_mistakes_are_diagnostics(site: Path, app: Path, text: str | None, code: str) -> None:
    if text is None:
        (app / "heroku.yml").unlink()
    else:
        (app / "heroku.yml").write_text(text)
    ran = emu(site, "plan", "--root", str(app), "--platform", "heroku-container", "--format", "json")
    assert ran.code == 1
    assert any(code in d["code"] for d in json.loads(ran.out)["diagnostics"])


def test_a_service_it_has_not_is_a_wrong_call(site: Path, app: Path) -> None:
    ran = emu(site, "plan", "--root", str(app), "--service", "worker")
    assert ran.code == 2
    assert "there is no service 'worker'" in ran.err
    assert "help: known are web" in ran.err


def test_a_field_of_its_file_is_supposed(site: Path, app: Path) -> None:
    """It says nothing of fields: one lies where its path says, and what the file has not at its top is not known."""
    found = document(site, "what-if", "--root", str(app), "--set", "run.web=python app.py")
    assert found["after"]["services"][0]["command"]["text"] == "python app.py"
    ran = emu(site, "what-if", "--root", str(app), "--set", "services.web.run=python app.py")
    assert ran.code == 2
    assert "heroku.yml has no services" in ran.err
    assert "help: known are build, run" in ran.err


def test_every_command_knows_it(site: Path, app: Path) -> None:
    assert "Heroku (container stack)" in emu(site, "platforms").out
    assert "bind to PORT within 60 seconds" in emu(site, "explain", "heroku-container/boot-timeout").out
    compared = document(site, "compare", "--root", str(app))
    assert compared["platforms"] == ["render", "cloud-run", "heroku-container"]


def test_it_explains_every_code_of_its_own(site: Path) -> None:
    codes = set(re.findall(r'f"\{NAME\}/([\w-]+)"', (ADAPTER / "__init__.py").read_text()))
    assert len(codes) >= 4
    for code in codes:
        told = emu(site, "explain", f"heroku-container/{code}", "--format", "json").document()
        assert told["meaning"], code


def shown(name: str) -> str:
    """A block of the guide in platforms/README.md."""
    text = (CHECKOUT / "platforms" / "README.md").read_text()
    found = re.search(rf"<!-- adapter: {re.escape(name)} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.thorough
def test_the_guides_first_step_to_the_letter(tmp_path: Path) -> None:
    """What platforms/README.md has one write is installed by pip, found, planned with and explained."""
    for name in ("pyproject.toml", "acme.py"):
        (tmp_path / name).write_text(shown(name))
    site, app = tmp_path / "site", tmp_path / "app"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation",
         "--disable-pip-version-check", "--target", str(site), str(tmp_path)],
        check=True, timeout=120,
    )  # fmt: skip
    app.mkdir()
    (app / "acme.yaml").touch()
    for block in shown("seen").split("$ emu ")[1:]:
        command, *lines = block.rstrip("\n").split("\n")
        where = ("--root", str(app)) if command == "plan" else ()
        ran = emu(site, *command.split(), *where)
        assert ran.code == 0, ran.out + ran.err
        assert "acme" in ran.out.lower()
        assert set(lines) <= set(ran.out.splitlines())
    (app / "acme.yaml").unlink()
    assert json.loads(emu(site, "plan", "--root", str(app), "--format", "json").out)["platform"] == "render"


@pytest.mark.parametrize("line", BROKEN)
def test_one_that_is_broken_is_told_and_hinders_nobody(tmp_path: Path, app: Path, line: str) -> None:
    ran = emu(install(tmp_path / "site", line), "plan", "--root", str(app), "--platform", "render")
    assert BROKEN[line] in ran.err
    assert "emu-heroku brings" in ran.err
    assert "Traceback" not in ran.err + ran.out
    assert ran.out


def test_a_name_that_is_taken(tmp_path: Path, app: Path) -> None:
    site = install(tmp_path / "site", "render = heroku_container")
    (site / "heroku_container" / "__init__.py").write_text(
        (ADAPTER / "__init__.py").read_text().replace('NAME = "heroku-container"', 'NAME = "render"')
    )
    assert "there is a platform render already" in emu(site, "plan", "--root", str(app)).err


def test_a_fault_of_the_adapter_is_told_as_its_own(site: Path, app: Path) -> None:
    """Nobody is sent to us with it, and no traceback is shown."""
    module = site / "heroku_container" / "__init__.py"
    module.write_text(module.read_text().replace("    trace, found =", "    raise KeyError('web')\n    trace, found ="))
    ran = emu(site, "plan", "--root", str(app))
    assert ran.code == 70
    assert "error[emu/adapter-fault]: the platform that emu-heroku brings failed: KeyError: 'web'" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.docker
def test_it_boots_and_says_so_in_its_words(site: Path, app: Path) -> None:
    """Live where PORT opens; a process that ends is a failed boot; nothing is left."""
    ran = emu(site, "up", "--once", "--root", str(app))
    assert ran.code == 0, ran.out + ran.err
    assert "heroku[web.1]: Starting process with command `exec python -u app.py`" in ran.out + ran.err
    (app / "web/app.py").write_text("print('no')\n")
    ran = emu(site, "up", "--once", "--root", str(app), "--build-anyway")
    assert ran.code == 1
    assert "boot_failed" in ran.out
    assert not [line for line in command_lines() if str(app) in line]
