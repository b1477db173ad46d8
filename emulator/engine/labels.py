"""The labels on everything we create: by them it is found again, by whatever run comes next."""

import hashlib
import re

PROJECT = "emu.project"
ROOT = "emu.root"
SERVICE = "emu.service"
DEPLOY = "emu.deploy"
INSTANCE = "emu.instance"
CONTAINER = "emu.container"
"""On one of several containers of an instance: its name."""
PLATFORM = "emu.platform"
STAND_IN = "emu.stand-in"
DISK = "emu.disk"
"""On the volume of a service's disk: the disk's name."""


def project_id(root: str) -> str:
    """The identity of a project: its root's path, short enough for a name."""
    return hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:12]


def of_project(root: str) -> dict[str, str]:
    return {PROJECT: project_id(root)}


def of_service(root: str, platform: str, service: str, deploy: int) -> dict[str, str]:
    """What one deploy's image, container and network carry."""
    return {
        PROJECT: project_id(root),
        ROOT: root,
        PLATFORM: platform,
        SERVICE: service,
        DEPLOY: str(deploy),
    }


def resource_name(root: str, service: str, *more: str | int) -> str:
    """A name the engine accepts for a container or an image: "emu-<project>-<service>-…". Two services never share one:
    where a service's name cannot stand in it, a digest tells it from others that look the same."""
    return "-".join(["emu", project_id(root), letters_of(service), *map(str, more)])


def letters_of(name: str) -> str:
    """A name as the engine accepts it as part of its names; two names never have the same letters."""
    letters = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:40].rstrip("-")
    if letters == name and letters:
        return letters
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{letters}-{digest}" if letters else digest
