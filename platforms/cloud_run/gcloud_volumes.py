"""Volumes in gcloud's flags: `--add-volume`, `--add-volume-mount`, and secrets that are files in `--set-secrets`."""

from collections.abc import Callable
from typing import NamedTuple

from emulator.model.origin import Origin

from .reading import Text
from .volume_specs import ItemSpec, MountSpec, VolumeSpec

Refuse = Callable[[str, str, Origin, str], None]
"""code, message, place, help."""

_DRIVER = "gcsfuse.run.googleapis.com"
_TYPES = ("in-memory", "cloud-storage", "nfs", "secret")


class SecretFile(NamedTuple):
    """One `/dir/file=SECRET:VERSION`."""

    path: str
    secret: str
    version: str
    origin: Origin


def read_volume(fields: dict[str, str], origin: Origin, refuse: Refuse) -> VolumeSpec | None:
    """The volume of an `--add-volume`; None, with the reason, where it is none."""
    name, kind = fields.get("name"), fields.get("type", "")
    if not name or kind not in _TYPES:
        said = f"{kind!r} is no type of a volume" if name else "a volume needs a name"
        help_ = f"write name=NAME,type=TYPE, with one of {', '.join(_TYPES)}"
        refuse("gcloud-flag", f"argument --add-volume: {said}", origin, help_)
        return None
    made = VolumeSpec(origin, Text(name, origin), read_only=fields.get("readonly", "").lower() == "true")

    def text(key: str) -> Text | None:
        return Text(fields[key], origin) if key in fields else None

    match kind:
        case "in-memory":
            return made._replace(kinds=("emptyDir",), size_limit=text("size-limit"))
        case "cloud-storage":
            return made._replace(kinds=("csi",), driver=Text(_DRIVER, origin), bucket=text("bucket"))
        case "secret":
            version = text("version") or Text("latest", origin)
            items = (ItemSpec(origin, version, text("path")),) if "path" in fields else None
            return made._replace(kinds=("secret",), secret=text("secret"), items=items)
    server, colon, share = fields.get("location", "").partition(":")
    where = (Text(server, origin), Text(share, origin)) if server and colon and share else (None, None)
    return made._replace(kinds=("nfs",), server=where[0], share=where[1])


def read_mount(fields: dict[str, str], origin: Origin, refuse: Refuse) -> MountSpec | None:
    """The mount of an `--add-volume-mount`."""
    if not fields.get("volume") or not fields.get("mount-path"):
        words = "Added Volume mounts must have a `volume` and a `mount-path`"
        refuse("gcloud-flag", words, origin, "write volume=NAME,mount-path=/PATH")
        return None
    return MountSpec(origin, Text(fields["volume"], origin), Text(fields["mount-path"], origin))


def secret_volumes(files: list[SecretFile], container: int, refuse: Refuse) -> list[tuple[VolumeSpec, MountSpec]]:
    """The volumes that gcloud makes of secrets that are files of a container, by its number: one for each directory."""
    folders: dict[str, list[SecretFile]] = {}
    for file in files:
        folder, _, name = file.path.rpartition("/")
        if not folder.strip("/") or not name:
            words = f"Mount path [{file.path}] must be in the form /<mountPath>/<path>"
            refuse("gcloud-flag", words, file.origin, "name a directory, and a file in it")
            continue
        folders.setdefault(folder, []).append(file)
    made = []
    for number, (folder, inside) in enumerate(folders.items()):
        if len({file.secret for file in inside}) > 1:
            words = (
                f"Multiple secrets are specified for directory [{folder}]. Cloud Run only supports one secret per "
                "directory"
            )
            refuse("gcloud-flag", words, inside[-1].origin, "give each secret a directory of its own")
            continue
        made.append(_secret_volume(f"{container + 1}-{number + 1}", folder, inside))
    return made


def _secret_volume(suffix: str, folder: str, inside: list[SecretFile]) -> tuple[VolumeSpec, MountSpec]:
    first = inside[0]
    name = Text(f"{first.secret.rpartition('/')[2]}-{suffix}", first.origin)
    items = tuple(
        ItemSpec(file.origin, Text(file.version, file.origin), Text(file.path.rpartition("/")[2], file.origin))
        for file in inside
    )
    volume = VolumeSpec(first.origin, name, ("secret",), secret=Text(first.secret, first.origin), items=items)
    return volume, MountSpec(first.origin, name, Text(folder, first.origin))
