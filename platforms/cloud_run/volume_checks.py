"""What is wrong with the volumes of a service or job, and with where they are mounted. Where the server's own words are
not known, ours."""

import posixpath
from collections.abc import Iterator

from emulator.contract import GivenFile
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.rule import Rule

from . import annotations, limits, rules
from .manifest import ContainerSpec, ServiceSpec
from .volume_specs import MountSpec, VolumeSpec
from .volumes import is_inside

RESERVED = "cloudsql"
_DRIVER = "gcsfuse.run.googleapis.com"
_MEDIA = ("", "Memory", "Disk")


def volume_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """Everything that is refused in its volumes and mounts."""
    found = [problem for number, volume in enumerate(spec.volumes) for problem in _volume(spec, number, volume)]
    found += _same_names(spec)
    for container in spec.containers:
        found += [problem for mount in container.mounts for problem in _mount(spec, container, mount)]
        found += _nested(spec, container)
    return found


def unset_files(spec: ServiceSpec, service: Service, given: dict[str, GivenFile]) -> list[Diagnostic]:
    """Secrets that are files, and for which nothing stands here."""
    missing = [file for volume in service.volumes for file in volume.files if file.secret not in given]
    if not missing:
        return []
    names = ", ".join(dict.fromkeys(file.secret for file in missing))
    return [
        warning(
            "cloud-run/secret-unset", f"no file here for the secret {names}: Cloud Run reads it from Secret Manager",
            service=spec.name, origin=missing[0].origin, rule=rules.SECRETS.id, url=rules.SECRETS.url,
            facts=("`emu up` refuses to start without it, as Cloud Run does where it is missing",),
            help=f"give it with --secret-file {missing[0].secret}=PATH",
        )
    ]  # fmt: skip


def _said(spec: ServiceSpec, words: str, origin: Origin, help_: str, rule: Rule = rules.VOLUMES) -> Diagnostic:
    return error(
        "cloud-run/volumes", words, origin=origin, service=spec.name, rule=rule.id, url=rule.url, help=help_
    )  # fmt: skip


def _volume(spec: ServiceSpec, number: int, volume: VolumeSpec) -> Iterator[Diagnostic]:
    where = f"volumes[{number}]"
    if volume.name is None or not volume.name.text:
        yield _said(spec, f"{where} has no name", volume.origin, "add `name:`")
    elif volume.name.text == RESERVED and volume.kinds != ("cloudSqlInstance",):
        yield _said(spec, f"{where}: the name {RESERVED} is reserved", volume.name.origin, "choose another name")
    if len(volume.kinds) != 1:
        what = ", ".join(volume.kinds) if volume.kinds else "nothing"
        help_ = "write exactly one of emptyDir, secret, csi and nfs"
        yield _said(spec, f"{where} is {what}; a volume is one thing", volume.origin, help_)
        return
    match volume.kinds[0]:
        case "emptyDir":
            yield from _memory(spec, where, volume)
        case "secret":
            yield from _secret(spec, where, volume)
        case "csi" if volume.driver is None or volume.driver.text != _DRIVER:
            place = volume.driver.origin if volume.driver is not None else volume.origin
            yield _said(spec, f"{where}: the driver of a bucket is {_DRIVER}", place, f"write `driver: {_DRIVER}`")
        case "csi" if volume.bucket is None:
            yield _said(spec, f"{where} names no bucket", volume.origin, "add `volumeAttributes: {bucketName: NAME}`")
        case "nfs" if volume.server is None or volume.share is None:
            yield _said(spec, f"{where} needs a server and a path", volume.origin, "add `server:` and `path:`")
        case "configMap":
            yield _said(spec, f"{where}: configMap is not supported by Cloud Run", volume.origin, "use a secret")
    generation = spec.template_annotations.get(annotations.EXECUTION)
    if volume.needs_gen2 and generation is not None and generation.text == "gen1":
        words = f"{where}: buckets and network shares need the gen2 execution environment"
        yield _said(spec, words, generation.origin, "write gen2, or leave the annotation out")


def _memory(spec: ServiceSpec, where: str, volume: VolumeSpec) -> Iterator[Diagnostic]:
    if volume.medium is not None and volume.medium.text not in _MEDIA:
        words = f"{where}: {volume.medium.text} is no medium"
        yield _said(spec, words, volume.medium.origin, "write Memory", rules.MEMORY_VOLUME)
    size = volume.size_limit
    if size is not None and size.text and limits.memory_mib_of(size.text) is None:
        words = f"{where}: {size.text!r} is no amount of memory"
        yield _said(spec, words, size.origin, 'write "128Mi" or "1Gi"', rules.MEMORY_VOLUME)


def _secret(spec: ServiceSpec, where: str, volume: VolumeSpec) -> Iterator[Diagnostic]:
    rule = rules.SECRET_VOLUME
    if volume.secret is None or not volume.secret.text:
        word = "secret" if spec.is_v2 else "secretName"
        yield _said(spec, f"{where} names no secret", volume.origin, f"add `{word}:`", rule)
    for number, item in enumerate(volume.items or ()):
        at = f"{where}.secret.items[{number}]"
        if item.version is None or item.path is None:
            word = "version" if spec.is_v2 else "key"
            help_ = f"add `{word}: latest` and `path:`"
            yield _said(spec, f"{at} needs both {word} and path", item.origin, help_, rule)
        elif not is_inside(item.path.text):
            words = f"{at}: the path {item.path.text} must be relative, without .."
            yield _said(spec, words, item.path.origin, "write the path below the mount", rule)


def _same_names(spec: ServiceSpec) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for volume in spec.volumes:
        if volume.name is not None and volume.name.text in seen:
            yield _said(spec, f"two volumes are called {volume.name.text}", volume.name.origin, "rename one of them")
        seen.add(volume.name.text if volume.name is not None else "")


def _mount(spec: ServiceSpec, container: ContainerSpec, mount: MountSpec) -> Iterator[Diagnostic]:
    where = f"containers[{container.number}]"
    volumes = {volume.name.text: volume for volume in spec.volumes if volume.name is not None}
    if mount.name is None or mount.path is None:
        yield _said(spec, f"{where}: a mount needs a name and a mountPath", mount.origin, "add what is missing")
        return
    volume, path = volumes.get(mount.name.text), mount.path.text
    sockets = mount.name.text == RESERVED and volume is None  # the instance's connections to Cloud SQL
    if volume is None and not sockets:
        known = f"known are {', '.join(volumes)}" if volumes else "add it under `volumes:`"
        yield _said(spec, f"{where} mounts {mount.name.text}, which is no volume", mount.name.origin, known)
    if not path.startswith("/") or not path.strip("/") or ":" in path:
        words = f"{where}: the mount path {path} must be absolute, not / itself, and without a colon"
        yield _said(spec, words, mount.path.origin, "write a path such as /data")
    if volume is None or volume.kinds != ("secret",):
        return
    if mount.sub_path is not None:
        words = f"{where}: subPath is not supported where a secret is mounted"
        yield _said(spec, words, mount.sub_path.origin, "mount the whole volume", rules.SECRET_VOLUME)
    generation = spec.template_annotations.get(annotations.EXECUTION)
    if posixpath.normpath(path) == "/tmp" and generation is not None and generation.text == "gen1":  # noqa: S108
        words = f"{where}: the gen1 execution environment cannot mount a secret at /tmp"
        yield _said(spec, words, mount.path.origin, "mount it elsewhere", rules.SECRET_VOLUME)


def _nested(spec: ServiceSpec, container: ContainerSpec) -> Iterator[Diagnostic]:
    """Two mounts at one place, or one inside the other."""
    paths = [(posixpath.normpath(m.path.text), m.path.origin) for m in container.mounts if m.path is not None]
    for number, (path, origin) in enumerate(paths):
        for other, _ in paths[:number]:
            inner, outer = (path, other) if path.startswith(other) else (other, path)
            if inner == outer or inner.startswith(f"{outer}/"):
                said = f"two volumes at {path}" if path == other else f"{inner} inside {outer}"
                words = f"containers[{container.number}] mounts {said}; mounts cannot be nested"
                yield _said(spec, words, origin, "mount them beside each other")
