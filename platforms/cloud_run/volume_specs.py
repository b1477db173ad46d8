"""Volumes and where they are mounted, as written: `spec.volumes` and `volumeMounts` of the v1 form."""

from typing import NamedTuple

from emulator.formats.yaml import Mapping, Scalar
from emulator.model.origin import Origin

from .reading import Number, Text, is_set, mapping_of, mappings_of, number_of, text_of

KINDS = ("emptyDir", "secret", "csi", "nfs", "filestore", "cloudSqlInstance", "configMap")


class ItemSpec(NamedTuple):
    """A version of a secret, and the file it is in."""

    origin: Origin
    version: Text | None = None
    path: Text | None = None
    mode: Number | None = None


class VolumeSpec(NamedTuple):
    """A volume. kinds: what it says it is, one where it is right. items: None where there is no list. bucket: of `csi`;
    server and share: of `nfs`."""

    origin: Origin
    name: Text | None = None
    kinds: tuple[str, ...] = ()
    medium: Text | None = None
    size_limit: Text | None = None
    secret: Text | None = None
    items: tuple[ItemSpec, ...] | None = None
    default_mode: Number | None = None
    driver: Text | None = None
    bucket: Text | None = None
    server: Text | None = None
    share: Text | None = None
    read_only: bool = False

    @property
    def needs_gen2(self) -> bool:
        """Whether only the second generation's execution environment can mount it."""
        return self.kinds[:1] in (("csi",), ("nfs",))


class MountSpec(NamedTuple):
    """Where a container has a volume."""

    origin: Origin
    name: Text | None = None
    path: Text | None = None
    sub_path: Text | None = None


def read_volume(node: Mapping) -> VolumeSpec:
    kinds = tuple(key.text for key, value in node.pairs if key.text in KINDS and is_set(value))
    memory, secret, csi, nfs = (mapping_of(node, kind) for kind in KINDS[:4])
    holder = csi or nfs
    items = tuple(_item(item) for item in mappings_of(secret, "items"))
    return VolumeSpec(
        origin=node.origin,
        name=text_of(node, "name"),
        kinds=kinds,
        medium=text_of(memory, "medium"),
        size_limit=text_of(memory, "sizeLimit"),
        secret=text_of(secret, "secretName"),
        items=items or None,
        default_mode=number_of(secret, "defaultMode"),
        driver=text_of(csi, "driver"),
        bucket=text_of(mapping_of(csi, "volumeAttributes"), "bucketName"),
        server=text_of(nfs, "server"),
        share=text_of(nfs, "path"),
        read_only=_is_true(holder, "readOnly"),
    )


def read_mount(node: Mapping) -> MountSpec:
    path = text_of(node, "mountPath")
    return MountSpec(node.origin, text_of(node, "name"), path, text_of(node, "subPath"))


def _item(node: Mapping) -> ItemSpec:
    return ItemSpec(node.origin, text_of(node, "key"), text_of(node, "path"), number_of(node, "mode"))


def _is_true(holder: Mapping | None, key: str) -> bool:
    node = holder.get(key) if holder is not None else None
    return isinstance(node, Scalar) and node.text.lower() == "true"
