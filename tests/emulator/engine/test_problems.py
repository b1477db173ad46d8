"""Failures → causes. `last_words/` holds what real programs printed as they died in a container."""

from pathlib import Path

import pytest

from emulator.engine.boot_steps import Outcome
from emulator.engine.failure_patterns import BOOT_PATTERNS, BUILD_PATTERNS, removed
from emulator.engine.last_words import LINES_AFTER, LINES_BEFORE, telling_line
from emulator.engine.problems import boot_cause, build_cause, pre_deploy_cause
from emulator.engine.traced import Scene
from emulator.model.diagnostic import Fault
from emulator.model.event import VerdictKind
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Resources
from emulator.snapshot import from_mapping
from emulator.world.building import BuildError
from emulator.world.containers import StartFailure
from tests.emulator.engine.services import WEB, service

NOWHERE = Scene(from_mapping({}), frozenset(variable.name for variable in WEB.env))
LAST_WORDS = Path(__file__).parent / "last_words"
MODULE = "'{}' cannot be imported: no such module in the image"
SCRIPT = "'{}' cannot be loaded: it is not in the image"

TOLD = {
    "bash_nf": ("program-not-found", "no program called gunicornn"),
    "crlf": ("script-line-ends", "a script has Windows line ends, so its interpreter is not found"),
    "flask": ("module-not-found", MODULE.format("api")),
    "gunicorn_import": ("module-not-found", MODULE.format("nope_pkg")),
    "gunicorn_noattr": ("attribute-not-found", "'app' has no attribute 'app'"),
    "gunicorn_nomod": ("module-not-found", MODULE.format("api")),
    "node1": ("module-not-found", SCRIPT.format("./missing")),
    "node2": ("dependency-refused", "the connection to 127.0.0.1:5432 is refused"),
    "node3": ("port-in-use", "the port is already taken inside the container"),
    "node4": ("module-not-found", SCRIPT.format("nope-pkg")),
    "node5": ("module-not-found", SCRIPT.format("express")),
    "node6": ("module-not-found", SCRIPT.format("/w/server.js")),
    "py_bad": ("module-not-found", MODULE.format("nope_pkg")),
    "py_bad2": (
        "import-error",
        (
            "an import fails: cannot import name 'NoSuch' from 'flask' "
            "(/usr/local/lib/python3.11/site-packages/flask/__init__.py)"
        ),
    ),
    "py_dns": ("host-not-found", "a host name that the app connects to is not known here"),
    "py_file": ("file-not-found", "/w/server.py is not in the image"),
    "py_inuse": ("port-in-use", "the port is already taken inside the container"),
    "py_key": ("variable-missing", "the variable DATABASE_URL is not set"),
    "py_key2": ("uncaught-exception", "the app ends with KeyError: 'Shipping'"),
    "py_m": ("module-not-found", MODULE.format("backend")),
    "py_m2": ("module-not-found", MODULE.format("nopkg")),
    "py_nofile": ("file-not-found", "config/prod.yml is not there when the app opens it"),
    "py_perm": ("permission-denied", "permission denied: /root/x"),
    "py_pg": ("dependency-refused", "the connection to 127.0.0.1 is refused"),
    "py_redis": ("dependency-refused", "the connection to localhost:6379 is refused"),
    "py_refused": ("dependency-refused", "a connection to another service is refused"),
    "py_syn": ("uncaught-exception", "the app ends with SyntaxError: invalid syntax"),
    "sh_nf": ("program-not-found", "no program called gunicornn"),
    "sh_nofile": ("program-not-found", "no program called ./start.sh"),
    "sh_perm": ("permission-denied", "./app.py may not be executed"),
    "exec_interpreter": (
        "file-not-found",
        "./start.sh cannot be executed: it is not there, or the interpreter that its first line names is not",
    ),
    "npm_no_script": ("script-missing", "package.json has no script start"),
    "uvicorn_noattr": ("attribute-not-found", "'app' has no attribute 'app'"),
    "uvicorn_nomod": ("module-not-found", MODULE.format("src")),
}


def crash(*lines: str, code: int = 1):
    outcome = Outcome(
        due=1, verdict=VerdictKind.BOOT_FAILED, code="crash", reason=f"it exited with status {code}", exit_code=code
    )
    return boot_cause(WEB, outcome, lines, NOWHERE)


def ended(code: str, reason: str = "why", **more: object):
    return boot_cause(WEB, Outcome(due=1, verdict=VerdictKind.TIMED_OUT, code=code, reason=reason, **more), (), NOWHERE)  # type: ignore[arg-type]


def failed(*tail: str, kind: str = "step", message: str = "exit code: 1", arch: str = "x86_64", **more: object):
    problem = BuildError(kind=kind, message=message, log_tail=tail, **more)  # type: ignore[arg-type]
    return build_cause(WEB, problem, arch)


# ---- real last words --------------------------------------------------------------------------------


def test_all_last_words_are_looked_at() -> None:
    """A file without an expectation, or the other way round, is a mistake."""
    assert {path.stem for path in LAST_WORDS.glob("*.txt")} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_last_words_tell_the_cause(name: str) -> None:
    """From what a real program printed: the code, the words, and the line itself among the facts."""
    lines = (LAST_WORDS / f"{name}.txt").read_text().splitlines()
    cause = crash(*lines)
    code, message = TOLD[name]
    assert (cause.code, cause.message) == (f"start/{code}", message)
    assert cause.facts[0] == "it exited with status 1"
    assert len(cause.facts) <= 2 + LINES_BEFORE + LINES_AFTER
    assert all(fact in lines for fact in cause.facts[1:])
    assert cause.help
    assert cause.origin == WEB.command.origin  # type: ignore[union-attr]


# ---- what must not mislead --------------------------------------------------------------------------

TRACE = ("Traceback (most recent call last):", '  File "/app/main.py", line 3, in <module>', "    start()")


def test_the_last_failure_counts() -> None:
    """A refused connection was logged and survived; what ended the app came later."""
    cause = crash("cache: Connection refused, going on without", "ready soon", *TRACE, "ValueError: bad rate 'x'")
    assert (cause.code, cause.message) == ("start/uncaught-exception", "the app ends with ValueError: bad rate 'x'")


def test_what_was_said_long_before_does_not_count() -> None:
    """Twelve lines later an old refusal is no explanation any more."""
    cause = crash("redis: Connection refused", *[f"working on {n}" for n in range(15)], "giving up")
    assert cause.code == "start/exited"
    assert cause.facts == ("working on 13", "working on 14", "giving up")


@pytest.mark.parametrize(
    "line",
    [
        '172.17.0.1 - - [20/Nov/2026 15:41:54] "GET /x HTTP/1.1" 404 not found',
        "404: page: not found",
        "INFO: user: not found",
        "[error] session: not found",
        "GET /api/items 404 not found",
        "lookup of key 7: not found",
        "see https://example.com/sh: not found",
        "DeprecationWarning: use something else",
        "no error here",
        "DATABASE: Permission denied for relation shop",
    ],
)
def test_logs_that_only_look_like_it(line: str) -> None:
    """A word in a log is not a cause."""
    assert telling_line(BOOT_PATTERNS, (line,)) is None
    assert telling_line(BUILD_PATTERNS, (line,)) is None


def test_a_missing_key_is_not_a_missing_variable() -> None:
    """KeyError in capitals from a dictionary of the app's own says nothing about its environment."""
    assert crash(*TRACE, "KeyError: 'EUR'").code == "start/uncaught-exception"
    assert crash(*TRACE, '  File "<frozen os>", line 679, in __getitem__', "KeyError: 'EUR'").code == (
        "start/variable-missing"
    )


def test_an_app_that_says_nothing() -> None:
    """No output, no guess."""
    cause = crash()
    assert (cause.code, cause.facts) == ("start/exited", ())
    assert "says nothing" in str(cause.help)


def test_an_endless_line_is_not_searched_to_its_end() -> None:
    """A line of a megabyte costs no time."""
    assert crash("x" * 1_000_000 + " Connection refused").code == "start/exited"


# ---- verdicts without last words --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("loopback", "start/loopback-bind"),
        ("no-port", "start/not-listening"),
        ("no-http", "start/not-http"),
        ("unhealthy", "start/health-check"),
        ("oom", "start/out-of-memory"),
        ("exit-zero", "start/exits"),
    ],
)
def test_every_other_end_has_its_words(code: str, expected: str) -> None:
    """Each way to fail: a code, what was seen, something to do, and the app's fault."""
    cause = ended(code)
    assert (cause.code, cause.fault) == (expected, Fault.APP)
    assert "why" in (*cause.facts, cause.message, cause.message.removeprefix("the health check fails: "))
    assert cause.help


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("not-found", "start/program-not-found"),
        ("not-executable", "start/not-executable"),
        ("format", "start/exec-format"),
        ("user", "start/user-not-found"),
        ("workdir", "start/workdir"),
        ("memory", "start/out-of-memory"),
        ("other", "start/not-started"),
    ],
)
def test_why_a_first_process_cannot_be_executed(kind: str, expected: str) -> None:
    """The engine's words are a fact; ours say what is wrong."""
    failure = StartFailure(kind=kind, message="exec: why", exit_code=127)  # type: ignore[arg-type]
    cause = ended("not-started", "exec: why", failure=failure, exit_code=127)
    assert (cause.code, cause.facts) == (expected, ("exec: why", "status 127"))


@pytest.mark.parametrize(
    ("plan", "facts", "help"),
    [
        ("starter", ("why", "plan starter has 512 MiB"), "choose a larger plan"),
        (None, ("why",), "raise its memory limit"),
    ],
)
def test_out_of_memory_names_the_limit(plan: str | None, facts: tuple[str, ...], help: str) -> None:
    """How much there is, and where more of it comes from: a plan, or a limit that the user set."""
    outcome = Outcome(due=1, verdict=VerdictKind.BOOT_FAILED, code="oom", reason="why")
    cause = boot_cause(service(resources=Resources(plan=plan, memory_mib=512)), outcome, (), NOWHERE)
    assert (cause.message, cause.facts) == ("the app needs more memory than it has (512 MiB)", facts)
    assert help in str(cause.help)


def test_out_of_memory_without_a_limit() -> None:
    """No limit of a plan is named where there is none."""
    outcome = Outcome(due=1, verdict=VerdictKind.BOOT_FAILED, code="oom", reason="why")
    cause = boot_cause(service(resources=Resources()), outcome, (), NOWHERE)
    assert (cause.message, cause.facts) == ("the app runs out of memory", ("why",))


# ---- builds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        (
            (
                "ERROR: Could not find a version that satisfies the requirement flask==99.99 (from versions: 0.1)",
                "ERROR: No matching distribution found for flask==99.99",
            ),
            "requirement-not-found",
            "no release of flask==99.99 fits this Python",
        ),
        (
            ("ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",),
            "requirements-file-missing",
            "requirements.txt is not there when it is installed",
        ),
        (
            ("      error: command 'gcc' failed", "  ERROR: Failed building wheel for psycopg2-binary"),
            "package-not-compiled",
            "psycopg2-binary has no wheel for this Python, and cannot be compiled",
        ),
        (
            (
                "      running egg_info",
                "      Error: pg_config executable not found.",
                "      ",
                "      pg_config is required to build psycopg2 from source.  Please add the directory",
                "      containing pg_config to the $PATH or specify the full executable path with the",
                "      option:",
                "          python setup.py build_ext --pg-config /path/to/pg_config build ...",
                "      or with the pg_config option in 'setup.cfg'.",
                "      If you prefer to avoid building psycopg2 from source, please install the PyPI",
                "      'psycopg2-binary' package instead.",
                "      For further information please check the 'doc/src/install.rst' file (also at",
                "      <https://www.psycopg.org/docs/install.html>).",
                "      [end of output]",
                "  note: This error originates from a subprocess, and is likely not a problem with pip.",
                "error: subprocess-exited-with-error",
                "",
                "\u00d7 Getting requirements to build wheel did not run successfully.",
                "\u2502 exit code: 1",
                "\u2570\u2500> See above for output.",
                "",
                "note: This error originates from a subprocess, and is likely not a problem with pip.",
            ),
            "package-not-compiled",
            "psycopg2 has no wheel for this Python, and pg_config, by which it is compiled, is not there",
        ),
        (
            ("Failed to compile.", "Error: error:0308010C:digital envelope routines::unsupported"),
            "old-hash",
            "a build tool asks for a hash, MD4, that Node 17 and later refuse",
        ),
        (("/bin/sh: 1: nosuchcmd: not found",), "program-not-found", "no program called nosuchcmd in this stage"),
        (("/bin/sh: 1: ./build.sh: not found",), "program-not-found", "no program called ./build.sh in this stage"),
        (("E: Unable to locate package libx",), "package-unknown", "the distribution has no package libx"),
        (
            ("ERROR: Directory '.' is not installable. Neither 'setup.py' nor 'pyproject.toml' found.",),
            "pip-project-missing",
            "the project to install is not in the build context",
        ),
        (
            ("Traceback (most recent call last):", '  File "<string>"', "ModuleNotFoundError: No module named 'nope'"),
            "module-not-found",
            "the build cannot import 'nope'",
        ),
        (("cp: cannot stat 'a': No such file or directory",), "file-not-found", "a is not there at this step"),
        (
            ("python: can't open file '/app/setup.py': [Errno 2] No such file or directory",),
            "file-not-found",
            "/app/setup.py is not there at this step",
        ),
        (
            (
                "  ╰─> [1 lines of output]",
                "      error: package directory 'backend' does not exist",
                "      [end of output]",
                "  ",
                "  note: This error originates from a subprocess, and is likely not a problem with pip.",
            ),
            "package-not-copied",
            "the package directory 'backend' is not there when the project is installed",
        ),
    ],
)  # fmt: skip
def test_what_a_failing_step_printed(lines: tuple[str, ...], code: str, message: str) -> None:
    """The cause of a failed build from the real output of its step."""
    cause = failed(*lines, line=4, end_line=4)
    assert (cause.code, cause.message) == (f"build/{code}", message)
    assert cause.origin is not None
    assert (cause.origin.file, cause.origin.line) == ("Dockerfile", 4)


def test_a_step_that_only_fails() -> None:
    """Without a pattern: the builder's words and the last lines."""
    cause = failed("one", "", "two", "three", "four")
    assert (cause.code, cause.facts) == ("build/step-failed", ("two", "three", "four"))


@pytest.mark.parametrize(
    ("kind", "code", "fault"),
    [
        ("missing-file", "build/copy-source-missing", Fault.APP),
        ("missing-image", "build/base-image-missing", Fault.APP),
        ("registry", "host/no-registry", Fault.HOST),
        ("dockerfile", "build/dockerfile-invalid", Fault.APP),
        ("other", "build/step-failed", Fault.APP),
    ],
)
def test_what_the_builder_itself_refuses(kind: str, code: str, fault: Fault) -> None:
    """Each kind of failure that is no step's."""
    cause = failed(kind=kind, subject="it")
    assert (cause.code, cause.fault) == (code, fault)
    assert cause.help


@pytest.mark.parametrize("arch", ["aarch64", "arm64"])
def test_another_processor_without_emulation(arch: str) -> None:
    """On an ARM engine the build for the platform's processor needs emulation: said so, and not the app's fault."""
    cause = failed("exec /bin/sh: exec format error", kind="format", arch=arch)
    assert (cause.code, cause.fault) == ("host/no-emulation", Fault.HOST)
    assert "linux/amd64" in cause.message
    assert "exec format error" in cause.message
    assert arch in cause.message
    assert "emulation" in str(cause.help)


@pytest.mark.parametrize("arch", ["x86_64", "amd64"])
def test_a_program_for_another_processor_in_the_image(arch: str) -> None:
    """On the platform's own kind of processor it is the image that is wrong."""
    cause = failed("exec /bin/sh: exec format error", kind="format", arch=arch)
    assert (cause.code, cause.fault) == ("build/exec-format", Fault.APP)


def test_a_native_build_fails_at_its_command() -> None:
    """Without a Dockerfile of the user's there is no line of it to show."""
    native = service(build=Build(kind=BuildKind.NATIVE, runtime="python", generated_dockerfile="FROM x"))
    assert build_cause(native, BuildError(kind="step", message="x", line=9), "x86_64").origin is None


# ---- work that ends ---------------------------------------------------------------------------------


def test_a_run_that_takes_too_long() -> None:
    """The reason says how long it may take; nothing is guessed from its last words."""
    found = ended("task-timeout", "it went on for longer than the 5 s that it may take")
    assert (found.code, found.message) == ("start/timed-out", "the command goes on for longer than it may")
    assert found.facts == ("it went on for longer than the 5 s that it may take",)


AT = Origin(file="platform.yaml", line=7)
MIGRATE = service(pre_deploy_command="./migrate", pre_deploy_argv=("./migrate",), pre_deploy_origin=AT)


@pytest.mark.parametrize(
    ("tail", "code", "message"),
    [
        (["nothing telling"], "pre-deploy/failed", "the pre-deploy command failed: it exited with status 2"),
        (["ModuleNotFoundError: No module named 'shop'"], "start/module-not-found", MODULE.format("shop")),
    ],
)
def test_a_pre_deploy_command_that_fails(tail: list[str], code: str, message: str) -> None:
    """Its last words tell as a start's do; the place is that of the command, not of the one that would serve."""
    outcome = Outcome(due=1, verdict=VerdictKind.PRE_DEPLOY_FAILED, code="failed", reason="it exited with status 2")
    found = pre_deploy_cause(MIGRATE, outcome, tail, NOWHERE)
    assert (found.code, found.message, found.origin) == (code, message, AT)


def test_alpine_s_package_manager_is_not_the_apps_fault_where_a_stand_in_has_none():
    """The image that it asks for has one."""
    found = failed("apk: this stand-in for an Alpine image is Debian, and has no apk")
    assert (found.code, found.fault) == ("host/stand-in", Fault.HOST)


def test_a_module_that_python_no_longer_has() -> None:
    """The thing to do is another version, not a package of that name."""
    assert (removed("cgi") or "").startswith("Python has no cgi since 3.13")
    assert (removed("distutils.core") or "").startswith("Python has no distutils.core since 3.12")
    assert removed("flask") is None
