"""Which shells stay the first process, seen in real containers: what the rule about signals rests on."""

from typing import TYPE_CHECKING

import pytest

from tests.emulator.check.checking import codes, findings

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.docker

CODE = "start/shell-swallows-signals"
APP = "python -c 'import os; print(os.getpid() == 1)'"
CERTAIN = {
    "sh": (
        APP, f"exec {APP}", f"A=1 {APP}", f"true; {APP}", f"true && {APP}", f"cd / && exec {APP}", f"{APP};",
        f"{APP} > /dev/stdout", f"export A=1; {APP}", f"false || {APP}", f"true | {APP}",
    ),
    "bash": (
        APP, f"exec {APP}", f"A=1 {APP}", f"true; {APP}", f"true && {APP}", f"{APP} > /dev/stdout", f"false || {APP}",
        f"true | {APP}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("shell", "script"), [(shell, script) for shell, all_ in CERTAIN.items() for script in all_])
def test_rule_says_what_a_container_shows(shell: str, script: str, engine: "DockerClient") -> None:
    """The rule speaks where the app is not the container's first process, and is silent where it is."""
    said = engine.containers.run("python:3.11-slim", [shell, "-c", script], remove=True, network_mode="none")
    words = ", ".join(f'"{word}"' for word in (shell, "-c", script.replace("\n", "\\n")))
    found = findings(f"CMD [{words}]", base="FROM python:3.11-slim\n")
    assert (CODE in codes(found)) == (said.decode().strip() == "False")
