"""Which command runs: the image's, or what command and args make of it."""

import pytest

from tests.platforms.cloud_run.planning import DOCKERFILE, codes, of, plan, service

ENTRYPOINT = 'FROM python:3.11-slim\nENTRYPOINT ["tini", "--"]\nCMD ["serve"]\n'
SHELL = "FROM python:3.11-slim\nENTRYPOINT exec serve\n"


@pytest.mark.parametrize(
    ("dockerfile", "fields", "argv", "source", "image_args"),
    [
        pytest.param(ENTRYPOINT, "", ("tini", "--", "serve"), "dockerfile", None, id="neither"),
        pytest.param(ENTRYPOINT, "args: [a, b]", ("tini", "--", "a", "b"), "service.yaml", ("a", "b"), id="args"),
        pytest.param(ENTRYPOINT, "command: [run]", ("run",), "service.yaml", None, id="command discards CMD"),
        pytest.param(ENTRYPOINT, "command: [run]\nargs: [x]", ("run", "x"), "service.yaml", None, id="both"),
        pytest.param(DOCKERFILE, "args: [a]", ("a",), "service.yaml", ("a",), id="args without an ENTRYPOINT"),
        pytest.param(SHELL, "args: [a]", ("/bin/sh", "-c", "exec serve", "a"), "service.yaml", ("a",),
                     id="args behind a shell form"),
        pytest.param(ENTRYPOINT, "command: []\nargs: []", ("tini", "--", "serve"), "dockerfile", None,
                     id="empty lists set nothing"),
        pytest.param(ENTRYPOINT, 'args: ["--port", "$(PORT)"]', ("tini", "--", "--port", "$(PORT)"), "service.yaml",
                     ("--port", "$(PORT)"), id="CR-12: $(PORT) stays as it is"),
        pytest.param('FROM node:20\nCMD ["node", "."]\n', "args: [x.js]", ("docker-entrypoint.sh", "x.js"),
                     "service.yaml", ("x.js",), id="the base image's known ENTRYPOINT"),
    ],
)  # fmt: skip
def test_argv(dockerfile, fields, argv, source, image_args):
    """command replaces ENTRYPOINT and discards CMD; args alone replace CMD."""
    command = service(of(fields) | {"Dockerfile": dockerfile}).command
    assert command is not None
    assert (command.argv, command.source, command.image_args) == (argv, source, image_args)


def test_args_of_an_image_leave_its_entrypoint():
    """Of a ready-made image only the engine knows the ENTRYPOINT: the plan says what comes behind it."""
    command = service(of("args: [a]")).command
    assert command is not None
    assert (command.argv, command.form, command.image_args) == (None, "image", ("a",))


def test_loser_is_named():
    """The image's own command is shadowed, with the reason and its place."""
    command = service(of("command: [run]") | {"Dockerfile": DOCKERFILE}).command
    assert command is not None
    [lost] = command.shadowed
    assert (lost.source, lost.text, lost.because) == (
        "dockerfile", "gunicorn app:app", "command replaces both ENTRYPOINT and CMD",
    )  # fmt: skip
    assert lost.origin is not None
    assert lost.origin.line == 2


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ('args: ["--port", "$(PORT)"]', ["cloud-run/not-expanded"]),
        ('command: [serve, "--port=$PORT"]', ["cloud-run/not-expanded"]),
        ('command: [/bin/sh, -c, "exec serve --port $PORT"]', []),
        ("args: [--verbose]", []),
    ],
)
def test_variable_that_nobody_replaces_is_told(fields, told):
    """No shell and no $(NAME): a warning, unless a shell is what runs."""
    assert codes(plan(of(fields) | {"Dockerfile": DOCKERFILE})) == told


def test_too_many_args():
    """A container has at most 1000."""
    assert codes(plan(of(f"args: [{', '.join(['x'] * 1000)}]"))) == []
    assert codes(plan(of(f"args: [{', '.join(['x'] * 1001)}]"))) == ["cloud-run/too-many-args"]


def test_nothing_to_run():
    """FROM scratch without ENTRYPOINT and CMD has nothing to run; a command helps."""
    scratch = {"Dockerfile": "FROM scratch\nCOPY app /app\n"}
    assert codes(plan(of() | scratch), "error") == ["cloud-run/no-command"]
    assert codes(plan(of("command: [/app]") | scratch), "error") == []


def test_the_port_of_the_image_loses_to_the_platform_s() -> None:
    """Both places are in the decision: where the Dockerfile sets it, and what a container gets instead."""
    [decision] = [
        d for d in service({"Dockerfile": "FROM x\nENV PORT=9000\nCMD run\n"}).decisions if d.id.endswith(".port")
    ]
    assert decision.answer == "8080"
    assert [(one.answer, one.origin.line) for one in decision.rejected if one.origin is not None] == [("9000", 2)]


@pytest.mark.parametrize(("fields", "directory"), [("workingDir: /srv", "/srv"), ("workingDir: ''", None), ("", None)])
def test_where_it_starts(fields, directory):
    """In the directory that the file names; else in the image's."""
    assert service(of(fields) | {"Dockerfile": DOCKERFILE}).command.working_dir == directory
