"""`emu context`: what reaches the builder, and who left out the rest, as a person and as a script see it."""

from pathlib import Path

import pytest

from tests.emulator.edge.git_repositories import Repo
from tests.running_emu import published, run_emu


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with something for everybody to leave out."""
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    repo.write(
        {
            "Dockerfile": 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n',
            ".gitignore": ".env\n",
            ".dockerignore": "# what no image needs\ndocs\n",
            ".env": "SECRET=1",
            "docs/big": "1" * 9000,
            "app.py": "print()\n",
            "pkg/data": "1" * 4000,
        }
    )
    return tmp_path


def test_the_total_comes_first_and_each_rule_is_named(repo: Path) -> None:
    """How much is sent, where it lies, and by which line the rest stays behind."""
    ran = run_emu("context", "--root", str(repo))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("5 files, 4.1 kB reach the builder from the repository's root\n")
    assert "4.0 kB  pkg/  1 file" in ran.out
    assert ".dockerignore:2  docs" in ran.out
    assert ".gitignore:1  .env" in ran.out


def test_all_lists_every_path(repo: Path) -> None:
    """With its size."""
    assert "4.0 kB  pkg/data" in run_emu("context", "--root", str(repo), "--all").out


def test_the_document_obeys_its_schema(repo: Path) -> None:
    """`emu schema context` describes what is printed."""
    ran = run_emu("context", "--root", str(repo), "--format", "json")
    document = ran.document()
    published("context").validate(document)
    [context] = document["contexts"]
    assert [path["path"] for path in context["paths"]] == [
        ".dockerignore", ".gitignore", "Dockerfile", "app.py", "pkg", "pkg/data",
    ]  # fmt: skip
    assert [(gone["path"], gone["by"]) for gone in context["left_out"]] == [(".env", "git"), ("docs", "ignore-file")]
    assert (context["files"], context["bytes"], context["exact"]) == (5, 4096, True)


def test_a_service_nobody_has_is_wrong_usage(repo: Path) -> None:
    """And the known ones are named."""
    ran = run_emu("context", "nobody", "--root", str(repo))
    assert ran.code == 2
    assert "known are" in ran.err


def test_an_ignore_file_docker_refuses_ends_with_1(repo: Path) -> None:
    """Nothing can be built with it."""
    (repo / ".dockerignore").write_text("ok\n!\n")
    ran = run_emu("context", "--root", str(repo))
    assert ran.code == 1
    assert "error[build/bad-ignore-file]" in ran.out


def test_check_finds_what_plan_does_not(repo: Path) -> None:
    """The image is worked out for `check` alone; its findings have a line, and `emu up` would refuse."""
    (repo / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY docs/big /\n")
    assert run_emu("plan", "--root", str(repo)).code == 0
    ran = run_emu("check", "--root", str(repo), "--format", "json")
    assert ran.code == 1
    [one] = [d for d in ran.document()["diagnostics"] if d["severity"] == "error"]
    assert (one["code"], one["origin"]["line"]) == ("build/copy-source-ignored", 2)
    assert one["service"]
