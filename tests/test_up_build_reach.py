"""A native build that fills a datastore, as a migration in a build command does. The real `emu`, on the real engine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

BLUEPRINT = """\
services:
  - type: worker
    name: packer
    runtime: python
    plan: starter
    buildCommand: python store.py INCR
    startCommand: python store.py GET && sleep 60
    envVars:
      - {key: CACHE_URL, fromService: {type: keyvalue, name: cache, property: connectionString}}
  - {type: keyvalue, name: cache, plan: starter, ipAllowList: []}
"""
STORE = """\
import os, socket, sys, urllib.parse
at = urllib.parse.urlsplit(os.environ["CACHE_URL"])
with socket.create_connection((at.hostname, at.port), timeout=5) as store:
    store.sendall(f"{sys.argv[1]} migrations\\r\\n".encode())
    answer = store.recv(100).decode().split()
print("migrations:", answer[-1], flush=True)
sys.exit(answer[-1] == "$-1")
"""


def _migrations(place: Place) -> list[str]:
    """What the process finds."""
    ran = place.emu("up", "--once", "--format", "json", "--created-from", "blueprint")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0, events[-1]
    lines = [e["line"] for e in events if e["event"] == "log" and e["stream"] == "stdout" and e["service"] == "packer"]
    return [line for line in lines if line.startswith("migrations")]


def test_a_build_reaches_the_datastores_of_its_service(tmp_path: Path, engine: "DockerClient") -> None:
    """They are up before it. A build from the cache has run once for the data that are there, and runs again for new
    ones."""
    with tidied(tmp_path, engine) as place:
        (place.root / "render.yaml").write_text(BLUEPRINT)
        (place.root / "store.py").write_text(STORE)
        try:
            assert _migrations(place) == ["migrations: 1"]
            first = _migrations(place)
            assert first == _migrations(place)
            assert place.emu("down", "--data").code == 0
            assert _migrations(place) == ["migrations: 1"]
        finally:
            place.emu("down", "--data")
