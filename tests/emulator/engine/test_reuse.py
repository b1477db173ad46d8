"""When an image need not be built again."""

import pytest

from emulator.engine.reuse import made_of, named_arguments
from emulator.model.record import replace
from emulator.world import BuildRequest, Hidden

ARGS = {"COLOUR": "red", "PORT": "80"}


class Sent:
    """dockerfile: what it says. state: what the files are."""

    def __init__(self, dockerfile: str = "FROM a\nARG PORT\n", state: int = 1) -> None:
        self.dockerfile = dockerfile
        self.state = state

    def same_as(self, earlier: object) -> bool:
        return isinstance(earlier, Sent) and self.state == earlier.state


REQUEST = BuildRequest(context="/a", dockerfile="/a/Dockerfile", args=ARGS, tag="shop:1", labels={"deploy": "1"})


@pytest.mark.parametrize(
    ("dockerfile", "named"),
    [
        ("FROM a\nARG PORT\n", ["PORT"]),
        ("FROM a\nARG PORT=1 COLOUR\n", ["COLOUR", "PORT"]),
        ("FROM a\nRUN echo hello\n", []),
        ("# syntax=docker/dockerfile:1\nFROM a\n", []),
        ("# syntax=other/frontend\nFROM a\n", ["COLOUR", "PORT"]),
        ("FROM node:onbuild\n", ["COLOUR", "PORT"]),
        ("FROM a\nARG X${Y}\n", ["COLOUR", "PORT"]),
    ],
)
def test_an_argument_counts_where_the_dockerfile_may_use_it(dockerfile, named):
    """When in doubt it does."""
    assert named_arguments(ARGS, dockerfile) == named


def test_arguments_that_every_build_has_count():
    assert named_arguments({"http_proxy": "", "BUILDKIT_INLINE_CACHE": "1", "OTHER": ""}, "FROM a\n") == [
        "http_proxy", "BUILDKIT_INLINE_CACHE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"tag": "shop:2", "labels": {"deploy": "2"}, "context": "/b"}, True),
        ({"args": Hidden({"COLOUR": "blue", "PORT": "80"})}, True),
        ({"args": Hidden({"COLOUR": "red", "PORT": "81"})}, False),
        ({"target": "prod"}, False),
        ({"secrets": Hidden({"key": "x"})}, False),
        ({"base_images": {"a": "b"}}, False),
    ],
)
def test_what_decides_over_a_build_decides_over_its_reuse(changes, same):
    one = made_of(REQUEST, Sent(), {"a": "sha256:1"})
    other = made_of(replace(REQUEST, **changes), Sent(), {"a": "sha256:1"})
    assert one is not None
    assert other is not None
    assert other.same_as(one) is same


def test_files_and_base_images_decide_too():
    one = made_of(REQUEST, Sent(), {"a": "sha256:1"})
    assert not made_of(REQUEST, Sent(state=2), {"a": "sha256:1"}).same_as(one)
    assert not made_of(REQUEST, Sent(), {"a": "sha256:2"}).same_as(one)


def test_what_a_build_reads_elsewhere_is_not_known():
    """From the private network; or too many files to look at."""
    assert made_of(replace(REQUEST, hosts={"db": "10.0.0.1"}), Sent(), {}) is None
    assert made_of(REQUEST, None, {}) is None
