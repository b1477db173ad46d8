"""The captured outputs are buildx 0.13's, shortened to what matters."""

import base64
import json

import pytest

from emulator.engine.build_log import BuildLog
from emulator.world.building import StepDone, StepGoing, StepLog

RUN_FAILED = """\
Dockerfile:5
--------------------
   4 |     RUN --mount=type=secret,id=s cat /run/secrets/s | wc -c
   5 | >>> RUN echo a; \\
   6 | >>>     echo err >&2; printf 'no newline'; \\
   7 | >>>     exit 3
   8 |
--------------------
ERROR: failed to solve: process "/bin/sh -c echo a; exit 3" did not complete successfully: exit code: 3
"""
COPY_FAILED = """\
Dockerfile:2
--------------------
   1 |     FROM python:3.11-slim
   2 | >>> COPY nothere /x
   3 |
--------------------
ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref e65d32d9-73cb-4db8::fehh1q: \
"/nothere": not found
"""
NO_REGISTRY = """\
Dockerfile:1
--------------------
   1 | >>> FROM nosuch/image:1
--------------------
ERROR: failed to solve: nosuch/image:1: failed to resolve source metadata for docker.io/nosuch/image:1: failed to do \
request: Head "https://registry.example/v2/nosuch/image/manifests/1": dial tcp: lookup registry.example: no such host
"""
NO_IMAGE = """\
ERROR: failed to solve: python:9.99: failed to resolve source metadata for docker.io/library/python:9.99: \
docker.io/library/python:9.99: not found
"""
NO_ACCESS = """\
ERROR: failed to solve: nosuch/image: failed to resolve source metadata for docker.io/nosuch/image:latest: pull access \
denied, repository does not exist or may require authorization
"""
BAD_INSTRUCTION = """\
Dockerfile:2
--------------------
   2 | >>> RUNN foo
--------------------
ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)
"""


def vertex(name, *, at=0.0, seconds=None, **more):
    told = {"digest": f"sha256:{name}", "name": name, "started": time(at), **more}
    return told | ({"completed": time(at + seconds)} if seconds is not None else {})


def time(at):
    return f"2024-05-01T10:00:{at:012.9f}Z"


def log(name, data, stream=1):
    return {"vertex": f"sha256:{name}", "stream": stream, "data": base64.b64encode(data).decode()}


def read(*messages, said="", indent=2, size=10_000):
    data = "".join(json.dumps(message, indent=indent) + "\n" for message in messages) + said
    build = BuildLog()
    raw = data.encode()
    found = [item for start in range(0, len(raw), size) for item in build.feed(raw[start : start + size])]
    return build, found + build.end()


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_objects_in_one_line_or_many_in_pieces_of_any_size(indent, size):
    """Older builders print each object over many lines, newer ones in one; pipes cut anywhere."""
    _, found = read(
        {"vertexes": [vertex("[1/2] FROM a", cached=True, seconds=0)]},
        {"vertexes": [vertex("[2/2] RUN b", at=1)]},
        {"logs": [log("[2/2] RUN b", b"one\ntw"), log("[2/2] RUN b", "ö\n{\n".encode())]},
        {"vertexes": [vertex("[2/2] RUN b", at=1, seconds=2.5)]},
        indent=indent,
        size=size,
    )
    assert found == [
        StepDone(name="[1/2] FROM a", seconds=None, cached=True),
        StepGoing(name="[2/2] RUN b", going=True),
        StepLog(line="one", step="[2/2] RUN b"),
        StepLog(line="twö", step="[2/2] RUN b"),
        StepLog(line="{", step="[2/2] RUN b"),
        StepGoing(name="[2/2] RUN b", going=False),
        StepDone(name="[2/2] RUN b", seconds=2.5, cached=False),
    ]


def test_step_that_is_taken_up_again_is_told_once():
    """The builder completes some steps twice: resolved, then fetched. Their times add up."""
    _, found = read(
        {"vertexes": [vertex("FROM a", seconds=0.5), vertex("FROM a", at=1)]},
        {"vertexes": [vertex("FROM a", at=1, seconds=2)]},
    )
    assert found == [
        StepGoing(name="FROM a", going=True),
        StepGoing(name="FROM a", going=False),
        StepDone(name="FROM a", seconds=2.5, cached=False),
    ]


def test_last_line_without_end_comes_before_its_step_is_done():
    """`printf tail` is part of the step's output."""
    _, found = read(
        {"vertexes": [vertex("RUN a")]},
        {"logs": [log("RUN a", b"tail")]},
        {"vertexes": [vertex("RUN a", seconds=1)]},
    )
    assert [found[0], found[1]] == [StepGoing(name="RUN a", going=going) for going in (True, False)]
    assert found[2:] == [StepLog(line="tail", step="RUN a"), StepDone(name="RUN a", seconds=1, cached=False)]


def test_failing_step_with_place_code_and_last_lines():
    """The step, the lines of its instruction, its exit code, and what it printed last; not those canceled with it."""
    build, found = read(
        {"vertexes": [vertex("RUN other"), vertex("RUN a")]},
        {"logs": [log("RUN a", b"a\n"), log("RUN a", b"err\n", stream=2)]},
        {"vertexes": [vertex("RUN other", seconds=1, error="context canceled")]},
        {"vertexes": [vertex("RUN a", seconds=1, error='process "x" did not complete successfully: exit code: 3')]},
        said=RUN_FAILED,
    )
    error = build.error()
    assert (error.kind, error.step, error.line, error.end_line, error.exit_code) == ("step", "RUN a", 5, 7, 3)
    assert error.log_tail == ("a", "err")
    assert not [item for item in found if isinstance(item, StepDone)]


def test_program_for_another_processor():
    """An exit code alone would not tell that the base image is the wrong one."""
    build, _ = read(
        {"vertexes": [vertex("RUN a")]},
        {"logs": [log("RUN a", b"exec /bin/sh: exec format error\n")]},
        {"vertexes": [vertex("RUN a", seconds=1, error="exit code: 255")]},
        said=RUN_FAILED,
    )
    assert build.error().kind == "format"


@pytest.mark.parametrize(
    ("said", "kind", "subject", "line"),
    [
        (COPY_FAILED, "missing-file", "/nothere", 2),
        (NO_REGISTRY, "registry", "docker.io/nosuch/image:1", 1),
        (NO_IMAGE, "missing-image", "docker.io/library/python:9.99", None),
        (NO_ACCESS, "missing-image", "docker.io/nosuch/image:latest", None),
        (BAD_INSTRUCTION, "dockerfile", None, 2),
        ("ERROR: failed to solve: dockerfile parse error on line 7: x\n", "dockerfile", None, 7),
        ("ERROR: failed to solve: the Dockerfile cannot be empty\n", "dockerfile", None, None),
        (
            "ERROR: failed to solve: failed to read dockerfile: open X: no such file or directory\n",
            "dockerfile",
            None,
            None,
        ),
        ('ERROR: failed to solve: target stage "nope" could not be found\n', "dockerfile", None, None),
        ("ERROR: something new\n", "other", None, None),
        ("", "other", None, None),
    ],
)
def test_why_a_build_failed(said, kind, subject, line):
    """The builder's last words become a kind, what is missing, and the place in the Dockerfile."""
    build, _ = read(said=said)
    error = build.error()
    assert (error.kind, error.subject, error.line) == (kind, subject, line)
    assert error.message
    assert "ref e65d" not in error.message


def test_text_that_is_no_json_is_kept_as_said():
    """A warning among the objects, or one cut off when the builder died, breaks nothing."""
    build, found = read({"vertexes": [vertex("RUN a", seconds=1)]}, said='WARNING: x\n{"half": \n{\n  "cut": ')
    assert [item.name for item in found if isinstance(item, StepDone)] == ["RUN a"]
    assert "WARNING: x" in build.said
    assert '"cut"' in build.said


def test_warnings_are_told_once():
    """The builder repeats them."""
    short = base64.b64encode(b"use --platform").decode()
    build, _ = read({"warnings": [{"short": short}]}, {"warnings": [{"short": short}]})
    assert build.warnings == ("use --platform",)
