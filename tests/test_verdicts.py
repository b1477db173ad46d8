"""Every verdict there is, reached by a real container on each platform where it exists."""

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from emulator.engine.labels import PROJECT, project_id
from emulator.model.event import VerdictKind
from tests.running_emu import published, run_emu, start_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

DOCKERFILE = 'FROM python:3.11-slim\nCOPY app.py .\nCMD ["python", "-u", "app.py"]\n'
SERVES = """\
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/wrong" else 200)
        self.end_headers()
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
LOOPBACK = SERVES.replace("0.0.0.0", "127.0.0.1")
CRASHES = "raise SystemExit(3)\n"
ENDS = "print('done')\n"
SLEEPS = "import time; time.sleep(600)\n"


def blueprint(*lines: str, kind: str = "web") -> str:
    fields = "".join(f"    {line}\n" for line in ("runtime: docker", "plan: starter", *lines))
    return f"services:\n  - type: {kind}\n    name: shop\n{fields}"


def knative(*probe: str, kind: str = "Service") -> str:
    """A Cloud Run service or job of one container, built from the Dockerfile beside it."""
    if kind == "Job":
        return (
            "apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata:\n  name: shop\nspec:\n  template:\n    spec:\n"
            "      template:\n        spec:\n          maxRetries: 0\n          containers:\n"
            "            - image: shop\n"
        )
    more = "".join(f"          {line}\n" for line in probe)
    return (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  template:\n    spec:\n"
        f"      containers:\n        - image: shop\n{more}"
    )


class Scene(NamedTuple):
    """What lies in a repository, and the command that is run on it."""

    app: str
    files: Mapping[str, str] = {}
    dockerfile: str = DOCKERFILE
    command: tuple[str, ...] = ("up", "--once")


RENDER = {
    VerdictKind.LIVE: Scene(SERVES),
    VerdictKind.SUCCEEDED: Scene(
        ENDS, {"render.yaml": blueprint('schedule: "0 3 * * *"', kind="cron")}, command=("cron", "run", "shop")
    ),
    VerdictKind.REFUSED: Scene(SERVES, {"render.yaml": blueprint("ports: [1]")}),
    VerdictKind.BUILD_FAILED: Scene(SERVES, dockerfile=DOCKERFILE + "RUN false\n"),
    VerdictKind.PRE_DEPLOY_FAILED: Scene(SERVES, {"render.yaml": blueprint('preDeployCommand: python -c "exit(2)"')}),
    VerdictKind.BOOT_FAILED: Scene(CRASHES),
    VerdictKind.UNHEALTHY: Scene(SERVES, {"render.yaml": blueprint("healthCheckPath: /wrong")}),
    VerdictKind.TIMED_OUT: Scene(LOOPBACK),
    VerdictKind.FAILED: Scene(
        CRASHES, {"render.yaml": blueprint('schedule: "0 3 * * *"', kind="cron")}, command=("cron", "run", "shop")
    ),
}
CLOUD_RUN = {
    VerdictKind.LIVE: Scene(SERVES, {"service.yaml": knative()}),
    VerdictKind.SUCCEEDED: Scene(ENDS, {"job.yaml": knative(kind="Job")}),
    VerdictKind.REFUSED: Scene(SERVES, {"service.yaml": knative("env:", "  - name: PORT", '    value: "1"')}),
    VerdictKind.BUILD_FAILED: Scene(SERVES, {"service.yaml": knative()}, DOCKERFILE + "RUN false\n"),
    VerdictKind.BOOT_FAILED: Scene(CRASHES, {"service.yaml": knative()}),
    VerdictKind.UNHEALTHY: Scene(SERVES, {"service.yaml": knative("startupProbe:", "  httpGet:", "    path: /wrong")}),
    VerdictKind.TIMED_OUT: Scene(LOOPBACK, {"service.yaml": knative()}),
    VerdictKind.FAILED: Scene(CRASHES, {"job.yaml": knative(kind="Job")}),
}
NOT_THERE = {"render": set(), "cloud-run": {VerdictKind.PRE_DEPLOY_FAILED}}
"""Cloud Run has no pre-deploy command. A canceled deploy is tried for both below."""

SCENES = [
    pytest.param(platform, kind, scene, id=f"{platform} {kind.value}")
    for platform, scenes in (("render", RENDER), ("cloud-run", CLOUD_RUN))
    for kind, scene in scenes.items()
]


@pytest.fixture
def root(tmp_path: Path, engine: "DockerClient") -> Iterator[Path]:
    """A folder for a repository; nothing runs of it afterwards, and its images go."""
    folder = tmp_path / "shop"
    folder.mkdir()
    yield folder
    of_it = {"label": f"{PROJECT}={project_id(str(folder))}"}
    left = [container.name for container in engine.containers.list(all=True, filters=of_it)]
    for image in engine.images.list(filters=of_it):
        engine.images.remove(image.id, force=True)
    assert left == []


def lay(root: Path, scene: Scene) -> None:
    for name, text in {"app.py": scene.app, "Dockerfile": scene.dockerfile, **scene.files}.items():
        (root / name).write_text(text)


@pytest.mark.parametrize(("platform", "kind", "scene"), SCENES)
def test_verdict(root: Path, platform: str, kind: VerdictKind, scene: Scene) -> None:
    """The last line tells it, for the service as well; the exit code follows it."""
    lay(root, scene)
    ran = run_emu(*scene.command, "--platform", platform, "--format", "json", "--root", str(root))
    events = ran.lines()
    for event in events:
        published("event").validate(event)
    verdict: dict[str, Any] = events[-1]
    assert (verdict["event"], verdict["verdict"]) == ("verdict", kind), verdict
    assert [service["verdict"] for service in verdict["services"]] == [kind]
    assert ran.code == (0 if kind.good else 1)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("platform", ["render", "cloud-run"])
def test_canceled(root: Path, platform: str) -> None:
    """Ctrl-C before it is decided."""
    lay(root, Scene(SLEEPS))
    with start_emu("up", "--once", "--platform", platform, "--format", "json", "--root", str(root)) as process:
        assert process.stdout is not None
        assert any('"container.started"' in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        last = list(process.stdout)[-1]
        assert process.wait(timeout=30) == 130
    assert '"verdict":"canceled"' in last


def test_no_verdict_is_left_out() -> None:
    """Each kind of the contract stands in the tables, or the platform does not have it."""
    tried = {"render": {*RENDER}, "cloud-run": {*CLOUD_RUN}}
    for platform, kinds in tried.items():
        assert kinds | NOT_THERE[platform] | {VerdictKind.CANCELED} == set(VerdictKind)
