"""How a dockerCommand becomes an argv."""

import json

import pytest

from platforms.render.docker_command import parse_docker_command
from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

VALUES = {"PORT": "10000", "HOST": "0.0.0.0", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("./start.sh", ("./start.sh",)),
        ("/bin/sh -c a && b; exec c", ("/bin/sh", "-c", "a && b; exec c")),
        ("/bin/bash -c python manage.py migrate && gunicorn x",
         ("/bin/bash", "-c", "python manage.py migrate && gunicorn x")),
        ('sh -c "a && b --port $PORT"', ("sh", "-c", '"a && b --port $PORT"')),
        ("sh -c 'set -e; a'", ("sh", "-c", "'set -e; a'")),
        ("a && b", ("a", "&&", "b")),
        ("minio server /data --address $HOST:$PORT", ("minio", "server", "/data", "--address", "0.0.0.0:10000")),
        ("run ${HOST} $NOBODY x", ("run", "0.0.0.0", "", "x")),
        ("run '$HOST'", ("run", "0.0.0.0")),
        ("run \"two words\" 'and more'", ("run", "two words", "and more")),
        ("run $EMPTY", ("run", "")),
        ("run $$ $1 cost$", ("run", "$$", "$1", "cost$")),
        ('unclosed "quote here', ("unclosed", '"quote', "here")),
        ("  /bin/sh   -c   a  b  ", ("/bin/sh", "-c", "a  b")),
        ("sh -ec 'a b'", ("sh", "-ec", "a b")),
        ("sh start.sh -c x", ("sh", "start.sh", "-c", "x")),
        ("", ()),
    ],
)  # fmt: skip
def test_argv(text, argv):
    """After `sh -c` the rest is one argument word for word; otherwise words, with $NAME replaced."""
    assert parse_docker_command(text, VALUES.get) == argv


def _docker(command: str) -> str:
    return web(
        f"runtime: docker\ndockerCommand: {command}\n"
        "envVars:\n  - key: HOST\n    value: 0.0.0.0\n  - key: TOKEN\n    sync: false\n"
        "  - key: SEED\n    generateValue: true\n"
    )


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_case_18_quotes_are_kept_and_told(created_from):
    """`sh -c "…"`: the quotes reach the shell, which looks for one program of that name; a warning says so."""
    files = {"render.yaml": web('runtime: docker\ndockerCommand: sh -c "echo A && ./server --port $PORT"\n')}
    made = plan({**files, "Dockerfile": DOCKERFILE}, created_from)
    command = made.services[0].command
    assert command is not None
    assert command.argv == ("sh", "-c", '"echo A && ./server --port $PORT"')
    assert command.form == "shell"
    assert codes(made) == ["render/docker-command-quoted"]
    assert made.diagnostics[0].help is not None
    assert made.diagnostics[0].help.endswith("sh -c echo A && ./server --port $PORT")


def test_case_20_variables_without_a_shell():
    """`--listen $HOST:$PORT` is replaced from the service's variables."""
    found = service({"render.yaml": _docker("myserver --listen $HOST:$PORT"), "Dockerfile": DOCKERFILE}).command
    assert found is not None
    assert found.argv == ("myserver", "--listen", "0.0.0.0:10000")
    assert (found.form, found.text) == ("exec", "myserver --listen $HOST:$PORT")


def test_case_22_no_docker_command():
    """ENTRYPOINT and CMD of the image run."""
    files = {"render.yaml": web("runtime: docker\n"), "Dockerfile": 'FROM x\nENTRYPOINT ["/entry.sh"]\nCMD ["serve"]\n'}
    found = service(files, "blueprint").command
    assert found is not None
    assert (found.argv, found.source) == (("/entry.sh", "serve"), "dockerfile")


def test_a_docker_command_replaces_the_entrypoint_too():
    """dockerCommand is all that runs."""
    files = {"render.yaml": web("runtime: docker\ndockerCommand: ./go\n"), "Dockerfile": 'FROM x\nENTRYPOINT ["/e"]\n'}
    found = service(files).command
    assert found is not None
    assert found.argv == ("./go",)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("a && b", "'&&' reaches the program as a plain argument"),
        ("a --on $(date)", "'$(date)' reaches the program as a plain argument"),
        ("a --port ${PORT:-8000}", "'${PORT:-8000}' reaches the program as a plain argument"),
        ("cd /app && a", "'cd' is taken for a program"),
        ("exec a", "'exec' is taken for a program"),
        ("A=b c", "'A=b' is taken for a program"),
        ("a --b=c ${PORT} 'x; $(y)' --server.port=${PORT:8080}", None),
        ("./exec a", None),
        ("sh -c exec a `date`", None),
    ],
)
def test_what_a_shell_would_do_is_told_where_none_runs(command, said):
    """`a && b` reaches the first program as arguments; there is no program `exec`."""
    fields = f"runtime: docker\ndockerCommand: {json.dumps(command)}\n"
    made = plan({"render.yaml": web(fields), "Dockerfile": DOCKERFILE})
    assert messages(made, "warning") == ([f"{said}: no shell runs a dockerCommand"] if said else [])


@pytest.mark.parametrize("env", [[], [("TOKEN", "s3cr3t")]])
@pytest.mark.parametrize("name", ["TOKEN", "SEED"])
def test_a_secret_stands_as_its_token(env, name):
    """Where a secret's value would stand in the argv there is ‹NAME›, whether the value is known or not."""
    files = {"render.yaml": _docker(f"run --key ${name}"), "Dockerfile": DOCKERFILE}
    found = service(files, env=env).command
    assert found is not None
    assert found.argv == ("run", "--key", f"‹{name}›")


def test_an_image_takes_a_docker_command():
    """dockerCommand applies to ready-made images as well."""
    made = service({"render.yaml": web("runtime: image\nimage:\n  url: n8nio/n8n\ndockerCommand: n8n start\n")})
    assert made.command is not None
    assert (made.command.argv, made.command.source) == (("n8n", "start"), "render.yaml")


def test_a_folded_docker_command_is_one_line():
    """A folded block is one line for the parser."""
    fields = "runtime: docker\ndockerCommand: >-\n  /bin/sh -c\n  migrate &&\n  serve\n"
    found = service({"render.yaml": web(fields), "Dockerfile": DOCKERFILE}).command
    assert found is not None
    assert found.argv == ("/bin/sh", "-c", "migrate && serve")
