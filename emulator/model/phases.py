"""How long each phase of a deploy took, for one service."""

from .record import Record


class Phases(Record, frozen=True, kw_only=True):
    """Seconds; None for a phase that there was not, or that did not end.

    queued: from the request for the deploy to the beginning of its build; what waits for other services is in it.
    context: sending what the builder asked for. build: the rest of the build. pre_deploy: its command. create: until
    the first container runs. boot: until it listens. health: until the last probe it needs is answered. switch: until
    requests go to it and it is declared live. drain: after that, until the last instance of the one before has ended.
    total: from the request until it is live, or was given up.
    """

    queued_s: float | None = None
    context_s: float | None = None
    build_s: float | None = None
    pre_deploy_s: float | None = None
    create_s: float | None = None
    boot_s: float | None = None
    health_s: float | None = None
    switch_s: float | None = None
    drain_s: float | None = None
    total_s: float | None = None
