"""When an image need not be built again."""

import pytest

from emulator.engine.reuse import is_sure, made_of, named_arguments
from emulator.model.record import replace
from emulator.world.building import BuilderFacts, BuildRequest
from emulator.world.docker import ImageFacts
from emulator.world.hidden import Hidden, HiddenFiles

ARGS = {"COLOUR": "red", "PORT": "80"}
KEY = b"k" * 32
BUILDER = BuilderFacts(identity="one", asks_registries=False, architecture="amd64")


class Sent:
    """dockerfile: what it says. files: the digest of what is sent."""

    def __init__(self, dockerfile: str = "FROM a\nARG PORT\n", files: str = "1") -> None:
        self.dockerfile = dockerfile
        self.files = files

    def is_still_so(self) -> bool:
        return True


def image(id="sha256:1", **changes):
    facts = ImageFacts(
        id=id, entrypoint=None, cmd=None, env={}, user="", workdir="", exposed=(), labels={}, architecture="amd64",
        stop_signal=None, shell=None,
    )  # fmt: skip
    return replace(facts, **changes)


REQUEST = BuildRequest(
    context="/a", dockerfile="/a/Dockerfile", args=ARGS, tag="shop:1", labels={"emu.service": "shop", "emu.deploy": "1"}
)


def made(request=REQUEST, sent=None, bases=None, builder=BUILDER, key=KEY):
    return made_of(request, sent or Sent(), bases or {"a": image()}, builder, key)


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
        ({"tag": "shop:2", "context": "/b", "dockerfile": "/b/Dockerfile"}, True),
        ({"labels": {"emu.service": "shop", "emu.deploy": "2"}}, True),
        ({"labels": {"emu.service": "other", "emu.deploy": "1"}}, False),
        ({"args": Hidden({"COLOUR": "blue", "PORT": "80"})}, True),
        ({"args": Hidden({"COLOUR": "red", "PORT": "81"})}, False),
        ({"target": "prod"}, False),
        ({"platform": "linux/arm64"}, False),
        ({"secrets": Hidden({"key": "x"})}, False),
        ({"secret_files": HiddenFiles({"key": b"x"})}, False),
        ({"base_images": {"a": "b"}}, False),
    ],
)
def test_what_decides_over_a_build_decides_over_its_reuse(changes, same):
    assert (made(replace(REQUEST, **changes)).digest == made().digest) is same


def test_all_else_that_is_built_with_decides_too():
    """Files, what the base images are here, who builds. And nobody compares the digests of two projects."""
    assert made(sent=Sent(files="2")).digest != made().digest
    assert made(sent=Sent("FROM a\nARG PORT\n# more\n")).digest != made().digest
    assert made(bases={"a": image("sha256:2")}).digest != made().digest
    assert made(builder=replace(BUILDER, identity="other")).digest != made().digest
    assert made(key=b"o" * 32).digest != made().digest


def test_what_a_build_reads_elsewhere_is_not_known():
    """From the private network; or too many files to look at."""
    assert made(replace(REQUEST, hosts={"db": "10.0.0.1"})) is None
    assert made_of(REQUEST, None, {}, BUILDER, KEY) is None


ON_ARM = replace(BUILDER, architecture="arm64")
PINNED = "a@sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("dockerfile", "sure"),
    [
        ("FROM a\nCOPY . .\nRUN date\n", True),
        ("FROM scratch\nADD files.tar /\n", True),
        ("FROM a AS one\nFROM scratch\nCOPY --from=one /x /x\n", True),
        ("FROM a\nRUN --mount=type=cache,target=/c --mount=type=secret,id=s true\n", True),
        ("FROM unknown\n", False),
        ("FROM a\nCOPY --from=unknown /x /x\n", False),
        ("FROM a\nRUN --mount=from=unknown,target=/x true\n", False),
        ("FROM unknown AS unused\nFROM a\n", True),
        ("ARG BASE=unknown\nFROM $BASE\n", False),
        ("# syntax=docker/dockerfile:1\nFROM a\n", False),
        ("#syntax = docker/dockerfile:1\nFROM a\n", False),
        ('{"syntax": "docker/dockerfile:1"}\nFROM a\n', False),
        ("FROM a\nADD https://example.com/x /x\n", False),
        ("FROM a\nADD --checksum=sha256:1 \\\n  https://example.com/x /x\n", False),
        ('FROM a\nADD ["https://example.com/x", "/x"]\n', False),
        ("FROM a\nADD git@github.com:a/b.git /x\n", False),
        ("FROM a\nARG URL\nADD $URL /x\n", False),
        ("FROM a\nONBUILD ADD https://example.com/x /x\n", False),
        ("FROM a\nARG HTTP_PROXY\nRUN true\n", False),
        ("FROM --platform=linux/amd64 a\n", True),
        ("FROM --platform=linux/arm64 a\n", False),
        ("FROM --platform=$BUILDPLATFORM a\n", True),
        ("COPY . .\n", False),
    ],
)
def test_sure_is_what_a_warm_cache_answers_without_asking_elsewhere(dockerfile, sure):
    assert is_sure(REQUEST, dockerfile, {"a": image()}, BUILDER) is sure


@pytest.mark.parametrize(
    ("case", "sure"),
    [
        ({"bases": {"a": None}}, False),
        ({"bases": {"a": image(has_triggers=True)}}, False),
        ({"bases": {"a": image(architecture="arm64")}}, False),
        ({"builder": None}, False),
        ({"builder": replace(BUILDER, asks_registries=True)}, False),
        ({"builder": replace(BUILDER, asks_registries=True), "dockerfile": f"FROM {PINNED}\n"}, True),
        ({"builder": ON_ARM, "dockerfile": "FROM --platform=$BUILDPLATFORM a\n"}, False),
        ({"builder": ON_ARM}, True),
        ({"request": replace(REQUEST, no_cache=True)}, False),
        ({"request": replace(REQUEST, pull=True)}, False),
        ({"request": replace(REQUEST, args=Hidden({"BUILDKIT_SYNTAX": "x"}))}, False),
        ({"request": replace(REQUEST, syntax_line="ignore"), "dockerfile": "# syntax=x\nFROM a\n"}, True),
    ],
)
def test_sure_is_of_the_base_images_and_the_builder_here(case, sure):
    bases = case.get("bases", {"a": image(), PINNED: image()})
    request, dockerfile = case.get("request", REQUEST), case.get("dockerfile", "FROM a\n")
    assert is_sure(request, dockerfile, bases, case.get("builder", BUILDER)) is sure
