"""Instance types: what a plan's name buys (source: github.com/render-oss/skills, 2026-11-20)."""

import re
from typing import NamedTuple


class InstanceType(NamedTuple):
    cpu: float
    memory_mib: int


DEFAULT = "starter"

INSTANCE_TYPES: dict[str, InstanceType] = {
    "free": InstanceType(0.1, 512),
    "starter": InstanceType(0.5, 512),
    "standard": InstanceType(1, 2048),
    "pro": InstanceType(2, 4096),
    "pro plus": InstanceType(4, 8192),
    "pro max": InstanceType(4, 16384),
    "pro ultra": InstanceType(8, 32768),
}

NOT_FOR_CRON = ("pro max", "pro ultra")

DATABASE_DEFAULT = "basic-256mb"
DATABASE_LEGACY = ("starter", "standard", "pro", "pro plus")
DATABASE_SIZES: dict[str, tuple[int, ...]] = {
    "pro": (4, 8, 16, 32, 64, 128, 192, 256, 384, 512),
    "accelerated": (16, 32, 64, 128, 256, 384, 512, 768, 1024),
}
"""Memory in GB of the larger Postgres plans: `pro-4gb`."""

DATABASE_PLANS: dict[str, int | None] = {
    "free": None,
    "basic-256mb": 256,
    "basic-1gb": 1024,
    "basic-4gb": 4096,
    **{f"{family}-{size}gb": size * 1024 for family, sizes in DATABASE_SIZES.items() for size in sizes},
}
"""Postgres plans and their memory in MiB, None where it is not published."""


def canonical(plan: str) -> str:
    """A plan's name as the documentation writes it; the server takes other cases and the API's underscores."""
    return plan.strip().lower().replace("_", " ")


def canonical_database(plan: str) -> str:
    """A Postgres plan's name as the documentation writes it: `basic-256mb`, where the API has `basic_256mb`."""
    name = plan.strip().lower()
    return name.replace("_", " ") if name == "pro_plus" else name.replace("_", "-")


def instance_type(plan: str) -> InstanceType | None:
    """By name. A name such as 1c-2g, seen in use but not documented, says what it buys."""
    name = canonical(plan)
    sized = re.fullmatch(r"([0-9]{1,2})c-([0-9]{1,3})g", name)
    if sized:
        return InstanceType(int(sized[1]), int(sized[2]) * 1024)
    return INSTANCE_TYPES.get(name)


def web_concurrency(kind: InstanceType) -> str:
    """WEB_CONCURRENCY for a plan: its whole CPUs, at least one (documented for starter and pro)."""
    return str(max(1, int(kind.cpu)))


def cpu_count(kind: InstanceType) -> str:
    """RENDER_CPU_COUNT: "0.5", "2"."""
    return f"{kind.cpu:g}"
