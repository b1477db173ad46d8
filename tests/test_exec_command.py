"""`emu exec`: which container is meant, and the command in it, with the real engine."""

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.commands.exec import chosen
from emulator.commands.running import Running as Entry
from emulator.model.control import Role
from emulator.model.diagnostic import HostError, UsageError
from tests.bench.load import APP
from tests.bench.replace import RENDER
from tests.places import Place, Running, tidied, wait_for
from tests.running_emu import CHECKOUT, EMU, environment, heed_ctrl_c, published, run_emu

if TYPE_CHECKING:
    from docker import DockerClient


def entry(id: str, service: str = "web", deploy: int = 1, instance: int = 1, container: str | None = None) -> Entry:
    return Entry(
        id=id, name=id, root="/shop", service=service, deploy=deploy, state="running", started_at=None, exit_code=None,
        instance=instance, container=container,
    )  # fmt: skip


def test_the_deploy_that_serves_is_meant() -> None:
    """Not the newer one that comes, nor an older one that leaves; its first instance."""
    found = [entry("new", deploy=3), entry("two", deploy=2, instance=2), entry("one", deploy=2), entry("old", deploy=1)]
    roles: dict[str, Role] = {"new": "coming", "two": "serving", "one": "serving", "old": "leaving"}
    assert chosen(found, roles).id == "one"
    assert chosen(found, roles, deploy=3).id == "new"
    assert chosen(found, roles, instance=2).id == "two"
    assert chosen(found, {}).id == "new", "without an `up` that could say: the newest"


def test_what_is_not_clear_is_asked_back() -> None:
    with pytest.raises(UsageError) as several:
        chosen([entry("a"), entry("b", service="api")], {})
    assert several.value.diagnostic.help == "say which: --service api"
    sidecars = [entry("a", container="rates"), entry("b", container="app"), entry("c", deploy=0, container="old")]
    with pytest.raises(UsageError) as containers:
        chosen(sidecars, {})
    assert "several containers: app, rates" in containers.value.diagnostic.message
    assert chosen(sidecars, {}, container="rates").id == "a"
    with pytest.raises(UsageError) as none:
        chosen(sidecars, {}, deploy=9)
    assert "web (deploy 1, instance 1) container rates" in str(none.value.diagnostic.help)
    with pytest.raises(HostError):
        chosen([], {})


def test_without_a_terminal_a_shell_makes_no_sense() -> None:
    ran = run_emu("exec")
    assert (ran.code, "say what to run" in ran.err) == (2, True)


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        place.write(APP, render_yaml=RENDER)
        yield place


@pytest.mark.docker
@pytest.mark.timeout(120)
def test_a_command_in_what_serves(place: Place) -> None:
    """It has the service's variables, its input is ours, and its exit code is the command's own."""
    with Running(place, "--env", "COLOUR=red") as up:
        up.until("live")
        ran = place.emu("exec", "--", "sh", "-c", "echo $COLOUR $PORT; echo aside >&2; exit 7")
        assert (ran.code, ran.out, ran.err) == (7, "red 10000\n", "aside\n")
        fed = subprocess.run(
            [*EMU, "exec", "--root", str(place.root), "cat"], cwd=CHECKOUT, env=environment(place.env),
            input="one\ntwo\n", text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (fed.returncode, fed.stdout) == (0, "one\ntwo\n")
        kept = place.emu("exec", "--format", "json", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
        published("exec").validate(document := json.loads(kept.out))
        assert (kept.code, document["exit_code"], document["stdout"], document["stderr"]) == (3, 3, "out\n", "err\n")
        assert (document["service"], document["deploy"]) == ("shop", 1)
        absent = place.emu("exec", "no-such-program")
        assert absent.code in (126, 127), "which one is the engine's to say"
        assert "no-such-program" in absent.out + absent.err
        assert place.emu("exec", "--deploy", "5", "--", "true").code == 2
        up.interrupt()
    assert place.emu("exec", "--", "true").code == 1


@pytest.mark.docker
@pytest.mark.timeout(120)
def test_a_shell_at_a_terminal(place: Place) -> None:
    """Without a command there is a shell, which knows that somebody types."""
    with Running(place) as up:
        up.until("live")
        ours, theirs = pty.openpty()
        shell = subprocess.Popen(
            [*EMU, "exec", "--root", str(place.root)], cwd=CHECKOUT, env=environment({**place.env, "TERM": "xterm"}),
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        said = _until(ours, "# ")
        os.write(ours, b"tty && echo $((40 + 2)) && exit 5\n")
        said += _until(ours, "\n42")
        assert "/dev/pts/" in said
        assert shell.wait(timeout=30) == 5
        os.close(ours)
        up.interrupt()


@pytest.mark.docker
@pytest.mark.timeout(120)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_command_ends_with_the_one_who_asked_for_it(place: Place, sent: signal.Signals) -> None:
    """The engine itself lets it go on, out of sight; what it has started ends with it."""
    inside = "import signal; signal.signal(2, lambda *_: exit(print('told', flush=True))); print('here', flush=True);"
    inside += "import subprocess; subprocess.run(['sleep', '1234'])"
    asleep = ("exec", "--", "sh", "-c", "grep -la '12[3]4' /proc/[0-9]*/cmdline | wc -l")
    with Running(place) as up:
        up.until("live")
        with subprocess.Popen(
            [*EMU, "exec", "--root", str(place.root), "--", "python", "-c", inside], cwd=CHECKOUT, text=True,
            env=environment(place.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - no threads in the child yet
        ) as asking:  # fmt: skip
            assert asking.stdout is not None
            assert asking.stdout.readline() == "here\n"
            wait_for(lambda: place.emu(*asleep).out.strip() == "2")  # it, and what it started
            asking.send_signal(sent)
            assert asking.wait(timeout=30) == 128 + sent
        ran = place.emu(*asleep)
        up.interrupt()
    assert ran.out.strip() == "0"


def _until(terminal: int, wanted: str) -> str:
    """What a terminal shows, until it shows `wanted`."""
    shown, end = "", time.monotonic() + 40
    while wanted not in shown:
        assert time.monotonic() < end, shown
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096).decode("utf-8", "replace").replace("\r", "")
    return shown
