"""Every example is really built and booted, and ends as its `example.toml` says."""

import http.client
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from emulator.edge.state import ProjectState
from emulator.engine.labels import PROJECT, project_id
from tests.example_files import Case, HttpCheck, copy_example, example_folders, file_options, load_example
from tests.running_emu import published, run_emu, start_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

CASES = [
    pytest.param(folder, case, id=f"{folder.name}: {case.name}")
    for folder in example_folders()
    for case in load_example(folder).case
]
INTERRUPTED = 130
NEVER_STARTED = ("refused", "build_failed", "pre_deploy_failed")
LIVE_WITHIN_S = 400
"""A base image that nobody has used here is made of packages first, which takes minutes on a slow line."""


@pytest.fixture
def project(folder: Path, tmp_path: Path, engine: "DockerClient") -> Iterator[Path]:
    """A copy of the example in a repository of its own; what was built and remembered for it goes with it."""
    root = copy_example(folder, tmp_path, git=True)
    yield root
    for container in engine.containers.list(all=True, filters=_of(root)):
        container.remove(force=True, v=True)
    for image in engine.images.list(filters=_of(root)):
        engine.images.remove(image.id, force=True)
    shutil.rmtree(ProjectState(project_id(str(root)), os.environ).folder, ignore_errors=True)


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_example_ends_as_it_says(project: Path, case: Case, engine: "DockerClient") -> None:
    """Its command, `emu up --once` by default, gives the case's verdict, command and output, leaves nothing, and does
    so twice; what is live answers, and Ctrl-C ends it. A case that takes long is run a single time, and then what is
    live is served."""
    arguments = _arguments(project, case)
    plan = run_emu("plan", *arguments).document()
    _forget_earlier_builds(project, plan)
    runs = (_serve,) if case.once and case.http else (_end,) if case.once else (_end, _serve if case.http else _end)
    log, built_by = case.expect.log, list[Any]()
    for run in runs:
        events = run(case, [*arguments, *_timing(case)])
        _is_as_expected(case, plan, events)
        # Whoever uses an image again says nothing of a build: who built it did.
        before = built_by if _of_kind(events, "build.skipped") else []
        _are_among(case.expect.platform_log, _output([*before, *events], "platform"))
        built_by = built_by or events
        _says(log, events)
        log = _said_by_the_app(log, events)
        assert _left_behind(engine, project) == []
    if case.expect.graceful is not None:
        assert [event["graceful"] for event in _of_kind(events, "stopped")] == [case.expect.graceful]


def _arguments(project: Path, case: Case) -> list[str]:
    options = [word for name, value in case.options.items() for word in (f"--{name}", value) if word]
    options = [word.replace("_", "-") if word.startswith("--") else word for word in options]
    env = [word for name, value in case.env.items() for word in ("--env", f"{name}={value}")]
    return ["--format", "json", "--root", str(project), *options, *file_options(case, project), *env]


def _timing(case: Case) -> list[str]:
    """What a plan does not depend on."""
    timing = ["--time-scale", str(case.time_scale)] if case.time_scale != 1 else []
    return [*timing, *(["--build-anyway"] if case.build_anyway else [])]


def _end(case: Case, arguments: list[str]) -> list[Any]:
    """Run to its end: the events. The verdict is the last word, and the exit code follows it."""
    ran = run_emu(*case.command, *arguments, timeout=LIVE_WITHIN_S)
    events = ran.lines()
    assert events[-1]["event"] == "verdict"
    assert ran.code == (0 if case.expect.verdict.good else 1)
    return events


def _forget_earlier_builds(project: Path, plan: Any) -> None:
    """A file no build has seen, so that no step after COPY is taken from the cache: a cached step says nothing."""
    for service in plan["services"]:
        (project / service["build"]["context"] / "fresh.txt").write_text(secrets.token_hex())


def _is_as_expected(case: Case, plan: Any, events: list[Any]) -> None:
    """The verdict, the command and the findings are the case's, and every event is as published."""
    for event in events:
        published("event").validate(event)
    [verdict] = _of_kind(events, "verdict")
    assert verdict["verdict"] == case.expect.verdict, verdict["reason"]
    assert _of_kind(events, "mismatch") == []
    [command] = [service["command"] or {"argv": None, "source": case.expect.source} for service in plan["services"]]
    assert tuple(command["argv"] or ()) == case.expect.argv
    assert command["source"] == case.expect.source
    started = _of_kind(events, "container.started")
    commands = {one["name"]: one["command"] for service in plan["services"] for one in service["containers"]}
    assert all(event["argv"] == commands.get(event["container"], command)["argv"] for event in started)
    assert bool(started) == (case.expect.verdict not in NEVER_STARTED and bool(case.expect.argv))
    assert set(case.expect.diagnostics) <= _codes(events)
    if case.expect.within_s is not None:
        [ended] = _of_kind(events, "live") + _of_kind(events, "deploy.failed")
        assert ended["at"] - started[0]["at"] <= case.expect.within_s


def _says(texts: Iterable[str], events: list[Any]) -> None:
    """Each text stands in what the builder or the app printed."""
    output = _output(events, "build", "stdout", "stderr")
    output += [line for e in _of_kind(events, "build.failed") for line in (e["message"], *e["log_tail"])]
    _are_among(texts, output)


def _are_among(texts: Iterable[str], output: list[str]) -> None:
    for text in texts:
        assert any(text in line for line in output), f"{text!r} is not among {output}"


def _said_by_the_app(texts: Iterable[str], events: list[Any]) -> list[str]:
    """Those of `texts` that the app printed: a build that is repeated takes its steps from the cache."""
    return [text for text in texts if any(text in line for line in _output(events, "stdout", "stderr"))]


def _output(events: list[Any], *streams: str) -> list[str]:
    return [event["line"] for event in _of_kind(events, "log") if event["stream"] in streams]


def _of_kind(events: list[Any], kind: str) -> list[Any]:
    return [event for event in events if event["event"] == kind]


def _codes(events: list[Any]) -> set[str]:
    """The codes of all that was found, beforehand or as the cause of the end."""
    found = [event["diagnostic"] for event in _of_kind(events, "diagnostic")]
    found += [event["cause"] for event in _of_kind(events, "deploy.failed") if event["cause"]]
    return {diagnostic["code"] for diagnostic in found}


def _serve(case: Case, arguments: list[str]) -> list[Any]:
    """Run without --once, ask as soon as it says it is live, and end with Ctrl-C: the events."""
    with start_emu("up", *arguments) as process:
        assert process.stdout is not None
        lines: queue.Queue[str | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
        reader.start()
        try:
            events = list(_until_live(lines))
            [live] = _of_kind(events, "live")
            for check in case.http:
                _answers(check, live["url"])
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == INTERRUPTED
        finally:
            process.kill()
        reader.join(10)
        events += [json.loads(line) for line in iter(lines.get_nowait, None)]
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    return events


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    for line in process.stdout or ():
        lines.put(line)
    lines.put(None)


def _until_live(lines: queue.Queue[str | None]) -> Iterator[Any]:
    """Events up to and including the verdict that follows `live`: to interrupt before is to cancel. Fails when the
    output ends, or takes too long, before."""
    deadline = time.monotonic() + LIVE_WITHIN_S
    while True:
        line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
        assert line is not None, "emu ended before it was live"
        event = json.loads(line)
        yield event
        if event["event"] == "verdict":
            return


def _answers(check: HttpCheck, url: str) -> None:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("GET", check.path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == check.status, body
    if check.contains is not None:
        assert check.contains in body
    else:
        assert json.loads(body) == check.json


def _left_behind(engine: "DockerClient", root: Path) -> list[str]:
    """Names of the project's containers and networks that are still there."""
    containers = [c.name for c in engine.containers.list(all=True, filters=_of(root))]
    return containers + [n.name for n in engine.networks.list(filters=_of(root))]


def _of(root: Path) -> dict[str, str]:
    return {"label": f"{PROJECT}={project_id(str(root))}"}
