"""`emu up --watch`: save, and see the new version serve. The real `emu`, on the real engine."""

import secrets
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from emulator.edge.git import git
from tests.bench.load import APP, Load
from tests.bench.replace import MANIFESTS, RENDER
from tests.places import Place, Running, answer, tidied, wait_for
from tests.running_emu import run_emu
from tests.test_up_replaces import BROKEN, of, saying, verdicts

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project that answers "one"; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(saying("one"), render_yaml=RENDER, _gitignore="*.log\n", _dockerignore="notes.md\n")
        git(str(place.root), "init", "--quiet")
        yield place


def saves(up: Running) -> list[tuple[int | None, tuple[str, ...], str]]:
    return [(e["deploy"], tuple(e["paths"]), e["because"]) for e in of(up.events, "saved")]


def save(place: Place, text: str) -> None:
    (place.root / "app.py").write_text(text)


@pytest.mark.parametrize("platform", ["render", "cloud-run"])
def test_a_save_serves_without_a_lost_request(tmp_path: Path, engine: "DockerClient", platform: str) -> None:
    """Five saves under load: every request is answered whole, and each version comes to serve."""
    with tidied(tmp_path, engine) as place:
        file, text = MANIFESTS[platform]
        place.write(saying("v0"), **{file.replace(".", "_"): text})
        with Running(place, "--watch", "--platform", platform) as up:
            url = up.until("live")["url"]
            up.until("verdict")
            with Load(url, clients=2) as load:
                for number in range(1, 6):
                    save(place, saying(f"v{number}"))
                    up.until("verdict", lambda e, n=number: e["deploy"] == n + 1)
                    assert answer(url) == (200, f"v{number}")
            code, _ = up.interrupt()
    assert (load.lost, code) == ([], 130)
    assert [deploy for deploy, paths, _ in saves(up) if paths == ("app.py",)] == [2, 3, 4, 5, 6]
    assert [e["trigger"] for e in of(up.events, "deploy.started")] == ["up", *["save"] * 5]


def test_a_bad_save_leaves_the_good_version_and_the_next_one_repairs_it(place: Place) -> None:
    """One that crashes, one that the check refuses, then a good one."""
    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        save(place, BROKEN)
        assert up.until("verdict")["verdict"] == "boot_failed"
        assert answer(url) == (200, "one")
        (place.root / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY nowhere.py app.py\nCMD python app.py\n")
        assert up.until("verdict")["verdict"] == "refused"
        assert answer(url) == (200, "one")
        place.write(saying("two"))
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "two")
        up.interrupt()
    assert ("build/copy-source-missing") in up.diagnostics()


def test_a_save_that_concerns_no_build_deploys_nothing(place: Place) -> None:
    """It is said who keeps the file away, and whether the platform would do the same."""
    with Running(place, "--watch") as up:
        up.until("verdict")
        (place.root / "debug.log").write_text("x")
        ignored = up.until("saved")
        (place.root / "notes.md").write_text("x")
        left_out = up.until("saved")
        up.interrupt()
    assert (ignored["deploy"], ignored["because"], ignored["platform_too"]) == (
        None, "git ignores it (.gitignore:1:*.log)", True,
    )  # fmt: skip
    assert (left_out["deploy"], left_out["because"], left_out["platform_too"]) == (
        None, "the ignore file keeps it from the builder (.dockerignore:1)", False,
    )  # fmt: skip
    assert [n for n, _ in verdicts(up.events)] == [1]


def test_a_newer_save_takes_the_place_of_an_older_one(place: Place) -> None:
    """A version that takes a minute to build is not waited for."""
    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        place.write(saying("slow"), run=f"echo {secrets.token_hex(8)} && sleep 60")  # in no cache
        up.until("build.started", lambda e: e["deploy"] == 2)
        time.sleep(0.5)
        began = time.monotonic()
        place.write(saying("fast"))
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert time.monotonic() - began < 30
        assert answer(url) == (200, "fast")
        up.interrupt()
    assert (2, "canceled") in verdicts(up.events)


def test_a_changed_variable_is_told_as_a_change_of_the_plan(place: Place) -> None:
    with Running(place, "--watch") as up:
        up.until("verdict")
        (place.root / "render.yaml").write_text(RENDER + "    envVars: [{key: COLOUR, value: red}]\n")
        saved = up.until("saved")
        up.until("verdict", lambda e: e["verdict"] == "live")
        up.interrupt()
    assert saved["because"] == "its plan changed"
    assert "env.COLOUR: nothing → red" in saved["differences"]


def test_a_saved_env_file_is_deployed_though_git_ignores_it(place: Place) -> None:
    """It is no file of the platform's, but what was given with the command."""
    file = place.root / "local.log"
    file.write_text("COLOUR=red\n")
    with Running(place, "--watch", "--env-file", str(file)) as up:
        up.until("verdict")
        file.write_text("COLOUR=blue\n")
        saved = up.until("saved")
        up.until("verdict", lambda e: e["deploy"] == 2)
        up.interrupt()
    assert (saved["deploy"], saved["because"]) == (2, "a value that is not printed changed")


def test_only_the_container_is_new_where_only_its_variables_are(place: Place) -> None:
    """The image of what is live is used again, and the pre-deploy command has its turn; a save that reaches the build
    is built. A rollback finds what it goes back to."""
    file = place.root / "local.log"
    file.write_text("COLOUR=red\n")
    place.write(
        APP.replace('os.environ.get("TEXT", "ok")', 'os.environ["COLOUR"]'),
        render_yaml=RENDER + "    preDeployCommand: echo migrated\n    envVars: [{key: COLOUR, sync: false}]\n",
    )
    with Running(place, "--watch", "--env-file", str(file)) as up:
        url = up.until("live")["url"]
        up.until("verdict")
        file.write_text("COLOUR=blue\n")
        skipped = up.until("build.skipped")
        assert up.until("pre_deploy.finished")["ok"]
        up.until("verdict", lambda e: e["deploy"] == 2)
        assert answer(url) == (200, "blue")
        place.write(saying("two"))
        up.until("build.finished")
        up.until("verdict", lambda e: e["deploy"] == 3)
        assert answer(url) == (200, "two")
        assert place.emu("rollback", "2").code == 0
        assert answer(url) == (200, "blue")
        up.interrupt()
    assert (skipped["deploy"], skipped["image_of"]) == (2, 1)
    assert [e["deploy"] for e in of(up.events, "build.started")] == [1, 3]


def test_a_touch_and_a_checkout_there_and_back_deploy_nothing_or_once(place: Place) -> None:
    """Five thousand files, as git changes them: what lies there in the end is what serves."""
    (place.root / "src").mkdir()
    for number in range(5000):
        (place.root / f"src/{number}.txt").write_text("1")
    (place.root / "Dockerfile").write_text('FROM python:3.11-slim\nCOPY . .\nCMD ["python", "-u", "app.py"]\n')
    run = partial(git, str(place.root))
    who = ("-c", "user.email=a@b", "-c", "user.name=a")
    run("add", "-A")
    run(*who, "commit", "-qm", "one")
    run("checkout", "-qb", "other")
    for number in range(5000):
        (place.root / f"src/{number}.txt").write_text("2")
    save(place, saying("other"))
    run(*who, "commit", "-qam", "two")
    run("checkout", "-q", "-")
    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        time.sleep(2)  # beside the first boot it is read what the files hold
        (place.root / "app.py").touch()
        run("checkout", "-q", "other")
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "other")
        before = len(of(up.so_far(), "deploy.started"))
        run("checkout", "-q", "-")
        run("checkout", "-q", "other")
        time.sleep(3)
        begun = of(up.so_far(), "deploy.started")[before:]
        if begun:
            up.until("verdict", lambda e: e["deploy"] == begun[-1]["deploy"])
        assert answer(url) == (200, "other")
        up.interrupt()
    assert not [e for e in of(up.events, "saved") if e["deploy"] == 2 and e["count"] == 1]
    assert before == 2
    assert len([e for e in verdicts(up.events)[before:] if e[1] == "live"]) <= 1


def test_a_websocket_and_a_long_request_outlive_a_switch(place: Place) -> None:
    """Both are of the old version and go on with it, while new requests get the new one."""
    from websockets.sync.client import connect

    place.write(SPEAKING.replace("VERSION", "one"), run="pip install -q websockets")
    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        whole: list[str] = []
        with connect(url.replace("http://", "ws://") + "/echo") as socket:
            slow = threading.Thread(target=lambda: whole.append(urlopen(url + "/slow", timeout=40).read().decode()))
            slow.start()
            socket.send("a")
            assert socket.recv(timeout=10) == "one a"
            place.write(SPEAKING.replace("VERSION", "two"), run="pip install -q websockets")
            up.until("verdict", lambda e: e["deploy"] == 2)
            assert answer(url) == (200, "two")
            socket.send("b")
            assert socket.recv(timeout=10) == "one b"
            slow.join(40)
        up.interrupt()
    assert whole == ["one" * 8]


SPEAKING = """\
import asyncio, os
from websockets.asyncio.server import serve
from websockets.http11 import Response
from websockets.datastructures import Headers

async def speak(socket):
    async for text in socket:
        await socket.send("VERSION " + text)

async def page(connection, request):
    if request.path == "/echo":
        return None
    if request.path == "/slow":
        await asyncio.sleep(6)
        body = b"VERSION" * 8
    else:
        body = b"VERSION"
    return Response(200, "OK", Headers([("Content-Length", str(len(body))), ("Connection", "close")]), body)

async def main():
    async with serve(speak, "0.0.0.0", int(os.environ["PORT"]), process_request=page) as server:
        await server.serve_forever()

asyncio.run(main())
"""


def test_it_goes_on_after_being_stopped_and_continued(place: Place) -> None:
    """As a laptop that sleeps: what was saved meanwhile is deployed then."""
    import signal

    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        up.process.send_signal(signal.SIGSTOP)
        save(place, saying("later"))
        time.sleep(1)
        up.process.send_signal(signal.SIGCONT)
        up.until("verdict", lambda e: e["deploy"] == 2)
        wait_for(lambda: answer(url) == (200, "later"))
        up.interrupt()


@pytest.mark.parametrize("words", [("--once",), ("--snapshot", "index")])
def test_it_is_refused_where_it_makes_no_sense(place: Place, words: tuple[str, ...]) -> None:
    ran = run_emu("up", "--root", str(place.root), "--watch", *words)
    assert ran.code == 2
    assert "--watch" in ran.err
