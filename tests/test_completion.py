"""`emu completion`: the words that may follow, and the shells that ask for them."""

import os
import shutil
import subprocess
from pathlib import Path
from shlex import quote

import pytest

from emulator import cli
from emulator.cli import COMMANDS
from emulator.commands.completing import completions
from emulator.real_world import real_world
from emulator.show.completion_scripts import SCRIPTS
from tests.running_emu import EMU, environment, run_emu
from tests.test_examples_plan import Page

BLUEPRINT = """\
services:
  - {name: api, type: web, runtime: docker, envVars: [{key: MODE, value: fast}]}
  - {name: nightly, type: cron, runtime: docker, schedule: "0 3 * * *"}
databases:
  - {name: main-db}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "render.yaml").write_text(BLUEPRINT)
    (tmp_path / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["python"]\n')
    return tmp_path


def _words(line: str) -> dict[str, str]:
    """What may follow on the line, each with what it is."""
    world = real_world(Page(), cli._INTERRUPTS)
    return dict(completions(line.split(" "), world, COMMANDS, lambda verb: cli._parser(verb, world)[0]))


def test_the_first_word_is_a_command() -> None:
    """All of them, each with what it does, and those that begin so."""
    assert set(_words("")) == set(COMMANDS)
    assert set(_words("pl")) == {"plan", "platforms"}
    assert set(_words("-")) == {"--help", "--version"}


def test_options_are_those_of_the_command() -> None:
    """With their help; one that was given is not offered again, unless it may be."""
    assert _words("up --on") == {"--once": "end with the verdict as soon as it is decided, and clean up"}
    assert "--once" not in _words("plan --")
    assert "--platform" not in _words("plan --platform x --")
    assert "--service" in _words("plan --service x --")


def test_values_of_options() -> None:
    """Choices, platforms, files; also behind an equals sign."""
    assert set(_words("plan --format ")) == {"text", "json"}
    assert "render" in _words("plan --platform ")
    assert set(_words("plan --platform=clo")) == {"--platform=cloud-run"}
    assert set(_words("plan --env-file ")) == {":files"}
    assert set(_words("plan --root ")) == {":folders"}
    assert set(_words("plan --secret-file name=")) == {":files"}
    assert set(_words("plan ")) == {":files"}


def test_names_are_those_of_the_repository(repo: Path) -> None:
    """Services, variables, base images, databases, cron jobs; of the folder that the line names."""
    before = f"--root {repo}"
    assert _words(f"plan {before} --service ") == {"api": "web", "nightly": "cron", "main-db": "datastore"}
    assert set(_words(f"context {before} a")) == {"api"}
    assert set(_words(f"cron run {before} ")) == {"nightly"}
    assert set(_words(f"plan {before} --env M")) == {"MODE="}
    assert set(_words(f"up {before} --base-image ")) == {"python:3.11-slim="}
    assert set(_words(f"up {before} --datastore ")) == {"main-db="}
    assert set(_words(f"plan {before} --snapshot w")) == {"worktree"}
    assert set(_words(f"diff {before} w")) == {"worktree"}
    assert set(_words(f"diff {before} HEAD~1..w")) == {"HEAD~1..worktree"}


def test_rules_schemas_and_platforms() -> None:
    """What the commands that explain things take."""
    assert "start/port-literal" in _words("explain start/")
    assert "render.yaml" in _words("schema ")
    assert set(_words("learn render-dockerfile-ou")) == {"render-dockerfile-outlived-its-module"}
    assert set(_words("platforms r")) == {"render"}


@pytest.mark.parametrize("line", ["plan --root /no/such/place --service ", "plan --platform nowhere --service "])
def test_what_cannot_be_worked_out_has_no_words(line: str) -> None:
    """And nothing is printed into the line, whatever was typed before."""
    assert _words(line) == {}


def test_what_is_not_understood_is_passed_over() -> None:
    """An option nobody has, and a word too many: after them options may follow."""
    assert _words("plan --nope ") == {":files": ""}
    assert "--root" in _words("plan a b c ")


def test_what_a_shell_is_told() -> None:
    """A word a line, behind a tab what it is, and never an error."""
    ran = run_emu("__complete", "--", "plan", "--plat")
    assert (ran.code, ran.out, ran.err) == (0, "--platform\tthe platform (default: told by the files)\n", "")
    broken = run_emu("__complete", "--", "plan", "--root", "/no/such/place", "--service", "")
    assert (broken.code, broken.out, broken.err) == (0, "", "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("emu pl", ["plan", "platforms"]),
        ("emu plan --root {repo} --service ap", ["api"]),
        ("emu plan --platform=clo", ["cloud-run"]),
        ("emu up --root {repo} --base-image python:3", ["3.11-slim="]),
        ("emu plan {repo}/rend", ["{repo}/render.yaml"]),
        ("emu explain start/port-l", ["start/port-literal"]),
    ],
)
def test_bash_completes(line: str, expected: list[str], repo: Path) -> None:
    """The script in a real bash: what readline would be given, with its own idea of where words begin."""
    assert _in_bash(line.format(repo=repo)) == [word.format(repo=repo) for word in expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("emu plan --root {repo}/my\\ shop --service a", ["a\\ service"]),
        ('emu plan --root "{repo}/my shop" --service "a', ["a service"]),
        ("emu up --root '{repo}/my shop' --datastore ", []),
        ("emu plan --root {repo}/my", ["{repo}/my shop"]),
        ("emu plan --env-file {repo}/my\\ shop/a:", ["b c.env"]),
        ("emu plan --secret-file x={repo}/my\\ shop/rend", ["{repo}/my shop/render.yaml"]),
        ("emu plan --platform $(touch {repo}/ran) --format te", ["text"]),
    ],
)
def test_words_with_blanks_and_colons(line: str, expected: list[str], repo: Path) -> None:
    """Quotes and backslashes are understood, replies are quoted where the line is not, and nothing is run."""
    there = repo / "my shop"
    there.mkdir()
    (there / "render.yaml").write_text("services: [{name: a service, type: web, runtime: docker}]\n")
    (there / "a:b c.env").touch()
    assert _in_bash(line.format(repo=repo)) == [word.format(repo=repo) for word in expected]
    assert not (repo / "ran").exists()


def _in_bash(line: str) -> list[str]:
    """What the script answers, in a real bash."""
    program = (
        f"{SCRIPTS['bash']}\nemu() {{ {' '.join(EMU)} \"$@\"; }}\nCOMP_LINE={quote(line)}; COMP_POINT=${{#COMP_LINE}}\n"
        "_emu; [[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "--norc", "-c", program], env=environment(), capture_output=True, text=True, check=False,
        cwd=os.getcwd(),  # noqa: PTH109 - where the checkout's own `emu` is found
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_that_is_here_reads_its_script(shell: str, tmp_path: Path) -> None:
    """`emu completion` prints what the shell finds no fault with; where it is not installed, a script all the same."""
    ran = run_emu("completion", shell)
    assert ran.code == 0
    assert "__complete" in ran.out
    script = tmp_path / "script"
    script.write_text(ran.out)
    program = shutil.which(shell)
    if program is not None:
        done = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
