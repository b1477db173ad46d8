"""What a container may use, as the real engine gives it: memory and processor that change, files, rights, volumes."""

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.edge.docker_look import most_open_files
from emulator.world.containers import ContainerSpec, FileInside, OwnVolume

pytestmark = [pytest.mark.docker, pytest.mark.timeout(60)]

IMAGE = "python:3.11-slim"
RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    found.close()


@pytest.fixture
def started(engine: Engine) -> Callable[..., str]:
    """Starts a container that runs a Python text; its id."""

    def start(text: str, **more: object) -> str:
        spec = ContainerSpec(
            **{"image": IMAGE, "name": f"{RUN}-{uuid.uuid4().hex[:6]}", "argv": ("python", "-uc", text),
               "labels": LABELS, "memory_mib": 256, **more}
        )  # fmt: skip
        id = engine.create(spec)
        assert engine.start(id) is None
        return id

    return start


def said(engine: Engine, id: str) -> list[str]:
    """All it says, once it has ended."""
    lines: list[str] = []
    assert engine.follow_logs(id, lambda _, line: lines.append(line)).join(20)
    return lines


def eventually(question: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not question() and time.monotonic() < until:
        time.sleep(0.05)
    return question()


def test_files_and_memory_are_measured(engine, started):
    """What it writes and what it holds, each by itself; what is deleted no longer counts; what is gone is None."""
    id = started(
        "import os, time; kept = b'x' * (64 << 20); open('/tmp/a', 'wb').write(kept[:32 << 20]); time.sleep(1.5);"
        "os.remove('/tmp/a'); time.sleep(60)"
    )
    assert eventually(lambda: (engine.written_bytes(id) or 0) >= 32 * MIB)
    assert 64 * MIB <= (engine.held_bytes(id) or 0) < 90 * MIB
    assert eventually(lambda: (engine.written_bytes(id) or 0) < MIB)
    engine.remove(id)
    assert engine.written_bytes(id) is None
    assert engine.held_bytes(id) is None


def test_memory_is_limited_while_it_runs(engine, started):
    """A lower limit than it holds is refused, or is its end; a higher one than before is given again."""
    id = started("import time; kept = b'x' * (100 << 20); print('there', flush=True); time.sleep(60)")
    assert eventually(lambda: (engine.held_bytes(id) or 0) > 100 * MIB)
    assert engine.limit(id, memory_mib=200)
    assert engine.limit(id, memory_mib=256)
    facts = None if engine.limit(id, memory_mib=50) else engine.inspect(id)
    assert facts is None or facts.running
    engine.remove(id)
    assert engine.limit(id, memory_mib=200)


def test_a_processor_is_taken_and_given_back(engine, started):
    """A hundredth of a processor is all that the kernel can leave it; then it has what it had."""
    id = started("while True: pass", cpus=1.0)
    assert engine.limit(id, cpus=0.0)
    assert _used(engine, id, 1.0) < 0.1
    assert engine.limit(id, cpus=1.0)
    assert _used(engine, id, 1.0) > 0.3
    engine.remove(id)


def _used(engine: Engine, id: str, seconds: float) -> float:
    before = engine.cpu_seconds(id)
    time.sleep(seconds)
    after = engine.cpu_seconds(id)
    assert before is not None
    assert after is not None
    return after - before


def test_open_files(engine, started):
    """As many as it is given; no more than the engine itself may open, which it could not hand on."""
    ask = "import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    id = started(ask, open_files=1000)
    assert said(engine, id) == ["1000 1000"]
    engine.remove(id)
    most = most_open_files() or 25_000
    id = started(ask, open_files=25_000)
    assert said(engine, id) == [f"{min(most, 25_000)} {min(most, 25_000)}"]
    engine.remove(id)


def test_no_new_rights(engine, started):
    """The kernel's own note on the process: a setuid program gets no more rights by that."""
    ask = "print(*[line.strip() for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])"
    for asked, answer in ((True, "1"), (False, "0")):
        id = started(ask, no_new_rights=asked)
        assert said(engine, id) == [f"NoNewPrivs:\t{answer}"]
        engine.remove(id)


def test_a_volume_in_memory(engine, started):
    """It is empty whatever the image has there, everybody may write to it, it holds so much and no more, counts as
    memory and not as files, and is gone with the container."""
    text = (
        "import errno, os, time\n"
        "print(os.listdir('/srv'))\n"
        "os.setuid(65534)\n"
        "with open('/srv/a', 'wb') as file:\n"
        "    try:\n"
        "        for _ in range(100): file.write(b'x' * (1 << 20)); file.flush()\n"
        "    except OSError as problem: print(errno.errorcode[problem.errno], file.tell() >> 20, flush=True)\n"
        "time.sleep(60)\n"
    )
    id = started(text, own_volumes=(OwnVolume(path="/srv", memory_mib=32),))
    lines: list[str] = []
    engine.follow_logs(id, lambda _, line: lines.append(line))
    assert eventually(lambda: len(lines) == 2)
    assert lines == ["[]", "ENOSPC 32"]
    assert (engine.held_bytes(id) or 0) >= 32 * MIB
    assert (engine.written_bytes(id) or 0) < MIB
    before = {one.name for one in engine.volumes({})}
    engine.remove(id)
    assert len(before - {one.name for one in engine.volumes({})}) >= 1


def test_a_volume_of_files(engine, started):
    """It hides what the image has there, its files have their modes, and nothing in it can be changed."""
    text = (
        "import os\n"
        "print(sorted(os.listdir('/etc/apt')), open('/etc/apt/deep/key').read())\n"
        "print(oct(os.stat('/etc/apt/deep/key').st_mode & 0o777), os.stat('/etc/apt/deep/key').st_uid)\n"
        "for change in (lambda: open('/etc/apt/deep/key', 'w'), lambda: open('/etc/apt/new', 'w')):\n"
        "    try: change()\n"
        "    except OSError as problem: print(problem.strerror)\n"
    )
    files = (FileInside(path="/etc/apt/deep/key", content=b"s3cret", mode=0o444),)
    id = started(text, own_volumes=(OwnVolume(path="/etc/apt", files=files),))
    assert said(engine, id) == ["['deep'] s3cret", "0o444 0", "Read-only file system", "Read-only file system"]
    engine.remove(id)
