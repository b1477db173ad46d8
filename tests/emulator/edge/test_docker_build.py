"""Builds on the real engine: through buildx, and through the classic builder where that can do it."""

import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.model.diagnostic import HostError, UsageError
from emulator.world.building import BuildOutcome, BuildProgress, BuildRequest, StepDone, StepLog
from tests.processes import command_lines

pytestmark = pytest.mark.docker

BASE = "python:3.11-slim"
LABELS = {"emu.test-run": f"emu-test-{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module", params=["buildx", "classic"])
def any_engine(request) -> Iterator[Engine]:
    yield from opened(request.param)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    yield from opened("buildx")


def opened(builder) -> Iterator[Engine]:
    found = open_docker(os.environ, builder=builder)
    yield found
    for image in found.images(LABELS):
        found.remove_image(image.id)
    found.close()


class Built:
    """A build's outcome and what it reported on the way."""

    def __init__(self, outcome: BuildOutcome, heard: list[BuildProgress]) -> None:
        self.outcome = outcome
        self.steps = [item for item in heard if isinstance(item, StepDone)]
        self.lines = [item.line for item in heard if isinstance(item, StepLog)]


def build(engine: Engine, folder: Path, dockerfile: str, *, cancel: threading.Event | None = None, **more) -> Built:
    path = folder / "Dockerfile"
    path.write_text(dockerfile)
    heard: list[BuildProgress] = []
    request = BuildRequest(context=str(folder), dockerfile=str(path), labels=LABELS, **more)
    return Built(engine.build(request, heard.append, cancel or threading.Event()), heard)


def fresh() -> str:
    """Something that no earlier build has run, so that the step is not cached."""
    return f"echo fresh-{uuid.uuid4().hex}"


def test_image_has_what_the_request_says(any_engine, tmp_path):
    """Tag, labels, arguments and target arrive; steps and their lines are reported in order."""
    (tmp_path / "app.py").write_text("print('hi')\n")
    tag = f"{LABELS['emu.test-run']}:1"
    dockerfile = f"""\
        FROM {BASE} AS prod
        ARG GREETING
        COPY app.py /srv/
        RUN {fresh()} && echo "$GREETING" && python3 /srv/app.py && printf tail
        FROM prod AS later
        RUN false
    """
    built = build(any_engine, tmp_path, dockerfile, tag=tag, args={"GREETING": "good day"}, target="prod")
    assert built.outcome.error is None
    image = any_engine.image(tag)
    assert image is not None
    assert image.id == built.outcome.image_id
    assert image.labels.items() >= LABELS.items()
    assert built.lines[-3:] == ["good day", "hi", "tail"]
    assert [step.cached for step in built.steps if "RUN" in step.name] == [False]
    assert any("COPY app.py" in step.name for step in built.steps)
    any_engine.remove_image(tag)


def test_second_build_is_cached(any_engine, tmp_path):
    """The same files give the same image, and its steps took no time."""
    dockerfile = f"FROM {BASE}\nRUN {fresh()}\n"
    first = build(any_engine, tmp_path, dockerfile)
    second = build(any_engine, tmp_path, dockerfile)
    assert first.outcome.image_id == second.outcome.image_id
    assert [(step.cached, step.seconds) for step in second.steps if "RUN" in step.name] == [(True, None)]


def test_failing_step(any_engine, tmp_path):
    """The step, its exit code and its last lines; with buildx also its lines in the Dockerfile."""
    built = build(any_engine, tmp_path, f"FROM {BASE}\nRUN {fresh()}; \\\n    echo bad >&2; \\\n    exit 4\nRUN true\n")
    error = built.outcome.error
    assert built.outcome.image_id is None
    assert error is not None
    assert (error.kind, error.exit_code) == ("step", 4)
    assert "bad" in error.log_tail  # the two streams of a step may overtake each other
    assert "exit 4" in error.step
    if any_engine._builder == "buildx":
        assert (error.line, error.end_line) == (2, 4)


@pytest.mark.parametrize(
    ("dockerfile", "kind", "subject", "line"),
    [
        (f"FROM {BASE}\nCOPY nothere /x\n", "missing-file", "nothere", 2),
        ("FROM registry.invalid/nothing:1\n", "registry", "registry.invalid/nothing:1", 1),
        (f"FROM {BASE}\nRUNN x\n", "dockerfile", None, 2),
        ("", "dockerfile", None, None),
    ],
    ids=["file", "image", "instruction", "empty"],
)
def test_what_is_missing_is_named(any_engine, tmp_path, dockerfile, kind, subject, line):  # noqa: PLR0917 - a table
    """A COPY's source, a base image, a known instruction: kind, name and line."""
    error = build(any_engine, tmp_path, dockerfile).outcome.error
    assert error is not None
    assert error.kind == kind
    assert error.message
    if any_engine._builder == "buildx":
        assert error.line == line
    if subject and error.subject:
        assert error.subject.lstrip("/") == subject


def test_no_dockerfile(any_engine, tmp_path):
    """It is a failure of the build, not a traceback."""
    request = BuildRequest(context=str(tmp_path), dockerfile=str(tmp_path / "Dockerfile"), labels=LABELS)
    outcome = any_engine.build(request, lambda _: None, threading.Event())
    assert outcome.error is not None
    assert outcome.error.kind == "dockerfile"


def test_cancel_leaves_nothing_running(any_engine, tmp_path):
    """A canceled build returns at once; neither the builder nor the step's process is left."""
    cancel = threading.Event()
    seconds = str(40_000_000 + uuid.uuid4().int % 1_000_000)
    threading.Timer(1.5, cancel.set).start()
    began = time.monotonic()
    built = build(any_engine, tmp_path, f"FROM {BASE}\nRUN echo started; sleep {seconds}\n", cancel=cancel)
    assert time.monotonic() - began < 5
    assert built.outcome.error is not None
    assert built.outcome.error.kind == "canceled"
    assert "started" in built.lines
    deadline = time.monotonic() + 20
    while running(seconds) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running(seconds) == []
    assert running(str(tmp_path)) == []


def test_trouble_in_the_listener_ends_the_build_too(engine, tmp_path):
    """Ctrl-C arrives as an exception in the middle of a report."""
    seconds = str(50_000_000 + uuid.uuid4().int % 1_000_000)
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN echo started; sleep {seconds}\n")
    request = BuildRequest(context=str(tmp_path), dockerfile=str(tmp_path / "Dockerfile"))

    def interrupt(item: BuildProgress) -> None:
        if isinstance(item, StepLog):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.build(request, interrupt, threading.Event())
    deadline = time.monotonic() + 20
    while running(seconds) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running(seconds) == []


def running(word: str) -> list[str]:
    """Command lines that hold `word`, as anyone on this machine sees them."""
    return [line for line in command_lines() if word in line]


def history(image: str) -> str:
    told = subprocess.run(["docker", "history", "--no-trunc", image], capture_output=True, text=True, check=True)
    return told.stdout


def test_secret_is_there_in_its_step_and_nowhere_else(engine, tmp_path):
    """A secret reaches its mount; neither the image's history nor what is reported has it."""
    secret = f"hush-{uuid.uuid4().hex}"
    dockerfile = f"FROM {BASE}\nRUN --mount=type=secret,id=key {fresh()}; cat /run/secrets/key\n"
    built = build(engine, tmp_path, dockerfile, secrets={"key": secret})
    assert built.lines[1:] == ["‹key›"]
    assert secret not in str((built.lines, built.steps, built.outcome))
    assert secret not in history(built.outcome.image_id)


def test_secret_values_are_in_no_list_of_processes(engine, tmp_path):
    """While the builder runs, nobody who looks at this machine's processes sees an argument's value or a secret."""
    secret = f"hush-{uuid.uuid4().hex}"
    seen: list[str] = []
    looked = threading.Event()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.extend(running(secret))
            if running(str(tmp_path)):
                looked.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    dockerfile = f"FROM {BASE}\nARG TOKEN\nRUN --mount=type=secret,id=key {fresh()}; sleep 1\n"
    built = build(engine, tmp_path, dockerfile, secrets={"key": secret}, args={"TOKEN": secret})
    over.set()
    watcher.join()
    assert built.outcome.error is None
    assert looked.is_set()
    assert seen == []


def test_secret_argument_is_not_reported(engine, tmp_path):
    """The builder prints a step with its arguments' values; we have their names."""
    secret = f"hush-{uuid.uuid4().hex}"
    built = build(
        engine,
        tmp_path,
        f"FROM {BASE}\nARG TOKEN\nRUN echo $TOKEN; false\n",
        args={"TOKEN": secret},
        masked=frozenset({"TOKEN"}),
    )
    assert built.outcome.error is not None
    assert built.outcome.error.log_tail == ("‹TOKEN›",)
    assert secret not in str((built.lines, built.steps, built.outcome))


def test_base_image_is_replaced_without_touching_the_dockerfile(engine, tmp_path):
    """FROM, an alias and COPY --from all get the other image."""
    dockerfile = """\
        ARG V=9
        FROM registry.invalid/python:$V AS base
        FROM base
        COPY --from=registry.invalid/python:9 /etc/os-release /copied
        RUN python3 --version
    """
    built = build(engine, tmp_path, dockerfile, base_images={"registry.invalid/python:9": BASE})
    assert built.outcome.error is None
    with pytest.raises(UsageError):
        build(engine, tmp_path, dockerfile, base_images={"base": BASE})


@pytest.mark.parametrize("outside", [False, True])
def test_syntax_line_can_be_left_out(engine, tmp_path, outside):
    """With no registry the line alone would fail the build. Places in the file and its own ignore file stay."""
    folder = tmp_path / "docker" if outside else tmp_path
    folder.mkdir(exist_ok=True)
    dockerfile = folder / "app.Dockerfile"
    dockerfile.write_text(
        f"# syntax=registry.invalid/dockerfile:1\n# escape=`\nFROM {BASE}\nCOPY . /srv\n"
        f"RUN <<END\n{fresh()}\nls /srv\nEND\nRUN exit `\n  3\n"
    )
    (folder / "app.Dockerfile.dockerignore").write_text("secret.txt\n**/*Dockerfile*\ndocker\n")
    for name in ("secret.txt", "kept.txt"):
        (tmp_path / name).write_text("x")
    heard: list[BuildProgress] = []
    outcomes = [
        engine.build(
            BuildRequest(context=str(tmp_path), dockerfile=str(dockerfile), labels=LABELS, syntax_line=how),
            heard.append,
            threading.Event(),
        )
        for how in ("honour", "ignore")
    ]
    honoured, ignored = (outcome.error for outcome in outcomes)
    assert honoured is not None
    assert ignored is not None
    assert honoured.kind == "registry"
    assert (ignored.kind, ignored.line, ignored.end_line, ignored.exit_code) == ("step", 9, 10, 3)
    lines = [item.line for item in heard if isinstance(item, StepLog)]
    assert lines[1:] == ["kept.txt"]


def test_user_settings_of_the_service_do_not_steer_docker(engine, tmp_path):
    """A service with a variable PATH or DOCKER_HOST builds all the same, and the build sees the value."""
    args = {"PATH": "/nowhere", "DOCKER_HOST": "tcp://127.0.0.1:1", "EMPTY": "", "LINES": "a\nb 'c' \"d\" $E"}
    dockerfile = (
        f'FROM {BASE}\nARG DOCKER_HOST\nARG EMPTY=full\nARG LINES\nRUN {fresh()}; echo "$DOCKER_HOST|$EMPTY|$LINES"\n'
    )
    built = build(engine, tmp_path, dockerfile, args=args)
    assert built.outcome.error is None
    assert built.lines[1:] == ["tcp://127.0.0.1:1||a", "b 'c' \"d\" $E"]


def test_classic_builder_says_what_it_cannot_do(tmp_path):
    """A warning comes with its images; what it cannot do at all is refused before it begins."""
    engine = open_docker(os.environ, builder="classic")
    built = build(engine, tmp_path, f"FROM {BASE}\n")
    assert "classic builder" in built.outcome.warnings[0]
    with pytest.raises(HostError) as raised:
        build(engine, tmp_path, f"FROM {BASE}\n", base_images={"a": "b"})
    assert raised.value.diagnostic.code == "host/no-buildx"
    for image in engine.images(LABELS):
        engine.remove_image(image.id)
    engine.close()


def test_classic_builder_obeys_a_dockerfiles_own_ignore_file(tmp_path):
    """What the platform would not receive does not reach the build (the Dockerfile itself always does)."""
    engine = open_docker(os.environ, builder="classic")
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "kept.txt").write_text("x")
    (tmp_path / "Dockerfile.dockerignore").write_text("# ours\nsecret.txt\n*ignore\n")
    built = build(engine, tmp_path, f"FROM {BASE}\nCOPY . /srv\nRUN {fresh()}; ls /srv\n")
    assert built.lines[1:] == ["Dockerfile", "kept.txt"]
    for image in engine.images(LABELS):
        engine.remove_image(image.id)
    engine.close()


def test_no_docker_command_falls_back_to_the_classic_builder(tmp_path):
    """A machine with an engine but without docker's command line still builds."""
    engine = open_docker({"PATH": str(tmp_path)})
    built = build(engine, tmp_path, f"FROM {BASE}\n")
    assert built.outcome.error is None
    assert built.outcome.warnings
    engine.remove_image(built.outcome.image_id)
    engine.close()


def test_no_engine_while_building(tmp_path):
    """Exit code 3, whichever builder."""
    for builder in ("buildx", "classic"):
        engine = open_docker({**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"}, builder=builder)
        with pytest.raises(HostError) as raised:
            build(engine, tmp_path, f"FROM {BASE}\n")
        assert (raised.value.exit_code, raised.value.diagnostic.code) == (3, "host/no-engine")
