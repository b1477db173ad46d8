"""What is remembered of a project: taken by one process at a time, written whole, said when it cannot be."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.edge import state as state_module
from emulator.edge.project import end_running, open_project, read_history
from emulator.edge.state import ProjectState, every_project
from emulator.model.diagnostic import HostError
from emulator.model.event import VerdictKind
from emulator.model.history import DeployRecord, History


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


A_DEPLOY = DeployRecord(deploy=7, at=0, platform="render", trigger="up", verdict=VerdictKind.LIVE, reason="")

HOLDS = """\
import sys, time
from emulator.edge.state import ProjectState
state = ProjectState("shop", {"XDG_STATE_HOME": sys.argv[1]})
assert state.lock() is None
print("taken", flush=True)
time.sleep(60)
"""


def holder(environ: dict[str, str]) -> "subprocess.Popen[str]":
    """Another process that has the project."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, environ["XDG_STATE_HOME"]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def test_what_is_written_is_read(environ: dict[str, str]) -> None:
    """By a later process as well; nothing else is left in the folder."""
    ProjectState("shop", environ).write("ports", {"web": 4711})
    again = ProjectState("shop", environ)
    assert again.read("ports") == {"web": 4711}
    assert [path.name for path in Path(again.folder).iterdir()] == ["ports.json"]
    assert again.read("never") == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "\xff", '"x"'])
def test_a_damaged_file_is_as_none(environ: dict[str, str], content: str) -> None:
    """Whatever is in it, nothing breaks."""
    state = ProjectState("shop", environ)
    state.write("ports", {})
    Path(state.folder, "ports.json").write_bytes(content.encode("latin-1"))
    assert state.read("ports") == {}


def test_ports_that_make_no_sense_are_forgotten(environ: dict[str, str]) -> None:
    """Only numbers are taken from the file."""
    with open_project("shop", environ) as project:
        address = project.address("web")
        port = address.port
        address.close()
    file = Path(ProjectState("shop", environ).folder, "ports.json")
    assert json.loads(file.read_text()) == {"web": port}
    file.write_text('{"web": "x", "other": null}')
    with open_project("shop", environ) as project:
        address = project.address("web")
        assert address.port > 0
        address.close()


def test_deploys_are_counted(environ: dict[str, str]) -> None:
    """One more each time, across processes."""
    for expected in (1, 2, 3):
        with open_project("shop", environ) as project:
            assert project.next_deploy() == expected


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing fails half way: said with the folder, the file of before is whole, no half one stays."""
    state = ProjectState("shop", environ)
    state.write("ports", {"web": 1})

    def full(value: object, out: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(state_module.json, "dump", full)
    with pytest.raises(HostError) as caught:
        state.write("ports", {"web": 2})
    assert caught.value.diagnostic.code == "host/state-folder"
    assert "No space left" in caught.value.diagnostic.message
    assert [path.name for path in Path(state.folder).iterdir()] == ["ports.json"]
    assert state.read("ports") == {"web": 1}


def test_a_file_where_the_folder_should_be(environ: dict[str, str], tmp_path: Path) -> None:
    """Neither the lock nor a table can be written: the same diagnostic."""
    (tmp_path / "state").write_text("")
    state = ProjectState("shop", environ)
    for work in (state.lock, lambda: state.write("ports", {})):
        with pytest.raises(HostError) as caught:
            work()
        assert caught.value.diagnostic.code == "host/state-folder"
    assert state.owner() is None
    assert every_project(environ) == []


def test_one_process_at_a_time(environ: dict[str, str]) -> None:
    """The second is told the number of the first; when that is gone, however it went, the project is free."""
    with holder(environ) as first:
        state = ProjectState("shop", environ)
        assert state.lock() == first.pid
        assert state.owner() == first.pid
        with pytest.raises(HostError) as caught, open_project("shop", environ):
            pass
        assert (caught.value.exit_code, str(first.pid) in caught.value.diagnostic.message) == (2, True)
        first.kill()
        first.wait()
        assert state.owner() is None
        assert state.lock() is None
        state.unlock()


def test_an_owner_without_a_number(environ: dict[str, str]) -> None:
    """It has the lock and has not written its number yet: refused without one."""
    first, second = ProjectState("shop", environ), ProjectState("shop", environ)
    assert first.lock() is None
    Path(first.folder, "lock").write_text("")
    assert second.lock() == 0
    with pytest.raises(HostError) as caught, open_project("shop", environ):
        pass
    assert caught.value.diagnostic.message == "`emu up` already runs for this project"
    first.unlock()


def test_ending_another(environ: dict[str, str]) -> None:
    """Whoever holds a project is asked to end; a number left in the file of one that is gone is not signalled."""
    with holder(environ) as first:
        ProjectState("other", environ).write("ports", {})
        Path(ProjectState("other", environ).folder, "lock").write_text(str(os.getpid()))
        assert end_running(None, environ) == 1
        assert first.wait(timeout=5) != 0
    assert end_running("shop", environ) == 0


def test_what_a_killed_one_left_half_done_is_removed(environ: dict[str, str]) -> None:
    """The socket that nobody listens on, and a file that was not renamed yet; what is whole stays."""
    with holder(environ) as process:
        process.kill()
    folder = Path(ProjectState("shop", environ).folder)
    for name in ("control", "ports.json.new", "ports.json"):
        (folder / name).write_text("{}")
    assert end_running("shop", environ) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "ports.json"]


def test_what_the_steps_of_builds_took(environ: dict[str, str]) -> None:
    """By service, in later runs as well; what is damaged counts as not known."""
    with open_project("shop", environ) as project:
        project.keep_step_times("web", {"RUN make": 2.5})
        project.keep_step_times("api", {"RUN pip install": 38})
    with open_project("shop", environ) as project:
        assert project.step_times("web") == {"RUN make": 2.5}
        ProjectState("shop", environ).write("build-steps", {"web": {"a": "x", "b": 1, "c": -1}, "api": [1]})
        assert (project.step_times("web"), project.step_times("api")) == ({"b": 1.0}, {})


def kept_history(environ: dict[str, str], content: bytes) -> History:
    state = ProjectState("shop", environ)
    state.write("history", {})
    Path(state.folder, "history.json").write_bytes(content)
    return read_history(state)


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["deploys", "deploy", "at"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_whatever_is_in_a_history_it_is_read(content: bytes) -> None:
    """Any bytes, any JSON: what is no deploy is counted, and a deploy can be written down after it."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"XDG_STATE_HOME": folder}
        found = kept_history(environ, content)
        assert found.unreadable is None or found.unreadable >= 0
        with open_project("shop", environ) as project:
            project.record(A_DEPLOY)
            assert project.history().deploys[-1].deploy == 7


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"deploys": ' + b"[" * 100_000, b'{"deploys": [1e999, 1'])
def test_a_history_that_is_no_document(environ: dict[str, str], content: bytes) -> None:
    """However it came about: it is said to be damaged as a whole."""
    assert kept_history(environ, content) == History(unreadable=None)


def test_a_history_of_another_version(environ: dict[str, str]) -> None:
    """An older one knew less of each deploy, a newer one knows more; one that is damaged costs no other."""
    old = {"deploy": 1, "at": 5, "platform": "render", "trigger": "up", "verdict": "live", "reason": ""}
    content = json.dumps({"deploys": [old, {**old, "deploy": 2, "invented": [1]}, {**old, "deploy": "x"}, 3]})
    found = kept_history(environ, content.encode())
    assert ([one.deploy for one in found.deploys], found.unreadable) == ([1, 2], 2)


def test_the_plan_of_the_deploy_before(environ: dict[str, str]) -> None:
    """In later runs as well; one that cannot be read counts as none."""
    with open_project("shop", environ) as project:
        assert project.last_plan() is None
        ProjectState("shop", environ).write("plan", {"schema": 7})
        assert project.last_plan() is None
