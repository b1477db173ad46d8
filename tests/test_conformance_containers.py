"""Instances of several containers as Cloud Run has them, by the conformance cases, in real containers.

Each container is one Python program; a sidecar runs the base image with the program as its argument.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.places import Place, Running, get, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

SERVER = """\
import http.server, json, os, signal, socket, sys, time
print(json.dumps({n: v for n, v in os.environ.items() if n.startswith("K_") or n == "PORT"}), flush=True)
def end(*_):
    print("told to end", flush=True)
    time.sleep(float(os.environ.get("LINGERS", "0")))
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/exit"):
            os._exit(int(self.path[5:]))
        if self.path.startswith("/ask/"):
            host, port, path = self.path[5:].split("/", 2)
            try:
                with socket.create_connection((host, int(port)), 2) as asked:
                    asked.sendall(f"GET /{path} HTTP/1.0\\r\\n\\r\\n".encode())
                    asked.recv(9)
            except OSError as problem:
                print("asked in vain:", problem, flush=True)
        dead = self.path == "/live" and os.path.exists("/tmp/dead")
        if self.path == "/die":
            open("/tmp/dead", "w").close()
        self.send_response(500 if dead else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
time.sleep(float(os.environ.get("BINDS_AFTER_S", "0")))
address = (os.environ.get("ADDRESS", "0.0.0.0"), int(os.environ.get("LISTENS", os.environ.get("PORT", "0"))))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def knative(
    *containers: dict[str, Any], needs: dict[str, list[str]] | None = None, volumes: tuple[dict[str, Any], ...] = ()
) -> str:
    """A service.yaml."""
    annotations = {"run.googleapis.com/container-dependencies": json.dumps(needs)} if needs else {}
    spec = {"containers": list(containers), **({"volumes": list(volumes)} if volumes else {})}
    template = {"metadata": {"annotations": annotations}, "spec": spec}
    service = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "s"}}
    return yaml.safe_dump(service | {"spec": {"template": template}}, sort_keys=False)


APP = {"name": "app", "image": "s", "ports": [{"containerPort": 8080}]}
TCP = {"tcpSocket": {"port": 9000}, "periodSeconds": 1, "failureThreshold": 5}


def sidecar(name: str, port: int = 9000, program: str = SERVER, **fields: Any) -> dict[str, Any]:
    env = {"LISTENS": str(port), **fields.pop("env", {})}
    return {
        "name": name, "image": "python:3.11-slim", "command": ["python", "-c"], "args": [program],
        "env": [{"name": n, "value": v} for n, v in env.items()], **fields,
    }  # fmt: skip


def once(place: Place, *arguments: str) -> list[Any]:
    return place.emu("up", "--once", "--format", "json", *arguments).lines()


def lines(events: list[Any], stream: str, container: str | None = None) -> list[str]:
    found = [event for event in events if event["event"] == "log" and event["stream"] == stream]
    return [event["line"] for event in found if container in (None, event["container"])]


def of(events: list[Any], kind: str) -> list[Any]:
    return [event for event in events if event["event"] == kind]


def cause(events: list[Any]) -> tuple[str, str]:
    [failed] = of(events, "deploy.failed")
    return failed["container"], failed["cause"]["code"]


def test_cr_16_variables_of_two_containers(place: Place) -> None:
    """PORT in the ingress container alone, K_* in both, and each one's lines are told as its own."""
    place.write(SERVER, service_yaml=knative(APP, sidecar("proxy", startupProbe=TCP)))
    events = once(place)
    assert events[-1]["verdict"] == "live"
    seen = {name: json.loads(lines(events, "stdout", name)[0]) for name in ("app", "proxy")}
    assert seen["app"] == {**seen["proxy"], "PORT": "8080"}
    assert seen["proxy"].keys() == {"K_SERVICE", "K_REVISION", "K_CONFIGURATION"}


def test_cr_22_limits_of_each_container(place: Place, engine: "DockerClient") -> None:
    """Each container has its own memory limit; that of one is not the other's."""
    small = sidecar("small", resources={"limits": {"cpu": "500m", "memory": "256Mi"}})
    other = sidecar("other", 9001, resources={"limits": {"cpu": "500m", "memory": "300Mi"}})
    app = {**APP, "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}
    place.write(SERVER, service_yaml=knative(app, small, other))
    with Running(place) as up:
        up.until("verdict")
        wait_for(lambda: len(of(up.so_far(), "container.started")) == 3)
        found = engine.containers.list(filters=place.labels)
        listed = json.loads(place.emu("ps", "--format", "json").out)["containers"]
        assert sorted((one["container"], one["role"]) for one in listed) == [
            ("app", "serving"), ("other", "serving"), ("small", "serving"),
        ]  # fmt: skip
        limits = sorted(c.attrs["HostConfig"]["Memory"] // 1024**2 for c in found)
        assert limits == [64, 256, 300, 512]  # the first is the sandbox's own
        up.interrupt()


def test_cr_36_a_dependant_starts_after_the_startup_probe(place: Place) -> None:
    """The app starts when the sidecar's probe has succeeded, and finds it under its name."""
    proxy = sidecar("proxy", startupProbe={**TCP, "timeoutSeconds": 5, "periodSeconds": 5}, env={"BINDS_AFTER_S": "1"})
    place.write(SERVER, service_yaml=knative(APP, proxy, needs={"app": ["proxy"]}))
    with Running(place) as up:
        live = up.until("live")
        kinds = [(e["event"], e["container"]) for e in up.events if e["event"] in ("container.started", "probe")]
        assert kinds.index(("probe", "proxy")) < kinds.index(("container.started", "app"))
        assert get(f"{live['url']}/ask/proxy/9000/") == 200
        up.interrupt()
    assert lines(up.events, "stdout", "app")[-1] == "told to end"
    platform = lines(up.events, "platform")
    assert 'STARTUP TCP probe succeeded after 1 attempt for container "proxy" on port 9000.' in platform
    assert len([line for line in platform if line.startswith("Starting new instance.")]) == 1


def test_requests_flow_while_a_sidecar_without_probe_does_not_listen(place: Place) -> None:
    """It counts as started at once: nobody waits for it."""
    place.write(SERVER, service_yaml=knative(APP, sidecar("cache", env={"BINDS_AFTER_S": "30"})))
    with Running(place) as up:
        assert get(f"{up.until('live')['url']}/") == 200
        up.interrupt()


def test_a_sidecar_on_loopback_is_not_reached_by_its_probe(place: Place) -> None:
    """The app could use it; its startup probe comes from outside, and it is the sidecar that is to blame."""
    proxy = sidecar("proxy", startupProbe={**TCP, "failureThreshold": 1}, env={"ADDRESS": "127.0.0.1"})
    place.write(SERVER, service_yaml=knative(APP, proxy))
    events = once(place, "--build-anyway", "--faithful-timing")
    assert events[-1]["verdict"] == "unhealthy"
    assert cause(events)[0] == "proxy"
    assert events[-1]["reason"].startswith("proxy: ")
    assert (
        'STARTUP TCP probe failed 1 time consecutively for container "proxy" on port 9000. The instance was not '
        "started. Connection failed with status DEADLINE_EXCEEDED."
    ) in lines(events, "platform")


def test_a_sidecar_that_crashes_fails_the_deploy(place: Place) -> None:
    """The app runs and answers; the sidecar ends each time, and its last words are the cause."""
    place.write(SERVER, service_yaml=knative(APP, sidecar("proxy", program="import psycopg", startupProbe=TCP)))
    events = once(place)
    assert events[-1]["verdict"] == "boot_failed"
    assert cause(events) == ("proxy", "start/module-not-found")


@pytest.mark.parametrize("who", ["app", "proxy"])
def test_any_container_that_exits_takes_the_instance_with_it(place: Place, who: str) -> None:
    """The other one gets SIGTERM, and both are started again, after which it serves."""
    place.write(SERVER, service_yaml=knative(APP, sidecar("proxy", startupProbe=TCP)))
    with Running(place) as up:
        url = up.until("live")["url"]
        get(f"{url}/exit7" if who == "app" else f"{url}/ask/proxy/9000/exit7")
        restarted = up.until("restarted")
        up.until("live")
        wait_for(lambda: get(f"{url}/") == 200)
        assert (restarted["container"], restarted["because"]) == (who, "it exited with status 7")
        ended = {e["container"]: (e["signal"], e["exit_code"]) for e in of(up.events, "stopped")}
        other = "proxy" if who == "app" else "app"
        assert ended == {who: (None, 7), other: ("SIGTERM", 0)}
        up.interrupt()


def test_liveness_of_a_sidecar_kills_the_instance(place: Place) -> None:
    """Both are killed without a word, and both come back."""
    live = {"httpGet": {"path": "/live", "port": 9000}, "periodSeconds": 1, "failureThreshold": 1}
    place.write(SERVER, service_yaml=knative(APP, sidecar("proxy", startupProbe=TCP, livenessProbe=live)))
    with Running(place) as up:
        url = up.until("live")["url"]
        assert get(f"{url}/ask/proxy/9000/die") == 200
        assert up.until("restarted")["container"] == "proxy"
        up.until("live")
        assert {e["container"]: e["signal"] for e in of(up.events, "stopped")} == {"app": "SIGKILL", "proxy": "SIGKILL"}
        up.interrupt()
    assert any(line.startswith("LIVENESS HTTP probe failed 1 time") for line in lines(up.events, "platform"))


def test_all_containers_are_told_to_end_at_once(place: Place) -> None:
    """SIGTERM to each; the one that takes its time is waited for, and none is left."""
    place.write(SERVER, service_yaml=knative(APP, sidecar("proxy", startupProbe=TCP, env={"LINGERS": "1"})))
    with Running(place) as up:
        up.until("verdict")
        up.interrupt()
    ended = {e["container"]: e for e in of(up.events, "stopped")}
    assert {name: (e["signal"], e["graceful"]) for name, e in ended.items()} == {
        "app": ("SIGTERM", True), "proxy": ("SIGTERM", True),
    }  # fmt: skip
    assert ended["app"]["seconds"] < 0.9 <= ended["proxy"]["seconds"]


WRITER = """\
import pathlib, time
pathlib.Path("/from/note").write_text("hello from the sidecar")
pathlib.Path("/own/note").write_text("mine")
time.sleep(600)
"""
READER = (
    """\
import os, pathlib, time
while not pathlib.Path("/to/note").exists():
    time.sleep(0.05)
print(pathlib.Path("/to/note").read_text(), os.listdir("/own"), flush=True)
"""
    + SERVER
)


def test_containers_share_files_through_a_volume_alone(place: Place, engine: "DockerClient") -> None:
    """A volume in memory that two containers mount is one; what only one of them mounts is its own. Both are gone when
    the instance is."""
    volumes = tuple(
        {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}} for name in ("notes", "mine", "yours")
    )
    writer = sidecar("writer", program=WRITER, volumeMounts=mounts(**{"/from": "notes", "/own": "mine"}))
    app = {**APP, "volumeMounts": mounts(**{"/to": "notes", "/own": "yours"})}
    place.write(READER, service_yaml=knative(app, writer, volumes=volumes))
    with Running(place) as up:
        up.until("live")
        assert len(engine.volumes.list(filters=place.labels)) == 1
        up.interrupt()
    assert lines(up.events, "stdout", "app")[0] == "hello from the sidecar []"
    assert engine.volumes.list(filters=place.labels) == []


def mounts(**paths: str) -> list[dict[str, str]]:
    return [{"mountPath": path, "name": name} for path, name in paths.items()]
