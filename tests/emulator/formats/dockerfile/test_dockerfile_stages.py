"""Stages, what they are built on, and what the target reaches."""

import time

import pytest

from emulator.formats.dockerfile import Stages, parse_dockerfile, read_stages, reference_problem


def stages(text: str, **options) -> Stages:
    return read_stages(parse_dockerfile(text, "Dockerfile"), **options)


def faults(text: str, **options) -> list[tuple[str, int]]:
    found = stages(text, **options).diagnostics
    assert all(d.help for d in found)
    return [(d.code.removeprefix("dockerfile/"), d.origin.line) for d in found]


def test_a_name_in_from_means_an_earlier_stage():
    """A later stage of that name does not count, and names are lower-case."""
    result = stages("FROM later AS Base\nFROM base\nFROM x AS later\nFROM Base\n")
    assert [(s.name, s.base, s.parent) for s in result.stages] == [
        ("base", "later", None),
        (None, "base", 0),
        ("later", "x", None),
        (None, "Base", None),
    ]


@pytest.mark.parametrize(
    ("head", "base", "build_args", "expected"),
    [
        ("ARG V=3.11", "python:${V}-slim", {}, "python:3.11-slim"),
        ("ARG V=3.11", "python:$V", {"V": "3.13"}, "python:3.13"),
        ("ARG V", "python:${V:-3}", {}, "python:3"),
        ("ARG A=1\nARG B=$A.2", "x:$B", {}, "x:1.2"),
        ("ARG A=1 B=2", "x:$A$B", {}, "x:12"),
        ("", "x-$TARGETARCH", {}, "x-amd64"),
        ("", "x:${BUILDOS}", {}, "x:linux"),
        ("", "x:$V", {"V": "undeclared"}, "x:"),
        ("", '"x:1"', {}, "x:1"),
    ],
)
def test_base_is_expanded_with_the_args_before_from(head: str, base: str, build_args: dict[str, str], expected: str):
    """A build argument counts only for a declared ARG; the platform's own are always there."""
    assert stages(f"{head}\nFROM {base}\n", build_args=build_args).stages[0].base == expected


def test_args_of_a_stage_do_not_reach_the_next_from():
    """Only those before the first FROM are in force there."""
    result = stages("ARG A=1\nFROM x\nARG A=2\nARG B=2\nFROM y:$A-${B:-none}\n")
    assert result.stages[1].base == "y:1-none"


def test_target_and_what_it_reaches():
    """Parents, copies and mounts are built; other stages are not, and their images are not needed."""
    text = """FROM a AS build
FROM b AS unused
FROM c AS tools
FROM build
COPY --from=tools /x /x
COPY --from=docker.io/d:1 /x /x
COPY --from=0 /x /y
RUN --mount=type=bind,from=e,target=/e --mount=type=cache,target=/c x
FROM f AS last
"""
    whole = stages(text)
    assert (whole.target, whole.reached, whole.base_images) == (4, (4,), ("f",))
    three = stages(text + "FROM 3stage\n", target="unused")
    assert (three.reached, three.base_images) == ((1,), ("b",))
    final = stages(text.replace("FROM f AS last\n", ""))
    assert (final.target, final.reached) == (3, (0, 2, 3))
    assert final.base_images == ("a", "c", "docker.io/d:1", "e")


def test_images_come_once_and_scratch_is_none():
    """FROM scratch needs no image; two stages on one image need it once."""
    result = stages("FROM a AS x\nFROM a AS y\nFROM scratch\nCOPY --from=x / /\nCOPY --from=y / /\n")
    assert result.base_images == ("a",)


def test_last_stage_of_a_name_is_copied_from():
    """COPY --from sees all stages, FROM only those above."""
    result = stages("FROM a AS x\nFROM b AS x\nFROM scratch\nCOPY --from=X / /\n")
    assert result.reached == (1, 2)


def test_onbuild_copy_is_reached_through_its_user():
    """What a parent keeps with ONBUILD is done in the stage built on it."""
    result = stages("FROM t AS tools\nFROM a AS base\nONBUILD COPY --from=tools / /\nFROM base\n")
    assert result.reached == (0, 1, 2)


def test_a_registry_and_a_number_in_mounts():
    """from= in a mount is a name: a number there is an image."""
    result = stages("FROM a\nRUN --mount=from=0,target=/x y\n")
    assert result.base_images == ("a", "0")


def test_the_last_from_of_a_mount_counts():
    """And a quoted list is one."""
    assert stages("FROM a\nRUN --mount=from=b,from=c,target=/x y\n").base_images == ("a", "c")
    assert stages("FROM a\nRUN --mount='\"from=b\",target=/x' y\n").base_images == ("a", "b")
    assert stages("FROM a\nRUN --mount='\"" + "x" * 140_000 + "\"' y\n").base_images == ("a",)


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("FROM a AS x\n", {"target": "y"}, [("unknown-target", 1)]),
        ("FROM a AS x\n", {"target": "0"}, [("unknown-target", 1)]),
        ("FROM a AS x\n", {"target": "X"}, []),
        ("FROM $A\n", {}, [("blank-base", 1)]),
        ("FROM python:$V\n", {}, [("bad-base", 1)]),
        ("FROM Python\n", {}, [("bad-base", 1)]),
        ("FROM ${A\n", {}, [("bad-substitution", 1)]),
        ("FROM a AS x\nCOPY --from=x / /\n", {}, [("circular-stages", 2)]),
        ("FROM a AS x\nCOPY --from=y / /\nFROM b AS y\nCOPY --from=x / /\n", {},
         [("circular-stages", 4), ("stage-too-late", 2)]),
        ("FROM a AS x\nCOPY --from=y / /\nFROM b AS y\n", {"target": "x"}, [("stage-too-late", 2)]),
        ("FROM a AS x\nCOPY --from=y / /\nFROM b AS y\n", {}, []),
        ("FROM a\nCOPY --from=7 / /\n", {}, [("bad-copy-from", 2)]),
        ("FROM a AS builder\nFROM a\nCOPY --from=bulider / /\n", {}, [("bad-copy-from", 3)]),
        ("FROM a AS builder\nFROM bulider AS production\n", {}, [("bad-base", 2)]),
        ("FROM a AS builder\nFROM builder\nFROM scratch\nFROM node\nFROM builder:1\n", {}, []),
        ("FROM a AS builder\nFROM a\nCOPY --from=busybox / /\nCOPY --from=acme/builders / /\n", {}, []),
        ("FROM a\nCOPY --from=$X / /\n", {}, [("bad-copy-from", 2)]),
        ("FROM a\nRUN --mount=from=$X,target=/x y\n", {}, [("bad-mount", 2)]),
    ],
)  # fmt: skip
def test_faults(text: str, options: dict, expected: list[tuple[str, int]]):
    """Wrong targets, bases and references are found at their line; the unreached may be in the wrong order."""
    assert faults(text, **options) == expected


@pytest.mark.parametrize(
    ("reference", "fine"),
    [
        ("python", True),
        ("python:3.11-slim", True),
        ("ghcr.io/Owner/app:1", False),
        ("ghcr.io/owner/app:V1_2", True),
        ("localhost:5000/a/b", True),
        ("Registry/a", True),
        ("a_b.c/d", True),
        ("a@sha256:" + "0" * 64, True),
        ("a:1@sha256:" + "0" * 64, True),
        ("a@sha256:12", False),
        ("a:", False),
        ("a:-x", False),
        ("a__b.c-d--e/f", True),
        ("a___b", False),
        ("-a", False),
        ("a//b", False),
        ("a b", False),
        ("0" * 64, False),
        ("[::1]:5000/a", True),
    ],
)
def test_image_names(reference: str, fine: bool):
    """The grammar of image names: capitals only in the registry and the tag, no empty part."""
    assert (reference_problem(reference) is None) == fine


@pytest.mark.thorough
def test_ten_thousand_stages():
    """A long chain is followed without recursion, in linear time."""
    chain = "FROM a AS s0\n" + "".join(
        f"FROM s{i} AS s{i + 1}\nCOPY --from=s{i} / /\nENV V{i}=$V\n" for i in range(10_000)
    )
    dockerfile = parse_dockerfile(chain, "Dockerfile")
    started = time.process_time()
    result = read_stages(dockerfile)
    assert time.process_time() - started < 5
    assert (len(result.reached), result.base_images) == (10_001, ("a",))
