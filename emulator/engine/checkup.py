"""What this machine has and lacks for `up`: facts that the edge gathered → findings, each with one repair.

Pure: the same facts give the same findings, so every sentence here is tested without a broken machine.
"""

from typing import Literal

from emulator.model.diagnostic import Severity
from emulator.model.record import Record

DEFAULT_BASES = ("python:3.11-slim", "python:3.13-slim")
"""Base images the examples, the tests and the generated native images start from."""

STAND_IN_LABEL = "emu.stand-in"
STAND_IN_FROM_LABEL = "emu.stand-in.from"

BUILD_PLATFORM = "linux/amd64"
GIB = 1024**3
LITTLE_DISK = 5 * GIB
NO_DISK = 1 * GIB

FIX = "emu doctor --fix"

EngineProblem = Literal[
    "nothing-there", "refused", "permission", "timeout", "name", "unreachable", "tls", "ssh", "context", "other"
]
ReachProblem = Literal["dns", "route", "timeout", "refused", "certificate", "proxy", "answer", "failed"]


class Engine(Record, frozen=True, kw_only=True):
    """Whether an engine answers, and what it says of itself.

    `problem` is None when it answers. `chosen` tells that the user pointed at it by `source`.
    """

    url: str
    source: str
    chosen: bool = False
    desktop: bool = False
    local: bool = True
    problem: EngineProblem | None = None
    detail: str = ""
    version: str = ""
    api: str = ""
    name: str = ""
    os: str = ""
    arch: str = ""
    root: str = ""
    rootless: bool = False


class Base(Record, frozen=True, kw_only=True):
    """A base image: whether the engine has it, and whether it is ours that stands in for the real one."""

    ref: str
    present: bool
    stand_in: bool = False
    made_from: str | None = None


class Server(Record, frozen=True, kw_only=True):
    """A datastore's server: whether the engine has its image, or what stands in for it.

    `needed`: the repository here has such a datastore. `stand_in`: the one at hand. `base`: a base image at hand of
    which one could be made, as `tag` by `dockerfile`.
    """

    engine: str
    ref: str
    needed: bool = False
    present: bool = False
    stand_in: str | None = None
    base: str | None = None
    tag: str = ""
    dockerfile: str = ""


class Reach(Record, frozen=True, kw_only=True):
    """Whether something answers: `problem` is None when it does. `target` is what was asked."""

    target: str
    problem: ReachProblem | None = None
    detail: str = ""
    seconds: float = 0.0


class Machine(Record, frozen=True, kw_only=True):
    """What matters of this machine besides its engine."""

    system: str
    """As `uname` says: "Linux", "Darwin"."""
    arch: str
    distribution: str | None = None
    """`ID` of os-release: "debian", "ubuntu"."""
    like: tuple[str, ...] = ()
    root: bool = False
    sudo: bool = False
    systemd: bool = False
    wsl: bool = False
    desktop_installed: bool = False
    dockerd: str | None = None
    docker: str | None = None
    debootstrap: str | None = None
    git: str | None = None
    """Its version."""
    buildx: str | None = None
    """Its version."""
    buildx_problem: str = ""
    ca_bundle: str | None = None
    user: str = ""


class Facts(Record, frozen=True, kw_only=True):
    """Everything that was looked at. None where it could not be."""

    machine: Machine
    engine: Engine
    bases: tuple[Base, ...] = ()
    servers: tuple[Server, ...] = ()
    registry: Reach | None = None
    index: Reach | None = None
    index_image: str | None = None
    engine_free: int | None = None
    """Bytes free where the engine keeps images."""
    tmp: str = "/tmp"  # noqa: S108 - only its free space is asked for
    tmp_free: int | None = None


class Check(Record, frozen=True, kw_only=True):
    """One finding. `severity` is what it means when it is not ok: error, `up` cannot work; warning, it works
    with limits; info, worth knowing. `help` is the one thing that repairs it."""

    id: str
    ok: bool
    severity: Severity
    message: str
    facts: tuple[str, ...] = ()
    help: str | None = None


class Checkup(Record, frozen=True, kw_only=True):
    """What `emu doctor` answers."""

    schema: Literal["emu.checkup/1"] = "emu.checkup/1"
    ok: bool
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 nothing that `up` needs is missing; 3 no usable engine; 1 something else is missing."""
        wrong = {check.id for check in self.checks if not check.ok and check.severity is Severity.ERROR}
        return 3 if "engine" in wrong else 1 if wrong else 0


def examine(facts: Facts) -> Checkup:
    """The findings, in the order in which one would repair them."""
    checks = [engine_check(facts.engine, facts.machine)]
    if facts.engine.problem is None:
        checks += [platform_check(facts.engine), buildx_check(facts.machine)]
        checks += [disk_check("disk", f"the engine's disk ({facts.engine.root})", facts.engine_free, emptying=True)]
    checks += [disk_check("disk-tmp", f"the folder for temporary files ({facts.tmp})", facts.tmp_free)]
    checks += [git_check(facts.machine)]
    if facts.engine.problem is None:
        checks += [registry_check(facts)]
        checks += [base_check(base, facts.registry) for base in facts.bases]
        checks += languages_checks(facts)
        checks += [server_check(server, facts.registry) for server in facts.servers]
        checks += [index_check(facts)]
    ok = not any(not check.ok and check.severity is Severity.ERROR for check in checks)
    return Checkup(ok=ok, checks=tuple(checks))


def engine_check(engine: Engine, machine: Machine) -> Check:
    """Whether an engine can be used."""
    where = engine.url if not engine.chosen else f"{engine.url} (from {engine.source})"
    if engine.problem is None:
        extra = [word for word, on in (("rootless", engine.rootless), ("Docker Desktop", engine.desktop)) if on]
        kind = f", {' and '.join(extra)}" if extra else ""
        return Check(
            id="engine",
            ok=True,
            severity=Severity.ERROR,
            message=f"Docker Engine {engine.version} (API {engine.api}) answers{kind}",
            facts=(f"at {where}", f"it runs on {engine.os}/{engine.arch}, {engine.name}"),
        )
    return Check(
        id="engine",
        ok=False,
        severity=Severity.ERROR,
        message=_no_engine(engine),
        facts=tuple(fact for fact in (f"looked at {where}", engine.detail) if fact),
        help=_engine_help(engine, machine),
    )


def _no_engine(engine: Engine) -> str:
    match engine.problem:
        case "permission":
            return "a Docker engine is there, but you may not use it"
        case "context":
            return "the chosen docker context cannot be used"
        case "ssh":
            return "an engine over ssh cannot be used directly"
        case "tls":
            return "the Docker engine answers, but the encrypted connection to it fails"
        case "timeout":
            return "the Docker engine does not answer in time"
        case _:
            return "no Docker engine answers"


def _engine_help(engine: Engine, machine: Machine) -> str:
    match engine.problem:
        case "permission":
            return f"`sudo usermod -aG docker {machine.user or '$USER'}`, then log in again"
        case "context":
            return "`docker context use default` goes back to this machine's engine"
        case "ssh":
            host = engine.url.removeprefix("ssh://")
            return (
                f"forward its socket: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {host}`, "
                "then set DOCKER_HOST=unix:///tmp/docker.sock"
            )
        case "tls":
            return "check the certificates in DOCKER_CERT_PATH or in the context"
        case _ if engine.desktop or (machine.desktop_installed and not engine.chosen):
            start = "open -a Docker" if machine.system == "Darwin" else "systemctl --user start docker-desktop"
            return f"start Docker Desktop: `{start}`"
        case _ if engine.chosen:
            return f"start that engine, or unset {engine.source} to use this machine's own"
        case _ if can_install_engine(machine):
            return f"`{FIX}` starts the installed engine" if machine.dockerd else f"`{FIX}` installs and starts one"
        case _ if machine.system == "Darwin":
            return "install Docker Desktop and start it"
        case _ if machine.wsl:
            return "switch on Docker Desktop's integration for this WSL distribution"
        case _ if machine.dockerd:
            return "`sudo systemctl start docker`"
        case _:
            return "install Docker Engine and its buildx plugin with your distribution's package manager, then start it"


def can_install_engine(machine: Machine) -> bool:
    """Whether an engine can be had here from the distribution's own packages, or is there to be started."""
    if machine.system != "Linux":
        return False
    return machine.dockerd is not None or machine.distribution in ("debian", "ubuntu")


def platform_check(engine: Engine) -> Check:
    """Whether the engine runs what the platforms run."""
    found = f"{engine.os}/{_go_arch(engine.arch)}"
    if found == BUILD_PLATFORM:
        return Check(
            id="platform", ok=True, severity=Severity.WARNING, message=f"it runs {found} images, as the platforms do"
        )
    if engine.os != "linux":
        return Check(
            id="platform",
            ok=False,
            severity=Severity.ERROR,
            message=f"the engine runs {found} containers; the platforms run {BUILD_PLATFORM}",
            help="switch Docker Desktop to Linux containers",
        )
    emulator = (
        "Docker Desktop brings it"
        if engine.desktop
        else "`docker run --privileged --rm tonistiigi/binfmt --install amd64`"
    )
    return Check(
        id="platform",
        ok=False,
        severity=Severity.WARNING,
        message=f"the engine runs {found}; the platforms run {BUILD_PLATFORM}, which is emulated here",
        facts=(
            "builds and boots are several times slower than on the platform, and so are their timings",
            "packages with no build for this processor may still install, and the other way round",
            "an image made here without `--platform linux/amd64` would not run there",
        ),
        help=f"the emulation of the other processor must be installed: {emulator}",
    )


def _go_arch(machine: str) -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def buildx_check(machine: Machine) -> Check:
    """Whether builds go through BuildKit."""
    if machine.buildx:
        return Check(
            id="buildx", ok=True, severity=Severity.WARNING, message=f"docker buildx {machine.buildx} builds images"
        )
    missing = "the docker command line" if machine.docker is None else "its buildx plugin"
    package = "docker-cli docker-buildx" if machine.docker is None else "docker-buildx"
    apt = machine.distribution in ("debian", "ubuntu")
    return Check(
        id="buildx",
        ok=False,
        severity=Severity.WARNING,
        message=f"{missing} is missing: builds use the old builder",
        facts=("without it there are no cache mounts, heredocs, secrets or replaced base images in a build",)
        + ((machine.buildx_problem,) if machine.buildx_problem else ()),
        help=f"`{FIX}` installs {package}"
        if apt
        else "install docker's buildx plugin (package docker-buildx or docker-buildx-plugin)",
    )


def disk_check(id: str, what: str, free: int | None, *, emptying: bool = False) -> Check:
    """Whether there is room for images and temporary files."""
    if free is None:
        return Check(id=id, ok=True, severity=Severity.INFO, message=f"{what} could not be looked at")
    amount = f"{free / GIB:.1f} GiB"
    if free >= LITTLE_DISK:
        return Check(id=id, ok=True, severity=Severity.WARNING, message=f"{what} has {amount} free")
    help = "`docker system df` shows what fills it; `docker builder prune` drops build cache alone"
    return Check(
        id=id,
        ok=False,
        severity=Severity.ERROR if free < NO_DISK else Severity.WARNING,
        message=f"{what} has only {amount} free",
        help=help if emptying else "set TMPDIR to a folder on a larger disk",
    )


def git_check(machine: Machine) -> Check:
    """Whether a repository can be read the way the platform would receive it."""
    if machine.git:
        return Check(id="git", ok=True, severity=Severity.ERROR, message=f"git {machine.git} reads repositories")
    command = "xcode-select --install" if machine.system == "Darwin" else "sudo apt-get install git"
    return Check(
        id="git",
        ok=False,
        severity=Severity.ERROR,
        message="git is missing: what git ignores, and what the platform would not receive, cannot be known",
        help=f"`{FIX}` installs it" if machine.distribution in ("debian", "ubuntu") else f"`{command}`",
    )


def registry_check(facts: Facts) -> Check:
    """Whether base images can be fetched."""
    registry = facts.registry
    if registry is None:
        return Check(id="registry", ok=True, severity=Severity.INFO, message="the image registry was not asked")
    if registry.problem is None:
        return Check(
            id="registry", ok=True, severity=Severity.INFO, message=f"the image registry answers for {registry.target}"
        )
    if registry.problem == "answer":
        message, help = f"the image registry refuses {registry.target}", "`docker login`, if it asks for an account"
    elif registry.problem == "certificate":
        message = "the image registry is behind a certificate that the engine does not trust"
        help = "add your proxy's CA to the engine's machine (update-ca-certificates) and restart the engine"
    else:
        message = f"no image registry answers ({_words(registry.problem)}): only base images at hand can be used"
        help = "`--base-image FROM=TO` builds with an image you have instead of the one a Dockerfile names"
    detail = (registry.detail,) if registry.detail else ()
    return Check(id="registry", ok=False, severity=Severity.INFO, message=message, facts=detail, help=help)


def base_check(base: Base, registry: Reach | None) -> Check:
    """Whether one base image can be used, and whether it is what its name says."""
    id = f"base-image:{base.ref}"
    if base.stand_in:
        made = f" made from {base.made_from}" if base.made_from else ""
        return Check(
            id=id,
            ok=True,
            severity=Severity.WARNING,
            message=f"{base.ref} is a stand-in{made}, not the official image",
            facts=("Python and pip lie where the official image has them; patch versions and system packages differ",),
            help=f"`docker pull {base.ref}` replaces it" if registry is not None and registry.problem is None else None,
        )
    if base.present:
        return Check(id=id, ok=True, severity=Severity.ERROR, message=f"{base.ref} is at hand")
    if registry is not None and registry.problem is None:
        return Check(
            id=id, ok=True, severity=Severity.ERROR, message=f"{base.ref} is not here yet; the first build fetches it"
        )
    return Check(
        id=id,
        ok=False,
        severity=Severity.ERROR,
        message=f"{base.ref} is not here and cannot be fetched",
        help=f"`{FIX}` makes a stand-in from Debian's packages",
    )


def languages_checks(facts: Facts) -> list[Check]:
    """What becomes of the images of other languages where no registry gives them; nothing where one does."""
    if facts.registry is None or facts.registry.problem in (None, "answer"):
        return []
    made_on = [base.ref for base in facts.bases if base.stand_in]
    message = "images of Node, Go, Ruby, Rust and Elixir are made from packages when a build first asks for one"
    told: tuple[str, ...] = (f"on {' or '.join(made_on)}; Node in the version asked for, the others in Debian's own",)
    if not made_on:
        message, told = "images of Node, Go, Ruby, Rust and Elixir cannot be made: no stand-in is there", ()
    help = None if made_on else f"`{FIX}` makes the stand-ins they are made on"
    ok = bool(made_on)
    return [Check(id="language-images", ok=ok, severity=Severity.INFO, message=message, facts=told, help=help)]


def server_check(server: Server, registry: Reach | None) -> Check:
    """Whether a datastore's server can be had. Only `up` of a repository that has one needs it, and makes it itself
    where it can."""
    id, ref = f"datastore:{server.engine}", server.ref
    answers = registry is not None and registry.problem is None
    if server.present:
        return Check(id=id, ok=True, severity=Severity.INFO, message=f"{ref} is at hand for datastores")
    if server.stand_in is not None:
        return Check(
            id=id,
            ok=True,
            severity=Severity.WARNING,
            message=f"{ref} has a stand-in, {server.stand_in}, not the official image",
            facts=("it is of the version that a distribution has; `emu up` says so",),
            help=f"`docker pull {ref}` replaces it" if answers else None,
        )
    if answers:
        message = f"{ref} is not here yet; the first `emu up` that needs it fetches it"
        return Check(id=id, ok=True, severity=Severity.INFO, message=message)
    if server.base is not None:
        return Check(
            id=id,
            ok=True,
            severity=Severity.INFO,
            message=f"{ref} is not here; the first `emu up` that needs it makes a stand-in from {server.base}",
            help=f"`{FIX}{'' if server.needed else ' --datastores'}` makes it now",
        )
    return Check(
        id=id,
        ok=not server.needed,
        severity=Severity.ERROR if server.needed else Severity.INFO,
        message=f"{ref} is not here and cannot be fetched, nor made without a base image of Debian",
        help=f"`{FIX}` makes base images; `emu up --datastore NAME=URL` takes a server you have",
    )


def index_check(facts: Facts) -> Check:
    """Whether a build can install packages."""
    index = facts.index
    if index is None:
        first = facts.bases[0].ref if facts.bases else DEFAULT_BASES[0]
        return Check(
            id="package-index",
            ok=True,
            severity=Severity.INFO,
            message="whether a container reaches the package index was not tried: no base image is at hand",
            help=f"`docker pull {first}`, then `emu doctor`",
        )
    if index.problem is None:
        return Check(
            id="package-index",
            ok=True,
            severity=Severity.ERROR,
            message=f"a container reaches {index.target} over TLS ({index.seconds:.1f} s)",
        )
    return Check(
        id="package-index",
        ok=False,
        severity=Severity.ERROR,
        message=f"a container cannot reach {index.target}: {_words(index.problem)}",
        facts=(index.detail,) if index.detail else (),
        help=_index_help(index.problem, facts),
    )


def _words(problem: ReachProblem) -> str:
    return {
        "dns": "its name cannot be resolved",
        "route": "there is no route to it",
        "timeout": "no answer in time",
        "refused": "the connection is refused",
        "certificate": "its certificate is not trusted",
        "proxy": "the proxy refuses",
        "answer": "it answers with an error",
        "failed": "the connection fails",
    }[problem]


def _index_help(problem: ReachProblem, facts: Facts) -> str:
    if problem == "certificate":
        image = facts.index_image or DEFAULT_BASES[0]
        bundle = facts.machine.ca_bundle or "your-proxy-ca.crt"
        folder, _, file = bundle.rpartition("/")
        text = f"FROM {image}\\nCOPY {file} /etc/ssl/certs/ca-certificates.crt\\n"
        return (
            "a proxy that re-signs TLS is likely: put its CA into an image of your own, "
            f"`printf '{text}' | docker build -t {image}-ca -f - {folder or '.'}`, "
            f"and build with `--base-image {image}={image}-ca`"
        )
    if problem == "dns":
        return 'give the engine a name server: {"dns": ["ADDRESS"]} in its daemon.json, then restart it'
    if problem == "proxy":
        return "check the user and address under `proxies` in ~/.docker/config.json"
    return "if this network needs a proxy, name it under `proxies` in ~/.docker/config.json"
