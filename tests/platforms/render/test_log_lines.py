"""Render's own log lines, word for word and in the order of the logs."""

import pytest

from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    ContainerStarted,
    DeployFailed,
    Live,
    PreDeployFinished,
    PreDeployStarted,
    ProbeAttempt,
    StillScanning,
    Stopped,
)
from emulator.model.plan import Service
from platforms.render import narrate
from tests.platforms.render.planning import DOCKERFILE, service, web

NATIVE = "runtime: python\nbuildCommand: pip install -r requirements.txt\nstartCommand: gunicorn app:app\n"
BAR = "==> ///////////////////////////////////////////////////////////"
HELP = "==> Common ways to troubleshoot your deploy: https://render.com/docs/troubleshooting-deploys"
PORT_DOCS = "==> Docs on specifying a port: https://render.com/docs/web-services#port-binding"
NO_PORT = (
    "==> Port scan timeout reached, no open ports detected. Bind your service to at least one port. "
    "If you don't need to receive traffic on any port, create a background worker instead."
)
NO_HTTP = (
    "==> Port scan timeout reached, no open HTTP ports detected. If you don't need to receive public HTTP traffic, "
    "create a private service instead."
)
PYTHON_DOCS = "==> Docs on specifying a Python version: https://render.com/docs/python-version"
POETRY = (
    "==> Using Poetry version 2.1.3 (default)",
    "==> Docs on specifying a Poetry version: https://render.com/docs/poetry-version",
)


def _native(more: str = "", files: dict[str, str] | None = None) -> Service:
    return service({"render.yaml": web(NATIVE + more), **(files or {})}, "blueprint")


def _docker(more: str = "", type: str = "web") -> Service:
    return service({"render.yaml": web("runtime: docker\n" + more, type=type), "Dockerfile": DOCKERFILE}, "blueprint")


def _started(attempt: int = 1) -> ContainerStarted:
    return ContainerStarted(argv=("x",), port=10000, url=None, attempt=attempt)


def _stopped(code: int | None, *, oom: bool = False, signal: str | None = None) -> Stopped:
    return Stopped(exit_code=code, signal=signal, oom=oom, graceful=False, seconds=1)


def test_a_native_deploy_from_build_to_live():
    """The lines of a whole deploy of a Python service, in the order of the logs."""
    events = (BuildStarted(), BuildFinished(image="i", seconds=1), _started(), Live(url=None, seconds=1))
    made = _native()
    assert [line for event in events for line in narrate(made, event)] == [
        "==> Using Python version 3.14.3 (default)",
        PYTHON_DOCS,
        *POETRY,
        "==> Running build command 'pip install -r requirements.txt'...",
        "==> Build successful 🎉",
        "==> Deploying...",
        "==> Setting WEB_CONCURRENCY=1 by default, based on available CPUs in the instance",
        "==> Running 'gunicorn app:app'",
        "==> Your service is live 🎉",
        "==> ",
        BAR,
        "==> ",
        "==> Available at your primary URL https://web.onrender.com",
        "==> ",
        BAR,
    ]


@pytest.mark.parametrize(
    ("more", "files", "line"),
    [
        ("envVars:\n  - key: PYTHON_VERSION\n    value: 3.10.0\n", {},
         "==> Using Python version 3.10.0 via environment variable PYTHON_VERSION"),
        ("", {".python-version": "3.12.6\n"},
         "==> Using Python version 3.12.6 via /opt/render/project/src/.python-version"),
        ("rootDir: api\n", {"api/.python-version": "3.12.6\n"},
         "==> Using Python version 3.12.6 via /opt/render/project/src/api/.python-version"),
    ],
)  # fmt: skip
def test_where_pythons_version_comes_from(more, files, line):
    """The line names the variable or the file that pinned it."""
    assert narrate(_native(more, files), BuildStarted())[0] == line


def test_poetrys_version():
    """POETRY_VERSION is told as Python's is."""
    lines = narrate(_native("envVars:\n  - key: POETRY_VERSION\n    value: 1.8.0\n"), BuildStarted())
    assert lines[2] == "==> Using Poetry version 1.8.0 via environment variable POETRY_VERSION"


def test_no_build_command():
    """A build without a command is skipped, and said so."""
    made = service({"render.yaml": web("runtime: python\nstartCommand: x\n")}, "blueprint")
    assert narrate(made, BuildStarted())[-1] == "==> Empty build command; skipping build"


def test_build_failure():
    """A native build that fails is told; around a Dockerfile's, Render's lines are not known."""
    failed = BuildFailed(step=None, origin=None, message="x")
    assert narrate(_native(), failed) == ("==> Build failed 😞",)
    for event in (BuildStarted(), failed, BuildFinished(image="i", seconds=1)):
        assert narrate(_docker(), event) == ()


def test_a_dockerfiles_command_is_not_told():
    """Case 22: no `Running '…'` line without a dockerCommand; with one it is told word for word."""
    assert narrate(_docker(), _started()) == (
        "==> Deploying...",
        "==> Setting WEB_CONCURRENCY=1 by default, based on available CPUs in the instance",
    )
    made = _docker("dockerCommand: 'sh -c \"a && b --port $PORT\"'\n")
    assert narrate(made, _started())[-1] == "==> Running 'sh -c \"a && b --port $PORT\"'"


def test_every_start_repeats_the_command_alone():
    """A restarted process is told by its command; `Deploying...` comes once."""
    assert narrate(_native(), _started(2)) == ("==> Running 'gunicorn app:app'",)


def test_web_concurrency_is_not_told_when_it_is_set():
    """`by default` is for those who did not set it, and for web and private services."""
    made = _docker("envVars:\n  - key: WEB_CONCURRENCY\n    value: 4\n")
    assert narrate(made, _started()) == ("==> Deploying...",)
    assert narrate(_docker(type="worker"), _started()) == ("==> Deploying...",)


def test_the_port_that_was_found():
    """After live, as in two logs; not where others are open as well, whose protocol would have to be told."""
    lines = narrate(_docker(), Live(url=None, seconds=1, port=3000))
    assert lines[-2:] == ("==> Detected service running on port 3000", PORT_DOCS)
    assert narrate(_docker(), Live(url=None, seconds=1, port=3000, other_ports=(5055,)))[-1] == BAR
    assert narrate(_docker(type="pserv"), Live(url=None, seconds=1, port=3000)) == ("==> Your service is live 🎉",)


def test_no_port_yet():
    """About once a minute."""
    assert narrate(_docker(), StillScanning(seconds=60)) == (
        "==> No open ports detected, continuing to scan...",
        PORT_DOCS,
    )


@pytest.mark.parametrize(("code", "line"), [("no-port", NO_PORT), ("loopback", NO_PORT), ("no-http", NO_HTTP)])
def test_port_scan_timeout(code, line):
    """Case 34, and its sibling for ports that speak no HTTP."""
    assert narrate(_docker(), DeployFailed(phase="port", reason="x", code=code)) == (line,)


def test_ends():
    """A status that is not 0, status 0, and too much memory have their words; a stop we asked for has none."""
    assert narrate(_docker(), _stopped(127)) == ("==> Exited with status 127", HELP)
    assert narrate(_docker(), _stopped(0)) == ("==> Application exited early", HELP)
    assert narrate(_docker(), _stopped(137, oom=True)) == ("==> Out of memory (used over 512Mi)",)
    assert narrate(_docker("plan: standard\n"), _stopped(137, oom=True)) == ("==> Out of memory (used over 2Gi)",)
    assert narrate(_docker(), _stopped(143, signal="SIGTERM")) == ()


def test_what_is_not_public_has_no_url():
    """A worker or private service is live without an address."""
    assert narrate(_docker(type="worker"), Live(url=None, seconds=1)) == ("==> Your service is live 🎉",)


def test_render_never_says_this():
    """Lines that only circulate in guides are not printed: health checks, for one, pass in silence."""
    probe = ProbeAttempt(kind="health", attempt=1, ok=True, detail="200", due=0, seconds=0)
    assert narrate(_docker(), probe) == ()
    assert narrate(_docker(), DeployFailed(phase="health", reason="x", code="unhealthy")) == ()


def test_a_pre_deploy_command():
    """Its beginning with the command as written, its end well or with its status; nothing more."""
    made = _docker("preDeployCommand: python manage.py migrate\n")
    started = PreDeployStarted(argv=("python", "manage.py", "migrate"), command="python manage.py migrate")
    assert narrate(made, started) == ("==> Starting pre-deploy: python manage.py migrate",)
    done = PreDeployFinished(exit_code=0, ok=True, seconds=1)
    assert narrate(made, done) == ("==> Pre-deploy complete!",)
    failed = PreDeployFinished(exit_code=2, ok=False, seconds=1)
    assert narrate(made, failed) == ("==> Pre-deploy has failed", "==> Exited with status 2")
    removed = PreDeployFinished(exit_code=None, ok=False, seconds=1)
    assert narrate(made, removed) == ("==> Pre-deploy has failed",)


def test_around_a_cron_run_nothing_is_said():
    """No line of Render's around one is known; a run that ends is not an application that exited early."""
    made = _docker("schedule: 0 3 * * *\n", type="cron")
    for event in (_started(), _stopped(0), _stopped(1), DeployFailed(phase="boot", reason="x", code="failed")):
        assert narrate(made, event) == ()
