"""`kill -9` at random moments, some of many: `tests/bench/kills.py` does the rest. EMU_KILLS sets how many, EMU_SEED
which."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench.kills import kills
from tests.places import tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]


def test_nothing_is_left_after_kills_at_random_moments(tmp_path: Path, engine: "DockerClient") -> None:
    """After the command that follows a kill no container, network, folder, process, socket or half a file of the
    project is left, and nothing that is not the project's is touched."""
    count, seed = int(os.environ.get("EMU_KILLS", "8")), int(os.environ.get("EMU_SEED", "2"))
    print(f"{count} kills with EMU_SEED={seed}")
    with tidied(tmp_path, engine) as place:
        assert len(list(kills(place, engine, count=count, seed=seed))) == count
