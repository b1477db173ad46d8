"""Cron jobs beside a running `up`. The real `emu`, on the real engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

BLUEPRINT = """
services:
  - {type: cron, name: report, runtime: docker, plan: starter, schedule: "0 3 1 1 *"}
"""
REPORT = "import os, time\nprint('report begins', flush=True)\ntime.sleep(os.path.exists('/slow') and 60)\n"


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A cron job alone; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(REPORT, render_yaml=BLUEPRINT)
        yield place


def test_a_cron_job_alone_waits(place: Place) -> None:
    """`up` says when that is, and stays; `cron run` has that one run it, and follows to the verdict."""
    with Running(place) as up:
        due = up.until("cron")
        assert (due["state"], due["due"][4:]) == ("scheduled", "-01-01T03:00:00Z")
        assert up.until("verdict")["verdict"] == "live"
        ran = place.emu("cron", "run", "report", "--format", "json")
        assert (ran.code, ran.lines()[-1]["verdict"]) == (0, "succeeded")
        told = [event.get("state") or event.get("line") for event in ran.lines()]
        assert [one for one in told if one] == ["started", "report begins", "succeeded"]
        assert place.emu("cron", "run", "nothing").code == 2
        assert up.interrupt()[0] == 130


def test_runs_by_hand(place: Place) -> None:
    """Which ends with 1 and says so; Ctrl-C in the second terminal cancels the second."""
    place.write(REPORT, run="touch /slow", render_yaml=BLUEPRINT)
    with Running(place) as up:
        up.until("verdict")
        with Running(place, "report", verb="cron run") as first:
            first.until("log")
            with Running(place, "report", verb="cron run") as second:
                assert (first.ends()[0], first.events[-1]["verdict"]) == (1, "canceled")
                second.until("log")
                assert second.interrupt()[0] == 130
        wait_for(lambda: [e["state"] for e in up.so_far() if e["event"] == "cron"][-2:] == ["canceled", "scheduled"])
        assert up.interrupt()[0] == 130
