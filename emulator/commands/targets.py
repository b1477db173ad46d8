"""To which deploy each service goes back."""

from collections.abc import Mapping

from emulator.model.diagnostic import UsageError
from emulator.model.history import DeployRecord, History
from emulator.model.spelling import did_you_mean


def rollback_targets(
    history: History, to: int | None, live: Mapping[str, int | None], names: tuple[str, ...] = ()
) -> dict[str, DeployRecord]:
    """By service, the deploy whose image it gets. to: the deploy to go back to; None for the one before. live: what of
    each service serves. names: of these alone; else all get what they had then, but for those that have it now and were
    no part of that deploy. Raises UsageError where there is no such way back."""
    for name in names:
        if name not in live:
            raise UsageError(f"no service {name!r} is run here", help=did_you_mean(name, live))
    if names:
        return {name: _target(history, to, live[name], name) for name in names}
    newest = max((one for one in live.values() if one is not None), default=None)
    record = _target(history, to, newest)
    at_that_time = history.live_at(record)
    return {
        name: one for name, one in at_that_time.items()
        if name in record.images or one.images[name] != _image(history, live.get(name), name)
    }  # fmt: skip


def _target(history: History, to: int | None, live: int | None, name: str | None = None) -> DeployRecord:
    record = history.before(live, name) if to is None else history.find(to)
    because = history.why_not_back_to(to, record, name)
    if record is None or because is not None:
        known = ", ".join(str(n) for n in sorted(history.kept(name))) or "none"
        raise UsageError(because or "", help=f"kept are {known}; `emu deploys` lists all")
    return record


def _image(history: History, deploy: int | None, name: str) -> str | None:
    record = history.find(deploy) if deploy is not None else None
    return record.images.get(name) if record is not None else None
