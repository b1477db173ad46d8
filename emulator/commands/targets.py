"""Which services a restart, a run of a cron job, shares of traffic and a rollback are about. Each function raises
UsageError for a name that is none of them, with those that are."""

from collections.abc import Mapping

from emulator.engine.cron_run import CronRun
from emulator.engine.release import Release
from emulator.engine.runs import AnyRun
from emulator.engine.service_run import ServiceRun
from emulator.model.diagnostic import UsageError
from emulator.model.history import DeployRecord, History
from emulator.model.spelling import did_you_mean


def restart_targets(runs: Mapping[str, AnyRun], users: Mapping[str, AnyRun], names: tuple[str, ...]) -> list[Release]:
    """What is live of these services. users: those that are meant when no name is given."""
    live = {name: run.release(run.live) for name, run in runs.items() if run.live is not None}
    for name in names:
        if name not in live:
            raise UsageError(f"no service {name!r} is live", help=did_you_mean(name, live, none="none is"))
    for name in names:
        if isinstance(runs[name], CronRun):
            raise UsageError(f"{name} is a cron job: there is nothing to restart", help=f"`emu cron run {name}`")
    chosen = names or [name for name, run in users.items() if not isinstance(run, CronRun)]
    releases = [release for name, release in live.items() if release is not None and name in chosen]
    if not releases:
        raise UsageError("no service is live", help="deploy with `emu up`")
    return releases


def cron_job(runs: Mapping[str, AnyRun], name: str) -> CronRun:
    """The cron job of that name, as far as it can be run."""
    run = runs.get(name)
    if not isinstance(run, CronRun):
        known = ", ".join(n for n, r in runs.items() if isinstance(r, CronRun)) or "none"
        raise UsageError(f"the running `emu up` has no cron job {name!r}", help=f"it has {known}")
    if run.live is None:
        raise UsageError(f"{name} is not built yet", help="run it when the deploy under way is decided")
    return run


def sharing(runs: Mapping[str, AnyRun], names: tuple[str, ...]) -> dict[str, ServiceRun]:
    """The services whose deploys live beside each other, of these names or all."""
    found = {name: run for name, run in runs.items() if isinstance(run, ServiceRun) and run.has_revisions}
    for name in names:
        if name not in found:
            raise UsageError(f"no service {name!r} has revisions", help=f"there are {', '.join(found) or 'none'}")
    if not found:
        raise UsageError("nothing here has revisions", help="on this platform a new deploy takes all requests")
    return {name: run for name, run in found.items() if not names or name in names}


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
        ways = (n for n in sorted(history.kept(name)) if history.why_not_back_to(n, history.find(n), name) is None)
        known = ", ".join(str(n) for n in ways) or "none"
        raise UsageError(because or "", help=f"kept are {known}; `emu deploys` lists all")
    return record


def _image(history: History, deploy: int | None, name: str) -> str | None:
    record = history.find(deploy) if deploy is not None else None
    return record.images.get(name) if record is not None else None
