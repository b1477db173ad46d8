"""Commands that lose, where the plan itself does not warn of them."""

import pytest

from tests.emulator.check.checking import FROM, check_files, codes

CODE = "config/command-shadowed"


def _codes(cmd: str, procfile: str, **more: str) -> list[str]:
    files = {"Dockerfile": f"{FROM}{cmd}\n", "Procfile": f"web: {procfile}\n"}
    return codes(check_files(files, options=more).diagnostics)


def test_other_command_in_a_procfile_is_found() -> None:
    """The Dockerfile's command runs; the Procfile's is another and does not."""
    assert _codes('CMD ["python", "app.py"]', "python other.py") == [CODE]


@pytest.mark.parametrize("procfile", ["python app.py", "exec python app.py", "python  app.py"])
def test_same_command_is_no_finding(procfile: str) -> None:
    """Blanks and `exec` make no other command."""
    assert _codes('CMD ["python", "app.py"]', procfile) == []


def test_it_is_told_once() -> None:
    """What the plan warns of is not said again."""
    yaml = "services:\n  - {type: web, name: w, runtime: python, plan: starter, buildCommand: b, startCommand: c}\n"
    files = {"Dockerfile": f'{FROM}CMD ["d"]\n', "Procfile": "web: e\n", "render.yaml": yaml}
    assert codes(check_files(files).diagnostics) == ["config/commands-disagree"]


def test_where_one_file_alone_counts_no_other_is_a_loser() -> None:
    """Synced from its own file, a service never reads a Procfile: that is no mistake."""
    yaml = "services:\n  - {type: web, name: w, runtime: docker, plan: starter}\n"
    files = {"Dockerfile": f'{FROM}CMD ["d"]\n', "Procfile": "web: e\n", "render.yaml": yaml}
    assert codes(check_files(files, options={"created_from": "blueprint"}).diagnostics) == []
    assert codes(check_files(files).diagnostics) == [CODE]
