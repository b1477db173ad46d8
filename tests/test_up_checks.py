"""What the check claims, beside what happens when it is built anyway."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.check.checking import ONE_PORT
from tests.places import tidied
from tests.running_emu import run_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

CASES = {
    "loopback address": (["python", "-m", "http.server", "--bind", "127.0.0.1", "10000"], "", "start/loopback-bind"),
    "every address": (["python", "-m", "http.server", "10000"], "", None),
    "another port": (["python", "-m", "http.server", "3000"], ONE_PORT, "start/port-hard-coded"),
    "another port, by default": (["python", "-m", "http.server"], ONE_PORT, "start/port-hard-coded"),
    "the asked port": (["python", "-m", "http.server", "8080"], ONE_PORT, None),
}


@pytest.mark.parametrize(("command", "yaml", "code"), CASES.values(), ids=CASES)
def test_what_is_an_error_fails_when_built_anyway(
    tmp_path: Path, engine: "DockerClient", command: list[str], yaml: str, code: str | None
) -> None:
    """A command that is an error is refused, and built anyway it does not come up; its right twin does."""
    with tidied(tmp_path, engine) as place:
        words = ", ".join(f'"{word}"' for word in command)
        (place.root / "Dockerfile").write_text(f"FROM python:3.11-slim\nCMD [{words}]\n")
        if yaml:
            (place.root / "service.yaml").write_text(yaml)
        options = ["--once", "--format", "json", "--root", str(place.root), "--time-scale", "0.2"]
        refused = _verdict(run_emu("up", *options).lines()) if code else None
        built = _verdict(run_emu("up", "--build-anyway", *options).lines())
    if code is None:
        assert built["verdict"] == "live"
        return
    assert refused is not None
    assert (refused["verdict"], refused["services"][0]["cause"]["code"]) == ("refused", code)
    assert built["verdict"] in ("timed_out", "unhealthy")


def _verdict(events: list[Any]) -> Any:
    assert events[-1]["event"] == "verdict"
    return events[-1]
