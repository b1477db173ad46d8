"""The labels on everything we create: by them it is found again, by whatever run comes next."""

import hashlib

PROJECT = "emu.project"
ROOT = "emu.root"
SERVICE = "emu.service"
DEPLOY = "emu.deploy"
PLATFORM = "emu.platform"
STAND_IN = "emu.stand-in"


def project_id(root: str) -> str:
    """The identity of a project: its root's path, short enough for a name."""
    return hashlib.sha256(root.encode()).hexdigest()[:12]


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
    """A name the engine accepts: "emu-<project>-<service>-…"."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in service.lower()).strip("-") or "service"
    return "-".join(["emu", project_id(root), letters[:40], *map(str, more)])
