"""The program that `docker buildx` runs, found where docker's command finds it."""

import json
from pathlib import Path

import pytest

from emulator.edge.buildx import plugin


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A docker command, and a folder for its settings."""
    program(tmp_path / "bin/docker")
    return {"PATH": str(tmp_path / "bin"), "DOCKER_CONFIG": str(tmp_path / "config")}


def test_the_users_own_plugin_comes_before_the_systems(tmp_path, environ):
    own = program(tmp_path / "config/cli-plugins/docker-buildx")
    assert plugin(environ) == str(own)


def test_folders_that_the_settings_name_come_first(tmp_path, environ):
    """As Homebrew sets it up. What cannot be run is none."""
    program(tmp_path / "config/cli-plugins/docker-buildx")
    named = program(tmp_path / "brew/docker-buildx")
    folders = [str(tmp_path / "nowhere"), str(named.parent)]
    (tmp_path / "config/config.json").write_text(json.dumps({"cliPluginsExtraDirs": folders}))
    assert plugin(environ) == str(named)
    named.chmod(0o644)
    assert plugin(environ) == str(tmp_path / "config/cli-plugins/docker-buildx")


@pytest.mark.parametrize("settings", ["", "[]", '{"cliPluginsExtraDirs": 1}', '{"cliPluginsExtraDirs": [1]}'])
def test_settings_that_cannot_be_understood_name_none(tmp_path, environ, settings):
    own = program(tmp_path / "config/cli-plugins/docker-buildx")
    (tmp_path / "config/config.json").write_text(settings)
    assert plugin(environ) == str(own)


def test_without_a_docker_command_there_is_none(tmp_path, environ):
    program(tmp_path / "config/cli-plugins/docker-buildx")
    (tmp_path / "bin/docker").unlink()
    assert plugin(environ) is None
