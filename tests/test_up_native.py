"""Native services and Node images, built and booted for real with their own package managers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.labels import PROJECT, project_id
from tests.running_emu import run_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]


@pytest.fixture
def project(tmp_path: Path, engine: "DockerClient") -> Iterator[Path]:
    """A repository in a folder of its own; its images are gone after the test."""
    root = tmp_path / "emu-test-native"
    root.mkdir()
    yield root
    for image in engine.images.list(filters={"label": f"{PROJECT}={project_id(str(root))}"}):
        engine.images.remove(image.id, force=True)


def _up(project: Path, files: Mapping[str, str]) -> list[Any]:
    for name, text in files.items():
        (project / name).write_text(text)
    ran = run_emu("up", "--once", "--format", "json", "--platform", "render", "--root", str(project))
    return [json.loads(line) for line in ran.out.splitlines()]


def _lines(events: list[Any], stream: str) -> list[str]:
    return [event["line"] for event in events if event["event"] == "log" and event["stream"] == stream]


def test_uv_of_the_platforms_version_fills_the_services_environment(project: Path) -> None:
    """Beside a uv.lock uv is there, and works in the virtual environment that the process runs in."""
    events = _up(project, {
        "render.yaml": "services:\n  - type: worker\n    name: w\n    runtime: python\n"
                       "    buildCommand: uv --version && uv sync --frozen\n    startCommand: python app.py\n",
        "pyproject.toml": '[project]\nname = "w"\nversion = "1"\nrequires-python = ">=3.9"\n',
        "uv.lock": 'version = 1\nrequires-python = ">=3.9"\n\n[[package]]\nname = "w"\nversion = "1"\n'
                   'source = { virtual = "." }\n',
        "app.py": "import sys, time\nprint('runs in', sys.prefix, flush=True)\ntime.sleep(60)\n",
    })  # fmt: skip
    assert events[-1]["verdict"] == "live", events[-1]
    assert any(line.startswith("uv 0.10.2") for line in _lines(events, "build"))
    assert "runs in /opt/render/project/src/.venv" in _lines(events, "stdout")


def test_a_dockerfile_on_node_is_built_where_no_registry_answers(project: Path, engine: "DockerClient") -> None:
    """On the Node that its tag names, with npm; what stands in for Alpine is told to be none."""
    events = _up(project, {
        "Dockerfile": 'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "."]\n',
        "package.json": '{"name": "w", "version": "1.0.0", "main": "index.js", "dependencies": {"ms": "2.1.3"}}\n',
        "index.js": "console.log(process.version, require('ms')('1 s'));\n"
                    "require('http').createServer((_, to) => to.end()).listen(process.env.PORT, '0.0.0.0');\n",
    })  # fmt: skip
    assert events[-1]["verdict"] == "live", events[-1]
    [said] = [line for line in _lines(events, "stdout") if line.startswith("v20.")]
    assert said.endswith(" 1000")
    assert not [event for event in events if event["event"] == "mismatch"]
    told = {row["key"]: row["note"] for event in events if event["event"] == "coverage" for row in event["coverage"]}
    is_real = any("node:20-alpine" in image.tags for image in engine.images.list())
    assert is_real or "not Alpine" in told["FROM node:20-alpine"]
