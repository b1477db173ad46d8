"""`gcloud run services update`: a service as its file describes it, with what the command sets over it."""

from emulator.snapshot import Snapshot

from . import annotations
from .gcloud import OTHER_TYPE, Reader, read_gcloud, split_list
from .gcloud_words import Call
from .manifest import ContainerSpec, EnvEntry, Manifest, ProbeSpec, ServiceSpec
from .reading import Number, Text

_DEFAULT_PORT = 8080
_REPLACE_LITERALS = ("--set-env-vars", "--env-vars-file", "--clear-env-vars")
_REPLACE_SECRETS = ("--set-secrets", "--clear-secrets")


_OF_ANNOTATIONS = {
    annotations.SCALE + "minScale": "--min-instances", annotations.SCALE + "maxScale": "--max-instances",
    annotations.RUN + "minScale": "--min", annotations.RUN + "maxScale": "--max",
}  # fmt: skip


def updated(call: Call, service: ServiceSpec, repo: Snapshot) -> Manifest:
    """The service with the command's flags over it; what no flag says stays (rule cloud-run/services-update)."""
    read = read_gcloud(call, service.name, repo)
    given = read.service
    if given is None:
        return read
    reader = Reader(call, repo)
    found = list(read.diagnostics)
    if given.name != service.name:
        words = f"the service {given.name} is updated, and {service.name} is described here"
        reader.refuse("gcloud-command", words, call.origin, "name the service's file with --config")
        return Manifest(None, (*found, *reader.found[-1:]), read.coverage)
    containers = list(service.containers)
    for one in given.containers:
        number = _of(containers, one)
        if number is None:
            words = f"there is no container {one.name.text if one.name else ''}"
            reader.refuse("gcloud-flag", words, one.origin, "name one of the service's containers")
            found += reader.found[-1:]
            continue
        told = len(reader.found)
        containers[number] = _container(reader, _emptied(containers[number], _reset(reader, one.number)), one)
        found += reader.found[told:]
    reset = _reset(reader, 0)
    service = service._replace(
        concurrency=None if "--concurrency" in reset else service.concurrency,
        annotations=_without(service.annotations, reset),
        template_annotations=_without(service.template_annotations, reset),
    )  # fmt: skip
    spec = service._replace(
        containers=tuple(containers), revision=given.revision, held_back=given.held_back or service.held_back,
        annotations={**service.annotations, **given.annotations},
        template_annotations={**service.template_annotations, **given.template_annotations},
        concurrency=given.concurrency or service.concurrency, timeout_s=given.timeout_s or service.timeout_s,
        project=given.project or service.project, region=given.region or service.region,
        service_account=given.service_account or service.service_account,
        volumes=(*service.volumes, *given.volumes),
    )  # fmt: skip
    return Manifest(spec, tuple(found), read.coverage)


def _reset(reader: Reader, number: int) -> frozenset[str]:
    """The flags of a container, by its place in the command, that give a field its default: "", default, a --no-."""
    given = list(reader.whole.given) if number == 0 else []
    given += reader.groups[number].given if reader.groups else []
    return frozenset(one.name for one in given if one.value in ("", "default") or not one.is_on)


def _emptied(old: ContainerSpec, reset: frozenset[str]) -> ContainerSpec:
    """The container without the fields that are to have their defaults."""
    if "--command" in reset:
        old = old._replace(command=(), command_origin=None)
    if "--args" in reset:
        old = old._replace(args=(), args_origin=None)
    if "--port" in reset:
        old = old._replace(ports=(), ports_origin=None)
    if "--use-http2" in reset:
        old = old._replace(port_name=None)
    return old._replace(
        limits={name: limit for name, limit in old.limits.items() if f"--{name}" not in reset},
        probes={kind: probe for kind, probe in old.probes.items() if f"--{kind}-probe" not in reset},
    )


def _without(written: dict[str, Text], reset: frozenset[str]) -> dict[str, Text]:
    return {name: text for name, text in written.items() if _OF_ANNOTATIONS.get(name) not in reset}


def _of(containers: list[ContainerSpec], given: ContainerSpec) -> int | None:
    """Which container flags are about: the one they name, else the only one, or the one that has ports."""
    if given.name is not None:
        name = given.name.text
        return next((n for n, one in enumerate(containers) if one.name is not None and one.name.text == name), None)
    with_ports = [n for n, one in enumerate(containers) if one.ports]
    return 0 if len(containers) == 1 else with_ports[0] if with_ports else None


def _container(reader: Reader, old: ContainerSpec, new: ContainerSpec) -> ContainerSpec:
    """Each field that a flag gives, in place of the file's."""
    changed = {
        name: value
        for name in ("image", "command", "command_origin", "args", "args_origin", "port_name", "ports_origin")
        if (value := getattr(new, name))
    }
    limits = {**old.limits, **new.limits}
    probes = {**_moved(old, new.ports), **new.probes}
    return old._replace(
        **changed, env=_env(reader, old, new), limits=limits, probes=probes, ports=new.ports or old.ports,
        mounts=(*old.mounts, *new.mounts),
    )  # fmt: skip


def _moved(old: ContainerSpec, ports: tuple[Number | None, ...]) -> dict[str, ProbeSpec]:
    """A startup probe by TCP on the port as it was asks the new one; those by HTTP and gRPC stay where they are."""
    port, probe = next(iter(ports), None), old.probes.get("startup")
    if port is None or probe is None or probe.actions != ("tcpSocket",):
        return old.probes
    before, asked = next(iter(old.ports), None), probe.numbers.get("port")
    if asked is None or asked.value != (before.value if before is not None else _DEFAULT_PORT):
        return old.probes
    return {**old.probes, "startup": probe._replace(numbers={**probe.numbers, "port": port})}


def _env(reader: Reader, old: ContainerSpec, new: ContainerSpec) -> tuple[EnvEntry, ...]:
    """By name: --set-… replaces all of its kind, --update-… some, --remove-… takes away."""
    given = [one for group in (reader.whole, *reader.groups) for one in group.given]
    names = {one.name for one in given}
    removed = {
        name
        for one in given
        if one.name in ("--remove-env-vars", "--remove-secrets")
        for name in split_list(one.value or "")
    }
    without_literals, without_secrets = names & {*_REPLACE_LITERALS}, names & {*_REPLACE_SECRETS}
    kept = [
        entry
        for entry in old.env
        if entry.name not in removed and not (without_secrets if entry.secret is not None else without_literals)
    ]
    before = {entry.name: entry for entry in kept}
    for entry in new.env:
        was = before.get(entry.name)
        if was is not None and (was.secret is None) != (entry.secret is None):
            words = OTHER_TYPE.format(name=entry.name, kind="string literal" if entry.secret is None else "a secret")
            flag = "--remove-secrets" if was.secret is not None else "--remove-env-vars"
            reader.refuse("gcloud-flag", words, entry.origin, f"add {flag} {entry.name}")
    return tuple({entry.name: entry for entry in (*kept, *new.env)}.values())
