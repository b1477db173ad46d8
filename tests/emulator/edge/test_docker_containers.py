"""Containers on the real engine."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.model.diagnostic import HostError
from emulator.world.containers import ContainerFacts, ContainerSpec

pytestmark = pytest.mark.docker

IMAGE = "python:3.11-slim"
RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    for network in found.networks(LABELS):
        found.remove_network(network.id)
    found.close()


@pytest.fixture
def spec() -> Callable[..., ContainerSpec]:
    def make(*argv: str, **more) -> ContainerSpec:
        name = f"{RUN}-{uuid.uuid4().hex[:6]}"
        return ContainerSpec(
            **{"image": IMAGE, "name": name, "argv": argv or None, "labels": LABELS, "memory_mib": 128, **more}
        )

    return make


class Run:
    """A container that has been started, with all it says and how it ends."""

    def __init__(self, engine: Engine, spec: ContainerSpec) -> None:
        self.lines: list[tuple[str, str]] = []
        self.ends: list[tuple[float, ContainerFacts]] = []
        self._over = threading.Event()
        self.id = engine.create(spec)
        self.logs = engine.follow_logs(self.id, lambda stream, line: self.lines.append((stream, line)))
        self.failure = engine.start(self.id)
        if self.failure is None:
            self.exit = engine.on_exit(self.id, self._ended)

    def _ended(self, facts: ContainerFacts) -> None:
        self.ends.append((time.time(), facts))
        self._over.set()

    def wait(self) -> ContainerFacts:
        assert self._over.wait(60)
        assert self.logs.join(60)
        assert self.logs.error is None
        return self.ends[0][1]


def python(text: str) -> tuple[str, ...]:
    return ("python3", "-u", "-c", text)


@pytest.mark.parametrize("argv", [("sleep", "60"), ("env", ""), ("printf", "%s|", "", "a b", "$HOME", "*")])
def test_argv_is_executed_word_for_word(engine, spec, argv):
    """What the engine reports, and what the process says, is the argv: no shell, no word lost."""
    run = Run(engine, spec(*argv))
    facts = engine.inspect(run.id)
    assert facts is not None
    assert facts.argv == argv
    if argv[0] == "printf":
        run.wait()
        assert run.lines == [("stdout", "|a b|$HOME|*|")]
    engine.remove(run.id)


def test_argv_replaces_an_images_entrypoint_and_command(engine, spec):
    """Also an argv of one word leaves nothing of the image's CMD behind."""
    import docker

    client = docker.APIClient(version="auto")
    made = client.create_container_from_config({"Image": IMAGE, "Labels": LABELS})
    image = f"{RUN}-entry:1"
    settings = {"Entrypoint": ["echo", "image"], "Cmd": ["more"], "Env": ["FROM_IMAGE=1", "A=image"]}
    client.commit(made["Id"], repository=f"{RUN}-entry", tag="1", conf=settings)
    try:
        facts = engine.image(image)
        assert facts is not None
        assert (facts.entrypoint, facts.cmd, facts.argv) == (("echo", "image"), ("more",), ("echo", "image", "more"))
        own = Run(engine, spec(image=image))
        own.wait()
        assert own.lines == [("stdout", "image more")]
        ours = Run(engine, spec("env", image=image, env={"A": "ours"}))
        ours.wait()
        assert {"FROM_IMAGE=1", "A=ours"} <= {line for _, line in ours.lines}
        for run in (own, ours):
            engine.remove(run.id)
    finally:
        client.remove_container(made["Id"])
        engine.remove_image(image)
        client.close()
    assert engine.image(image) is None


def test_environment_labels_memory_and_the_rest_as_given(engine, spec):
    """Nothing of this machine's reaches the container, and everything we asked for does."""
    os.environ["EMU_TEST_OF_THIS_MACHINE"] = "1"
    script = (
        "import os; print(sorted(os.environ)); print(open('/etc/resolv.conf').read()); print(os.getcwd(), os.getuid())"
    )
    wanted = spec(*python(script), env={"A": "1", "EMPTY": ""}, user="1000", workdir="/tmp", stop_signal="SIGINT")
    run = Run(engine, wanted)
    run.wait()
    said = "\n".join(line for _, line in run.lines)
    assert said.startswith("['A', 'EMPTY', 'HOME', 'HOSTNAME', 'LANG', 'PATH'")
    assert "EMU_TEST_OF_THIS_MACHINE" not in said
    assert not [line for line in said.splitlines() if line.startswith("search ") and line != "search ."]
    assert said.endswith("/tmp 1000")
    told = engine._api().inspect_container(run.id)
    assert told["HostConfig"]["DnsSearch"] == ["."]
    assert told["HostConfig"]["Memory"] == told["HostConfig"]["MemorySwap"] == 128 * 1024 * 1024
    assert (told["Config"]["StopSignal"], told["HostConfig"]["Binds"], told["HostConfig"]["Init"]) == (
        "SIGINT", None, False,
    )  # fmt: skip
    facts = engine.inspect(run.id)
    assert facts is not None
    assert facts.labels.items() >= LABELS.items()
    assert facts.name == wanted.name
    engine.remove(run.id)


def test_exit_is_reported_at_once_with_its_code(engine, spec):
    """The callback comes within a moment of the end, with code and times."""
    run = Run(engine, spec(*python("import time, sys; time.sleep(0.3); sys.exit(7)")))
    facts = run.wait()
    assert (facts.exit_code, facts.running, facts.oom_killed) == (7, False, False)
    assert facts.started_at is not None
    assert facts.finished_at is not None
    assert 0.2 < facts.finished_at - facts.started_at < 5
    assert run.ends[0][0] - facts.finished_at < 2
    engine.remove(run.id)


def test_exit_of_a_container_that_has_ended_is_reported_too(engine, spec):
    """Whoever asks late is told all the same."""
    run = Run(engine, spec("true"))
    run.wait()
    ends: list[ContainerFacts] = []
    assert engine.on_exit(run.id, ends.append).join(10)
    assert ends[0].exit_code == 0
    engine.remove(run.id)


def test_out_of_memory_kill(engine, spec):
    """A process that takes more than its limit is killed, and it is said that memory was the reason."""
    run = Run(engine, spec(*python("x = []\nwhile True: x.append(bytearray(8 << 20))"), memory_mib=64))
    facts = run.wait()
    assert (facts.exit_code, facts.oom_killed) == (137, True)
    engine.remove(run.id)


def test_kill_is_no_memory_trouble(engine, spec):
    """137 alone does not mean out of memory."""
    run = Run(engine, spec("sleep", "60"))
    engine.kill(run.id)
    facts = run.wait()
    assert (facts.exit_code, facts.oom_killed) == (137, False)
    engine.remove(run.id)


def test_stop_gives_time_then_kills(engine, spec):
    """The signal first; a process that ignores it is killed after its grace, not ten seconds later."""
    polite = python("import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print('up'); signal.pause()")
    rude = python("import signal; signal.signal(15, signal.SIG_IGN); print('up')\nwhile True: signal.pause()")
    for argv, code, least, most in ((polite, 3, 0, 1.5), (rude, 137, 0.5, 3)):
        run = Run(engine, spec(*argv))
        while not run.lines:
            time.sleep(0.02)
        began = time.monotonic()
        engine.stop(run.id, "SIGTERM", 0.5)
        assert least <= time.monotonic() - began < most
        assert run.wait().exit_code == code
        engine.remove(run.id)


def test_what_is_gone_is_no_error(engine):
    """Cleaning up twice, or after somebody else did, is fine."""
    engine.stop("emu-test-nothing", "SIGTERM", 1)
    engine.kill("emu-test-nothing")
    engine.remove("emu-test-nothing")
    engine.remove_network("emu-test-nothing")
    engine.remove_image("emu-test-nothing:1")
    assert engine.inspect("emu-test-nothing") is None
    assert engine.image("emu-test-nothing:1") is None


def test_a_hundred_thousand_lines_then_exit(engine, spec):
    """Every line arrives, in order, though the process ends right after the last."""
    run = Run(
        engine, spec(*python("import sys; sys.stdout.write('\\n'.join(f'line {n}' for n in range(100_000)) + '\\n')"))
    )
    run.wait()
    assert run.lines == [("stdout", f"line {n}") for n in range(100_000)]
    engine.remove(run.id)


def test_both_streams_last_words_and_bytes_that_are_no_text(engine, spec):
    """A line without its end is reported, streams are told apart, and binary output is replaced."""
    script = (
        "import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(0.1); "
        "sys.stdout.buffer.write(b'\\xffbin\\r\\n'); sys.stdout.write('no end')"
    )
    run = Run(engine, spec(*python(script)))
    run.wait()
    assert [line for stream, line in run.lines if stream == "stdout"] == ["out", "\ufffdbin", "no end"]
    assert [line for stream, line in run.lines if stream == "stderr"] == ["err"]
    engine.remove(run.id)


def test_logs_of_a_running_and_of_an_ended_container_from_the_first_line(engine, spec):
    """Whoever follows late gets what was said before."""
    run = Run(engine, spec(*python("import time; print('one'); time.sleep(1); print('two', end='')")))
    while not run.lines:
        time.sleep(0.02)
    late: list[tuple[str, str]] = []
    follower = engine.follow_logs(run.id, lambda stream, line: late.append((stream, line)))
    run.wait()
    assert follower.join(10)
    after: list[tuple[str, str]] = []
    assert engine.follow_logs(run.id, lambda stream, line: after.append((stream, line))).join(10)
    assert late == after == [("stdout", "one"), ("stdout", "two")]
    engine.remove(run.id)


def test_closed_follower_says_nothing_more(engine, spec):
    """No callback begins after close."""
    run = Run(engine, spec(*python("import time\nwhile True: print('x'); time.sleep(0.01)")))
    while not run.lines:
        time.sleep(0.02)
    run.logs.close()
    run.exit.close()
    count = len(run.lines)
    engine.remove(run.id)
    time.sleep(0.3)
    assert (len(run.lines), run.ends) == (count, [])
    assert run.logs.join(5)
    assert run.exit.join(5)


@pytest.mark.parametrize(
    ("argv", "more", "kind", "code"),
    [
        (("nosuch",), {}, "not-found", 127),
        (("/etc",), {}, "not-executable", 126),
        (("true",), {"user": "nobodyhere"}, "user", 128),
        (("", "x"), {}, "not-found", 127),
    ],
)
def test_command_that_cannot_be_executed(engine, spec, argv, more, kind, code):  # noqa: PLR0917 - a table's columns
    """It is the app's failure, a value, with the exit code the engine gives it."""
    run = Run(engine, spec(*argv, **more))
    assert run.failure is not None
    assert (run.failure.kind, run.failure.exit_code) == (kind, code)
    engine.remove(run.id)
    assert run.logs.join(5)


def test_taken_port_names_port_and_owner(engine, spec):
    """The message says which port; a container of that port is named."""
    holder = Run(engine, spec("sleep", "60", publish={80: 0}))
    facts = engine.inspect(holder.id)
    assert facts is not None
    port = facts.ports[80]
    second = engine.create(spec("true", publish={80: port}))
    with pytest.raises(HostError) as raised:
        engine.start(second)
    assert raised.value.diagnostic.code == "host/port-taken"
    assert str(port) in raised.value.diagnostic.message
    assert facts.name in raised.value.diagnostic.facts[0]
    for id in (holder.id, second):
        engine.remove(id)


def test_port_taken_by_a_process_of_this_machine(engine, spec):
    """Its number and command are told."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        id = engine.create(spec("true", publish={80: taken.getsockname()[1]}))
        with pytest.raises(HostError) as raised:
            engine.start(id)
    assert f"process {os.getpid()}" in raised.value.diagnostic.facts[0]
    engine.remove(id)


@pytest.mark.parametrize(
    ("more", "code", "exit_code"),
    [
        ({"image": "emu-test-no-such:1"}, "host/image-missing", 3),
        ({"platform": "linux/arm64"}, "host/platform-mismatch", 3),
        ({"argv": ("",)}, "image/no-command", 1),
        ({"workdir": "relative"}, "image/workdir", 1),
    ],
)
def test_container_that_cannot_be_made(engine, spec, more, code, exit_code):
    """This machine's troubles end with 3, the user's own settings with 1."""
    with pytest.raises(HostError) as raised:
        engine.create(spec("true", **more) if "argv" not in more else spec(**more))
    assert (raised.value.diagnostic.code, raised.value.exit_code) == (code, exit_code)


def test_name_taken(engine, spec):
    """A second container of the same name is refused with the name."""
    wanted = spec("true")
    id = engine.create(wanted)
    with pytest.raises(HostError) as raised:
        engine.create(wanted)
    assert raised.value.diagnostic.code == "host/name-taken"
    assert wanted.name in raised.value.diagnostic.message
    engine.remove(id)


def test_found_again_by_labels(engine, spec):
    """Everything we made is found by its labels, whatever its state."""
    label = {"emu.test-mark": uuid.uuid4().hex}
    ids = {engine.create(spec("true", labels={**LABELS, **label, "emu.n": str(n)})) for n in range(2)}
    assert {one.id for one in engine.containers(label)} == ids
    assert len(engine.containers({**label, "emu.n": "1"})) == 1
    assert {one.id for one in engine.containers({"emu.test-mark": ""})} >= ids
    for id in ids:
        engine.remove(id)
    assert engine.containers(label) == ()


def test_network_is_made_once_and_names_work_in_it(engine, spec):
    """Containers of one network find each other by name and alias; a second call finds the same network."""
    id = engine.ensure_network(f"{RUN}-net", LABELS)
    assert engine.ensure_network(f"{RUN}-net", LABELS) == id
    assert [one.id for one in engine.networks(LABELS)] == [id]
    other = Run(engine, spec("sleep", "60", network=f"{RUN}-net", aliases=("db",)))
    script = "import socket; print(socket.gethostbyname('db'))"
    run = Run(engine, spec(*python(script), network=f"{RUN}-net"))
    run.wait()
    facts = engine.inspect(other.id)
    assert facts is not None
    assert run.lines == [("stdout", facts.address)]
    for one in (run, other):
        engine.remove(one.id)
    engine.remove_network(id)
    assert engine.networks(LABELS) == ()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("unix:///nowhere/docker.sock", "host/no-engine"),
        ("tcp://127.0.0.1:1", "host/no-engine"),
        ("ssh://nobody@127.0.0.1", "host/ssh-endpoint"),
    ],
)
def test_no_engine_is_said_plainly(url, code):
    """Exit code 3, the address, and what to do."""
    with pytest.raises(HostError) as raised:
        open_docker({"DOCKER_HOST": url}).ping()
    assert (raised.value.exit_code, raised.value.diagnostic.code) == (3, code)
    assert raised.value.diagnostic.help


def test_facts(engine):
    """The engine here is a local one, reached by its socket."""
    engine.ping()
    facts = engine.facts()
    assert (facts.local, facts.os, facts.desktop, facts.rootless) == (True, "linux", False, False)
    assert facts.version
    assert facts.api
