"""Builds with Cloud Native Buildpacks, by the user's own `pack`, where it and the builder's image are at hand.

`pack` knows nothing of what a platform receives: BuildKit lays out exactly that first, and puts our labels on the image
afterwards. The variables travel in the environment, where no list of processes shows them.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from emulator.engine.labels import PROJECT
from emulator.model.diagnostic import HostError
from emulator.model.record import replace
from emulator.world.building import BuildError, BuildOutcome, BuildRequest, OnProgress, StepDone, StepLog
from emulator.world.docker import Docker
from emulator.world.hidden import Hidden

from .host import Endpoint
from .orphans import SCRATCH

_LAST_LINES = 40
_LOOK_S, _PATIENCE_S = 0.05, 3.0
_STEP = "pack build"


class Pack:
    """`pack` on this machine, and an engine for it."""

    def __init__(self, docker: Docker, endpoint: Endpoint, environ: Mapping[str, str]) -> None:
        self._docker = docker
        self._environ = {**environ, **endpoint.client_environment()}
        if endpoint.chosen or endpoint.source == "socket":
            self._environ["DOCKER_HOST"] = endpoint.url
        self._builder_name = endpoint.name

    def can(self, builder: str) -> bool:
        """Whether `pack` is there, and the builder's image at hand or given by its registry."""
        if shutil.which("pack", path=self._environ.get("PATH")) is None:
            return False
        try:
            return self._docker.image(builder) is not None or bool(self._docker.pull(builder, "linux/amd64"))
        except HostError:
            return False

    def build(
        self, request: BuildRequest, builder: str, on_progress: OnProgress, cancel: threading.Event
    ) -> BuildOutcome:
        """The image of what BuildKit would get: `request`'s Dockerfile copies it all. Raises HostError."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{request.labels.get(PROJECT, '')}-") as folder:
            source, made = str(Path(folder, "source")), f"{request.tag}-pack"
            layout = ["docker", "buildx", "build", "--builder", self._builder_name, "--progress=plain"]
            layout += ["--output", f"type=local,dest={source}", "--file", request.dockerfile, request.context]
            pack = ["pack", "build", made, "--path", source, "--builder", builder, "--trust-builder", "--no-color"]
            pack += ["--pull-policy", "if-not-present"]
            pack += [word for name in request.args for word in ("--env", name)]
            for argv, shown in ((layout, False), (pack, True)):
                error = self._run(argv, request.args, on_progress if shown else _unheard, cancel)
                if error is not None:
                    return BuildOutcome(image_id=None, seconds=round(time.monotonic() - began, 3), error=error)
            on_progress(
                StepDone(name=f"{_STEP} by {builder}", seconds=round(time.monotonic() - began, 1), cached=False)
            )
            Path(folder, "Dockerfile").write_text(f"FROM {made}\n")
            labelled = replace(request, context=folder, dockerfile=str(Path(folder, "Dockerfile")), args=Hidden())
            Path(folder, "Dockerfile.dockerignore").write_text("*\n")
            outcome = self._docker.build(labelled, _unheard, cancel)
            self._docker.remove_image(made)
            return replace(outcome, seconds=round(time.monotonic() - began, 3))

    def _run(
        self, argv: list[str], variables: Mapping[str, str], on_progress: OnProgress, cancel: threading.Event
    ) -> BuildError | None:
        """Run a program and tell its lines; why it failed."""
        process = subprocess.Popen(
            argv, env={**self._environ, **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, text=True, errors="replace",
        )  # fmt: skip
        last: list[str] = []
        with process, _ending(process, cancel):
            for line in process.stdout or ():
                last = [*last[1 - _LAST_LINES :], line.rstrip("\n")]
                on_progress(StepLog(line=last[-1], step=_STEP))
        if cancel.is_set():
            return BuildError(kind="canceled", message="the build was canceled")
        if process.returncode == 0:
            return None
        said = next((line for line in reversed(last) if line.startswith("ERROR: ")), None)
        message = said or f"{argv[0]} exited with status {process.returncode}"
        return BuildError(kind="step", message=message, step=_STEP, log_tail=tuple(last), exit_code=process.returncode)


@contextlib.contextmanager
def _ending(process: "subprocess.Popen[str]", cancel: threading.Event) -> Iterator[None]:
    """While it is open, a canceled build's processes are asked to end, and then killed."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if cancel.is_set():
                for sign in (signal.SIGTERM, signal.SIGKILL):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, sign)
                    if over.wait(_PATIENCE_S):
                        break
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _unheard(progress: object) -> None:
    del progress
