"""What another `emu` says to a running `up`, and what it hears: one JSON line to ask, lines to answer."""

from typing import Any, Literal

import msgspec
from msgspec import field

from .diagnostic import Diagnostic
from .event import AnyEvent, TrafficShare
from .record import Record


class Ask(Record, frozen=True, kw_only=True):
    """verb: "deploy" what is there now; "restart" what is live; "rollback" to an earlier deploy; "cron" runs a cron job
    now; "traffic" shares the requests among revisions, or tells how they are shared; "status".

    options: for a deploy, the command line it was asked with. answers: what a person answered to its
    prompts, by service and variable.
    services: whom a restart, rollback or traffic concerns, () for all; the cron job. to: the deploy to go back to; None
    for the one before. shares, tags: of traffic, by revisions and by tags, LATEST for the newest revision; None leaves
    them.
    """

    verb: Literal["deploy", "restart", "rollback", "cron", "traffic", "status"]
    options: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    to: int | None = None
    shares: dict[str, int] | None = None
    tags: dict[str, str] | None = None

    def __repr__(self) -> str:
        return f"Ask({self.verb}, to={self.to}, services={self.services})"  # options and answers may be secret


Role = Literal["serving", "out of rotation", "down", "coming", "leaving", "running"]
"""What an instance is there for at the moment."""


class InstanceStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instance of a service of a running `up`: a container, or "" where files are served without one."""

    container: str
    deploy: int
    instance: int
    role: Role


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """live: the deploy that serves. under_way: the one being made."""

    name: str
    url: str | None
    live: int | None
    under_way: int | None
    instances: tuple[InstanceStatus, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="status", forbid_unknown_fields=True):
    """What a running `up` has."""

    platform: str
    services: tuple[ServiceStatus, ...]


class ServiceTraffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets the requests of a service."""

    name: str
    url: str | None
    split: tuple[TrafficShare, ...]


class TrafficStatus(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="traffic.status", forbid_unknown_fields=True
):
    """The same of all that were asked for, whose deploys live beside each other."""

    services: tuple[ServiceTraffic, ...]


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="refusal", forbid_unknown_fields=True):
    """It will not do what it was asked. exit_code: the asker's."""

    diagnostic: Diagnostic
    exit_code: int


Answer = AnyEvent | Status | TrafficStatus | Refusal
"""A line of an answer: an event of the deploy that was asked for, up to its verdict; or one of the others, alone."""
