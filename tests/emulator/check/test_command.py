"""What a command line really runs."""

import pytest

from emulator.check.command import Argument, started
from emulator.check.servers import Target, target

SH = ("/bin/sh", "-c")


@pytest.mark.parametrize(
    ("argv", "program", "args"),
    [
        (("gunicorn", "app:app"), "gunicorn", ["app:app"]),
        (("/usr/local/bin/gunicorn", "app:app"), "gunicorn", ["app:app"]),
        ((*SH, "exec gunicorn app:app"), "gunicorn", ["app:app"]),
        ((*SH, "bash -c 'exec gunicorn app:app'"), "gunicorn", ["app:app"]),
        (("bash", "-lc", "gunicorn app:app"), "gunicorn", ["app:app"]),
        (("bash", "-eu", "-o", "pipefail", "-c", "gunicorn app:app"), "gunicorn", ["app:app"]),
        ((*SH, "cd src && A=b gunicorn 'app:app'"), "gunicorn", ["app:app"]),
        ((*SH, "gunicorn --bind 0.0.0.0:$PORT app:app"), "gunicorn", ["--bind", "0.0.0.0:8000", "app:app"]),
        ((*SH, "gunicorn --bind '0.0.0.0:$PORT' app:app"), "gunicorn", ["--bind", "0.0.0.0:$PORT", "app:app"]),
        ((*SH, 'gunicorn --bind "0.0.0.0:${PORT}" app:app'), "gunicorn", ["--bind", "0.0.0.0:8000", "app:app"]),
        ((*SH, "gunicorn \\\n  --bind :${PORT:-1}"), "gunicorn", ["--bind", ":8000"]),
        ((*SH, "export PORT=1; gunicorn -b :$PORT"), "gunicorn", ["-b", ":1"]),
        ((*SH, "gunicorn $WORDS app:app"), "gunicorn", ["-w", "4", "app:app"]),
        ((*SH, "gunicorn app:app # $PORT"), "gunicorn", ["app:app"]),
        (("env", "A=b", "-u", "C", "gunicorn"), "gunicorn", []),
        (("tini", "-g", "-p", "SIGTERM", "--", "gunicorn"), "gunicorn", []),
        (("/usr/bin/dumb-init", "gunicorn"), "gunicorn", []),
        (("su-exec", "app:app", "gunicorn"), "gunicorn", []),
        (("poetry", "run", "gunicorn"), "gunicorn", []),
        (("uv", "run", "--with", "x", "--frozen", "gunicorn"), "gunicorn", []),
        (("uv", "run", "-m", "gunicorn", "a:b"), "gunicorn", ["a:b"]),
        (("pipenv", "run", "python", "-m", "gunicorn"), "gunicorn", []),
        (("npx", "--yes", "next", "start"), "next", ["start"]),
        (("newrelic-admin", "run-program", "gunicorn"), "gunicorn", []),
        (("python", "-u", "-X", "dev", "-m", "flask", "run"), "flask", ["run"]),
        (("python3.12", "app.py", "x"), "python", ["x"]),
        (("python", "manage.py", "runserver"), "django", ["runserver"]),
        (("poetry", "install"), "poetry", ["install"]),
        ((*SH, 'exec "$@"'), "", None),
        ((*SH, "if a; then b; fi"), "", None),
        ((*SH, "a 'unclosed"), "", None),
        ((*SH, "cat <<X\nX"), "", None),
        ((*SH, "(gunicorn)"), "", None),
    ],
)
def test_program_behind_its_wrappers(argv: tuple[str, ...], program: str, args: list[str] | None) -> None:
    """Wrappers are taken off; words reach the program as the shell leaves them."""
    run = started(argv, {"PORT": "8000", "WORDS": "-w 4"})
    assert run.program == program
    if args is not None:
        assert [arg.text for arg in run.args] == args
        assert all(arg.known for arg in run.args)


def test_what_is_not_known_is_marked() -> None:
    """A secret's value, a variable nobody sets and a command's output are not known."""
    run = started((*SH, "gunicorn -b :$PORT $(a) $OTHER"), {"PORT": None})
    assert run.args == (
        Argument("-b"),
        Argument(":$PORT", known=False),
        Argument("$(a)", known=False),
        Argument("$OTHER", known=False, unset=("OTHER",)),
    )
    assert not run.complete


@pytest.mark.parametrize(
    ("script", "alone"),
    [
        ("gunicorn", True),
        ("cd x; export A=b && echo starting && gunicorn", True),
        ("python manage.py migrate && python manage.py collectstatic --noinput && gunicorn", True),
        ("flask db upgrade && gunicorn", True),
        ("nginx; gunicorn", False),
        ("redis-server & gunicorn", False),
        ("gunicorn &", False),
        ("gunicorn | tee log", False),
        ("a || gunicorn", False),
        ("flask run; gunicorn", False),
        ("python worker.py; gunicorn", False),
    ],
)
def test_whether_anything_may_run_beside(script: str, alone: bool) -> None:
    """A server is alone only behind commands that are known to end."""
    assert started((*SH, script), {}).alone is alone


def test_first_process_is_the_outer_shell() -> None:
    """An init program in front keeps a shell from being the first process."""
    assert started((*SH, "gunicorn"), {}).first_process is not None
    behind = started(("tini", "--", *SH, "gunicorn"), {})
    assert (behind.init, behind.first_process) == (True, None)
    assert behind.shell is not None


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("gunicorn", "-w", "4", "shop.web:app"), Target("shop.web", "app")),
        (("gunicorn", "--preload", "shop.web"), Target("shop.web", None)),
        (("gunicorn", "shop:create_app()"), Target("shop", "create_app", is_factory=True)),
        (("uvicorn", "--factory", "shop:create", "--reload"), Target("shop", "create", is_factory=True)),
        (("hypercorn", "-b", "0.0.0.0:80", "shop:app"), Target("shop", "app")),
        (("daphne", "-p", "80", "shop.asgi:application"), Target("shop.asgi", "application")),
        (("flask", "--app", "shop:app", "run"), Target("shop", "app")),
        (("celery", "-A", "shop.tasks", "worker"), Target("shop.tasks", None)),
        (("celery", "--app=shop", "worker"), Target("shop", None)),
        (("gunicorn", "--paste", "file.ini"), None),
        (("uvicorn", "./shop.py:app"), None),
        (("flask", "run"), Target("from_variable", None)),
    ],
)
def test_application_a_server_is_given(argv: tuple[str, ...], expected: Target | None) -> None:
    """The module and its attribute, wherever they stand among the options."""
    assert target(started(argv, {}), {"FLASK_APP": "from_variable"}) == expected


@pytest.mark.thorough
def test_any_text_has_an_answer_in_time() -> None:
    """Long, deep and broken texts are read, or given up, at once."""
    for text in ("$(" * 30_000, "'" * 65_000, "a;" * 30_000, "sh -c " * 5_000, '"' + "$A" * 30_000 + '"', "x" * 10**6):
        assert started((*SH, text), {"A": "b"}).program is not None
    nested = "x"
    for _ in range(12):
        nested = f"sh -c {__import__('shlex').quote(nested)}"
    assert started((*SH, nested), {}).program in ("", "x")


@pytest.mark.parametrize("program", ["gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve"])
def test_a_program_that_is_given_a_python_app_is_of_python(program: str):
    """Rules about Python's modules look at every command that names an app."""
    run = started((program, "shop:app"), {})
    assert target(run, {}) == Target("shop", "app")
    assert run.is_of_python
