"""The metadata server in real instances: Google's own library as its client, an app on its port, jobs, this machine."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import Place, Running, answer, tidied
from tests.platforms.cloud_run.planning import job

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

FIRST = ("--platform", "cloud-run", "--google-project", "shop-prod", "--google-region", "europe-west1")

GOOGLE_AUTH = """\
import http.server, json, os
import google.auth, google.auth.transport.requests
from google.auth import compute_engine, jwt
request = google.auth.transport.requests.Request()
credentials, project = google.auth.default()
credentials.refresh(request)
identity = compute_engine.IDTokenCredentials(request, "https://orders", use_metadata_identity_endpoint=True)
identity.refresh(request)
print("told", json.dumps({
    "project": project, "kind": type(credentials).__name__, "account": credentials.service_account_email,
    "token": credentials.token, "audience": jwt.decode(identity.token, verify=False)["aud"],
}), flush=True)
http.server.HTTPServer(("", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""

ON_PORT_80 = """\
import http.server, json, os, urllib.error, urllib.request
def ask(path, headers):
    try:
        asked = urllib.request.Request("http://metadata.google.internal" + path, headers=headers)
        with urllib.request.urlopen(asked, timeout=5) as found:
            return [found.status, found.read().decode()]
    except urllib.error.HTTPError as refusal:
        return [refusal.code, ""]
FLAVOR, V1 = {"Metadata-Flavor": "Google"}, "/computeMetadata/v1/"
ID = ask(V1 + "instance/id", FLAVOR)[1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = [ID, ask(V1 + "project/project-id", FLAVOR), ask(V1 + "project/project-id", {}),
                ask(V1 + "instance/name", FLAVOR), ask("/", {**FLAVOR, "Host": "metadata"})]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""

TASK = """\
import urllib.request
asked = urllib.request.Request("http://169.254.169.254/computeMetadata/v1/instance/region",
                               headers={"Metadata-Flavor": "Google"})
print("told", urllib.request.urlopen(asked, timeout=5).read().decode())
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def told(up: Running) -> Any:
    """What an app prints behind the word."""
    return json.loads(up.until("log", lambda event: event["line"].startswith("told "))["line"].removeprefix("told "))


def test_google_auth_finds_its_credentials(place: Place) -> None:
    """An app that only says google.auth.default() has them at its first instruction: project, account and tokens."""
    place.write(GOOGLE_AUTH, run="pip install --no-cache-dir google-auth requests")
    with Running(place, *FIRST, "--google-service-account", "orders@shop-prod.iam.gserviceaccount.com") as up:
        found = told(up)
        assert up.until("verdict")["verdict"] == "live"
        assert up.interrupt()[0] == 130
    assert "fake" in found.pop("token")
    assert found == {
        "project": "shop-prod", "kind": "Credentials", "account": "orders@shop-prod.iam.gserviceaccount.com",
        "audience": "https://orders",
    }  # fmt: skip


def test_an_app_on_port_80_has_it_to_itself(place: Place, engine: "DockerClient") -> None:
    """It listens on 0.0.0.0:80, is probed and asked there, and still asks the metadata server at that port: with the
    header, without it, and for what is not defined. A new start of it is told another instance's id."""
    place.write(ON_PORT_80, service_yaml=SERVICE_80)
    before = link_local_routes()
    with Running(place, "--google-project", "shop-prod") as up:
        url = up.until("live")["url"]
        first = json.loads(answer(url)[1])
        assert first[1:] == [[200, "shop-prod"], [403, ""], [404, ""], [200, "computeMetadata/\n"]]
        listed = place.emu("ps", "--format", "json").document()["containers"]
        assert [entry["service"] for entry in listed] == ["shop"]  # the server itself is nothing of the user's
        (helper,) = engine.containers.list(filters={"label": [place.labels["label"], "emu.helper"]})
        status = helper.exec_run(["grep", "-E", "^(Uid|Cap(Prm|Eff)):", "/proc/1/status"], user="65534").output.decode()
        assert set(status.split()[1:5]) == {"65534"}
        assert {int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap")} == {0}
        assert place.emu("restart").code == 0
        up.until("live")
        second = json.loads(answer(url)[1])
        assert second[1:] == first[1:]
        assert len(first[0]) == len(second[0]) == 112
        assert first[0] != second[0]
        assert link_local_routes() == before
        assert up.interrupt()[0] == 130


def test_every_task_of_a_job_is_told(place: Place) -> None:
    """Each has a server of its own."""
    place.write(TASK, job_yaml=job(execution="taskCount: 2"))
    ran = place.emu("up", "--once", "--google-project-number", "42", "--google-region", "europe-west1")
    assert ran.code == 0, ran.out
    assert ran.out.count("told projects/42/regions/europe-west1") == 2


def test_after_a_kill_nothing_of_it_stays(place: Place) -> None:
    """`emu down` counts what is the user's, and removes the server as well."""
    place.write(ON_PORT_80, service_yaml=SERVICE_80)
    with Running(place) as up:
        up.until("live")
        up.process.kill()
        up.process.wait()
    assert place.emu("down").out.startswith("removed 1 container")


PRINTS_ITS_TOKEN = """\
import http.server, json, os, urllib.request
asked = urllib.request.Request(
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
    headers={"Metadata-Flavor": "Google"})
token = json.loads(urllib.request.urlopen(asked, timeout=5).read())["access_token"]
print("the token is", token, "of", len(token), flush=True)
http.server.HTTPServer(("", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def gcloud(place: Place, script: str) -> dict[str, str]:
    """A program of that name which comes first."""
    folder = place.root.parent / "bin"
    folder.mkdir()
    (folder / "gcloud").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "gcloud").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_users_own_token_is_handed_out_and_never_printed(place: Place) -> None:
    """On request alone; where the app prints it, its name is shown."""
    place.write(PRINTS_ITS_TOKEN)
    path = gcloud(place, 'test "$*" = "auth print-access-token --quiet" && echo ya29.of-a-user')
    ran = place.emu("up", "--once", "--format", "json", "--platform", "cloud-run", "--google-credentials", **path)
    assert ran.code == 0, ran.out
    assert "ya29" not in ran.out + ran.err
    assert any(e["event"] == "log" and e["line"] == "the token is ‹gcloud access token› of 14" for e in ran.lines())


def test_a_gcloud_that_is_not_logged_in_is_told(place: Place) -> None:
    """In its own words, before anything is started."""
    place.write(PRINTS_ITS_TOKEN)
    path = gcloud(place, 'echo "ERROR: (gcloud.auth.print-access-token) You do not have an active account" >&2; exit 1')
    ran = place.emu("up", "--once", "--platform", "cloud-run", "--google-credentials", **path)
    assert ran.code == 1
    assert "You do not have an active account" in " ".join((ran.out + ran.err).split())


SERVICE_80 = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - image: europe-docker.pkg.dev/p/r/shop:1
          ports: [{containerPort: 80}]
"""


def link_local_routes() -> list[str]:
    """This machine's routes to addresses like the server's."""
    address = socket.inet_aton("169.254.0.0")[::-1].hex().upper()
    lines = Path("/proc/net/route").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[1].endswith(address[-4:])]
