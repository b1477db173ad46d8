"""A whole Blueprint's variables and secret files in real containers: what is made or asked for once and kept, what
refers to what, who may read a secret file; and that none of it is shown."""

import json
import os
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import Place, Running, answer, as_from_a_terminal, tidied
from tests.running_emu import CHECKOUT, EMU, environment

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

TOKEN, PASSWORD = "tok-3n-of-mine", "hunter2-hunter2"


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A web service from a Dockerfile, a native private service, a Key Value and a group."""
    with tidied(tmp_path, engine) as place:
        shutil.copytree(CHECKOUT / "tests" / "blueprints" / "settings", place.root, dirs_exist_ok=True)
        (tmp_path / "secret.env").write_text(f"PASSWORD={PASSWORD}\n")
        try:
            yield place
        finally:
            assert place.emu("down", "--data", "--images").code == 0


def _options(place: Place) -> list[str]:
    return ["--created-from", "blueprint", "--secret-file", f".env={place.root.parent / 'secret.env'}"]


class Terminal:
    """`emu up` with a person before it: everything it showed, and what was typed."""

    def __init__(self, place: Place) -> None:
        self.shown = ""
        self._fd, child = pty.openpty()
        self.process = subprocess.Popen(
            [*EMU, "up", "--root", str(place.root), *_options(place)], cwd=CHECKOUT,
            env=environment({**place.env, "NO_COLOR": "1", "COLUMNS": "200"}),
            stdin=child, stdout=child, stderr=child, start_new_session=True,
            preexec_fn=as_from_a_terminal,  # noqa: PLW1509 - no threads in it yet
        )  # fmt: skip
        os.close(child)

    def until(self, pattern: str, within_s: float = 180) -> re.Match[str]:
        deadline = time.monotonic() + within_s
        while (found := re.search(pattern, self.shown)) is None:
            assert time.monotonic() < deadline, self.shown
            assert self.process.poll() is None, self.shown
            if select.select([self._fd], [], [], 0.5)[0]:
                self.shown += os.read(self._fd, 65536).decode(errors="replace")
        return found

    def type(self, line: str) -> None:
        os.write(self._fd, f"{line}\n".encode())

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        with_rest = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < with_rest:
            if select.select([self._fd], [], [], 0.5)[0]:
                try:
                    self.shown += os.read(self._fd, 65536).decode(errors="replace")
                except OSError:  # nobody holds the other end any more
                    break
        self.process.wait(60)
        os.close(self._fd)


def _told(url: str, path: str = "/") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer(url + path)[1])
    return found


def test_render_26_values_and_secret_files_are_kept_resolved_and_hidden(place: Place) -> None:
    """First at a terminal, which is asked once; then without one: every value is the same. A preview has others."""
    at = Terminal(place)
    try:
        at.until("front needs TOKEN")
        at.type(TOKEN)
        url = at.until(r"front is live after \S+ s at (http://\S+)")[1]
        at.until("back is live")
        front, back = _told(url), _told(url, "/back")
    finally:
        at.end()
    env, other = front["env"], back["env"]
    _resolved(env, other)
    _secret_files(front, back)
    kept = next(place.state.rglob("values.json"))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "asked for ‹TOKEN› ‹OWN_KEY›" in at.shown  # the app's own log
    for secret in (TOKEN, PASSWORD, env["OWN_KEY"], env["GROUP_KEY"], other["BACK_KEY"]):
        assert secret not in at.shown

    listed = {(one["owner"], one["name"]) for one in place.emu("env", "--format", "json").document()["kept"]}
    assert listed == {("front", "TOKEN"), ("front", "OWN_KEY"), ("back", "BACK_KEY"), ("env group shared", "GROUP_KEY")}
    assert place.emu("env", "--forget", "OWN_KEY").out == "forgot OWN_KEY of front\n"
    with Running(place, *_options(place)) as up:
        again = _told(_url_of_front(up))["env"]
        _told(_url_of_front_again(up), "/back")
        assert up.interrupt()[0] == 130
    stays = ("TOKEN", "GROUP_KEY", "BACK_KEY", "BACK_TOKEN")
    assert {name: again[name] for name in stays} == {name: env[name] for name in stays}
    assert again["OWN_KEY"] != env["OWN_KEY"]
    assert TOKEN not in json.dumps(up.events)


def _url_of_front(up: Running) -> str:
    verdict = up.until("verdict")
    assert verdict["verdict"] == "live", verdict
    return _url_of_front_again(up)


def _url_of_front_again(up: Running) -> str:
    return str(next(e["url"] for e in up.events if e["event"] == "live" and e["service"] == "front"))


def _resolved(env: dict[str, str], other: dict[str, str]) -> None:
    """What each variable comes to."""
    assert env["TOKEN"] == env["BACK_TOKEN"] == other["THROUGH"] == TOKEN
    assert env["BACK_KEY"] == other["BACK_KEY"]
    assert env["GROUP_KEY"] == other["GROUP_KEY"]
    assert len({env["OWN_KEY"], env["BACK_KEY"], env["GROUP_KEY"]}) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{43}=", env[name]) for name in ("OWN_KEY", "BACK_KEY", "GROUP_KEY"))
    assert (env["MODE"], other["MODE"]) == ("live", "of the group")
    assert (env["BACK"], env["OWN_HOST"]) == ("back:4000", "front.onrender.com")
    assert env["CACHE"] == f"redis://{env['CACHE_AT']}" == other["CACHE_URL"]
    assert (env["RENDER_SERVICE_TYPE"], other["RENDER_SERVICE_TYPE"]) == ("web", "pserv")
    assert env["IS_PULL_REQUEST"] == "false"


def _secret_files(front: dict[str, Any], back: dict[str, Any]) -> None:
    """Case 26: where they are, who may read them, and that nobody writes to them."""
    text = f"PASSWORD={PASSWORD}\n"
    assert (front["secret"], front["beside"]) == (text, "FileNotFoundError")
    assert (back["secret"], back["beside"]) == (text, text)
    assert (front["built"], back["built"]) == (f"live\n{text}", text * 2)
    for told in (front, back):
        assert (told["group"], told["mode"]) == (1000, "0o440")
    assert front["writing"] == "Read-only file system"
    assert back["writing"] in ("Read-only file system", "Operation not permitted")
    assert front["stranger"] == 1


def test_a_preview_has_values_of_its_own(place: Place) -> None:
    """previewValue, IS_PULL_REQUEST, the preview's plan, random values of its own, nothing of sync: false."""
    with Running(place, "--preview", "--service", "front", *_options(place)) as up:
        env = _told(_url_of_front(up))["env"]
        assert up.interrupt()[0] == 130
    assert (env["MODE"], env["IS_PULL_REQUEST"], "TOKEN" in env) == ("trial", "true", False)
    kept = place.emu("env", "--format", "json").document()["kept"]
    assert {one["owner"] for one in kept} == {"front (preview)", "back (preview)", "env group shared (preview)"}
