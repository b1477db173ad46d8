"""Plans: which there are, what a plan's name buys, how it is written.

Sources: blueprint-spec and the published schema as of 2026-09-05; github.com/render-oss/skills for what the older
names buy (2026-11-20). Names such as `1c-2g` say what they buy; the older ones are still taken.
"""

import re
from typing import NamedTuple

from .declarations import ServiceSpec


class InstanceType(NamedTuple):
    cpu: float
    memory_mib: int


DEFAULT = "starter"

_NAMED = {
    "free": InstanceType(0.1, 512),
    "starter": InstanceType(0.5, 512),
    "standard": InstanceType(1, 2048),
    "pro": InstanceType(2, 4096),
    "pro plus": InstanceType(4, 8192),
    "pro max": InstanceType(4, 16384),
    "pro ultra": InstanceType(8, 32768),
}

_SIZED = (
    "0.5c-512mb", "1c-2g", "2c-4g", "2c-8g", "2c-16g", "4c-8g", "4c-16g", "4c-32g", "8c-16g", "8c-32g", "8c-64g",
    "12c-24g", "12c-48g", "12c-96g",
)  # fmt: skip

NOT_FOR_CRON = ("pro max", "pro ultra", "12c-24g", "12c-48g", "12c-96g")

KEY_VALUE_PLANS: dict[str, int] = {
    "free": 25, "starter": 256, "standard": 1024, "pro": 5120, "pro plus": 10240, "pro max": 20480, "pro ultra": 40960,
    "256mb": 256, "1g": 1024, "5g": 5120, "10g": 10240, "20g": 20480, "40g": 40960,
}  # fmt: skip
"""Key Value plans and their memory in MiB; the older names stand for the sizes in the same order."""

KEY_VALUE_CONNECTIONS = {"free": 50, "starter": 250, "256mb": 250}
"""How many connections they take, as far as that is known (rule render/key-value-limits)."""

DATABASE_DEFAULT = "basic-256mb"
DATABASE_LEGACY = ("starter", "standard", "pro", "pro plus")
DATABASE_SIZES: dict[str, tuple[int, ...]] = {
    "pro": (4, 8, 16, 32, 64, 128, 192, 256, 384, 512),
    "accelerated": (16, 32, 64, 128, 256, 384, 512, 768, 1024),
}
"""Memory in GB of the larger Postgres plans: `pro-4gb`."""

_DATABASE_SIZED = (
    "0.1c-256mb", "0.5c-1g", "1c-2g", "1c-4g", "2c-4g", "2c-8g", "2c-16g", "4c-16g", "4c-32g", "8c-32g", "8c-64g",
    "16c-64g", "16c-128g", "32c-128g", "32c-256g", "48c-192g", "48c-384g", "64c-256g", "64c-512g", "96c-384g",
    "96c-768g", "128c-512g", "128c-1024g",
)  # fmt: skip


def sized(name: str) -> InstanceType | None:
    """What a name such as 0.5c-512mb or 1c-2g says it buys; None for a name that says nothing."""
    parts = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9])?)c-([0-9]{1,4})(g|mb)", name)
    return InstanceType(float(parts[1]), int(parts[2]) * (1024 if parts[3] == "g" else 1)) if parts else None


def _bought(names: tuple[str, ...]) -> dict[str, InstanceType]:
    return {name: bought for name in names if (bought := sized(name))}


INSTANCE_TYPES: dict[str, InstanceType] = {**_NAMED, **_bought(_SIZED)}

DATABASE_PLANS: dict[str, int | None] = {
    "free": 256,
    "basic-256mb": 256,
    "basic-1gb": 1024,
    "basic-4gb": 4096,
    **{f"{family}-{size}gb": size * 1024 for family, sizes in DATABASE_SIZES.items() for size in sizes},
    **{name: bought.memory_mib for name, bought in _bought(_DATABASE_SIZED).items()},
}
"""Postgres plans and their memory in MiB."""

_CONNECTIONS = ((32, 500), (16, 400), (8, 200))
"""From so many GB of memory on a Postgres takes so many connections; below, 100 (rule render/connection-limits)."""

PLANS_OF: dict[str, tuple[str, ...]] = {
    "W": tuple(INSTANCE_TYPES),
    "P": tuple(name for name in INSTANCE_TYPES if name != "free"),
    "K": tuple(name for name in INSTANCE_TYPES if name != "free"),
    "C": tuple(name for name in INSTANCE_TYPES if name not in ("free", *NOT_FOR_CRON)),
    "V": tuple(KEY_VALUE_PLANS),
    "S": (),
}
"""The plans a kind of service can have."""


def canonical(plan: str) -> str:
    """A plan's name as the documentation writes it; the server takes other cases and the API's underscores."""
    return plan.strip().lower().replace("_", " ")


def is_free(spec: ServiceSpec) -> bool:
    """Whether the service has the free plan."""
    return canonical(spec.text("plan") or DEFAULT) == "free"


def canonical_database(plan: str) -> str:
    """A Postgres plan's name as the documentation writes it: `basic-256mb`, where the API has `basic_256mb`."""
    name = plan.strip().lower()
    return name.replace("_", " ") if name == "pro_plus" else name.replace("_", "-")


def most_connections(memory_mib: int | None) -> int:
    """How many connections a Postgres with so much memory takes at once."""
    return next((most for gb, most in _CONNECTIONS if (memory_mib or 0) >= gb * 1024), 100)


def instance_type(plan: str) -> InstanceType | None:
    """By name. One that is not documented may say what it buys."""
    name = canonical(plan)
    return INSTANCE_TYPES.get(name) or sized(name)


def web_concurrency(kind: InstanceType) -> str:
    """WEB_CONCURRENCY for a plan: its whole CPUs, at least one (documented for starter and pro)."""
    return str(max(1, int(kind.cpu)))


def cpu_count(kind: InstanceType) -> str:
    """RENDER_CPU_COUNT: "0.5", "2"."""
    return f"{kind.cpu:g}"
