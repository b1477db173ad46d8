"""Builds through `docker buildx build`: BuildKit with the user's own settings, credentials and cache."""

import contextlib
import errno
import functools
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from emulator.engine.build_log import BuildLog
from emulator.engine.docker_args import BuildCommand, build_command, refuse_replaced_stage, without_syntax_line
from emulator.engine.host_problems import known_host_problem
from emulator.engine.labels import PROJECT
from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.world.building import BuilderFacts, BuildError, BuildOutcome, BuildRequest, OnProgress
from emulator.world.docker import EngineFacts

from .host import Endpoint, config_folder
from .orphans import SCRATCH

_LOOK_S = 0.05
"""How often a silent build looks whether it was canceled."""

_PATIENCE_S = 3.0
"""How long a canceled build may take to say good-bye before it is killed."""

_PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)  # fmt: skip
"""Where the docker command looks for its plugins, after the user's own folders."""
_FROM_DOCKER = {"DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND": "docker"}
"""By which a plugin knows that the docker command runs it."""

_STEERS = re.compile(r"SOURCE_DATE_EPOCH|(?:BUILDX|BUILDKIT)_.*|DOCKER_(?:BUILDKIT|DEFAULT_PLATFORM)")
"""Variables of this machine that decide what is built."""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""As the kernel names a processor, and as images do."""

_NUMBERS = re.compile(r"^v?([0-9]+)\.([0-9]+)")
_FINDS_ITS_IMAGES = (25, 0)
_ASKS_FOR_LOCAL = (0, 12)

_ABSENT = ("is not a docker command", "unknown command: docker buildx", "unknown flag: --builder")


def build(
    request: BuildRequest,
    endpoint: Endpoint,
    environ: Mapping[str, str],
    on_progress: OnProgress,
    cancel: threading.Event,
) -> BuildOutcome | None:
    """Build an image. None when there is no buildx here.

    Raises HostError for this machine's troubles (exit code 3), UsageError for a base image that cannot be
    replaced. Whatever ends the build early, its processes are gone when this returns or raises.
    """
    try:
        return _built(request, endpoint, environ, on_progress, cancel)
    except OSError as problem:
        if problem.errno == errno.E2BIG:
            raise _too_long({**request.args, **request.secrets}) from problem
        raise HostError(
            error(
                "host/temporary-folder", f"{tempfile.gettempdir()} cannot be used for a build: {problem.strerror}",
                fault=Fault.HOST, help="free space there, or name another folder with TMPDIR",
            )
        ) from problem  # fmt: skip


def _too_long(variables: Mapping[str, str]) -> HostError:
    """The builder cannot be started with them, and no container could be."""
    longest = max(variables, key=lambda name: len(variables[name]))
    words = "the variables are longer than the system takes for one process"
    facts = (f"the longest is {longest}: {len(variables[longest].encode())} bytes",)
    help_ = "put it into a secret file"
    return HostError(error("image/environment", words, facts=facts, help=help_), exit_code=1)


def _built(
    request: BuildRequest,
    endpoint: Endpoint,
    environ: Mapping[str, str],
    on_progress: OnProgress,
    cancel: threading.Event,
) -> BuildOutcome | None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{request.labels.get(PROJECT, '')}-") as folder:
        metadata = Path(folder, "metadata.json")
        dockerfile = _dockerfile(request, folder)
        command = build_command(
            request, dockerfile=dockerfile, builder=endpoint.name, metadata=str(metadata),
            secret_paths=_secret_paths(request, folder),
        )  # fmt: skip
        log = BuildLog()
        status = _run(command, {**environ, **endpoint.client_environment()}, log, on_progress, cancel)
        if status is None:
            return None
        seconds = round(time.monotonic() - began, 3)
        if cancel.is_set():
            canceled = BuildError(kind="canceled", message="the build was canceled")
            return BuildOutcome(image_id=None, seconds=seconds, error=canceled)
        if status == 0 and metadata.is_file():
            # --iidfile names the configuration, by which an engine with the images in containerd knows no image.
            image = json.loads(metadata.read_bytes())["containerimage.digest"]
            return BuildOutcome(image_id=image, seconds=seconds, warnings=log.warnings)
    if any(word in log.said for word in _ABSENT):
        return None
    if problem := _host_problem(log.error(), log.said, status, endpoint):
        raise HostError(problem)
    return BuildOutcome(image_id=None, seconds=seconds, error=log.error(), warnings=log.warnings)


def _host_problem(problem: BuildError, said: str, status: int, endpoint: Endpoint) -> Diagnostic | None:
    """This machine's part in a failure. Nearly all of its words may also come from a program that a step ran, so only
    the builder's own count; of a failing step, its cause says."""
    if problem.kind != "other":
        return None
    for words in (problem.message, said):
        if known := known_host_problem(words, endpoint=endpoint.url, during="building"):
            return known
    if "ERROR: " in said:
        return None
    return error(
        "host/builder-ended", "the builder was ended from outside, in the middle of the build", fault=Fault.HOST,
        facts=(f"killed by {signal.Signals(-status).name}" if status < 0 else f"it ended with status {status}",),
        help="deploy again; if it was for lack of memory, end other programs first",
    )  # fmt: skip


def _dockerfile(request: BuildRequest, folder: str) -> str:
    """The file to send: the user's, or a copy without its syntax line. Its ignore file goes with it."""
    path = Path(request.dockerfile)
    try:
        text = path.read_bytes()
    except OSError:
        return request.dockerfile  # the builder says what is wrong with it
    refuse_replaced_stage(text.decode("utf-8", "replace"), request.base_images)
    plain = without_syntax_line(text) if request.syntax_line == "ignore" else text
    if plain == text:
        return request.dockerfile
    copy = Path(folder, path.name)
    copy.write_bytes(plain)
    ignore = path.with_name(path.name + ".dockerignore")
    if ignore.is_file():
        copy.with_name(ignore.name).write_bytes(ignore.read_bytes())
    return str(copy)


def _secret_paths(request: BuildRequest, folder: str) -> dict[str, str]:
    """Write the secret files where the builder reads them: in a folder of ours that goes with the build."""
    paths: dict[str, str] = {}
    for number, (id, content) in enumerate(request.secret_files.items()):
        paths[id] = str(Path(folder, f"secret-{number}"))
        with open(os.open(paths[id], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    return paths


def _run(
    command: BuildCommand, environ: Mapping[str, str], log: BuildLog, on_progress: OnProgress, cancel: threading.Event
) -> int | None:
    """Run the builder, feed what it prints to `log`. Its exit status; None when there is no such program."""
    buildx = plugin(environ)
    try:
        process = subprocess.Popen(
            command.argv if buildx is None else (buildx, *command.argv[1:]),
            env={**environ, **command.environ, **({} if buildx is None else _FROM_DOCKER)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to handle, and the group can be ended as one
        )
    except FileNotFoundError:
        return None
    with process:
        try:
            for data in _arriving(process, cancel):
                for item in log.feed(data):
                    on_progress(item)
            for item in log.end():
                on_progress(item)
        except BaseException:
            _end(process)
            raise
        if cancel.is_set():
            _end(process)
    return process.returncode


def plugin(environ: Mapping[str, str]) -> str | None:
    """The program that `docker buildx` runs. Run by its own name a build begins 60 ms earlier: the docker command asks
    the engine and its plugins who they are before it hands over. None where it is in no usual place, or where there is
    no docker command that would run it."""
    if shutil.which("docker", path=environ.get("PATH")) is None:
        return None
    config = config_folder(environ)
    folders: list[str] = []
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        named = json.loads((config / "config.json").read_bytes()).get("cliPluginsExtraDirs")
        folders += [folder for folder in named if isinstance(folder, str)]
    folders += [str(config / "cli-plugins"), *_PLUGIN_FOLDERS]
    paths = (os.path.join(folder, "docker-buildx") for folder in folders)
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)


def builder(facts: EngineFacts, endpoint: Endpoint, environ: Mapping[str, str]) -> BuilderFacts | None:
    """What builds here; None where that cannot be told, or where each commit makes another image."""
    program = plugin(environ)
    if program is None or not facts.id or environ.get("BUILDX_GIT_LABELS"):
        return None
    seen = os.stat(program)
    own = sorted((name, value) for name, value in environ.items() if _STEERS.fullmatch(name))
    told = (facts.id, facts.version, endpoint.name, program, seen.st_size, seen.st_mtime_ns, own)
    architecture = _ARCHITECTURES.get(facts.arch, facts.arch)
    asks = facts.images_in_containerd and not prefers_local(facts.version, _version(program, seen.st_mtime_ns))
    return BuilderFacts(identity=repr(told), asks_registries=asks, architecture=architecture)


def prefers_local(engine: str, buildx: str) -> bool:
    """Whether a base image that is here is taken as it is, also with the images in containerd: buildx asks for that
    since 0.12 (docker/buildx#1886), and an engine before 25 does not find them (moby/moby#46584). By versions as they
    name themselves; of one that has none it is not known."""
    numbers = [_NUMBERS.search(text) for text in (engine, buildx)]
    found = [(int(n[1]), int(n[2])) for n in numbers if n is not None]
    return len(found) == len(numbers) and found[0] >= _FINDS_ITS_IMAGES and found[1] >= _ASKS_FOR_LOCAL


@functools.cache
def _version(program: str, _changed_ns: int) -> str:
    """What buildx says of itself; "" where it does not."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run([program, "version"], capture_output=True, text=True, check=True, timeout=_PATIENCE_S)
        return done.stdout.partition(" ")[2]
    return ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the builder and what it started. Asked nicely it tells the engine to stop; the engine also notices
    when the connection breaks."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        if _silent(process, time.monotonic() + _PATIENCE_S):
            break
    process.wait()


def _silent(process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    """Whether everything that could print has ended by then: docker's command hands its output to its plugin."""
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left) and not os.read(process.stderr.fileno(), 64 * 1024):
                return True
    return False


def _arriving(process: "subprocess.Popen[bytes]", cancel: threading.Event) -> Iterator[bytes]:
    """What the process prints, until it closes its end or the build is canceled."""
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while not cancel.is_set():
            if selector.select(_LOOK_S):
                data = os.read(process.stderr.fileno(), 64 * 1024)
                if not data:
                    return
                yield data
