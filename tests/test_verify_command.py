"""`emu verify` on small apps, each of which is wrong in one thing, on both platforms. The real `emu`, on the real
engine."""

import json
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.edge.project import open_project
from emulator.engine.labels import project_id
from emulator.engine.verify.checks import CHECKS
from tests.places import SOON_S, Place, as_from_a_terminal, tidied
from tests.running_emu import CHECKOUT, EMU, Ran, environment, published, run_emu

if TYPE_CHECKING:
    from docker import DockerClient

APP = """\
import http.server, os, pathlib, signal, socketserver, sys, threading, time

HOST, PORT = "0.0.0.0", int(os.environ["PORT"])
one_at_a_time = threading.Lock()
leaving, others = False, []


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 2

    def do_GET(self):
        self.work()
        self.answer()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer()

    def work(self):
        pass

    def answer(self):
        say(f"{self.command} {self.path}")
        self.close_connection = leaving
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close" if leaving else "keep-alive")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = False, 100


def say(line):
    print(line, flush=True)


def leave(*_):
    global leaving
    leaving = True
    threading.Thread(target=server.shutdown).start()


#CHANGES
server = Server((HOST, PORT), Shop)
signal.signal(signal.SIGTERM, leave)
#AFTER
say(f"listening on {PORT}")
server.serve_forever(poll_interval=0.05)
for one in (server, *others):
    one.shutdown()
    one.server_close()
"""
"""Takes requests side by side, logs each, finishes what it has at SIGTERM. What a case changes stands at the marks."""

NEEDS_ITS_FILE = """\
made, done = pathlib.Path("/tmp/index"), pathlib.Path("/data/done")
if not done.exists():
    made.write_text("index"), done.write_text("made")
made.read_text()
"""
BESIDE = """\
HOST = "127.0.0.1"
others.append(Server(("0.0.0.0", PORT + 500), Shop))
threading.Thread(target=others[0].serve_forever, daemon=True).start()
"""
WRONG = {
    "good": ("", "", None),
    "fixed port": ("PORT = #DEFAULT", "", "port"),
    "cuts requests": ("", "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))", "shutdown"),
    "ignores SIGTERM": ("", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", "shutdown"),
    "hears SIGTERM and stays": ("", "signal.signal(signal.SIGTERM, lambda *_: None)", "shutdown"),
    "needs a file of its first start": (NEEDS_ITS_FILE, "", "empty-disk"),
    "slow health": (
        "def work(self):\n    with one_at_a_time: time.sleep(0.4)\nShop.work = work", "", "health",
    ),
    "buffers its log": ("say = print", "", "logs"),
    "loopback beside": (BESIDE, "", "interfaces"),
}  # fmt: skip
"""Code before the server is made, code after that, and the check that fails for it."""

BLUEPRINT = """\
services:
  - type: web
    name: shop
    runtime: docker
    plan: starter
    healthCheckPath: /healthz
    disk: {name: data, mountPath: /data, sizeGB: 1}
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
spec:
  template:
    spec:
      volumes:
        - {name: data, csi: {driver: gcsfuse.run.googleapis.com, volumeAttributes: {bucketName: data}}}
      containers:
        - image: shop
          livenessProbe: {httpGet: {path: /healthz}, timeoutSeconds: 2}
          volumeMounts: [{name: data, mountPath: /data}]
"""
FILES = {"render": ("render.yaml", BLUEPRINT, "10000"), "cloud-run": ("service.yaml", KNATIVE, "8080")}
QUICK = ("--load", "20", "--duration", "1", "--time-scale", "0.5", "--build-anyway")


def _written(place: Place, platform: str, changes: str = "", after: str = "") -> Place:
    name, text, port = FILES[platform]
    (place.root / name).write_text(text)
    app = APP.replace("#CHANGES", changes).replace("#AFTER", after).replace("#DEFAULT", port)
    (place.root / "app.py").write_text(app)
    (place.root / "Dockerfile").write_text('FROM python:3.13-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n')
    return place


def _verified(place: Place, platform: str, *options: str) -> Any:
    """The document, which is as published."""
    ran = place.emu("verify", "--platform", platform, "--format", "json", *options)
    assert "Traceback" not in ran.err
    document = ran.document()
    published("verify").validate(document)
    assert (ran.code == 0) == document["held"], ran.err
    return document


def _results(document: Any, service: str = "shop") -> dict[str, str]:
    [found] = [one for one in document["services"] if one["name"] == service]
    return {check["name"]: check["result"] for check in found["checks"]}


ON_BOTH = [
    pytest.param(case, platform, id=f"{case} on {platform}")
    for case in WRONG
    for platform in FILES
    if (case, platform) != ("loopback beside", "cloud-run")  # there it is asked at one port alone
]


@pytest.mark.docker
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("case", "platform"), ON_BOTH)
def test_what_is_wrong_fails_its_check_alone(
    tmp_path: Path, engine: "DockerClient", case: str, platform: str
) -> None:
    """A good app passes all of it; nothing is left behind."""
    changes, after, failing = WRONG[case]
    with tidied(tmp_path, engine) as place:
        _written(place, platform, changes, after)
        document = _verified(place, platform, *QUICK)
        found = _results(document)
        assert engine.volumes.list(filters=place.labels) == []
    assert {name for name, result in found.items() if result == "failed"} == ({failing} if failing else set()), document
    if failing is None:
        assert set(found.values()) == {"held"}, document


@pytest.mark.docker
@pytest.mark.timeout(240)
@pytest.mark.parametrize("platform", FILES)
def test_a_service_that_does_not_go_live(tmp_path: Path, engine: "DockerClient", platform: str) -> None:
    """The verdict of `up`, and the check that it is about; the rest is not tried."""
    with tidied(tmp_path, engine) as place:
        _written(place, platform, 'HOST = "127.0.0.1"')
        document = _verified(place, platform, *QUICK)
    assert document["services"][0]["verdict"]["verdict"] == "timed_out"
    assert _results(document) == {check.name: "not-tried" for check in CHECKS} | {"interfaces": "failed"}


@pytest.mark.docker
@pytest.mark.timeout(240)
def test_a_worker_and_a_cron_job(tmp_path: Path, engine: "DockerClient") -> None:
    """Only what concerns them is tried; what is told of a shell that keeps the signal is which one."""
    blueprint = (
        "services:\n"
        "  - {type: worker, name: queue, runtime: docker}\n"
        "  - {type: cron, name: nightly, runtime: docker, schedule: '0 3 * * *', dockerCommand: python -c 'print(1)'}\n"
    )
    with tidied(tmp_path, engine) as place:
        (place.root / "render.yaml").write_text(blueprint)
        (place.root / "Dockerfile").write_text(
            "FROM python:3.13-slim\nCMD while true; do echo working; sleep 0.2; done\n"
        )
        document = _verified(place, "render", "--time-scale", "0.1", "--build-anyway")
    excused = dict.fromkeys(("port", "interfaces", "cold-start", "health"), "not-applicable")
    assert _results(document, "queue") == excused | {
        "shutdown": "failed", "empty-disk": "held", "memory": "held", "logs": "held",
    }  # fmt: skip
    [shutdown] = [c for s in document["services"] for c in s["checks"] if c["name"] == "shutdown" and c["help"]]
    assert "exec" in shutdown["help"]
    rest = _results(document, "nightly")
    memory = rest.pop("memory")
    assert memory in ("held", "not-told")  # it may be over before anybody looks
    assert set(rest.values()) == {"not-applicable"}


@pytest.mark.docker
@pytest.mark.timeout(120)
def test_one_check_alone_as_text(tmp_path: Path, engine: "DockerClient") -> None:
    """The answer first; what is being tried goes to the other stream, with its time."""
    with tidied(tmp_path, engine) as place:
        _written(place, "render", "PORT = 10000")
        ran = place.emu("verify", str(place.root), "shop", "--only", "port", "--build-anyway")
    assert ran.code == 1
    assert ran.out.startswith("On Render: other port failed for shop. 1 failed, in ")
    assert "started with PORT=10001, it listens on 0.0.0.0:10000" in " ".join(ran.out.split())
    assert "shop: a container that is told port 10001" in ran.err


@pytest.mark.docker
@pytest.mark.timeout(120)
def test_interrupted_it_leaves_nothing(tmp_path: Path, engine: "DockerClient") -> None:
    """Ctrl-C in the middle of the load: 130, and nothing is left."""
    with tidied(tmp_path, engine) as place:
        _written(place, "render")
        process = subprocess.Popen(
            [*EMU, "verify", "--root", str(place.root), "--duration", "60"], cwd=CHECKOUT, text=True,
            env=environment(place.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=as_from_a_terminal,  # noqa: PLW1509 - no threads in it yet
        )  # fmt: skip
        with process:
            assert process.stderr is not None
            for line in process.stderr:
                if "requests at once" in line:
                    break
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SOON_S)
        assert process.returncode == 130
        assert "Traceback" not in said
        assert engine.volumes.list(filters=place.labels) == []


@pytest.mark.docker
@pytest.mark.timeout(240)
def test_beside_up_it_says_why_not_and_how(tmp_path: Path, engine: "DockerClient") -> None:
    """What `up` has at an address, on a disk, in a database cannot be tried at once; another root can."""
    with tidied(tmp_path, engine) as place:
        _written(place, "render")
        with open_project(project_id(str(place.root)), environment(place.env)):
            ran = place.emu("verify")
    said = " ".join(ran.err.split())
    assert ran.code == 2, ran.out + ran.err
    assert "error[up/already-running]" in said
    assert "at the same addresses, on the same disks and databases" in said
    assert "git worktree add --detach ../verify && emu verify ../verify" in said


@pytest.mark.docker
@pytest.mark.timeout(240)
def test_what_is_written_to_the_users_own_bucket_is_said(tmp_path: Path, engine: "DockerClient") -> None:
    """A bucket is one for every instance, also those that are tried: what they write stays there."""
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    writes = "Shop.work = lambda _: (DATA / str(time.time_ns())).touch()"
    with tidied(tmp_path, engine) as place:
        _written(place, "cloud-run", f'DATA = pathlib.Path("/data")\n{writes}')
        ran = place.emu("verify", *QUICK, "--only", "shutdown", "--volume", f"data={bucket}")
    assert any(bucket.iterdir()), ran.err
    assert f"shop: what its requests write to data stays in {bucket}" in ran.err


# ---- without an engine


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--load", "0"], "--load takes a number from 1 to 500"),
        (["--duration", "long"], "--duration takes seconds above 0"),
        (["--request", "healthz"], "--request takes a path"),
        (["--only", "memry"], "did you mean memory?"),
        (["--service", "nobody"], "nobody"),
        (["nobody"], "nobody"),
    ],
)
def test_wrong_usage(tmp_path: Path, options: list[str], said: str) -> None:
    """Ends with 2 before anything is built."""
    (tmp_path / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python"]\n')
    ran = run_emu("verify", "--root", str(tmp_path), *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_without_an_engine_it_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python"]\n')
    ran = run_emu(
        "verify", "--root", str(tmp_path), "--format", "json", env={"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    )
    assert ran.code == 3
    assert [d["fault"] for d in ran.document()["diagnostics"]] == ["host"]


def test_what_the_check_refuses_is_not_tried(tmp_path: Path) -> None:
    """As `up` does: no engine is needed to say so."""
    (tmp_path / "notes.txt").touch()
    refused: Ran = run_emu(
        "verify", "--root", str(tmp_path), "--format", "json", env={"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    )
    assert refused.code == 1
    document = json.loads(refused.out)
    published("verify").validate(document)
    assert document["diagnostics"]
    told = run_emu("verify", "--root", str(tmp_path))
    assert told.code == 1
    assert "would not begin with it" in told.out.splitlines()[0]
    assert "error[" in told.out
