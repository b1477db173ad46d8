"""The sandbox of one instance on the engine: there before its first container, until after its last."""

from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.plan import Service
from emulator.world import ContainerFacts, ContainerSpec, Docker

from .sandbox import joined, needs_sandbox, sandbox_spec
from .shared_volumes import SharedVolume


class SandboxRun:
    """`id` and `facts` are those of the container that owns the network; None as long as there is none. volumes: what
    containers of the instance share besides."""

    def __init__(self, service: Service, docker: Docker, volumes: tuple[SharedVolume, ...] = ()) -> None:
        self.id: str | None = None
        self.facts: ContainerFacts | None = None
        self._service = service
        self._docker = docker
        self._volumes = volumes
        self._has_volumes = False

    def ready(self, spec: ContainerSpec) -> None:
        """Start it where it is needed and does not run. `spec` is that of the container that takes the requests: what
        belongs to the network is the sandbox's. Raises HostError."""
        if not needs_sandbox(self._service):
            return
        self._has_volumes = bool(self._volumes)
        for one in self._volumes:
            self._docker.ensure_volume(one.name, one.labels, memory_mib=one.memory_mib)
        facts = self._docker.inspect(self.id) if self.id is not None else None
        if facts is None or not facts.running:
            self._remove()
            self._start(spec)

    def around(self, spec: ContainerSpec) -> ContainerSpec:
        """A container in it; as it is where there is none."""
        return joined(spec, self.id) if self.id is not None else spec

    def _start(self, spec: ContainerSpec) -> None:
        made = sandbox_spec(spec, self._service, image=self._docker.helper_image())
        self.id = id = self._docker.create(made)
        failure = self._docker.start(id)
        if failure is not None:
            said = f"the container that holds an instance's network does not start: {failure.message}"
            raise HostError(error("host/sandbox", said, fault=Fault.HOST, help="run the command again"))
        self.facts = self._docker.inspect(id)

    def remove(self) -> None:
        """Remove it, and what was shared, after the containers; forget it only when it is gone, so that an interrupted
        removal is repeated."""
        self._remove()
        if self._has_volumes:
            for one in self._volumes:
                self._docker.remove_volume(one.name)
            self._has_volumes = False

    def _remove(self) -> None:
        if self.id is not None:
            self._docker.remove(self.id)
            self.id = self.facts = None
