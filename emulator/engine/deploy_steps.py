"""What every service is seen and told of its deploys, whether it goes on or ends by itself: values that `rollout.step`
and `cron.step` both take and give.

`at` is on the clock of the one that steps. `due`: when a loop performs it, on the loop's clock; 0 is at once.
"""

from typing import Literal

from emulator.model.record import Record

Result = Literal["live", "failed", "canceled"]


# ---- observations -----------------------------------------------------------------------------------


class Asked(Record, frozen=True, kw_only=True):
    """Somebody wants a deploy."""

    at: float
    deploy: int


class Prepared(Record, frozen=True, kw_only=True):
    """Its image is there, and all that comes before the first instance is done."""

    at: float
    deploy: int


class NotPrepared(Record, frozen=True, kw_only=True):
    at: float
    deploy: int


class Withdrawn(Record, frozen=True, kw_only=True):
    """Whoever asked for it does not want it any more. by: the deploy that is wanted instead."""

    at: float
    deploy: int
    by: int | None = None


# ---- actions ----------------------------------------------------------------------------------------


class Prepare(Record, frozen=True, kw_only=True):
    """Build, and whatever else comes before the first instance."""

    due: float = 0.0
    deploy: int


class CallOff(Record, frozen=True, kw_only=True):
    """Stop preparing."""

    due: float = 0.0
    deploy: int


class Settle(Record, frozen=True, kw_only=True):
    """A deploy is decided. still_live: the deploy that goes on serving after a failure. by: the deploy that took its
    place, for one that was canceled by another."""

    due: float = 0.0
    deploy: int
    result: Result
    still_live: int | None = None
    by: int | None = None


class Over(Record, frozen=True, kw_only=True):
    """Nothing of the service is left."""

    due: float = 0.0
