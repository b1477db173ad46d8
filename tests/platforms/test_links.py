"""A Dockerfile that is a symbolic link to nothing: it is there, and no platform can read it."""

from types import ModuleType

import pytest

from emulator.contract import Inputs
from emulator.model.choice import Decision
from emulator.snapshot import from_mapping
from platforms import cloud_run, render

DETECTED = Decision(id="platform", question="Which platform?", answer="x", because="the test says so")


@pytest.mark.parametrize("platform", [render, cloud_run])
@pytest.mark.parametrize(
    ("target", "why"),
    [("Dockerfile", "Dockerfile is a symbolic link in a circle"), ("gone", "a symbolic link to gone, which is not")],
)
def test_it_is_not_told_as_no_dockerfile(platform: ModuleType, target: str, why: str) -> None:
    """What it is stands in the one error, and nobody is asked to rename it."""
    plan = platform.resolve(from_mapping({"notes.txt": ""}, links={"Dockerfile": target}), Inputs(), DETECTED).plan
    [found] = [one for one in plan.diagnostics if one.severity != "info"]
    assert why in " ".join((*found.facts, found.help or ""))
    assert "no Dockerfile" not in found.message
