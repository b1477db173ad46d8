"""Volumes and secrets of Cloud Run in real containers: what the app finds there, what outlives it, what is refused."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, answer, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

APP = """\
import http.server, os, pathlib, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, text = urllib.parse.unquote(self.path).partition("?")
        try:
            if text == "quit":
                os._exit(1)
            if text:
                pathlib.Path(path).write_text(text)
            said = os.environ.get("KEY", "-") if path == "/env" else "".join(sorted(os.listdir(path))) if os.path.isdir(
                path) else pathlib.Path(path).read_text()
        except OSError as problem:
            said = problem.strerror
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said.encode())
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
YAML = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: s}
spec:
  template:
    spec:
      volumes:
        - {name: scratch, emptyDir: {sizeLimit: 16Mi}}
        - {name: pictures, csi: {driver: gcsfuse.run.googleapis.com, volumeAttributes: {bucketName: pics}}}
        - {name: keys, secret: {secretName: tok, items: [{key: latest, path: tok.txt}]}}
      containers:
        - image: s
          env: [{name: KEY, valueFrom: {secretKeyRef: {name: key, key: latest}}}]
          volumeMounts:
            - {name: scratch, mountPath: /scratch}
            - {name: pictures, mountPath: /pictures}
            - {name: keys, mountPath: /etc/keys}
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        place.write(APP, run="mkdir /etc/keys && touch /etc/keys/images-own")
        (place.root / "service.yaml").write_text(YAML)
        (tmp_path / "tok").write_text("s3cret-tok")
        try:
            yield place
        finally:
            assert place.emu("down", "--data").code == 0


def said(url: str) -> str:
    return answer(url)[1]


def _secrets(place: Place) -> list[str]:
    return ["--secret-file", f"tok={place.root.parent / 'tok'}", "--env", "key=s3cret-key"]


def test_what_an_app_finds_in_its_volumes(place: Place) -> None:
    """A secret hides what the image has at its place and cannot be changed; memory is empty, and again when the
    instance was replaced; what is in a bucket's folder outlives it. No secret is shown."""
    with Running(place, *_secrets(place)) as up:
        url = up.until("live")["url"]
        up.until("verdict")
        assert said(f"{url}/env") == "s3cret-key"
        assert said(f"{url}/etc/keys") == "tok.txt"
        assert said(f"{url}/etc/keys/tok.txt") == "s3cret-tok"
        assert said(f"{url}/etc/keys/tok.txt?x") == "Read-only file system"
        assert said(f"{url}/scratch/a?in-memory") == "in-memory"
        assert said(f"{url}/pictures/a?kept") == "kept"
        said(f"{url}/scratch?quit")
        up.until("restarted")
        up.until("live")
        assert said(f"{url}/scratch") == ""
        assert said(f"{url}/pictures/a") == "kept"
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130
        assert "s3cret" not in str(up.so_far())


def test_a_folder_of_the_users_stands_for_a_bucket(place: Place) -> None:
    """What the user has there is what the app finds, and the other way round."""
    folder = place.root.parent / "pictures"
    folder.mkdir()
    (folder / "cat").write_text("miaow")
    with Running(place, *_secrets(place), "--volume", f"pictures={folder}") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        assert said(f"{url}/pictures/cat") == "miaow"
        assert said(f"{url}/pictures/dog?wow") == "wow"
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130
    assert (folder / "dog").read_text() == "wow"


def test_a_secret_that_is_not_there_is_refused(place: Place) -> None:
    """Where a volume holds it the deploy is refused, in the platform's words and at its line; nothing is started."""
    ran = place.emu("up", "--once", "--format", "json", "--env", "key=x")
    events = ran.lines()
    cause = events[-1]["services"][0]["cause"]
    assert (ran.code, events[-1]["verdict"]) == (1, "refused")
    assert cause["message"] == (
        "spec.template.spec.volumes[2].secret.items[0].key: Secret projects/PROJECT/secrets/tok/versions/latest "
        "was not found"
    )
    assert cause["origin"]["line"] == 10
    assert not [event for event in events if event["event"] == "container.started"]


def test_wrong_volumes_on_the_command_line(place: Place) -> None:
    """A name that no bucket has is told before anything is built."""
    ran = place.emu("up", "--once", "--volume", "scratch=.")
    assert ran.code == 2
    assert "known are pictures" in ran.err


SEVERAL = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: s}
spec:
  template:
    spec:
      volumes:
        - {name: shared, emptyDir: {sizeLimit: 16Mi}}
        - {name: keys, secret: {secretName: tok, items: [{key: latest, path: tok.txt}]}}
      containers:
        - name: app
          image: s
          ports: [{containerPort: 8080}]
          volumeMounts: [{name: shared, mountPath: /scratch}]
        - name: writer
          image: python:3.11-slim
          command: [python, -uc]
          args:
            - |
              import os, time
              print("found", os.listdir("/out"), flush=True)
              open("/out/made", "w").write(open("/etc/keys/tok.txt").read())
              time.sleep(600)
          volumeMounts: [{name: shared, mountPath: /out}, {name: keys, mountPath: /etc/keys}]
"""


def test_containers_of_an_instance_share_memory(place: Place) -> None:
    """What one writes the other finds, at a place of its own; an instance that starts anew finds it empty. A secret is
    where it is mounted, and nowhere else."""
    (place.root / "service.yaml").write_text(SEVERAL)
    with Running(place, "--secret-file", f"tok={place.root.parent / 'tok'}") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        wait_for(lambda: said(f"{url}/scratch/made") == "s3cret-tok")
        assert said(f"{url}/etc/keys/tok.txt") == "No such file or directory"
        said(f"{url}/scratch?quit")
        up.until("restarted")
        up.until("live")
        wait_for(lambda: said(f"{url}/scratch/made") == "s3cret-tok")
        lines = [event["line"] for event in up.so_far() if event["event"] == "log"]
        assert [line for line in lines if line.startswith("found")] == ["found []"] * 2
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


def test_a_folder_that_is_not_there(place: Place) -> None:
    """The engine would make it, as root's: it is refused before anything is built, and nothing is made."""
    missing = place.root.parent / "uploads"
    ran = place.emu("up", "--once", *_secrets(place), "--volume", f"pictures={missing}")
    assert ran.code == 2
    said_so = " ".join(ran.err.split())
    assert f"--volume pictures: there is no folder {missing} help: make it: mkdir -p {missing}" in said_so
    assert not missing.exists()
