"""`emu fix`: what has one right answer is put right, and nothing else is touched."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from emulator.check import CheckRule, Sample, rules
from emulator.cli import run
from emulator.edge.files import write_file
from emulator.model.diagnostic import UsageError
from tests.example_files import copy_example, example_folders
from tests.running_emu import emu_here, published
from tests.test_examples_plan import Page

FROM = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install uvicorn gunicorn flask\n"


def fix(root: Path, *words: str) -> tuple[str, int]:
    page = Page()
    code = run(["fix", "--root", str(root), *words], page)
    return page.text, code


def document(root: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fix(root, "--format", "json", *words)[0])
    published("fix").validate(found)
    return found


def wrong(root: Path) -> list[str]:
    page = Page()
    run(["check", "--root", str(root), "--format", "json"], page)
    return [d["code"] for d in json.loads(page.text)["diagnostics"] if d["severity"] != "info"]


def lay(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


COMMANDS = {
    # a literal $PORT
    'CMD ["gunicorn", "--bind", "0.0.0.0:$PORT", "app:app"]': "CMD exec gunicorn --bind 0.0.0.0:$PORT app:app",
    'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "${PORT}"]':
        "CMD exec uvicorn app:app --host 0.0.0.0 --port ${PORT}",
    # nobody outside reaches it
    "CMD exec uvicorn app:app --port $PORT": "CMD exec uvicorn --host 0.0.0.0 app:app --port $PORT",
    'CMD ["uvicorn", "app:app"]': 'CMD ["uvicorn", "--host", "0.0.0.0", "app:app"]',
    'CMD ["python", "-m", "uvicorn", "app:app"]': 'CMD ["python", "-m", "uvicorn", "--host", "0.0.0.0", "app:app"]',
    "CMD exec flask run -p $PORT": "CMD exec flask run --host 0.0.0.0 -p $PORT",
    "CMD exec gunicorn -b 127.0.0.1:$PORT app:app": "CMD exec gunicorn -b 0.0.0.0:$PORT app:app",
    'CMD ["gunicorn", "-b", "localhost:8000", "app:app"]': 'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]',
    # the shell stays, and both at once
    "CMD python app.py": "CMD exec python app.py",
    'CMD ["sh", "-c", "python app.py"]': 'CMD ["sh", "-c", "exec python app.py"]',
    "CMD uvicorn app:app --port $PORT": "CMD exec uvicorn --host 0.0.0.0 app:app --port $PORT",
    # the module lies elsewhere
    'CMD ["gunicorn", "-b", "0.0.0.0:8000", "src.app:app"]': 'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]',
}  # fmt: skip


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_put_right(line: str, tmp_path: Path) -> None:
    """The line is the expected one, everything around it stays, and a second run has nothing to do."""
    app = "from flask import Flask\napp = Flask('app')\n"
    root = lay(tmp_path, {"app.py": app, "Dockerfile": f"{FROM}{line}\n# end\n"})
    before = (root / "Dockerfile").read_text()
    shown, code = fix(root)
    assert (root / "Dockerfile").read_text() == before
    assert f"-{line}\n+{COMMANDS[line]}\n" in shown
    assert "--apply does it" in shown
    assert code == (1 if "error" in shown else 0)
    applied, code = fix(root, "--apply")
    assert "applied" in applied
    assert code == (1 if "error" in applied.partition("left:")[2] else 0)
    assert (root / "Dockerfile").read_text() == f"{FROM}{COMMANDS[line]}\n# end\n"
    assert "nothing here has one right answer" in fix(root)[0]


@pytest.mark.parametrize(
    "line",
    [
        "CMD python app.py && echo ended",
        "CMD python app.py > log",
        "CMD A=1 python app.py",
        "CMD exec uvicorn app:app --port $PORT # uvicorn",
        'CMD ["node", "app.js", "$PORT"]',
        "CMD exec gunicorn -b 127.0.0.1:1 -b 127.0.0.1:2 app:app",
    ],
)
def test_what_is_not_plain_is_left_alone(line: str, tmp_path: Path) -> None:
    root = lay(tmp_path, {"app.py": "app = None\n", "app.js": "", "Dockerfile": f"{FROM}{line}\n"})
    assert "+CMD" not in fix(root)[0]


BLUEPRINT = """\
services:
  - type: web
    name: api
    env: docker
    plann: Starter
    healthCheckPth: /up   # asked often
    envVars:
      - key: A
        value: 0x10
      - {key: B, vlaue: x}
"""


def test_a_blueprint_is_put_right_in_one_go(tmp_path: Path) -> None:
    """Old names, misspelt fields, numbers that become others; comments and order stay. What a misspelt field hides is
    found when it is read, in the same run."""
    root = lay(tmp_path, {"render.yaml": BLUEPRINT, "app.py": "", "Dockerfile": FROM + 'CMD ["python", "app.py"]\n'})
    fix(root, "--apply")
    assert (root / "render.yaml").read_text() == BLUEPRINT.replace("env: docker", "runtime: docker").replace(
        "plann: Starter", "plan: starter"
    ).replace("healthCheckPth", "healthCheckPath").replace("0x10", '"0x10"').replace("vlaue", "value")
    assert wrong(root) == []


def test_files_of_every_kind_keep_their_bytes(tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, a missing last line end and the mode stay; a script gets its mark."""
    text = (FROM + 'CMD ["./start.sh"]').replace("\n", "\r\n")
    script = b"#!/bin/sh\nexec python -m http.server $PORT\n"
    root = lay(tmp_path, {"Dockerfile": text, "start.sh": script})
    (root / "start.sh").chmod(0o644)
    found = document(root)
    assert [file["executable"] for file in found["files"]] == [True]
    text, _ = fix(root, "--apply")
    assert "becomes executable" in text
    assert stat.S_IMODE((root / "start.sh").stat().st_mode) == 0o755
    assert (root / "start.sh").read_bytes() == script
    root = lay(tmp_path, {"start.sh": script.replace(b"\n", b"\r\n")})
    fix(root, "--apply")
    assert (root / "start.sh").read_bytes() == script
    assert stat.S_IMODE((root / "start.sh").stat().st_mode) == 0o755
    yaml = "\ufeffservices:\r\n  - {type: web, name: a, env: docker}"
    root = lay(tmp_path, {"render.yaml": yaml})
    (root / "render.yaml").chmod(0o600)
    fix(root, "--apply")
    assert (root / "render.yaml").read_bytes() == yaml.replace("env:", "runtime:").encode()
    assert stat.S_IMODE((root / "render.yaml").stat().st_mode) == 0o600
    assert sorted(path.name for path in root.iterdir()) == ["Dockerfile", "render.yaml", "start.sh"]


def test_a_fix_goes_with_that_of_what_it_uncovers(tmp_path: Path) -> None:
    """A script that is not executable and has Windows line ends: neither fix alone lets it start."""
    root = lay(tmp_path, {"Dockerfile": FROM + 'CMD ["./start.sh"]\n', "start.sh": "#!/bin/sh\r\nexec uvicorn a:b\r\n"})
    (root / "start.sh").chmod(0o644)
    shown = document(root)
    assert [(one["finding"]["code"], one["holds"]) for one in shown["fixes"]][:2] == [
        ("start/permission-denied", True), ("start/script-line-ends", True),
    ]  # fmt: skip
    assert document(root, "--apply")["files"] == shown["files"]
    assert b"\r" not in (root / "start.sh").read_bytes()
    assert stat.S_IMODE((root / "start.sh").stat().st_mode) == 0o755
    assert document(root)["files"] == []


def test_two_fixes_of_one_place_are_done_after_each_other(tmp_path: Path) -> None:
    """And a second run has nothing to do."""
    root = lay(tmp_path, {
        "app.py": "app = None\n", "Dockerfile": FROM + 'CMD ["gunicorn", "-b", "127.0.0.1:$PORT", "app:app"]\n',
    })  # fmt: skip
    assert all(one["holds"] for one in document(root, "--apply")["fixes"])
    assert (root / "Dockerfile").read_text() == FROM + "CMD exec gunicorn -b 0.0.0.0:$PORT app:app\n"
    assert document(root)["files"] == []


def test_a_fix_that_makes_another_thing_wrong_is_not_done(tmp_path: Path) -> None:
    """Two old names of one new field: the first is put right, the second would say it twice."""
    blueprint = (
        "services:\n  - {type: web, name: a, runtime: image, image: {url: nginx}, pullRequestPreviewsEnabled: true,\n"
        "     previewPlan: starter}\n"
    )
    root = lay(tmp_path, {"render.yaml": blueprint})
    found = document(root)
    assert [one["holds"] for one in found["fixes"]] == [True, False]
    assert found["fixes"][1]["because"].startswith("then ")
    assert "previews: {generation: automatic}" in found["files"][0]["diff"]
    assert "not done" in fix(root)[0]


def test_only_the_codes_that_are_asked_for(tmp_path: Path) -> None:
    root = lay(tmp_path, {"app.py": "app = None\n", "Dockerfile": FROM + "CMD uvicorn app:app --port $PORT\n"})
    fix(root, "--code", "start/shell-swallows-signals", "--apply")
    assert "CMD exec uvicorn app:app --port $PORT" in (root / "Dockerfile").read_text()
    with pytest.raises(UsageError, match="start/nothing"):
        fix(root, "--code", "start/nothing")
    with pytest.raises(UsageError, match="--apply"):
        fix(root, "--apply", "--snapshot", "HEAD")


def test_a_file_that_lies_outside_is_not_changed(tmp_path: Path) -> None:
    """A link that leads out of the repository is not followed to a file that is not ours, by nobody."""
    outside = tmp_path / "outside.yaml"
    outside.write_text("services:\n  - {type: web, name: a, env: docker}\n")
    root = tmp_path / "repo"
    root.mkdir()
    (root / "render.yaml").symlink_to("../outside.yaml")
    before = outside.read_text()
    fix(root, "--apply")
    with pytest.raises(UsageError, match="leads out of the repository"):
        write_file(str(root), "render.yaml", b"", executable=False)
    assert outside.read_text() == before


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A file that is gone since it was read; nothing half written is left beside it."""
    with pytest.raises(UsageError, match=r"gone\.yaml cannot be written: No such file"):
        write_file(str(tmp_path), "gone.yaml", b"", executable=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_read_only_stays_as_it_is(tmp_path: Path) -> None:
    """Also where its folder would let it be replaced; what was changed before it is named."""
    root = lay(tmp_path, {
        "render.yaml": "services:\n  - {type: web, name: a, runtime: docker, rootDir: a}\n"
                       "  - {type: web, name: b, runtime: docker, rootDir: b}\n",
        **{f"{name}/app.py": "" for name in "ab"},
        **{f"{name}/Dockerfile": "FROM python:3.13-slim\nCOPY . .\nCMD python app.py\n" for name in "ab"},
    })  # fmt: skip
    (root / "b" / "Dockerfile").chmod(0o444)
    refused = emu_here("fix", "--apply", "--root", str(root))
    assert refused.code == 2
    told = " ".join(refused.err.split())
    assert "b/Dockerfile cannot be written: it is read-only; changed already: a/Dockerfile" in told
    assert "exec" not in (root / "b" / "Dockerfile").read_text()


SAMPLES = [rule for rule in rules() if rule.wrong is not None]


@pytest.mark.parametrize("rule", SAMPLES, ids=lambda rule: rule.code)
def test_the_fix_of_a_rules_own_wrong_example_makes_it_right(rule: CheckRule, tmp_path: Path) -> None:
    """Whatever fix a rule offers for its example, the rule finds nothing more after it."""
    sample = rule.wrong
    assert isinstance(sample, Sample)
    root = lay(tmp_path, dict(sample.files))
    found = document(root)
    mine = [one for one in found["fixes"] if one["finding"]["code"] == rule.code]
    assert all(one["holds"] for one in mine)
    if mine:
        fix(root, "--apply")
        assert rule.code not in wrong(root)


@pytest.mark.thorough
@pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)
def test_no_fix_of_an_example_fails(folder: Path, tmp_path: Path) -> None:
    """Every fix that is offered holds, but for the one that would start a server which the app is not made for; and
    what it leaves is what is said to be left."""
    root = copy_example(folder, tmp_path, git=False)
    found = document(root, "--apply")
    failed = [one["because"].partition(":")[0] for one in found["fixes"] if not one["holds"]]
    outlived = folder.name == "render-dockerfile-outlived-its-module"
    assert failed == (["then start/wrong-interface"] if outlived else [])
    assert sorted(d["code"] for d in found["left"]) == sorted(wrong(root))
