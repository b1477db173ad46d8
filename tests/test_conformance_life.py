"""The life of a service as the platforms have it, by the conformance cases: real containers, the waits made shorter.

Each test is named for its case; what the platform itself would print is asserted word for word.
"""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import Place, Running, get, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

APP = """\
import http.server, os, time
STATUS = int(os.environ.get("STATUS", "200"))
ALLOWED = os.environ.get("ALLOWED_HOST")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("host", self.headers["Host"], self.path, flush=True)
        time.sleep(float(os.environ.get("THINKS_S", "0")) if self.path == "/hz" else 0)
        refused = ALLOWED is not None and self.headers["Host"] != ALLOWED
        self.send_response(400 if refused else STATUS if self.path == "/hz" else 200)
        if STATUS == 302:
            self.send_header("Location", "/login")
        self.end_headers()
time.sleep(float(os.environ.get("BINDS_AFTER_S", "0")))
address = (os.environ.get("ADDRESS", "0.0.0.0"), int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
BINDS_AND_IMPORTS = """\
import os, socket, time
listener = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
time.sleep(1.2)
print("imported", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    connection.close()
"""
PORT_MESSAGE = (
    "ERROR: (gcloud.run.{command}) The user-provided container failed to start and listen on the port defined provided "
    "by the PORT=8080 environment variable within the allocated timeout. This can happen when the container port is "
    "misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this revision "
    "might contain more information."
)


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def knative(**probe: object) -> str:
    """A service.yaml with a startup probe of these fields."""
    text = (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: s\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - image: s\n"
    )
    if not probe:
        return text
    action = probe.pop("action")
    rows = "".join(f"            {name}: {value}\n" for name, value in probe.items())
    return f"{text}          startupProbe:\n            {action}\n{rows}"


def once(place: Place, *arguments: str) -> list[Any]:
    return place.emu("up", "--once", "--format", "json", *arguments).lines()


def platform_lines(events: list[Any]) -> list[str]:
    return [event["line"] for event in events if event["event"] == "log" and event["stream"] == "platform"]


def said(events: list[Any]) -> list[str]:
    return [event["line"] for event in events if event["event"] == "log" and event["stream"] == "stdout"]


# ---- Cloud Run ----------------------------------------------------------------------------------------


def test_cr_24_loopback(place: Place) -> None:
    """The process lives, nothing outside reaches it, and after the platform's four minutes the deploy has failed."""
    place.write(APP, service_yaml=knative())
    events = once(place, "--env", "ADDRESS=127.0.0.1")
    assert (events[-1]["verdict"], events[-1]["platform_seconds"]) == ("timed_out", 240)
    lines = platform_lines(events)
    assert (
        'Default STARTUP TCP probe failed 1 time consecutively for container "s-1" on port 8080. The instance was not '
        "started. Connection failed with status DEADLINE_EXCEEDED."
    ) in lines
    assert PORT_MESSAGE.format(command="services.replace") in lines


LONG = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
CR_28 = [
    pytest.param({}, "live", id="a: no probe"),
    pytest.param({"action": "tcpSocket: {port: 8080}", **LONG}, "live", id="b: TCP 240/240/1"),
    pytest.param({"action": "httpGet: {path: /}", **LONG}, "unhealthy", id="c: HTTP 240/240/1"),
    pytest.param({"action": "httpGet: {path: /}"}, "unhealthy", id="d: HTTP, defaults"),
]


@pytest.mark.parametrize(("probe", "verdict"), CR_28)
def test_cr_28_binds_after_ninety_seconds(place: Place, probe: dict[str, object], verdict: str) -> None:
    """A TCP probe waits for the port; an HTTP probe is refused: at once with one attempt, after 20 s with three. Waits
    of the platform are a fiftieth here, and so is the app's."""
    place.write(APP, service_yaml=knative(**probe))
    events = once(place, "--env", "BINDS_AFTER_S=1.8", "--time-scale", "0.02")
    assert events[-1]["verdict"] == verdict
    failures = [e for e in events if e["event"] == "probe" and not e["ok"]]
    if verdict == "live":
        assert failures == []
        return
    times = "1 time" if probe.get("failureThreshold") == 1 else "3 times"
    assert len(failures) == int(times[0])
    assert (
        f'STARTUP HTTP probe failed {times} consecutively for container "s-1" on port 8080 path "/". The instance was '
        "not started. Connection failed with status ERROR_CONNECTION_FAILED."
    ) in platform_lines(events)
    assert events[-1]["platform_seconds"] <= (1 if times == "1 time" else 30)


@pytest.mark.parametrize(("status", "verdict"), [(302, "live"), (401, "unhealthy"), (204, "live")])
def test_cr_32_statuses(place: Place, status: int, verdict: str) -> None:
    """A redirect counts as success and is not followed; 401 does not; 204 does."""
    place.write(APP, service_yaml=knative(action="httpGet: {path: /hz}", periodSeconds=1))
    events = once(place, "--env", f"STATUS={status}")
    assert events[-1]["verdict"] == verdict
    assert not any("/login" in line for line in said(events))


@pytest.mark.parametrize(("probe", "waits"), [({}, False), ({"action": "httpGet: {path: /}"}, True)])
def test_cr_34_bound_before_it_can_answer(place: Place, probe: dict[str, object], *, waits: bool) -> None:
    """A master that has bound its port satisfies the TCP probe while the app is still imported; an HTTP probe that
    covers the import lets requests come only when it is done."""
    more = {"periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 60} if probe else {}
    place.write(BINDS_AND_IMPORTS, service_yaml=knative(**probe, **more))
    events = once(place)
    assert events[-1]["verdict"] == "live"
    kinds = [event["event"] for event in events if event["event"] == "live" or event.get("line") == "imported"]
    assert kinds[0] == ("log" if waits else "live")


def test_cr_38_a_second_deploy_that_raises_at_import(place: Place) -> None:
    """Its lines in their order, exit status 1, and the first one still answers."""
    place.write(APP, service_yaml=knative())
    with Running(place) as up:
        url = up.until("live")["url"]
        up.until("verdict")
        place.write("raise RuntimeError('at import')\n", service_yaml=knative())
        second = place.emu("up", "--format", "json")
        assert second.code == 1
        events = second.lines()
        assert get(url) == 200
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130
    assert (events[-1]["verdict"], events[-1]["deploy"]) == ("boot_failed", 2)
    [failed] = [event for event in events if event["event"] == "deploy.failed"]
    assert failed["still_live"] == 1
    lines = platform_lines(events)
    crash = lines.index("Container called exit(1).")
    assert lines[crash + 1].startswith("Default STARTUP TCP probe failed 1 time consecutively")
    assert lines[-3:-1] == ["Deployment failed", PORT_MESSAGE.format(command="services.replace")]


# ---- Render -------------------------------------------------------------------------------------------


def blueprint(*lines: str) -> str:
    more = "".join(f"    {line}\n" for line in lines)
    return f"services:\n  - type: web\n    name: shop\n    runtime: docker\n    plan: starter\n{more}"


def test_render_34_loopback(place: Place) -> None:
    """About once a minute that no port is open, and after five minutes the end. Minutes are half a second here."""
    place.write(APP)
    arguments = ("--env", "ADDRESS=127.0.0.1", "--faithful-timing", "--time-scale", "0.01")
    events = once(place, "--platform", "render", *arguments)
    assert (events[-1]["verdict"], events[-1]["platform_seconds"]) == ("timed_out", 300)
    lines = platform_lines(events)
    assert 4 <= lines.count("==> No open ports detected, continuing to scan...") <= 5
    assert lines[-1] == (
        "==> Port scan timeout reached, no open ports detected. Bind your service to at least one port. If you don't "
        "need to receive traffic on any port, create a background worker instead."
    )


RENDER_36 = [
    pytest.param({"STATUS": "404"}, "unhealthy", id="404"),
    pytest.param({"STATUS": "302", "THINKS_S": "0.3"}, "live", id="a redirect"),
    pytest.param({"THINKS_S": "6"}, "unhealthy", id="an answer after six seconds"),
    pytest.param({"ALLOWED_HOST": "localhost"}, "unhealthy", id="400 for a host it does not know"),
    pytest.param({"ALLOWED_HOST": "shop.onrender.com", "THINKS_S": "0.3"}, "live", id="a host it knows"),
]


@pytest.mark.parametrize(("env", "verdict"), RENDER_36)
def test_render_36_health_check(place: Place, env: dict[str, str], verdict: str) -> None:
    """GET with the public host; 200 to 399 within five seconds; fifteen minutes (nine seconds here) of anything else
    cancel the deploy."""
    place.write(APP, render_yaml=blueprint("healthCheckPath: /hz"))
    given = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    events = once(place, *given, "--time-scale", "0.01")
    assert events[-1]["verdict"] == verdict
    assert "host shop.onrender.com /hz" in said(events)
    if verdict != "live":
        assert events[-1]["platform_seconds"] == 900


def test_render_36_host_of_the_health_check(place: Place) -> None:
    """The first custom domain where there is one: an app that knows its onrender.com name alone answers 400."""
    place.write(APP, render_yaml=blueprint("healthCheckPath: /hz", "domains: [shop.example.org, www.example.net]"))
    for host, verdict in (("shop.onrender.com", "unhealthy"), ("shop.example.org", "live")):
        events = once(place, "--env", f"ALLOWED_HOST={host}", "--env", "THINKS_S=0.3", "--time-scale", "0.01")
        assert events[-1]["verdict"] == verdict
        assert "host shop.example.org /hz" in said(events)


DEAF = """\
import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True))
"""


def test_render_38_replace_sequence(place: Place) -> None:
    """The new one serves first; the old one is told to end 60 s after the switch, 3 s here, and killed when its delay
    is over: 30 s by default, 2 s here."""
    place.write(DEAF + APP, render_yaml=blueprint())
    [planned] = place.emu("plan", "--format", "json").document()["services"]
    assert planned["shutdown"] == {"signal": "SIGTERM", "grace_seconds": 30}
    place.write(DEAF + APP, render_yaml=blueprint("maxShutdownDelaySeconds: 2"))
    arguments = ("--faithful-timing", "--time-scale", "0.05")
    with Running(place, *arguments) as up:
        up.until("verdict")
        second = place.emu("up", "--format", "json", *arguments)
        assert second.code == 0
        up.until("stopped", lambda event: event["deploy"] == 1)
        assert up.interrupt()[0] == 130
        times = dict(zip(map(id, up.events), up.read_at, strict=True))
        [live] = [times[id(e)] for e in up.events if e["event"] == "live" and e["deploy"] == 2]
        asked = next(times[id(e)] for e in up.events if e["event"] == "log" and e["line"] == "asked to end")
        [stopped] = [e for e in up.events if e["event"] == "stopped" and e["deploy"] == 1]
        assert asked - live == pytest.approx(3, abs=0.7)
        assert times[id(stopped)] - asked == pytest.approx(2, abs=0.7)
        assert (stopped["graceful"], stopped["exit_code"]) == (False, 137)


ONLY_HTTP2 = """\
import os, socket
listener = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
SETTINGS, GOAWAY = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]), bytes([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
while True:
    connection, _ = listener.accept()
    begins = connection.recv(65536)
    connection.sendall(SETTINGS if begins.startswith(b"PRI * HTTP/2.0") else SETTINGS + GOAWAY)
    connection.close()
"""


@pytest.mark.parametrize("port_name", ["http1", "h2c"])
def test_an_http_probe_of_a_server_of_http2_alone(place: Place, port_name: str) -> None:
    """It asks by HTTP/1.1, whatever the port is called (rule cloud-run/http-probe-version), and is not answered."""
    probe = "{httpGet: {path: /}, periodSeconds: 1}"
    container = f"[{{image: shop, ports: [{{name: {port_name}, containerPort: 8080}}], startupProbe: {probe}}}]"
    place.write(ONLY_HTTP2, service_yaml=(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: shop}\n"
        f"spec: {{template: {{spec: {{containers: {container}}}}}}}\n"
    ))  # fmt: skip
    ran = place.emu("up", "--once", "--format", "json", "--time-scale", "0.1")
    assert ran.lines()[-1]["verdict"] == "unhealthy"
    lines = [e["line"] for e in ran.lines() if e["event"] == "log" and e["stream"] == "platform"]
    assert any(line.startswith(
        'STARTUP HTTP probe failed 3 times consecutively for container "shop-1" on port 8080 path "/". '
        "The instance was not started."
    ) for line in lines), lines  # fmt: skip
    codes = [e["diagnostic"]["code"] for e in ran.lines() if e["event"] == "diagnostic"]
    codes += [d["code"] for d in ran.lines()[0]["plan"]["diagnostics"]] if "plan" in ran.lines()[0] else []
    assert (port_name == "h2c") == ("cloud-run/http-probe-version" in codes)
