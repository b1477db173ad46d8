"""What `up` does about builds that this machine makes harder than the platform does."""

import json
from pathlib import Path

import pytest

from tests.running_emu import run_emu

pytestmark = pytest.mark.docker


def test_a_frontend_that_cannot_be_fetched_is_replaced_and_told(tmp_path: Path):
    """A `# syntax=` line whose registry does not answer is built by the engine's own frontend, and the run says so."""
    (tmp_path / "Dockerfile").write_text(
        "# syntax=registry.invalid/dockerfile:1\n"
        "FROM python:3.11-slim\n"
        'CMD ["python", "-m", "http.server", "--bind", "0.0.0.0", "10000"]\n'
    )
    ran = run_emu("up", "--once", "--format", "json", str(tmp_path))
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert events[-1]["verdict"] == "live", ran.out
    (told,) = [c for e in events if e["event"] == "coverage" for c in e["coverage"] if "syntax" in c["key"]]
    assert told["key"] == "Dockerfile # syntax="
    assert told["fidelity"] == "approximate"


def test_emu_toml_replaces_a_base_image(tmp_path: Path):
    """[base-images] of emu.toml builds on another image without touching the Dockerfile."""
    (tmp_path / "emu.toml").write_text('[base-images]\n"registry.invalid/python:9" = "python:3.11-slim"\n')
    (tmp_path / "Dockerfile").write_text(
        'FROM registry.invalid/python:9\nCMD ["python", "-m", "http.server", "--bind", "0.0.0.0", "10000"]\n'
    )
    ran = run_emu("up", "--once", "--format", "json", str(tmp_path))
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert events[-1]["verdict"] == "live", ran.out
    notes = [
        c["note"] for e in events if e["event"] == "coverage" for c in e["coverage"] if c["key"].startswith("FROM")
    ]
    assert notes
    assert "built on python:3.11-slim instead" in notes[0]
