"""Render: the contract's names and nothing more."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.contract import Claim, Inputs, Option, Resolution
from emulator.model.choice import Decision
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot

from .fields import DEFAULT_PATH
from .rules import RULES

if TYPE_CHECKING:
    from emulator.model.event import Event
    from emulator.model.plan import Service

NAME = "render"
TITLE = "Render"
DIALECT = "go-yaml"

OPTIONS: tuple[Option, ...] = (
    Option(
        flag="--created-from", choices=("repository", "blueprint"), default="repository",
        help="how the service came about: by pointing at the repository (default), or synced from render.yaml",
    ),
    Option(
        flag="--overlapping-deploys", choices=("wait", "override"), default="wait",
        help="a deploy asked for during another waits for its end (the default of newer workspaces), or cancels it",
    ),
    Option(
        flag="--preview", is_switch=True,
        help="as the preview of a pull request: IS_PULL_REQUEST, previewValue, previews.plan, nothing of sync: false",
    ),
    Option(
        flag="--service-record", metavar="FILE", is_files=True,
        help="the settings of a service that exists, as Render's API or command line exports them (JSON, repeatable)",
    ),
    Option(flag="--blueprint", metavar="FILE", help="the Blueprint's path (default: render.yaml)"),
)  # fmt: skip


def claim(repo: Snapshot) -> Claim:
    """A render.yaml says so; without one the repository says nothing of Render."""
    if repo.is_file(DEFAULT_PATH):
        return Claim(claims=True, because=f"{DEFAULT_PATH} is there", origin=Origin(file=DEFAULT_PATH))
    return Claim(claims=False, because=f"there is no {DEFAULT_PATH}")


# What reads and words the files is imported where it is used: while git answers, and not at all
# where only another platform is meant.


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """See `resolution.resolve`."""
    from .resolution import resolve

    return resolve(repo, inputs, detected)


def schemas() -> dict[str, dict[str, Any]]:
    """See `editor_schema.blueprint_schema`."""
    from .editor_schema import blueprint_schema

    return {DEFAULT_PATH: blueprint_schema()}


def narrate(service: "Service", event: "Event") -> tuple[str, ...]:
    """See `log_lines.narrate`."""
    from .log_lines import narrate

    return narrate(service, event)


def explanations() -> Mapping[str, str]:
    """See `codes.EXPLANATIONS`."""
    from .codes import EXPLANATIONS

    return EXPLANATIONS


def next_run(service: "Service", after: float) -> float | None:
    """See `schedule.next_run`."""
    from .schedule import next_run

    return next_run(service.schedule, after)


__all__ = [
    "DIALECT", "NAME", "OPTIONS", "RULES", "TITLE", "claim", "explanations", "narrate", "next_run", "resolve",
    "schemas",
]  # fmt: skip
