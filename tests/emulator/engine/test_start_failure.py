"""The texts are what engine 26.1 with runc 1.1 said when the thing was really done."""

import pytest

from emulator.engine.start_failure import start_failure

RUNC = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: "
)


@pytest.mark.parametrize(
    ("text", "kind", "exit_code"),
    [
        ('exec: "nosuch": executable file not found in $PATH: unknown', "not-found", 127),
        ('exec: "/nosuch/x": stat /nosuch/x: no such file or directory: unknown', "not-found", 127),
        ('exec: "": executable file not found in $PATH: unknown', "not-found", 127),
        ('exec: "/etc": is a directory: unknown: permission denied', "not-executable", 126),
        ('exec: "/etc/passwd": permission denied: unknown', "not-executable", 126),
        pytest.param(
            "error during container init: error setting cgroup config for procHooks process: "
            "unable to set memory limit to 6291456 (current usage: 10104832, peak usage: 10596352): unknown",
            "memory",
            137,
        ),
        ("exec /app/server: exec format error", "format", 126),
        ("something new", "other", 126),
    ],
)
def test_why_a_process_could_not_start(text, kind, exit_code):
    """The runtime's words become a kind, without the layers they came through."""
    failure = start_failure(RUNC + text)
    assert failure is not None
    assert (failure.kind, failure.exit_code) == (kind, exit_code)
    assert "OCI runtime" not in failure.message


def test_missing_user():
    """The engine itself says so, without the runtime."""
    failure = start_failure("unable to find user nobodyhere: no matching entries in passwd file", 128)
    assert failure is not None
    assert (failure.kind, failure.exit_code) == ("user", 128)


def test_other_troubles_are_not_the_apps():
    """A taken port is this machine's matter."""
    assert start_failure("Bind for 127.0.0.1:80 failed: port is already allocated") is None
