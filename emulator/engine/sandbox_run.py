"""The sandbox of one instance on the engine: there before its first container, until after its last."""

import contextlib
import threading
from collections.abc import Callable, Mapping

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error, warning
from emulator.model.plan import Service
from emulator.world.containers import ContainerFacts, ContainerSpec
from emulator.world.docker import Docker, Follower

from .metadata import READY, table_text
from .sandbox import Server, joined, needs_sandbox, sandbox_spec
from .shared_volumes import SharedVolume

_READY_S = 10.0
"""After that a metadata server that does not say that it is ready will not be."""
_LOOK_EVERY_S = 0.05
"""How often it is seen whether it has ended instead."""


class SandboxRun:
    """`id` and `facts` are those of the container that owns the network; None as long as there is none.

    hidden: values that are not printed, by name. tell: called with what the instance has to do without.
    """

    def __init__(
        self,
        service: Service,
        docker: Docker,
        hidden: Mapping[str, str] | None = None,
        tell: Callable[[Diagnostic], None] = lambda _: None,
    ) -> None:
        self.id: str | None = None
        self.facts: ContainerFacts | None = None
        self._service = service
        self._docker = docker
        self._hidden = hidden or {}
        self._tell = tell
        self._without_server = False
        self._beginning: threading.Thread | None = None
        self._volumes: tuple[SharedVolume, ...] = ()

    def begin(self, spec: Callable[[], ContainerSpec]) -> None:
        """Make it ready in a thread of its own, while there is other work to do. What goes wrong there is told by
        `ready`, which tries once more."""

        def work() -> None:
            with contextlib.suppress(HostError):
                self._make_ready(spec())

        self._beginning = threading.Thread(target=work, name=f"sandbox-{self._service.name}", daemon=True)
        self._beginning.start()

    def ready(self, spec: ContainerSpec, volumes: tuple[SharedVolume, ...] = ()) -> None:
        """Start it where it is needed and does not run. `spec` is that of the container that takes the requests: what
        belongs to the network is the sandbox's. volumes: what containers of the instance share besides. Raises
        HostError."""
        self._begun()
        if needs_sandbox(self._service):
            self._volumes = volumes
            for one in volumes:
                self._docker.ensure_volume(one.name, one.labels, memory_mib=one.memory_mib)
        self._make_ready(spec)

    def _begun(self) -> None:
        if self._beginning is not None:
            self._beginning.join()
            self._beginning = None

    def _make_ready(self, spec: ContainerSpec) -> None:
        if not self._is_needed():
            return
        facts = self._docker.inspect(self.id) if self.id is not None else None
        if facts is not None and facts.running:
            return
        self._removed()
        try:
            self._start(spec)
        except HostError as problem:
            if problem.diagnostic.code != "host/no-helper-image" or len(self._service.containers) > 1:
                raise
            self._do_without(problem.diagnostic.message)

    def around(self, spec: ContainerSpec) -> ContainerSpec:
        """A container in it; as it is where there is none."""
        return joined(spec, self.id) if self.id is not None else spec

    def _is_needed(self) -> bool:
        return needs_sandbox(self._service) and not (self._without_server and len(self._service.containers) < 2)

    def _start(self, spec: ContainerSpec) -> None:
        image, server = self._docker.helper_image(), self._server(spec)
        self.id = id = self._docker.create(sandbox_spec(spec, self._service, image=image, server=server))
        said = _Words()
        output = self._docker.follow_logs(id, said.hear) if server is not None else None
        failure = self._docker.start(id)
        if failure is not None:
            words = f"the container that holds an instance's network does not start: {failure.message}"
            raise HostError(error("host/sandbox", words, fault=Fault.HOST, help="run the command again"))
        self.facts = self._docker.inspect(id)
        if output is not None and not said.ready(output):
            self._removed()
            self._do_without(said.last)
            self._make_ready(spec)  # where several share a network they have one all the same

    def _server(self, spec: ContainerSpec) -> Server | None:
        metadata = self._service.metadata
        if metadata is None or self._without_server:
            return None
        return Server(self._docker.metadata_program(), table_text(metadata, self._hidden, spec.name))

    def _do_without(self, why: str) -> None:
        """The app runs all the same: most never ask."""
        self._without_server = True
        self._tell(
            warning(
                "host/no-metadata-server",
                f"{self._service.name} has no metadata server here: {why}",
                fault=Fault.HOST,
                service=self._service.name,
                help="an app that asks it will fail here and not there",
            )
        )

    def remove(self) -> None:
        """Remove it, and what was shared, after the containers; forget it only when it is gone, so that an interrupted
        removal is repeated."""
        self._begun()
        self._removed()
        for one in self._volumes:
            self._docker.remove_volume(one.name)
        self._volumes = ()

    def _removed(self) -> None:
        if self.id is not None:
            self._docker.remove(self.id)
            self.id = self.facts = None


class SandboxAhead:
    """A sandbox that starts while the app's image is still made, for the first instance that takes it."""

    def __init__(self, run: SandboxRun) -> None:
        self._run: SandboxRun | None = run
        self._lock = threading.Lock()

    def take(self) -> SandboxRun | None:
        """It, once; it is then the taker's to remove."""
        with self._lock:
            run, self._run = self._run, None
            return run

    def drop(self) -> None:
        """Remove it where nobody took it. Raises HostError."""
        run = self.take()
        if run is not None:
            run.remove()


class _Words:
    """What the server in a sandbox says, from a thread of its follower's."""

    def __init__(self) -> None:
        self.last = "it ended without a word"
        self._ready = threading.Event()

    def hear(self, _stream: str, line: str) -> None:
        self.last = line
        if line == READY:
            self._ready.set()

    def ready(self, output: Follower) -> bool:
        """Wait until it takes connections; False where it has ended instead, or does not begin to."""
        patience = _READY_S / _LOOK_EVERY_S
        while not self._ready.wait(_LOOK_EVERY_S) and patience > 0 and not output.join(0):
            patience -= 1
        output.close()
        return self._ready.is_set()
