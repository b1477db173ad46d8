"""Values → exactly what is handed to the engine: the container's settings, the build's command line."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.model.diagnostic import UsageError
from emulator.model.record import Record
from emulator.world.building import BuildRequest
from emulator.world.containers import ContainerSpec, FileInside, OwnVolume, VolumeMount
from emulator.world.hidden import Hidden

MIB = 1024 * 1024

_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""What an engine keeps every container from changing (moby, daemon/pkg/oci/defaults.go)."""

_CLIENTS_OWN = re.compile(
    r"PATH|HOME|USERPROFILE|TMPDIR|GODEBUG|XDG_.*|LD_.*|SSL_CERT_.*|BUILDX_.*|BUILDKIT_.*|OTEL_.*"
    r"|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS|TLS_VERIFY|API_VERSION|BUILDKIT|DEFAULT_PLATFORM|CLI_.*)"
)
"""Variables that steer the docker command itself. A build argument of such a name cannot travel in its environment."""


class BuildCommand(Record, frozen=True, kw_only=True):
    """A command line and what to add to its environment."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]


def container_config(spec: ContainerSpec) -> dict[str, Any]:
    """The body of the engine's `POST /containers/create`.

    Both ENTRYPOINT and CMD are given as soon as there is an argv: an engine that gets an entrypoint drops
    the image's CMD, one that gets only a command keeps the image's ENTRYPOINT before it. An empty first
    word would mean "no entrypoint" to the engine, so then all words go there, and running it fails, as it should.
    """
    config: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in spec.env.items()],
        "Labels": dict(spec.labels),
        "ExposedPorts": {f"{port}/tcp": {} for port in spec.publish},
        "HostConfig": _host_config(spec),
        "AttachStdin": False,
        "OpenStdin": False,
        "Tty": False,
    }
    if spec.argv is not None:
        config["Entrypoint"], config["Cmd"] = _command(spec.argv)
    overrides = {
        "StopSignal": spec.stop_signal,
        "User": spec.user,
        "WorkingDir": spec.workdir,
        "Hostname": spec.hostname,
    }
    config.update({key: value for key, value in overrides.items() if value is not None})
    if spec.network is not None:
        config["NetworkingConfig"] = {"EndpointsConfig": {spec.network: {"Aliases": list(spec.aliases)}}}
    return config


def _command(argv: tuple[str, ...]) -> tuple[list[str], list[str]]:
    if not argv:
        raise ValueError("an argv has at least one word")
    return (list(argv[:1]), list(argv[1:])) if argv[0] else (list(argv), [])


def _host_config(spec: ContainerSpec) -> dict[str, Any]:
    host: dict[str, Any] = {
        "NetworkMode": f"container:{spec.network_of}" if spec.network_of else spec.network or "bridge",
        "PortBindings": {
            f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(host_port) if host_port else ""}]
            for port, host_port in spec.publish.items()
        },
        "Init": False,  # the first process is the app's own, whatever this engine's default is
        "RestartPolicy": {"Name": "no"},
        "Privileged": False,
    }
    if spec.network_of is None:  # else it has the other's
        host["DnsSearch"] = ["."]  # the host's search domains would find names the platform does not know
    if spec.volumes:
        host["Binds"] = [_bind(mount) for mount in spec.volumes]
    if spec.own_volumes:
        host["Mounts"] = [_own_volume(volume) for volume in spec.own_volumes]
    protected = [*(file.path for file in spec.files), *(v.path for v in spec.own_volumes if v.files)]
    if protected:
        # What the engine protects by itself is named again: the list replaces its own.
        host["ReadonlyPaths"] = [*_READ_ONLY, *protected]
    if spec.open_files is not None:
        host["Ulimits"] = [{"Name": "nofile", "Soft": spec.open_files, "Hard": spec.open_files}]
    if spec.no_new_rights:
        host["SecurityOpt"] = ["no-new-privileges"]
    if spec.hosts:
        host["ExtraHosts"] = [f"{name}:{address}" for name, address in spec.hosts.items()]
    if spec.memory_mib is not None:
        host["Memory"] = host["MemorySwap"] = spec.memory_mib * MIB
    if spec.cpus is not None:
        host["NanoCpus"] = nano_cpus(spec.cpus)
    if spec.capabilities is not None:
        host["CapDrop"], host["CapAdd"] = ["ALL"], list(spec.capabilities)
    if spec.read_only:
        host["ReadonlyRootfs"] = True
    return host


def _bind(mount: VolumeMount) -> str:
    options = ["nocopy"] if mount.own and not mount.is_folder else []
    options += ["ro"] if mount.read_only else []
    return ":".join([mount.volume, mount.path, *([",".join(options)] if options else ())])


def _own_volume(volume: OwnVolume) -> dict[str, Any]:
    """A volume without a name: the engine removes it with its container."""
    options: dict[str, Any] = {"NoCopy": True}
    if volume.memory_mib is not None:
        options["DriverConfig"] = {"Name": "local", "Options": memory_options(volume.memory_mib)}
    return {"Type": "volume", "Target": volume.path, "VolumeOptions": options}


def memory_options(memory_mib: int) -> dict[str, str]:
    """What makes a volume one in memory, as large as this."""
    return {"type": "tmpfs", "device": "tmpfs", "o": f"size={memory_mib}m,mode=1777"}


def limits(*, memory_mib: int | None, cpus: float | None) -> dict[str, int]:
    """The body of the engine's `POST /containers/ID/update`: what is None stays as it is."""
    changed: dict[str, int] = {}
    if memory_mib is not None:
        changed["Memory"] = changed["MemorySwap"] = memory_mib * MIB
    if cpus is not None:
        changed["NanoCpus"] = nano_cpus(cpus)
    return changed


def nano_cpus(cpus: float) -> int:
    """Processors in the engine's unit; the kernel knows no less than a hundredth of one."""
    return max(10_000_000, int(cpus * 1_000_000_000))


def files_archive(files: Sequence[FileInside]) -> bytes:
    """A tar of the files, to be unpacked at the container's root."""
    import io
    import tarfile

    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.gid = len(file.content), file.mode, file.group
            archive.addfile(entry, io.BytesIO(file.content))
    return made.getvalue()


def label_filter(labels: Mapping[str, str]) -> list[str]:
    """Labels as the engine filters by them; an empty value matches any."""
    return [f"{name}={value}" if value else name for name, value in labels.items()]


def build_command(
    request: BuildRequest, *, dockerfile: str, builder: str, metadata: str,
    secret_paths: Mapping[str, str] | None = None,
) -> BuildCommand:  # fmt: skip
    """The `docker buildx build` of a request, in full. `dockerfile` is the file to send in its name; metadata: the one
    to write what was built to. secret_paths: where the request's secret files are, by id.

    Values of build arguments and secrets travel in the environment, where no list of processes shows them.
    An exception: an argument with the name of a variable that steers the docker command (PATH, HOME, …).
    """
    argv = ["docker", "buildx", "build", "--builder", builder, "--progress=rawjson", "--load", "--provenance=false"]
    argv += ["--metadata-file", metadata, "--platform", request.platform, "--file", dockerfile]
    environ: dict[str, str] = {}
    for name, value in request.args.items():
        if _CLIENTS_OWN.fullmatch(name):
            argv += ["--build-arg", f"{name}={value}"]
        else:
            argv += ["--build-arg", name]
            environ[name] = value
    for number, (name, value) in enumerate(request.secrets.items()):
        variable = f"EMU_BUILD_SECRET_{number}"
        argv += ["--secret", f"id={name},env={variable}"]
        environ[variable] = value
    for name, path in (secret_paths or {}).items():
        argv += ["--secret", f"id={name},src={path}"]
    for reference, stand_in in request.base_images.items():
        argv += ["--build-context", f"{reference}=docker-image://{stand_in}"]
    for name, address in request.hosts.items():
        argv += ["--add-host", f"{name}:{address}"]
    for name, value in request.labels.items():
        argv += ["--label", f"{name}={value}"]
    argv += ["--tag", request.tag] if request.tag else []
    argv += ["--target", request.target] if request.target else []
    argv += ["--no-cache"] if request.no_cache else []
    argv += ["--pull"] if request.pull else []
    return BuildCommand(argv=(*argv, request.context), environ=Hidden(environ))


_STAGE = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*\S+[ \t]+AS[ \t]+(?P<name>\S+)", re.IGNORECASE | re.MULTILINE)


def refuse_replaced_stage(dockerfile: str, base_images: Mapping[str, str]) -> None:
    """Raise UsageError when a base image to replace has the name of a stage: the builder would replace that stage."""
    stages = {found["name"].lower() for found in _STAGE.finditer(dockerfile)}
    for reference in base_images:
        if reference.lower() in stages:
            raise UsageError(
                f"the base image {reference!r} cannot be replaced: a stage of the Dockerfile has that name",
                help="rename the stage, or name the image with its tag",
                code="usage/base-image-is-a-stage",
            )


_DIRECTIVE = re.compile(rb"^#[ \t]*[A-Za-z][A-Za-z0-9]*[ \t]*=[ \t]*\S")
_SYNTAX = re.compile(rb"^#[ \t]*syntax[ \t]*=", re.IGNORECASE)


def without_syntax_line(dockerfile: bytes) -> bytes:
    """The same Dockerfile, its instructions on the same lines, that no longer names a frontend to fetch.

    A comment takes the place of the `# syntax=` directive, after the other directives: they count only as long as
    nothing else comes before them.
    """
    mark = b"\xef\xbb\xbf" if dockerfile.startswith(b"\xef\xbb\xbf") else b""
    lines = dockerfile.removeprefix(mark).split(b"\n")
    directives = list(itertools.takewhile(_DIRECTIVE.match, lines))
    kept = [line for line in directives if not _SYNTAX.match(line)]
    if len(kept) == len(directives):
        return dockerfile
    comments = [b"# (syntax line left out)"] * (len(directives) - len(kept))
    return mark + b"\n".join([*kept, *comments, *lines[len(directives) :]])


def handed_over(path: str, group: int) -> bytes:
    """An archive that, unpacked at the root, gives the folder `path` to root and this group, which may write there; new
    entries in it are the group's as well."""
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(path.strip("/"))
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, 0o2775, 0, group
        archive.addfile(entry)
    return packed.getvalue()
