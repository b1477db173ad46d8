"""`emu hooks`: real pushes to a real remote, checked by the commits they bring."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.commands.pushing import MARK, Push, pushes, told_by_pre_commit
from tests.emulator.edge.git_repositories import Repo
from tests.running_emu import CHECKOUT, Ran, emu_here, published

GOOD = {"Dockerfile": 'FROM python:3.13-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n', "app.py": ""}
BAD = {"Dockerfile": 'FROM python:3.13-slim\nCOPY nothing.txt .\nCMD ["python", "app.py"]\n'}
ZERO = "0" * 40


class Clone(Repo):
    """A repository with a remote to push to, and git as its user has it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.init()
        self.remote = Repo(path.with_name("remote.git")).init("--bare")
        self.git("remote", "add", "origin", str(self.remote.path))
        self.write(dict(GOOD)).commit()

    def hooks(self, action: str, *arguments: str) -> Ran:
        return emu_here("hooks", action, "--root", str(self.path), *arguments)

    def push(self, *arguments: str) -> Ran:
        """`git push`, with the hook that it runs."""
        env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "push", "-q", *arguments], cwd=self.path, env=env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def pushed(self) -> dict[str, str]:
        """The remote's refs and their commits."""
        rows = (line.split() for line in self.remote.git("for-each-ref").splitlines())
        return {ref: name for name, _, ref in rows}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch) -> Clone:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Clone(tmp_path / "shop")


# ---- what git tells -----------------------------------------------------------------------------------


def test_each_commit_that_is_pushed_is_checked_once() -> None:
    """New branches, forced ones and several refs bring commits; deleted ones, tags and notes bring none."""
    a, b, old = "a" * 40, "b" * 40, "c" * 40
    lines = [
        f"refs/heads/main {a} refs/heads/main {old}",
        f"refs/heads/new {b} refs/heads/topic {ZERO}",
        f"HEAD {a} refs/heads/release {old}",
        f"(delete) {ZERO} refs/heads/gone {old}",
        f"refs/tags/v1 {b} refs/tags/v1 {ZERO}",
        f"refs/notes/x {old} refs/notes/x {ZERO}",
        "",
    ]
    assert pushes("\n".join(lines)) == (
        Push(commit=a, refs=("main → main", "HEAD → release")),
        Push(commit=b, refs=("new → topic",)),
    )


def test_many_refs_of_one_commit_are_counted() -> None:
    """A mirror pushes hundreds: a person reads three."""
    refs = tuple(f"b{n} → b{n}" for n in range(5))
    assert str(Push(commit="a" * 40, refs=refs)) == "aaaaaaaa (b0 → b0, b1 → b1, b2 → b2, and 2 more)"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TO_REF": "b" * 40, "LOCAL_BRANCH": "refs/heads/a", "REMOTE_BRANCH": "refs/heads/m"}, "bbbbbbbb (a → m)"),
        ({"LOCAL_BRANCH": "HEAD~1", "REMOTE_BRANCH": "refs/heads/main"}, "HEAD~1 (HEAD~1 → main)"),
        ({"LOCAL_BRANCH": "refs/tags/v1", "REMOTE_BRANCH": "refs/tags/v1"}, ""),
        ({}, "not by it"),
    ],
)
def test_what_pre_commit_tells_of_a_push(variables: dict[str, str], told: str) -> None:
    """Of the first push of a whole history it gives no commit, only what was pushed: not what is checked out."""
    found = told_by_pre_commit({f"PRE_COMMIT_{name}": value for name, value in variables.items()})
    assert ("not by it" if found is None else ", ".join(map(str, found))) == told


# ---- real pushes --------------------------------------------------------------------------------------


def test_a_good_push_goes_on_and_a_bad_one_is_refused(clone: Clone) -> None:
    """With one line, and with the finding at its line and the way past it."""
    assert clone.hooks("install").code == 0
    good = clone.push("origin", "main")
    assert good.code == 0, good.err
    assert "(main → main): 1 service on render · nothing wrong found" in good.out + good.err
    clone.write(dict(BAD)).commit()
    bad = clone.push("origin", "main")
    assert bad.code != 0
    told = bad.out + bad.err
    assert "error[build/copy-source-missing]" in told
    assert "--> Dockerfile:2:6" in told
    assert "git push --no-verify" in told
    assert clone.push("--no-verify", "origin", "main").code == 0


def test_what_is_pushed_counts_not_what_lies_on_the_disk(clone: Clone) -> None:
    """A file that is only in the worktree is not pushed; a commit that is good is, whatever the worktree holds."""
    clone.hooks("install")
    clone.write(dict(BAD))
    assert clone.push("origin", "main").code == 0
    clone.commit()
    clone.write({"nothing.txt": "uncommitted"})
    assert clone.push("origin", "main").code != 0


def test_every_ref_of_a_push_is_checked(clone: Clone) -> None:
    """One bad commit among several refuses all; tags, deleted and forced branches are what they are."""
    clone.hooks("install")
    assert clone.push("origin", "main", "main:other").code == 0
    clone.git("checkout", "-q", "-b", "topic")
    clone.write(dict(BAD)).commit()
    clone.git("tag", "-a", "v1", "-m", "v1")
    before = clone.pushed()
    assert clone.push("origin", "main", "topic").code != 0
    assert clone.pushed() == before
    assert clone.push("origin", "v1", ":other").code == 0
    assert set(clone.pushed()) == {"refs/heads/main", "refs/tags/v1"}
    clone.git("reset", "-q", "--hard", "main")
    clone.git("commit", "-q", "--amend", "--allow-empty", "-m", "rewritten")
    assert clone.push("--force", "origin", "topic:main").code == 0


def test_from_a_linked_worktree_its_commit_is_checked(clone: Clone, tmp_path: Path) -> None:
    """The hook is that of the repository; the commit is the one that is pushed."""
    there = Repo(tmp_path / "linked")
    clone.git("worktree", "add", "-q", "-b", "topic", str(there.path))
    ran = emu_here("hooks", "install", "--root", str(there.path))
    assert ran.code == 0
    there.write(dict(BAD)).commit()
    clone.path, main = there.path, clone.path
    assert clone.push("origin", "topic").code != 0
    clone.path = main
    assert clone.push("origin", "main").code == 0


def test_options_of_the_installation_are_those_of_the_hook(clone: Clone) -> None:
    """Platforms and what fails; installing again changes them."""
    clone.write({"Dockerfile": "FROM python:3.13-slim\nCOPY . .\nCMD python app.py\n"}).commit()
    clone.hooks("install", "--platform", "render", "--platform", "cloud-run", "--fail-on", "warning")
    refused = clone.push("origin", "main")
    assert refused.code != 0
    assert "warning[start/shell-swallows-signals]" in refused.out + refused.err
    assert "in 1 service; nothing found that is sure to stop it on cloud-run" in refused.out + refused.err
    clone.hooks("install")
    assert clone.push("origin", "main").code == 0
    assert emu_here("hooks", "install", "--root", str(clone.path), "--platform", "nowhere").code == 2


# ---- with a baseline ----------------------------------------------------------------------------------


def _with_baseline(clone: Clone) -> Path:
    """A commit with a finding that its baseline knows."""
    clone.write(dict(BAD))
    file = clone.path / "ops" / "known.json"
    file.parent.mkdir()
    ran = emu_here("check", str(clone.path), "--baseline", str(file), "--write-baseline")
    assert ran.code == 0, ran.err
    return file


def test_a_hook_with_a_baseline_counts_what_is_new(clone: Clone) -> None:
    """What the commit's own file knows is let through, and counted as known; what is new is refused and told alone."""
    file = _with_baseline(clone)
    clone.commit()
    assert clone.hooks("install", "--baseline", str(file)).code == 0
    good = clone.push("origin", "main")
    assert good.code == 0, good.err
    assert "nothing new found (1 known)" in good.out + good.err
    clone.write({"Dockerfile": BAD["Dockerfile"].replace("CMD", "COPY other.txt .\nCMD")}).commit()
    refused = clone.push("origin", "main")
    told = refused.out + refused.err
    assert refused.code != 0
    assert "Dockerfile:3:6" in told
    assert "Dockerfile:2:6" not in told


def test_the_baseline_is_that_of_the_commit(clone: Clone) -> None:
    """One that only lies on the disk silences nothing, and that the commit has none is told."""
    file = _with_baseline(clone)
    installed = emu_here("hooks", "install", "--root", str(file.parent), "--baseline", str(file))
    assert "ops/known.json is not in git yet: commit it" in _flat(installed.err)
    assert "--baseline ops/known.json" in installed.out
    clone.git("add", "Dockerfile")
    clone.git("commit", "-q", "-m", "without it")
    clone.hooks("install", "--baseline", str(file))
    refused = clone.push("origin", "main")
    assert refused.code != 0
    assert "has no ops/known.json: every finding counts" in _flat(refused.out + refused.err)
    clone.commit()
    file.unlink()
    assert clone.push("origin", "main").code == 0


def test_a_baseline_that_is_none_is_told(clone: Clone, tmp_path: Path) -> None:
    """When the hook is put there, and when what is pushed has another file in its place."""
    missing = clone.hooks("install", "--baseline", str(clone.path / "known.json"))
    assert (missing.code, "make it and commit it: emu check --baseline" in _flat(missing.err)) == (2, True)
    (tmp_path / "elsewhere.json").write_text('{"schema": "emu.baseline/1", "findings": []}')
    outside = clone.hooks("install", "--baseline", str(tmp_path / "elsewhere.json"))
    assert (outside.code, "is not in the repository" in _flat(outside.err)) == (2, True)
    file = _with_baseline(clone)
    clone.hooks("install", "--baseline", str(file))
    file.write_text("[]\n")
    foreign = clone.hooks("install", "--baseline", str(file))
    assert (foreign.code, "is no baseline" in _flat(foreign.err)) == (2, True)
    clone.commit()
    refused = clone.push("origin", "main")
    assert refused.code != 0
    assert "ops/known.json is no baseline" in _flat(refused.err)


def _flat(text: str) -> str:
    """Without the breaks that a long path makes."""
    return " ".join(text.split())


# ---- beside other hooks -------------------------------------------------------------------------------


def _other_hook(clone: Clone, text: str, where: str = ".git/hooks") -> Path:
    file = clone.path / where / "pre-push"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_a_hook_that_was_there_runs_first_and_comes_back(clone: Clone) -> None:
    """With git's input and arguments; what it refuses is refused; uninstalling leaves it as it was."""
    said = clone.path.with_name("said")
    file = _other_hook(clone, f'echo "$1" > {said}; cat >> {said}; test ! -e {said}.no')
    text = file.read_text()
    ran = clone.hooks("install")
    assert "pre-push.before-emu runs first" in ran.out
    assert clone.push("origin", "main").code == 0
    assert said.read_text().startswith("origin\nrefs/heads/main ")
    clone.commit()
    said.with_name("said.no").touch()
    assert clone.push("origin", "main").code != 0
    clone.hooks("install")
    clone.hooks("uninstall")
    assert (file.read_text(), file.stat().st_mode & 0o777) == (text, 0o755)
    assert not file.with_name("pre-push.before-emu").exists()


def test_two_other_hooks_are_left_alone(clone: Clone) -> None:
    """Neither is overwritten."""
    file = _other_hook(clone, "true")
    clone.hooks("install")
    file.write_text("#!/bin/sh\nfalse\n")
    ran = clone.hooks("install")
    assert ran.code == 2
    assert "both other hooks" in ran.err
    assert "false" in file.read_text()
    assert clone.hooks("uninstall").code == 0
    assert "false" in file.read_text()


def test_a_hooks_folder_of_the_repository_is_used(clone: Clone) -> None:
    """core.hooksPath of this repository alone; one of all repositories is not touched."""
    clone.git("config", "core.hooksPath", "tools/hooks")
    ran = clone.hooks("install")
    assert ran.out.startswith("tools/hooks/pre-push checks what is pushed")
    assert MARK in (clone.path / "tools/hooks/pre-push").read_text()
    clone.write(dict(BAD)).commit()
    assert clone.push("origin", "main").code != 0


@pytest.mark.parametrize(("path", "said"), [("/dev/null", "/dev/null"), ("", "empty")])
def test_hooks_that_are_turned_off_are_told(clone: Clone, path: str, said: str) -> None:
    """A hook put there would never run."""
    clone.git("config", "core.hooksPath", path)
    ran = clone.hooks("install")
    assert ran.code == 2
    assert f"core.hooksPath is {said}: git runs no hook here" in ran.err


def test_a_hooks_folder_of_everybody_is_refused(clone: Clone, tmp_path: Path, monkeypatch) -> None:
    """What stands there runs in every repository of this user."""
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {tmp_path}/everybody\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    ran = clone.hooks("install")
    assert ran.code == 2
    assert "core.hooksPath" in ran.err
    assert not (tmp_path / "everybody").exists()


@pytest.mark.parametrize(
    ("file", "name", "line"),
    [
        (".husky/pre-commit", "husky", 'emu hooks pre-push "$@" --fail-on warning'),
        ("lefthook.yml", "lefthook", "run: emu hooks pre-push --fail-on warning"),
        (".pre-commit-config.yaml", "pre-commit", "entry: emu hooks pre-push --fail-on warning"),
    ],
)
def test_a_manager_of_hooks_is_told_what_to_add(clone: Clone, file: str, name: str, line: str) -> None:
    """Nothing is written into what others manage, unless that is asked for."""
    clone.write({file: ""})
    ran = clone.hooks("install", "--fail-on", "warning")
    assert (ran.code, ran.err) == (2, "")
    assert ran.out.startswith(f"{name} manages the hooks")
    assert line in ran.out
    assert not (clone.path / ".git/hooks/pre-push").exists()
    assert clone.hooks("install", "--anyway").code == 0


def test_an_emu_that_is_gone_says_so(clone: Clone) -> None:
    """A push is not let through unchecked without a word."""
    clone.hooks("install")
    file = clone.path / ".git/hooks/pre-push"
    file.write_text(file.read_text().replace(shlex.quote(sys.executable), "/no/such/python"))
    refused = clone.push("origin", "main")
    assert refused.code != 0
    assert "emu hooks install" in refused.err
    assert "--no-verify" in refused.err


def test_status_tells_what_there_is(clone: Clone) -> None:
    """For people and for programs."""
    assert "there is no .git/hooks/pre-push" in clone.hooks("status").out
    clone.hooks("install", "--up")
    assert "checks what is pushed (--up)" in clone.hooks("status").out
    document = clone.hooks("status", "--format", "json").document()
    published("hooks").validate(document)
    assert (document["state"], document["options"]) == ("installed", "--up")
    clone.hooks("uninstall")
    assert clone.hooks("status", "--format", "json").document()["state"] == "none"
    assert emu_here("hooks", "status", "--root", "/tmp").code == 2


@pytest.mark.docker
def test_with_up_what_is_pushed_is_booted(clone: Clone) -> None:
    """A commit that the check has nothing against, and that does not come up."""
    files = {"Dockerfile": 'FROM python:3.11-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n', "app.py": "exit(3)\n"}
    clone.write(dict(files)).commit()
    clone.hooks("install", "--up")
    refused = clone.push("origin", "main")
    assert refused.code != 0
    assert "boot_failed" in refused.out + refused.err
    assert "--no-verify" in refused.err


# ---- pre-commit ---------------------------------------------------------------------------------------


def _pre_commit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PRE_COMMIT_HOME": str(folder.parent / "cache"), "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments], cwd=folder, env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_hooks_that_pre_commit_is_offered_are_valid(tmp_path: Path) -> None:
    """By its own judgement; what they run is a command of ours."""
    file = CHECKOUT / ".pre-commit-hooks.yaml"
    done = _pre_commit(tmp_path, "validate-manifest", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    hooks: list[dict[str, Any]] = yaml.safe_load(file.read_text())
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "emu-check": "emu check --quiet --snapshot index", "emu-push": "emu hooks pre-push",
    }  # fmt: skip


@pytest.mark.thorough
def test_pre_commit_runs_what_it_is_offered(clone: Clone) -> None:
    """The real one installs emu from a repository and checks the index, then the commit that is pushed."""
    source = Repo(clone.path.with_name("emu"))
    subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(source.path)], check=True)
    clone.write(dict(BAD))
    clone.git("add", "-A")
    clone.write({"nothing.txt": "not added"})
    rev = source.git("rev-parse", "HEAD").strip()
    (clone.path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {source.path}\n  rev: {rev}\n  hooks:\n  - id: emu-check\n  - id: emu-push\n"
    )
    done = _pre_commit(clone.path, "run", "emu-check", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error[build/copy-source-missing]" in done.stdout
    (clone.path / "nothing.txt").unlink()
    good, bad = clone.git("rev-parse", "HEAD").strip(), clone.commit()
    for commit, code in ((good, 0), (bad, 1)):
        done = _pre_commit(
            clone.path, "run", "--hook-stage", "pre-push", "--from-ref", good, "--to-ref", commit, "emu-push"
        )
        assert done.returncode == code, done.stdout + done.stderr
