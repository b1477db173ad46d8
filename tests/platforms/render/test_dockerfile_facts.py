"""What a plan says of the image a Dockerfile would make, without building it."""

import pytest

from tests.platforms.render.planning import codes, messages, plan, service, web

DOCKER = web("runtime: docker\nenvVars:\n  - key: TAG\n    value: 3.13-slim\n  - key: KEY\n    sync: false\n")


@pytest.mark.parametrize(
    ("text", "argv", "form"),
    [
        ('FROM node:20\nCMD ["node", "s.js"]\n', ("docker-entrypoint.sh", "node", "s.js"), "exec"),
        ("FROM node:20\nCMD node s.js\n", ("docker-entrypoint.sh", "/bin/sh", "-c", "node s.js"), "shell"),
        ('FROM docker.io/library/node:20\nENTRYPOINT ["node"]\nCMD ["s.js"]\n', ("node", "s.js"), "exec"),
        ("FROM node:20\nENTRYPOINT []\nCMD node s.js\n", ("/bin/sh", "-c", "node s.js"), "shell"),
        ('FROM gcr.io/distroless/nodejs22-debian12\nCMD ["s.js"]\n', ("/nodejs/bin/node", "s.js"), "exec"),
        ('FROM gcr.io/distroless/java21-debian12:nonroot\nCMD ["a.jar"]\n', ("/usr/bin/java", "-jar", "a.jar"), "exec"),
        ('FROM gcr.io/distroless/java-base-debian12\nCMD ["a"]\n', ("a",), "exec"),
        ('FROM gcr.io/distroless/python3-debian12\nCMD ["a.py"]\n', ("/usr/bin/python3.11", "a.py"), "exec"),
        ('FROM gcr.io/distroless/static-debian12\nCMD ["/a"]\n', ("/a",), "exec"),
        ("FROM node:20\n", None, "image"),
        ("FROM python:3.11-slim\n", None, "image"),
        ("FROM python:3.11-slim\nCMD []\n", None, "image"),
        ('FROM python:3.11-slim\nENTRYPOINT ["run"]\n', ("run",), "exec"),
        ('FROM python:3.11-slim\nENTRYPOINT run it\nCMD ["x"]\n', ("/bin/sh", "-c", "run it", "x"), "shell"),
        ('FROM python:3.11-slim\nENTRYPOINT ["run"]\nCMD []\n', ("run",), "exec"),
        ('FROM python:3.11-slim\nCMD ["a"]\nCMD ["b"]\n', ("b",), "exec"),
        ('FROM python:3.11-slim\nCMD ["a"]\nENTRYPOINT ["e"]\n', ("e", "a"), "exec"),
        ('FROM x AS base\nENTRYPOINT ["e"]\nFROM base\nCMD ["c"]\n', ("e", "c"), "exec"),
        ('FROM x AS base\nCMD ["c"]\nFROM base\nENTRYPOINT ["e"]\n', ("e",), "exec"),
        ('FROM x AS build\nCMD ["no"]\nFROM y\nCMD ["yes"]\n', ("yes",), "exec"),
        ('FROM x AS one\nONBUILD CMD ["kept"]\nFROM one\n', ("kept",), "exec"),
        ('FROM x\nSHELL ["/bin/bash", "-euc"]\nCMD go\n', ("/bin/bash", "-euc", "go"), "shell"),
        ('FROM x\nARG KEY\nCMD ["run", "$KEY"]\n', ("run", "$KEY"), "exec"),
        ("FROM x\nCMD [not json]\n", ("/bin/sh", "-c", "[not json]"), "shell"),
    ],
)  # fmt: skip
def test_argv(text, argv, form):
    """ENTRYPOINT and CMD by Docker's rules, over what is known of the base image; None where only that knows."""
    found = service({"render.yaml": DOCKER, "Dockerfile": text}).command
    assert found is not None
    assert (found.argv, found.form) == (argv, form)
    assert found.source == ("dockerfile" if argv else "image")


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("ARG TAG=3.11-slim\nFROM python:$TAG\nCMD x\n", ("python:3.13-slim",)),
        ("ARG OTHER=3.11-slim\nFROM python:${OTHER}\nCMD x\n", ("python:3.11-slim",)),
        ("ARG KEY=x\nFROM python:${KEY}\nCMD x\n", ("python:‹KEY›",)),
        ("FROM node:20 AS build\nRUN make\nFROM nginx\nCOPY --from=build /a /b\n", ("node:20", "nginx")),
        ("FROM node:20 AS unused\nFROM nginx\n", ("nginx",)),
    ],
)
def test_base_images(text, images):
    """FROM is read with the service's variables as build arguments; stages that nothing needs do not count."""
    made = plan({"render.yaml": DOCKER, "Dockerfile": text})
    assert made.services[0].build.base_images == images
    assert codes(made, "error") == []


def test_the_last_stage_is_built():
    """There is no target field: no target is named, and the command is the last stage's."""
    text = 'FROM x AS web\nCMD ["web"]\nFROM x AS worker\nCMD ["worker"]\n'
    made = service({"render.yaml": DOCKER, "Dockerfile": text})
    assert made.build.target is None
    assert made.command is not None
    assert made.command.text == "worker"


def test_the_place_of_the_command():
    """The command points at the line that decides it; a base image's own at its FROM."""
    own = service({"render.yaml": DOCKER, "Dockerfile": "FROM x\n\nCMD go\n"}).command
    base = service({"render.yaml": DOCKER, "Dockerfile": "# note\nFROM python:3.11-slim\n"}).command
    assert own is not None
    assert base is not None
    assert own.origin is not None
    assert base.origin is not None
    assert (own.origin.line, base.origin.line) == (3, 2)


def test_nothing_to_run_at_all():
    """FROM scratch without CMD: such a deploy appears to hang; the plan says so before."""
    made = plan({"render.yaml": DOCKER, "Dockerfile": "FROM scratch\nCOPY a /a\n"})
    assert messages(made) == ["the image has neither CMD nor ENTRYPOINT: such a deploy appears to hang"]
    assert made.services[0].command is None


def test_nothing_to_run_and_a_docker_command():
    """A dockerCommand fills the gap where render.yaml says docker, and nowhere else."""
    files = {"Dockerfile": "FROM scratch\nCOPY a /a\n"}
    made = service({"render.yaml": web("runtime: docker\ndockerCommand: /a\n"), **files}).command
    assert made is not None
    assert made.argv == ("/a",)
    fields = "runtime: python\nstartCommand: x\ndockerCommand: /a\n"
    pointed_at = plan({"render.yaml": web(fields), **files})
    assert pointed_at.services[0].command is None
    assert codes(pointed_at, "error") == ["render/no-command"]


def test_an_unset_prompt_in_from_is_no_error():
    """The value is asked for at creation: the plan shows a token and does not complain of the reference."""
    made = plan({"render.yaml": DOCKER, "Dockerfile": "ARG KEY\nFROM $KEY/python:3\nCMD x\n"})
    assert codes(made) == ["env/prompted-unset"]


def test_a_bad_reference_is_still_an_error():
    """What the file itself writes wrongly is found."""
    made = plan({"render.yaml": DOCKER, "Dockerfile": "FROM Python::3\nCMD x\n"})
    assert "dockerfile/bad-base" in codes(made, "error")


def test_image_services():
    """Nothing is built: the image is pulled, and its own command runs."""
    made = service({"render.yaml": web("runtime: image\nimage:\n  url: docker.io/n8nio/n8n:1.2\n")})
    assert (made.build.kind, made.build.image, made.build.dockerfile) == ("image", "docker.io/n8nio/n8n:1.2", None)
    assert made.command is not None
    assert (made.command.form, made.command.source, made.command.argv) == ("image", "image", None)
    assert not any(v.name.startswith("RENDER_GIT") for v in made.env)


@pytest.mark.parametrize(("variables", "port"), [("", "10000"), ("envVars: [{key: PORT, value: 3000}]\n", "3000")])
def test_the_port_of_the_image_loses_to_the_platform_s(variables: str, port: str) -> None:
    """Both places are in the decision: where the Dockerfile sets it, and what a container gets instead."""
    files = {"render.yaml": web(f"runtime: docker\n{variables}"), "Dockerfile": "FROM x\nENV PORT=9000\nCMD run\n"}
    [decision] = [d for d in plan(files).services[0].decisions if d.id.endswith(".port")]
    assert decision.answer == port
    [lost] = [one for one in decision.rejected if one.origin is not None and one.origin.file == "Dockerfile"]
    assert (lost.answer, lost.origin.line) == ("9000", 2)
    assert "over the image's" in lost.because
