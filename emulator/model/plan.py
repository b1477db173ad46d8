"""The nouns of a plan, shaped as `emu plan --format json` prints them (contract: emu.plan/1).

Every field is there in every document: one that does not apply is null or empty. Units stand in
the names: `_s` seconds, `_mib` MiB, `_gb` GB. Paths are POSIX and relative to the repository's root.
"""

from enum import StrEnum
from typing import Literal

from msgspec import field

from .choice import Decision
from .diagnostic import Diagnostic
from .lifecycle import Lifecycle, Probes, Shutdown
from .metadata import MetadataServer
from .origin import Origin
from .record import Record
from .router import Router
from .rule import Fidelity
from .static import Static


class ServiceType(StrEnum):
    WEB = "web"
    PRIVATE = "private"
    WORKER = "worker"
    CRON = "cron"
    STATIC = "static"
    JOB = "job"
    DATASTORE = "datastore"


class BuildKind(StrEnum):
    DOCKERFILE = "dockerfile"
    NATIVE = "native"
    IMAGE = "image"
    STATIC = "static"
    BUILDPACK = "buildpack"


class EnvKind(StrEnum):
    """Who gives a variable its value."""

    PLATFORM = "platform"
    LITERAL = "literal"
    GENERATED = "generated"
    PROMPT = "prompt"
    DATABASE = "database"
    SERVICE = "service"
    GROUP = "group"
    SECRET = "secret"
    IMAGE = "image"
    FLAG = "flag"


class EnvPhase(StrEnum):
    BUILD = "build"
    RUN = "run"
    BOTH = "both"


DatastoreFact = Literal[
    "connection-string", "pool-connection-string", "host", "port", "host-port", "user", "password", "database"
]
"""What a service can be told of a database server."""


class Reference(Record, frozen=True, kw_only=True):
    """A fact of a datastore of the plan, known once it is said where that one is."""

    service: str
    fact: DatastoreFact


class EnvVar(Record, frozen=True, kw_only=True):
    """A variable of the build or the container. `value` is None where it is secret or not yet known."""

    name: str
    value: str | None
    kind: EnvKind
    phase: EnvPhase = EnvPhase.BOTH
    origin: Origin | None = None
    reference: Reference | None = None
    """Where the value comes from once the datastore it speaks of is there."""
    made_as: str | None = None
    """The name of a random value that is made once and kept: variables that share the name share the value."""


class BuildSecret(Record, frozen=True, kw_only=True):
    """A secret file that steps of the build may mount: by which id, and the file's own name."""

    id: str
    name: str


class UploadRule(Record, frozen=True, kw_only=True):
    """A pattern that leaves files out of what is uploaded, in git's syntax. written: as it stands at `origin`, which is
    None for the platform's own."""

    pattern: str
    written: str
    origin: Origin | None = None


class Build(Record, frozen=True, kw_only=True):
    """How the image comes about. `dockerfile`, `context` and `root` are repository paths."""

    kind: BuildKind
    runtime: str
    platform: str = "linux/amd64"
    dockerfile: str | None = None
    context: str | None = None
    target: str | None = None
    args: tuple[EnvVar, ...] = ()
    secrets: tuple[BuildSecret, ...] = ()
    base_images: tuple[str, ...] = ()
    base_fallbacks: tuple[str, ...] = ()
    """Images that may stand in for the base image we chose, where it cannot be had, best first."""
    root: str = "."
    repository: str | None = None
    """The other repository it is built from; None where it is the one at hand."""
    command: str | None = None
    private_network: bool = False
    """Whether the build itself reaches the private network: the datastores its service refers to are there then."""
    image: str | None = None
    publish: str | None = None
    generated_dockerfile: str | None = None
    """The text of the Dockerfile we stand in with, where the platform builds without one."""
    builder: str | None = None
    """The image of the Cloud Native Buildpacks that build it: where `pack` and that image are at hand they do,
    elsewhere the generated Dockerfile stands in."""
    upload_rules: tuple[UploadRule, ...] | None = None
    """What a deploy command leaves out when it uploads the files of this disk, the last match decides: git is not asked
    then. None: the builder gets what git keeps."""

    @property
    def is_platforms_own(self) -> bool:
        """Whether the platform builds without a Dockerfile of the user's: base image and steps are of its choosing."""
        return self.kind in (BuildKind.NATIVE, BuildKind.STATIC, BuildKind.BUILDPACK)


class Shadowed(Record, frozen=True, kw_only=True):
    """A command that lost, and why."""

    source: str
    text: str
    origin: Origin | None
    because: str


class Alternative(Record, frozen=True, kw_only=True):
    """What would run if the service had come about the other way."""

    when: str
    source: str
    text: str | None
    argv: tuple[str, ...] | None


CommandForm = Literal["exec", "shell", "image", "none"]


class Command(Record, frozen=True, kw_only=True):
    """What the container's first process is executed with. `argv` is None where only the base
    image knows (form "image") or nothing runs (form "none")."""

    argv: tuple[str, ...] | None
    form: CommandForm
    text: str | None
    source: str
    origin: Origin | None = None
    shadowed: tuple[Shadowed, ...] = ()
    alternative: Alternative | None = None
    image_args: tuple[str, ...] | None = None
    """What stands in for the image's CMD while its ENTRYPOINT stays; `argv` is then what that should come to."""
    working_dir: str | None = None
    """The directory in which it starts; None: the image's."""


class Port(Record, frozen=True, kw_only=True):
    number: int
    source: str


class Resources(Record, frozen=True, kw_only=True):
    """What a container may use."""

    plan: str | None = None
    cpu: float | None = None
    memory_mib: int | None = None
    files_count_as_memory: bool = False
    """Whether what it writes beside its image's files counts against its memory."""
    idle_cpu: float | None = None
    """How much processor a live instance has that answers no request; None: as much as ever."""
    open_files: int | None = None
    """How many files each of its processes may have open; None: as many as the engine allows."""
    no_new_rights: bool = False
    """Whether no program runs with more rights than who calls it: setuid has no effect."""
    unknown_user_is_root: bool = False
    """Whether an image whose user is not in its /etc/passwd runs as root; else it does not start."""


class Disk(Record, frozen=True, kw_only=True):
    name: str
    mount_path: str
    size_gb: int
    group: int | None = None
    """The group that may write to it, beside root."""


class Datastore(Record, frozen=True, kw_only=True):
    """A database server that services of the plan use. Its password is made by whoever runs it."""

    engine: Literal["postgres", "valkey"]
    version: str
    """The major version."""
    host: str
    """Its name in the private network."""
    connection_string: str
    """Its address as a service is given it: {user}, {password}, {host}, {port} and {database} stand for themselves."""
    user: str | None = None
    database: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    """The server's own settings, by their names, where the platform sets them."""
    persistent: bool = True
    """Whether what it holds outlives its process."""


class Instances(Record, frozen=True, kw_only=True):
    min: int
    max: int


class Scaling(Record, frozen=True, kw_only=True):
    """How many instances there are by their requests, from `instances.min` to `instances.max`. Times in seconds."""

    target: float = 0.6
    """The share of `concurrency` that an instance is to have in the mean of `window_s`."""
    window_s: float = 60
    idle_s: float = 900
    """How long an instance is kept that is not needed."""
    queue_least_s: float = 10
    """How long a request waits for an instance with room: at least this, or longer where instances start slowly."""
    queue_startups: float = 3.5
    """The same in mean startup times."""


class VolumeFile(Record, frozen=True, kw_only=True):
    """A file of a volume. path: below the volume's. secret: the secret file whose content it has. absent: what the
    platform says where there is no such secret."""

    path: str
    secret: str
    mode: str
    absent: str
    origin: Origin | None = None


class Volume(Record, frozen=True, kw_only=True):
    """What containers of an instance may mount by its name. What the image has at that place is hidden.

    kind "memory": empty at first, in the instance's memory, gone with it; size_mib: the most it can hold. "secret": the
    `files`. "folder": what outlives the instance elsewhere on the platform, and lies in a folder of this machine here.
    """

    name: str
    kind: Literal["memory", "secret", "folder"]
    size_mib: int | None = None
    files: tuple[VolumeFile, ...] = ()
    stands_for: str | None = None
    """What it is on the platform: a bucket, a network share."""
    origin: Origin | None = None


class Mount(Record, frozen=True, kw_only=True):
    """What a container finds at a path that is not of its image. kind "secret": the secret file `name`; "volume": the
    volume of that name."""

    path: str
    kind: str
    name: str
    read_only: bool = False
    group: int | None = None
    """Whose group a secret file has; its owner is root."""
    mode: str | None = None
    """Its permissions: "0440"."""


class Container(Record, frozen=True, kw_only=True):
    """One container of a service; a service of one carries the same facts at its top."""

    name: str
    ingress: bool
    build: Build
    command: Command | None
    port: Port | None
    env: tuple[EnvVar, ...]
    probes: Probes
    resources: Resources
    depends_on: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()


class Tasks(Record, frozen=True, kw_only=True):
    """A run of several tasks that all must end with 0. `parallelism`: how many at once, None for all; `timeout_s`: how
    long each attempt may take."""

    count: int
    parallelism: int | None
    max_retries: int
    timeout_s: float
    index_variable: str | None = None
    """The variable in which a task finds its number, from 0."""
    attempt_variable: str | None = None
    """The variable that counts how often it has been started again, from 0."""


class Traffic(Record, frozen=True, kw_only=True):
    """A share of the requests. revision: None for the newest one that is live."""

    revision: str | None
    percent: int
    tag: str | None = None


TrafficMode = Literal["set", "keep", "hold"]
"""What a deploy makes of a service's traffic. set: it is as the deploy says. keep: it stays as it was, and the deploy's
own entries give the new revision tags. hold: the same, and what went to the newest one stays where it is."""


class Revisions(Record, frozen=True, kw_only=True):
    """The deploys of a service by the platform's names for them.

    variable: in which each instance finds the name of its own. pattern: the name, with {number} for its number, as
    Python's format takes it; one that the user chose has none. held_back: what the platform says where the first deploy
    of a service is to get no requests.
    """

    variable: str
    pattern: str
    mode: TrafficMode = "set"
    held_back: str | None = None
    affinity_cookie: str | None = None
    """The cookie by which a client stays with one instance as long as that is there."""


class PathPattern(Record, frozen=True, kw_only=True):
    """A pattern of paths, as it was written and as a regular expression that a whole path from the repository's root
    has to match."""

    written: str
    pattern: str
    origin: Origin | None = None


class AutoDeploy(Record, frozen=True, kw_only=True):
    """Which changed files of a push lead to a deploy: those that match one of `paths` (() is all) and none of
    `ignored_paths`, and lie below `within`, where that is set. off: why a push leads to none; "" where it may."""

    off: str = ""
    paths: tuple[PathPattern, ...] = ()
    ignored_paths: tuple[PathPattern, ...] = ()
    within: str | None = None


class Service(Record, frozen=True, kw_only=True):
    """Everything the engine needs to build, start and judge one service."""

    name: str
    type: ServiceType
    origin: Origin | None
    build: Build
    command: Command | None
    port: Port | None
    env: tuple[EnvVar, ...]
    probes: Probes
    containers: tuple[Container, ...]
    lifecycle: Lifecycle
    instances: Instances | None = None
    scaling: Scaling | None = None
    """How their number follows the requests; None: there are always `instances.min`."""
    concurrency: int | None = None
    """How many requests an instance gets at a time; None: any number."""
    request_timeout_s: float | None = None
    pre_deploy_command: str | None = None
    pre_deploy_argv: tuple[str, ...] | None = None
    """What the pre-deploy command is executed as, in a container of its own."""
    pre_deploy_origin: Origin | None = None
    initial_deploy_hook: str | None = None
    initial_hook_argv: tuple[str, ...] | None = None
    """What the hook is executed with; None where it is not run."""
    initial_hook_origin: Origin | None = None
    auto_deploy: AutoDeploy | None = None
    """None: whatever reaches its build."""
    schedule: str | None = None
    tasks: Tasks | None = None
    traffic: tuple[Traffic, ...] = ()
    revisions: Revisions | None = None
    """How its deploys live beside each other; None: the newest one takes all requests."""
    static: Static | None = None
    disk: Disk | None = None
    volumes: tuple[Volume, ...] = ()
    secret_names: tuple[str, ...] = ()
    """The secret files that its variables and volumes take their values from."""
    datastore: Datastore | None = None
    """What it is, where it is a database server."""
    local_name: str | None = None
    """A name for its address on this machine, like its public one: browsers and curl find what ends in `.localhost` by
    themselves."""
    network_names: tuple[str, ...] = ()
    """The names under which the other services of the plan reach it."""
    instance_variable: str | None = None
    """The variable in which each instance finds a name of its own: the plan's value, other letters after the last -."""
    metadata: MetadataServer | None = None
    """What its instances can ask about themselves, in their own network."""
    resources: Resources
    shutdown: Shutdown
    router: Router | None = None
    """What stands before its instances, where the platform sends it requests from outside."""
    decisions: tuple[Decision, ...] = ()


class Edge(Record, frozen=True, kw_only=True):
    """One service's need of another."""

    from_: str = field(name="from")
    to: str
    because: str
    origin: Origin | None = None


class Coverage(Record, frozen=True, kw_only=True):
    """What became of one key of a user's file, or of one thing the platform does, in this run."""

    key: str
    origin: Origin | None
    fidelity: Fidelity
    note: str


SnapshotKind = Literal["worktree", "index", "commit", "folder"]


class SnapshotInfo(Record, frozen=True, kw_only=True):
    """Which view of the files the plan was made from; `commit` is the one it is or rests on."""

    kind: SnapshotKind
    commit: str | None = None


class Plan(Record, frozen=True, kw_only=True):
    """The whole document: what would be built and run, why, and what is wrong."""

    schema: str = "emu.plan/1"
    platform: str
    root: str = "."
    created_from: str | None
    snapshot: SnapshotInfo
    detected: Decision
    services: tuple[Service, ...]
    edges: tuple[Edge, ...] = ()
    decisions: tuple[Decision, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def with_errors(self) -> bool:
        """Whether any diagnostic says that the deploy would fail."""
        return any(d.severity == "error" and not d.suppressed for d in self.diagnostics)
