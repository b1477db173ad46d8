"""The captured outputs are what Python 3.13, Node 18, gunicorn, uv and pip printed when the thing was really done,
shortened to what matters; hosts are made up."""

from pathlib import Path

import pytest

from emulator.engine.boot_steps import Outcome
from emulator.engine.problems import boot_cause, build_cause, plainly, step_name
from emulator.engine.traced import Scene
from emulator.model.diagnostic import Diagnostic, Fault
from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Lifecycle, Probes, Shutdown
from emulator.model.plan import Build, BuildKind, Command, EnvKind, EnvVar, Origin, Resources, Service, ServiceType
from emulator.model.record import replace
from emulator.snapshot import from_mapping
from emulator.world.building import BuildError

DATABASE = """\
import os
from urllib.parse import quote_plus

password = quote_plus(os.getenv("DB_PASSWORD"))
"""
APP = "from common.database import engine\n"
IN_A_LIBRARY = """\
Traceback (most recent call last):
  File "/app/app.py", line 1, in <module>
    from common.database import engine
  File "/app/common/database.py", line 4, in <module>
    password = quote_plus(os.getenv("DB_PASSWORD"))
  File "/usr/lib/python3.13/urllib/parse.py", line 943, in quote_plus
    string = quote(string, safe + space, encoding, errors)
  File "/usr/lib/python3.13/urllib/parse.py", line 957, in quote_from_bytes
    raise TypeError("quote_from_bytes() expected bytes")
TypeError: quote_from_bytes() expected bytes
"""
SERVER_JS = 'const url = require("url");\n\nconst host = process.env.API_HOST.toLowerCase();\n'
IN_NODE = """\
/app/web/server.js:3
const host = process.env.API_HOST.toLowerCase();
                                  ^

TypeError: Cannot read properties of undefined (reading 'toLowerCase')
    at Object.<anonymous> (/app/web/server.js:3:35)
    at Module._compile (node:internal/modules/cjs/loader:1364:14)
    at node:internal/main/run_main_module:28:49

Node.js v18.20.4
"""
IN_A_PACKAGE = """\
Traceback (most recent call last):
  File "/usr/local/bin/gunicorn", line 5, in <module>
    from gunicorn.app.wsgiapp import run
  File "/usr/local/lib/python3.13/site-packages/gunicorn/app/base.py", line 11, in <module>
    from gunicorn import util
  File "/usr/local/lib/python3.13/site-packages/gunicorn/util.py", line 26, in <module>
    import pkg_resources
ModuleNotFoundError: No module named 'pkg_resources'
"""
BY_THE_COMMAND = """\
[2026-11-20 16:24:11 +0000] [28] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/usr/local/lib/python3.13/site-packages/gunicorn/arbiter.py", line 752, in spawn_worker
    worker.init_process()
    ~~~~~~~~~~~~~~~~~~~^^
  File "/usr/local/lib/python3.13/site-packages/gunicorn/util.py", line 420, in import_app
    mod = importlib.import_module(module)
  File "/usr/lib/python3.13/importlib/__init__.py", line 88, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
           ~~~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "<frozen importlib._bootstrap>", line 1324, in _find_and_load_unlocked
ModuleNotFoundError: No module named 'myproject.wsgi'
No module named 'myproject.wsgi'
[2026-11-20 16:24:11 +0000] [28] [INFO] Worker exiting (pid: 28)
[2026-11-20 16:24:11 +0000] [27] [ERROR] Worker (pid:28) exited with code 3.
[2026-11-20 16:24:11 +0000] [27] [ERROR] Shutting down: Master
[2026-11-20 16:24:11 +0000] [27] [ERROR] Reason: Worker failed to boot.
"""
BY_THE_APP = """\
Traceback (most recent call last):
  File "/app/app.py", line 1, in <module>
    from common.database import engine
ModuleNotFoundError: No module named 'common'
"""
UV = """\
Using CPython 3.13.5 interpreter at: /usr/bin/python3
Creating virtual environment at: .venv
error: Failed to fetch: https://packages.example/simple/idna/
  cause: error sending request for url (https://packages.example/simple/idna/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer

hint: Consider enabling use of system TLS certificates with the `--system-certs` command-line flag
"""
PIP = """\
  Getting requirements to build wheel: started
  error: subprocess-exited-with-error
  
  × Getting requirements to build wheel did not run successfully.
  │ exit code: 1
  ╰─> [34 lines of output]
      running egg_info
      writing top-level names to psycopg2_binary.egg-info/top_level.txt
      
      Error: pg_config executable not found.
      
      pg_config is required to build psycopg2 from source.  Please add the directory
      containing pg_config to the $PATH or specify the full executable path with the
      option:
      
      [end of output]
  
  note: This error originates from a subprocess, and is likely not a problem with pip.
  Getting requirements to build wheel: finished with status 'error'
error: subprocess-exited-with-error

× Getting requirements to build wheel did not run successfully.
│ exit code: 1
╰─> See above for output.

note: This error originates from a subprocess, and is likely not a problem with pip.
"""  # noqa: W293 - as pip prints it
WRAPPED = (
    'process "/bin/bash -c set -a; . /run/secrets/emu_build_env; set +a; exec /bin/bash -c ./build.sh" did not '
    "complete successfully: exit code: 1"
)
WRAPPED_STEP = (
    '[8/8] RUN --mount=type=secret,id=emu_build_env,uid=1000,mode=0400 ["/bin/bash","-c","set -a; . '
    '/run/secrets/emu_build_env; set +a; exec /bin/bash -c ./build.sh"]'
)

COMMAND = Origin(file="Dockerfile", line=3)


def service(command="python app.py", *, context=".", env=()) -> Service:
    return Service(
        name="web",
        type=ServiceType.WEB,
        origin=None,
        build=Build(kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile="Dockerfile", context=context),
        command=Command(argv=tuple(command.split()), form="exec", text=command, source="dockerfile", origin=COMMAND),
        port=None,
        env=tuple(env),
        probes=Probes(),
        containers=(),
        lifecycle=Lifecycle(),
        resources=Resources(),
        shutdown=Shutdown(),
    )


CRASH = Outcome(due=0, verdict=VerdictKind.BOOT_FAILED, code="crash", reason="exits with status 1", exit_code=1)


def crashed(output: str, files=None, *, run=None, variables=()) -> Diagnostic:
    return boot_cause(
        run or service(), CRASH, output.splitlines(), Scene(from_mapping(files or {}), frozenset(variables))
    )


def failed_build(problem: BuildError, run: Service | None = None) -> Diagnostic:
    run = run or service()
    return build_cause(run, plainly(run, problem), "x86_64")


def place(found: Diagnostic) -> tuple[str, int] | None:
    return (found.origin.file, found.origin.line) if found.origin else None


def test_error_in_a_library_is_placed_at_the_line_of_the_app_that_caused_it():
    """The innermost frame of the repository's own is the place; what it reads and nobody set is the cause."""
    found = crashed(IN_A_LIBRARY, {"app.py": APP, "common/database.py": DATABASE})
    assert (found.code, place(found)) == ("start/variable-missing", ("common/database.py", 4))
    assert found.message == "DB_PASSWORD is not set in this service"
    assert any("TypeError: quote_from_bytes() expected bytes" in fact for fact in found.facts)


def test_a_variable_that_is_set_is_not_blamed():
    """Where the variable has a value the exception speaks for itself, at the same place."""
    found = crashed(IN_A_LIBRARY, {"app.py": APP, "common/database.py": DATABASE}, variables=["DB_PASSWORD"])
    assert (found.code, place(found)) == ("start/uncaught-exception", ("common/database.py", 4))


CHECKED = """\
import os

API_KEY = os.getenv("API_KEY")
if not API_KEY:
    raise ValueError("API_KEY is missing: see the README of MY_SERVICE")
"""
IN_A_CHECK = """\
Traceback (most recent call last):
  File "/app/app.py", line 5, in <module>
    raise ValueError("API_KEY is missing: see the README of MY_SERVICE")
ValueError: API_KEY is missing: see the README of MY_SERVICE
"""


def test_packages_of_another_machine_are_told():
    """node_modules in git, installed on Windows: the file is named, and what to do."""
    said = "Error: /src/node_modules/sqlite3/build/Release/node_sqlite3.node: invalid ELF header\n    at Object..node"
    found = crashed(f"throw e;\n^\n\n{said} (node:internal/modules/cjs/loader:1970:18)\n", {})
    assert found.code == "start/exec-format"
    assert found.message.startswith("/src/node_modules/sqlite3/build/Release/node_sqlite3.node is built for another")
    assert "node_modules" in (found.help or "")


def test_an_app_that_says_itself_what_is_missing_is_believed():
    """The message names a variable that its file reads: that is what to set."""
    found = crashed(IN_A_CHECK, {"app.py": CHECKED})
    assert (found.code, found.message) == ("start/variable-missing", "API_KEY is not set in this service")
    assert place(found) == ("app.py", 5)
    for kept in (
        crashed(IN_A_CHECK, {"app.py": CHECKED}, variables=["API_KEY"]),
        crashed(IN_A_CHECK, {"app.py": CHECKED.replace('getenv("API_KEY")', 'getenv("OTHER")')}),
    ):
        assert (kept.code, place(kept)) == ("start/uncaught-exception", ("app.py", 5))


@pytest.mark.parametrize(
    ("files", "context", "expected"),
    [
        ({"backend/common/database.py": DATABASE}, "backend", ("backend/common/database.py", 4)),
        ({"app/common/database.py": DATABASE}, ".", ("app/common/database.py", 4)),
        ({"common/database.py": DATABASE}, "backend", ("Dockerfile", 3)),
        ({"common/database.py": DATABASE, "database.py": DATABASE}, ".", ("Dockerfile", 3)),
        ({"common/database.py": "\n" + DATABASE}, ".", ("Dockerfile", 3)),
        ({}, ".", ("Dockerfile", 3)),
    ],
    ids=["under the context", "copied as /app", "outside the context", "two of them", "another line", "not there"],
)
def test_a_frame_is_placed_only_where_one_file_has_that_line(files, context, expected):
    """A path in the container is matched by its end and by the line's own text; else the command is the place."""
    assert place(crashed(IN_A_LIBRARY, files, run=service(context=context))) == expected


def test_error_in_node_is_placed_too():
    """Node prints its frames below the error, innermost first."""
    found = crashed(IN_NODE, {"web/server.js": SERVER_JS})
    assert (found.code, place(found)) == ("start/variable-missing", ("web/server.js", 3))
    assert found.message == "API_HOST is not set in this service"


def test_a_package_that_lacks_a_module_is_named():
    """The command is right: what it starts needs something that is not there any more."""
    found = crashed(IN_A_PACKAGE, run=service("gunicorn app:app"))
    assert found.message == "the package gunicorn needs 'pkg_resources', which is not in the image"
    assert "setuptools" in (found.help or "")


@pytest.mark.parametrize(
    ("context", "help"),
    [
        (".", "start it in myproject, or add `--chdir myproject` to the command"),
        ("other", "make myproject the service's folder or its build context: other does not hold it"),
        ("myproject", "copy that file into the image, to where the command starts"),
    ],
)
def test_a_module_of_the_command_is_looked_for_in_the_repository(context, help):
    """It is often there, one folder further down: say where, and what then to do."""
    files = {"myproject/myproject/wsgi.py": "", "myproject/myproject/__init__.py": "", "other/a.py": ""}
    found = crashed(BY_THE_COMMAND, files, run=service("gunicorn myproject.wsgi", context=context))
    assert found.message == "the command cannot import 'myproject.wsgi': no such module in the image"
    assert place(found) == ("Dockerfile", 3)
    assert "the repository has it: myproject/myproject/wsgi.py" in found.facts
    assert found.help == help


def test_a_module_the_repository_has_twice_is_not_placed():
    """Which of two would be a guess."""
    files = {"a/myproject/wsgi.py": "", "b/myproject/wsgi.py": ""}
    found = crashed(BY_THE_COMMAND, files, run=service("gunicorn myproject.wsgi"))
    assert not any("the repository has" in fact for fact in found.facts)


def test_an_import_of_the_apps_own_is_the_place():
    """Not the command's fault: the line that imports what nobody installed."""
    found = crashed(BY_THE_APP, {"app.py": APP})
    assert (found.message, place(found)) == ("'common' is imported here, and is not in the image", ("app.py", 1))


def test_a_line_that_requires_what_is_not_there_is_the_place():
    """Node lists who requires whom between the error and its frames."""
    lines = (Path(__file__).parent / "last_words" / "node5.txt").read_text()
    found = crashed(lines, {"node5.js": 'require("express")\n'}, run=service("node node5.js"))
    assert (found.message, place(found)) == ("'express' is imported here, and is not in the image", ("node5.js", 1))


def test_a_module_named_by_a_variable_is_no_packages_need():
    """An import of a computed name (settings of Django) accuses neither the package nor the command."""
    found = crashed(BY_THE_COMMAND, run=service("gunicorn other.wsgi"))
    assert found.message == "'myproject.wsgi' cannot be imported: no such module in the image"


def test_certificates_of_this_network_are_this_machines_matter():
    """The platform has no proxy that re-signs TLS: the app is not at fault. The reason stands in an indented line."""
    found = crashed(UV)
    assert (found.code, found.fault) == ("host/certificate", Fault.HOST)
    assert "emu doctor" in (found.help or "")


def test_variables_without_a_value_are_mentioned():
    """Whatever the boot dies of, that nobody gave these is worth knowing."""
    missing = EnvVar(name="API_KEY", value=None, kind=EnvKind.PROMPT)
    given = EnvVar(name="TOKEN", value=None, kind=EnvKind.PROMPT)
    found = crashed("", run=service(env=(missing, given)), variables=["TOKEN"])
    assert found.facts[-1] == "without a value in this run: API_KEY"


def test_unknown_words_are_shown_where_they_stand():
    """No command to run beside it: the lines are there."""
    found = crashed("giving up\n")
    assert (found.code, found.help) == ("start/exited", "its last lines say why")
    assert found.facts == ("giving up",)


def test_the_reason_is_found_above_what_pip_always_says():
    """Notes, boxes and the names of pip's own errors tell nothing."""
    problem = BuildError(kind="step", message="x", log_tail=tuple(PIP.splitlines()), exit_code=1)
    found = failed_build(problem)
    assert found.code == "build/package-not-compiled"
    assert "      Error: pg_config executable not found." in found.facts
    assert not [fact for fact in found.facts if "note:" in fact or "─" in fact or "end of output" in fact]


def test_marks_under_a_line_are_no_facts():
    """`^^^^` alone says nothing."""
    found = crashed("  thing(\n  ^^^^^^\nValueError: no\n")
    assert not [fact for fact in found.facts if "^" in fact]


def test_a_build_command_is_told_as_the_user_wrote_it():
    """Neither the message nor the step shows what we wrapped around it."""
    native = replace(service(), build=Build(kind=BuildKind.NATIVE, runtime="python", context=".", command="./build.sh"))
    problem = BuildError(kind="step", message=WRAPPED, step=WRAPPED_STEP, exit_code=1)
    plain = plainly(native, problem)
    assert plain.message == "the build command ./build.sh exited with status 1"
    assert plain.step == step_name(native, WRAPPED_STEP) == "build command: ./build.sh"
    assert failed_build(problem, native).message == plain.message


@pytest.mark.parametrize(
    "message",
    [
        'process "/bin/sh -c make" did not complete successfully: exit code: 2',
        "The command '/bin/sh -c make' returned a non-zero code: 2",
    ],
    ids=["BuildKit", "classic"],
)
def test_a_step_is_told_without_its_shell(message):
    """The user wrote `RUN make`."""
    assert plainly(service(), BuildError(kind="step", message=message)).message == "make exited with status 2"


def test_a_step_is_told_with_the_quotes_that_were_written():
    """BuildKit quotes what it executed once more."""
    message = r'process "/bin/sh -c python -c \"print(\\\"a\\\")\"" did not complete successfully: exit code: 3'
    told = plainly(service(), BuildError(kind="step", message=message)).message
    assert told == r'python -c "print(\"a\")" exited with status 3'


@pytest.mark.parametrize(
    ("kind", "code", "fault"),
    [
        ("registry", "host/no-registry", Fault.HOST),
        ("missing-image", "build/base-image-missing", Fault.APP),
    ],
)
def test_a_registry_that_is_silent_is_this_machines_matter_one_that_says_no_is_the_apps(kind, code, fault):
    """A name that the registry does not know fails on the platform as well."""
    found = failed_build(BuildError(kind=kind, message="m", subject="docker.io/library/python:9", line=1, end_line=1))
    assert (found.code, found.fault) == (code, fault)
    assert "docker.io/library/python:9" in found.message
