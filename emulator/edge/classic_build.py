"""Builds through the engine's classic builder, for machines without buildx: the whole context is sent every time,
and BuildKit's additions to the Dockerfile are not understood."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulator.engine.classic_log import ClassicLog
from emulator.engine.host_problems import known_host_problem
from emulator.model.diagnostic import Fault, HostError, error
from emulator.world.building import BuildError, BuildOutcome, BuildRequest, OnProgress

from .docker_errors import words_of
from .docker_followers import streamed

_LOOK_S = 0.05
"""How often a silent build looks whether it was canceled."""

WARNING = (
    "built with the engine's classic builder, because buildx is not installed: "
    "RUN --mount, heredocs, secrets and replaced base images do not work with it"
)


def build(api: Any, request: BuildRequest, on_progress: OnProgress, cancel: threading.Event) -> BuildOutcome:
    """Build an image with `api`, a client of its own. Raises HostError, also for what only BuildKit can do."""
    _refuse_what_needs_buildkit(request)
    began = time.monotonic()
    log = ClassicLog()
    for message in _until_canceled(api, request, cancel):
        for item in log.message(message, time.monotonic()):
            on_progress(item)
    seconds = round(time.monotonic() - began, 3)
    if cancel.is_set():
        canceled = BuildError(kind="canceled", message="the build was canceled")
        return BuildOutcome(image_id=None, seconds=seconds, error=canceled, warnings=(WARNING,))
    for item in log.end(time.monotonic()):
        on_progress(item)
    failure = log.error()
    if failure is not None and failure.kind == "other" and (known := known_host_problem(failure.message)):
        raise HostError(known)
    image = None if failure else log.image_id
    return BuildOutcome(image_id=image, seconds=seconds, error=failure, warnings=(WARNING,))


def _until_canceled(api: Any, request: BuildRequest, cancel: threading.Event) -> Iterator[dict[str, Any]]:
    """The builder's messages. They are read in a thread, because a silent step says nothing for minutes; when the
    build is canceled, or the caller goes away, the connection is cut and the engine ends the build."""
    from docker.errors import APIError

    arrived: queue.Queue[Any] = queue.Queue()
    answers: list[Any] = []
    post = api._post  # noqa: SLF001 - the SDK keeps the answer to itself, and with it the only way to end it

    def remember(*args: Any, **kwargs: Any) -> Any:
        answers.append(post(*args, **kwargs))
        return answers[-1]

    def read() -> None:
        try:
            for message in _messages(api, request):
                arrived.put(message)
        except Exception as problem:  # noqa: BLE001 - handed to the caller's thread
            arrived.put(problem)
        arrived.put(None)

    api._post = remember  # noqa: SLF001
    threading.Thread(target=read, name="build", daemon=True).start()
    try:
        while not cancel.is_set():
            with contextlib.suppress(queue.Empty):
                message = arrived.get(timeout=_LOOK_S)
                if message is None:
                    return
                yield _as_message(message)
    finally:
        for answer in answers:
            with contextlib.suppress(APIError, AttributeError):  # it was an error, or has ended by itself
                streamed(api, answer).shut()


def _as_message(arrived: Any) -> dict[str, Any]:
    """What the engine refuses before it begins is an error like any other."""
    from docker.errors import APIError

    if isinstance(arrived, APIError):
        return {"error": words_of(arrived)}
    if isinstance(arrived, Exception):
        raise arrived
    return dict(arrived)


def _messages(api: Any, request: BuildRequest) -> Any:
    """The builder's messages as they come. The SDK sends a Dockerfile from outside the context along with it."""
    ignore = Path(request.dockerfile + ".dockerignore")
    if not ignore.is_file():
        return _ask(api, request, path=request.context, dockerfile=request.dockerfile)
    dockerfile, context = _own_context(request, ignore)
    with context:
        return _ask(api, request, fileobj=context, custom_context=True, dockerfile=dockerfile)


def _ask(api: Any, request: BuildRequest, **context: Any) -> Any:
    return api.build(
        **context,
        tag=request.tag,
        buildargs=dict(request.args),
        labels=dict(request.labels),
        target=request.target,
        platform=request.platform,
        nocache=request.no_cache,
        extra_hosts=dict(request.hosts) or None,
        pull=request.pull,
        rm=True,
        forcerm=True,
        decode=True,
    )


def _own_context(request: BuildRequest, ignore: Path) -> tuple[str, Any]:
    """The context without what an ignore file of this one Dockerfile names, which the SDK does not know: the
    Dockerfile's name in it, and the open archive."""
    from docker.api.build import process_dockerfile
    from docker.utils.build import tar

    lines = (line.strip() for line in ignore.read_text(encoding="utf-8", errors="replace").splitlines())
    exclude = [line for line in lines if line and not line.startswith("#")]
    dockerfile = process_dockerfile(request.dockerfile, request.context)
    return str(dockerfile[0]), tar(Path(request.context), exclude=exclude, dockerfile=dockerfile)


def _refuse_what_needs_buildkit(request: BuildRequest) -> None:
    wanted = [
        what
        for what, is_wanted in (
            ("build secrets", bool(request.secrets)),
            ("replacing a base image", bool(request.base_images)),
        )
        if is_wanted
    ]
    if wanted:
        raise HostError(
            error(
                "host/no-buildx",
                f"without buildx the engine cannot do this: {', '.join(wanted)}",
                fault=Fault.HOST,
                help="install docker's buildx plugin; `emu doctor` tells how",
            )
        )
