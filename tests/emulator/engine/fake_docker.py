"""An engine of a few lines: containers live and die as a test says, and everything asked of it is kept."""

import threading
from collections.abc import Callable, Mapping

from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.record import replace
from emulator.world.asking import GrpcAnswer, HttpAnswer, HttpProblem
from emulator.world.building import BuilderFacts, BuildError, BuildOutcome, BuildRequest, OnProgress
from emulator.world.containers import ContainerFacts, ContainerSpec, Listener, OnExit, OnLine, StartFailure
from emulator.world.docker import EngineFacts, ImageEntry, ImageFacts

LOST = HostError(error("host/engine-lost", "the engine was lost", fault=Fault.HOST))
GONE = HostError(error("host/container-gone", "the container was removed", fault=Fault.HOST))


class FakeFollower:
    """Ends when it is told to. `goes_on` says whether it would still wait."""

    error: HostError | None = None

    def __init__(self, goes_on: Callable[[], bool] = lambda: False) -> None:
        self.closed = False
        self._goes_on = goes_on

    def join(self, timeout_s: float | None = None) -> bool:
        return not (timeout_s == 0 and self._goes_on())

    def close(self) -> None:
        self.closed = True


class FakeDocker:
    """What `ServiceRun` needs of `emulator.world.docker.Docker`.

    behave: called in a thread of its own with each container that starts: it writes, listens and ends.
    """

    def __init__(self, behave: Callable[["FakeContainer"], None]) -> None:
        self.behave = behave
        self.started: list[FakeContainer] = []
        self.asked: list[str] = []
        self.measured: list[str] = []
        self.failure: StartFailure | None = None
        self.refusal: HostError | None = None
        self.answer: Callable[[str, int, str], HttpAnswer] = lambda host, port, path: HttpAnswer(status=200, seconds=0)
        self.grpc_answer: Callable[[str, int, str], GrpcAnswer] = lambda host, port, service: GrpcAnswer(
            status="SERVING", seconds=0
        )
        self.heard: bool | None = True
        self.removal: list[BaseException] = []
        self.building: Callable[[BuildRequest, threading.Event], BuildError | None] = lambda request, cancel: None
        self.images_there: dict[str, ImageFacts] = {}
        self._all: dict[str, FakeContainer] = {}
        self._count = 0

    def facts(self) -> EngineFacts:
        return EngineFacts(version="0", api="0", os="linux", arch="x86_64", name="fake", endpoint="", local=True)

    def image(self, ref: str) -> ImageFacts | None:
        return self.images_there.get(ref)

    def images(self, labels: Mapping[str, str]) -> tuple[ImageEntry, ...]:
        return ()

    def build(self, request: BuildRequest, on_progress: OnProgress, cancel: threading.Event) -> BuildOutcome:
        problem = self.building(request, cancel)
        if problem is not None:
            return BuildOutcome(image_id=None, seconds=0, error=problem)
        id = f"image of {request.tag}"
        self.images_there[id] = ImageFacts(
            id=id, entrypoint=None, cmd=("python", "app.py"), env={}, user="", workdir="", exposed=(),
            labels=request.labels, architecture="amd64", stop_signal=None, shell=None,
        )  # fmt: skip
        return BuildOutcome(image_id=id, seconds=0)

    def builder(self) -> BuilderFacts:
        return BuilderFacts(identity="fake", asks_registries=False, architecture="amd64")

    def tag_image(self, image: str, tag: str) -> None:
        self.asked.append(f"tag {image} {tag}")

    def helper_image(self) -> str:
        return "helper"

    def metadata_program(self) -> tuple[str, ...]:
        return ("metadata",)

    def create(self, spec: ContainerSpec) -> str:
        if self.refusal is not None:
            raise self.refusal
        self._count += 1
        id = f"id{self._count}"
        self._all[id] = FakeContainer(self, id, spec)
        self.asked.append(f"create {id}")
        return id

    def start(self, id: str) -> StartFailure | None:
        self.asked.append(f"start {id}")
        if self.failure is None:
            self.started.append(self._all[id])
            threading.Thread(target=self.behave, args=(self._all[id],), daemon=True).start()
        return self.failure

    def inspect(self, id: str) -> ContainerFacts | None:
        found = self._all.get(id)
        return found.facts if found is not None else None

    def follow_logs(self, id: str, on_line: OnLine) -> FakeFollower:
        container = self._all[id]
        container.on_line = on_line
        return FakeFollower(lambda: container.facts.running)

    def on_exit(self, id: str, on_exit: OnExit) -> FakeFollower:
        self._all[id].watch(on_exit)
        return FakeFollower()

    def listeners(self, id: str, pid: int | None = None) -> tuple[Listener, ...]:
        found = self._all.get(id)
        return found.listeners if found is not None and found.facts.running else ()

    def cpu_seconds(self, id: str, pid: int | None = None) -> float | None:
        self.measured.append(id)
        return 0.0

    def written_bytes(self, id: str) -> int | None:
        found = self._all.get(id)
        return found.written if found is not None else None

    def held_bytes(self, id: str, pid: int | None = None) -> int | None:
        found = self._all.get(id)
        return found.held if found is not None and found.facts.running else None

    def limit(self, id: str, *, memory_mib: int | None = None, cpus: float | None = None) -> bool:
        words = [f"memory {memory_mib}" if memory_mib is not None else "", f"cpus {cpus}" if cpus is not None else ""]
        self.asked.append(f"limit {id} {' '.join(filter(None, words))}")
        found = self._all.get(id)
        return found is None or memory_mib is None or found.held <= memory_mib * 1024 * 1024

    def http(self, id: str) -> "FakeDocker":
        return self

    def request(self, method: str, host: str, port: int, path: str, **_: object) -> HttpAnswer:
        return self.answer(host, port, path)

    def connects(self, host: str, port: int, timeout_s: float) -> HttpProblem | None:
        return "refused"

    def grpc_health(self, host: str, port: int, service: str, timeout_s: float) -> GrpcAnswer:
        return self.grpc_answer(host, port, service)

    def heeds(self, id: str, signal: str) -> bool | None:
        return self.heard

    def kill(self, id: str, signal: str = "SIGKILL") -> None:
        self.asked.append(f"{signal} {id}")
        if signal == "SIGKILL":
            self._all[id].end(137)
        elif self.heard:
            self._all[id].on_signal()

    def remove(self, id: str) -> None:
        if self.removal:
            raise self.removal.pop()
        self.asked.append(f"remove {id}")
        self._all.pop(id, None)

    def ensure_volume(self, name: str, labels: Mapping[str, str], *, memory_mib: int | None = None) -> None:
        self.asked.append(f"volume {name}")

    def remove_volume(self, name: str) -> None:
        self.asked.append(f"remove volume {name}")

    @property
    def left(self) -> list[str]:
        return list(self._all)


class FakeContainer:
    """One container, for `behave` to play."""

    def __init__(self, docker: FakeDocker, id: str, spec: ContainerSpec) -> None:
        self.docker = docker
        self.id = id
        self.spec = spec
        self.listeners: tuple[Listener, ...] = ()
        self.written = self.held = 0
        self.on_line: OnLine = lambda stream, line: None
        self.on_signal: Callable[[], None] = lambda: self.end(0)
        self._on_exit: OnExit | None = None
        self._told: ContainerFacts | HostError | None = None
        self._lock = threading.Lock()
        address = f"10.0.{int(id[2:]) // 250}.{int(id[2:]) % 250 + 1}"
        self.facts = ContainerFacts(
            id=id, name=spec.name, state="running", running=True, pid=1, exit_code=None, oom_killed=False, error="",
            started_at=0, finished_at=None, argv=spec.argv or ("image",), address=address, ports={}, image_id="",
            labels={},
        )  # fmt: skip

    def write(self, line: str) -> None:
        self.on_line("stdout", line)

    def listen(self, port: int = 10000) -> None:
        self.listeners = (Listener(address="0.0.0.0", port=port, v6=False, loopback=False),)

    def end(self, code: int, *, oom: bool = False) -> None:
        """Exit, once."""
        if self.facts.running:
            self.facts = replace(self.facts, running=False, state="exited", exit_code=code, oom_killed=oom)
            self.tell(self.facts)

    def tell(self, told: ContainerFacts | HostError) -> None:
        """What the engine says to whoever waits for the end."""
        with self._lock:
            self._told, listener = told, self._on_exit
        if listener is not None:
            listener(told)

    def watch(self, on_exit: OnExit) -> None:
        with self._lock:
            self._on_exit, told = on_exit, self._told
        if told is not None:
            threading.Thread(target=on_exit, args=(told,), daemon=True).start()
