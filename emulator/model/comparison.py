"""What `emu compare` prints: one repository, as several platforms would deploy it."""

from .origin import Origin
from .plan import Plan, SnapshotInfo
from .record import Record


class Cell(Record, frozen=True, kw_only=True):
    """What one platform says of an aspect. text: None where it says nothing."""

    platform: str
    text: str | None
    origin: Origin | None = None


class Row(Record, frozen=True, kw_only=True):
    """One aspect of a service: "runs", "port". same: whether every platform says the same."""

    aspect: str
    same: bool
    cells: tuple[Cell, ...]


class ServiceName(Record, frozen=True, kw_only=True):
    """What a service is called on a platform; None where it has no counterpart there."""

    platform: str
    name: str | None


class ComparedService(Record, frozen=True, kw_only=True):
    """What is taken to be the same service. because: why these belong together."""

    names: tuple[ServiceName, ...]
    because: str
    rows: tuple[Row, ...]


class Comparison(Record, frozen=True, kw_only=True):
    """The whole answer. plans: each platform's document as `emu check` prints it, in the order of `platforms`."""

    schema: str = "emu.compare/1"
    root: str = "."
    snapshot: SnapshotInfo
    platforms: tuple[str, ...]
    services: tuple[ComparedService, ...]
    plans: tuple[Plan, ...]
