import pytest
from dockerfile import parse_string
from hypothesis import given
from hypothesis import strategies as st

from emulator.engine.docker_args import (
    build_command,
    container_config,
    label_filter,
    refuse_replaced_stage,
    without_syntax_line,
)
from emulator.model.diagnostic import UsageError
from emulator.world.building import BuildRequest
from emulator.world.containers import ContainerSpec


def spec(**changes) -> ContainerSpec:
    return ContainerSpec(**{"image": "app", "name": "web", **changes})


def command(**changes) -> tuple[tuple[str, ...], dict[str, str]]:
    request = BuildRequest(**{"context": "/repo", "dockerfile": "/repo/Dockerfile", **changes})
    made = build_command(request, dockerfile="/repo/Dockerfile", builder="default", metadata="/tmp/id")
    return made.argv, dict(made.environ)


@pytest.mark.parametrize(
    ("argv", "entrypoint", "cmd"),
    [
        (("gunicorn", "app:app"), ["gunicorn"], ["app:app"]),
        (("app",), ["app"], []),
        (("app", "", "a b", "$X"), ["app"], ["", "a b", "$X"]),
        (("", "x"), ["", "x"], []),
    ],
)
def test_argv_replaces_entrypoint_and_cmd(argv, entrypoint, cmd):
    """The container executes the argv word for word: the image's ENTRYPOINT and CMD are both replaced."""
    config = container_config(spec(argv=argv))
    assert (config["Entrypoint"], config["Cmd"]) == (entrypoint, cmd)


def test_no_argv_keeps_the_images_command():
    """Neither is sent, so that the image's own stand."""
    assert not {"Entrypoint", "Cmd"} & container_config(spec()).keys()


def test_container_gets_nothing_of_the_host():
    """Environment as given and no more, no DNS search, no init, no files, ports on 127.0.0.1 only."""
    config = container_config(spec(env={"A": "1", "B": ""}, publish={8000: 0, 9000: 9001}, memory_mib=512))
    host = config["HostConfig"]
    assert config["Env"] == ["A=1", "B="]
    assert host["DnsSearch"] == ["."]
    assert host["Init"] is False
    assert "Binds" not in host
    assert host["PortBindings"] == {
        "8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
        "9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9001"}],
    }
    assert host["Memory"] == host["MemorySwap"] == 512 * 1024 * 1024


def test_secret_values_are_not_on_the_command_line():
    """Build arguments and secrets travel in the environment; the command line holds their names."""
    argv, environ = command(args={"TOKEN": "hush-1"}, secrets={"npm": "hush-2"})
    assert not any("hush" in word for word in argv)
    assert argv[argv.index("--build-arg") :][:2] == ("--build-arg", "TOKEN")
    assert argv[argv.index("--secret") :][:2] == ("--secret", "id=npm,env=EMU_BUILD_SECRET_0")
    assert environ == {"TOKEN": "hush-1", "EMU_BUILD_SECRET_0": "hush-2"}


@pytest.mark.parametrize("name", ["PATH", "HOME", "DOCKER_HOST", "BUILDX_BUILDER", "LD_PRELOAD"])
def test_argument_that_would_steer_docker_itself_stays_out_of_its_environment(name):
    """A service may have a variable PATH; the docker command must not run with it."""
    argv, environ = command(args={name: "x"})
    assert f"{name}=x" in argv
    assert environ == {}


def test_argument_with_a_name_like_dockers_own_still_travels_hidden():
    """Only names that docker reads are excepted."""
    argv, environ = command(args={"DOCKER_PASSWORD": "hush", "MY_PATH": "/x"})
    assert environ == {"DOCKER_PASSWORD": "hush", "MY_PATH": "/x"}
    assert not any("hush" in word for word in argv)


def test_whole_build_command():
    """Every part of a request is in the command, and the context comes last."""
    argv, _ = command(
        target="prod",
        tag="emu/web:1",
        labels={"emu.project": "p"},
        base_images={"a:1": "b:2"},
        hosts={"db": "172.17.0.2"},
        no_cache=True,
        pull=True,
    )
    assert argv == (
        "docker", "buildx", "build", "--builder", "default", "--progress=rawjson", "--load", "--provenance=false",
        "--metadata-file", "/tmp/id", "--platform", "linux/amd64", "--file", "/repo/Dockerfile",
        "--build-context", "a:1=docker-image://b:2", "--add-host", "db:172.17.0.2", "--label", "emu.project=p",
        "--tag", "emu/web:1", "--target", "prod", "--no-cache", "--pull", "/repo",
    )  # fmt: skip


def test_secrets_have_no_repr():
    """A request or a container that is printed by accident shows names alone."""
    assert "hush" not in repr(BuildRequest(context="/", dockerfile="/d", args={"A": "hush"}, secrets={"s": "hush"}))
    assert "hush" not in repr(spec(env={"A": "hush"}))


@pytest.mark.parametrize("line", ["FROM x AS base", "from --platform=linux/amd64 x  as Base", "  FROM x as base # no"])
def test_key_that_is_a_stage_is_refused(line):
    """BuildKit would replace the stage, not a base image."""
    with pytest.raises(UsageError) as refused:
        refuse_replaced_stage(f"ARG V=1\n{line}\nFROM base\n", {"base": "other"})
    assert refused.value.exit_code == 2


def test_key_that_is_no_stage_is_accepted():
    """The image a stage is made from may be replaced."""
    refuse_replaced_stage("FROM python:3.11-slim AS base\nFROM base AS last\n", {"python:3.11-slim": "mirror/python"})


def test_syntax_line_goes_and_everything_else_stays():
    """The lines keep their numbers and an escape directive after it still counts."""
    text = b"# syntax=docker/dockerfile:1.7\r\n# escape=`\r\nFROM x\r\nRUN a `\r\n  b\r\n"
    plain = without_syntax_line(text)
    assert b"# syntax" not in plain
    assert plain.count(b"\n") == text.count(b"\n")
    assert [one.value for one in parse_string(plain.decode())] == [one.value for one in parse_string(text.decode())]


@pytest.mark.parametrize(
    "text", [b"FROM x\n# syntax=y\n", b"#\n# syntax=y\nFROM x\n", b"\n# syntax=y\n", b"", b"# a comment\n"]
)
def test_syntax_that_is_no_directive_is_left(text):
    """After the first line that is no directive, the words are a comment."""
    assert without_syntax_line(text) == text


@given(st.binary())
def test_any_bytes_come_through(text):
    """A Dockerfile that is none breaks nothing here: the builder says what is wrong."""
    assert without_syntax_line(text).count(b"\n") == text.count(b"\n")


def test_label_with_empty_value_matches_any():
    """The engine filters by the name alone."""
    assert label_filter({"emu.project": "a b", "emu.service": ""}) == ["emu.project=a b", "emu.service"]
