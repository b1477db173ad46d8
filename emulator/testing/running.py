"""A repository as a platform runs it, for as long as a test needs it: one `emu up` in a process of its own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .turns import Turn

if TYPE_CHECKING:
    from emulator.world.docker import Docker

_GOOD = ("live", "succeeded")

__tracebackhide__ = True
"""Has pytest show a failure at the line of the test, and none of ours."""


class DeployFailed(AssertionError):
    """The platform would not have it: a deploy came to a verdict that is not live. verdicts: by service."""

    def __init__(self, message: str, verdicts: Mapping[str, str]) -> None:
        super().__init__(message)
        self.verdicts = dict(verdicts)


class Up:
    """One `emu up`: services that serve until it is closed.

    path: in the repository. platform: None lets the files tell. options: as they are typed behind `emu up`, such as
    "--created-from", "blueprint", or "--build-anyway". env: variables of every service. slow_start_s: every instance
    stands still for so many seconds as soon as it is started, as on a machine that is busy. wait: whether to come back
    only when every service is live. timeout_s: how long that may take, and how long another process of the tests may
    have the same project before.
    Raises DeployFailed when a service is not live, TimeoutError when none of both comes in time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = ".",
        *options: str,
        platform: str | None = None,
        env: Mapping[str, str] | None = None,
        slow_start_s: float = 0,
        wait: bool = True,
        timeout_s: float = 600,
    ) -> None:
        self.root = str(Path(path).resolve())
        self.timeout_s = timeout_s
        self.events: list[dict[str, Any]] = []
        """Every event so far, as `emu up --format json` prints it."""
        self._came = threading.Condition()
        self._ended = False
        self._errors: list[str] = []
        self._slow_start_s = slow_start_s
        words = [*options, *(["--platform", platform] if platform else [])]
        words += [word for name, value in (env or {}).items() for word in ("--env", f"{name}={value}")]
        self._turn = Turn(self.root, timeout_s=timeout_s)
        self._process = subprocess.Popen(
            [*_EMU, "up", "--format", "json", "--root", self.root, *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()
        if wait:
            with self._closed_on_failure():
                self.wait_until_live()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it as Ctrl-C does, and wait until nothing of it is left. May be called again."""
        if self._process.poll() is None:
            self._process.terminate()  # SIGINT is ignored in what a script starts with `&`
        try:
            self._process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(10)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._turn.end()

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    # ---- what it is

    @cached_property
    def plan(self) -> dict[str, Any]:
        """The plan, as `emu plan --format json` prints it."""
        plan: dict[str, Any] = self.wait_for("plan")["plan"]
        return plan

    @property
    def services(self) -> tuple[str, ...]:
        """Their names, in the order of the plan."""
        return tuple(service["name"] for service in self.plan["services"])

    @property
    def url(self) -> str:
        """The stable address of the only service that has one. Raises LookupError where several have."""
        urls = {name: url for name in self.services if (url := self._url(name)) is not None}
        if len(urls) != 1:
            raise LookupError(f"{len(urls)} services have an address: use url_of(name) for one of {', '.join(urls)}")
        return next(iter(urls.values()))

    def url_of(self, service: str) -> str:
        """The stable address of a service. Raises LookupError where it has none."""
        url = self._url(service)
        if url is None:
            raise LookupError(f"{service!r} has no address; the services are {', '.join(self.services)}")
        return url

    def _url(self, service: str) -> str | None:
        lives = [event for event in list(self.events) if event["event"] == "live" and event["service"] == service]
        return lives[-1]["url"] if lives else None

    def logs(self, service: str | None = None, *, stream: str | None = None) -> list[str]:
        """The lines so far. stream: "stdout", "stderr", "platform" or "build"; None: the app's two."""
        wanted = (stream,) if stream is not None else ("stdout", "stderr")
        return [
            event["line"]
            for event in list(self.events)
            if event["event"] == "log" and event["stream"] in wanted and service in (None, event["service"])
        ]

    # ---- waiting

    def wait_until_live(self, *, after: int = 0) -> None:
        """Come back when every service has its verdict and each is live. after: how many events not to look at.
        Raises DeployFailed, TimeoutError."""
        verdict = self.wait_for("verdict", after=after)
        if verdict["verdict"] not in _GOOD:
            raise self._failed(after)

    def wait_for(
        self,
        kind: str,
        wanted: Callable[[dict[str, Any]], bool] = lambda _: True,
        *,
        after: int = 0,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """The first event of a kind that is wanted. after: how many events not to look at.
        Raises TimeoutError, or DeployFailed when emu ends before."""
        deadline = time.monotonic() + (timeout_s if timeout_s is not None else self.timeout_s)
        seen = after
        with self._came:
            while True:
                for event in self.events[seen:]:
                    if event["event"] == kind and wanted(event):
                        return event
                seen = len(self.events)
                if self._ended:
                    raise self._failed(after)
                if not self._came.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise TimeoutError(f"no {kind} within {timeout_s or self.timeout_s:g} s of {self.root}")

    # ---- faults

    def restart(self, service: str | None = None) -> None:
        """As the platform's restart does; back when the new instance is live. Raises DeployFailed."""
        words = ["restart", "--root", self.root, *(["--service", service] if service is not None else [])]
        done = subprocess.run([*_EMU, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DeployFailed(done.stderr.strip() or done.stdout.strip(), {})

    def kill(self, service: str | None = None) -> None:
        """Kill the instances of a service, as if they had crashed: the platform starts others."""
        for id in self._containers(service):
            self._engine.kill(id)

    def freeze(self, service: str | None = None, *, seconds: float) -> None:
        """Let the instances stand still for a while, as a process that has no processor. It blocks so long."""
        ids = self._containers(service)
        for id in ids:
            self._engine.kill(id, "SIGSTOP")
        time.sleep(seconds)
        for id in ids:
            self._engine.kill(id, "SIGCONT")

    def limit_memory(self, mib: int, service: str | None = None) -> None:
        """Give the running instances less memory, or more: what they need beyond it kills them as the plan's would."""
        for id in self._containers(service):
            self._engine.limit(id, memory_mib=mib)

    @cached_property
    def _engine(self) -> "Docker":
        from emulator.edge.docker import open_docker  # takes long to load, and only a fault needs it

        return open_docker(os.environ)

    def _containers(self, service: str | None) -> list[str]:
        """Those that run now. Raises LookupError where there are none, or it is not said of which service."""
        if service is None and len(self.services) != 1:
            raise LookupError(f"say of which service: {', '.join(self.services)}")
        name = service if service is not None else self.services[0]
        started = [e for e in list(self.events) if e["event"] == "container.started" and e["service"] == name]
        ids = [event["id"] for event in started if event["id"]]
        running = [id for id in ids if (found := self._engine.inspect(id)) is not None and found.running]
        if not running:
            raise LookupError(f"nothing of {name!r} runs")
        return running

    # ---- reading

    def _read(self) -> None:
        for line in self._process.stdout or ():
            event = json.loads(line)
            with self._came:
                self.events.append(event)
                self._came.notify_all()
            if self._slow_start_s and event["event"] == "container.started" and event["id"]:
                threading.Thread(target=self._hold, args=(event["id"],), daemon=True).start()
        with self._came:
            self._ended = True
            self._came.notify_all()

    def _hold(self, id: str) -> None:
        self._engine.kill(id, "SIGSTOP")
        time.sleep(self._slow_start_s)
        self._engine.kill(id, "SIGCONT")

    def _read_errors(self) -> None:
        self._errors += list(self._process.stderr or ())

    def _failed(self, after: int) -> DeployFailed:
        """What went wrong, in emu's words: causes with their places, then the last lines of the app."""
        if self._ended:
            self._readers[1].join(5)
        found = [event for event in self.events[after:] if event["event"] in ("deploy.failed", "diagnostic")]
        causes = [_told(event.get("cause") or event.get("diagnostic"), event.get("reason")) for event in found]
        lines = [cause for cause in dict.fromkeys(causes) if cause] or [line.rstrip() for line in self._errors[-10:]]
        message = "\n".join(["the deploy is not live", *lines, *(f"  | {line}" for line in self.logs()[-10:])])
        last = next((event for event in reversed(self.events[after:]) if event["event"] == "verdict"), None)
        if last is None:
            return DeployFailed(message, {})
        verdicts = {one["name"]: one["verdict"] for one in last["services"]}
        return DeployFailed(message, verdicts or dict.fromkeys(self.services, last["verdict"]))


def _told(found: Mapping[str, Any] | None, reason: str | None) -> str | None:
    """A diagnostic in a line or two; None for one that is no error."""
    if found is None:
        return reason
    if found["severity"] != "error":
        return None
    origin = found["origin"]
    place = f" ({origin['file']}:{origin['line']})" if origin and origin["file"] else ""
    return f"{found['code']}: {found['message']}{place}" + (f"\n    {found['help']}" if found["help"] else "")


_EMU = (sys.executable, "-m", "emulator")
