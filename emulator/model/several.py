"""What `emu check` prints for several platforms at once."""

from .plan import Plan, SnapshotInfo
from .record import Record


class SeveralPlans(Record, frozen=True, kw_only=True):
    """The whole answer. plans: each platform's document as `emu check` prints it, in the order of `platforms`."""

    schema: str = "emu.check/1"
    root: str = "."
    snapshot: SnapshotInfo
    platforms: tuple[str, ...]
    plans: tuple[Plan, ...]
