"""Instance types: what a plan's name buys (source: github.com/render-oss/skills, 2026-11-20)."""

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


def instance_type(plan: str) -> InstanceType | None:
    """By name; case and the API's underscores make no difference, as official examples show."""
    return INSTANCE_TYPES.get(plan.lower().replace("_", " "))


def web_concurrency(kind: InstanceType) -> str:
    """WEB_CONCURRENCY for a plan: its whole CPUs, at least one (documented for starter and pro)."""
    return str(max(1, int(kind.cpu)))


def cpu_count(kind: InstanceType) -> str:
    """RENDER_CPU_COUNT: "0.5", "2"."""
    return f"{kind.cpu:g}"
