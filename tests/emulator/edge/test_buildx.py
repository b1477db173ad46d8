"""The program that `docker buildx` runs, found where docker's command finds it; and whose fault it is when it fails."""

import json
import threading
from pathlib import Path

import pytest

from emulator.edge.buildx import build, builder, plugin, prefers_local
from emulator.edge.host import Endpoint
from emulator.model.diagnostic import Fault, HostError
from emulator.model.record import replace
from emulator.world.building import BuildRequest
from emulator.world.docker import EngineFacts


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


SAID = """\
Dockerfile:3
--------------------
   3 | >>> RUN echo hello
--------------------
ERROR: failed to solve: process "/bin/sh -c echo hello" did not complete successfully: failed to create endpoint e6yek \
on network bridge: adding interface veth9bffe47 to bridge docker0 failed: Device does not exist
"""
"""What buildx said when the engine's bridge was gone."""


def test_a_network_that_the_engine_cannot_give_is_this_machines_matter(tmp_path, environ):
    """No step of the user's failed: the exit code is 3, and the fact is the builder's sentence alone."""
    (tmp_path / "said").write_text(SAID)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    script = f'#!/bin/sh\nwhile read -r line; do echo "$line" >&2; done < {tmp_path}/said\nexit 1\n'
    for path in ("bin/docker", "config/cli-plugins/docker-buildx"):
        program(tmp_path / path).write_text(script)
    request = BuildRequest(context=str(tmp_path), dockerfile=str(tmp_path / "Dockerfile"))
    with pytest.raises(HostError) as found:
        build(request, Endpoint(url="unix:///s"), environ, lambda item: None, threading.Event())
    problem = found.value.diagnostic
    assert (problem.code, problem.fault, found.value.exit_code) == ("host/engine-network", Fault.HOST, 3)
    assert problem.facts[0] == "while building"
    assert problem.facts[1].startswith('process "/bin/sh -c echo hello" did not complete')


def test_a_variable_that_no_process_can_be_given_is_the_apps_matter(tmp_path, environ):
    """The builder cannot even be started; the variable is named, and nothing of its value."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    for path in ("bin/docker", "config/cli-plugins/docker-buildx"):
        program(tmp_path / path)
    args = {"A": "x" * 140_000, "B": "b"}
    request = BuildRequest(context=str(tmp_path), dockerfile=str(tmp_path / "Dockerfile"), args=args)
    with pytest.raises(HostError) as found:
        build(request, Endpoint(url="unix:///s"), environ, lambda item: None, threading.Event())
    problem = found.value.diagnostic
    assert (problem.code, problem.fault, found.value.exit_code) == ("image/environment", Fault.APP, 1)
    assert problem.facts == ("the longest is A: 140000 bytes",)


@pytest.mark.parametrize(
    ("engine", "buildx", "is_so"),
    [
        ("26.1.5+dfsg1", "0.13.1+ds1 0.13.1+ds1-3", True),
        ("29.0.0", "v0.29.1 a32761aeb3debd39be1eca514af3693af0db334b", True),
        ("25.0.0", "v0.12.0", True),
        ("24.0.7", "v0.13.1", False),
        ("26.1.5", "v0.11.2", False),
        ("26.1.5", "", False),
        ("dev", "v0.13.1", False),
    ],
)
def test_whether_a_base_image_that_is_here_is_taken(engine: str, buildx: str, is_so: bool) -> None:
    """With the images in containerd: by what both say they are. What is not known counts as asking a registry."""
    assert prefers_local(engine, buildx) is is_so


def test_only_with_the_images_in_containerd_the_builder_may_ask_a_registry(environ, tmp_path):
    """Its version is asked for there, of the program that builds."""
    own = program(tmp_path / "config/cli-plugins/docker-buildx")
    facts = EngineFacts(
        version="26.1.5", api="1.45", os="linux", arch="x86_64", name="here", endpoint="unix:///s", local=True,
        id="one",
    )  # fmt: skip
    in_containerd = replace(facts, images_in_containerd=True)
    endpoint = Endpoint(url="unix:///s")
    for text, asks in (("echo github.com/docker/buildx v0.13.1 x", False), ("exit 1", True)):
        own.write_text(f"#!/bin/sh\n{text}\n")
        own.touch()
        assert builder(in_containerd, endpoint, environ).asks_registries is asks
        assert not builder(facts, endpoint, environ).asks_registries
