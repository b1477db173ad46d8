"""The texts are what engine 26.1 and SDK 7.2 said when the thing was really done."""

import pytest

from emulator.engine.host_problems import host_problem, known_host_problem, pull_problem
from emulator.model.diagnostic import Fault

NO_SOCKET = "FileNotFoundError: [Errno 2] No such file or directory"
REFUSED = (
    "DockerException: Error while fetching server API version: HTTPConnectionPool(host='127.0.0.1', port=1): Max "
    "retries exceeded with url: /version (Caused by NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=1): "
    'Failed to establish a new connection: [Errno 111] Connection refused"))'
)
PORT_BY_CONTAINER = (
    "driver failed programming external connectivity on endpoint xs1 (57b7eebaa85a): Bind for 127.0.0.1:23456 failed: "
    "port is already allocated"
)
PORT_BY_PROCESS = (
    "driver failed programming external connectivity on endpoint xs1 (33de8ac3118b): Error starting userland proxy: "
    "listen tcp4 127.0.0.1:33817: bind: address already in use"
)
NAME = (
    'Conflict. The container name "/xs2" is already in use by container "9022a46430a6". You have to remove (or rename) '
    "that container to be able to reuse that name."
)
PLATFORM = (
    "image with reference python:3.11-slim was found but does not match the specified platform: wanted linux/arm64, "
    "actual: linux/amd64"
)
BRIDGE_IN_A_BUILD = (
    'process "/bin/sh -c echo hello" did not complete successfully: failed to create endpoint e6yekdmyiwwb on network '
    "bridge: adding interface veth9bffe47 to bridge docker0 failed: Device does not exist"
)
BRIDGE_AT_A_START = (
    "failed to create endpoint emu-34ee51cf7816-shop-3-1-1 on network bridge: adding interface veth2d33e5b to bridge "
    "docker0 failed: Device does not exist"
)
DISK = "failed to solve: failed to register layer: write /usr/lib/x: no space left on device"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (NO_SOCKET, "host/no-engine", "unix:///s"),
        (REFUSED, "host/no-engine", "unix:///s"),
        (
            "ERROR: Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?",
            "host/no-engine",
            "",
        ),
        ("PermissionError: [Errno 13] Permission denied", "host/engine-permission", "unix:///s"),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "host/engine-permission",
            "may not",
        ),
        ("('Connection aborted.', RemoteDisconnected('Remote end closed connection'))", "host/engine-lost", "lost"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "host/no-engine", ""),
        (PORT_BY_CONTAINER, "host/port-taken", "port 23456"),
        (PORT_BY_PROCESS, "host/port-taken", "port 33817"),
        (BRIDGE_IN_A_BUILD, "host/engine-network", "its network"),
        (BRIDGE_AT_A_START, "host/engine-network", "its network"),
        (NAME, "host/name-taken", "named xs2"),
        (PLATFORM, "host/platform-mismatch", "made for linux/amd64, the platform runs linux/arm64"),
        ("No such image: nosuch:1", "host/image-missing", "nosuch:1"),
        (DISK, "host/disk-full", "disk is full"),
        ("Minimum memory limit allowed is 6MB", "host/memory-too-small", "6MB"),
        ("no command specified", "image/no-command", "nothing to run"),
        ("the working directory 'rel' is invalid, it needs to be an absolute path", "image/workdir", "rel"),
        (
            "lstat /var/lib/docker/overlay2/ee96/merged/etc/passwd/x: not a directory",
            "image/workdir",
            "/etc/passwd/x cannot be entered",
        ),
    ],
)
def test_what_the_engine_says_in_plain_words(text, code, words):
    """Each trouble has its code, names the thing at hand, and one thing to do."""
    found = known_host_problem(text, endpoint="unix:///s", during="testing")
    assert found is not None
    assert found.code == code
    assert words in found.message
    assert found.help
    assert "{" not in found.message + found.help
    assert found.fault is (Fault.APP if code.startswith("image/") else Fault.HOST)


@pytest.mark.parametrize(
    "text",
    [
        "failed to solve: failed to load cache key: Get http://x/y: dial tcp 127.0.0.1:9: connect: connection refused",
        "error from sender: open /repo/secret: permission denied",
        "failed to solve: rpc error: code = Unknown desc = something new",
    ],
)
def test_a_builders_own_failures_are_not_the_engines(text):
    """An ADD from a dead server or an unreadable file of the user's does not mean that Docker is off."""
    assert known_host_problem(text) is None


def test_unknown_words_are_shown_as_they_are():
    """Nothing is swallowed: what is not in the table is told in the engine's words."""
    found = host_problem("something\n  quite new", during="starting web")
    assert found.message.endswith("something quite new")
    assert found.facts == ("while starting web",)


def test_registry_that_does_not_answer_is_this_machines_matter():
    """Exit code 3: the platform may well have the image."""
    problem = pull_problem('Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', "r.example/app:1")
    assert (problem.exit_code, problem.diagnostic.code) == (3, "host/no-registry")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("manifest for python:9.99 not found: manifest unknown: manifest unknown", "image/not-found"),
        ("pull access denied for nosuch/x, repository does not exist or may require 'docker login'", "image/denied"),
    ],
)
def test_image_that_is_not_there_fails_the_deploy(text, code):
    """Exit code 1: the platform would say the same."""
    problem = pull_problem(text, "python:9.99")
    assert (problem.exit_code, problem.diagnostic.code, problem.diagnostic.fault) == (1, code, Fault.APP)
