"""The messages are those of engine 26.1's classic builder."""

import pytest

from emulator.engine.classic_log import ClassicLog
from emulator.world.building import StepDone, StepLog


def test_steps_and_lines():
    """The builder's own arrows are no output of the step."""
    log = ClassicLog()
    streams = [
        "Step 1/2 : FROM a", "\n", " ---> c6150c986f4c\n", "Step 2/2 : RUN b", "\n",
        " ---> Running in 1\n", "hello\nworld\n", " ---> 2\n", "Successfully built 2\n",
    ]  # fmt: skip
    found = [item for at, text in enumerate(streams) for item in log.message({"stream": text}, at)]
    found += log.message({"aux": {"ID": "sha256:2"}}, 9) + log.end(10)
    assert found == [
        StepDone(name="[1/2] FROM a", seconds=3, cached=False),
        StepLog(line="hello", step="[2/2] RUN b"),
        StepLog(line="world", step="[2/2] RUN b"),
        StepDone(name="[2/2] RUN b", seconds=7, cached=False),
    ]
    assert (log.image_id, log.error()) == ("sha256:2", None)


def test_cached_step():
    """A cached step took no time."""
    log = ClassicLog()
    for text in ("Step 1/1 : RUN b\n", " ---> Using cache\n"):
        log.message({"stream": text}, 0)
    assert log.end(5) == [StepDone(name="[1/1] RUN b", seconds=None, cached=True)]


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        ("The command '/bin/sh -c exit 4' returned a non-zero code: 4", "step", None),
        (
            "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
            "missing-file",
            "nope",
        ),
        ('Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host', "registry", None),
        (
            "pull access denied for nosuch/x, repository does not exist or may require login",
            "missing-image",
            "nosuch/x",
        ),
        ("manifest for python:9.99 not found: manifest unknown", "missing-image", "python:9.99"),
        ("dockerfile parse error on line 2: unknown instruction: RUNN", "dockerfile", None),
        ("something new", "other", None),
    ],
)
def test_why_a_build_failed(text, kind, subject):
    """The same kinds as from BuildKit."""
    log = ClassicLog()
    log.message({"stream": "Step 1/1 : RUN b\n"}, 0)
    log.message({"stream": "last words\n"}, 0)
    log.message({"error": text}, 1)
    error = log.error()
    assert error is not None
    assert (error.kind, error.subject, error.log_tail) == (kind, subject, ("last words",))
    assert log.end(2) == []
