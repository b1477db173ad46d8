"""The engine behind its socket: what it builds, its containers, what they say and do.

Implements `emulator.world.docker.Docker`, with docker_store (what an engine keeps) and docker_connection.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from emulator.engine.docker_args import (
    container_config,
    files_archive,
    handed_over,
    label_filter,
    limits,
)
from emulator.engine.docker_facts import container_facts
from emulator.engine.listeners import parse_listeners
from emulator.engine.masking import masked_outcome, masked_progress
from emulator.engine.start_failure import start_failure
from emulator.model.diagnostic import HostError
from emulator.model.record import replace
from emulator.world.asking import HttpDoor
from emulator.world.building import BuilderFacts, BuildOutcome, BuildRequest, OnProgress
from emulator.world.containers import ContainerFacts, ContainerSpec, Executed, Listener, OnExit, OnLine, StartFailure

from . import docker_look
from .docker_connection import connect
from .docker_errors import asking, words_of
from .docker_followers import (
    Connection,
    Follower,
    attached,
    drain,
    follow_events,
    follow_exit,
    follow_output,
    streamed,
)
from .docker_look import HelperHttp
from .docker_store import Store
from .host import Endpoint, resolve_endpoint
from .socket_tables import SocketTables
from .sockets import SocketHttp

T = TypeVar("T")

Look = Literal["auto", "proc", "helper"]
Builder = Literal["auto", "buildx", "classic"]

_ID_LENGTH = 64
_KILLED = 137
_OOM_NOTICE_S = 0.15
"""How long the engine's notice of an out-of-memory kill may come after the exit itself."""


def open_docker(environ: Mapping[str, str], *, look: Look = "auto", builder: Builder = "auto") -> "Engine":
    """The engine that the docker command line would use with this environment. Connects when first used."""
    return Engine(resolve_endpoint(environ), environ, look=look, builder=builder)


class Engine(Store):
    """See `emulator.world.docker.Docker`.

    look: how to see sockets inside a container; "auto" is /proc where that shows them, else a helper container.
    builder: "auto" is buildx where it is installed, else the engine's classic builder.
    """

    def __init__(
        self, endpoint: Endpoint, environ: Mapping[str, str], *, look: Look = "auto", builder: Builder = "auto"
    ) -> None:
        super().__init__(endpoint)
        self._environ = environ
        self._look = look
        self._builder = builder
        self._open_files: int | None = None
        self._helping = threading.Lock()
        self._helpers: dict[str, docker_look.Helper] = {}
        self._followers: list[Follower] = []
        self._seen_in_proc: set[str] = set()
        self._unstarted: set[str] = set()
        """Containers made here that nobody has started: what they are need not be asked."""
        self._tables = SocketTables()

    def close(self) -> None:
        self._end_pulse()
        with self._lock:
            helpers, self._helpers = list(self._helpers.values()), {}
            followers, self._followers = self._followers, []
        for follower in followers:
            follower.close()
        for helper in helpers:
            helper.close()
        super().close()

    # --- builds

    def build(self, request: BuildRequest, on_progress: OnProgress, cancel: threading.Event) -> BuildOutcome:
        from . import buildx, classic_build

        on_progress = masked_progress(request, on_progress)
        if self._builder != "classic":
            outcome = buildx.build(request, self.endpoint, self._environ, on_progress, cancel)
            if outcome is not None:
                return masked_outcome(request, outcome)
        with asking(self.endpoint.url, "building"), contextlib.closing(connect(self.endpoint)) as api:
            return masked_outcome(request, classic_build.build(api, request, on_progress, cancel))

    def builder(self) -> BuilderFacts | None:
        from . import buildx

        facts = self.facts()
        return buildx.builder(facts, self.endpoint, self._environ) if self._builder != "classic" else None

    # --- containers

    def helper_image(self) -> str:
        return self._ask("making the helpers' image", docker_look.helper_image)

    def metadata_program(self) -> tuple[str, ...]:
        return docker_look.metadata_program()

    def create(self, spec: ContainerSpec) -> str:
        during = f"creating the container {spec.name}"
        most = self._most_open_files() if spec.open_files is not None else None
        if spec.open_files is not None and most is not None:
            spec = replace(spec, open_files=min(spec.open_files, most))
        told = self._ask(
            during,
            lambda api: api.create_container_from_config(
                container_config(spec), name=spec.name, platform=spec.platform
            ),
        )
        id = str(told["Id"])
        self._unstarted.add(id)
        try:
            for mount in spec.volumes:
                if mount.group is not None:
                    self._unpack(during, id, handed_over(mount.path, mount.group))
            files = (*spec.files, *(file for volume in spec.own_volumes for file in volume.files))
            if files:
                self._unpack(during, id, files_archive(files))
        except HostError:
            self.remove(id)
            raise
        return id

    def _most_open_files(self) -> int | None:
        """What the engine itself may open: it cannot give a container more. None where that is not known."""
        if self._open_files is None and self.facts().local:
            self._open_files = docker_look.most_open_files() or 0
        return self._open_files or None

    def _unpack(self, during: str, id: str, archive: bytes) -> None:
        """Into a container that does not run yet, at its root."""
        self._ask(during, lambda api: api.put_archive(id, "/", archive))

    def start(self, id: str) -> StartFailure | None:
        from docker.errors import APIError

        def start(api: Any) -> StartFailure | None:
            try:
                api.start(id)
            except APIError as problem:
                facts = self.inspect(id)
                failure = start_failure(words_of(problem), facts.exit_code if facts else None)
                if failure is None:
                    raise
                return failure
            return None

        self._unstarted.discard(id)
        try:
            return self._ask("starting a container", start)
        except HostError as problem:
            raise self._with_port_owner(problem) from problem

    def _with_port_owner(self, problem: HostError) -> HostError:
        """The same problem; for a taken port with who has it."""
        diagnostic = problem.diagnostic
        number = "".join(letter for letter in diagnostic.message if letter.isdigit())
        if diagnostic.code != "host/port-taken" or not number:
            return problem
        owner = self._container_on(int(number)) or docker_look.port_owner(int(number))
        facts = (f"{owner} has it",) if owner else ()
        return HostError(replace(diagnostic, facts=facts + diagnostic.facts))

    def _container_on(self, port: int) -> str | None:
        for one in self._ask("listing containers", lambda api: api.containers()):
            if any(binding.get("PublicPort") == port for binding in one.get("Ports") or ()):
                return f"the container {one['Names'][0].lstrip('/')}"
        return None

    def inspect(self, id: str) -> ContainerFacts | None:
        told = self._ask_of("inspecting a container", lambda api: api.inspect_container(id))
        return container_facts(told) if told is not None else None

    def kill(self, id: str, signal: str = "SIGKILL") -> None:
        from docker.errors import APIError

        def kill(api: Any) -> None:
            try:
                api.kill(id, signal=signal)
            except APIError as problem:
                if problem.status_code != 409:  # it does not run
                    raise

        self._ask_of(f"sending {signal} to a container", kill)

    def heeds(self, id: str, signal: str) -> bool | None:
        found = self._running(id, None)
        return docker_look.heeds(found[1], found[0], signal) if found is not None and self._look != "helper" else None

    def stop(self, id: str, signal: str, grace_s: float) -> None:
        self.kill(id, signal)
        if not self._ended(id, grace_s):
            self.kill(id)
            self._ended(id, 10.0)

    def _ended(self, id: str, timeout_s: float) -> bool:
        """Wait for the end of a container, at most `timeout_s`; whether it has come."""
        connection = self._ask_of("waiting for a container", lambda api: _wait(api, id))
        if connection is None:
            return True
        follower = Follower(connection, drain, name="stop", endpoint=self.endpoint.url)
        came = follower.join(max(0.0, timeout_s))
        follower.close()
        return came

    def execute(self, id: str, argv: tuple[str, ...], *, capture: bool) -> Executed:
        from .docker_exec import execute

        return execute(id, argv, capture=capture, endpoint=self.endpoint, environ=self._environ)

    def remove(self, id: str) -> None:
        self._drop_helper(id)
        self._tables.forget(id)
        self._seen_in_proc.discard(id)
        self._unstarted.discard(id)

        def remove(api: Any) -> None:
            from docker.errors import APIError

            try:
                api.remove_container(id, force=True, v=True)
            except APIError as problem:
                if problem.status_code != 409:  # another removal is under way
                    raise

        self._ask_of("removing a container", remove)

    def containers(self, labels: Mapping[str, str]) -> tuple[ContainerFacts, ...]:
        told = self._ask(
            "listing containers", lambda api: api.containers(all=True, filters={"label": label_filter(labels)})
        )
        found = (self.inspect(one["Id"]) for one in told)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.name))

    # --- what a container says and does

    def follow_logs(self, id: str, on_line: OnLine) -> Follower:
        def connect(api: Any) -> Any:
            if id in self._unstarted or api.inspect_container(id)["State"]["Status"] == "created":
                return attached(api, id)
            wanted = {"stdout": 1, "stderr": 1, "follow": 1, "tail": "all"}
            return _stream(api, api._get, "/containers/{0}/logs", id, wanted)  # noqa: SLF001

        connection = self._ask("reading a container's output", connect)
        return self._kept(follow_output(connection, on_line, endpoint=self.endpoint.url))

    def on_exit(self, id: str, on_exit: OnExit) -> Follower:
        connection = self._ask_of("waiting for a container", lambda api: _wait(api, id))
        if connection is None:
            raise HostError(_gone(id))
        return self._kept(follow_exit(connection, lambda: self._facts_at_end(id), on_exit, endpoint=self.endpoint.url))

    def on_oom(self, labels: Mapping[str, str], on_oom: Callable[[str], None]) -> Follower:
        wanted = {"type": ["container"], "event": ["oom"], "label": label_filter(labels)}

        def connect(api: Any) -> Connection:
            response = api._get(  # noqa: SLF001 - the SDK's own way cannot be ended from another thread
                api._url("/events"),  # noqa: SLF001
                params={"filters": json.dumps(wanted)},
                stream=True,
                timeout=None,
            )
            api._raise_for_status(response)  # noqa: SLF001
            return streamed(api, response)

        connection = self._ask("asking what happens to containers", connect)
        return self._kept(follow_events(connection, on_oom, endpoint=self.endpoint.url))

    def _facts_at_end(self, id: str) -> ContainerFacts | HostError:
        """The state of a container that has just ended."""
        try:
            facts = self.inspect(id)
            if facts is not None and facts.exit_code == _KILLED and not facts.oom_killed:
                time.sleep(_OOM_NOTICE_S)
                facts = self.inspect(id) or facts
        except HostError as problem:
            return problem
        return facts if facts is not None else HostError(_gone(id))

    def _kept(self, follower: Follower) -> Follower:
        with self._lock:
            self._followers = [one for one in self._followers if not one.join(0)]
            self._followers.append(follower)
        return follower

    def listeners(self, id: str, pid: int | None = None) -> tuple[Listener, ...]:
        found = self._running(id, pid)
        if found is None:
            return ()
        id, pid = found
        if self._look != "helper":
            tables = self._tables.of(pid, id)
            if tables is not None:
                self._seen_in_proc.add(id)
                return parse_listeners(*tables)
            facts = self.inspect(id)
            if self._look == "proc" or facts is None or not facts.running:
                return ()
            if id in self._seen_in_proc and not docker_look.exists(pid):
                return ()  # the engine has not noticed yet that it ended
        return self._listeners_by_helper(id)

    def _listeners_by_helper(self, id: str) -> tuple[Listener, ...]:
        """A helper lives as long as its target's network: one that is gone is replaced, once."""
        for last in (False, True):
            facts = self.inspect(id)
            if facts is None or not facts.running:
                break
            try:
                with asking(self.endpoint.url, "looking into a container"):
                    return parse_listeners(*self._helper(id).tables())
            except HostError:
                self._drop_helper(id)
                facts = self.inspect(id)
                if facts is None or not facts.running:
                    break  # it ended while we looked
                if last:
                    raise
        return ()

    def _helper(self, id: str) -> docker_look.Helper:
        with self._helping:
            found = self._helpers.get(id)
            if found is None or found.ended:
                self._drop_helper(id)
                facts = self.inspect(id)
                labels = facts.labels if facts else {}
                found = self._helpers[id] = self._ask(
                    "starting a helper container", lambda api: docker_look.start_helper(api, id, labels)
                )
            return found

    def _drop_helper(self, id: str) -> None:
        helper = self._helpers.pop(id, None)
        if helper is not None:
            helper.close()

    def http(self, id: str) -> HttpDoor:
        return SocketHttp() if self.facts().local and self._look != "helper" else HelperHttp(lambda: self._helper(id))

    def cpu_seconds(self, id: str, pid: int | None = None) -> float | None:
        found = self._running(id, pid)
        if found is None:
            return None
        id, pid = found
        if self._look != "helper" and (seconds := docker_look.cpu_seconds(pid, id)) is not None:
            return seconds
        told = self._ask_of("measuring a container", lambda api: api.stats(id, stream=False, one_shot=True))
        used = ((told or {}).get("cpu_stats") or {}).get("cpu_usage") or {}
        return used["total_usage"] / 1e9 if "total_usage" in used else None

    def written_bytes(self, id: str) -> int | None:
        def measure(api: Any) -> int:
            told = api._get(api._url("/containers/{0}/json", id), params={"size": 1})  # noqa: SLF001 - the SDK's own
            return int(api._result(told, json=True).get("SizeRw") or 0)  # noqa: SLF001 - way leaves the size out

        return self._ask_of("measuring a container's files", measure)

    def held_bytes(self, id: str, pid: int | None = None) -> int | None:
        found = self._running(id, pid)
        if found is None:
            return None
        if self._look != "helper" and (held := docker_look.held_bytes(found[1], found[0])) is not None:
            return held
        told = self._ask_of("measuring a container", lambda api: api.stats(id, stream=False, one_shot=True))
        memory = (told or {}).get("memory_stats") or {}
        stats = memory.get("stats") or {}
        cache = stats.get("total_inactive_file", stats.get("inactive_file", 0))
        return max(0, memory["usage"] - cache) if "usage" in memory else None

    def limit(self, id: str, *, memory_mib: int | None = None, cpus: float | None = None) -> bool:
        from docker.errors import APIError

        def change(api: Any) -> bool:
            body = limits(memory_mib=memory_mib, cpus=cpus)
            try:
                told = api._post_json(api._url("/containers/{0}/update", id), data=body)  # noqa: SLF001 - the SDK has
                api._result(told, json=True)  # noqa: SLF001 - no word for NanoCpus
            except APIError as problem:
                return memory_mib is None or not _is_too_much(words_of(problem))
            return True

        return self._ask_of("changing a container's limits", change) is not False

    def _running(self, id: str, pid: int | None) -> tuple[str, int] | None:
        """The full id and first process of a container, None when it does not run."""
        if pid is not None and len(id) == _ID_LENGTH:
            return id, pid
        facts = self.inspect(id)
        return (facts.id, facts.pid) if facts is not None and facts.pid is not None else None



def _is_too_much(words: str) -> bool:
    """Whether the engine refused a memory limit because more is held already."""
    return "resource busy" in words or "memory" in words.lower()


def _wait(api: Any, id: str) -> Connection:
    """Answers when the container does not run any more: at once when it has ended already."""
    return _stream(api, api._post, "/containers/{0}/wait", id, {"condition": "not-running"})  # noqa: SLF001


def _stream(api: Any, ask: Any, path: str, id: str, params: Mapping[str, Any]) -> Connection:
    """A request whose answer keeps coming. The SDK has no public way to read one as it arrives."""
    response = ask(api._url(path, id), params=params, stream=True, timeout=None)  # noqa: SLF001
    api._raise_for_status(response)  # noqa: SLF001
    return streamed(api, response)


def _gone(id: str) -> Any:
    from emulator.model.diagnostic import Fault, error

    return error(
        "host/container-gone",
        f"the container {id[:12]} was removed while it was in use",
        fault=Fault.HOST,
        help="somebody else removed it: run the command again",
    )
