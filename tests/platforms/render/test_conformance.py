"""The conformance cases that a plan decides, by their numbers; the others are named after theirs where they belong:
18, 20, 22 (test_docker_command), 8 (test_validation), 6 (test_record), 10 (test_references), 28 (test_environment),
40 (test_static_sites), 34, 36, 38 (tests/test_conformance_life), 26 (test_secret_files, tests/test_up_settings).
"""

import re
from pathlib import Path

import pytest

from tests.emulator.check.checking import check_files
from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, variable, web

CASES = range(2, 41, 2)
TESTS = Path(__file__).parents[2]


def test_every_case_has_a_test_that_is_named_for_it() -> None:
    """Those that only a container can show are by `render`, as the other platform's are by its own name."""
    files = [*Path(__file__).parent.glob("test_*.py"), *TESTS.glob("test_*.py")]
    named = {
        int(number) for file in files for number in re.findall(r"def test_(?:case|render)_(\d+)_", file.read_text())
    }
    assert named == set(CASES)


def test_case_2_a_start_command_on_docker_is_refused() -> None:
    """In Render's words, and nothing is to be built."""
    found = plan({"render.yaml": web("runtime: docker\nstartCommand: node server.js\n"), "Dockerfile": DOCKERFILE},
                 "blueprint")  # fmt: skip
    [said] = messages(found)
    assert "services[0]" in said
    assert "docker runtime must not have startCommand" in said
    assert found.with_errors()


def test_case_4_a_procfile_gives_no_start_command() -> None:
    """A native service without one is refused; the Procfile is not consulted."""
    blueprint = web("runtime: python\nbuildCommand: pip install gunicorn\n")
    files = {"render.yaml": blueprint, "Procfile": "web: gunicorn app:app\n"}
    found = plan(files, "blueprint")
    assert any("non-docker, non-static, non-image runtime python must have startCommand" in m for m in messages(found))
    command = found.services[0].command
    assert command is None or "gunicorn" not in (command.text or "")


def test_case_12_paths_stand_under_the_root_directory() -> None:
    """Sources conflict: ours fails with a hint, and the rule says that they do."""
    files = {"render.yaml": web("runtime: docker\nrootDir: apps/api\ndockerfilePath: apps/api/Dockerfile\n"),
             "apps/api/Dockerfile": DOCKERFILE}  # fmt: skip
    found = plan(files, "blueprint")
    assert codes(found, "error") == ["render/dockerfile-missing"]
    assert found.diagnostics[0].help == "it is relative to rootDir: write Dockerfile"


def test_case_14_a_leading_slash_is_the_root() -> None:
    """The same as a point."""
    build = service({"render.yaml": web("runtime: docker\ndockerContext: /\ndockerfilePath: ./Dockerfile\n"),
                     "Dockerfile": DOCKERFILE}, "blueprint").build  # fmt: skip
    assert (build.dockerfile, build.context) == ("Dockerfile", ".")


def test_case_16_what_git_ignores_is_not_copied() -> None:
    """Said before any build: Render's clone does not have it."""
    dockerfile = 'FROM eclipse-temurin:21\nCOPY target/app.jar .\nCMD ["java", "-jar", "app.jar"]\n'
    files = {"render.yaml": web("runtime: docker\n"), "target/app.jar": "x", "Dockerfile": dockerfile}
    made = check_files(files, options={"created_from": "blueprint"}, ignored=["target", "target/app.jar"])
    [found] = [d for d in made.diagnostics if d.code == "build/copy-source-ignored-by-git"]
    assert found.origin is not None
    assert (found.severity, found.origin.line) == ("error", 2)


def test_case_24_a_native_start_command_has_a_shell() -> None:
    """So that && and cd work."""
    fields = "runtime: node\nbuildCommand: yarn\nstartCommand: cd backend && yarn start\n"
    command = service({"render.yaml": web(fields), "package.json": "{}"}, "blueprint").command
    assert command is not None
    assert command.argv == ("/bin/bash", "-c", "cd backend && yarn start")


@pytest.mark.parametrize("order", [("own", "group"), ("group", "own")], ids="-".join)
def test_case_30_a_services_variable_beats_its_groups(order: tuple[str, str]) -> None:
    """Whatever the order of the list."""
    entries = {"own": "{key: A, value: 2}", "group": "{fromGroup: g}"}
    blueprint = web(f"runtime: docker\nenvVars: [{', '.join(entries[one] for one in order)}]\n")
    groups = "envVarGroups:\n  - {name: g, envVars: [{key: A, value: 1}]}\n"
    found = service({"render.yaml": f"{blueprint}\n{groups}", "Dockerfile": DOCKERFILE}, "blueprint")
    assert variable(found, "A")[0] == "2"


@pytest.mark.parametrize(("written", "value"), [("true", "true"), ("0123", "83"), ("1e3", "1000"), ("'0123'", "0123")])
def test_case_32_scalars_are_read_as_go_reads_them(written: str, value: str) -> None:
    """A boolean is taken as its word; a number is one before it is text; quotes keep it."""
    found = plan({"render.yaml": web(f"runtime: docker\nenvVars: [{{key: A, value: {written}}}]\n"),
                  "Dockerfile": DOCKERFILE}, "blueprint")  # fmt: skip
    assert variable(found.services[0], "A")[0] == value
    assert codes(found, "error") == []
