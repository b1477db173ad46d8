"""Repairs performed for real, with harmless commands: what fails is explained, what was cut off is done again."""

import fcntl
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulator.commands import doctor
from emulator.edge import provision
from emulator.edge.host import Endpoint
from emulator.edge.provision import Performer, Progress, only_one
from emulator.edge.provision_facts import knock, look_at_sources, registry_problem
from emulator.engine.checkup import Facts
from emulator.engine.repair import Repair, Run, Write
from emulator.model.diagnostic import HostError
from emulator.model.record import replace

from .test_doctor_repair import BARE, BOOKWORM, NO_IMAGES


class Listener:
    """Collects what is said."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, text: str) -> None:
        self.text += text


@pytest.fixture
def progress():
    made = Progress(Listener(), live=False)
    yield made
    made.close()


@pytest.fixture
def performer(progress, tmp_path):
    with only_one(str(tmp_path / "work"), progress) as (lock, _):
        yield Performer(os.environ, progress, lock)


def repair(*steps, lanes=()) -> Repair:
    return Repair(id="x", title="x", because="x", steps=steps, lanes=lanes)


def sh(script: str, **more) -> Run:
    return Run(title="the step", argv=("sh", "-c", script), root=False, **more)


def test_a_failing_command_shows_its_last_lines_and_what_to_do(performer):
    """No traceback: the step, its exit code, its last words and the advice."""
    with pytest.raises(HostError) as caught:
        performer.perform(repair(sh("seq 100; echo no such mirror >&2; exit 7", advice="check the mirror")))
    found = caught.value.diagnostic
    assert found.message == "the step failed"
    assert "ended with 7" in found.facts[0]
    assert found.facts[-1] == "no such mirror"
    assert len(found.facts) < 20
    assert found.help == "check the mirror"


def test_the_first_program_of_a_pipe_counts_too(performer):
    """`tar | docker import`: an archive that was cut off must not pass because the import took what came."""
    with pytest.raises(HostError):
        performer.perform(repair(sh("echo part; exit 3", into=("cat",))))


def test_a_missing_program_is_named(performer):
    """A program that is not there is a fact, not an exception."""
    with pytest.raises(HostError) as caught:
        performer.perform(repair(Run(title="the step", argv=("no-such-program",), root=False)))
    assert "no-such-program" in caught.value.diagnostic.message


def test_later_steps_do_not_run_after_a_failure(performer, tmp_path):
    """A failed step ends the repair."""
    with pytest.raises(HostError):
        performer.perform(repair(sh("exit 1"), sh(f"touch {tmp_path}/later")))
    assert not (tmp_path / "later").exists()


def test_lanes_run_beside_each_other(performer, tmp_path):
    """Each of two lanes waits for the other's file, so neither could end alone."""

    def lane(mine: str, other: str) -> tuple[Run, ...]:
        return (sh(f"cd {tmp_path}; touch {mine}; until [ -e {other} ]; do sleep 0.05; done"),)

    performer.perform(repair(lanes=(lane("a", "b"), lane("b", "a"))))


def test_a_lane_that_fails_ends_the_others(performer):
    """Nobody waits a minute for a result that is not wanted any more."""
    began = time.monotonic()
    with pytest.raises(HostError):
        performer.perform(repair(lanes=((sh("sleep 0.3; exit 1"),), (sh("exec sleep 60"),))))
    assert time.monotonic() - began < 20


def test_an_interrupted_repair_clears_up(performer, tmp_path, monkeypatch):
    """Ctrl-C ends what runs and leaves nothing; a failure leaves the files that tell why."""
    clearing = (sh(f"rm -f {tmp_path}/part"),)
    lane = (sh(f"touch {tmp_path}/part"), sh("exit 1"))
    failing = repair(lanes=(lane,))
    with pytest.raises(HostError):
        performer.perform(replace(failing, clearing=clearing))
    assert (tmp_path / "part").exists()

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(performer, "_lanes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        performer.perform(replace(failing, clearing=clearing))
    assert not (tmp_path / "part").exists()


def test_a_step_gets_its_input_and_environment(performer, tmp_path):
    """A script on stdin, variables of its own."""
    performer.perform(
        repair(sh(f'cat >{tmp_path}/in; echo "$NAME" >{tmp_path}/name', input="text", env={"NAME": "value"}))
    )
    assert (tmp_path / "in").read_text() == "text"
    assert (tmp_path / "name").read_text() == "value\n"


def test_files_are_written_whole(performer, tmp_path):
    """The folder is made, nothing half-written is left beside the file."""
    performer.perform(repair(Write(path=f"{tmp_path}/a/b/file", text="one\n")))
    assert [p.name for p in (tmp_path / "a/b").iterdir()] == ["file"]


def test_what_takes_long_is_said_with_its_time():
    """After a second a line with the elapsed time appears, and one at its end; what is quick stays silent."""
    said = Listener()
    progress = Progress(said, live=False)
    with progress.stage("quick"):
        pass
    with progress.stage("slow"):
        time.sleep(1.6)
    progress.close()
    assert re.fullmatch(r"  slow … 1 s\n  slow: done \(2 s\)\n", said.text)


def test_a_second_repair_waits_for_the_first(progress, tmp_path):
    """Also for what a killed one left running: the programs it started hold the lock."""
    with only_one(str(tmp_path), progress) as (lock, waited):
        assert not waited
        child = subprocess.Popen(["sleep", "1"], pass_fds=(lock,))
    with only_one(str(tmp_path), progress) as (_, waited):
        assert waited
    child.wait()


def test_a_daemon_does_not_hold_the_lock(progress, tmp_path, monkeypatch):
    """The engine outlives the repair that started it; the next repair must not wait for it."""
    monkeypatch.setattr(provision, "answers", lambda _: False)
    monkeypatch.setattr(provision, "START_SECONDS", 0.5)
    log, pid = tmp_path / "log", tmp_path / "pid"
    launch = provision.Launch(
        title="starting", argv=("sh", "-c", f"echo $$ >{pid}; echo up; exec sleep 30"), log=str(log), pid_files={}
    )
    with only_one(str(tmp_path / "work"), progress) as (lock, _), pytest.raises(HostError) as caught:
        Performer({**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none"}, progress, lock).perform(repair(launch))
    try:
        assert "up" in caught.value.diagnostic.facts
        file = os.open(tmp_path / "work/lock", os.O_RDWR)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(file)
    finally:
        os.kill(int(pid.read_text()), 9)


def start_daemon(tmp_path, pid_file_says: str) -> tuple[bool, bool]:
    """Run the start script for a "daemon" `sleep` whose pid file has this text: whether it was started, and whether the
    file was left alone."""
    pid, log = tmp_path / "pid", tmp_path / "log"
    pid.write_text(pid_file_says)
    environ = {**os.environ, "LOG": str(log), "PID_FILES": f"{pid}=sleep"}
    subprocess.run(["sh", "-c", provision.START, "sleep", "0"], env=environ, check=True)
    until = time.monotonic() + 1
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return log.exists(), pid.exists()


def test_a_daemon_that_lives_is_not_started_again(tmp_path):
    """It may be slow to answer; a second one would only fail."""
    with subprocess.Popen(["sleep", "30"]) as alive:
        assert start_daemon(tmp_path, str(alive.pid)) == (False, True)
        alive.kill()


def test_a_stale_pid_file_does_not_keep_the_daemon_from_starting(tmp_path):
    """Of a dead process, of another program that got the number later, of one that is dead but not buried, or empty."""
    with subprocess.Popen(["sleep", "0"]) as zombie:
        time.sleep(0.3)
        for says in ("999999999", str(os.getpid()), str(zombie.pid), ""):
            (tmp_path / "log").unlink(missing_ok=True)
            assert start_daemon(tmp_path, says) == (True, False), says


def test_knocking_tells_absent_from_refused(tmp_path):
    """No socket, a socket nobody listens on, and one that somebody does."""
    assert knock(Endpoint(url=f"unix://{tmp_path}/none"))[0] == "nothing-there"
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # a socket's path may have 108 bytes only
    try:
        server.bind("s")
        assert knock(Endpoint(url="unix://s"))[0] == "refused"
        server.listen()
        assert knock(Endpoint(url="unix://s"))[0] is None
    finally:
        os.chdir(here)
        server.close()
    assert knock(Endpoint(url="ssh://box"))[0] == "ssh"
    assert knock(Endpoint(url="tcp://127.0.0.1:1"))[0] == "refused"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('Get "https://r.example/v2/": dial tcp: lookup r.example on 10.0.0.1:53: no such host', "dns"),
        ("dial tcp 10.0.0.1:443: connect: no route to host", "route"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "refused"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "certificate"),
        ("net/http: TLS handshake timeout", "timeout"),
        ("toomanyrequests: You have reached your pull rate limit", "answer"),
        ("unauthorized: authentication required", "answer"),
        ("proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused", "proxy"),
        ("something new", "failed"),
    ],
)
def test_the_engines_words_about_a_registry_are_understood(text, problem):
    """Engines report a failed look-up in Go's words."""
    assert registry_problem(text) == problem


def test_a_list_of_mirrors_is_read_for_its_first(tmp_path):
    """Cloud images of Debian name their mirrors in a file that debootstrap cannot read."""
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "mirrors").write_text(
        "# mirrors\nhttp://first.example/debian priority:1\nhttp://second.example/debian\n"
    )
    stanza = f"Types: deb\nURIs: mirror+file:{tmp_path}/mirrors\nSuites: bookworm\nComponents: main\n"
    (tmp_path / "sources.list.d/debian.sources").write_text(stanza)
    (source,) = look_at_sources(tmp_path)
    assert source.uris == ("http://first.example/debian",)


def ask(answer: str | None, *, yes: bool = False, facts: Facts = BARE) -> tuple[bool, str]:
    said = Listener()
    world = SimpleNamespace(terminal=SimpleNamespace(err=said, ask=lambda _: answer))
    (wanted,) = doctor.repairs(facts, BOOKWORM, "/store")
    return doctor._agreed(wanted, facts, world, yes=yes), said.text


def test_nothing_is_repaired_without_a_yes():
    """No terminal: what would be done is printed and nothing is changed. A no, or just Enter, is a no."""
    agreed, said = ask(None)
    assert not agreed
    assert "docker.io docker-cli docker-buildx" in said
    assert "nothing was changed" in said
    assert ask("")[0] is False
    assert ask("n")[0] is False
    assert ask("y")[0] is True
    assert ask(None, yes=True)[0] is True


def test_without_root_and_sudo_the_commands_are_said():
    """Even with --yes: there is no way to do it, so the commands are shown."""
    agreed, said = ask(None, yes=True, facts=replace(BARE, machine=replace(BARE.machine, root=False, sudo=False)))
    assert not agreed
    assert "as root" in said
    assert "apt-get" in said


def test_a_repair_that_cannot_be_made_says_why():
    """The reason, and no commands."""
    agreed, said = ask("y", facts=replace(NO_IMAGES, engine=replace(NO_IMAGES.engine, arch="arm64")))
    assert not agreed
    assert "arm64" in said


def emu_doctor(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from emulator.cli import main; main()", "doctor", *args]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env={**os.environ, **environ}
    )


def test_an_unusable_engine_is_exit_code_3_without_a_traceback(tmp_path):
    """The whole program, pointed at an engine that is not there: one finding, no installation."""
    done = emu_doctor("--fix", "--yes", DOCKER_HOST=f"unix://{tmp_path}/none")
    assert done.returncode == 3
    assert "unset DOCKER_HOST" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.docker
def test_a_repaired_machine_needs_no_second_repair():
    """`emu doctor --fix --yes` where all is there: exit 0, nothing done, and quick; its JSON obeys the promise."""
    import json

    began = time.monotonic()
    done = emu_doctor("--fix", "--yes", "--format", "json")
    seconds = time.monotonic() - began
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert document["ok"]
    assert "make stand-ins" not in done.stderr
    assert "install" not in done.stderr
    assert {"engine", "buildx", "registry", "package-index"} <= {check["id"] for check in document["checks"]}
    assert seconds < 10
