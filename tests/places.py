"""A project in a folder of its own, an `emu` that runs in it, and what of both is left behind."""

import contextlib
import hashlib
import json
import queue
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from emulator.engine.labels import PROJECT, project_id
from tests.processes import command_lines
from tests.running_emu import CHECKOUT, EMU, Ran, environment, published, run_emu

if TYPE_CHECKING:
    from docker import DockerClient

SOON_S = 40


class Place:
    """A project in a folder of its own, with its state and temporary files beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.temporary = folder / "tmp"
        self.state = folder / "state"
        self.temporary.mkdir()
        self.root.mkdir()
        self.env: dict[str, str] = {
            "TMPDIR": str(self.temporary),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def write(self, app: str, *, run: str = "true", **files: str) -> None:
        """An app and its Dockerfile; more files by their names, with `_` for the dot."""
        (self.root / "app.py").write_text(app)
        dockerfile = f'FROM python:3.11-slim\nRUN {run}\nCOPY app.py .\nCMD ["python", "-u", "app.py"]\n'
        (self.root / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            (self.root / name.replace("_", ".")).write_text(text)

    def files(self) -> dict[str, str]:
        """What the user has, by content."""
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def emu(self, verb: str, *arguments: str, **env: str) -> Ran:
        return run_emu(verb, "--root", str(self.root), *arguments, env={**self.env, **env})

    @property
    def labels(self) -> dict[str, str]:
        return {"label": f"{PROJECT}={project_id(str(self.root))}"}

    def remove_all(self, engine: "DockerClient") -> None:
        """Whatever of it the engine still has."""
        for container in engine.containers.list(all=True, filters=self.labels):
            container.remove(force=True, v=True)
        for image in engine.images.list(filters=self.labels):
            engine.images.remove(image.id, force=True)
        for volume in engine.volumes.list(filters=self.labels):
            volume.remove(force=True)


@contextlib.contextmanager
def tidied(folder: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project; afterwards nothing of it may be left."""
    place = Place(folder)
    try:
        yield place
        assert left_behind(place, engine) == []
    finally:
        place.remove_all(engine)


def left_behind(place: Place, engine: "DockerClient") -> list[str]:
    """Containers, networks, temporary files and processes."""
    left = [c.name for c in engine.containers.list(all=True, filters=place.labels)]
    left += [n.name for n in engine.networks.list(filters=place.labels)]
    left += [path.name for path in place.temporary.iterdir()]
    return left + processes_about(str(place.root.parent))


def processes_about(text: str) -> list[str]:
    """The command lines of this machine's processes that hold `text`, other than the tests' own."""
    return [line for line in command_lines() if text in line and "pytest" not in line]


class Running:
    """`emu up` (or another verb) in a process of its own, its events as they come, and when each was read."""

    def __init__(self, place: Place, *arguments: str, verb: str = "up", env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*EMU, *verb.split(), "--format", "json", "--root", str(place.root), *arguments], cwd=CHECKOUT,
            env=environment({**place.env, **(env or {})}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=as_from_a_terminal,  # noqa: PLW1509 - no threads in it yet
        )  # fmt: skip
        self.events: list[Any] = []
        self.read_at: list[float] = []
        """By time.time(), of each event."""
        self._lines: queue.Queue[tuple[float, str] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put((time.time(), line))
        self._lines.put(None)

    def _take(self, found: tuple[float, str]) -> Any:
        at, line = found
        self.events.append(json.loads(line))
        self.read_at.append(at)
        return self.events[-1]

    def until(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next event of a kind. Fails when the output ends, or takes too long, before."""
        deadline = time.monotonic() + SOON_S
        while True:
            found = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            assert found is not None, f"emu ended before {kind}: {self.events[-3:]} {self._stderr()}"
            event = self._take(found)
            if event["event"] == kind and wanted(event):
                return event

    def so_far(self) -> list[Any]:
        """All events up to now."""
        with contextlib.suppress(queue.Empty):
            while (found := self._lines.get_nowait()) is not None:
                self._take(found)
        return self.events

    def ends(self) -> tuple[int, str]:
        """The exit code and stderr, after it ended by itself; every event obeys the schema."""
        code = self.process.wait(timeout=SOON_S)
        self._reader.join(5)
        for event in self.so_far():
            published("event").validate(event)
        stderr = self._stderr()
        assert "Traceback" not in stderr
        return code, stderr

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C, and its end."""
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def _stderr(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read() if self.process.poll() is not None else ""

    def diagnostics(self) -> list[str]:
        """Codes, of what was found and of what ended the deploy."""
        found = [e["diagnostic"]["code"] for e in self.events if e["event"] == "diagnostic"]
        return found + [e["cause"]["code"] for e in self.events if e["event"] == "deploy.failed" and e["cause"]]


def as_from_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def get(url: str) -> int:
    """The status of an answer, 0 when there is none."""
    return answer(url)[0]


def answer(url: str) -> tuple[int, str]:
    """An answer's status and text; 0 when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as found:
            return int(found.status), found.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""


def wait_for(what: Callable[[], bool], seconds: float = SOON_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)
